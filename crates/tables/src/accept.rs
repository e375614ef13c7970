//! Weighs media types by an `Accept` header (RFC 9110, section 12.5.1).

use std::cmp::Reverse;

/// Weight of a range without `q`, in thousandths.
const WEIGHT_MAX: u16 = 1000;

/// Preference of an `Accept` header for a media type; greater is preferred. On equal weight the more
/// specific range wins, then the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Preference {
    weight: u16,
    specificity: u8,
    place: Reverse<usize>,
}

impl Preference {
    /// Compares names of the same type: the most specific range wins.
    pub(crate) const fn by_specificity(&self) -> (u8, u16) {
        (self.specificity, self.weight)
    }

    /// Returns true if the header excludes the media type with a weight of 0.
    pub const fn is_refusal(self) -> bool {
        self.weight == 0
    }
}

/// The ranges of an `Accept` header.
#[derive(Debug)]
pub struct Accept<'a>(Vec<Range<'a>>);

impl<'a> Accept<'a> {
    /// Parses a header. Malformed ranges, and those with malformed weights, are ignored.
    pub fn parse(header: &'a str) -> Self {
        Self(header.split(',').filter_map(Range::parse).collect())
    }

    /// Weighs a media type such as `text/csv`; the most specific range decides. `None` if no range matches.
    pub fn weigh(&self, media_type: &str) -> Option<Preference> {
        let naming = self.0.iter().enumerate().filter_map(|(place, range)| {
            Some((range.specificity(media_type)?, Reverse(place), range.weight))
        });
        naming.max().map(|(specificity, place, weight)| Preference { weight, specificity, place })
    }

    /// Returns true if a media type is acceptable.
    pub fn takes(&self, media_type: &str) -> bool {
        self.weigh(media_type).is_some_and(|wish| !wish.is_refusal())
    }
}

/// A media range: `type/subtype`, `type/*` or `*/*`, and its weight.
#[derive(Debug)]
struct Range<'a> {
    main: &'a str,
    sub: &'a str,
    weight: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (main, sub) = parts.next()?.split_once('/')?;
        let mut weight = WEIGHT_MAX;
        for parameter in parts {
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim().eq_ignore_ascii_case("q")
            {
                weight = weight_of(value.trim())?;
            }
        }
        Some(Self { main, sub, weight })
    }

    /// Returns the specificity of the match; `None` if the range does not match.
    fn specificity(&self, media_type: &str) -> Option<u8> {
        let (main, sub) = media_type.split_once('/')?;
        let is_main = self.main.eq_ignore_ascii_case(main);
        match (self.main, self.sub) {
            ("*", "*") => Some(0),
            (_, "*") if is_main => Some(1),
            _ if is_main && self.sub.eq_ignore_ascii_case(sub) => Some(2),
            _ => None,
        }
    }
}

/// Parses a weight such as `0.5`, in thousandths. More digits than the three of RFC 9110 are rounded.
pub fn weight_of(text: &str) -> Option<u16> {
    let weight: f32 = text.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1000")]
    (0.0..=1.0).contains(&weight).then(|| (weight * f32::from(WEIGHT_MAX)).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_decides() {
        let accept = Accept::parse("text/*;q=0, text/csv, */*;q=0.1");
        assert!(accept.takes("text/csv") && accept.takes("image/png") && !accept.takes("text/plain"));
        assert!(accept.weigh("text/csv") > accept.weigh("image/png"));
        assert_eq!(Accept::parse("text/csv").weigh("image/png"), None);
        assert!(Accept::parse("image/png;q=0").weigh("image/png").is_some_and(Preference::is_refusal));
        assert!(!Accept::parse("image/png;q=much, json").takes("image/png"));
    }
}
