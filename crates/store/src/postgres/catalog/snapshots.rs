//! Reading snapshots.

use super::super::{Postgres, unfinished};
use crate::StoreError;
use crate::snapshots::Snapshot;
use domain::observation::{HashtagCounts, VideoCounts};
use domain::{HashtagRow, Timestamp, VideoId};

impl Postgres {
    pub(crate) async fn hashtag_snapshots(
        &self,
        hashtag: HashtagRow,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Snapshot<HashtagCounts>>, StoreError> {
        let _ = (hashtag, after, limit);
        Err(unfinished())
    }

    pub(crate) async fn hashtag_snapshots_count(&self, hashtag: HashtagRow) -> Result<u64, StoreError> {
        let _ = (hashtag,);
        Err(unfinished())
    }

    pub(crate) async fn video_snapshots(
        &self,
        video: VideoId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Snapshot<VideoCounts>>, StoreError> {
        let _ = (video, after, limit);
        Err(unfinished())
    }
}
