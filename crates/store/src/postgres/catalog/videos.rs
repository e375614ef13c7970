//! Reading videos.

use super::super::{Postgres, unfinished};
use crate::StoreError;
use crate::videos::VideoRow;
use domain::{HashtagRow, Region};

impl Postgres {
    pub(crate) async fn ranking(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Vec<VideoRow>, StoreError> {
        let _ = (hashtag, region);
        Err(unfinished())
    }

    pub(crate) async fn packed(&self, videos: &[VideoRow]) -> Result<Vec<Vec<u8>>, StoreError> {
        let _ = (videos,);
        Err(unfinished())
    }
}
