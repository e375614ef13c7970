//! The server that all tests of one `cargo` share, and a database for each test, copied from a template with the schema.

use super::cluster::{self, Cluster};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use store::{DatabaseUrl, Store, StoreOptions};

/// The database that others are copied from.
const TEMPLATE: &str = "tagmeter_template";
/// Waits until a process is gone, then stops the server and removes its folder.
const KEEPER: &str = r#"while kill -0 "$1" 2>/dev/null; do sleep 0.2; done
kill -INT "$(head -n 1 "$2/data/postmaster.pid")" 2>/dev/null
while [ -e "$2/data/postmaster.pid" ]; do sleep 0.1; done
rm -rf "$2" "$2.lock""#;

/// A database of a test's own with the newest schema and nothing in it. Gone when this is.
#[derive(Debug)]
pub struct TestDatabase {
    cluster: Cluster,
    name: String,
}

impl TestDatabase {
    /// A new one. `None`, said aloud, where PostgreSQL is not installed.
    pub async fn create() -> Option<Self> {
        let cluster = shared().await?;
        let name = format!("test_{}", super::unique());
        cluster.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy"));
        // A copy is another store.
        cluster.sql(&name, "UPDATE tagmeter.store SET identity = uuid_send(gen_random_uuid())");
        Some(Self { cluster, name })
    }

    /// Its address.
    pub fn url(&self) -> DatabaseUrl {
        self.cluster.url(&self.name)
    }

    /// Its address, as it is given on a command line.
    pub fn url_text(&self) -> String {
        self.cluster.url_text(&self.name)
    }

    /// Opens it, as a node of its own.
    pub async fn open(&self) -> Store {
        Store::open(&StoreOptions::at_url("", self.url())).await.expect("a store")
    }

    /// Runs SQL in it and gives what it prints, one row a line, columns parted by `|`.
    pub fn sql(&self, sql: &str) -> String {
        self.cluster.sql(&self.name, sql)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // While a test panics a second panic would hide the first.
        if !std::thread::panicking() {
            self.cluster.sql("postgres", &drop);
        }
    }
}

/// Finds the server, or starts it.
async fn shared() -> Option<Cluster> {
    let runner = runner();
    let folder = cluster::place().join(format!("tagmeter-postgres-of-{runner}"));
    let lock = File::create(folder.with_extension("lock")).expect("a file to lock");
    lock.lock().expect("a lock");
    if folder.join("ready").exists() {
        return Cluster::at(folder, &[]);
    }
    let cluster = Cluster::make(folder.clone(), &[])?;
    start_keeper(runner, &folder);
    cluster.sql("postgres", &format!("CREATE DATABASE {TEMPLATE}"));
    drop(Store::open(&StoreOptions::at_url("", cluster.url(TEMPLATE))).await.expect("a schema"));
    // Nobody may be connected to what is copied.
    cluster.sql("postgres", &format!("ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false"));
    let others =
        format!("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{TEMPLATE}'");
    cluster.sql("postgres", &others);
    File::create(folder.join("ready")).expect("a mark");
    Some(cluster)
}

/// Returns the process that runs the tests: the `cargo` that started them, or this process.
fn runner() -> u32 {
    let parent = std::os::unix::process::parent_id();
    let name = std::fs::read_to_string(format!("/proc/{parent}/comm")).unwrap_or_default();
    if name.starts_with("cargo") { parent } else { std::process::id() }
}

#[expect(clippy::zombie_processes, reason = "it outlives this process, and its own parent then waits for it")]
fn start_keeper(runner: u32, folder: &Path) {
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "keeper", &runner.to_string()]).arg(folder).current_dir("/");
    // In a group of its own, so that Ctrl-C leaves it alone.
    keeper.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    keeper.spawn().expect("a keeper");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn databases_are_apart_and_have_the_schema() {
        let Some(one) = TestDatabase::create().await else { return };
        let other = TestDatabase::create().await.expect("PostgreSQL is here");
        assert_eq!(one.sql("SELECT sequence FROM tagmeter.store").trim(), "0");
        one.sql("UPDATE tagmeter.store SET sequence = 7");
        assert_eq!(other.sql("SELECT sequence FROM tagmeter.store").trim(), "0");
        let (one, other) = (one.open().await, other.open().await);
        let ids = (one.identity().await.expect("an identity"), other.identity().await.expect("an identity"));
        assert_ne!(ids.0, ids.1);
    }
}
