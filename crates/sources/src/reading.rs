//! The parsing context of a record: collects its observations, and knows what the envelope around it reported.

use crate::files::Options;
use crate::files::foreign::Foreign;
use crate::json::lenient::unescaped;
use domain::observation::{
    HashtagCounts, HashtagDetails, HashtagObservation, Observation, TagRef, WindowObservation,
};
use domain::{HashtagId, Source, Tag, Timestamp, VideoObservation, caption};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64_with_seed};

/// Most tags read of one video. The most seen is 44; an endless list is an attack.
const TAGS_MAX: usize = 1000;

/// Most descriptions and totals remembered. When full, all are dropped and some are delivered again, which
/// changes nothing.
const DESCRIPTIONS_MAX: usize = 1 << 16;

/// Most characters of a value in a note.
const NOTE_EXAMPLE_MAX: usize = 40;

/// A result of parsing a record.
#[derive(Debug)]
pub(crate) enum RecordOutput {
    Observation(Observation),
    Refused {
        reason: String,
        /// Beginning of the record.
        raw: Box<[u8]>,
        /// Its number within the page, from 1.
        record: Option<u64>,
        /// True if it matches no format.
        is_unknown: bool,
    },
    /// A note on the file, delivered once with the number of records it applies to and an example.
    Note {
        what: String,
        example: String,
    },
    /// A record of a known but unsupported kind, reported once per file with their number.
    Foreign {
        kind: &'static Foreign,
        /// Detail of the first one: its site.
        of: Option<Box<str>>,
        raw: Box<[u8]>,
        record: Option<u64>,
    },
}

/// Retains the items from `start` on that match, and all before.
pub(crate) fn retain_from(
    found: &mut Vec<RecordOutput>,
    start: usize,
    is_wanted: impl Fn(&RecordOutput) -> bool,
) {
    let rest = found.split_off(start);
    found.extend(rest.into_iter().filter(is_wanted));
}

/// Why a record has no observations.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It has another format.
    Shape,
    /// It is not JSON.
    Json(serde_json::Error),
    /// It has this format, but cannot be used.
    Record(String),
    /// It is of an unsupported kind; with a detail.
    Foreign(&'static Foreign, Option<Box<str>>),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape => f.write_str("of another shape"),
            Self::Json(error) => write!(f, "not JSON: {error}"),
            Self::Record(reason) => f.write_str(reason),
            Self::Foreign(kind, of) => f.write_str(&kind.message(1, of.as_deref())),
        }
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self::Record(reason)
    }
}

/// Receives the observations of one record.
pub(crate) struct Reading<'p> {
    /// Reading time of the record, if its envelope reports one.
    pub(crate) observed_at: Option<Timestamp>,
    /// Source of the envelope, if it has one of its own.
    pub(crate) source: Option<Source>,
    /// True if the record is in a list.
    pub(crate) is_listed: bool,
    pub(crate) seen: &'p mut SeenDescriptions,
    pub(crate) found: &'p mut Vec<RecordOutput>,
}

impl Reading<'_> {
    /// Adds a note that is not a fault of the record: an omitted detail.
    pub(crate) fn note(&mut self, what: String, example: &str) {
        let example = example.chars().take(NOTE_EXAMPLE_MAX).collect();
        self.found.push(RecordOutput::Note { what, example });
    }

    /// Adds a video.
    pub(crate) fn video(&mut self, mut video: VideoObservation) {
        let details = &mut video.details;
        for text in details.content_desc.iter_mut().chain([&mut details.title]) {
            if let Cow::Owned(plain) = unescaped(text) {
                *text = plain;
            }
        }
        // A photo post has no duration; some sources report that of its sound.
        if !details.images.is_empty() {
            details.duration_seconds = 0;
        }
        self.found.push(RecordOutput::Observation(Observation::Video(Box::new(video))));
    }

    /// Adds a hashtag's own record.
    pub(crate) fn hashtag(&mut self, hashtag: HashtagObservation) {
        self.found.push(RecordOutput::Observation(Observation::Hashtag(Box::new(hashtag))));
    }

    /// Adds a sum over a period.
    pub(crate) fn window(&mut self, window: WindowObservation) {
        self.found.push(RecordOutput::Observation(Observation::Window(Box::new(window))));
    }

    /// Adds a hashtag total that a video's record reports. Once per file, since other videos repeat it.
    pub(crate) fn total(&mut self, hashtag: HashtagObservation) {
        let Some(views) = hashtag.counts.views else { return };
        if self.seen.is_new_total(hashtag.tag.tag.name(), views.value()) {
            self.hashtag(hashtag);
        }
    }

    /// Adds a video's description of one of its tags. Once per file, and only if it is not empty.
    pub(crate) fn description(&mut self, source: Source, description: &Description<'_>) {
        let Description { name, text, cover, is_commerce, .. } = description;
        if (text.is_empty() && cover.is_empty() && !is_commerce) || !self.seen.is_new(description) {
            return;
        }
        let Ok(tag) = Tag::new(name) else { return };
        let details = HashtagDetails {
            description: (!text.is_empty()).then(|| crate::json::lenient::clean(text)),
            is_commerce: is_commerce.then_some(true),
            cover: (!cover.is_empty()).then(|| crate::json::lenient::clean(cover)),
            kind: description.kind,
            ..HashtagDetails::default()
        };
        self.hashtag(HashtagObservation {
            tag: TagRef { tag, id: description.id },
            source,
            observed_at: self.observed_at,
            counts: HashtagCounts::default(),
            details,
        });
    }
}

