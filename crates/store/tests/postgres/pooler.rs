//! Through a pooler that hands each transaction to whichever session is free.

use domain::{HashtagRow, Timestamp};
use store::{Store, StoreOptions};
use testkit::postgres::{Cluster, Pooler};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_prepared_statements_a_pooler_of_transactions_serves() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let Some(pooler) = Pooler::start(&cluster).await else { return };
    let options = StoreOptions::at_url("", pooler.url("postgres"));
    let store = Store::open(&options).await.expect("a store");
    assert!(store.news().is_none(), "nothing would be heard");
    // More callers than the pooler has sessions, each with reads and transactions.
    let callers = (0..12_u32).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..20 {
                assert_eq!(store.sequence().await.expect("a sequence"), 0);
                let (hashtag, at, never) =
                    (HashtagRow(caller), Timestamp::from_ms(round), Timestamp::from_ms(0));
                let kept = store.keep_generation(hashtag, None, 1, at, never, Vec::new());
                let kept = kept.await.expect("kept");
                assert_eq!(store.generation(hashtag, kept.slot).await.expect("an answer"), Some(kept));
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
