//! PostgreSQL's half of a transfer: reads the database in one transaction with one snapshot, and writes batches
//! of rows by COPY, each in one transaction with the progress of its table.

use super::Postgres;
use super::connection::{Client, Parameter, Pool};
use super::partitions::{Snapshots, ensure_partitions};
use crate::audit::AuditReport;
use crate::error::Doing;
use crate::row::{self, FromRow};
use crate::schema::{Column, Kind, Table, moved_tables};
use crate::transfer::rows::{Key, Rows, Value};
use crate::transfer::{
    Copied, DIGESTS, Forgets, Noted, NotedRow, Summary, UNFINISHED, VERIFYING, WORK, noted_columns,
};
use crate::{DatabaseUrl, StoreError};
use std::error::Error;
use std::pin::pin;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{GenericClient, Row, Transaction};

/// A transfer may take long.
const NO_TIMEOUTS: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";

/// Entries in an order of time that is also the order within each account, even if nodes' clocks differ.
const ENTRIES_IN_ORDER: &str =
    "SELECT *, max(at_ms) OVER (PARTITION BY account_id ORDER BY sequence) AS order_ms
    FROM tagmeter.entries";
const SET_FORGETS: &str = "UPDATE tagmeter.store SET forget_key = $1, videos_gone = $2, has_forgotten = $3";
const ENTRIES_KEY: &[&str] = &["order_ms", "account_id", "sequence"];

/// Returns an error if a transfer into the database is unfinished.
pub(crate) async fn refuse_unfinished(pool: &Pool) -> Result<(), StoreError> {
    let found = pool
        .query_opt(
            "look for an unfinished transfer",
            "SELECT 1 FROM pg_catalog.pg_class
             WHERE relname = 'transfer' AND relnamespace = 'tagmeter'::regnamespace",
            &[],
        )
        .await?;
    found.map_or(Ok(()), |_| Err(StoreError::Unusable(UNFINISHED.to_owned())))
}

/// A database to read.
pub(crate) struct Source {
    /// In one transaction from beginning to end.
    client: Client,
    /// True once a cursor has sorted the entries.
    has_cursor: bool,
}

impl Source {
    pub(crate) async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let pool = Pool::new(url)?;
        if !super::check::exists(&pool).await? {
            return Err(StoreError::Unusable(format!("there is no Tagmeter store in {url}")));
        }
        drop(pool);
        let postgres = Postgres::open(url).await?;
        refuse_unfinished(&postgres.pool).await?;
        let client = postgres.pool.get().await?;
        client
            .object
            .batch_execute(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {NO_TIMEOUTS}"))
            .await
            .doing("begin to read")?;
        Ok(Self { client, has_cursor: false })
    }

    pub(crate) async fn summary(&self) -> Result<Summary, StoreError> {
        let client = &**self.client.object;
        let (identity, sequence, arrived_at) =
            one(client, "SELECT identity, sequence, arrived_at FROM tagmeter.store").await?;
        let (granted, charged) = one(
            client,
            "SELECT coalesce(sum(granted), 0)::bigint, coalesce(sum(charged), 0)::bigint FROM tagmeter.balances",
        )
        .await?;
        let (key, last_video, videos_gone, has_forgotten) =
            one(client, "SELECT forget_key, next_video - 1, videos_gone, has_forgotten FROM tagmeter.store")
                .await?;
        let mut work = 0_i64;
        for (what, table) in WORK {
            let sum = format!("SELECT coalesce({what}, 0)::bigint FROM tagmeter.{table}");
            work = work.wrapping_add(one(client, &sum).await?);
        }
        Ok(Summary {
            identity,
            sequence,
            arrived_at,
            keys_version: one(client, "SELECT version FROM tagmeter.keys_version").await?,
            counts: counts(client).await?,
            granted,
            charged,
            digests: one(client, &format!("SELECT ({DIGESTS} FROM tagmeter.video_ids)::bigint")).await?,
            work,
            forgets: Forgets { key, last_video, videos_gone, has_forgotten },
        })
    }

