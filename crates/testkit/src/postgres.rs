//! PostgreSQL for tests: a server of our own in a folder that is gone afterwards, and in it a database for each test.
//!
//! One server is shared by all tests that one `cargo` runs, in however many processes; a keeper stops it and removes its
//! folder when that `cargo` ends. Tests that stop or kill a server start one of their own ([`Cluster`]).

mod citus;

mod cluster;

mod pooler;

mod shared;

pub use citus::{CitusCluster, Plan};
pub use cluster::Cluster;
pub use pooler::Pooler;
pub use shared::TestDatabase;

use std::path::{Path, PathBuf};

/// Returns the folder of the newest installed PostgreSQL server. `None`, with a message, if there is none;
/// with `CI=true` that is a failure.
pub(crate) fn programs() -> Option<PathBuf> {
    let found = installed();
    if found.is_none() {
        print_missing("PostgreSQL's server", "postgresql");
    }
    found
}

/// Says that a test is skipped for want of a program; with `CI=true` that is a failure.
pub(crate) fn print_missing(what: &str, package: &str) {
    let required = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!required, "{what} is not installed: apt-get install {package}");
    print_skipped(what);
}

/// Says that a test is skipped for want of a program that few have.
#[expect(clippy::print_stderr, reason = "the skipped test must be reported")]
pub(crate) fn print_skipped(what: &str) {
    eprintln!("skipped: {what} is not installed");
}

fn installed() -> Option<PathBuf> {
    let of_debian = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let versions = of_debian.filter_map(|entry| {
        let path = entry.ok()?.path();
        let version: u32 = path.file_name()?.to_str()?.parse().ok()?;
        Some((version, path.join("bin")))
    });
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).map(|folder| (0, folder)).collect::<Vec<_>>());
    let has_all =
        |folder: &Path| ["initdb", "pg_ctl", "postgres", "psql"].iter().all(|p| folder.join(p).exists());
    versions.chain(on_path).filter(|(_, folder)| has_all(folder)).max().map(|(_, folder)| folder)
}

/// A name that no other test of this machine uses.
pub(crate) fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
