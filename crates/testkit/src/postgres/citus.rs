//! A small cluster of Citus: a coordinator and two workers, where the extension is installed.

use super::cluster::Cluster;
use store::DatabaseUrl;

/// Three servers of a test's own. The coordinator holds shards too.
#[derive(Debug)]
pub struct CitusCluster {
    coordinator: Cluster,
    _workers: [Cluster; 2],
}

/// The database in them.
const DATABASE: &str = "tagmeter";

impl CitusCluster {
    /// A new one. `None`, said aloud, where PostgreSQL or Citus is not installed.
    pub fn start() -> Option<Self> {
        let library = super::programs()?.join("../lib/citus.so");
        if !library.exists() {
            eprintln!("skipped: Citus is not installed");
            return None;
        }
        let server = || {
            let settings =
                [("shared_preload_libraries", "citus"), ("citus.shard_count", "8"), ("wal_level", "logical")];
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

    /// Runs SQL on the coordinator and gives what it prints, one row a line, columns parted by `|`.
    pub fn sql(&self, sql: &str) -> String {
        self.coordinator.sql(DATABASE, sql)
    }
}
