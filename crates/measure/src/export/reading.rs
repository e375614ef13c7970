//! Reads the store for an export, in parts.

use super::super::MeasureError;
use super::super::videos::Names;
use super::ExportOf;
use crate::Measure;
use domain::{Hashtag, HashtagRow};
use std::collections::HashMap;
use std::sync::Arc;
use store::StoreError;
use store::snapshots::HashtagReading;
use store::videos::{VideoRow, VideoUnder};
use tokio::sync::mpsc;

/// Hashtags or videos per part.
const PART: u32 = 1_000;
/// Readings per part: a few hundred kilobytes, which the allocator reuses.
const READINGS: u32 = 4_000;
/// Most cached names of hashtags: consecutive videos mostly share theirs.
const NAMES_MAX: usize = 100_000;

/// Rows that were read and wait to be written.
pub(super) enum Part {
    /// Records.
    Hashtags(Vec<Hashtag>),
    /// Readings and their hashtags, both ascending.
    Readings(Arc<Vec<Hashtag>>, Vec<HashtagReading>),
    /// Videos.
    Videos(Videos),
}

/// Videos, with the other data of their rows.
pub(super) struct Videos {
    pub(super) videos: Vec<VideoUnder>,
    /// Packed JSON of each.
    pub(super) packed: Vec<Vec<u8>>,
    /// Names of their hashtags.
    pub(super) names: Names,
}

/// The reason for reading to end early.
pub(super) enum Gone {
    /// The store failed.
    Store(MeasureError),
    /// The writer has ended, and has the reason.
    Writing,
}

impl From<StoreError> for Gone {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

/// Channel to the writer.
pub(super) struct Parts(mpsc::Sender<Part>);

impl Parts {
    pub(super) fn new(sender: mpsc::Sender<Part>) -> Self {
        Self(sender)
    }

    /// Sends a part; waits while the channel is full.
    pub(super) async fn send(&self, part: Part) -> Result<(), Gone> {
        self.0.send(part).await.map_err(|_| Gone::Writing)
    }
}

impl Measure {
    /// Reads all hashtags, or the readings of all.
    pub(super) async fn read_hashtags(
        &self,
        of: ExportOf,
        progress: impl Fn(u64, u64),
        parts: &Parts,
    ) -> Result<(), Gone> {
        let store = &self.inner.store;
        let total = store.catalog_size().await?.hashtags;
        let (mut after, mut done): (Option<HashtagRow>, u64) = (None, 0);
        loop {
            let hashtags = store.hashtags_after(after, PART).await?;
            let Some(last) = hashtags.last() else { return Ok(()) };
            after = Some(last.row);
            done += hashtags.len() as u64;
            match of {
                ExportOf::History => self.read_history(hashtags, parts).await?,
                _ => parts.send(Part::Hashtags(hashtags)).await?,
            }
            progress(done, total);
        }
    }

    /// Reads the readings of consecutive hashtags.
    pub(super) async fn read_history(&self, mut hashtags: Vec<Hashtag>, parts: &Parts) -> Result<(), Gone> {
        // The others have no readings.
        hashtags.retain(|hashtag| !hashtag.reported.is_empty());
        let [Some(first), Some(last)] = [hashtags.first(), hashtags.last()] else { return Ok(()) };
        let range = first.row..=last.row;
        let hashtags = Arc::new(hashtags);
        let mut after: Option<HashtagReading> = None;
        loop {
            let readings = self.inner.store.hashtag_readings(range.clone(), after.as_ref(), READINGS).await?;
            after = readings.last().copied();
            let is_last = (readings.len() as u64) < u64::from(READINGS);
            parts.send(Part::Readings(Arc::clone(&hashtags), readings)).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Reads the videos under a hashtag.
    pub(super) async fn read_videos_under(&self, hashtag: &Hashtag, parts: &Parts) -> Result<(), Gone> {
        let (mut after, mut known) = (None, HashMap::new());
        loop {
            let part = self.inner.store.videos_under(hashtag.row, after, PART).await?;
            parts.send(self.videos_part(part.videos, &mut known).await?).await?;
            match part.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Reads all videos that are stored at the start, under hashtags or not.
    pub(super) async fn read_videos(&self, progress: impl Fn(u64, u64), parts: &Parts) -> Result<(), Gone> {
        let store = &self.inner.store;
        let total = store.catalog_size().await?.last_video.0;
        let (mut done, mut known) = (0, HashMap::new());
        while done < total {
            let end = total.min(done + u64::from(PART));
            let videos = store.videos_of_rows(VideoRow(done + 1)..=VideoRow(end)).await?;
            parts.send(self.videos_part(videos, &mut known).await?).await?;
            done = end;
            progress(done, total);
        }
        Ok(())
    }

    /// Adds the other data of their rows to videos. `known` caches names of hashtags.
    async fn videos_part(
        &self,
        videos: Vec<VideoUnder>,
        known: &mut HashMap<HashtagRow, Arc<str>>,
    ) -> Result<Part, StoreError> {
        let store = &self.inner.store;
        let (packed, tags) = self.packed_with_tags(&videos).await?;
        if known.len() > NAMES_MAX {
            known.clear();
        }
        let unknown: Vec<HashtagRow> = tags.iter().filter(|row| !known.contains_key(row)).copied().collect();
        for hashtag in store.hashtags(&unknown).await? {
            known.insert(hashtag.row, hashtag.tag.name().into());
        }
        let named = tags.into_iter().filter_map(|row| Some((row, Arc::clone(known.get(&row)?))));
        Ok(Part::Videos(Videos { names: named.collect(), videos, packed }))
    }
}