    pub(crate) async fn rows(
        &mut self,
        table: &'static Table,
        after: Option<Key>,
    ) -> Result<Rows, StoreError> {
        let is_entries = table.name == "entries";
        let key = if is_entries { ENTRIES_KEY } else { table.key };
        let found = if is_entries {
            self.fetch_entries(table, after.as_ref()).await?
        } else {
            let values = after.iter().flat_map(|key| &key.0);
            let parameters: Vec<(&(dyn ToSql + Sync), Type)> =
                values.zip(key).map(|(value, name)| (value as _, type_of(table.kind_of(name)))).collect();
            let places: Vec<String> = (1..=key.len()).map(|n| format!("${n}")).collect();
            let condition = after.as_ref().map(|_| places.join(", "));
            let sql = select(table, &format!("tagmeter.{}", table.name), key, condition.as_deref());
            let sql = format!("{sql} LIMIT {}", table.rows_max());
            self.client.object.query_typed(&sql, &parameters).await.doing("read rows")?
        };
        let moved: Vec<&Column> = table.moved_columns().collect();
        let mut rows = Rows::new(moved.len());
        for row in &found {
            for (at, column) in moved.iter().enumerate() {
                rows.push(value(row, at, column.kind).doing("read a row")?);
            }
        }
        if let Some(row) = found.last() {
            let key =
                key.iter().enumerate().map(|(at, name)| value(row, moved.len() + at, table.kind_of(name)));
            rows.last = Some(Key(key.collect::<Result<_, _>>().doing("read a row")?));
        }
        Ok(rows)
    }

    async fn fetch_entries(&mut self, table: &Table, after: Option<&Key>) -> Result<Vec<Row>, StoreError> {
        if !self.has_cursor {
            let numbers: Vec<String> = after
                .iter()
                .flat_map(|key| &key.0)
                .filter_map(|value| if let Value::Integer(n) = value { Some(n.to_string()) } else { None })
                .collect();
            let condition = after.map(|_| numbers.join(", "));
            let from = format!("({ENTRIES_IN_ORDER}) AS ordered");
            let sql = select(table, &from, ENTRIES_KEY, condition.as_deref());
            let sql = format!("DECLARE entries_in_order NO SCROLL CURSOR FOR {sql}");
            self.client.object.batch_execute(&sql).await.doing("begin to read entries")?;
            self.has_cursor = true;
        }
        let sql = format!("FETCH FORWARD {} FROM entries_in_order", table.rows_max());
        self.client.object.query_typed(&sql, &[]).await.doing("read entries")
    }
}

/// Returns the SQL for the rows of a table, its columns and then those of its key, in the order of the key.
fn select(table: &Table, from: &str, key: &[&str], after: Option<&str>) -> String {
    let columns: Vec<&str> = table.moved_columns().map(|column| column.name).collect();
    let (columns, keys) = (columns.join(", "), key.join(", "));
    let after = after.map_or_else(String::new, |values| format!("WHERE ({keys}) > ({values})"));
    format!("SELECT {columns}, {keys} FROM {from} {after} ORDER BY {keys}")
}

/// Reads the one row that a statement returns.
async fn one<T>(client: &impl GenericClient, sql: &str) -> Result<T, StoreError>
where
    T: for<'r> FromRow<'r>,
{
    const DOING: &str = "add the tables up";
    let rows = client.query_typed(sql, &[]).await.doing(DOING)?;
    row::postgres(rows.first().ok_or(StoreError::Closed)?).doing(DOING)
}

/// Counts the rows of each table.
async fn counts(client: &impl GenericClient) -> Result<Vec<u64>, StoreError> {
    let mut counts = Vec::new();
    for table in moved_tables() {
        let count: i64 = one(client, &format!("SELECT count(*) FROM tagmeter.{}", table.name)).await?;
        counts.push(count.unsigned_abs());
    }
    Ok(counts)
}

/// Returns the number after the largest, for which a cluster queries each shard once.
async fn next(client: &impl GenericClient, largest: &str) -> Result<i64, StoreError> {
    Ok(one::<Option<i64>>(client, largest).await?.unwrap_or(0) + 1)
}

