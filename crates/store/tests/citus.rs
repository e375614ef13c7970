//! The store on a cluster of Citus: everything goes as on one server, and nothing that is asked often goes to more than
//! one shard.
#![cfg(unix)]

use store::{Store, StoreOptions};
use testkit::postgres::CitusCluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_spread_once_whoever_starts_first() {
    let Some(cluster) = CitusCluster::start() else { return };
    let open = || async { Store::open(&StoreOptions::at_url("", cluster.url())).await };
    let (one, other) = tokio::join!(open(), open());
    let (one, other) = (one.expect("a node"), other.expect("another node"));
    assert_eq!(one.identity().await.expect("an identity"), other.identity().await.expect("an identity"));
    let spread = "SELECT string_agg(c.relname || ' ' || coalesce(column_to_column_name(d.logicalrelid, d.partkey), '*'),
                                    ',' ORDER BY c.relname)
                  FROM pg_dist_partition d JOIN pg_class c ON c.oid = d.logicalrelid WHERE NOT c.relispartition";
    insta::assert_snapshot!(cluster.sql(spread).trim().replace(',', "\n"));
}
