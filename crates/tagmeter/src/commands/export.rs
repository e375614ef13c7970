//! `tagmeter export`: writes all stored hashtags, videos or readings as rows of a file, in bounded memory.

use super::{Context, hashtag_of};
use crate::cli::measuring::Export;
use crate::exit::Failure;
use crate::measured::{FileFormat, Target, rows_unwritten};
use crate::output::{Out, counted, print_json, say};
use crate::progress::Bar;
use measure::{ExportOf, MeasureError};
use serde::Serialize;
use std::path::Path;

/// Output of `export --json`.
#[derive(Serialize)]
struct Written {
    file: String,
    format: &'static str,
    rows: u64,
    bytes: u64,
}

pub(super) async fn run(command: Export, context: &Context) -> Result<(), Failure> {
    if command.query.of == ExportOf::Hashtags && command.query.hashtag.is_some() {
        return Err(Failure::usage("--hashtag is for videos and history")
            .hint("`tagmeter lookup NAME --json` prints one hashtag"));
    }
    if command.json && command.file.output.as_deref() == Some(Path::new("-")) {
        return Err(Failure::usage("--json and -o - both print to standard output")
            .hint("-o FILE leaves standard output to --json"));
    }
    let target = Target::of_file(&command.file, false)?;
    let measure = context.open_existing_measure().await?;
    let only = match &command.query.hashtag {
        Some(typed) => Some(hashtag_of(&measure, typed).await?),
        None => None,
    };
    let bar = Bar::new();
    let noun = if command.query.of == ExportOf::Videos { "videos" } else { "hashtags" };
    let progress = |done, total| bar.exported(noun, done, total);
    let (what, only) = (command.query.of, only.as_ref());
    let (rows, name, summary) = match target {
        Target::Print(FileFormat::Rows(format)) => {
            let written = measure.export_with(what, only, format, Out, progress).await;
            bar.finish();
            (written.map_err(refused)?.1, "standard output".to_owned(), None)
        }
        Target::File(file, FileFormat::Rows(format)) => {
            let written = measure.export_with(what, only, format, file, progress).await;
            bar.finish();
            let (file, rows) = written.map_err(refused)?;
            let name = file.path().display().to_string();
            let bytes = file.finish()?;
            let summary = Written { file: name.clone(), format: format.name(), rows, bytes };
            (rows, name, Some(summary).filter(|_| command.json))
        }
        _ => {
            return Err(Failure::usage("-o is missing: the file to write, such as -o hashtags.parquet")
                .hint("-o - with --format writes to standard output"));
        }
    };
    if rows == 0 {
        let what = if what == ExportOf::History { "readings" } else { what.name() };
        let of = only.map(|hashtag| format!(" of #{}", hashtag.tag.name())).unwrap_or_default();
        say(format_args!("No {what}{of} are stored."));
    }
    match summary {
        Some(summary) => print_json(&summary),
        None => {
            say(format_args!("{} in {name}.", counted(rows, "row")));
            Ok(())
        }
    }
}

fn refused(error: MeasureError) -> Failure {
    match error {
        MeasureError::File(cause) => rows_unwritten(&cause),
        other => other.into(),
    }
}
