//! The videos under a hashtag that are held, as a sample of all there are.

use super::MeasureError;
use crate::Catalog;
use domain::metrics::engagement::VideoFigures;
use domain::{Hashtag, Timestamp};
use store::videos::VideoUnder;

/// Most videos of a hashtag that are looked at for one answer. Of a hashtag with more, this many are a sample by author.
pub(super) const SAMPLE_VIDEOS_MAX: usize = 200_000;
/// Videos that are read at once.
const PART: u32 = 10_000;

/// Videos of a hashtag.
#[derive(Debug, Clone)]
pub(super) struct VideoSample {
    pub(super) videos: Vec<VideoUnder>,
}

impl VideoSample {
    /// When the newest of them was read.
    pub(super) fn observed_at(&self) -> Option<Timestamp> {
        self.videos.iter().filter_map(|video| video.observed_at).max()
    }

    pub(super) fn len(&self) -> u64 {
        self.videos.len() as u64
    }
}

impl Catalog {
    /// Those videos under a hashtag that are wanted.
    pub(super) async fn sample(
        &self,
        hashtag: &Hashtag,
        is_wanted: impl Fn(&VideoUnder) -> bool,
    ) -> Result<VideoSample, MeasureError> {
        let mut videos = Vec::new();
        let (mut after, mut looked_at) = (None, 0);
        loop {
            let part = self.inner.store.videos_under(hashtag.row, after, PART).await?;
            looked_at += part.videos.len();
            videos.extend(part.videos.into_iter().filter(&is_wanted));
            match part.next {
                Some(next) if looked_at < SAMPLE_VIDEOS_MAX => after = Some(next),
                _ => return Ok(VideoSample { videos }),
            }
        }
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
