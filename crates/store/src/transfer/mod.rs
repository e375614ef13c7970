//! Moving a whole store from one backend to the other: `tagmeter migrate`.
//!
//! The source is read in one transaction (one for each file on SQLite), so that the copy is consistent; writes
//! to it meanwhile are not copied, and are reported at the end. Rows are copied in batches, in order of their
//! keys. Each batch is one transaction of the target, which also records the progress of its table: an
//! interrupted transfer continues there, if the source has not changed. While one is unfinished the target
//! cannot be opened for use.
//!
//! The target has an identity of its own, as two stores that may diverge must not be confused: search indexes
//! and frozen rankings are rebuilt for it.

pub(crate) mod rows;

use crate::audit::AuditReport;
use crate::row::row;
use crate::schema::{Table, moved_tables};
use crate::{StoreError, StoreOptions, postgres, sqlite};
use rows::{Key, Rows};
use sha2::{Digest, Sha256};

/// Message for an unfinished target.
pub(crate) const UNFINISHED: &str = "a transfer into this store is unfinished: run the same `tagmeter migrate` again, which goes on where \
     it stopped, or remove the store";

/// Progress of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferProgress {
    /// The current table.
    pub table: &'static str,
    /// Rows of all tables copied so far.
    pub rows: u64,
    /// Rows of all tables of the source.
    pub rows_total: u64,
}

/// Outcome of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferReport {
    /// Each table with its rows, the same number in both stores.
    pub tables: Vec<(&'static str, u64)>,
    /// Rows that an interrupted earlier run had copied.
    pub rows_before: u64,
    /// The audit of the target's ledger.
    pub audit: AuditReport,
    /// True if the source changed after the transfer began; the target lacks these changes.
    pub is_source_changed: bool,
}

/// SQL of [`Summary::digests`].
pub(crate) const DIGESTS: &str = "SELECT coalesce(sum(digest & 4294967295), 0)";

/// Summary of a source: compared with the target at the end, and identifies the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) identity: Vec<u8>,
    pub(crate) sequence: i64,
    /// When data last came in, in milliseconds since 1970.
    pub(crate) arrived_at: i64,
    pub(crate) keys_version: i64,
    /// Rows of each of [`moved_tables`].
    pub(crate) counts: Vec<u64>,
    pub(crate) granted: i64,
    pub(crate) charged: i64,
    /// Sum of the lower halves of the digests of all videos' records: a video can change without its hashtags.
    pub(crate) digests: i64,
    /// Progress of jobs and calls to upstreams: both change without new rows.
    pub(crate) work: i64,
    /// Columns of `store` about forgotten videos.
    pub(crate) forgets: Forgets,
}

/// Columns of `store` about forgotten videos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forgets {
    /// Key of the digests in `forgotten`, which are copied as they are.
    pub(crate) key: Vec<u8>,
    /// Last assigned row of a video.
    pub(crate) last_video: i64,
    pub(crate) videos_gone: i64,
    pub(crate) has_forgotten: i64,
}

/// Sums, with their tables, of [`Summary::work`].
pub(crate) const WORK: [(&str, &str); 2] =
    [("sum(calls)", "upstream_calls"), ("sum(attempts * 8 + state)", "jobs")];

impl Summary {
    /// Returns a digest that changes with any write to the source.
    fn digest(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(&self.identity);
        for number in [
            self.sequence,
            self.keys_version,
            self.granted,
            self.charged,
            self.digests,
            self.work,
            self.forgets.videos_gone,
        ] {
            hash.update(number.to_le_bytes());
        }
        for count in &self.counts {
            hash.update(count.to_le_bytes());
        }
        hash.finalize().to_vec()
    }
}

/// Progress of one table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Copied {
    pub(crate) last: Option<Key>,
    pub(crate) rows: u64,
    pub(crate) is_done: bool,
}

/// Progress of one table in the target.
#[derive(Debug, Clone)]
pub(crate) struct Noted {
    pub(crate) table: String,
    pub(crate) source: Vec<u8>,
    pub(crate) digest: Vec<u8>,
    pub(crate) copied: Copied,
}

