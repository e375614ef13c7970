//! Taking observations in, on PostgreSQL: what a group of records needs is read by a handful of statements, the rules are
//! applied to it in memory, and rows are written by `COPY`, in the background where they are certainly new.
//!
//! Writers of all nodes take turns by locking the one row of `tagmeter.store`, so what was read stays true until the
//! commit. What the transaction makes is certainly new and is copied straight into its table; what may be there goes by
//! a temporary table.

use super::super::Postgres;
use super::super::connection::{Parameter, Pool};
use super::changes::{announce, announced};
use super::forget::forgotten;
use super::known::note_rows;
use super::record_background::Background;
use super::record_copy::Staging;
use super::record_handles::Handles;
use super::record_hashtags::Hashtags;
use super::record_links::Links;
use super::record_runs::{change_runs, hashtag_of_run, runs_of_hashtags};
use super::record_videos::Videos;
use super::record_windows::Windows;
use super::source_readings::note_sources;
use crate::StoreError;
use crate::error::Doing;
use crate::forget::ForgetKey;
use crate::hashtags::{CHANGES_RETAINED, tags_blob};
use crate::known::KnownRows;
use crate::postgres::partitions::{Snapshots, ensure_partitions};
use crate::record::{Prepared, Recorded};
use crate::recording::{
    self, Backfill, BackfillRows, Chunks, Ended, KnownTags, Numbers, Rewritten, Rows, WindowRow,
};
use crate::row::{self, row};
use crate::runs::{Run, UNKNOWN};
use domain::{HashtagId, Timestamp, VideoId};
use std::collections::{BTreeSet, HashSet};
use std::thread;
use tokio::runtime::Handle;
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

row! {
    /// The one row of `store`, as a writer finds it.
    struct Turn<'r>: turn_columns {
        sequence: i64,
        next_hashtag: u32,
        next_video: u32,
        backfill_hashtag: u32,
        backfill_video: u32,
        backfill_runs: u32,
        arrived_at: i64,
        forget_key: &'r [u8],
        has_forgotten: i64,
    }
}

/// Settings of an import's transaction. It may wait for another's as long as that takes. All its statements look a list
/// of rows up, for which indexes are right however large the tables are. New tables have no statistics to say so, and for
/// each group of records a table of a few hundred thousand rows was read from end to end. On
/// Citus a new partition and rows for it in one transaction go over one connection.
const SETTINGS: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = 0;
    SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = off;
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
    SET LOCAL jit = off; SET LOCAL citus.multi_shard_modify_mode = 'sequential'";
const TURN: &str = concat!("SELECT ", turn_columns!(), " FROM tagmeter.store FOR UPDATE");
/// Message when the connection is lost during the commit.
const COMMITTING: &str = "commit an import, or could not tell whether it did (importing the same again is safe: it adds only what is missing)";

impl Postgres {
    /// See `Store::record`.
    pub(crate) async fn record(
        &self,
        chunks: Chunks,
        records_max: u64,
        at: Option<Timestamp>,
    ) -> Result<(Recorded, Chunks), StoreError> {
        let (pool, runtime, is_cluster) = (self.pool.clone(), Handle::current(), self.is_cluster);
        let work = tokio::task::spawn_blocking(move || {
            // Wait for the first records outside the transaction: a slow source must not keep other writers waiting.
            let recorded = match chunks.recv() {
                Ok(first) => in_transaction(&pool, &runtime, is_cluster, |rows| {
                    // Row numbers of tags hold for this transaction alone: another node may give out others, and a
                    // database that was restored has forgotten some.
                    let mut known = KnownTags::default();
                    rows.come_in(at);
                    recording::fill(rows, &mut known, first, &chunks, records_max)
                })?,
                Err(_) => Recorded { sequence: runtime.block_on(announced(&pool))?, ..Recorded::default() },
            };
            Ok((recorded, chunks))
        });
        work.await.map_err(StoreError::of_task)?
    }

    /// Completes rows from before the last steps of the schema, part by part.
    pub(crate) async fn backfill(&self) -> Result<(), StoreError> {
        const LEFT: &str = "SELECT 1 FROM tagmeter.store
            WHERE backfill_hashtag > 0 OR backfill_video > 0 OR backfill_runs > 0";
        while self.pool.query_opt("read how far a migration is", LEFT, &[]).await?.is_some() {
            let (pool, runtime, is_cluster) = (self.pool.clone(), Handle::current(), self.is_cluster);
            let work = tokio::task::spawn_blocking(move || {
                in_transaction(&pool, &runtime, is_cluster, |rows| recording::backfill(rows))
            });
            work.await.map_err(StoreError::of_task)??;
        }
        Ok(())
    }
}

