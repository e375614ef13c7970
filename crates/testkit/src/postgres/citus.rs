//! A small cluster of Citus: a coordinator and two workers, where the extension is installed.

use super::cluster::Cluster;
use store::DatabaseUrl;

/// Three servers of a test's own. The coordinator holds shards too.
#[derive(Debug)]
pub struct CitusCluster {
    coordinator: Cluster,
    _workers: [Cluster; 2],
}

/// A statement as it was planned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plan {
    /// Its text.
    pub statement: String,
    /// How many shards it asks; 0 when it stays on the coordinator.
    pub shards: u64,
}

/// The largest number of tasks anywhere in a plan: a task is for one shard.
fn shards(plan: &serde_json::Value) -> u64 {
    match plan {
        serde_json::Value::Object(fields) => {
            let own = fields.get("Task Count").and_then(serde_json::Value::as_u64).unwrap_or(0);
            fields.values().map(shards).max().unwrap_or(0).max(own)
        }
        serde_json::Value::Array(values) => values.iter().map(shards).max().unwrap_or(0),
        _ => 0,
    }
}

/// The database in them.
const DATABASE: &str = "tagmeter";

impl CitusCluster {
    /// A new one. `None`, said aloud, where PostgreSQL or Citus is not installed.
    pub fn start() -> Option<Self> {
        let library = super::programs()?.join("../lib/citus.so");
        if !library.exists() {
            super::tell_skipped("Citus");
            return None;
        }
        let server = || {
            let settings = [
                ("shared_preload_libraries", "citus,auto_explain"),
                ("citus.shard_count", "8"),
                ("wal_level", "logical"),
                ("auto_explain.log_min_duration", "0"),
                ("auto_explain.log_format", "json"),
            ];
            let server = Cluster::start(&settings)?;
            server.sql("postgres", &format!("CREATE DATABASE {DATABASE}"));
            server.sql(DATABASE, "CREATE EXTENSION citus");
            Some(server)
        };
        let (coordinator, workers) = (server()?, [server()?, server()?]);
        // A name that is a folder is that of a socket.
        let set_host =
            format!("SELECT citus_set_coordinator_host('{}', 5432)", coordinator.folder().display());
        coordinator.sql(DATABASE, &set_host);
        for worker in &workers {
            coordinator
                .sql(DATABASE, &format!("SELECT citus_add_node('{}', 5432)", worker.folder().display()));
        }
        let hold =
            "SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', true) FROM pg_dist_node";
        coordinator.sql(DATABASE, hold);
        Some(Self { coordinator, _workers: workers })
    }

    /// Where clients connect.
    pub fn url(&self) -> DatabaseUrl {
        self.coordinator.url(DATABASE)
    }

    /// The same, as it is given on a command line.
    pub fn url_text(&self) -> String {
        self.coordinator.url_text(DATABASE)
    }

    /// Every statement the coordinator ran so far, and the number of shards its plan asks: what EXPLAIN says of it, written
    /// to the log as it ran.
    pub fn plans(&self) -> Vec<Plan> {
        let log = std::fs::read_to_string(self.coordinator.folder().join("log")).expect("a log");
        // A plan stands in the lines after its head, each behind a tab.
        let mut plans = Vec::new();
        let mut lines = log.lines().peekable();
        while let Some(line) = lines.next() {
            if !line.ends_with(" plan:") {
                continue;
            }
            let mut json = String::new();
            while let Some(line) = lines.next_if(|line| line.starts_with('\t')) {
                json.push_str(line);
            }
            let plan: serde_json::Value = serde_json::from_str(&json).expect("a plan in JSON");
            let statement = plan["Query Text"].as_str().expect("a statement").to_owned();
            plans.push(Plan { statement, shards: shards(&plan) });
        }
        plans
    }

    /// Runs SQL on the coordinator and gives what it prints, one row a line, columns parted by `|`.
    pub fn sql(&self, sql: &str) -> String {
        self.coordinator.sql(DATABASE, sql)
    }
}
