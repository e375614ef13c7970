//! One transaction of an import: videos are written as they come, what concerns hashtags is gathered and written in
//! order at the end.

use super::CatalogFile;
use super::links::{self, Links};
use super::record_hashtag;
use super::record_video::{VideoStatements, VideoWrite};
use super::touched::{KnownTags, TouchedTags};
use crate::StoreError;
use crate::error::Doing;
use crate::record::{Prepared, Recorded};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// How long a transaction waits for its source before it commits what it has.
const PAUSE: Duration = Duration::from_secs(1);

type Chunks = mpsc::Receiver<Vec<Prepared>>;

impl CatalogFile {
    /// See `Store::record`.
    pub(crate) async fn record(
        &self,
        chunks: Chunks,
        records_max: u64,
    ) -> Result<(Recorded, Chunks), StoreError> {
        let known: Arc<Mutex<KnownTags>> = Arc::clone(&self.known);
        self.writer
            .run(move |connection| {
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                let recorded = record(connection, &mut known, &chunks, records_max);
                if recorded.is_err() {
                    known.clear();
                }
                Ok((recorded?, chunks))
            })
            .await
    }
}

fn record(
    connection: &mut Connection,
    known: &mut KnownTags,
    chunks: &Chunks,
    records_max: u64,
) -> Result<Recorded, StoreError> {
    // Wait for the first records outside the transaction: a slow source must not hold the write lock.
    let Ok(first) = chunks.recv() else {
        // The import is over: what it was quick by is given back.
        *known = KnownTags::default();
        connection.execute_batch("PRAGMA shrink_memory").doing("give memory back")?;
        let sequence = super::changes::sequence(connection)?;
        return Ok(Recorded { sequence, ..Recorded::default() });
    };
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("begin a transaction")?;
    let recorded = fill(&transaction, known, first, chunks, records_max)?;
    transaction.commit().doing("commit an import")?;
    Ok(recorded)
}

fn fill(
    transaction: &Transaction<'_>,
    known: &mut KnownTags,
    first: Vec<Prepared>,
    chunks: &Chunks,
    records_max: u64,
) -> Result<Recorded, StoreError> {
    let mut tags = TouchedTags::new(transaction)?;
    let mut links = Links::default();
    let mut recorded = Recorded::default();
    let mut statements = VideoStatements::new(transaction)?;
    let mut snapshots = record_hashtag::HashtagStatements::new(transaction)?;
    let mut chunk = Some(first);
    while let Some(records) = chunk {
        for record in records {
            match record {
                Prepared::Video(video) => {
                    recorded.video_records += 1;
                    VideoWrite {
                        statements: &mut statements,
                        tags: &mut tags,
                        known,
                        links: &mut links,
                        recorded: &mut recorded,
                    }
                    .video(*video)?;
                }
                Prepared::Hashtag(hashtag) => {
                    recorded.hashtag_records += 1;
                    recorded.snapshots_new += snapshots.take(&mut tags, known, *hashtag)?;
                }
            }
        }
        let is_full = recorded.video_records + recorded.hashtag_records >= records_max;
        // A source that pauses (a pipe) must not keep the write lock: what is in is committed.
        chunk = if is_full { None } else { chunks.recv_timeout(PAUSE).ok() };
    }
    links::write(transaction, links, &mut tags)?;
    super::changes::write(transaction, tags.in_order(), &mut recorded)?;
    Ok(recorded)
}
