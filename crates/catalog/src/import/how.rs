//! Options of an import: reading time, encoding, sheet. The command line, HTTP and the stored job have the same ones.

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use sources::files::{self, Encoding, Options, TimeOf};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The word for the date in a file's name.
const FILE_NAME: &str = "file-name";
/// The word for a file's time of change.
const MODIFIED: &str = "modified";

/// Longest name of a sheet, in characters. Spreadsheets allow 31 and other programs more.
pub const SHEET_LENGTH_MAX: usize = 255;

/// Invalid options of an import.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HowError(String);

/// Reading time, encoding and sheet of imported files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HowToRead {
    /// When records without a time of their own were read from TikTok.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<ObservedAt>,
    /// Text encoding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<EncodingName>,
    /// Which sheet of a workbook is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<SheetName>,
    /// Reads files that were imported before, too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

impl HowToRead {
    /// Returns whether nothing is stated.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether reading times come from the modification times of the files.
    pub(super) fn reads_modified(&self) -> bool {
        self.observed_at == Some(ObservedAt::Modified)
    }

    /// Returns the options of the reading.
    pub(super) fn options(&self) -> Options {
        let (observed_at, time_of) = match self.observed_at {
            None => (None, None),
            Some(ObservedAt::At(at)) => (Some(at), None),
            Some(ObservedAt::FileName) => (None, Some(TimeOf::FileName)),
            Some(ObservedAt::Modified) => (None, Some(TimeOf::Modified)),
        };
        Options {
            observed_at,
            time_of,
            encoding: self.encoding.map(|EncodingName(encoding)| encoding),
            sheet: self.sheet.as_ref().map(|SheetName(name)| Arc::clone(name)),
            ..Options::default()
        }
    }
}

/// When records without a time of their own were read from TikTok.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ObservedAt {
    /// At this moment.
    At(Timestamp),
    /// When the name of the file says.
    FileName,
    /// When the file was last changed.
    Modified,
}

impl ObservedAt {
    /// Refuses a moment of the future, and one before there was anything to read.
    pub fn check(self, now: Timestamp) -> Result<Self, HowError> {
        match self {
            Self::At(at) if files::is_ahead(at, now) => {
                Err(HowError(format!("{} is in the future: it is {} now", at.to_rfc3339(), now.to_rfc3339())))
            }
            Self::At(at) if at.is_before_tiktok() => {
                Err(HowError(format!("{} is before 2014, when there was nothing to read", at.to_rfc3339())))
            }
            known => Ok(known),
        }
    }
}

impl FromStr for ObservedAt {
    type Err = HowError;

    fn from_str(text: &str) -> Result<Self, HowError> {
        let text = text.trim();
        if matches!(text, FILE_NAME | MODIFIED) {
            return Ok(if text == FILE_NAME { Self::FileName } else { Self::Modified });
        }
        let Some(at) = Timestamp::parse(text) else {
            return Err(HowError(format!(
                "it is neither a time such as 2026-11-01T12:00Z or 2026-11-01, nor {FILE_NAME} or {MODIFIED}"
            )));
        };
        let has_zone =
            text.get(10..).is_some_and(|time| time.is_empty() || time.contains(['Z', 'z', '+', '-']));
        if has_zone {
            Ok(Self::At(at))
        } else {
            Err(HowError(
                "it has no zone; end it with Z for UTC, or with an offset such as +02:00".to_owned(),
            ))
        }
    }
}

impl fmt::Display for ObservedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => f.write_str(&at.to_rfc3339()),
            Self::FileName => f.write_str(FILE_NAME),
            Self::Modified => f.write_str(MODIFIED),
        }
    }
}

/// An encoding, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EncodingName(&'static Encoding);

impl FromStr for EncodingName {
    type Err = HowError;

    fn from_str(label: &str) -> Result<Self, HowError> {
        files::encoding(label).map(Self).map_err(|error| HowError(error.to_string()))
    }
}

impl fmt::Display for EncodingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// The name of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SheetName(Arc<str>);

impl FromStr for SheetName {
    type Err = HowError;

    fn from_str(name: &str) -> Result<Self, HowError> {
        if name.is_empty() || name.chars().count() > SHEET_LENGTH_MAX || name.chars().any(char::is_control) {
            return Err(HowError(format!(
                "the name of a sheet has 1 to {SHEET_LENGTH_MAX} characters and no control characters"
            )));
        }
        Ok(Self(name.into()))
    }
}

impl fmt::Display for SheetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As JSON, each is the text it was stated as.
macro_rules! stated_as_text {
    ($($kind:ty),*) => {$(
        impl TryFrom<String> for $kind {
            type Error = HowError;

            fn try_from(text: String) -> Result<Self, HowError> {
                text.parse()
            }
        }

        impl From<$kind> for String {
            fn from(stated: $kind) -> Self {
                stated.to_string()
            }
        }
    )*};
}

stated_as_text!(ObservedAt, EncodingName, SheetName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_a_zone_and_a_day_is_its_first_moment() {
        for (text, want) in [
            ("2026-11-01T12:00Z", "2026-11-01T12:00:00Z"),
            ("2026-11-01T12:00:05.250+02:00", "2026-11-01T10:00:05.250Z"),
            (" 2026-11-01 12:00z ", "2026-11-01T12:00:00Z"),
            ("2026-11-01", "2026-11-01T00:00:00Z"),
            ("file-name", "file-name"),
            ("modified", "modified"),
        ] {
            let stated = text.parse::<ObservedAt>().map(|stated| stated.to_string());
            assert_eq!(stated.as_deref(), Ok(want), "{text}");
        }
        for (text, part) in [
            ("2026-11-01T12:00", "has no zone; end it with Z"),
            ("2026-11-01 12:00:00", "has no zone"),
            ("yesterday", "neither a time such as 2026-11-01T12:00Z"),
            ("1699999999", "neither a time"),
            ("2026-02-30", "neither a time"),
            ("", "neither a time"),
            ("filename", "nor file-name or modified"),
        ] {
            let error = text.parse::<ObservedAt>().expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_time_of_the_future_or_before_2014_is_refused() {
        let now = Timestamp::parse("2026-11-30T00:00:00Z").expect("a time");
        let check = |text: &str| {
            text.parse::<ObservedAt>().expect("a time").check(now).map_err(|why| why.to_string())
        };
        assert!(check("2026-11-30T00:30Z").is_ok() && check("file-name").is_ok());
        assert!(check("2026-12-01").is_err_and(|why| why.contains("is in the future: it is 2026-11-30")));
        assert!(check("2013-12-31").is_err_and(|why| why.contains("before 2014")));
    }

    #[test]
    fn what_is_stated_survives_in_a_job() {
        let how = HowToRead {
            observed_at: "2026-11-01T12:00+02:00".parse().ok(),
            encoding: "latin1".parse().ok(),
            sheet: "Täglich".parse().ok(),
            again: true,
        };
        let json = serde_json::to_string(&how).expect("texts");
        assert_eq!(
            json,
            r#"{"observed_at":"2026-11-01T10:00:00Z","encoding":"windows-1252","sheet":"Täglich","again":true}"#
        );
        assert_eq!(serde_json::from_str::<HowToRead>(&json).ok(), Some(how));
        assert_eq!(serde_json::from_str::<HowToRead>("{}").ok(), Some(HowToRead::default()));
        for wrong in [r#"{"encoding":"ebcdic"}"#, r#"{"sheet":""}"#, r#"{"observed_at":"soon"}"#] {
            assert!(serde_json::from_str::<HowToRead>(wrong).is_err(), "{wrong}");
        }
    }
}
