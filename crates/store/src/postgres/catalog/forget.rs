//! Forgetting videos and creators, on PostgreSQL. Rows are deleted at once, their bytes when the tables are
//! vacuumed.

use super::super::Postgres;
use super::super::connection::Parameter;
use super::imported_files;
use super::record::{PostgresRows, begin, in_transaction};
use crate::StoreError;
use crate::error::Doing;
use crate::forget::{ForgetKey, Forgettable, ForgottenVideos, Wiped};
use crate::recording::{self, ForgetRows};
use crate::row;
use domain::{Creator, VideoId};
use std::collections::{BTreeMap, HashSet};
use tokio::runtime::Handle;
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const INSERT: &str = "INSERT INTO tagmeter.forgotten (digest) SELECT d FROM unnest($1::bigint[]) AS d
    ON CONFLICT (digest) DO NOTHING";
const NOTE: &str = "UPDATE tagmeter.store SET has_forgotten = 1, is_forgetting = 1";
/// Reading whole tables needs other settings than an import.
const WHOLE: &str = "SET LOCAL enable_seqscan = on";
/// Tables from which forgetting deletes.
const TABLES: [&str; 10] = [
    "videos",
    "video_superseded",
    "video_fragments",
    "video_ids",
    "video_snapshots",
    "links",
    "handles",
    "generations",
    "share_documents",
    "schedule_issues",
];

impl Postgres {
    pub(crate) async fn forget_videos(&self, ids: Vec<VideoId>) -> Result<ForgottenVideos, StoreError> {
        let (pool, runtime, is_cluster) = (self.pool.clone(), Handle::current(), self.is_cluster);
        let work = tokio::task::spawn_blocking(move || {
            let mut forgotten = ForgottenVideos::default();
            in_transaction(&pool, &runtime, is_cluster, |rows| {
                let (recorded, videos) = recording::forget(rows, &ids)?;
                forgotten = videos;
                Ok(recorded)
            })?;
            Ok(forgotten)
        });
        work.await.map_err(StoreError::of_task)?
    }

    pub(crate) async fn forgotten_count(&self) -> Result<u64, StoreError> {
        const DOING: &str = "count what was forgotten";
        let counted = self.pool.query_one(DOING, "SELECT count(*) FROM tagmeter.forgotten", &[]).await?;
        let number: i64 = row::postgres(&counted).doing(DOING)?;
        Ok(number.unsigned_abs())
    }