/// A description of a tag in a video's record. Its counts are never read: in a feed they are placeholders.
pub(crate) struct Description<'a> {
    pub(crate) name: &'a str,
    pub(crate) id: Option<HashtagId>,
    pub(crate) text: &'a str,
    pub(crate) cover: &'a str,
    pub(crate) is_commerce: bool,
    pub(crate) kind: Option<i64>,
}

/// Descriptions and totals already delivered, and the user's settings for the file.
#[derive(Debug, Default)]
pub(crate) struct SeenDescriptions {
    hashes: HashSet<u64>,
    /// Reading time of records without one of their own.
    pub(crate) given_at: Option<Timestamp>,
}

impl SeenDescriptions {
    /// Starts with nothing delivered.
    pub(crate) fn new(options: &Options) -> Self {
        Self { hashes: HashSet::new(), given_at: options.observed_at }
    }

    fn is_new(&mut self, description: &Description<'_>) -> bool {
        let mut hash = Xxh3Default::new();
        for part in [description.name, description.text, description.cover] {
            hash.update(part.as_bytes());
            hash.update(&[0xff, u8::from(description.is_commerce), u8::from(description.id.is_some())]);
        }
        self.is_new_hash(hash.digest())
    }

    fn is_new_total(&mut self, name: &str, views: u64) -> bool {
        self.is_new_hash(xxh3_64_with_seed(name.as_bytes(), views))
    }

    fn is_new_hash(&mut self, hash: u64) -> bool {
        if self.hashes.len() >= DESCRIPTIONS_MAX {
            self.hashes.clear();
        }
        self.hashes.insert(hash)
    }
}

/// Returns the XXH3 digest of a raw record and the reading time of its envelope: the same record read again
/// later is another observation.
pub(crate) fn digest(raw: &[u8], observed_at: Option<Timestamp>) -> u64 {
    xxh3_64_with_seed(raw, observed_at.map_or(0, |at| at.as_ms().cast_unsigned()))
}

/// Collects the tags of a video: the union of its lists, each key once, with the id from whichever list has
/// it.
#[derive(Debug, Default)]
pub(crate) struct TagList {
    tags: Vec<TagRef>,
    has_caption_tags: bool,
}

impl TagList {
    /// Adds a tag of a list. Mentions have no name, and invalid tags are skipped.
    pub(crate) fn add(&mut self, name: &str, id: Option<HashtagId>) -> Result<(), String> {
        if name.is_empty() {
            return Ok(());
        }
        // The lists of one record repeat each other exactly: skip the key computation for repeats.
        if let Some(known) = self.tags.iter_mut().find(|known| known.tag.name() == name) {
            known.id = known.id.or(id);
            return Ok(());
        }
        let Ok(tag) = Tag::new(name) else { return Ok(()) };
        if let Some(known) = self.tags.iter_mut().find(|known| known.tag.key() == tag.key()) {
            known.id = known.id.or(id);
            return Ok(());
        }
        if self.tags.len() == TAGS_MAX {
            return Err(format!("the record names more than {TAGS_MAX} tags"));
        }
        self.tags.push(TagRef { tag, id });
        Ok(())
    }

    /// Adds the tags of a caption, without ids, for records that have no list.
    pub(crate) fn add_caption(&mut self, caption: &str) -> Result<(), String> {
        for name in caption::tags(&unescaped(caption)) {
            self.add(name, None)?;
            self.has_caption_tags = true;
        }
        Ok(())
    }

    /// Adds the tags of a caption if the lists are empty: some sources leave them empty.
    pub(crate) fn or_caption(&mut self, caption: &str) -> Result<(), String> {
        if self.tags.is_empty() { self.add_caption(caption) } else { Ok(()) }
    }

    /// Returns true if there is none yet.
    pub(crate) const fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// Returns true if some tags came from the caption.
    pub(crate) const fn has_caption_tags(&self) -> bool {
        self.has_caption_tags
    }

    pub(crate) fn into_vec(self) -> Vec<TagRef> {
        self.tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_retained_once_with_the_id_any_list_has() {
        let mut tags = TagList::default();
        let id = HashtagId::try_from(7551).ok();
        for (name, id) in [("Cat", None), ("", None), ("#", None), ("cat", id), ("CAT", None), ("dog", None)]
        {
            tags.add(name, id).expect("room");
        }
        let tags: Vec<_> = tags.into_vec().into_iter().map(|t| (t.tag.name().to_owned(), t.id)).collect();
        assert_eq!(tags, [("Cat".to_owned(), id), ("dog".to_owned(), None)]);
    }

    #[test]
    fn too_many_tags_are_refused() {
        let mut tags = TagList::default();
        let all = (0..=TAGS_MAX).try_for_each(|n| tags.add(&format!("t{n}"), None));
        assert_eq!(all, Err("the record names more than 1000 tags".to_owned()));
    }

    #[test]
    fn a_description_is_reported_once_and_only_if_it_says_something() {
        let (mut seen, mut found) = (SeenDescriptions::default(), Vec::new());
        let mut reading =
            Reading { observed_at: None, source: None, is_listed: false, seen: &mut seen, found: &mut found };
        let silent =
            Description { name: "cat", id: None, text: "", cover: "", is_commerce: false, kind: None };
        reading.description(Source::WebItem, &silent);
        for _ in 0..3 {
            reading.description(Source::WebItem, &Description { text: "purr", ..silent });
        }
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn the_same_record_read_at_another_time_has_another_digest() {
        let at = Timestamp::from_source(1_700_000_000);
        assert_eq!(digest(b"x", at), digest(b"x", at));
        assert_ne!(digest(b"x", at), digest(b"x", None));
    }
}
