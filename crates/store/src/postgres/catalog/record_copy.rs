//! Rows on their way into tables: PostgreSQL's binary form of `COPY`, straight into a table or by a temporary one.

use super::record_background::{Background, Piece};
use crate::StoreError;
use crate::error::Doing;
use futures_util::SinkExt;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Cursor;
use tokio_postgres::{CopyInSink, Row, Transaction};

/// Bytes of rows that wait before they are written.
const FLUSH_BYTES: usize = 4 * 1024 * 1024;
/// Header of binary data: the signature, no flags, no extension.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Trailer.
const END: [u8; 2] = (-1_i16).to_be_bytes();
/// Length that stands for null.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// Rows in the form of `COPY ... (FORMAT binary)`.
#[derive(Debug)]
pub(super) struct CopyRows {
    bytes: Vec<u8>,
    columns: [u8; 2],
    rows: u64,
}

impl CopyRows {
    /// None yet, of a table with so many columns.
    pub(super) fn new(columns: i16) -> Self {
        Self { bytes: Vec::new(), columns: columns.to_be_bytes(), rows: 0 }
    }

    /// Begins the next row; its columns follow.
    pub(super) fn row(&mut self) -> &mut Self {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(HEAD);
        }
        self.bytes.extend_from_slice(&self.columns);
        self.rows += 1;
        self
    }

    /// Number of them.
    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        self.bytes.extend_from_slice(&8_i32.to_be_bytes());
        self.bytes.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(super) fn maybe(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.number(number),
            None => self.null(),
        }
    }

    pub(super) fn each(&mut self, numbers: &[Option<i64>]) -> &mut Self {
        for number in numbers {
            self.maybe(*number);
        }
        self
    }

    pub(super) fn flag(&mut self, flag: Option<bool>) -> &mut Self {
        match flag {
            Some(flag) => self.bytes(&[u8::from(flag)]),
            None => self.null(),
        }
    }

    pub(super) fn text(&mut self, text: Option<&str>) -> &mut Self {
        self.maybe_bytes(text.map(str::as_bytes))
    }

    pub(super) fn maybe_bytes(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.null(),
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        // PostgreSQL takes no value above 1 GB, and nothing here comes near it.
        let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn null(&mut self) -> &mut Self {
        self.bytes.extend_from_slice(&NULL);
        self
    }

    /// Takes all data and its number of rows; `None` if there are none.
    fn take(&mut self) -> Option<(Vec<u8>, u64)> {
        if self.bytes.is_empty() {
            return None;
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.extend_from_slice(&END);
        Some((bytes, std::mem::take(&mut self.rows)))
    }

    /// Copies the rows into a table and clears them. `sql` is the `COPY` statement.
    async fn copy(
        &mut self,
        transaction: &Transaction<'_>,
        doing: &'static str,
        sql: &str,
    ) -> Result<u64, StoreError> {
        let Some((bytes, _)) = self.take() else { return Ok(0) };
        let sink: CopyInSink<Cursor<Vec<u8>>> = transaction.copy_in(sql).await.doing(doing)?;
        let mut sink = std::pin::pin!(sink);
        sink.send(Cursor::new(bytes)).await.doing(doing)?;
        sink.finish().await.doing(doing)
    }
}

/// A temporary table that rows go through when the table they are for may hold them already.
#[derive(Debug)]
pub(super) struct Staged {
    /// Its name.
    pub(super) name: &'static str,
    /// Its columns with their types, or `LIKE` another table.
    pub(super) columns: &'static str,
    /// The columns in the order in which rows are copied.
    pub(super) copied: String,
    /// SQL that applies its rows; `{staged}` is replaced by its name.
    pub(super) apply: String,
}

impl Staged {
    fn table(&self) -> String {
        format!("pg_temp.tagmeter_{}", self.name)
    }
}

/// Moves the rows of a transaction to their tables.
#[derive(Debug)]
pub(super) struct Staging {
    /// Temporary tables that the transaction has made. They are gone when it ends.
    made: BTreeSet<&'static str>,
    pub(super) background: Background,
}

impl Staging {
    pub(super) fn new(background: Background) -> Self {
        Self { made: BTreeSet::new(), background }
    }

    /// Takes rows that are certainly new straight into a table, by the `COPY` statement `sql`, once they are let go; gives
    /// how many they are.
    pub(super) fn put(
        &mut self,
        doing: &'static str,
        sql: impl Into<Cow<'static, str>>,
        rows: &mut CopyRows,
    ) -> u64 {
        let Some((bytes, count)) = rows.take() else { return 0 };
        self.background.hold_back(Piece { doing, sql: sql.into(), bytes });
        count
    }

    /// The same, as soon as there are enough of them.
    pub(super) fn put_full(
        &mut self,
        doing: &'static str,
        sql: &'static str,
        rows: &mut CopyRows,
    ) -> Result<(), StoreError> {
        if rows.bytes.len() < FLUSH_BYTES {
            return Ok(());
        }
        self.put(doing, sql, rows);
        self.background.go()
    }

    /// Takes rows through a temporary table; gives the rows that `apply` returns. (Of an `INSERT` that passes over what is
    /// there Citus counts what was passed over, too.)
    pub(super) async fn take(
        &mut self,
        transaction: &Transaction<'_>,
        doing: &'static str,
        staged: &Staged,
        rows: &mut CopyRows,
    ) -> Result<Vec<Row>, StoreError> {
        if rows.bytes.is_empty() {
            return Ok(Vec::new());
        }
        // What waits may be what these change.
        self.background.settle()?;
        let name = staged.table();
        let prepare = if self.made.insert(staged.name) {
            format!("CREATE TEMP TABLE tagmeter_{} ({}) ON COMMIT DROP", staged.name, staged.columns)
        } else {
            format!("TRUNCATE {name}")
        };
        transaction.batch_execute(&prepare).await.doing(doing)?;
        rows.copy(transaction, doing, &format!("COPY {name} ({}) FROM STDIN (FORMAT binary)", staged.copied))
            .await?;
        self.again(transaction, doing, staged, &staged.apply).await
    }

    /// Applies another statement to the rows that were taken last.
    pub(super) async fn again(
        &self,
        transaction: &Transaction<'_>,
        doing: &'static str,
        staged: &Staged,
        apply: &str,
    ) -> Result<Vec<Row>, StoreError> {
        let apply = apply.replace("{staged}", &staged.table());
        transaction.query_typed(&apply, &[]).await.doing(doing)
    }
}