row! {
    /// The row of a table in `transfer`.
    pub(crate) struct NotedRow: noted_columns {
        table: String = "name",
        source: Vec<u8>,
        digest: Vec<u8>,
        last: Option<Vec<u8>> = "last_key",
        rows: i64,
        is_done: bool = "done",
    }
}

impl From<NotedRow> for Noted {
    fn from(row: NotedRow) -> Self {
        let last = row.last.as_deref().and_then(Key::from_bytes);
        let copied = Copied { last, rows: row.rows.unsigned_abs(), is_done: row.is_done };
        Self { table: row.table, source: row.source, digest: row.digest, copied }
    }
}

/// Name of the entry that marks all tables as copied, with only the verification left.
pub(crate) const VERIFYING: &str = "verifying";

enum Source {
    Sqlite(sqlite::transfer::Source),
    Postgres(Box<postgres::transfer::Source>),
}

impl Source {
    async fn open(from: &StoreOptions) -> Result<Self, StoreError> {
        Ok(match &from.database_url {
            None => Self::Sqlite(sqlite::transfer::Source::open(&from.data_dir)?),
            Some(url) => Self::Postgres(Box::new(postgres::transfer::Source::open(url).await?)),
        })
    }

    async fn summary(&self) -> Result<Summary, StoreError> {
        match self {
            Self::Sqlite(source) => source.summary().await,
            Self::Postgres(source) => source.summary().await,
        }
    }

    /// Returns up to [`Table::rows_max`] rows after a key.
    async fn rows(&mut self, table: &'static Table, after: Option<Key>) -> Result<Rows, StoreError> {
        match self {
            Self::Sqlite(source) => source.rows(table, after).await,
            Self::Postgres(source) => source.rows(table, after).await,
        }
    }
}

enum Target {
    Sqlite(sqlite::transfer::Target),
    Postgres(Box<postgres::transfer::Target>),
}

impl Target {
    async fn open(to: &StoreOptions) -> Result<Self, StoreError> {
        Ok(match &to.database_url {
            None => Self::Sqlite(sqlite::transfer::Target::open(&to.data_dir)?),
            Some(url) => Self::Postgres(Box::new(postgres::transfer::Target::open(url).await?)),
        })
    }

    /// Reads the progress of a transfer; empty if none was begun.
    async fn noted(&self) -> Result<Vec<Noted>, StoreError> {
        match self {
            Self::Sqlite(target) => target.noted().await,
            Self::Postgres(target) => target.noted().await,
        }
    }

    /// Records the beginning of a transfer, table by table. Refuses a target that is not empty.
    async fn begin(&self, source: &[u8], digest: &[u8]) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(target) => target.begin(source, digest).await,
            Self::Postgres(target) => target.begin(source, digest).await,
        }
    }

    /// Writes rows and the progress of their table, if it is at `before`.
    async fn write(
        &mut self,
        table: &'static Table,
        rows: Rows,
        before: &Copied,
        after: &Copied,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(target) => target.write(table, rows, before.clone(), after.clone()).await,
            Self::Postgres(target) => target.write(table, &rows, before, after).await,
        }
    }

    /// Sets the counters of the store, counts the rows of each of [`moved_tables`] and audits the ledger.
    async fn complete(&self, summary: &Summary) -> Result<(Vec<u64>, AuditReport), StoreError> {
        match self {
            Self::Sqlite(target) => target.complete(summary).await,
            Self::Postgres(target) => target.complete(summary).await,
        }
    }

    /// Removes the progress: from now on the store can be used.
    async fn release(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(target) => target.release().await,
            Self::Postgres(target) => target.release().await,
        }
    }
}

