//! Keeps what a command writes away from the files of the data folder, whatever name leads to them.

use crate::cli::Command;
use crate::exit::Failure;
use std::path::{Path, PathBuf};

/// Files of a data folder; those of SQLite have others beside them that begin with their names.
const OWN: [&str; 6] = ["accounts.db", "catalog.db", "walks.db", "search.idx", "node.id", "trends.lock"];

/// Refuses a command that would write over a file of the data folder.
pub(crate) fn refuse(command: &Command, data_folder: &Path) -> Result<(), Failure> {
    let Some(path) = written(command) else { return Ok(()) };
    let is_own = same_folder(path, data_folder)
        && path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            OWN.iter().any(|own| name.starts_with(own))
        });
    if is_own {
        return Err(Failure::usage(format_args!("{} is a file of the data folder", path.display()))
            .hint("name a file elsewhere: it would be written over"));
    }
    Ok(())
}

/// The file a command writes, besides the store.
fn written(command: &Command) -> Option<&Path> {
    let path: &Option<PathBuf> = match command {
        Command::Import(import) => &import.rejects,
        Command::History(history) => &history.shape.file.output,
        Command::Trending(trending) => &trending.shape.file.output,
        Command::Benchmark(benchmark) => &benchmark.shape.file.output,
        Command::Related(related) => &related.shape.file.output,
        Command::Creators(creators) => &creators.shape.file.output,
        Command::Compare(compare) => &compare.shape.file.output,
        Command::Export(export) => &export.file.output,
        Command::Report(report) => return Some(&report.output),
        _ => return None,
    };
    path.as_deref()
}

/// Whether a file is, or would be, directly in this folder.
fn same_folder(path: &Path, folder: &Path) -> bool {
    // A link leads to the file that would be written.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (std::fs::canonicalize(parent), std::fs::canonicalize(folder)) {
        (Ok(parent), Ok(folder)) => parent == folder,
        _ => false,
    }
}
