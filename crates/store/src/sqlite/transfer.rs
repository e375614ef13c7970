//! SQLite's half of a transfer: reads each file in one transaction, and writes them in large ones. Entries get
//! their place in the ledger and the place of the entry before, which only SQLite has.

use super::connection::{self, Settings};
use super::writer::Writer;
use super::{Sqlite, migrations};
use crate::StoreError;
use crate::audit::AuditReport;
use crate::error::Doing;
use crate::migration::{Migration, pending};
use crate::row;
use crate::schema::{ACCOUNTS, CATALOG, Column, File, Kind, On, Table, moved_tables};
use crate::transfer::rows::{Key, Rows, Value};
use crate::transfer::{
    Copied, DIGESTS, Forgets, Noted, NotedRow, Summary, UNFINISHED, VERIFYING, WORK, noted_columns,
};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, ToSql, TransactionBehavior};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const CACHE_KIB: u32 = 64 * 1024;
const SETTINGS: Settings = Settings { cache_kib: CACHE_KIB, autocheckpoint_pages: 10_000, durable: true };
const FILES: [(File, &str, &[Migration]); 2] =
    [(File::Catalog, "catalog.db", CATALOG.sqlite), (File::Accounts, "accounts.db", ACCOUNTS.sqlite)];

/// Returns an error if a transfer into the folder is unfinished.
pub(crate) fn refuse_unfinished(folder: &Path) -> Result<(), StoreError> {
    for (_, name, _) in FILES {
        let path = folder.join(name);
        if path.exists() && has_notes(&connection::open_reader(&path, 1024)?)? {
            return Err(StoreError::Unusable(UNFINISHED.to_owned()));
        }
    }
    Ok(())
}

fn has_notes(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'transfer')", [], row::sqlite)
        .doing("look for an unfinished transfer")
}

/// The two files whose tables move, each with a thread of its own.
#[derive(Debug)]
struct Files {
    catalog: Writer,
    accounts: Writer,
}

impl Files {
    fn open(open: impl Fn(&str, &[Migration]) -> Result<Connection, StoreError>) -> Result<Self, StoreError> {
        let [catalog, accounts] = FILES.map(|(_, name, steps)| Writer::start(name, open(name, steps)?));
        Ok(Self { catalog: catalog?, accounts: accounts? })
    }

    /// Returns the thread of a file. `walks.db` has none: none of its tables moves.
    fn of(&self, file: Option<File>) -> &Writer {
        if file == Some(File::Accounts) { &self.accounts } else { &self.catalog }
    }
}

/// A folder to read.
#[derive(Debug)]
pub(crate) struct Source(Files);

impl Source {
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        refuse_unfinished(folder)?;
        let open = |name: &str, steps: &[Migration]| -> Result<Connection, StoreError> {
            let path = folder.join(name);
            if !path.exists() {
                return Err(StoreError::Unusable(format!("there is no {name} in {}", folder.display())));
            }
            let connection = connection::open_reader(&path, CACHE_KIB)?;
            if !pending(steps, &migrations::applied(&connection)?)?.is_empty() {
                return Err(StoreError::Unusable(format!(
                    "{} has an older schema: any command of this version, such as `tagmeter audit`, migrates it",
                    path.display()
                )));
            }
            // The first statement that reads begins the snapshot.
            connection.execute_batch("BEGIN; SELECT 1 FROM migrations").doing("begin to read")?;
            Ok(connection)
        };
        Files::open(open).map(Self)
    }

    pub(crate) async fn summary(&self) -> Result<Summary, StoreError> {
        let catalog = self.0.catalog.run(|connection| {
            Ok((counts(connection, File::Catalog)?, store(connection)?, forgets(connection)?))
        });
        let (mut counts_of, (identity, sequence, arrived_at, digests), forgets) = catalog.await?;
        let accounts = self.0.accounts.run(|connection| {
            let one = |sql: &str| -> Result<i64, StoreError> {
                connection.query_row(sql, [], row::sqlite).doing("add the ledger up")
            };
            let sum = |what: &str, table: &str| one(&format!("SELECT coalesce({what}, 0) FROM {table}"));
            let version = one("SELECT version FROM keys_version")?;
            let (granted, charged) = (sum("sum(granted)", "balances")?, sum("sum(charged)", "balances")?);
            let mut work = 0_i64;
            for (what, table) in WORK {
                work = work.wrapping_add(sum(what, table)?);
            }
            Ok((counts(connection, File::Accounts)?, version, granted, charged, work))
        });
        let (of_accounts, keys_version, granted, charged, work) = accounts.await?;
        counts_of.extend(of_accounts);
        let counts = moved_tables().map(|table| counts_of.get(table.name).copied().unwrap_or(0)).collect();
        Ok(Summary {
            identity,
            sequence,
            arrived_at,
            keys_version,
            counts,
            granted,
            charged,
            digests,
            work,
            forgets,
        })
    }

    pub(crate) async fn rows(&self, table: &'static Table, after: Option<Key>) -> Result<Rows, StoreError> {
        self.0.of(table.file).run(move |connection| read(connection, table, after.as_ref())).await
    }
}

