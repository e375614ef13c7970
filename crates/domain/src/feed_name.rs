//! The name of a feed: one line, for its owner and as the title in readers.

use std::fmt;
use std::str::FromStr;

/// Most characters of a name.
pub const FEED_NAME_LENGTH_MAX: usize = 100;

/// Name of a feed: one line of 1 to [`FEED_NAME_LENGTH_MAX`] characters, without outer white space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedName(String);

/// Error of a text that names no feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give one line of 1 to {FEED_NAME_LENGTH_MAX} characters")]
pub struct FeedNameError;

impl FeedName {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FeedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FeedName {
    type Err = FeedNameError;

    fn from_str(text: &str) -> Result<Self, FeedNameError> {
        let text = text.trim();
        let is_name = (1..=FEED_NAME_LENGTH_MAX).contains(&text.chars().count());
        if is_name && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FeedNameError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line() {
        assert_eq!(" Cats ".parse::<FeedName>().expect("a name").as_str(), "Cats");
        assert!("ä".repeat(FEED_NAME_LENGTH_MAX).parse::<FeedName>().is_ok());
        for wrong in ["", "  ", "a\nb", &"a".repeat(FEED_NAME_LENGTH_MAX + 1)] {
            assert_eq!(wrong.parse::<FeedName>(), Err(FeedNameError), "{wrong:?}");
        }
    }
}
