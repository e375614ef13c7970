//! Own annotations: what an account notes on its curves.

use crate::{CampaignId, Tag, Timestamp};
use std::fmt;
use std::str::FromStr;

/// Longest text of an annotation, in characters.
pub const ANNOTATION_LENGTH_MAX: usize = 300;

/// Text of an annotation: 1 to [`ANNOTATION_LENGTH_MAX`] characters in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnotationText(String);

/// A text that is no annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give 1 to {ANNOTATION_LENGTH_MAX} characters in one line")]
pub struct AnnotationTextError;

impl AnnotationText {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AnnotationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AnnotationText {
    type Err = AnnotationTextError;

    fn from_str(text: &str) -> Result<Self, AnnotationTextError> {
        let text = text.trim();
        let fits = !text.is_empty()
            && text.chars().count() <= ANNOTATION_LENGTH_MAX
            && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(AnnotationTextError)
    }
}

/// Curves that an annotation is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnnotationSubject {
    /// All curves of the account.
    All,
    /// Curves of a hashtag.
    Hashtag(Tag),
    /// Curves of a campaign.
    Campaign(CampaignId),
}

/// Time that an annotation is about, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnnotationSpan {
    from: Timestamp,
    until: Timestamp,
}

/// Why two moments are no time of an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnnotationSpanError {
    /// It ends before it begins.
    #[error("it is earlier than from")]
    Backwards,
    /// It lies before TikTok.
    #[error("give a time after TikTok began, in 2014")]
    TooEarly,
}

impl AnnotationSpan {
    /// Creates the time of an annotation; a moment has one end.
    pub fn new(from: Timestamp, until: Timestamp) -> Result<Self, AnnotationSpanError> {
        if from.is_before_tiktok() {
            return Err(AnnotationSpanError::TooEarly);
        }
        if until < from {
            return Err(AnnotationSpanError::Backwards);
        }
        Ok(Self { from, until })
    }

    /// Returns the first moment.
    pub const fn from(self) -> Timestamp {
        self.from
    }

    /// Returns the last moment.
    pub const fn until(self) -> Timestamp {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_one_line_of_limited_length() {
        assert_eq!("  launch ".parse::<AnnotationText>().expect("a text").as_str(), "launch");
        assert!("ä".repeat(ANNOTATION_LENGTH_MAX).parse::<AnnotationText>().is_ok());
        for wrong in ["", "  ", "a\nb", "a\u{7}", &"a".repeat(ANNOTATION_LENGTH_MAX + 1)] {
            assert_eq!(wrong.parse::<AnnotationText>(), Err(AnnotationTextError), "{wrong:?}");
        }
    }

    #[test]
    fn a_span_begins_after_tiktok_and_does_not_run_backwards() {
        let at = |text: &str| Timestamp::parse(text).expect("a time");
        let (day, next) = (at("2026-06-01"), at("2026-06-02"));
        let span = AnnotationSpan::new(day, next).expect("a span");
        assert_eq!((span.from(), span.until()), (day, next));
        assert!(AnnotationSpan::new(day, day).is_ok());
        assert_eq!(AnnotationSpan::new(next, day), Err(AnnotationSpanError::Backwards));
        assert_eq!(AnnotationSpan::new(at("2001-01-01"), day), Err(AnnotationSpanError::TooEarly));
    }
}