fn store(connection: &Connection) -> Result<(Vec<u8>, i64, i64, i64), StoreError> {
    connection
        .query_row(
            &format!("SELECT identity, sequence, arrived_at, ({DIGESTS} FROM video_ids) FROM store"),
            [],
            row::sqlite,
        )
        .doing("read the store's identity")
}

fn forgets(connection: &Connection) -> Result<Forgets, StoreError> {
    let read = |row: &rusqlite::Row<'_>| {
        let (key, last_video, videos_gone, has_forgotten) = row::read(row)?;
        Ok(Forgets { key, last_video, videos_gone, has_forgotten })
    };
    connection
        .query_row(
            "SELECT forget_key, max(coalesce((SELECT max(video) FROM videos), 0), last_video), videos_gone, has_forgotten
             FROM store",
            [],
            read,
        )
        .doing("read what was forgotten")
}

/// Counts the rows of each table in a file.
fn counts(connection: &Connection, file: File) -> Result<HashMap<&'static str, u64>, StoreError> {
    let mut counts = HashMap::new();
    for table in moved_tables().filter(|table| table.file == Some(file)) {
        let sql = format!("SELECT count(*) FROM {}", table.name);
        let count: i64 = connection.query_row(&sql, [], row::sqlite).doing("count rows")?;
        counts.insert(table.name, count.unsigned_abs());
    }
    Ok(counts)
}

fn read(connection: &Connection, table: &Table, after: Option<&Key>) -> Result<Rows, StoreError> {
    let moved: Vec<&Column> = table.moved_columns().collect();
    let columns: Vec<&str> = moved.iter().map(|column| column.read_as.unwrap_or(column.name)).collect();
    // Entries are stored in order of time here, which is an order within each account, too.
    let key = table.sqlite_key;
    let places: Vec<String> = (1..=key.len()).map(|n| format!("?{n}")).collect();
    let keys = key.join(", ");
    let after_sql = after.map_or_else(String::new, |_| format!("WHERE ({keys}) > ({})", places.join(", ")));
    let sql = format!(
        "SELECT {}, {keys} FROM {} {after_sql} ORDER BY {keys} LIMIT {}",
        columns.join(", "),
        table.name,
        table.rows_max()
    );
    let mut statement = connection.prepare_cached(&sql).doing("read rows")?;
    let values = after.map_or(&[][..], |key| key.0.as_slice());
    let mut found = statement.query(rusqlite::params_from_iter(values)).doing("read rows")?;
    let mut rows = Rows::new(moved.len());
    while let Some(row) = found.next().doing("read rows")? {
        for (at, column) in moved.iter().enumerate() {
            rows.push(value(row.get_ref(at).doing("read a row")?, column.kind)?);
        }
        let key = key
            .iter()
            .enumerate()
            .map(|(at, name)| value(row.get_ref(moved.len() + at).doing("read a row")?, table.kind_of(name)));
        rows.last = Some(Key(key.collect::<Result<_, StoreError>>()?));
    }
    Ok(rows)
}

