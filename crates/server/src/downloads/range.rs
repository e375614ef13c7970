//! Headers that request a part of an answer or a stored answer: `Range`, `If-Range`, `If-Match` and
//! `If-None-Match` (RFC 9110, sections 13 and 14).

use http::header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The part of an answer that a `Range` header requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestedRange {
    /// `bytes=N-`
    From(u64),
    /// `bytes=N-M`
    Between(u64, u64),
    /// `bytes=-N`
    Last(u64),
}

/// Bytes of an answer, both ends included; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl RequestedRange {
    /// Parses a single byte range. `None` without a header, for other units, several ranges or a malformed one:
    /// RFC 9110 has servers ignore these and send the whole answer.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let text = one(headers, &RANGE)?;
        let (unit, range) = text.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = range.trim().split_once('-')?;
        match (number(first), number(last)) {
            (Number::None, Number::Of(bytes)) => Some(Self::Last(bytes)),
            (Number::Of(first), Number::None) => Some(Self::From(first)),
            (Number::Of(first), Number::Of(last)) if first <= last => Some(Self::Between(first, last)),
            _ => None,
        }
    }

    /// Returns the bytes to send of an answer of `bytes` bytes, or `None` if the range is outside it.
    pub(crate) fn within(self, bytes: u64) -> Option<Span> {
        let end = bytes.checked_sub(1)?;
        match self {
            Self::From(first) => (first <= end).then_some(Span { first, last: end }),
            Self::Between(first, last) => (first <= end).then_some(Span { first, last: last.min(end) }),
            Self::Last(0) => None,
            Self::Last(wanted) => Some(Span { first: bytes.saturating_sub(wanted), last: end }),
        }
    }

    /// Returns true if it begins at the first byte, as the first request of a download does.
    pub(crate) fn is_from_the_beginning(self) -> bool {
        matches!(self, Self::From(0) | Self::Between(0, _))
    }
}

enum Number {
    None,
    Of(u64),
    Invalid,
}

/// Parses digits alone; a number above 64 bits becomes [`u64::MAX`].
fn number(text: &str) -> Number {
    let text = text.trim();
    match text {
        "" => Number::None,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Number::Of(digits.parse().unwrap_or(u64::MAX))
        }
        _ => Number::Invalid,
    }
}

impl Span {
    /// Returns its length in bytes.
    pub(crate) fn bytes(self) -> u64 {
        self.last - self.first + 1
    }

    /// Returns `Content-Range` for an answer of `of` bytes.
    pub(crate) fn content_range(self, of: u64) -> Option<HeaderValue> {
        format!("bytes {}-{}/{of}", self.first, self.last).try_into().ok()
    }
}

/// Entity tags in a request header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tags {
    /// `*`: any answer.
    Any,
    /// Entity tags without their quotes.
    These(Vec<String>),
}

impl Tags {
    /// Parses `If-Match`. Weak tags match nothing, as that header compares strongly.
    pub(crate) fn if_match(headers: &HeaderMap) -> Option<Self> {
        Self::listed(headers, &IF_MATCH, strong)
    }

    /// Parses `If-None-Match`, which compares weakly: a weak tag matches the strong one that a proxy derived it
    /// from.
    pub(crate) fn if_none_match(headers: &HeaderMap) -> Option<Self> {
        Self::listed(headers, &IF_NONE_MATCH, |tag| strong(tag.strip_prefix("W/").unwrap_or(tag)))
    }

    fn listed(headers: &HeaderMap, name: &HeaderName, read: fn(&str) -> Option<String>) -> Option<Self> {
        let values: Vec<&str> =
            headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("")).collect();
        if values.is_empty() {
            return None;
        }
        let tags = || values.iter().flat_map(|value| value.split(',')).map(str::trim);
        if tags().any(|tag| tag == "*") {
            return Some(Self::Any);
        }
        Some(Self::These(tags().filter_map(read).collect()))
    }

    /// Parses `If-Range`. A date matches nothing: stored answers have no time of modification.
    pub(crate) fn if_range(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(IF_RANGE)?.to_str().unwrap_or("");
        Some(Self::These(strong(value.trim()).into_iter().collect()))
    }

    /// Lists the tags; none for [`Self::Any`].
    pub(crate) fn named(&self) -> impl Iterator<Item = &str> {
        let these = match self {
            Self::Any => &[][..],
            Self::These(tags) => tags,
        };
        these.iter().map(String::as_str)
    }

    /// Returns true if a stored answer's tag is among them.
    pub(crate) fn has(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|one| one == tag),
        }
    }
}

fn strong(tag: &str) -> Option<String> {
    Some(tag.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// Returns a header that occurs once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().expect("a header value"));
        headers
    }

    #[test]
    fn one_range_of_bytes_is_read_and_anything_else_is_ignored() {
        let read = |text: &str| RequestedRange::read(&headers(RANGE, text));
        assert_eq!(read("bytes=0-"), Some(RequestedRange::From(0)));
        assert_eq!(read("Bytes = 5-9"), Some(RequestedRange::Between(5, 9)));
        assert_eq!(read("bytes=-500"), Some(RequestedRange::Last(500)));
        assert_eq!(read("bytes=99999999999999999999-"), Some(RequestedRange::From(u64::MAX)));
        for text in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=9-5",
            "bytes=a-",
            "bytes=0-1,5-9",
            "rows=0-",
            "bytes=+1-",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let mut twice = headers(RANGE, "bytes=0-");
        twice.append(RANGE, "bytes=5-".parse().expect("a header value"));
        assert_eq!(RequestedRange::read(&twice), None);
    }

    #[test]
    fn tags_are_compared_strongly() {
        let tags = |text: &str| Tags::if_match(&headers(IF_MATCH, text)).expect("a header");
        assert!(tags("\"a\", \"b\"").has("b") && tags("*").has("anything"));
        assert!(!tags("W/\"a\"").has("a") && !tags("a").has("a") && !tags("").has(""));
        let if_range = |text: &str| Tags::if_range(&headers(IF_RANGE, text)).expect("a header");
        assert!(if_range("\"a\"").has("a") && !if_range("W/\"a\"").has("a"));
        assert!(!if_range("Sun, 29 Nov 2026 17:00:00 GMT").has("a"));
        assert_eq!(Tags::if_match(&HeaderMap::new()), None);
    }

    fn any_wanted() -> impl Strategy<Value = RequestedRange> {
        prop_oneof![
            (0..40_u64).prop_map(RequestedRange::From),
            (0..40_u64, 0..40_u64).prop_map(|(a, b)| RequestedRange::Between(a.min(b), a.max(b))),
            (0..40_u64).prop_map(RequestedRange::Last),
        ]
    }

    proptest! {
        /// Compares with a check byte by byte.
        #[test]
        fn a_span_has_the_requested_bytes(wanted in any_wanted(), bytes in 0..30_u64) {
            let is_wanted = |place: u64| match wanted {
                RequestedRange::From(first) => place >= first,
                RequestedRange::Between(first, last) => (first..=last).contains(&place),
                RequestedRange::Last(count) => bytes - place <= count,
            };
            let places: Vec<u64> = (0..bytes).filter(|place| is_wanted(*place)).collect();
            let span = wanted.within(bytes);
            let spanned: Vec<u64> = span.map(|span| (span.first..=span.last).collect()).unwrap_or_default();
            prop_assert_eq!(&spanned, &places);
            prop_assert!(span.is_none_or(|span| span.bytes() == places.len() as u64));
        }
    }
}
