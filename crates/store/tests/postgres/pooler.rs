//! Through pgbouncer, which hands each transaction to whichever session is free.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use store::{Store, StoreOptions};
use testkit::postgres::Cluster;

/// Far longer than anything here takes; whoever reaches it has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// pgbouncer in front of a server, ended with this.
struct Pooler {
    child: Child,
}

impl Pooler {
    /// `None`, said aloud, where it is not installed; with `CI=true` that is a failure.
    fn start(cluster: &Cluster) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists());
        let Some(program) = program else {
            let required = std::env::var_os("CI").is_some_and(|value| value == "true");
            assert!(!required, "pgbouncer is not installed: apt-get install pgbouncer");
            eprintln!("skipped: pgbouncer is not installed");
            return None;
        };
        let folder = cluster.folder().display();
        let settings = format!(
            "[databases]\n* = host={folder} port={} user=postgres\n[pgbouncer]\nunix_socket_dir = {folder}\n\
             listen_port = 6432\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n\
             server_idle_timeout = 1\n",
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
        Some(Self { child })
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // It may have ended by itself; the test tells then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_prepared_statements_a_pooler_of_transactions_serves() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let Some(_pooler) = Pooler::start(&cluster) else { return };
    let direct = cluster.url_text("postgres");
    let through = direct.replace(&format!(":{}/", cluster.port()), ":6432/") + "?prepared_statements=false";
    let options = StoreOptions::at_url("", through.parse().expect("an address"));
    let socket = cluster.folder().join(".s.PGSQL.6432");
    let listening = tokio::time::timeout(PATIENCE, async {
        while !socket.exists() {
            tokio::task::yield_now().await;
        }
    });
    listening.await.expect("pgbouncer listens");
    let store = Store::open(&options).await.expect("a store");
    assert!(store.news().is_none(), "nothing would be heard");
    // More callers than the pooler has sessions, each with reads and transactions.
    let callers = (0..12_u32).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..20 {
                assert_eq!(store.sequence().await.expect("a sequence"), 0);
                let hashtag = domain::HashtagRow(caller);
                let at = domain::Timestamp::from_ms(round);
                let kept =
                    store.keep_generation(hashtag, None, 1, at, domain::Timestamp::from_ms(0), Vec::new());
                let kept = kept.await.expect("kept");
                assert_eq!(store.generation(hashtag, kept.slot).await.expect("an answer"), Some(kept));
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.expect("a caller");
    }
    let sessions =
        cluster.sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tagmeter'");
    let sessions: u32 = sessions.trim().parse().expect("a number");
    assert!((1..=3).contains(&sessions), "{sessions} sessions for 16 connections");
    assert_eq!(cluster.sql("postgres", "SELECT count(*) FROM tagmeter.generations").trim(), "240");
}