fn type_of(kind: Kind) -> Type {
    match kind {
        Kind::Integer => Type::INT8,
        Kind::Flag => Type::BOOL,
        Kind::Real => Type::FLOAT8,
        Kind::Text => Type::TEXT,
        Kind::Blob => Type::BYTEA,
    }
}

fn value(row: &Row, at: usize, kind: Kind) -> Result<Value, tokio_postgres::Error> {
    Ok(match kind {
        Kind::Integer => row.try_get::<_, Option<i64>>(at)?.map(Value::Integer),
        Kind::Flag => row.try_get::<_, Option<bool>>(at)?.map(Value::Flag),
        Kind::Real => row.try_get::<_, Option<f64>>(at)?.map(Value::Real),
        Kind::Text => row.try_get::<_, Option<String>>(at)?.map(Value::Text),
        Kind::Blob => row.try_get::<_, Option<Vec<u8>>>(at)?.map(Value::Blob),
    }
    .unwrap_or(Value::Null))
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) => number.to_sql(kind, out),
            Self::Flag(flag) => flag.to_sql(kind, out),
            Self::Real(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Blob(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::BOOL, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

/// A database to write.
#[derive(Debug)]
pub(crate) struct Target {
    postgres: Postgres,
    url: DatabaseUrl,
}

impl Target {
    pub(crate) async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Ok(Self { postgres: Postgres::open(url).await?, url: url.clone() })
    }

    pub(crate) async fn noted(&self) -> Result<Vec<Noted>, StoreError> {
        const DOING: &str = "read the progress of the transfer";
        const SQL: &str = concat!("SELECT ", noted_columns!(), " FROM tagmeter.transfer");
        match refuse_unfinished(&self.postgres.pool).await {
            Ok(()) => return Ok(Vec::new()),
            Err(StoreError::Unusable(_)) => {}
            Err(other) => return Err(other),
        }
        let rows = self.postgres.pool.query(DOING, SQL, &[]).await?;
        let noted = |row: &Row| row::postgres::<NotedRow>(row).map(Noted::from);
        rows.iter().map(noted).collect::<Result<_, _>>().doing(DOING)
    }

    pub(crate) async fn begin(&self, source: &[u8], digest: &[u8]) -> Result<(), StoreError> {
        let mut client = self.postgres.pool.get().await?;
        for table in moved_tables() {
            let sql = format!("SELECT 1 FROM tagmeter.{} LIMIT 1", table.name);
            if client.object.query_typed(&sql, &[]).await.doing("look for rows")?.is_empty() {
                continue;
            }
            return Err(StoreError::Unusable(format!(
                "{} contains data already; a transfer goes to an empty or new database",
                self.url
            )));
        }
        let transaction = client.transaction().await.doing("begin a transfer")?;
        transaction
            .batch_execute(
                "CREATE TABLE tagmeter.transfer (name text PRIMARY KEY, source bytea NOT NULL, digest bytea NOT NULL,
                     last_key bytea, rows bigint NOT NULL, done boolean NOT NULL)",
            )
            .await
            .doing("begin a transfer")?;
        for name in moved_tables().map(|table| table.name).chain([VERIFYING]) {
            transaction
                .execute_typed(
                    "INSERT INTO tagmeter.transfer (name, source, digest, rows, done) VALUES ($1, $2, $3, 0, false)",
                    &[(&name, Type::TEXT), (&source, Type::BYTEA), (&digest, Type::BYTEA)],
                )
                .await
                .doing("record a transfer")?;
        }
        transaction.commit().await.doing("begin a transfer")
    }

    pub(crate) async fn write(
        &self,
        table: &'static Table,
        rows: &Rows,
        before: &Copied,
        after: &Copied,
    ) -> Result<(), StoreError> {
        let mut client = self.postgres.pool.get().await?;
        let transaction = client.transaction().await.doing("begin to write rows")?;
        // Excludes other writers of the catalog, who might create the same partition.
        transaction
            .batch_execute(&format!("{NO_TIMEOUTS}; SELECT 1 FROM tagmeter.store FOR UPDATE"))
            .await
            .doing("begin to write rows")?;
        note(&transaction, table.name, before, after).await?;
        make_partitions(&transaction, table, rows).await?;
        copy(&transaction, table, rows).await?;
        transaction.commit().await.doing("commit rows")
    }

    pub(crate) async fn complete(&self, summary: &Summary) -> Result<(Vec<u64>, AuditReport), StoreError> {
        let mut client = self.postgres.pool.get().await?;
        analyze(&mut client).await?;
        let transaction = client.transaction().await.doing("complete the transfer")?;
        transaction.batch_execute(NO_TIMEOUTS).await.doing("complete the transfer")?;
        let next_hashtag = next(&transaction, "SELECT max(hashtag) FROM tagmeter.hashtags").await?;
        let Summary { sequence, arrived_at, keys_version, forgets, .. } = summary;
        // Also after rows of forgotten videos.
        let next_video = next(&transaction, "SELECT max(video) FROM tagmeter.videos").await?;
        let next_video = next_video.max(forgets.last_video.saturating_add(1));
        let of_forgets: [Parameter<'_>; 3] = [
            (&forgets.key, Type::BYTEA),
            (&forgets.videos_gone, Type::INT8),
            (&forgets.has_forgotten, Type::INT8),
        ];
        transaction.execute_typed(SET_FORGETS, &of_forgets).await.doing("complete the transfer")?;
        // A new account gets a number after the copied ones.
        let next_account = next(&transaction, "SELECT max(account_id) FROM tagmeter.accounts").await?;
        let sql = format!(
            "UPDATE tagmeter.store SET sequence = {sequence}, next_hashtag = {next_hashtag}, next_video = {next_video},
                 arrived_at = {arrived_at};
             UPDATE tagmeter.told SET sequence = {sequence};
             UPDATE tagmeter.keys_version SET version = {keys_version};
             SELECT setval(pg_get_serial_sequence('tagmeter.accounts', 'account_id'), {next_account}, false);
             UPDATE tagmeter.transfer SET done = true WHERE name = '{VERIFYING}'"
        );
        transaction.batch_execute(&sql).await.doing("complete the transfer")?;
        let counts = counts(&transaction).await?;
        transaction.commit().await.doing("complete the transfer")?;
        Ok((counts, self.postgres.audit().await?))
    }

    pub(crate) async fn release(self) -> Result<(), StoreError> {
        let client = self.postgres.pool.get().await?;
        client.object.batch_execute("DROP TABLE tagmeter.transfer").await.doing("end the transfer")
    }
}

