//! On a cluster of Citus: which table is spread by what. What is asked together lies together, so that each statement of
//! a look-up, a walk or a charge is for one shard.

use crate::StoreError;
use crate::error::Doing;
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

/// Where the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    /// All of them on every node: few rows, looked up in many ways.
    Everywhere,
    /// By a column.
    By(&'static str),
    /// By a column, each row on the node where that of another table with the same value is.
    With(&'static str, &'static str),
}

/// All tables but those that stay on the coordinator: `store`, `told` and `changes` (who writes the catalog takes turns there)
/// and `migrations`. Reference tables come first, as others may refer to them.
pub(crate) const TABLES: [(&str, Spread); 29] = [
    ("accounts", Spread::Everywhere),
    ("keys", Spread::Everywhere),
    ("keys_version", Spread::Everywhere),
    ("trend_odds", Spread::Everywhere),
    ("trend_peers", Spread::Everywhere),
    ("trend_state", Spread::Everywhere),
    ("hashtags", Spread::By("hashtag")),
    ("links", Spread::With("hashtag", "hashtags")),
    ("hashtag_snapshots", Spread::With("hashtag", "hashtags")),
    ("hashtag_windows", Spread::With("hashtag", "hashtags")),
    ("generations", Spread::With("hashtag", "hashtags")),
    ("generation_chunks", Spread::With("hashtag", "hashtags")),
    ("walk_runs", Spread::With("hashtag", "hashtags")),
    ("trends", Spread::With("hashtag", "hashtags")),
    ("standings", Spread::With("hashtag", "hashtags")),
    ("hashtag_keys", Spread::By("key")),
    ("hashtag_ids", Spread::By("id")),
    ("handles", Spread::By("handle")),
    ("forgotten", Spread::By("digest")),
    ("video_ids", Spread::By("id")),
    ("videos", Spread::By("video")),
    ("video_fragments", Spread::With("video", "videos")),
    ("video_snapshots", Spread::With("video", "videos")),
    ("balances", Spread::By("account_id")),
    ("entries", Spread::With("account_id", "balances")),
    ("idempotency", Spread::With("account_id", "balances")),
    ("jobs", Spread::With("account_id", "balances")),
    ("upstream_calls", Spread::By("upstream")),
    ("asks", Spread::By("key")),
];

/// Whether the extension is in the database.
pub(crate) async fn is_present(transaction: &Transaction<'_>) -> Result<bool, StoreError> {
    let found = transaction
        .query_typed("SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'citus'", &[])
        .await
        .doing("look for Citus")?;
    Ok(!found.is_empty())
}

/// Spreads the tables that are not spread yet, with what is in them. For a transaction that holds the lock of migrations.
pub(crate) async fn distribute(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let found = transaction
        .query_typed(
            "SELECT relname::text FROM pg_catalog.pg_dist_partition d JOIN pg_catalog.pg_class c ON c.oid = d.logicalrelid
             WHERE c.relnamespace = 'tagmeter'::regnamespace AND (d.partmethod = 'h' OR d.repmodel = 't')",
            &[],
        )
        .await
        .doing("see which tables are spread")?;
    let spread: Vec<String> = found.iter().map(|row| row.get(0)).collect();
    if TABLES.iter().all(|(table, _)| spread.iter().any(|known| known == table)) {
        return Ok(());
    }
    // One after the other, as tables that refer to reference tables made in the same transaction must be; and the
    // ledger's guards are triggers that look at nothing, not even their own row, which is safe on a shard.
    transaction
        .batch_execute(
            "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'; SET LOCAL citus.enable_unsafe_triggers TO on",
        )
        .await
        .doing("prepare to spread the tables")?;
    for (table, how) in TABLES.iter().filter(|(table, _)| !spread.iter().any(|known| known == table)) {
        let name = format!("tagmeter.{table}");
        spread_one(transaction, &name, *how).await?;
    }
    Ok(())
}

async fn spread_one(transaction: &Transaction<'_>, name: &str, how: Spread) -> Result<(), StoreError> {
    let doing = "spread a table over the cluster";
    let together = |table: &str| format!("tagmeter.{table}");
    let (column, with) = match how {
        Spread::Everywhere => {
            let sql = "SELECT create_reference_table($1::text::regclass)";
            return transaction.query_typed(sql, &[(&name, Type::TEXT)]).await.map(|_| ()).doing(doing);
        }
        Spread::By(column) => (column, "none".to_owned()),
        Spread::With(column, table) => (column, together(table)),
    };
    let sql = "SELECT create_distributed_table($1::text::regclass, $2, colocate_with => $3)";
    transaction
        .query_typed(sql, &[(&name, Type::TEXT), (&column, Type::TEXT), (&with, Type::TEXT)])
        .await
        .map(|_| ())
        .doing(doing)
}
