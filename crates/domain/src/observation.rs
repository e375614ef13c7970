//! One reading of a hashtag or a video: what, counts, when, by which source. Files, upstreams and trackers all make
//! these, and everything comes in as these.

use crate::video::VideoDetails;
use crate::{AuthorId, Count, HashtagId, Source, Tag, Timestamp, VideoId};

/// A reading.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// Of a hashtag.
    Hashtag(Box<HashtagObservation>),
    /// Of a video.
    Video(Box<VideoObservation>),
    /// Of what a hashtag did within a window of time.
    Window(Box<WindowObservation>),
    /// That a video is no longer there.
    Removed(RemovedObservation),
}

impl Observation {
    /// By which way it came.
    pub const fn source(&self) -> Source {
        match self {
            Self::Hashtag(hashtag) => hashtag.source,
            Self::Video(video) => video.source,
            Self::Window(window) => window.source,
            Self::Removed(removed) => removed.source,
        }
    }

    /// When it was read; `None` where the source does not tell.
    pub const fn observed_at(&self) -> Option<Timestamp> {
        match self {
            Self::Hashtag(hashtag) => hashtag.observed_at,
            Self::Video(video) => video.observed_at,
            Self::Window(window) => Some(window.observed_at),
            Self::Removed(removed) => removed.observed_at,
        }
    }
}

/// A tag as a source names it: always by name, by id where the source tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRef {
    /// Name and key.
    pub tag: Tag,
    /// TikTok's id, when told.
    pub id: Option<HashtagId>,
}

/// A reading of a hashtag's own record.
#[derive(Debug, Clone, PartialEq)]
pub struct HashtagObservation {
    /// Which hashtag.
    pub tag: TagRef,
    /// By which way it came.
    pub source: Source,
    /// When the numbers were read, where the source tells it. Without it no snapshot is kept.
    pub observed_at: Option<Timestamp>,
    /// Totals as reported.
    pub counts: HashtagCounts,
    /// What else the record says.
    pub details: HashtagDetails,
}

/// Reported totals of a hashtag. `None` is "not told".
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
    /// Whether nothing is told.
    pub const fn is_empty(&self) -> bool {
        self.views.is_none() && self.creators.is_none() && self.videos.is_none()
    }
}

/// The descriptive part of a hashtag's record. `None` is "not told".
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
    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A sum over a window of time, as TikTok's Creative Center tells it. It can fall from one day to the next and is another
/// thing than a lifetime total: the two are never mixed, and this one is never made a growth of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowObservation {
    /// Which hashtag.
    pub tag: TagRef,
    /// By which way it came.
    pub source: Source,
    /// When it was read.
    pub observed_at: Timestamp,
    /// The country it is about, as the source names it; empty where none is told.
    pub country: String,
    /// How long the window is, where told.
    pub window_days: Option<u32>,
    /// Views within the window.
    pub views: Option<u64>,
    /// Posts within the window.
    pub posts: Option<u64>,
    /// Place in the source's list, from 1.
    pub rank: Option<u64>,
    /// Branch of industry, as the source names it; empty where none is told.
    pub industry: String,
}

/// A reading of a video.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoObservation {
    /// Which video.
    pub id: VideoId,
    /// By which way it came.
    pub source: Source,
    /// When the numbers were read, where the source tells it. Without it no snapshot is kept.
    pub observed_at: Option<Timestamp>,
    /// Who posted it, when told.
    pub author: Option<AuthorId>,
    /// The union of the tags its structured lists name, each key once; those of its caption where it has no such list.
    pub tags: Vec<TagRef>,
    /// Whether tags were taken from the caption because the record lists none.
    pub has_caption_tags: bool,
    /// Its counts.
    pub counts: VideoCounts,
    /// What else is told of it.
    pub details: VideoDetails,
    /// XXH3 of the record as it stood in the source: the same record again changes nothing and is passed over at once.
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

/// Counts of a video. `None` is "not told".
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
    /// How many counts there are.
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

    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        self.to_array().iter().all(Option::is_none)
    }
}
