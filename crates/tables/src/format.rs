//! Formats, and their selection: by name, by file extension, by an `Accept` header.

use crate::accept::{Accept, Preference};
use std::path::Path;
use std::str::FromStr;
use strum::{IntoStaticStr, VariantArray};

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Format {
    /// One object: `{"data":[{...},{...}],"meta":{...}}`.
    Json,
    /// One object per line.
    Ndjson,
    /// RFC 4180, with a header line.
    Csv,
    /// A workbook of Excel and its like.
    Xlsx,
    /// Apache Parquet.
    Parquet,
}

/// Not the name of a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a format; formats are json, ndjson, csv, xlsx and parquet")]
pub struct UnknownFormat(
    /// The name.
    pub String,
);

impl Format {
    /// Returns the name in parameters.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the file extension, without the dot.
    pub fn extension(self) -> &'static str {
        self.name()
    }

    /// Returns the media type, without parameters.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// Returns the value of a `Content-Type` header.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            _ => self.media_type(),
        }
    }

    /// Returns the format of a file extension, ignoring case.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "jsonl" => Some(Self::Ndjson),
            extension => extension.parse().ok(),
        }
    }

    /// Returns the format that an `Accept` header prefers.
    pub fn of_accept(header: &str) -> Option<Self> {
        Self::preferred(header, Self::VARIANTS)
    }

    /// Returns the format among `offered` that an `Accept` header prefers, by RFC 9110: the most specific
    /// matching range determines the weight, and 0 excludes. On equal weight the more specific range wins,
    /// then the first range, then the first of `offered`. `None` if none is acceptable.
    pub fn preferred(header: &str, offered: &[Self]) -> Option<Self> {
        let accept = Accept::parse(header);
        let wish = |format: &Self| {
            let alias = (*format == Self::Ndjson).then_some("application/ndjson");
            let names = [Some(format.media_type()), alias].into_iter().flatten();
            // A wide range must not re-admit by one name what a narrow one excludes by the other.
            let named = names.filter_map(|name| accept.weigh(name));
            named.max_by_key(Preference::by_specificity).filter(|wish| !wish.is_refusal())
        };
        // `max_by_key` returns the last of equals, but the first is preferred.
        let wanted = offered.iter().copied().rev().filter(|format| wish(format).is_some());
        wanted.max_by_key(wish)
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let named = Self::VARIANTS.iter().copied().find(|format| format.name() == name);
        named.ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_endings_are_read_back() {
        for &format in Format::VARIANTS {
            assert_eq!(format.name().parse(), Ok(format));
            let path = format!("out/cats.2026.{}", format.extension().to_uppercase());
            assert_eq!(Format::of_path(Path::new(&path)), Some(format));
            assert_eq!(Format::of_accept(format.media_type()), Some(format));
            assert_eq!(Format::of_accept(format.content_type()), Some(format));
        }
        assert_eq!(Format::of_path(Path::new("cats.jsonl")), Some(Format::Ndjson));
        assert_eq!(Format::of_path(Path::new("csv")), None);
        assert_eq!(Format::of_path(Path::new("cats.svg")), None);
        let error = "xls".parse::<Format>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`xls` is not a format; formats are json, ndjson, csv, xlsx and parquet"
        );
    }

    #[test]
    fn accept_headers_are_weighed() {
        for (header, want) in [
            ("*/*", Some(Format::Json)),
            ("application/*", Some(Format::Json)),
            ("text/*", Some(Format::Csv)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Format::Json)),
            ("TEXT/CSV;Q=1", Some(Format::Csv)),
            ("application/ndjson", Some(Format::Ndjson)),
            // An explicit match beats a wildcard, and on equal weight the first one wins.
            ("*/*, text/csv", Some(Format::Csv)),
            ("application/x-ndjson, application/json", Some(Format::Ndjson)),
            ("application/json, application/x-ndjson", Some(Format::Json)),
            ("text/csv;q=0.5, application/vnd.apache.parquet", Some(Format::Parquet)),
            ("text/csv;q=0.5, */*", Some(Format::Json)),
            ("text/csv; charset=utf-8 ; q=0.2, application/json;q=0.1", Some(Format::Csv)),
            // A weight of 0 excludes, even if a wider range accepts everything.
            ("application/json;q=0, */*", Some(Format::Ndjson)),
            ("application/*;q=0, */*;q=0.1", Some(Format::Csv)),
            ("*/*;q=0", None),
            // Unparseable ranges are ignored.
            ("", None),
            ("json", None),
            ("text/html", None),
            ("image/*", None),
            ("text/csv;q=much", None),
            ("text/csv;q=2, application/json;q=0.1", Some(Format::Json)),
            ("text/csv;q=NaN", None),
        ] {
            assert_eq!(Format::of_accept(header), want, "{header}");
        }
    }

    #[test]
    fn only_what_is_offered_is_preferred() {
        let offered = [Format::Ndjson, Format::Parquet, Format::Csv];
        for (header, want) in [
            ("*/*", Some(Format::Ndjson)),
            ("application/json, text/csv;q=0.1", Some(Format::Csv)),
            ("application/*;q=0.5, application/x-ndjson;q=0", Some(Format::Parquet)),
            ("application/x-ndjson;q=0, */*;q=0.1", Some(Format::Parquet)),
            ("application/x-ndjson;q=0, application/ndjson, text/csv;q=0.1", Some(Format::Ndjson)),
            ("application/json", None),
        ] {
            assert_eq!(Format::preferred(header, &offered), want, "{header}");
        }
    }
}
