//! Stores move completely: everything is copied, an interrupted transfer continues, an unfit one is refused.

mod filled;

use domain::{AccountId, Clock, Credits};
use filled::filled;
use std::path::Path;
use store::accounts::AccountCreated;
use store::transfer::{TransferProgress, TransferReport, transfer};
use store::{Store, StoreError, StoreOptions};
use testkit::postgres::{CitusCluster, TestDatabase};
use testkit::{FixedClock, video};
use tokio::sync::Notify;

/// Returns the rows of every table of both files, except a store's own data and the places of entries.
const DUMPS: [(&str, &str); 46] = [
    ("accounts.db", "SELECT * FROM accounts ORDER BY account_id"),
    ("accounts.db", "SELECT * FROM keys ORDER BY key_id"),
    ("accounts.db", "SELECT * FROM keys_version"),
    ("accounts.db", "SELECT account_id, balance, granted, charged, sequence, hash FROM balances ORDER BY 1"),
    (
        "accounts.db",
        "SELECT account_id, sequence, kind, credits, balance_after, at_ms, request_id, operation, cause, hash
         FROM entries ORDER BY account_id, sequence",
    ),
    ("accounts.db", "SELECT * FROM idempotency ORDER BY account_id, idempotency_key"),
    ("accounts.db", "SELECT * FROM jobs ORDER BY account_id, job_id"),
    ("accounts.db", "SELECT * FROM upstream_calls ORDER BY upstream, day"),
    ("accounts.db", "SELECT * FROM trackers ORDER BY account_id, tracker_id"),
    ("accounts.db", "SELECT * FROM tracker_hashtags ORDER BY account_id, tracker_id, tag_key"),
    ("accounts.db", "SELECT * FROM tracker_spans ORDER BY account_id, tracker_id, tag_key, from_ms"),
    ("accounts.db", "SELECT * FROM campaigns ORDER BY account_id, campaign_id"),
    ("accounts.db", "SELECT * FROM annotations ORDER BY account_id, annotation_id"),
    ("accounts.db", "SELECT * FROM hidden_annotations ORDER BY account_id, name"),
    ("accounts.db", "SELECT * FROM shares ORDER BY account_id, share_id"),
    ("accounts.db", "SELECT * FROM share_documents ORDER BY account_id, share_id"),
    ("accounts.db", "SELECT * FROM share_tokens ORDER BY sha256"),
    ("accounts.db", "SELECT * FROM schedules ORDER BY account_id, schedule_id"),
    ("accounts.db", "SELECT * FROM schedule_issues ORDER BY account_id, schedule_id, period_ms, kind"),
    (
        "accounts.db",
        "SELECT * FROM schedule_mails ORDER BY account_id, schedule_id, period_ms, kind, recipient",
    ),
    ("accounts.db", "SELECT * FROM feeds ORDER BY account_id, feed_id"),
    ("accounts.db", "SELECT * FROM feed_tokens ORDER BY sha256"),
    ("accounts.db", "SELECT * FROM reading_queue ORDER BY tag_key"),
    ("accounts.db", "SELECT * FROM destinations ORDER BY account_id, destination_id"),
    ("accounts.db", "SELECT * FROM alerts ORDER BY account_id, alert_id"),
    ("accounts.db", "SELECT * FROM alert_subjects ORDER BY account_id, alert_id, subject"),
    ("accounts.db", "SELECT * FROM event_sequences ORDER BY account_id"),
    ("accounts.db", "SELECT * FROM events ORDER BY account_id, sequence"),
    ("accounts.db", "SELECT * FROM deliveries ORDER BY account_id, destination_id, sequence"),
    ("accounts.db", "SELECT * FROM delivery_attempts ORDER BY account_id, destination_id, sequence, attempt"),
    ("catalog.db", "SELECT sequence, arrived_at FROM store"),
    ("catalog.db", "SELECT * FROM hashtags ORDER BY hashtag"),
    ("catalog.db", "SELECT * FROM hashtag_keys ORDER BY key"),
    ("catalog.db", "SELECT * FROM hashtag_ids ORDER BY id"),
    ("catalog.db", "SELECT * FROM video_ids ORDER BY id"),
    ("catalog.db", "SELECT * FROM videos ORDER BY video"),
    ("catalog.db", "SELECT * FROM links ORDER BY hashtag, author, video"),
    ("catalog.db", "SELECT * FROM hashtag_snapshots ORDER BY hashtag, observed_at, source"),
    ("catalog.db", "SELECT * FROM hashtag_superseded ORDER BY hashtag, observed_at, source, superseded_at"),
    ("catalog.db", "SELECT * FROM video_superseded ORDER BY 1, 2"),
    ("catalog.db", "SELECT * FROM arrivals ORDER BY arrived_at"),
    ("catalog.db", "SELECT * FROM source_readings ORDER BY source"),
    ("catalog.db", "SELECT * FROM video_snapshots ORDER BY video, observed_at, source"),
    ("catalog.db", "SELECT * FROM hashtag_windows ORDER BY 1, 2, 3, 4, 5"),
    ("catalog.db", "SELECT * FROM walk_runs ORDER BY hashtag, region, job_id"),
    ("catalog.db", "SELECT * FROM changes ORDER BY sequence"),
];