    pub(crate) async fn forgettable(&self, ids: &[VideoId]) -> Result<Forgettable, StoreError> {
        const DOING: &str = "look videos up";
        const VIDEOS: &str = "SELECT video FROM tagmeter.video_ids WHERE id = ANY($1)";
        const SNAPSHOTS: &str = "SELECT count(*) FROM tagmeter.video_snapshots WHERE video = ANY($1)";
        let ids: Vec<i64> = ids.iter().map(|id| id.to_i64()).collect();
        let rows = self.pool.query(DOING, VIDEOS, &[(&ids, Type::INT8_ARRAY)]).await?;
        let videos: Vec<i64> = rows.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)?;
        let snapshots = self.pool.query_one(DOING, SNAPSHOTS, &[(&videos, Type::INT8_ARRAY)]).await?;
        let snapshots: i64 = row::postgres(&snapshots).doing(DOING)?;
        Ok(Forgettable { videos: videos.len() as u64, snapshots: snapshots.unsigned_abs() })
    }

    pub(crate) async fn owners_of(&self, handles: &[i64]) -> Result<BTreeMap<i64, i64>, StoreError> {
        const DOING: &str = "look handles up";
        const SQL: &str = "SELECT handle, author FROM tagmeter.handles WHERE handle = ANY($1)";
        let rows = self.pool.query(DOING, SQL, &[(&handles, Type::INT8_ARRAY)]).await?;
        rows.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)
    }

    pub(crate) async fn forget_creators(&self, creators: &[Creator]) -> Result<u64, StoreError> {
        const DOING: &str = "forget creators";
        const DROP: &str = "DELETE FROM tagmeter.handles WHERE handle = ANY($1) OR author = ANY($1)";
        // Of videos that are another creator's now; their own are deleted.
        const BLANK: &str = "UPDATE tagmeter.video_superseded SET author = NULL WHERE author = ANY($1)";
        let key = self.forget_key().await?;
        let digests: Vec<i64> = creators.iter().map(|creator| key.creator(*creator)).collect();
        // Handles are negative, authors positive.
        let numbers: Vec<i64> = creators.iter().map(|creator| creator.to_i64()).collect();
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        begin(&transaction).await?;
        transaction.batch_execute(WHOLE).await.doing(DOING)?;
        write_forgotten(&transaction, &digests).await?;
        let dropped = transaction.execute_typed(DROP, &[(&numbers, Type::INT8_ARRAY)]).await.doing(DOING)?;
        transaction.execute_typed(BLANK, &[(&numbers, Type::INT8_ARRAY)]).await.doing(DOING)?;
        transaction.commit().await.doing(DOING)?;
        Ok(dropped)
    }

    pub(crate) async fn drop_idle_handles(&self, mut authors: HashSet<i64>) -> Result<u64, StoreError> {
        const DOING: &str = "drop handles";
        const WITH_VIDEOS: &str = "SELECT DISTINCT author FROM tagmeter.videos WHERE author = ANY($1)";
        const DROP: &str = "DELETE FROM tagmeter.handles WHERE author = ANY($1)";
        if authors.is_empty() {
            return Ok(0);
        }
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        begin(&transaction).await?;
        transaction.batch_execute(WHOLE).await.doing(DOING)?;
        let all: Vec<i64> = authors.iter().copied().collect();
        let rows = transaction.query_typed(WITH_VIDEOS, &[(&all, Type::INT8_ARRAY)]).await.doing(DOING)?;
        for row in rows {
            authors.remove(&row::postgres(&row).doing(DOING)?);
        }
        let idle: Vec<i64> = authors.into_iter().collect();
        let dropped = transaction.execute_typed(DROP, &[(&idle, Type::INT8_ARRAY)]).await.doing(DOING)?;
        transaction.commit().await.doing(DOING)?;
        Ok(dropped)
    }

    pub(crate) async fn forget_key(&self) -> Result<ForgetKey, StoreError> {
        const DOING: &str = "read what was forgotten";
        let row = self.pool.query_one(DOING, "SELECT forget_key FROM tagmeter.store", &[]).await?;
        ForgetKey::of(row::read(&row).doing(DOING)?)
    }

    pub(crate) async fn allow_again(&self, digests: &Vec<i64>) -> Result<u64, StoreError> {
        const DOING: &str = "allow forgotten data again";
        const SQL: &str = "DELETE FROM tagmeter.forgotten WHERE digest = ANY($1)";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        imported_files::clear(&transaction).await?;
        let lifted = transaction.execute_typed(SQL, &[(digests, Type::INT8_ARRAY)]).await.doing(DOING)?;
        transaction.commit().await.doing(DOING)?;
        Ok(lifted)
    }

    pub(crate) async fn is_forgetting(&self) -> Result<bool, StoreError> {
        Ok(self.forget_number("SELECT is_forgetting FROM tagmeter.store").await? != 0)
    }

    pub(crate) async fn videos_gone(&self) -> Result<u64, StoreError> {
        Ok(self.forget_number("SELECT videos_gone FROM tagmeter.store").await?.unsigned_abs())
    }

    async fn forget_number(&self, sql: &'static str) -> Result<i64, StoreError> {
        const DOING: &str = "read what was forgotten";
        row::postgres(&self.pool.query_one(DOING, sql, &[]).await?).doing(DOING)
    }

    pub(crate) async fn creators_of_rows(
        &self,
        first: i64,
        last: i64,
    ) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        const DOING: &str = "read the creators of videos";
        const SQL: &str = "SELECT video, id, coalesce(author, 0) FROM tagmeter.videos
            WHERE video BETWEEN $1 AND $2 ORDER BY video";
        let rows = self.pool.query(DOING, SQL, &[(&first, Type::INT8), (&last, Type::INT8)]).await?;
        rows.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)
    }

    /// Records that no copies are left. Deleted rows stay in the files until the server vacuums by itself;
    /// `is_rewritten` does not wait for that.
    pub(crate) async fn end_forgetting(&self, is_rewritten: bool) -> Result<Wiped, StoreError> {
        const DOING: &str = "end forgetting";
        self.pool.query(DOING, "UPDATE tagmeter.store SET is_forgetting = 0", &[]).await?;
        if is_rewritten {
            const DOING: &str = "rewrite tables";
            let client = self.pool.get().await?;
            // It cannot run in a transaction, and may take long.
            client.object.batch_execute("SET statement_timeout = 0").await.doing(DOING)?;
            let mut rewritten = Ok(());
            for table in TABLES {
                let sql = format!("VACUUM (FULL, ANALYZE) tagmeter.{table}");
                rewritten = client.object.batch_execute(&sql).await.doing(DOING);
                if rewritten.is_err() {
                    break;
                }
            }
            client.object.batch_execute("RESET statement_timeout").await.doing(DOING)?;
            rewritten?;
        }
        Ok(Wiped { are_logs_empty: None })
    }
}