/// Does work in the transaction of a writer whose turn it is, commits it and notifies the other nodes.
pub(super) fn in_transaction(
    pool: &Pool,
    runtime: &Handle,
    is_cluster: bool,
    work: impl FnOnce(&mut PostgresRows<'_>) -> Result<Recorded, StoreError>,
) -> Result<Recorded, StoreError> {
    let mut client = runtime.block_on(pool.get())?;
    let transaction = runtime.block_on(client.transaction()).doing("begin an import")?;
    let Begun { numbers, backfill, arrived_at, forget_key } = runtime.block_on(begin(&transaction))?;
    let (background, steps) = Background::new();
    let recorded = thread::scope(|scope| {
        let writing = scope.spawn(|| steps.write(&transaction, runtime));
        let mut rows = PostgresRows {
            on: On { transaction: &transaction, runtime },
            is_cluster,
            numbers,
            backfill,
            arrived_at,
            now: UNKNOWN,
            forget_key,
            forgotten: HashSet::new(),
            staging: Staging::new(background),
            hashtags: Hashtags::new(numbers.hashtag),
            videos: Videos::new(numbers.video),
            handles: Handles::default(),
            links: Links::new(),
            windows: Windows::new(),
            years: [BTreeSet::new(), BTreeSet::new()],
            snapshots_new: 0,
            hashtags_read: BTreeSet::new(),
        };
        let recorded = work(&mut rows);
        // The writing ends when nobody hands rows over any more.
        drop(rows);
        // What went wrong there is why anything went wrong here.
        writing.join().unwrap_or_else(|panic| Err(StoreError::panicked(panic.as_ref())))?;
        recorded
    })?;
    runtime.block_on(transaction.commit()).doing(COMMITTING)?;
    if is_cluster {
        runtime.block_on(announce(pool, recorded.sequence))?;
    }
    Ok(recorded)
}

/// State of the store when the writer's turn comes.
pub(super) struct Begun {
    pub(super) numbers: Numbers,
    backfill: Backfill,
    arrived_at: i64,
    forget_key: ForgetKey,
}

/// Waits for this writer's turn.
pub(super) async fn begin(transaction: &Transaction<'_>) -> Result<Begun, StoreError> {
    const DOING: &str = "wait for its turn to import";
    transaction.batch_execute(SETTINGS).await.doing(DOING)?;
    let row = transaction.query_typed_one(TURN, &[]).await.doing(DOING)?;
    let turn: Turn<'_> = row::read(&row).doing(DOING)?;
    let forget_key = ForgetKey::of(turn.forget_key)?;
    let numbers = Numbers {
        hashtag: turn.next_hashtag,
        video: turn.next_video,
        sequence: turn.sequence.cast_unsigned(),
        forget_key: (turn.has_forgotten != 0).then_some(forget_key),
    };
    let left =
        Backfill { hashtag: turn.backfill_hashtag, video: turn.backfill_video, runs: turn.backfill_runs };
    Ok(Begun { numbers, backfill: left, arrived_at: turn.arrived_at, forget_key })
}

/// The transaction, and what waits for its answers.
#[derive(Clone, Copy)]
pub(super) struct On<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    runtime: &'t Handle,
}

impl On<'_> {
    /// Waits for an answer. This is a thread that may wait.
    pub(super) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.runtime.block_on(answer)
    }
}

/// Rows of a transaction: those that were read and those that wait to be written.
pub(super) struct PostgresRows<'t> {
    pub(super) on: On<'t>,
    is_cluster: bool,
    /// As they were when the transaction began.
    pub(super) numbers: Numbers,
    /// Backfill left then.
    backfill: Backfill,
    /// When data last came in, in milliseconds since 1970.
    arrived_at: i64,
    /// When the readings have come in; unknown of what is not recorded but moved about.
    now: i64,
    pub(super) forget_key: ForgetKey,
    /// Digests of what was forgotten, of those that a group of records has.
    pub(super) forgotten: HashSet<i64>,
    pub(super) staging: Staging,
    pub(super) hashtags: Hashtags,
    pub(super) videos: Videos,
    pub(super) handles: Handles,
    pub(super) links: Links,
    pub(super) windows: Windows,
    /// Years of readings, of hashtags and of videos, that have their partitions.
    years: [BTreeSet<i64>; 2],
    /// Less those that were removed.
    snapshots_new: i64,
    /// Hashtags whose readings are others now.
    hashtags_read: BTreeSet<u32>,
}

