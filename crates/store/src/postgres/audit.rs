//! Feeds the audit, and checks that the constraints of the schema exist.
//!
//! All of it is read from one snapshot, entries one by one: memory is needed for accounts only, and charges
//! continue. An entry's place is its number within the account, so the one before it has the number before.

use super::Postgres;
use crate::StoreError;
use crate::audit::{AuditReport, AuditedEntry, Auditor, StoredBalance, audited_columns, balance_columns};
use crate::error::Doing;
use crate::row;
use futures_util::TryStreamExt;
use std::pin::pin;
use tokio_postgres::{IsolationLevel, Row, Transaction};

/// Rows after which the task yields.
const YIELD_EVERY: u64 = 1_000;

const ENTRIES: &str =
    concat!("SELECT ", audited_columns!(), " FROM tagmeter.entries ORDER BY account_id, sequence");
const BALANCES: &str = concat!(
    "SELECT ",
    balance_columns!(),
    " FROM tagmeter.balances b LEFT JOIN tagmeter.accounts a ON a.account_id = b.account_id"
);
const WITHOUT_BALANCE: &str = "SELECT account_id FROM tagmeter.accounts
    WHERE account_id NOT IN (SELECT account_id FROM tagmeter.balances)";
const NOT_CHARGED: &str = "SELECT k.account_id, count(*)
    FROM tagmeter.idempotency k LEFT JOIN tagmeter.entries e
         ON e.account_id = k.account_id AND e.request_id = k.request_id
    WHERE e.account_id IS NULL GROUP BY k.account_id";
const KEYS_OF_NOBODY: &str = "SELECT account_id, count(*) FROM tagmeter.keys
    WHERE account_id NOT IN (SELECT account_id FROM tagmeter.accounts) GROUP BY account_id";

/// SQL for the guards of the ledger as PostgreSQL describes them: checks, keys, indexes, triggers.
const GUARDS: &str = "
    SELECT relname || ': ' || pg_get_constraintdef(c.oid) || CASE WHEN convalidated THEN '' ELSE ' NOT VALID' END
    FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class r ON r.oid = conrelid
    WHERE r.relnamespace = 'tagmeter'::regnamespace AND relname IN ('balances', 'entries', 'idempotency')
      AND contype IN ('c', 'p', 'u', 'x', 'f')
    UNION ALL
    SELECT relname || ': ' || pg_get_indexdef(indexrelid) || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END
    FROM pg_catalog.pg_index JOIN pg_catalog.pg_class r ON r.oid = indrelid
    WHERE r.relnamespace = 'tagmeter'::regnamespace AND relname IN ('balances', 'entries', 'idempotency')
      AND indisunique
    UNION ALL
    SELECT relname || ': ' || pg_get_triggerdef(t.oid) || ' ' || tgenabled::text
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class r ON r.oid = tgrelid
    WHERE r.relnamespace = 'tagmeter'::regnamespace AND relname IN ('balances', 'entries', 'idempotency')
      AND NOT tgisinternal";

/// The guards that the schema's steps create.
const GUARDS_WANTED: [&str; 27] = [
    "balances: CHECK ((balance = (granted - charged)))",
    "balances: CHECK ((balance >= 0))",
    "balances: CHECK ((charged >= 0))",
    "balances: CHECK ((granted >= 0))",
    "balances: CHECK ((length(hash) = 32))",
    "balances: CHECK ((sequence >= 0))",
    "balances: CREATE UNIQUE INDEX balances_pkey ON tagmeter.balances USING btree (account_id)",
    "balances: PRIMARY KEY (account_id)",
    "entries: CHECK (((kind = 1) = (cause IS NOT NULL)))",
    "entries: CHECK (((kind = 2) = ((request_id IS NOT NULL) AND (operation IS NOT NULL))))",
    "entries: CHECK ((balance_after >= 0))",
    "entries: CHECK ((credits >= 0))",
    "entries: CHECK ((kind = ANY (ARRAY[(1)::bigint, (2)::bigint])))",
    "entries: CHECK ((length(hash) = 32))",
    "entries: CHECK ((length(request_id) = 16))",
    "entries: CHECK ((sequence > 0))",
    "entries: CREATE TRIGGER entries_are_never_changed BEFORE DELETE OR UPDATE ON tagmeter.entries FOR EACH ROW EXECUTE FUNCTION tagmeter.refuse() O",
    "entries: CREATE TRIGGER entries_are_never_emptied BEFORE TRUNCATE ON tagmeter.entries FOR EACH STATEMENT EXECUTE FUNCTION tagmeter.refuse() O",
    "entries: CREATE UNIQUE INDEX entries_by_cause ON tagmeter.entries USING btree (account_id, cause) WHERE (cause IS NOT NULL)",
    "entries: CREATE UNIQUE INDEX entries_by_request ON tagmeter.entries USING btree (account_id, request_id) WHERE (request_id IS NOT NULL)",
    "entries: CREATE UNIQUE INDEX entries_pkey ON tagmeter.entries USING btree (account_id, sequence)",
    "entries: PRIMARY KEY (account_id, sequence)",
    "idempotency: CHECK (((status >= 200) AND (status <= 299)))",
    "idempotency: CHECK ((length(fingerprint) = 32))",
    "idempotency: CHECK ((length(request_id) = 16))",
    "idempotency: CREATE UNIQUE INDEX idempotency_pkey ON tagmeter.idempotency USING btree (account_id, idempotency_key)",
    "idempotency: PRIMARY KEY (account_id, idempotency_key)",
];