/// Updates the planner's statistics after a bulk copy, without waiting for autovacuum. In a transaction of its
/// own, as a cluster refuses it in one that has read its tables.
async fn analyze(client: &mut Client) -> Result<(), StoreError> {
    let doing = "analyze the new rows";
    let transaction = client.transaction().await.doing(doing)?;
    let names: Vec<String> = moved_tables().map(|table| format!("tagmeter.{}", table.name)).collect();
    let sql = format!("{NO_TIMEOUTS}; ANALYZE {}", names.join(", "));
    transaction.batch_execute(&sql).await.doing(doing)?;
    transaction.commit().await.doing(doing)
}

/// Records the progress of a table, if it is as expected: two transfers at once must not mix.
async fn note(
    transaction: &Transaction<'_>,
    table: &str,
    before: &Copied,
    after: &Copied,
) -> Result<(), StoreError> {
    let bytes = |copied: &Copied| copied.last.as_ref().map(Key::to_bytes);
    let noted = transaction
        .execute_typed(
            "UPDATE tagmeter.transfer SET last_key = $2, rows = $3, done = $4
             WHERE name = $1 AND last_key IS NOT DISTINCT FROM $5 AND NOT done",
            &[
                (&table, Type::TEXT),
                (&bytes(after), Type::BYTEA),
                (&after.rows.cast_signed(), Type::INT8),
                (&after.is_done, Type::BOOL),
                (&bytes(before), Type::BYTEA),
            ],
        )
        .await
        .doing("record the progress of the transfer")?;
    if noted == 1 {
        return Ok(());
    }
    Err(StoreError::Unusable("another transfer into this store is under way".to_owned()))
}