impl PostgresRows<'_> {
    /// States when the transaction's readings have come in, if that is known.
    fn come_in(&mut self, at: Option<Timestamp>) {
        self.now = at.map_or(UNKNOWN, |at| recording::arrival(at, self.arrived_at));
        self.videos.come_in(self.now);
    }

    fn make_partitions(&mut self, records: &[Prepared]) -> Result<(), StoreError> {
        for (n, table) in [Snapshots::OfHashtags, Snapshots::OfVideos].into_iter().enumerate() {
            let times = records.iter().filter_map(|record| match (record, table) {
                (Prepared::Hashtag(hashtag), Snapshots::OfHashtags) => hashtag.observed_at,
                (Prepared::Video(video), Snapshots::OfVideos) => video.observed_at,
                _ => None,
            });
            let years = &mut self.years[n];
            let new: Vec<i64> = times
                .map(Timestamp::as_ms)
                .filter(|at| years.insert(super::super::partitions::year(*at)))
                .collect();
            if !new.is_empty() {
                self.on.wait(ensure_partitions(self.on.transaction, table, new))?;
            }
        }
        Ok(())
    }
}

impl Rows for PostgresRows<'_> {
    /// Enough that a group's round trips cost little beside its rows; as many as an importer has ready by the time that
    /// the group before is written, so that reading files and writing rows go on at once.
    const GROUP_RECORDS_MAX: usize = 2048;

    fn numbers(&mut self) -> Result<Numbers, StoreError> {
        Ok(self.numbers)
    }

    fn begin_group(&mut self, records: &[Prepared], known: &KnownTags) -> Result<(), StoreError> {
        self.make_partitions(records)?;
        if let Some(key) = self.numbers.forget_key {
            let digests = records.iter().filter_map(|record| match record {
                Prepared::Video(video) => Some(recording::digests(key, video)),
                _ => None,
            });
            let digests = digests.flatten().collect();
            self.forgotten = self.on.wait(forgotten(self.on.transaction, digests))?;
        }
        self.on.wait(async {
            // Videos first: who reads a file again is not to have all its tags looked up.
            self.videos.read(self.on.transaction, &mut self.staging.background, records).await?;
            let stirred = self.videos.stirred(records);
            self.handles.read(self.on.transaction, records, &stirred).await?;
            self.hashtags.read(self.on.transaction, records, &stirred, known).await
        })?;
        // The group before is written while this one is worked on.
        self.staging.background.go()
    }

    fn end_group(&mut self) -> Result<(), StoreError> {
        let on = self.on;
        on.wait(async {
            let of_hashtags =
                self.hashtags.flush_readings(on.transaction, &mut self.staging, self.now).await?;
            let of_videos = self.videos.flush(on.transaction, &mut self.staging).await?;
            let windows = self.windows.flush(on.transaction, &mut self.staging).await?;
            self.hashtags_read.extend(of_hashtags.changed);
            self.snapshots_new += of_hashtags.new + of_videos.new + windows.cast_signed();
            Ok(())
        })
    }

    fn write_window(&mut self, hashtag: u32, window: &WindowRow) -> Result<(), StoreError> {
        self.push_window(hashtag, window);
        Ok(())
    }

    fn hashtags_read(&mut self) -> Result<BTreeSet<u32>, StoreError> {
        Ok(std::mem::take(&mut self.hashtags_read))
    }

    fn finish(&mut self, ended: &Ended) -> Result<u64, StoreError> {
        let on = self.on;
        self.staging.background.go()?;
        on.wait(async {
            self.links.flush(on.transaction, &mut self.staging).await?;
            self.hashtags.flush(on.transaction, &mut self.staging).await?;
            self.videos.flush_ids(on.transaction, &mut self.staging).await?;
            self.staging.background.settle()?;
            let known = KnownRows::new(Some(self.numbers), &ended.next).filter(|_| self.now != UNKNOWN);
            if ended.next != self.numbers || self.videos.has_superseded() {
                note_arrival(on.transaction, self.now).await?;
            }
            if let Some(known) = known {
                note_rows(on.transaction, self.now, known).await?;
            }
            if self.now != UNKNOWN && !ended.newest.is_empty() {
                note_sources(on.transaction, self.now, &ended.newest).await?;
            }
            if ended.next != self.numbers {
                move_on(on.transaction, ended, self.is_cluster).await?;
            }
            Ok(self.snapshots_new.max(0).cast_unsigned())
        })
    }
}

