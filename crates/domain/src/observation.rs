//! Observations: facts about a hashtag or a video, with counts, time and source, exact or rounded. Files and upstreams
//! produce them, and all data enters as observations.

use crate::video::VideoDetails;
use crate::{AuthorId, Count, HashtagId, Source, Tag, Timestamp, VideoId};

/// An observation.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// A hashtag's own record.
    Hashtag(Box<HashtagObservation>),
    /// A video.
    Video(Box<VideoObservation>),
    /// Sums of a hashtag over a period.
    Window(Box<WindowObservation>),
    /// Removal of a video.
    Removed(RemovedObservation),
}

impl Observation {
    /// Returns its source.
    pub const fn source(&self) -> Source {
        match self {
            Self::Hashtag(hashtag) => hashtag.source,
            Self::Video(video) => video.source,
            Self::Window(window) => window.source,
            Self::Removed(removed) => removed.source,
        }
    }

    /// Returns its reading time; `None` if the source does not report one.
    pub const fn observed_at(&self) -> Option<Timestamp> {
        match self {
            Self::Hashtag(hashtag) => hashtag.observed_at,
            Self::Video(video) => video.observed_at,
            Self::Window(window) => Some(window.observed_at),
            Self::Removed(removed) => removed.observed_at,
        }
    }
}

/// A tag as a source names it: always by name, by id if the source reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRef {
    /// Name and key.
    pub tag: Tag,
    /// TikTok's id, if reported.
    pub id: Option<HashtagId>,
}

/// An observation of a hashtag's own record.
#[derive(Debug, Clone, PartialEq)]
pub struct HashtagObservation {
    /// The hashtag.
    pub tag: TagRef,
    /// The source.
    pub source: Source,
    /// Reading time, if reported. Without it no reading is stored.
    pub observed_at: Option<Timestamp>,
    /// Totals as reported.
    pub counts: HashtagCounts,
    /// Further fields of the record.
    pub details: HashtagDetails,
}

/// Reported totals of a hashtag. `None` is "not reported".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HashtagCounts {
    /// Lifetime views of all its posts (`view_count`).
    pub views: Option<Count>,
    /// Distinct creators who used it (`user_count`).
    pub creators: Option<Count>,
    /// Posts under it (`videoCount`).
    pub videos: Option<Count>,
}

impl HashtagCounts {
    /// Returns true if nothing is reported.
    pub const fn is_empty(&self) -> bool {
        self.views.is_none() && self.creators.is_none() && self.videos.is_none()
    }
}

/// The descriptive part of a hashtag's record. `None` is "not reported".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashtagDetails {
    /// Its description.
    pub description: Option<String>,
    /// Professionally generated or branded programming.
    pub is_pgcshow: Option<bool>,
    /// Tied to a paid campaign.
    pub is_commerce: Option<bool>,
    /// A challenge in TikTok's own sense.
    pub is_challenge: Option<bool>,
    /// Tied to a piece of music.
    pub is_strong_music: Option<bool>,
    /// TikTok's tag type; 1 and 2 are seen.
    pub kind: Option<i64>,
    /// URL of its cover.
    pub cover: Option<String>,
}

impl HashtagDetails {
    /// Returns true if nothing is reported.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A sum over a period, as TikTok's Creative Center reports it. Unlike a lifetime total it can fall from one
/// day to the next: the two are never mixed, and no growth is computed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowObservation {
    /// Which hashtag.
    pub tag: TagRef,
    /// By which way it came.
    pub source: Source,
    /// When it was read.
    pub observed_at: Timestamp,
    /// The country it is about, as the source names it; empty if unknown.
    pub country: String,
    /// Length of the window in days, if known.
    pub window_days: Option<u32>,
    /// Views within the window.
    pub views: Option<u64>,
    /// Posts within the window.
    pub posts: Option<u64>,
    /// Place in the source's list, from 1.
    pub rank: Option<u64>,
    /// Industry, as the source names it; empty if unknown.
    pub industry: String,
}

/// A reading of a video.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoObservation {
    /// Which video.
    pub id: VideoId,
    /// By which way it came.
    pub source: Source,
    /// Reading time, if reported. Without it no reading is stored.
    pub observed_at: Option<Timestamp>,
    /// Author, if reported.
    pub author: Option<AuthorId>,
    /// The union of the tags its structured lists name, each key once; those of its caption where it has no such list.
    pub tags: Vec<TagRef>,
    /// True if the tags are from the caption because the record lists none.
    pub has_caption_tags: bool,
    /// Its counts.
    pub counts: VideoCounts,
    /// Further fields of the record.
    pub details: VideoDetails,
    /// XXH3 of the record in the source: the same record again changes nothing and is skipped at once.
    pub digest: u64,
}

/// A source that lists a video reports nothing but its id: it was deleted or made private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemovedObservation {
    /// Which video.
    pub id: VideoId,
    /// By which way it came.
    pub source: Source,
    /// When that was seen, where the source reports it.
    pub observed_at: Option<Timestamp>,
}

/// Counts of a video. `None` is "not reported".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VideoCounts {
    /// `play_count`
    pub plays: Option<Count>,
    /// `digg_count`
    pub likes: Option<Count>,
    /// `comment_count`
    pub comments: Option<Count>,
    /// `share_count`
    pub shares: Option<Count>,
    /// `collect_count`
    pub saves: Option<Count>,
    /// `download_count`
    pub downloads: Option<Count>,
}

impl VideoCounts {
    /// Number of counts.
    pub const LEN: usize = 6;

    /// In the order plays, likes, comments, shares, saves, downloads.
    pub const fn to_array(self) -> [Option<Count>; Self::LEN] {
        [self.plays, self.likes, self.comments, self.shares, self.saves, self.downloads]
    }

    /// From the order of [`Self::to_array`].
    pub const fn from_array(counts: [Option<Count>; Self::LEN]) -> Self {
        let [plays, likes, comments, shares, saves, downloads] = counts;
        Self { plays, likes, comments, shares, saves, downloads }
    }

    /// Returns true if nothing is reported.
    pub fn is_empty(&self) -> bool {
        self.to_array().iter().all(Option::is_none)
    }
}