/// Copies everything from one store to an empty one, or continues an interrupted copy. Memory is bounded by a
/// batch of rows, and by the number of accounts (about 50 bytes each).
///
/// # Errors
/// The source does not exist, the target is not empty, an unfinished transfer is from another source or one
/// that has changed since, or the target differs from the source at the end. The target then stays unusable,
/// with this error.
pub async fn transfer(
    from: &StoreOptions,
    to: &StoreOptions,
    progress: &(dyn Fn(TransferProgress) + Sync),
) -> Result<TransferReport, StoreError> {
    let mut source = Source::open(from).await?;
    let summary = source.summary().await?;
    let mut target = Target::open(to).await?;
    let mut noted = target.noted().await?;
    if noted.is_empty() {
        target.begin(&summary.identity, &summary.digest()).await?;
        noted = target.noted().await?;
    }
    same_source(&noted, &summary)?;
    let rows_before = noted.iter().map(|noted| noted.copied.rows).sum();
    let mut reached =
        TransferProgress { table: "", rows: rows_before, rows_total: summary.counts.iter().sum() };
    if !noted.iter().any(|noted| noted.table == VERIFYING && noted.copied.is_done) {
        for table in moved_tables() {
            let copied = noted.iter().find(|noted| noted.table == table.name);
            let copied = copied.map(|noted| noted.copied.clone()).unwrap_or_default();
            reached.table = table.name;
            copy(&mut source, &mut target, table, copied, &mut |rows| {
                reached.rows += rows;
                progress(reached);
            })
            .await?;
        }
    }
    let (counts, audit) = target.complete(&summary).await?;
    same_content(&summary, &counts, &audit)?;
    target.release().await?;
    // Opened again, it shows writes made meanwhile.
    let is_source_changed = Source::open(from).await?.summary().await? != summary;
    let tables = moved_tables().map(|table| table.name).zip(counts).collect();
    Ok(TransferReport { tables, rows_before, audit, is_source_changed })
}

/// Copies the rest of a table; the next batch is read while one is written.
async fn copy(
    source: &mut Source,
    target: &mut Target,
    table: &'static Table,
    mut copied: Copied,
    advance: &mut (dyn FnMut(u64) + Send),
) -> Result<(), StoreError> {
    if copied.is_done {
        return Ok(());
    }
    let mut rows = source.rows(table, copied.last.clone()).await?;
    loop {
        let number = rows.len() as u64;
        let is_done = rows.len() < table.rows_max();
        let last = rows.last.clone().or_else(|| copied.last.clone());
        let after = Copied { last: last.clone(), rows: copied.rows + number, is_done };
        let written = target.write(table, rows, &copied, &after);
        if is_done {
            written.await?;
            advance(number);
            return Ok(());
        }
        rows = futures_util::future::try_join(written, source.rows(table, last)).await?.1;
        advance(number);
        copied = after;
    }
}

fn same_source(noted: &[Noted], summary: &Summary) -> Result<(), StoreError> {
    if noted.iter().any(|noted| noted.source != summary.identity) {
        return Err(StoreError::Unusable(
            "the target has an unfinished transfer from another source: finish that one, or name an empty target"
                .to_owned(),
        ));
    }
    if noted.iter().any(|noted| noted.digest != summary.digest()) {
        return Err(StoreError::Unusable(
            "the source was written to since the transfer began, so that its rest does not fit what was copied: stop all \
             writers to it, remove the target, and start again"
                .to_owned(),
        ));
    }
    Ok(())
}

fn same_content(summary: &Summary, counts: &[u64], audit: &AuditReport) -> Result<(), StoreError> {
    for ((table, wanted), found) in moved_tables().zip(&summary.counts).zip(counts) {
        if wanted != found {
            return Err(StoreError::Unusable(format!(
                "table {} has {wanted} rows in the source and {found} in the target",
                table.name
            )));
        }
    }
    if let Some(problem) = audit.problems.first() {
        let account = problem.account.map(|account| format!("{account}: ")).unwrap_or_default();
        return Err(StoreError::Unusable(format!(
            "the audit of the target found {} problems, the first of them: {account}{}; run `tagmeter audit` to check \
             the source for them",
            audit.problems_count, problem.what
        )));
    }
    let (wanted, found) =
        ([summary.granted, summary.charged], [audit.credits_granted, audit.credits_charged]);
    if wanted.map(i64::unsigned_abs) != found {
        return Err(StoreError::Unusable(format!(
            "credits granted and charged are {wanted:?} in the source and {found:?} in the target"
        )));
    }
    Ok(())
}
