//! Weighs media types by an `Accept` header, as RFC 9110 section 12.5.1 does.

use std::cmp::Reverse;

/// The weight of a range without `q`, in thousandths.
const WEIGHT_MAX: u16 = 1000;

/// How much an `Accept` header wants a media type; the greater one is wanted more. Of two wanted alike the one named
/// more specifically is greater, then the one named first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wish {
    weight: u16,
    specificity: u8,
    place: Reverse<usize>,
}

impl Wish {
    /// Among wishes for names of one thing, the one of the most specific range is greatest.
    pub(crate) const fn by_specificity(&self) -> (u8, u16) {
        (self.specificity, self.weight)
    }

    /// Whether the header excludes the media type with a weight of 0.
    pub const fn is_refusal(self) -> bool {
        self.weight == 0
    }
}

/// The ranges of an `Accept` header.
#[derive(Debug)]
pub struct Accept<'a>(Vec<Range<'a>>);

impl<'a> Accept<'a> {
    /// Reads a header. Ranges that are malformed, or have a malformed weight, are left out.
    pub fn parse(header: &'a str) -> Self {
        Self(header.split(',').filter_map(Range::parse).collect())
    }

    /// Weighs a media type such as `text/csv`; the most specific range decides. `None` when no range names it.
    pub fn weigh(&self, media_type: &str) -> Option<Wish> {
        let naming = self.0.iter().enumerate().filter_map(|(place, range)| {
            Some((range.specificity(media_type)?, Reverse(place), range.weight))
        });
        naming.max().map(|(specificity, place, weight)| Wish { weight, specificity, place })
    }

    /// Whether a media type may be sent.
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

    /// How specifically it names a media type; `None` if it does not.
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

/// Reads a weight such as `0.5`, in thousandths. More digits than the three of RFC 9110 are rounded.
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
        assert!(Accept::parse("image/png;q=0").weigh("image/png").is_some_and(Wish::is_refusal));
        assert!(!Accept::parse("image/png;q=much, json").takes("image/png"));
    }
}
