//! Frozen rankings.

use super::{Postgres, unfinished};
use crate::StoreError;
use crate::videos::VideoRow;
use crate::walks::{Generation, NewGeneration};
use domain::{HashtagRow, Region};

impl Postgres {
    pub(crate) async fn keep_generation(&self, new: NewGeneration) -> Result<Generation, StoreError> {
        let _ = (new,);
        Err(unfinished())
    }

    pub(crate) async fn newest_generation(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Option<Generation>, StoreError> {
        let _ = (hashtag, region);
        Err(unfinished())
    }

    pub(crate) async fn generation(
        &self,
        hashtag: HashtagRow,
        slot: u64,
    ) -> Result<Option<Generation>, StoreError> {
        let _ = (hashtag, slot);
        Err(unfinished())
    }

    pub(crate) async fn head(&self, hashtag: HashtagRow, slot: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let _ = (hashtag, slot);
        Err(unfinished())
    }

    pub(crate) async fn ranked(
        &self,
        hashtag: HashtagRow,
        slot: u64,
        position: u64,
        count: u32,
    ) -> Result<Vec<VideoRow>, StoreError> {
        let _ = (hashtag, slot, position, count);
        Err(unfinished())
    }
}
