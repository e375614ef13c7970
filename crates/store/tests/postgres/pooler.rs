//! Through a pooler that assigns each transaction to any free session.

use domain::{HashtagRow, Timestamp};
use store::check::Pooling;
use store::{Store, StoreOptions};
use testkit::postgres::{Cluster, Pooler};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_prepared_statements_a_pooler_of_transactions_serves() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let Some(pooler) = Pooler::start(&cluster).await else { return };
    let options = StoreOptions::at_url("", pooler.url("postgres"));
    let store = Store::open(&options).await.expect("a store");
    assert!(store.notifications().is_none(), "nothing would be heard");
    // More callers than the pooler has sessions, each with reads and transactions.
    let callers = (0..12_u32).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..20 {
                assert_eq!(store.sequence().await.expect("a sequence"), 0);
                let (hashtag, at, never) =
                    (HashtagRow(caller), Timestamp::from_ms(round), Timestamp::from_ms(-1_000));
                let written = store.write_generation(hashtag, None, 1, at, never, Vec::new());
                let written = written.await.expect("stored");
                assert_eq!(store.generation(hashtag, written.slot).await.expect("an answer"), Some(written));
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.expect("a caller");
    }
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tagmeter'";
    let sessions: u32 = cluster.sql("postgres", sessions).trim().parse().expect("a number");
    assert!((1..=Pooler::SESSIONS).contains(&sessions), "{sessions} sessions for 16 connections");
    assert_eq!(cluster.sql("postgres", "SELECT count(*) FROM tagmeter.generations").trim(), "240");
}

/// Detects the pooling of connections through a pooler with these settings.
async fn pooling_through(lines: &str) -> Option<Pooling> {
    let cluster = Cluster::start(&[])?;
    let pooler = Pooler::start_with(&cluster, lines).await?;
    assert_eq!(
        pooler.url("postgres").pooling().await.expect("an answer"),
        None,
        "the URL says not to prepare"
    );
    pooler.prepared_url("postgres").pooling().await.expect("an answer")
}

#[tokio::test]
async fn a_pooler_that_loses_prepared_statements_is_recognised() {
    let never = if Pooler::knows_prepared_statements() { "max_prepared_statements = 0\n" } else { "" };
    let transactions = format!("pool_mode = transaction\n{never}");
    for pool_size in [1, 2, 20] {
        let found = pooling_through(&format!("{transactions}default_pool_size = {pool_size}\n")).await;
        match found {
            None => return,
            // One server connection loses nothing, but the session is still shared.
            Some(Pooling::Transactions) if pool_size == 1 => {}
            Some(Pooling::Unprepared(why)) if pool_size > 1 => {
                assert!(why.contains("does not exist"), "{why}")
            }
            found => panic!("{pool_size}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn a_pooler_of_sessions_or_none_is_recognised() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    assert_eq!(cluster.url("postgres").pooling().await.expect("an answer"), Some(Pooling::Sessions));
    let found = pooling_through("pool_mode = session\n").await;
    assert!(matches!(found, None | Some(Pooling::Sessions)), "{found:?}");
    if !Pooler::knows_prepared_statements() {
        return;
    }
    let found = pooling_through("pool_mode = transaction\nmax_prepared_statements = 50\n").await;
    assert!(matches!(found, None | Some(Pooling::Transactions)), "{found:?}");
}
