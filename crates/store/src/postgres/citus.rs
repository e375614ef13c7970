//! Distributes the tables over a Citus cluster by the catalogue of tables. Co-located tables keep each
//! statement of a look-up, a walk or a charge on one shard.

use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::schema::{Distribution, Table, tables};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

/// Returns the tables in the order of their distribution: reference tables first, as others may refer to them,
/// and co-located tables after those that they join. Tables that stay on the coordinator are left out.
pub(crate) fn distributed() -> impl Iterator<Item = &'static Table> {
    let pass = |of: fn(&Table) -> bool| tables().filter(move |table| of(table));
    let reference = pass(|table| table.distribution == Distribution::Reference);
    let sharded = pass(|table| matches!(table.distribution, Distribution::By(_)));
    let co_located = pass(|table| matches!(table.distribution, Distribution::With(..)));
    reference.chain(sharded).chain(co_located)
}

/// Returns true if the database has the extension.
pub(crate) async fn is_present(transaction: &Transaction<'_>) -> Result<bool, StoreError> {
    let found = transaction
        .query_typed("SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'citus'", &[])
        .await
        .doing("detect Citus")?;
    Ok(!found.is_empty())
}

/// Distributes the tables that are not distributed yet, with their rows. The transaction has the lock of
/// migrations.
pub(crate) async fn distribute(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let found = transaction
        .query_typed(
            "SELECT relname::text FROM pg_catalog.pg_dist_partition d JOIN pg_catalog.pg_class c ON c.oid = d.logicalrelid
             WHERE c.relnamespace = 'tagmeter'::regnamespace AND (d.partmethod = 'h' OR d.repmodel = 't')",
            &[],
        )
        .await
        .doing("list distributed tables")?;
    let done: Vec<String> =
        found.iter().map(row::postgres).collect::<Result<_, _>>().doing("list distributed tables")?;
    if distributed().all(|table| done.iter().any(|known| known == table.name)) {
        return Ok(());
    }
    // Sequentially, as tables that refer to reference tables created in the same transaction require. The
    // ledger's guards are triggers that read nothing, not even their own row, which is safe on a shard.
    transaction
        .batch_execute(
            "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'; SET LOCAL citus.enable_unsafe_triggers TO on",
        )
        .await
        .doing("prepare to distribute the tables")?;
    for table in distributed().filter(|table| !done.iter().any(|known| known == table.name)) {
        distribute_one(transaction, table).await?;
    }
    Ok(())
}

async fn distribute_one(transaction: &Transaction<'_>, table: &Table) -> Result<(), StoreError> {
    const DOING: &str = "distribute a table over the cluster";
    let in_schema = |table: &str| format!("tagmeter.{table}");
    let name = in_schema(table.name);
    let (column, with) = match table.distribution {
        Distribution::Coordinator => return Ok(()),
        Distribution::Reference => {
            let sql = "SELECT create_reference_table($1::text::regclass)";
            return transaction.query_typed(sql, &[(&name, Type::TEXT)]).await.map(|_| ()).doing(DOING);
        }
        Distribution::By(column) => (column, "none".to_owned()),
        Distribution::With(column, table) => (column, in_schema(table)),
    };
    let sql = "SELECT create_distributed_table($1::text::regclass, $2, colocate_with => $3)";
    transaction
        .query_typed(sql, &[(&name, Type::TEXT), (&column, Type::TEXT), (&with, Type::TEXT)])
        .await
        .map(|_| ())
        .doing(DOING)
}