fn value(stored: ValueRef<'_>, kind: Kind) -> Result<Value, StoreError> {
    Ok(match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) if kind == Kind::Flag => Value::Flag(number != 0),
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(_) => {
            Value::Text(stored.as_str().map_err(rusqlite::Error::from).doing("read a text")?.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        ValueRef::Real(number) if kind == Kind::Real => Value::Real(number),
        ValueRef::Real(_) => {
            return Err(StoreError::Unusable(
                "a stored number is not an integer; the file is damaged".to_owned(),
            ));
        }
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Flag(flag) => ValueRef::Integer(i64::from(*flag)),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Places of the ledger's entries in the target: the last entry of each account, and of all.
#[derive(Debug, Default)]
struct Places {
    last_of: HashMap<i64, i64>,
    last: i64,
}

/// A folder to write.
#[derive(Debug)]
pub(crate) struct Target {
    folder: PathBuf,
    files: Files,
    /// Read from the target when entries or balances are first written.
    places: Arc<Mutex<Option<Places>>>,
}

impl Target {
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        crate::private::make_folder(folder).map_err(|cause| {
            StoreError::Unusable(format!("cannot create the data folder {}: {cause}", folder.display()))
        })?;
        let open = |name: &str, steps: &[Migration]| {
            let mut connection = connection::open_writer(&folder.join(name), SETTINGS)?;
            migrations::apply(&mut connection, steps)?;
            Ok(connection)
        };
        Ok(Self { folder: folder.to_owned(), files: Files::open(open)?, places: Arc::default() })
    }

    pub(crate) async fn noted(&self) -> Result<Vec<Noted>, StoreError> {
        let mut noted = self.files.catalog.run(|connection| notes(connection)).await?;
        noted.extend(self.files.accounts.run(|connection| notes(connection)).await?);
        Ok(noted)
    }

    pub(crate) async fn begin(&self, source: &[u8], digest: &[u8]) -> Result<(), StoreError> {
        for (file, ..) in FILES {
            let is_empty = self
                .files
                .of(Some(file))
                .run(move |connection| Ok(counts(connection, file)?.values().sum::<u64>() == 0));
            if !is_empty.await? {
                return Err(StoreError::Unusable(format!(
                    "{} contains data already; a transfer goes to an empty or new folder",
                    self.folder.display()
                )));
            }
        }
        // The catalog's file last: its progress is the one that counts.
        for file in [File::Accounts, File::Catalog] {
            let (source, digest) = (source.to_vec(), digest.to_vec());
            self.files
                .of(Some(file))
                .run(move |connection| begin(connection, file, &source, &digest))
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn write(
        &self,
        table: &'static Table,
        rows: Rows,
        before: Copied,
        after: Copied,
    ) -> Result<(), StoreError> {
        let places = Arc::clone(&self.places);
        let write = move |connection: &mut Connection| {
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .doing("begin to write rows")?;
            note(&transaction, table.name, &before, &after)?;
            let mut places = places.lock().unwrap_or_else(PoisonError::into_inner);
            match table.name {
                "entries" | "balances" => {
                    if places.is_none() {
                        *places = Some(read_places(&transaction)?);
                    }
                    insert_ledger(&transaction, table, &rows, places.get_or_insert_default())?;
                }
                _ => insert(&transaction, table, &rows)?,
            }
            // After a failed commit the places may be ahead of the file: they are read again.
            transaction.commit().doing("commit rows").inspect_err(|_| *places = None)
        };
        self.files.of(table.file).run(write).await
    }

    pub(crate) async fn complete(&self, summary: &Summary) -> Result<(Vec<u64>, AuditReport), StoreError> {
        let (sequence, version, forgets) = (summary.sequence, summary.keys_version, summary.forgets.clone());
        let arrived_at = summary.arrived_at;
        let set_catalog = move |connection: &mut Connection| {
            connection
                .execute(
                    "UPDATE store SET sequence = ?1, forget_key = ?2, last_video = ?3, videos_gone = ?4, has_forgotten = ?5,
                        arrived_at = ?6",
                    (
                        sequence,
                        forgets.key,
                        forgets.last_video,
                        forgets.videos_gone,
                        forgets.has_forgotten,
                        arrived_at,
                    ),
                )
                .and_then(|_| connection.execute("UPDATE transfer SET done = 1 WHERE name = ?1", [VERIFYING]))
                .doing("set the store's sequence")?;
            counts(connection, File::Catalog)
        };
        let mut counts_of = self.files.catalog.run(set_catalog).await?;
        let set_accounts = move |connection: &mut Connection| {
            connection
                .execute("UPDATE keys_version SET version = ?1", [version])
                // From here on only the catalog's file marks the transfer as unfinished: the audit reports
                // unknown tables in this one.
                .and_then(|_| connection.execute_batch("DROP TABLE IF EXISTS transfer"))
                .doing("set the version of the keys")?;
            counts(connection, File::Accounts)
        };
        counts_of.extend(self.files.accounts.run(set_accounts).await?);
        let counts = moved_tables().map(|table| counts_of.get(table.name).copied().unwrap_or(0)).collect();
        let audit = Sqlite::open(&self.folder)?.accounts.audit().await?;
        Ok((counts, audit))
    }

    pub(crate) async fn release(self) -> Result<(), StoreError> {
        let release = |connection: &mut Connection| {
            connection.execute_batch("DROP TABLE transfer").doing("end the transfer")
        };
        self.files.catalog.run(release).await
    }
}

fn begin(connection: &mut Connection, file: File, source: &[u8], digest: &[u8]) -> Result<(), StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("begin a transfer")?;
    transaction
        .execute_batch(
            "CREATE TABLE transfer (name TEXT PRIMARY KEY, source BLOB NOT NULL, digest BLOB NOT NULL, last_key BLOB,
                 rows INTEGER NOT NULL, done INTEGER NOT NULL) STRICT",
        )
        .doing("begin a transfer")?;
    let names = moved_tables().filter(|table| table.file == Some(file)).map(|table| table.name);
    for name in names.chain((file == File::Catalog).then_some(VERIFYING)) {
        transaction
            .execute(
                "INSERT INTO transfer (name, source, digest, rows, done) VALUES (?1, ?2, ?3, 0, 0)",
                (name, source, digest),
            )
            .doing("record a transfer")?;
    }
    transaction.commit().doing("begin a transfer")
}

fn notes(connection: &Connection) -> Result<Vec<Noted>, StoreError> {
    if !has_notes(connection)? {
        return Ok(Vec::new());
    }
    connection
        .prepare(concat!("SELECT ", noted_columns!(), " FROM transfer"))
        .and_then(|mut statement| {
            let noted = |row: &rusqlite::Row<'_>| row::sqlite::<NotedRow>(row).map(Noted::from);
            statement.query_map([], noted)?.collect()
        })
        .doing("read the progress of the transfer")
}

/// Records the progress of a table, if it is as expected: two transfers at once must not mix.
fn note(connection: &Connection, table: &str, before: &Copied, after: &Copied) -> Result<(), StoreError> {
    let bytes = |copied: &Copied| copied.last.as_ref().map(Key::to_bytes);
    let found: Option<(Option<Vec<u8>>, bool)> = connection
        .query_row("SELECT last_key, done FROM transfer WHERE name = ?1", [table], row::sqlite)
        .optional()
        .doing("read the progress of the transfer")?;
    if found != Some((bytes(before), before.is_done)) {
        return Err(StoreError::Unusable("another transfer into this store is under way".to_owned()));
    }
    connection
        .execute(
            "UPDATE transfer SET last_key = ?2, rows = ?3, done = ?4 WHERE name = ?1",
            (table, bytes(after), after.rows.cast_signed(), after.is_done),
        )
        .map(|_| ())
        .doing("record the progress of the transfer")
}

fn insert(connection: &Connection, table: &Table, rows: &Rows) -> Result<(), StoreError> {
    let stored = |column: &Column| column.on == On::Both;
    let names: Vec<&str> = table.moved_columns().filter(|c| stored(c)).map(|column| column.name).collect();
    let mut statement = prepare(connection, table.name, &names)?;
    for row in rows.iter() {
        let values = row.iter().zip(table.moved_columns()).filter(|(_, c)| stored(c)).map(|(value, _)| value);
        statement.execute(rusqlite::params_from_iter(values)).doing("write a row")?;
    }
    Ok(())
}

/// Inserts entries with their places, or balances with the place of their last entry.
fn insert_ledger(
    connection: &Connection,
    table: &Table,
    rows: &Rows,
    places: &mut Places,
) -> Result<(), StoreError> {
    let is_entries = table.name == "entries";
    let mut names: Vec<&str> = table.moved_columns().map(|column| column.name).collect();
    names.extend_from_slice(if is_entries { &["entry_id", "previous"] } else { &["last_entry"] });
    let mut statement = prepare(connection, table.name, &names)?;
    for row in rows.iter() {
        // Both tables begin with the account.
        let Some(Value::Integer(account_id)) = row.first() else { continue };
        let before = places.last_of.get(account_id).copied().unwrap_or(0);
        let mut own = vec![Value::Integer(before)];
        if is_entries {
            places.last += 1;
            places.last_of.insert(*account_id, places.last);
            own.insert(0, Value::Integer(places.last));
        }
        statement.execute(rusqlite::params_from_iter(row.iter().chain(&own))).doing("write a row")?;
    }
    Ok(())
}

fn prepare<'c>(
    connection: &'c Connection,
    table: &str,
    names: &[&str],
) -> Result<rusqlite::CachedStatement<'c>, StoreError> {
    let places: Vec<String> = (1..=names.len()).map(|n| format!("?{n}")).collect();
    let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
    connection.prepare_cached(&sql).doing("write rows")
}

fn read_places(connection: &Connection) -> Result<Places, StoreError> {
    let mut statement = connection
        .prepare("SELECT account_id, max(entry_id) FROM entries GROUP BY account_id")
        .doing("read the places of entries")?;
    let mut rows = statement.query([]).doing("read the places of entries")?;
    let mut places = Places::default();
    while let Some(row) = rows.next().doing("read the places of entries")? {
        let (account_id, last): (i64, i64) = row::read(row).doing("read the place of an entry")?;
        places.last_of.insert(account_id, last);
        places.last = places.last.max(last);
    }
    Ok(places)
}
