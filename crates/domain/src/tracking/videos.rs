//! Top videos of a tracker: how deep it walks through the videos of its hashtags, and how many of them it shows.

use super::Interval;
use crate::Credits;
use crate::credits::PRICE_OF_A_CALL;
use std::fmt;

/// Deepest walk of a tracker, in videos: 20 full pages.
pub const VIDEO_DEPTH_MAX: u32 = 700;
/// Videos of a full page of an upstream.
pub const VIDEOS_PER_PAGE: u32 = 35;
/// Shortest interval of walks. A tracker that reads more often walks once a day.
pub const WALK_INTERVAL_MIN: Interval = Interval::Day;

/// Depth of a walk, in videos: 1 to [`VIDEO_DEPTH_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VideoDepth(u32);

/// A number that is no depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a depth of 1 to {VIDEO_DEPTH_MAX} videos")]
pub struct VideoDepthError;

impl VideoDepth {
    /// Returns a depth.
    ///
    /// # Errors
    /// It is not from 1 to [`VIDEO_DEPTH_MAX`].
    pub const fn new(videos: u32) -> Result<Self, VideoDepthError> {
        if videos >= 1 && videos <= VIDEO_DEPTH_MAX { Ok(Self(videos)) } else { Err(VideoDepthError) }
    }

    /// Returns the number of videos.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Returns the most pages of a walk: as many as it takes if all are full.
    pub const fn pages(self) -> u32 {
        self.0.div_ceil(VIDEOS_PER_PAGE)
    }

    /// Returns the most that a walk costs: one credit a page.
    ///
    /// # Panics
    /// Never: there are at most 20 pages.
    pub fn price_max(self) -> Credits {
        Credits::new(u64::from(self.pages()) * PRICE_OF_A_CALL.get()).expect("a few credits")
    }
}

impl fmt::Display for VideoDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Top videos of a tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopVideos {
    /// Depth of its walks.
    pub depth: VideoDepth,
    /// Number of videos that it shows of a hashtag; at most its depth.
    pub shown: u32,
}

/// A number of top videos that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TopVideosError {
    /// The depth is wrong.
    #[error(transparent)]
    Depth(#[from] VideoDepthError),
    /// More videos are to be shown than are walked through, or none.
    #[error("show 1 to {0} videos, as many as the walk is deep")]
    Shown(u32),
}

impl TopVideos {
    /// Returns top videos: so many of the first `depth`.
    ///
    /// # Errors
    /// The depth is wrong, or `shown` is 0 or more than the depth.
    pub fn new(shown: u32, depth: u32) -> Result<Self, TopVideosError> {
        let depth = VideoDepth::new(depth)?;
        if (1..=depth.get()).contains(&shown) {
            Ok(Self { depth, shown })
        } else {
            Err(TopVideosError::Shown(depth.get()))
        }
    }

    /// Returns the depth of so many videos where none is given: all that their pages have.
    pub fn full_pages(shown: u32) -> u32 {
        (shown.div_ceil(VIDEOS_PER_PAGE).saturating_mul(VIDEOS_PER_PAGE)).clamp(1, VIDEO_DEPTH_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_depth_costs_its_pages() {
        for (videos, pages) in [(1, 1), (35, 1), (36, 2), (200, 6), (700, 20)] {
            let depth = VideoDepth::new(videos).expect("a depth");
            assert_eq!((depth.pages(), depth.price_max().get()), (pages, u64::from(pages)));
        }
        assert_eq!(VideoDepth::new(0), Err(VideoDepthError));
        assert_eq!(VideoDepth::new(701), Err(VideoDepthError));
        assert_eq!(TopVideos::new(36, 35), Err(TopVideosError::Shown(35)));
        assert_eq!(TopVideos::new(0, 35), Err(TopVideosError::Shown(35)));
        assert!(TopVideos::new(35, 35).is_ok());
        assert_eq!([1, 35, 36, 900].map(TopVideos::full_pages), [35, 35, 70, 700]);
    }
}
