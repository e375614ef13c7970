//! `tagmeter migrate`: copies a whole store from one backend to the other.

use super::Context;
use super::audit::AuditView;
use crate::cli::Migrate;
use crate::config::Origin;
use crate::exit::{Exit, Failure};
use crate::output::{grouped, print, print_json, print_text, say, table};
use crate::progress::Bar;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use store::transfer::{TransferReport, transfer};
use store::{DatabaseUrl, StoreOptions};

/// Output of `migrate --json`.
#[derive(Serialize)]
struct Migrated {
    /// True if the source did not change meanwhile, so that nothing is missing in the target.
    ok: bool,
    from: String,
    to: String,
    /// Rows of each table, in both.
    tables: BTreeMap<&'static str, u64>,
    rows: u64,
    /// Rows among these that an interrupted earlier run had copied.
    rows_before: u64,
    source_changed: bool,
    /// The audit of the target.
    audit: AuditView,
}

pub(super) async fn run(command: Migrate, context: &Context) -> Result<Exit, Failure> {
    refuse_other_places(context)?;
    let (from, to) = (place("--from", &command.from)?, place("--to", &command.to)?);
    let bar = Bar::new();
    let done = transfer(&from, &to, &|at| bar.rows(at.table, at.rows, at.rows_total)).await;
    bar.finish();
    let migrated = Migrated::new(&from, &to, done?);
    if migrated.source_changed {
        say("warning: the source changed after the migration began; the target lacks these changes");
        say("hint: stop all writers to the source, and migrate again to an empty target");
    }
    let exit = if migrated.ok { Exit::Done } else { Exit::ProblemFound };
    if command.output.json {
        print_json(&migrated)?
    } else {
        migrated.show()?
    }
    Ok(exit)
}

/// Refuses the flags of the data folder and the database: `--from` and `--to` name both places.
fn refuse_other_places(context: &Context) -> Result<(), Failure> {
    let is_flag = |origin: &Origin| matches!(origin, Origin::Flag(_));
    let settings = &context.settings;
    if is_flag(&settings.data_dir.origin)
        || settings.database_url.as_ref().is_some_and(|url| is_flag(&url.origin))
    {
        return Err(Failure::usage("migrate uses only --from and --to")
            .hint("leave --data-dir and --database-url out"));
    }
    Ok(())
}

/// Parses a place: a database by its scheme, else a folder.
fn place(flag: &str, text: &OsStr) -> Result<StoreOptions, Failure> {
    match text.to_str() {
        Some(url) if url.contains("://") => {
            let url: DatabaseUrl =
                url.parse().map_err(|error| Failure::usage(format_args!("{flag}: {error}")))?;
            Ok(StoreOptions::at_url(PathBuf::new(), url))
        }
        Some("") => Err(Failure::usage(format_args!("{flag} must name a folder or a database"))),
        _ => Ok(StoreOptions::in_folder(text)),
    }
}

fn shown(place: &StoreOptions) -> String {
    place.database_url.as_ref().map_or_else(|| place.data_dir.display().to_string(), ToString::to_string)
}

impl Migrated {
    fn new(from: &StoreOptions, to: &StoreOptions, report: TransferReport) -> Self {
        Self {
            ok: !report.is_source_changed,
            from: shown(from),
            to: shown(to),
            rows: report.tables.iter().map(|(_, rows)| rows).sum(),
            rows_before: report.rows_before,
            source_changed: report.is_source_changed,
            audit: AuditView::new(&report.audit),
            tables: report.tables.into_iter().collect(),
        }
    }

    fn show(&self) -> Result<(), Failure> {
        let rows = self.tables.iter().map(|(name, rows)| vec![(*name).to_owned(), grouped(*rows)]);
        print(table(&["table", ">rows"], rows))?;
        if self.rows_before > 0 {
            print_text(format_args!(
                "{} of the rows were copied by an earlier run.",
                grouped(self.rows_before)
            ))?;
        }
        self.audit.show()?;
        print_text(format_args!("{} is complete: row counts and ledger match {}.", self.to, self.from))
    }
}