async fn write_forgotten(transaction: &Transaction<'_>, digests: &Vec<i64>) -> Result<(), StoreError> {
    const DOING: &str = "store what is forgotten";
    transaction.execute_typed(INSERT, &[(digests, Type::INT8_ARRAY)]).await.doing(DOING)?;
    imported_files::clear(transaction).await?;
    transaction.execute_typed(NOTE, &[]).await.map(|_| ()).doing(DOING)
}

/// Returns the digests among these that were forgotten.
pub(super) async fn forgotten(
    transaction: &Transaction<'_>,
    digests: Vec<i64>,
) -> Result<HashSet<i64>, StoreError> {
    const DOING: &str = "look up what was forgotten";
    const SQL: &str = "SELECT digest FROM tagmeter.forgotten WHERE digest = ANY($1)";
    let rows = transaction.query_typed(SQL, &[(&digests, Type::INT8_ARRAY)]).await.doing(DOING)?;
    rows.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)
}

impl ForgetRows for PostgresRows<'_> {
    fn forget_key(&mut self) -> Result<ForgetKey, StoreError> {
        Ok(self.forget_key)
    }

    fn write_forgotten(&mut self, digests: &[i64]) -> Result<(), StoreError> {
        self.on.wait(write_forgotten(self.on.transaction, &digests.to_vec()))
    }

    fn stored_of(&mut self, ids: &[VideoId]) -> Result<Vec<(u32, VideoId)>, StoreError> {
        let wanted = ids.iter().map(|id| id.to_i64()).collect();
        self.on.wait(self.videos.stored_of(self.on.transaction, wanted))
    }

    fn delete_videos(&mut self, videos: &[(u32, VideoId)]) -> Result<u64, StoreError> {
        const DOING: &str = "delete videos";
        const GONE: &str = "UPDATE tagmeter.store SET videos_gone = videos_gone + $1";
        const SNAPSHOTS: &str = "DELETE FROM tagmeter.video_snapshots WHERE video = ANY($1)";
        const REST: [&str; 3] = [
            "DELETE FROM tagmeter.video_superseded WHERE video = ANY($1)",
            "DELETE FROM tagmeter.video_fragments WHERE video = ANY($1)",
            "DELETE FROM tagmeter.videos WHERE video = ANY($1)",
        ];
        const IDS: &str = "DELETE FROM tagmeter.video_ids WHERE id = ANY($1)";
        let (rows, ids): (Vec<i64>, Vec<i64>) =
            videos.iter().map(|(video, id)| (i64::from(*video), id.to_i64())).unzip();
        let gone = i64::try_from(videos.len()).unwrap_or(i64::MAX);
        let transaction = self.on.transaction;
        self.on.wait(async {
            transaction.execute_typed(GONE, &[(&gone, Type::INT8)]).await.doing(DOING)?;
            let rows: [Parameter<'_>; 1] = [(&rows, Type::INT8_ARRAY)];
            let snapshots = transaction.execute_typed(SNAPSHOTS, &rows).await.doing(DOING)?;
            for sql in REST {
                transaction.execute_typed(sql, &rows).await.doing(DOING)?;
            }
            transaction.execute_typed(IDS, &[(&ids, Type::INT8_ARRAY)]).await.doing(DOING)?;
            Ok(snapshots)
        })
    }
}
