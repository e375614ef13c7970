//! Rows on their way into tables: PostgreSQL's binary form of `COPY`, straight into a table or by a temporary one.

use crate::StoreError;
use crate::error::Doing;
use futures_util::SinkExt;
use std::collections::BTreeSet;
use std::io::Cursor;
use tokio_postgres::{CopyInSink, Transaction};

/// What binary data begins with: the signature, no flags, no extension.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with.
const END: [u8; 2] = (-1_i16).to_be_bytes();
/// Length that stands for null.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// Rows in the form of `COPY ... (FORMAT binary)`.
#[derive(Debug)]
pub(super) struct CopyRows {
    bytes: Vec<u8>,
    columns: [u8; 2],
}

impl CopyRows {
    /// None yet, of a table with so many columns.
    pub(super) fn new(columns: i16) -> Self {
        Self { bytes: Vec::new(), columns: columns.to_be_bytes() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes wait here.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Begins the next row; its columns follow.
    pub(super) fn row(&mut self) -> &mut Self {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(HEAD);
        }
        self.bytes.extend_from_slice(&self.columns);
        self
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
        match text {
            Some(text) => self.bytes(text.as_bytes()),
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

    /// Copies the rows into a table and begins anew. `sql` is the `COPY` statement.
    pub(super) async fn copy(
        &mut self,
        transaction: &Transaction<'_>,
        doing: &'static str,
        sql: &str,
    ) -> Result<u64, StoreError> {
        if self.bytes.is_empty() {
            return Ok(0);
        }
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.extend_from_slice(&END);
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
    /// What takes its rows to where they belong; `{staged}` stands for its name.
    pub(super) apply: String,
}

/// Temporary tables that the transaction has made. They are gone when it ends.
#[derive(Debug, Default)]
pub(super) struct Staging(BTreeSet<&'static str>);

impl Staging {
    /// Takes rows through a temporary table; gives how many rows `apply` returns. (Of an `INSERT` that passes over what
    /// is there Citus counts what was passed over, too.)
    pub(super) async fn take(
        &mut self,
        transaction: &Transaction<'_>,
        doing: &'static str,
        staged: &Staged,
        rows: &mut CopyRows,
    ) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let name = format!("pg_temp.tagmeter_{}", staged.name);
        let prepare = if self.0.insert(staged.name) {
            format!("CREATE TEMP TABLE tagmeter_{} ({}) ON COMMIT DROP", staged.name, staged.columns)
        } else {
            format!("TRUNCATE {name}")
        };
        transaction.batch_execute(&prepare).await.doing(doing)?;
        rows.copy(transaction, doing, &format!("COPY {name} ({}) FROM STDIN (FORMAT binary)", staged.copied))
            .await?;
        let apply = staged.apply.replace("{staged}", &name);
        transaction.query_typed(&apply, &[]).await.doing(doing).map(|rows| rows.len() as u64)
    }
}
