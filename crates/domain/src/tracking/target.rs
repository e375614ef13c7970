//! Targets of trackers: hashtags, and keywords that hashtags are searched by.

use crate::{Tag, TagError, TagKey};
use std::fmt;
use std::str::FromStr;

/// Longest keyword, in bytes.
pub const KEYWORD_BYTES_MAX: usize = 200;
/// First character of a keyword's key. No key of a hashtag begins with it.
const KEYWORD: char = '#';

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
}

impl Target {
    /// Returns its key.
    pub fn key(&self) -> TargetKey {
        match self {
            Self::Hashtag(tag) => tag.key().into(),
            Self::Keyword(keyword) => keyword.into(),
        }
    }

    /// Returns the name of the hashtag, or the keyword.
    pub fn name(&self) -> &str {
        match self {
            Self::Hashtag(tag) => tag.name(),
            Self::Keyword(keyword) => keyword.as_str(),
        }
    }

    /// Returns the hashtag, if it is one.
    pub const fn hashtag(&self) -> Option<&Tag> {
        match self {
            Self::Hashtag(tag) => Some(tag),
            Self::Keyword(_) => None,
        }
    }
}

/// The key of a target. As text it is that of the hashtag, or `#` and the keyword.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TargetKey {
    /// Key of a hashtag.
    Hashtag(TagKey),
    /// Key of a keyword.
    Keyword(Keyword),
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
    /// It is the key of neither a hashtag nor a keyword.
    pub fn from_stored(text: &str) -> Result<Self, TagError> {
        match text.strip_prefix(KEYWORD) {
            Some(keyword) => keyword.parse().map(Self::Keyword).map_err(|_| TagError::Empty),
            None => TagKey::new(text).map(Self::Hashtag),
        }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        match self {
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
            for target in [&hashtag, &keyword].into_iter().flatten() {
                let key = target.key();
                prop_assert_eq!(TargetKey::from_stored(key.as_str()), Ok(key.clone()));
                match key {
                    TargetKey::Hashtag(tag) => prop_assert_eq!(Some(&tag), target.hashtag().map(Tag::key)),
                    TargetKey::Keyword(keyword) => prop_assert_eq!(target, &Target::Keyword(keyword)),
                }
            }
            if let (Some(hashtag), Some(keyword)) = (hashtag, keyword) {
                prop_assert_ne!(hashtag.key(), keyword.key());
            }
        }
    }
}
