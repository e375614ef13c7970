//! Notifications from other nodes.

use std::time::Duration;
use store::notifications::Notifications;
use testkit::postgres::TestDatabase;
use tokio::sync::watch;

/// Time limit, far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

async fn until(
    news: &mut watch::Receiver<Notifications>,
    want: impl FnMut(&Notifications) -> bool,
) -> Notifications {
    let seen = tokio::time::timeout(PATIENCE, news.wait_for(want)).await.expect("in time");
    *seen.expect("a listener")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_arrive_and_again_after_the_connection_was_cut() {
    let Some(database) = TestDatabase::create().await else { return };
    let store = database.open().await;
    let mut news = store.notifications().expect("news of a database");
    let first = until(&mut news, |news| news.is_listening).await;
    database.sql("NOTIFY tagmeter_keys");
    let second = until(&mut news, |news| news.keys > first.keys).await;
    assert_eq!(second.changes, first.changes);
    database.sql("NOTIFY tagmeter_changes");
    until(&mut news, |news| news.changes > first.changes).await;
    // Cut, and silently reopened. Notifications in between were missed, so that everything must be polled.
    let before = *news.borrow();
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()");
    until(&mut news, |news| !news.is_listening).await;
    let after = until(&mut news, |news| news.is_listening).await;
    assert!(after.keys > before.keys && after.changes > before.changes, "{before:?} {after:?}");
    // It listens as long as the store is open.
    drop(store);
    let ended = tokio::time::timeout(PATIENCE, async { while news.changed().await.is_ok() {} });
    ended.await.expect("the listener ends with the store");
}
