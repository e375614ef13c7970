//! Counts the fields that an import stored: for how many records it has what measurements need. A record with nothing
//! to store is rejected, so that a number of new videos means something.

use crate::lookalike::{Lookalikes, Meaning};
use crate::reading::{RecordOutput, retain_from};
use domain::observation::WindowObservation;
use domain::{HashtagObservation, Observation, Source, VideoObservation};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A field is lacking if fewer than one in this many records has it.
const LACKING_IN: u64 = 10;

/// Stored fields of the records of one format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredFields {
    /// Videos.
    pub videos: VideosStored,
    /// Hashtags.
    pub hashtags: HashtagsStored,
    /// Sums over a period.
    pub windows: WindowsStored,
    /// Removals of videos.
    #[serde(skip_serializing_if = "is_none")]
    pub removed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_none(number: &u64) -> bool {
    *number == 0
}

/// Number of video records with each field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VideosStored {
    /// Records stored.
    pub records: u64,
    /// Records with plays.
    pub plays: u64,
    /// Records with at least one hashtag.
    pub hashtags: u64,
    /// Records with a creator, by id or by handle.
    pub creator: u64,
    /// Records with a posting time.
    pub posted_at: u64,
    /// Records with a reading time.
    pub read_at: u64,
    /// Records with any count.
    pub counts: u64,
}

/// Number of hashtag records with each field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HashtagsStored {
    /// Records with any count.
    pub records: u64,
    /// Records with views.
    pub views: u64,
    /// Records with a number of videos.
    pub videos: u64,
    /// Records with a number of creators.
    pub creators: u64,
    /// Records with a reading time.
    pub read_at: u64,
    /// Records without counts: names alone, and descriptions in video records.
    pub named: u64,
}

/// Number of period sums with each field. All have a reading time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowsStored {
    /// Records stored.
    pub records: u64,
    /// Records with views.
    pub views: u64,
    /// Records with posts.
    pub posts: u64,
}

/// The subject of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A video.
    Videos,
    /// A hashtag.
    Hashtags,
    /// A sum over a period.
    Windows,
}

/// A field that may be lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredField {
    /// Plays of a video.
    Plays,
    /// Hashtags of a video.
    Hashtags,
    /// Creator of a video.
    Creator,
    /// Posting time of a video.
    PostedAt,
    /// Reading time.
    ReadAt,
    /// Views of a hashtag.
    Views,
    /// Videos of a hashtag.
    Videos,
}

impl StoredField {
    /// Returns the field as a clause: "0 of 2 videos have ...".
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Plays => "plays",
            Self::Hashtags => "hashtags",
            Self::Creator => "a creator",
            Self::PostedAt => "a posting time",
            Self::ReadAt => "a reading time",
            Self::Views => "views",
            Self::Videos => "a number of videos",
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Videos => "videos",
            Self::Hashtags => "hashtags",
            Self::Windows => "windows",
        })
    }
}

/// A field that fewer than a tenth of the records have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lacking {
    pub(crate) of: RecordKind,
    pub(crate) field: StoredField,
    pub(crate) records: u64,
    pub(crate) have: u64,
}

/// A lacking field, with a column or key of the file that looks like it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lack {
    /// Format of the records.
    pub source: Source,
    /// Subject of the records.
    pub of: RecordKind,
    /// The lacking field.
    pub field: StoredField,
    /// Records stored.
    pub records: u64,
    /// Records that have the field.
    pub have: u64,
    /// The column, or the keys joined by dots.
    pub looks_like: String,
    /// True if it is a column of a table, false for a key.
    pub is_column: bool,
    /// The `--map` argument that reads it, such as `views=plays`. `None` if none does.
    pub map: Option<String>,
}

impl Lack {
    /// Matches a lacking field with the columns or keys found.
    pub(crate) fn of(source: Source, lacking: Lacking, found: &Lookalikes) -> Option<Self> {
        let meanings: &[Meaning] = match (lacking.of, lacking.field) {
            (_, StoredField::Plays) => &[Meaning::Plays],
            (_, StoredField::Hashtags) => &[Meaning::Hashtags, Meaning::Caption],
            (_, StoredField::Creator) => &[Meaning::Creator],
            (_, StoredField::PostedAt) => &[Meaning::PostedAt],
            (_, StoredField::ReadAt) => &[Meaning::ReadAt],
            (_, StoredField::Views) => &[Meaning::Views],
            (_, StoredField::Videos) => &[Meaning::Videos],
        };
        let (meaning, place) =
            meanings.iter().find_map(|meaning| found.get(*meaning).map(|place| (*meaning, place)))?;
        // Mapped by hand, a sum over a period would become a lifetime total.
        let map = match lacking.of {
            RecordKind::Videos => found.map(meaning, true),
            RecordKind::Hashtags => found.map(meaning, false),
            RecordKind::Windows => None,
        };
        let Lacking { of, field, records, have } = lacking;
        let (looks_like, is_column) = (place.shown(), found.are_columns);
        Some(Self { source, of, field, records, have, looks_like, is_column, map })
    }

