//! Videos that finished walks saw, with job and time. Two runs give an estimate of the number of videos by
//! capture and recapture (`domain::metrics::coverage`). The newest few of each hashtag and region are retained.

use crate::packed;
use crate::row::row;
use crate::videos::VideoRow;
use crate::{Store, StoreError};
use domain::{HashtagRow, JobId, Region, Timestamp};

/// Runs retained of a hashtag and region.
pub const WALK_RUNS_MAX: usize = 5;

/// A finished walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkRun {
    /// The hashtag.
    pub hashtag: HashtagRow,
    /// Only the videos of this region.
    pub region: Option<Region>,
    /// The job of the walk.
    pub job_id: JobId,
    /// Time of its end.
    pub at: Timestamp,
    /// The videos it saw, ascending, each once.
    pub videos: Vec<VideoRow>,
}

impl Store {
    /// Stores what a walk saw; `videos` may be in any order and repeat. A run of the same job replaces its
    /// earlier one. Of the hashtag and region only the newest [`WALK_RUNS_MAX`] are retained.
    pub async fn write_walk_run(&self, mut run: WalkRun) -> Result<(), StoreError> {
        run.videos.sort_unstable();
        run.videos.dedup();
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.write_walk_run(run).await,
            Self::Postgres(postgres) => postgres.write_walk_run(&run).await,
        }
    }

    /// Returns the newest run of a hashtag and region from before a time.
    pub async fn previous_walk_run(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
        before: Timestamp,
    ) -> Result<Option<WalkRun>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.previous_walk_run(hashtag, region, before),
            Self::Postgres(postgres) => postgres.previous_walk_run(hashtag, region, before).await,
        }
    }
}

row! {
    /// A run's row.
    pub(crate) struct RunRow: run_columns {
        job_id: [u8; 16],
        at_ms: i64,
        unique: i64 = "unique_videos",
        videos: Vec<u8>,
    }
}

impl RunRow {
    pub(crate) fn read(&self, hashtag: HashtagRow, region: Option<Region>) -> Result<WalkRun, StoreError> {
        let wrong = || {
            let row = format!("hashtag {}, {} ms", hashtag.0, self.at_ms);
            StoreError::Inconsistent { table: "walk_runs", column: "videos", row }
        };
        let videos = unpack(&self.videos).filter(|videos| videos.len() as u64 == self.unique.unsigned_abs());
        Ok(WalkRun {
            hashtag,
            region,
            job_id: JobId::from_bytes(self.job_id),
            at: Timestamp::from_ms(self.at_ms),
            videos: videos.ok_or_else(wrong)?,
        })
    }
}

/// Encodes ascending rows, each as its distance from the previous one: rows stored together take a byte or two.
pub(crate) fn pack(videos: &[VideoRow]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(videos.len() * 2);
    let mut last = 0;
    for VideoRow(row) in videos {
        packed::put(&mut packed, row.wrapping_sub(last));
        last = *row;
    }
    packed
}

/// Decodes [`pack`]; `None` if the bytes are damaged.
fn unpack(mut packed: &[u8]) -> Option<Vec<VideoRow>> {
    let mut videos = Vec::new();
    let mut last = 0_u64;
    while !packed.is_empty() {
        last = last.checked_add(packed::take(&mut packed)?)?;
        videos.push(VideoRow(last));
    }
    Some(videos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_side_by_side_take_a_byte_each() {
        let videos: Vec<VideoRow> = (1_000_000..1_005_000).map(VideoRow).collect();
        assert_eq!(pack(&videos).len(), 5_002);
        assert_eq!(unpack(&[0x80]), None, "cut off");
        assert_eq!(unpack(&[0xff; 11]), None, "more than 64 bits");
        assert_eq!(unpack(&[]), Some(Vec::new()));
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(rows in prop::collection::btree_set(any::<u64>(), 0..50)) {
            let videos: Vec<VideoRow> = rows.into_iter().map(VideoRow).collect();
            prop_assert_eq!(unpack(&pack(&videos)), Some(videos));
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            if let Some(videos) = unpack(&bytes) {
                prop_assert!(videos.is_sorted());
            }
        }
    }
}