fn dump(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for (file, sql) in DUMPS {
        let connection = rusqlite::Connection::open(folder.join(file)).expect("a file");
        let mut statement = connection.prepare(sql).expect(sql);
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect(sql);
        while let Some(row) = rows.next().expect("a row") {
            let values: Vec<_> = (0..columns)
                .map(|at| format!("{:?}", row.get::<_, rusqlite::types::Value>(at).expect("a value")))
                .collect();
            lines.push(format!("{sql}: {}", values.join("|")));
        }
    }
    lines
}
fn folder(path: &Path) -> StoreOptions {
    StoreOptions::in_folder(path)
}

async fn go(from: &StoreOptions, to: &StoreOptions) -> Result<TransferReport, StoreError> {
    transfer(from, to, &|_| {}).await
}

/// Runs a transfer and drops it once a table is reached.
async fn cut_off(from: &StoreOptions, to: &StoreOptions, table: &str) {
    let reached = Notify::new();
    let progress = |progress: TransferProgress| {
        if progress.table == table {
            reached.notify_one();
        }
    };
    tokio::select! {
        biased;
        () = reached.notified() => {}
        done = transfer(from, to, &progress) => panic!("it was not cut off: {done:?}"),
    }
}

async fn everything_is_there_after_going_there_and_back(middle: StoreOptions) {
    let fixture = filled().await;
    let home = tempfile::tempdir().expect("a folder");
    let (first, last) = (folder(fixture.folder()), folder(&home.path().join("data")));

    let there = go(&first, &middle).await.expect("a transfer");
    assert!(there.audit.ok() && !there.is_source_changed && there.rows_before == 0, "{there:?}");
    assert_eq!(there.audit, fixture.store().audit().await.expect("an audit"));
    assert!(there.tables.iter().all(|(_, rows)| *rows > 0), "each table has rows: {:?}", there.tables);
    let back = go(&middle, &last).await.expect("a transfer back");
    assert_eq!(back, there);
    assert_eq!(dump(&last.data_dir), dump(fixture.folder()));

    let (one, other) = (fixture.store(), Store::open(&last).await.expect("a store"));
    for account in one.accounts(None, 100).await.expect("accounts") {
        let entries = async |store: &Store| {
            let entries = store.entries(account.account_id, None, 1000).await.expect("entries");
            entries.into_iter().map(|e| (e.sequence, e.movement, e.balance_after)).collect::<Vec<_>>()
        };
        assert_eq!(entries(one).await, entries(&other).await);
    }
    assert_ne!(one.identity().await.expect("an identity"), other.identity().await.expect("an identity"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_there_after_going_to_a_database_and_back() {
    let Some(database) = TestDatabase::create().await else { return };
    everything_is_there_after_going_there_and_back(StoreOptions::at_url("", database.url())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_there_after_going_to_a_cluster_and_back() {
    let Some(cluster) = CitusCluster::start() else { return };
    everything_is_there_after_going_there_and_back(StoreOptions::at_url("", cluster.url())).await;
}

async fn a_store_goes_on_after_what_came(to: StoreOptions, sql: impl Fn(&str) -> String) {
    let fixture = filled().await;
    go(&folder(fixture.folder()), &to).await.expect("a transfer");
    let store = Store::open(&to).await.expect("a store");
    let email = "new@example.com".parse().expect("an address");
    let now = FixedClock::default().now();
    let created = store.create_account(&email, Credits::ZERO, now).await.expect("an account");
    assert_eq!(created, AccountCreated::Created(AccountId(6)));
    let next = sql("SELECT next_hashtag - (SELECT max(hashtag) FROM tagmeter.hashtags) FROM tagmeter.store");
    assert_eq!(next.trim(), "1");
    let sequence = store.sequence().await.expect("a sequence");
    assert_eq!(sequence, fixture.store().sequence().await.expect("a sequence"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_a_database_goes_on_after_what_came() {
    let Some(database) = TestDatabase::create().await else { return };
    let to = StoreOptions::at_url("", database.url());
    a_store_goes_on_after_what_came(to, |sql| database.sql(sql)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_a_cluster_goes_on_after_what_came() {
    let Some(cluster) = CitusCluster::start() else { return };
    let to = StoreOptions::at_url("", cluster.url());
    a_store_goes_on_after_what_came(to, |sql| cluster.sql(sql)).await;
}

async fn is_finished_when_run_again(to: StoreOptions) {
    let fixture = filled().await;
    let from = folder(fixture.folder());
    for table in ["keys", "balances", "jobs", "videos", "changes"] {
        cut_off(&from, &to, table).await;
        let refused = Store::open(&to).await.expect_err("it is unfinished").to_string();
        assert!(refused.contains("run the same `tagmeter migrate` again"), "{refused}");
        let refused = go(&to, &folder(&fixture.folder().join("other"))).await.expect_err("half a store");
        assert!(refused.to_string().contains("unfinished"), "{refused}");
    }
    let other = filled().await;
    let refused = go(&folder(other.folder()), &to).await.expect_err("another source").to_string();
    assert!(refused.contains("from another source"), "{refused}");
    let report = go(&from, &to).await.expect("the rest");
    assert!(report.audit.ok() && report.rows_before > 0);
    Store::open(&to).await.expect("it can be used now");
    let refused = go(&from, &to).await.expect_err("it is full now").to_string();
    assert!(refused.contains("contains data already"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cut_off_is_finished_in_a_folder() {
    let home = tempfile::tempdir().expect("a folder");
    is_finished_when_run_again(folder(home.path())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cut_off_is_finished_in_a_database() {
    let Some(database) = TestDatabase::create().await else { return };
    is_finished_when_run_again(StoreOptions::at_url("", database.url())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cut_off_is_finished_in_a_cluster() {
    let Some(cluster) = CitusCluster::start() else { return };
    is_finished_when_run_again(StoreOptions::at_url("", cluster.url())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_was_written_to_is_noticed() {
    let (fixture, home) = (filled().await, tempfile::tempdir().expect("a folder"));
    let (from, to) = (folder(fixture.folder()), folder(&home.path().join("a")));
    cut_off(&from, &to, "videos").await;
    let sequence = fixture.store().sequence().await.expect("a sequence");
    // This changes no hashtag.
    fixture.record([video(2000).counts(5, 0, 0, 0).version(9).into()]).await;
    assert_eq!(fixture.store().sequence().await.expect("a sequence"), sequence);
    let refused = go(&from, &to).await.expect_err("the source changed").to_string();
    assert!(refused.contains("was written to since"), "{refused}");
    // Written to while it is read: the copy is a snapshot of the beginning, which is reported.
    let begun = Notify::new();
    let to = folder(&home.path().join("b"));
    let began = |_| begun.notify_one();
    let copying = transfer(&from, &to, &began);
    let writing = async {
        begun.notified().await;
        fixture.record([video(5001).tag("cat").into()]).await;
    };
    let (report, ()) = tokio::join!(copying, writing);
    assert!(report.expect("a transfer").is_source_changed);
    let (copied, size) = (Store::open(&to).await.expect("a store"), fixture.store().catalog_size().await);
    assert_eq!(copied.catalog_size().await.expect("a size").videos, size.expect("a size").videos - 1);
}

#[tokio::test]
async fn a_missing_source_is_reported_and_not_created() {
    let home = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder(&home.path().join("a")), folder(&home.path().join("b")));
    let refused = go(&from, &to).await.expect_err("nothing is there").to_string();
    assert!(refused.contains("there is no catalog.db in"), "{refused}");
    assert!(!from.data_dir.exists() && !to.data_dir.exists());
    let Some(database) = TestDatabase::create().await else { return };
    database.sql("DROP SCHEMA tagmeter CASCADE");
    let refused = go(&StoreOptions::at_url("", database.url()), &to).await.expect_err("no store").to_string();
    assert!(refused.contains("there is no Tagmeter store in postgres://"), "{refused}");
}
