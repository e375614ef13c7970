//! Settings required of a server.

use store::{Store, StoreError, StoreOptions};
use testkit::postgres::Cluster;

async fn open(cluster: &Cluster, database: &str) -> Result<Store, StoreError> {
    Store::open(&StoreOptions::at_url("", cluster.url(database))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_loses_commits_is_refused_with_the_setting_to_change() {
    let settings = [("fsync", "off"), ("full_page_writes", "on"), ("synchronous_commit", "off")];
    let Some(cluster) = Cluster::start(&settings) else { return };
    let refused = open(&cluster, "postgres").await.expect_err("no fsync").to_string();
    assert!(refused.contains("set fsync = on"), "{refused}");
    assert_eq!(
        cluster.sql("postgres", "SELECT count(*) FROM pg_namespace WHERE nspname = 'tagmeter'").trim(),
        "0"
    );
    cluster.sql("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    let refused = open(&cluster, "latin").await.expect_err("not UTF-8").to_string();
    assert!(refused.contains("ENCODING 'UTF8'"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_may_lose_the_last_moments_is_used_with_a_warning() {
    let Some(cluster) = Cluster::start(&[("synchronous_commit", "off")]) else { return };
    let store = open(&cluster, "postgres").await.expect("a store");
    assert_eq!(store.warnings().len(), 1);
    assert!(store.warnings()[0].contains("set synchronous_commit = on"), "{:?}", store.warnings());
    let nothing = store.catalog_size().await.expect("a size");
    assert_eq!((nothing.hashtags, nothing.videos), (0, 0));
}

/// A user's own name is in the search path, so that our schema needs no prefix for a user of its name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_user_is_called_makes_no_difference_to_the_audit() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    for sql in ["CREATE ROLE tagmeter LOGIN", "CREATE DATABASE tagmeter OWNER tagmeter"] {
        cluster.sql("postgres", sql);
    }
    let url = cluster.url_text("tagmeter").replacen("postgres@", "tagmeter@", 1);
    let options = StoreOptions::at_url("", url.parse().expect("an address"));
    let store = Store::open(&options).await.expect("a store");
    let audit = store.audit().await.expect("an audit");
    assert!(audit.ok(), "{audit:?}");
}