impl BackfillRows for PostgresRows<'_> {
    fn backfill(&mut self) -> Result<Backfill, StoreError> {
        Ok(self.backfill)
    }

    fn set_backfill(&mut self, left: Backfill) -> Result<(), StoreError> {
        const SQL: &str =
            "UPDATE tagmeter.store SET backfill_hashtag = $1, backfill_video = $2, backfill_runs = $3";
        let [hashtag, video, runs] = [left.hashtag, left.video, left.runs].map(i64::from);
        let parameters: [Parameter<'_>; 3] =
            [(&hashtag, Type::INT8), (&video, Type::INT8), (&runs, Type::INT8)];
        self.on
            .wait(self.on.transaction.execute_typed(SQL, &parameters))
            .map(|_| ())
            .doing("note how far a migration is")
    }

    fn stored_names(&mut self, first: u32, last: u32) -> Result<Vec<(u32, String)>, StoreError> {
        const DOING: &str = "read hashtags";
        const SQL: &str =
            "SELECT hashtag, name FROM tagmeter.hashtags WHERE hashtag = ANY($1) ORDER BY hashtag";
        let wanted: Vec<i64> = (first..=last).map(i64::from).collect();
        let found = self.on.wait(self.on.transaction.query_typed(SQL, &[(&wanted, Type::INT8_ARRAY)]));
        found.doing(DOING)?.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)
    }

    fn stored_videos(&mut self, first: u32, last: u32) -> Result<Vec<(u32, VideoId)>, StoreError> {
        let rows: Vec<i64> = (first..=last).map(i64::from).collect();
        self.on.wait(self.videos.stored(self.on.transaction, &rows))
    }

    fn set_assigned_id(&mut self, hashtag: u32, id: HashtagId) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE tagmeter.hashtags SET assigned_id = $2 WHERE hashtag = $1";
        let (hashtag, id) = (i64::from(hashtag), id.to_i64());
        let parameters: [Parameter<'_>; 2] = [(&hashtag, Type::INT8), (&id, Type::INT8)];
        self.on
            .wait(self.on.transaction.execute_typed(SQL, &parameters))
            .map(|_| ())
            .doing("record a hashtag's id")
    }

    fn hashtag_below(&mut self, last: u32, runs_max: u32) -> Result<Option<u32>, StoreError> {
        self.on.wait(hashtag_of_run(self.on.transaction, last, runs_max))
    }

    fn stored_runs(&mut self, first: u32, last: u32) -> Result<Vec<(u32, Run)>, StoreError> {
        self.on.wait(runs_of_hashtags(self.on.transaction, first, last))
    }

    fn write_runs(&mut self, rewritten: Vec<(u32, Rewritten)>) -> Result<(), StoreError> {
        self.on.wait(change_runs(self.on.transaction, &mut self.staging, &rewritten, UNKNOWN))
    }
}

/// Notes when data last came in.
async fn note_arrival(transaction: &Transaction<'_>, now: i64) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE tagmeter.store SET arrived_at = greatest(arrived_at, $1)";
    let noted = transaction.execute_typed(SQL, &[(&now, Type::INT8)]).await;
    noted.map(|_| ()).doing("note when data came in")
}

/// Writes the numbers that come next, lists the changes and notifies the nodes, unless that must wait for the commit.
pub(super) async fn move_on(
    transaction: &Transaction<'_>,
    ended: &Ended,
    is_cluster: bool,
) -> Result<(), StoreError> {
    let Numbers { hashtag, video, sequence, .. } = ended.next;
    let sequence = sequence.cast_signed();
    transaction
        .execute_typed(
            "UPDATE tagmeter.store SET sequence = $1, next_hashtag = $2, next_video = $3",
            &[(&sequence, Type::INT8), (&i64::from(hashtag), Type::INT8), (&i64::from(video), Type::INT8)],
        )
        .await
        .doing("move the change sequence on")?;
    if ended.changed.is_empty() {
        return Ok(());
    }
    transaction
        .execute_typed(
            "INSERT INTO tagmeter.changes (sequence, hashtags) VALUES ($1, $2)",
            &[(&sequence, Type::INT8), (&tags_blob(&ended.changed), Type::BYTEA)],
        )
        .await
        .doing("list the changes")?;
    let dropped = ended.next.sequence.saturating_sub(CHANGES_RETAINED).cast_signed();
    transaction
        .execute_typed("DELETE FROM tagmeter.changes WHERE sequence <= $1", &[(&dropped, Type::INT8)])
        .await
        .doing("prune the list of changes")?;
    if is_cluster {
        return Ok(());
    }
    let notify = format!("UPDATE tagmeter.told SET sequence = {sequence}; NOTIFY tagmeter_changes");
    transaction.batch_execute(&notify).await.doing("notify the other nodes")
}
