//! A small cluster of Citus: a coordinator and two workers, where the extension is installed.

use super::cluster::Cluster;
use store::{DatabaseUrl, Store, StoreOptions};

/// Three servers of a test's own. The coordinator holds shards too.
#[derive(Debug)]
pub struct CitusCluster {
    coordinator: Cluster,
    workers: Vec<Cluster>,
}

/// A statement as it was planned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plan {
    /// Its text.
    pub statement: String,
    /// Number of shards queried; 0 if the query stays on the coordinator.
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
/// Servers besides the coordinator, to begin with.
const WORKERS: usize = 2;
/// Settings of every server. Transactions of a disconnected server are resolved every second instead of
/// every minute.
const SETTINGS: [(&str, &str); 6] = [
    ("shared_preload_libraries", "citus,auto_explain"),
    ("citus.shard_count", "8"),
    ("citus.recover_2pc_interval", "1s"),
    ("wal_level", "logical"),
    ("auto_explain.log_min_duration", "-1"),
    ("auto_explain.log_format", "json"),
];

/// A server with the extension.
fn server() -> Option<Cluster> {
    let server = Cluster::start(&SETTINGS)?;
    server.sql("postgres", &format!("CREATE DATABASE {DATABASE}"));
    server.sql(DATABASE, "CREATE EXTENSION citus");
    // Where it calls itself, to move shards. A name that is a folder is that of a socket.
    let own_name = format!("ALTER SYSTEM SET citus.local_hostname = '{}'", server.folder().display());
    server.sql(DATABASE, &own_name);
    server.sql(DATABASE, "SELECT pg_reload_conf()");
    Some(server)
}

impl CitusCluster {
    /// A new one. `None`, said aloud, where PostgreSQL or Citus is not installed.
    pub fn start() -> Option<Self> {
        let library = super::programs()?.join("../lib/citus.so");
        if !library.exists() {
            super::print_skipped("Citus");
            return None;
        }
        let coordinator = server()?;
        let set_host =
            format!("SELECT citus_set_coordinator_host('{}', 5432)", coordinator.folder().display());
        coordinator.sql(DATABASE, &set_host);
        let mut cluster = Self { coordinator, workers: Vec::new() };
        for _ in 0..WORKERS {
            cluster.add_worker();
        }
        let hold =
            "SELECT citus_set_node_property(nodename, nodeport, 'shouldhaveshards', true) FROM pg_dist_node";
        cluster.sql(hold);
        Some(cluster)
    }

    /// One more server for shards, which holds none yet.
    pub fn add_worker(&mut self) {
        let worker = server().expect("it is installed");
        self.sql(&format!("SELECT citus_add_node('{}', 5432)", worker.folder().display()));
        self.workers.push(worker);
    }

    /// Moves the shard that holds the rows of a value to the worker that was added last, with what lies together with it,
    /// while it is used.
    pub fn move_to_newest_worker(&self, table: &str, value: i64) {
        self.sql("SELECT replicate_reference_tables('force_logical')");
        let to = self.workers.last().expect("a worker").folder().display();
        self.sql(&format!(
            "SELECT citus_move_shard_placement(shardid, nodename, nodeport, '{to}', 5432, 'force_logical')
             FROM citus_shards
             WHERE shardid = get_shard_id_for_distribution_column('tagmeter.{table}', {value}) AND nodename <> '{to}'"
        ));
    }

    /// Opens the store in it, as a node of its own.
    pub async fn open(&self) -> Store {
        Store::open(&StoreOptions::at_url("", self.url())).await.expect("a node")
    }

    /// The server that clients connect to.
    pub fn coordinator(&self) -> &Cluster {
        &self.coordinator
    }

    /// The other servers.
    pub fn workers(&self) -> &[Cluster] {
        &self.workers
    }

    /// Returns the number of prepared transactions that wait for a decision, on any server.
    pub fn prepared(&self) -> u64 {
        let count = |server: &Cluster| {
            let count = server.sql(DATABASE, "SELECT count(*) FROM pg_prepared_xacts");
            count.trim().parse::<u64>().expect("a number")
        };
        self.workers.iter().chain([&self.coordinator]).map(count).sum()
    }

    /// Has plans noted for [`Self::plans`], on connections made from now on. To explain a statement Citus asks over another
    /// connection, which would wait for what this one made just now: only for look-ups and charges.
    pub fn note_plans(&self) {
        self.sql(&format!("ALTER DATABASE {DATABASE} SET auto_explain.log_min_duration = 0"));
    }

    /// Returns the address for clients.
    pub fn url(&self) -> DatabaseUrl {
        self.coordinator.url(DATABASE)
    }

    /// The same, as it is given on a command line.
    pub fn url_text(&self) -> String {
        self.coordinator.url_text(DATABASE)
    }

    /// Every statement the coordinator ran since [`Self::note_plans`], and the number of shards its plan asks: what EXPLAIN says of it, written
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
