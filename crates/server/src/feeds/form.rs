//! Formats of a feed, by the ending of its link.

use tables::Format;

/// A format of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    Csv,
    /// CSV with links in place of long ids.
    Sheets,
    Xlsx,
    Json,
    Rss,
}

impl Form {
    /// Returns the format of an ending and the value of `format`; `None` if there is none.
    pub(crate) fn of(ending: &str, named: Option<&str>) -> Option<Self> {
        match (ending, named) {
            ("csv", None) => Some(Self::Csv),
            ("csv", Some("sheets")) => Some(Self::Sheets),
            ("xlsx", None) => Some(Self::Xlsx),
            ("json", None) => Some(Self::Json),
            ("rss", None) => Some(Self::Rss),
            _ => None,
        }
    }

    /// Returns the ending of its links and files.
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::Csv | Self::Sheets => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
            Self::Rss => "rss",
        }
    }

    /// Returns the format of its rows; RSS is made of JSON.
    pub(crate) const fn of_rows(self) -> Format {
        match self {
            Self::Csv | Self::Sheets => Format::Csv,
            Self::Xlsx => Format::Xlsx,
            Self::Json | Self::Rss => Format::Json,
        }
    }

    /// True if it is saved as a file.
    pub(crate) const fn is_file(self) -> bool {
        matches!(self, Self::Csv | Self::Sheets | Self::Xlsx)
    }
}