async fn make_partitions(
    transaction: &Transaction<'_>,
    table: &Table,
    rows: &Rows,
) -> Result<(), StoreError> {
    let snapshots = match table.name {
        "hashtag_snapshots" => Snapshots::OfHashtags,
        "video_snapshots" => Snapshots::OfVideos,
        _ => return Ok(()),
    };
    let at = table.moved_columns().position(|column| column.name == "observed_at").unwrap_or_default();
    let times = rows.iter().filter_map(|row| match row.get(at) {
        Some(Value::Integer(at_ms)) => Some(*at_ms),
        _ => None,
    });
    ensure_partitions(transaction, snapshots, times).await
}

async fn copy(transaction: &Transaction<'_>, table: &Table, rows: &Rows) -> Result<(), StoreError> {
    let names: Vec<&str> = table.moved_columns().map(|column| column.name).collect();
    let types: Vec<Type> = table.moved_columns().map(|column| type_of(column.kind)).collect();
    let sql = format!("COPY tagmeter.{} ({}) FROM STDIN (FORMAT binary)", table.name, names.join(", "));
    let sink = transaction.copy_in(&sql).await.doing("begin to copy rows")?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    for row in rows.iter() {
        writer.as_mut().write_raw(row).await.doing("copy a row")?;
    }
    writer.finish().await.map(|_| ()).doing("copy rows")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS_MAX: usize = 7;

    /// Returns the table `entries`, moved in small batches.
    fn entries() -> &'static Table {
        let table = moved_tables().find(|table| table.name == "entries").expect("the ledger");
        Box::leak(Box::new(Table { moved: Some(ROWS_MAX), ..*table }))
    }

    /// Returns account and sequence of the entries in reading order, and the key after each batch.
    async fn read(url: &DatabaseUrl, mut after: Option<Key>) -> (Vec<(i64, i64)>, Vec<Key>) {
        let mut source = Source::open(url).await.expect("a source");
        let (mut order, mut keys) = (Vec::new(), Vec::new());
        loop {
            let rows = source.rows(entries(), after).await.expect("rows");
            for row in rows.iter() {
                let [Value::Integer(account), Value::Integer(sequence), ..] = row else { panic!("{row:?}") };
                order.push((*account, *sequence));
            }
            if rows.len() < ROWS_MAX {
                return (order, keys);
            }
            keys.extend(rows.last.clone());
            after = rows.last;
        }
    }

    #[tokio::test]
    async fn entries_are_read_in_the_order_of_their_account_whatever_its_clock_said_and_from_any_key_on() {
        let Some(database) = testkit::postgres::TestDatabase::create().await else { return };
        // The clock of the second account runs backwards, that of the third does not move.
        database.sql(
            "INSERT INTO tagmeter.entries
             SELECT a, n, 1, 1, n, 1000 + n * CASE a WHEN 1 THEN 10 WHEN 2 THEN -10 ELSE 0 END, NULL, NULL, 'c' || n,
                    sha256('x')
             FROM generate_series(1, 3) a, generate_series(1, 30) n",
        );
        let url: DatabaseUrl = database.url_text().parse().expect("an address");
        let (order, keys) = read(&url, None).await;
        assert_eq!(order.len(), 90);
        for account in 1..=3 {
            let own = order.iter().filter(|(a, _)| *a == account).map(|(_, sequence)| *sequence);
            assert!(own.eq(1..=30), "account {account}: {order:?}");
        }
        assert_eq!(keys.len(), 12);
        for (n, key) in keys.into_iter().enumerate() {
            let (rest, _) = read(&url, Key::from_bytes(&key.to_bytes())).await;
            assert_eq!(rest, order[(n + 1) * 7..]);
        }
    }
}
