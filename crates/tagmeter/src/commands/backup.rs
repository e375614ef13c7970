//! `tagmeter backup`: a consistent copy of the SQLite files while they are in use.

use super::Context;
use super::audit::AuditView;
use crate::cli::Backup;
use crate::exit::{Exit, Failure};
use crate::output::{grouped, print_json, print_text};
use crate::progress::Bar;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Output of `backup --json`.
#[derive(Serialize)]
struct BackedUp {
    /// True if the copy's ledger is sound.
    ok: bool,
    to: String,
    /// Bytes of each file.
    files: BTreeMap<&'static str, u64>,
    audit: AuditView,
}

pub(super) async fn run(command: Backup, context: &Context) -> Result<Exit, Failure> {
    if let Some(url) = &context.settings.database_url {
        return Err(Failure::new(format_args!(
            "the data is in {} ({}), and backup copies SQLite files only",
            url.value, url.origin
        ))
        .hint("use PostgreSQL's own tools: pg_dump --schema=tagmeter, or pg_basebackup with an archive of the WAL"));
    }
    let bar = Arc::new(Bar::new());
    let shown = Arc::clone(&bar);
    let progress = Arc::new(move |done, total| shown.bytes("copying", done, total));
    let report = store::backup::backup(&context.store_options(), &command.to, progress).await;
    bar.finish();
    let report = report?;
    let exit = if report.audit.ok() { Exit::Done } else { Exit::ProblemFound };
    let done = BackedUp {
        ok: report.audit.ok(),
        to: command.to.display().to_string(),
        files: report.files.into_iter().collect(),
        audit: AuditView::new(&report.audit),
    };
    if command.output.json {
        return print_json(&done).map(|()| exit);
    }
    for (name, bytes) in &done.files {
        print_text(format_args!("{name}: {} bytes", grouped(*bytes)))?;
    }
    done.audit.show()?;
    print_text(format_args!("The copy is in {}.", done.to)).map(|()| exit)
}
