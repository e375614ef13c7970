//! pgbouncer, which hands each transaction to whichever session is free.

use super::Cluster;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Sessions with a database that it shares among all who connect.
const SESSIONS: u32 = 3;
/// The port its socket is named after.
const PORT: u16 = 6432;
/// Far longer than it takes to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A pooler in front of a server, ended with this. It pools transactions.
#[derive(Debug)]
pub struct Pooler {
    child: Child,
    url_text: String,
}

impl Pooler {
    /// Sessions it has at most with one database.
    pub const SESSIONS: u32 = SESSIONS;

    /// Starts one. `None`, said aloud, where pgbouncer is not installed; with `CI=true` that is a failure.
    pub async fn start(cluster: &Cluster) -> Option<Self> {
        Self::start_with(cluster, &format!("pool_mode = transaction\ndefault_pool_size = {SESSIONS}\n")).await
    }

    /// Returns true if the installed version supports prepared statements (`max_prepared_statements`, 1.21
    /// and newer).
    pub fn knows_prepared_statements() -> bool {
        let probe =
            program().map(|program| Command::new(program).arg("--version").output().expect("its version"));
        let version =
            probe.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let minor = version
            .split_whitespace()
            .nth(1)
            .and_then(|number| number.split('.').nth(1)?.parse::<u32>().ok());
        minor.is_some_and(|minor| minor >= 21)
    }

    /// Starts one with these lines in its settings.
    pub async fn start_with(cluster: &Cluster, lines: &str) -> Option<Self> {
        let Some(program) = program() else {
            super::print_missing("pgbouncer", "pgbouncer");
            return None;
        };
        let folder = cluster.folder().display();
        let settings = format!(
            "[databases]\n* = host={folder} port={} user=postgres\n[pgbouncer]\nunix_socket_dir = {folder}\n\
             listen_port = {PORT}\nauth_type = any\n{lines}",
            cluster.port()
        );
        let file = cluster.folder().join("pgbouncer.ini");
        std::fs::write(&file, settings).expect("a file");
        let mut command = Command::new(program);
        command.arg("-q").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = cluster.user() {
            command.uid(user).gid(group);
        }
        let child = command.current_dir("/").spawn().expect("pgbouncer");
        let socket = cluster.folder().join(format!(".s.PGSQL.{PORT}"));
        let listening = tokio::time::timeout(PATIENCE, async {
            while tokio::net::UnixStream::connect(&socket).await.is_err() {
                tokio::task::yield_now().await;
            }
        });
        listening.await.expect("pgbouncer listens");
        let host = cluster.folder().to_str().expect("a path in UTF-8").replace('/', "%2F");
        Some(Self { child, url_text: format!("postgres://postgres@{host}:{PORT}") })
    }

    /// The address of a database through it, for statements that are prepared.
    pub fn prepared_url(&self, database: &str) -> store::DatabaseUrl {
        format!("{}/{database}", self.url_text).parse().expect("an address")
    }

    /// The address of a database through it.
    pub fn url(&self, database: &str) -> store::DatabaseUrl {
        let text = format!("{}/{database}?prepared_statements=false", self.url_text);
        text.parse().expect("an address")
    }
}

/// Returns the path of the installed program.
fn program() -> Option<&'static str> {
    let usual = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
    usual.into_iter().find(|path| Path::new(path).exists())
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // It may have exited by itself; the test detects that.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