    /// Returns true if the import failed its purpose: no plays, hashtags or views at all, though the file
    /// has them. With `--map`, columns may be left out on purpose.
    pub const fn is_grave(&self) -> bool {
        !matches!(self.source, Source::Mapped)
            && self.have == 0
            && matches!(self.field, StoredField::Plays | StoredField::Hashtags | StoredField::Views)
    }

    /// Returns true if it is the same finding in another part of a file.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.source, self.of, self.field, &self.looks_like)
            == (other.source, other.of, other.field, &other.looks_like)
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, of, field, records, have, looks_like, is_column, map } = self;
        let what = if *is_column { "column" } else { "key" };
        let (name, phrase) = (source.name(), field.phrase());
        write!(f, "{name}: {have} of {records} {of} have {phrase}; the {what} {looks_like:?} looks like it")?;
        if let Some(map) = map {
            return write!(f, ": --map {}", quoted(map));
        }
        match looks_like.rsplit_once("[].") {
            Some((list, _)) if *of != RecordKind::Windows => {
                write!(
                    f,
                    "; --map reads it when the records of {list:?} are in a file of their own, one a line"
                )
            }
            _ => Ok(()),
        }
    }
}

/// Quotes a text as one shell word.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:=@%".contains(c);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

impl StoredFields {
    /// Counts a stored observation.
    pub(crate) fn count(&mut self, observation: &Observation) {
        match observation {
            Observation::Video(video) => self.videos.count(video),
            Observation::Hashtag(hashtag) => self.hashtags.count(hashtag),
            Observation::Window(window) => self.windows.count(window),
            Observation::Removed(_) => self.removed += 1,
        }
    }

    /// Adds the counts of another part.
    pub fn add(&mut self, other: &Self) {
        let Self { videos, hashtags, windows, removed } = other;
        self.videos.add(videos);
        self.hashtags.add(hashtags);
        self.windows.add(windows);
        self.removed += removed;
    }

    /// Returns true if nothing measurable was stored: no count, no video under a hashtag, and no removal.
    pub const fn is_nothing(&self) -> bool {
        let Self { videos, hashtags, windows, removed } = self;
        *removed == 0
            && videos.counts == 0
            && videos.hashtags == 0
            && hashtags.records == 0
            && windows.views == 0
            && windows.posts == 0
    }

    /// Lists the lacking fields, most important first.
    pub(crate) fn lacking(&self) -> impl Iterator<Item = Lacking> + use<> {
        let Self { videos, hashtags, windows, removed: _ } = *self;
        let of_videos = [
            (StoredField::Plays, videos.plays),
            (StoredField::Hashtags, videos.hashtags),
            (StoredField::Creator, videos.creator),
            (StoredField::PostedAt, videos.posted_at),
            (StoredField::ReadAt, videos.read_at),
        ];
        // Videos describe their hashtags without counts; that is not a lack.
        let records = if videos.records == 0 { hashtags.records + hashtags.named } else { 0 };
        let of_hashtags = [
            (StoredField::Views, hashtags.views),
            (StoredField::Videos, hashtags.videos),
            (StoredField::ReadAt, hashtags.read_at),
        ];
        let of_windows = [(StoredField::Views, windows.views), (StoredField::Videos, windows.posts)];
        let lacking = move |of, records: u64| {
            move |(field, have): (StoredField, u64)| Lacking { of, field, records, have }
        };
        let all = of_videos.into_iter().map(lacking(RecordKind::Videos, videos.records));
        let all = all.chain(of_hashtags.into_iter().map(lacking(RecordKind::Hashtags, records)));
        let all = all.chain(of_windows.into_iter().map(lacking(RecordKind::Windows, windows.records)));
        all.filter(|Lacking { records, have, .. }| {
            *records > 0 && (*have == 0 || have.saturating_mul(LACKING_IN) < *records)
        })
    }
}