impl Postgres {
    pub(crate) async fn audit(&self) -> Result<AuditReport, StoreError> {
        let mut client = self.pool.get().await?;
        let transaction = client
            .object
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await
            .doing("begin an audit")?;
        transaction
            .batch_execute(
                // A user named `tagmeter` has our schema in the search path, and PostgreSQL then omits it from
                // names.
                "SET LOCAL search_path = pg_catalog;
                 SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0",
            )
            .await
            .doing("begin an audit")?;
        let mut auditor = Auditor::default();
        guards(&transaction, &mut auditor).await?;
        each(&transaction, ENTRIES, |row| {
            let entry: AuditedEntry<'_> = row::read(row)?;
            auditor.entry(&entry.at(entry.sequence, entry.sequence.wrapping_sub(1)));
            Ok(())
        })
        .await?;
        each(&transaction, BALANCES, |row| {
            let balance: StoredBalance<'_> = row::read(row)?;
            auditor.balance(&balance, balance.sequence);
            Ok(())
        })
        .await?;
        references(&transaction, &mut auditor).await?;
        transaction.commit().await.doing("end an audit")?;
        Ok(auditor.finish())
    }
}

/// Checks that the schema has the guards that its steps create: without a unique index a call could be charged
/// twice.
async fn guards(transaction: &Transaction<'_>, auditor: &mut Auditor) -> Result<(), StoreError> {
    let found = transaction.query_typed(GUARDS, &[]).await.doing("read the schema")?;
    let found: Vec<String> = found.iter().map(|row| row.get(0)).collect();
    for guard in GUARDS_WANTED.iter().filter(|wanted| !found.iter().any(|f| f == *wanted)) {
        auditor.problem(None, format!("the schema lacks {guard}"));
    }
    for guard in found.iter().filter(|found| !GUARDS_WANTED.contains(&found.as_str())) {
        auditor.problem(None, format!("the schema has an unknown {guard}"));
    }
    Ok(())
}

/// Checks that rows that belong together exist together.
async fn references(transaction: &Transaction<'_>, auditor: &mut Auditor) -> Result<(), StoreError> {
    each(transaction, WITHOUT_BALANCE, |row| {
        auditor.problem(Some(row::read(row)?), "the account has no balance");
        Ok(())
    })
    .await?;
    each(transaction, NOT_CHARGED, |row| {
        let (account, count): (i64, i64) = row::read(row)?;
        auditor.problem(Some(account), format!("{count} stored answers were not charged"));
        Ok(())
    })
    .await?;
    each(transaction, KEYS_OF_NOBODY, |row| {
        let (account, count): (i64, i64) = row::read(row)?;
        auditor.problem(Some(account), format!("{count} keys belong to no account"));
        Ok(())
    })
    .await
}

async fn each(
    transaction: &Transaction<'_>,
    sql: &str,
    mut take: impl FnMut(&Row) -> Result<(), tokio_postgres::Error>,
) -> Result<(), StoreError> {
    let no_parameters: [(&i64, tokio_postgres::types::Type); 0] = [];
    let mut rows = pin!(transaction.query_typed_raw(sql, no_parameters).await.doing("audit")?);
    let mut count = 0_u64;
    while let Some(row) = rows.try_next().await.doing("audit")? {
        take(&row).doing("audit")?;
        count += 1;
        if count.is_multiple_of(YIELD_EVERY) {
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}
