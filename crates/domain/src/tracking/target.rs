//! Targets of trackers: hashtags, their top videos, and keywords that hashtags are searched by.

use super::VideoDepth;
use crate::{Tag, TagError, TagKey};
use std::fmt;
use std::str::FromStr;

/// Longest keyword, in bytes.
pub const KEYWORD_BYTES_MAX: usize = 200;
/// First character of a keyword's key. No key of a hashtag begins with it.
const KEYWORD: char = '#';
/// First characters of the key of top videos: after all hashtags in order, none of which has a `#`.
const VIDEOS: &str = "\u{10fffd}#";

/// A keyword: 1 to [`KEYWORD_BYTES_MAX`] bytes in small letters, without control characters, outer spaces and leading `#`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Keyword(
    /// With [`KEYWORD`] before it: its key.
    Box<str>,
);

/// A text that is no keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a keyword of 1 to {KEYWORD_BYTES_MAX} bytes without control characters")]
pub struct KeywordError;

impl FromStr for Keyword {
    type Err = KeywordError;

    fn from_str(text: &str) -> Result<Self, KeywordError> {
        let keyword = text.trim().trim_start_matches(KEYWORD).trim_start().to_lowercase();
        let fits = (1..=KEYWORD_BYTES_MAX).contains(&keyword.len()) && !keyword.chars().any(char::is_control);
        if fits { Ok(Self(format!("{KEYWORD}{keyword}").into())) } else { Err(KeywordError) }
    }
}

impl Keyword {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        self.0.strip_prefix(KEYWORD).unwrap_or_default()
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A target of a tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The totals of a hashtag.
    Hashtag(Tag),
    /// The hashtags that a search finds.
    Keyword(Keyword),
    /// The videos of a hashtag, to a depth.
    Videos(Tag, VideoDepth),
}

impl Target {
    /// Returns its key.
    pub fn key(&self) -> TargetKey {
        match self {
            Self::Hashtag(tag) => tag.key().into(),
            Self::Keyword(keyword) => keyword.into(),
            Self::Videos(tag, depth) => TargetKey::videos(tag.key(), *depth),
        }
    }

    /// Returns the name of the hashtag, or the keyword.
    pub fn name(&self) -> &str {
        match self {
            Self::Hashtag(tag) | Self::Videos(tag, _) => tag.name(),
            Self::Keyword(keyword) => keyword.as_str(),
        }
    }

    /// Returns the hashtag whose totals are read, if it is one.
    pub const fn hashtag(&self) -> Option<&Tag> {
        match self {
            Self::Hashtag(tag) => Some(tag),
            Self::Keyword(_) | Self::Videos(..) => None,
        }
    }
}

/// The key of a target. As text it is that of the hashtag, `#` and the keyword, or a mark, the depth and the hashtag's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TargetKey {
    /// Key of a hashtag.
    Hashtag(TagKey),
    /// Key of a keyword.
    Keyword(Keyword),
    /// Key of the top videos of a hashtag.
    Videos {
        /// The hashtag.
        tag: TagKey,
        /// The depth.
        depth: VideoDepth,
        /// The key as text.
        text: Box<str>,
    },
}

impl From<&TagKey> for TargetKey {
    fn from(key: &TagKey) -> Self {
        Self::Hashtag(key.clone())
    }
}

impl From<&Keyword> for TargetKey {
    fn from(keyword: &Keyword) -> Self {
        Self::Keyword(keyword.clone())
    }
}

impl TargetKey {
    /// Parses a stored key.
    ///
    /// # Errors
    /// It is the key of neither a hashtag nor a keyword nor top videos.
    pub fn from_stored(text: &str) -> Result<Self, TagError> {
        if let Some(videos) = text.strip_prefix(VIDEOS) {
            let (depth, tag) = videos.split_once(' ').ok_or(TagError::Empty)?;
            let depth = depth.parse().ok().and_then(|videos| VideoDepth::new(videos).ok());
            return Ok(Self::videos(&TagKey::new(tag)?, depth.ok_or(TagError::Empty)?));
        }
        match text.strip_prefix(KEYWORD) {
            Some(keyword) => keyword.parse().map(Self::Keyword).map_err(|_| TagError::Empty),
            None => TagKey::new(text).map(Self::Hashtag),
        }
    }

    /// Returns the key of the top videos of a hashtag.
    pub fn videos(tag: &TagKey, depth: VideoDepth) -> Self {
        let text = format!("{VIDEOS}{depth} {}", tag.as_str()).into();
        Self::Videos { tag: tag.clone(), depth, text }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Videos { text, .. } => text,
            Self::Hashtag(key) => key.as_str(),
            Self::Keyword(keyword) => &keyword.0,
        }
    }
}

impl fmt::Display for TargetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keywords_are_searched_as_they_are_written() {
        for (text, keyword) in
            [("Street Food", "street food"), (" # cat ", "cat"), ("##x", "x"), ("ÄB", "äb")]
        {
            assert_eq!(text.parse::<Keyword>().map(|keyword| keyword.to_string()).as_deref(), Ok(keyword));
        }
        for text in ["", "#", "  ", "a\nb", &"x".repeat(KEYWORD_BYTES_MAX + 1)] {
            assert_eq!(text.parse::<Keyword>(), Err(KeywordError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn keys_are_read_back_and_never_meet(name in ".{1,20}", keyword in ".{1,20}") {
            let hashtag = Tag::new(&name).ok().map(Target::Hashtag);
            let keyword = keyword.parse::<Keyword>().ok().map(Target::Keyword);
            let depth = VideoDepth::new(200).expect("a depth");
            let videos = Tag::new(&name).ok().map(|tag| Target::Videos(tag, depth));
            if let (Some(hashtag), Some(videos)) = (&hashtag, &videos) {
                prop_assert!(hashtag.key().as_str() < videos.key().as_str());
            }
            for target in [&hashtag, &keyword, &videos].into_iter().flatten() {
                let key = target.key();
                prop_assert_eq!(TargetKey::from_stored(key.as_str()), Ok(key.clone()));
                match key {
                    TargetKey::Hashtag(tag) => prop_assert_eq!(Some(&tag), target.hashtag().map(Tag::key)),
                    TargetKey::Keyword(keyword) => prop_assert_eq!(target, &Target::Keyword(keyword)),
                    TargetKey::Videos { tag, .. } => {
                        prop_assert_eq!(tag, Tag::new(target.name()).expect("a tag").key().clone());
                    }
                }
            }
            if let (Some(hashtag), Some(keyword)) = (hashtag, keyword) {
                prop_assert_ne!(hashtag.key(), keyword.key());
            }
        }
    }
}