impl VideosStored {
    fn count(&mut self, video: &VideoObservation) {
        let has_creator = video.author.is_some() || !video.details.author.unique_id.is_empty();
        self.records += 1;
        self.plays += u64::from(video.counts.plays.is_some());
        self.hashtags += u64::from(!video.tags.is_empty());
        self.creator += u64::from(has_creator);
        self.posted_at += u64::from(video.details.create_time.is_some());
        self.read_at += u64::from(video.observed_at.is_some());
        self.counts += u64::from(!video.counts.is_empty());
    }

    const fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.plays += other.plays;
        self.hashtags += other.hashtags;
        self.creator += other.creator;
        self.posted_at += other.posted_at;
        self.read_at += other.read_at;
        self.counts += other.counts;
    }
}

impl HashtagsStored {
    fn count(&mut self, hashtag: &HashtagObservation) {
        if hashtag.counts.is_empty() {
            self.named += 1;
            return;
        }
        self.records += 1;
        self.views += u64::from(hashtag.counts.views.is_some());
        self.videos += u64::from(hashtag.counts.videos.is_some());
        self.creators += u64::from(hashtag.counts.creators.is_some());
        self.read_at += u64::from(hashtag.observed_at.is_some());
    }

    const fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.views += other.views;
        self.videos += other.videos;
        self.creators += other.creators;
        self.read_at += other.read_at;
        self.named += other.named;
    }
}

impl WindowsStored {
    fn count(&mut self, window: &WindowObservation) {
        self.records += 1;
        self.views += u64::from(window.views.is_some());
        self.posts += u64::from(window.posts.is_some());
    }

    const fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.views += other.views;
        self.posts += other.posts;
    }
}

/// Removes the observations of a record, from `start` on, if none is worth storing, and returns the reason.
pub(crate) fn take_empty(start: usize, found: &mut Vec<RecordOutput>) -> Option<&'static str> {
    let why = |found: &RecordOutput| match found {
        RecordOutput::Observation(observation) => emptiness(observation),
        RecordOutput::Refused { .. } | RecordOutput::Foreign { .. } | RecordOutput::Note { .. } => None,
    };
    let reason = found.iter().skip(start).find_map(why)?;
    retain_from(found, start, |one| why(one).is_none());
    Some(reason)
}

/// Returns why an observation is not worth storing.
fn emptiness(observation: &Observation) -> Option<&'static str> {
    match observation {
        Observation::Video(video) => {
            let details = &video.details;
            let is_empty = video.counts.is_empty()
                && video.tags.is_empty()
                && details.title.is_empty()
                && details.content_desc.is_empty()
                && details.create_time.is_none();
            is_empty.then_some("nothing to keep of this video: no count, caption, hashtag or posting time")
        }
        // A list of names is worth storing: it adds hashtags.
        Observation::Hashtag(_) | Observation::Removed(_) => None,
        Observation::Window(window) => {
            let is_empty = window.views.is_none() && window.posts.is_none() && window.rank.is_none();
            is_empty.then_some("nothing to keep of this window: no views, posts or rank")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_lacking_below_a_tenth_of_the_records() {
        let videos = VideosStored {
            records: 20,
            plays: 2,
            hashtags: 1,
            creator: 20,
            posted_at: 0,
            read_at: 20,
            counts: 2,
        };
        let stored = StoredFields { videos, ..StoredFields::default() };
        let lacking: Vec<_> = stored.lacking().map(|lacking| (lacking.field, lacking.have)).collect();
        assert_eq!(lacking, [(StoredField::Hashtags, 1), (StoredField::PostedAt, 0)]);
        assert_eq!(StoredFields::default().lacking().count(), 0, "of nothing, nothing is lacking");
    }

    #[test]
    fn descriptions_that_videos_give_of_their_hashtags_lack_nothing() {
        let hashtags = HashtagsStored { named: 5, ..HashtagsStored::default() };
        let videos = VideosStored {
            records: 1,
            plays: 1,
            hashtags: 1,
            creator: 1,
            posted_at: 1,
            read_at: 1,
            counts: 1,
        };
        let mut stored = StoredFields { hashtags, ..StoredFields::default() };
        let fields: Vec<_> = stored.lacking().map(|lacking| lacking.field).collect();
        assert_eq!(fields, [StoredField::Views, StoredField::Videos, StoredField::ReadAt]);
        assert!(stored.is_nothing());
        stored.add(&StoredFields { videos, ..StoredFields::default() });
        assert_eq!(stored.lacking().count(), 0);
        assert!(!stored.is_nothing());
    }
}
