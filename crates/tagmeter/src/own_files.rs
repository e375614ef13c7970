//! Protects the files of the data folder from being overwritten by a command's output, whatever path leads to
//! them.

use crate::cli::Command;
use crate::cli::campaigns::Campaign;
use crate::exit::Failure;
use std::path::{Path, PathBuf};

/// Files of a data folder; SQLite adds others that begin with these names.
const OWN: [&str; 6] = ["accounts.db", "catalog.db", "walks.db", "search.idx", "node.id", "trends.lock"];

/// Refuses a command that would overwrite a file of the data folder.
pub(crate) fn refuse(command: &Command, data_folder: &Path) -> Result<(), Failure> {
    let Some(path) = written(command) else { return Ok(()) };
    let is_own = same_folder(path, data_folder)
        && path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            OWN.iter().any(|own| name.starts_with(own))
        });
    if is_own {
        return Err(Failure::usage(format_args!("{} is a file of the data folder", path.display()))
            .hint("name a file elsewhere: this one would be overwritten"));
    }
    Ok(())
}

/// Returns the file that a command writes, besides the store.
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
        Command::Report(report) => &report.output,
        Command::Campaign(Campaign::Report(report)) => &report.output,
        _ => return None,
    };
    path.as_deref()
}

/// Returns true if a file is, or would be, directly in this folder.
fn same_folder(path: &Path, folder: &Path) -> bool {
    // Links are followed to the file that would be written.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (std::fs::canonicalize(parent), std::fs::canonicalize(folder)) {
        (Ok(parent), Ok(folder)) => parent == folder,
        _ => false,
    }
}
