//! Frozen rankings: what the cursor of a walk points into.

use crate::videos::VideoRow;
use crate::{Store, StoreError};
use domain::{HashtagRow, Region, Timestamp};

/// A frozen ranking of the videos under a hashtag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// Its number as cursors carry it: 1 to `domain::cursor::GENERATION_MAX`, used again only long after it expired.
    pub slot: u64,
    /// Which hashtag.
    pub hashtag: HashtagRow,
    /// Only the videos of this region.
    pub region: Option<Region>,
    /// The hashtag's change sequence it was made at.
    pub changed: u64,
    /// When it was made.
    pub built_at: Timestamp,
    /// Videos in it.
    pub videos: u64,
}

impl Store {
    /// Keeps a ranking, with the ready JSON of its first videos. Rankings made before `expired_before` are dropped.
    pub async fn keep_generation(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
        changed: u64,
        built_at: Timestamp,
        expired_before: Timestamp,
        videos: Vec<VideoRow>,
    ) -> Result<Generation, StoreError> {
        let head = join(&self.packed(&videos[..videos.len().min(HEAD_VIDEOS)]).await?);
        let generation = NewGeneration { hashtag, region, changed, built_at, expired_before, videos, head };
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.keep(sqlite.catalog.identity()?, generation).await,
            Self::Postgres(postgres) => postgres.keep_generation(generation).await,
        }
    }

    /// Ready JSON, packed (`domain::fragment`), of the first `count` videos of a ranking as they were when it was made.
    /// `None` when there are more than are kept with it, or it is no longer kept.
    pub async fn head(
        &self,
        hashtag: HashtagRow,
        slot: u64,
        count: u32,
    ) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        if count as usize > HEAD_VIDEOS {
            return Ok(None);
        }
        let head = match self {
            Self::Sqlite(sqlite) => sqlite.walks.head(slot)?,
            Self::Postgres(postgres) => postgres.head(hashtag, slot).await?,
        };
        Ok(head.as_deref().and_then(|head| split(head, count as usize)))
    }

    /// The newest ranking kept of a hashtag.
    pub async fn newest_generation(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Option<Generation>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.newest(sqlite.catalog.identity()?, hashtag, region),
            Self::Postgres(postgres) => postgres.newest_generation(hashtag, region).await,
        }
    }

    /// The ranking of a cursor's number, if it is still kept.
    pub async fn generation(&self, hashtag: HashtagRow, slot: u64) -> Result<Option<Generation>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.generation(sqlite.catalog.identity()?, slot),
            Self::Postgres(postgres) => postgres.generation(hashtag, slot).await,
        }
    }

    /// Part of a ranking: at most `count` videos from `position` on.
    pub async fn ranked(
        &self,
        hashtag: HashtagRow,
        slot: u64,
        position: u64,
        count: u32,
    ) -> Result<Vec<VideoRow>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.ranked(slot, position, count),
            Self::Postgres(postgres) => postgres.ranked(hashtag, slot, position, count).await,
        }
    }
}

/// A ranking to be kept.
#[derive(Debug)]
pub(crate) struct NewGeneration {
    pub(crate) hashtag: HashtagRow,
    pub(crate) region: Option<Region>,
    pub(crate) changed: u64,
    pub(crate) built_at: Timestamp,
    pub(crate) expired_before: Timestamp,
    pub(crate) videos: Vec<VideoRow>,
    pub(crate) head: Vec<u8>,
}

/// Videos whose ready JSON is kept with a ranking: the longest page of the contract.
const HEAD_VIDEOS: usize = 35;

/// Each behind its length.
fn join(packed: &[Vec<u8>]) -> Vec<u8> {
    let mut head = Vec::with_capacity(packed.iter().map(|video| video.len() + 4).sum());
    for video in packed {
        // A video's JSON is far below 4 GiB (`sources` reads no longer records).
        head.extend_from_slice(&u32::try_from(video.len()).unwrap_or(u32::MAX).to_le_bytes());
        head.extend_from_slice(video);
    }
    head
}

/// The first `count`, or all if there are fewer. `None` if it is not what [`join`] made.
fn split(mut head: &[u8], count: usize) -> Option<Vec<Vec<u8>>> {
    let mut videos = Vec::with_capacity(count);
    while videos.len() < count && !head.is_empty() {
        let (length, rest) = head.split_first_chunk::<4>()?;
        let (video, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        videos.push(video.to_vec());
        head = rest;
    }
    Some(videos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_taken_apart_as_they_were_put_together() {
        let videos = vec![b"one".to_vec(), Vec::new(), b"three".to_vec()];
        let head = join(&videos);
        assert_eq!(split(&head, 35), Some(videos.clone()));
        assert_eq!(split(&head, 2), Some(videos[..2].to_vec()));
        assert_eq!(split(&head[..head.len() - 1], 35), None);
        assert_eq!(split(b"", 35), Some(Vec::new()));
    }
}
