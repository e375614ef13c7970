//! The videos under a hashtag that are held, as a sample of all there are.

use super::MeasureError;
use crate::Catalog;
use domain::metrics::engagement::VideoFigures;
use domain::{Hashtag, HashtagRow, Timestamp};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use store::videos::VideoUnder;

/// Most videos of a hashtag that are looked at for one answer. Of a hashtag with more, this many are a sample by author.
pub(super) const SAMPLE_VIDEOS_MAX: usize = 200_000;
/// Videos that are read at once.
const PART: u32 = 10_000;

/// Memory for the videos of hashtags that were asked about lately: several questions about one follow one another.
const KEPT_BYTES_MAX: u64 = 64 << 20;
/// About what a video takes, with its tags.
const VIDEO_BYTES: u64 = 200;
/// About how many hashtags that is.
const KEPT_HASHTAGS: usize = 1_000;

/// The videos of hashtags that were asked about lately, as they were at a change of the hashtag.
pub(crate) struct Samples(Cache<(HashtagRow, u64), Arc<Vec<VideoUnder>>, ByVideos>);

#[derive(Clone)]
struct ByVideos;

impl Weighter<(HashtagRow, u64), Arc<Vec<VideoUnder>>> for ByVideos {
    fn weight(&self, _: &(HashtagRow, u64), videos: &Arc<Vec<VideoUnder>>) -> u64 {
        (videos.len() as u64 + 1) * VIDEO_BYTES
    }
}

impl Samples {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(KEPT_HASHTAGS, KEPT_BYTES_MAX, ByVideos))
    }
}

/// Videos of a hashtag: all that are held, and which of them are wanted.
#[derive(Debug, Clone)]
pub(super) struct VideoSample {
    all: Arc<Vec<VideoUnder>>,
    wanted: Vec<usize>,
}

impl VideoSample {
    /// Those that are wanted.
    pub(super) fn iter(&self) -> impl Iterator<Item = &VideoUnder> {
        self.wanted.iter().filter_map(|place| self.all.get(*place))
    }

    /// When the newest of them was read.
    pub(super) fn observed_at(&self) -> Option<Timestamp> {
        self.iter().filter_map(|video| video.observed_at).max()
    }

    pub(super) fn len(&self) -> u64 {
        self.wanted.len() as u64
    }
}

impl Catalog {
    /// Those videos under a hashtag that are wanted.
    pub(super) async fn sample(
        &self,
        hashtag: &Hashtag,
        is_wanted: impl Fn(&VideoUnder) -> bool,
    ) -> Result<VideoSample, MeasureError> {
        let all = self.all_videos(hashtag).await?;
        let wanted = (0..all.len()).filter(|place| all.get(*place).is_some_and(&is_wanted)).collect();
        Ok(VideoSample { all, wanted })
    }

    /// The videos under a hashtag, at most [`SAMPLE_VIDEOS_MAX`]. What is kept is of the hashtag's last change: of another
    /// one it is not found again.
    async fn all_videos(&self, hashtag: &Hashtag) -> Result<Arc<Vec<VideoUnder>>, MeasureError> {
        let key = (hashtag.row, hashtag.changed);
        if let Some(kept) = self.inner.samples.0.get(&key) {
            return Ok(kept);
        }
        let (mut videos, mut after) = (Vec::new(), None);
        loop {
            let part = self.inner.store.videos_under(hashtag.row, after, PART).await?;
            videos.extend(part.videos);
            match part.next {
                Some(next) if videos.len() < SAMPLE_VIDEOS_MAX => after = Some(next),
                _ => break,
            }
        }
        let videos = Arc::new(videos);
        self.inner.samples.0.insert(key, Arc::clone(&videos));
        Ok(videos)
    }
}

/// Whether a video was posted at or after a time. One whose time is not told was not.
pub(super) fn is_since(video: &VideoUnder, since: Option<Timestamp>) -> bool {
    since.is_none_or(|since| video.created_at.is_some_and(|at| at >= since))
}

/// As formulas take it.
pub(super) fn figures(video: &VideoUnder) -> VideoFigures {
    VideoFigures {
        video_id: video.id,
        author: video.author,
        created: video.created_at,
        observed_at: video.observed_at,
        region: video.region,
        counts: video.counts,
    }
}
