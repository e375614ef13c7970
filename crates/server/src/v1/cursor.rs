//! Cursors of `/v1`: where the next page begins, and which list it belongs to. Clients take them as they come.

use crate::problem::Problem;
use catalog::measure::Place;
use std::fmt;
use xxhash_rust::xxh3::Xxh3;

/// Characters of a cursor: three numbers of 64 bits in hexadecimal.
const LENGTH: usize = 48;

/// Where a page begins in which list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PageCursor {
    /// The list: endpoint, filter and order.
    pub(crate) list: u64,
    /// The place in it.
    pub(crate) place: Place,
}

impl PageCursor {
    /// What cursors of a list have in common: its path, and every parameter that filters or orders it.
    pub(crate) fn list_of(path: &str, parameters: &[(String, String)]) -> u64 {
        let mut hash = Xxh3::new();
        hash.update(path.as_bytes());
        for (name, value) in parameters {
            for text in [name, value] {
                hash.update(&(text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
        }
        hash.digest()
    }

    /// The place that a cursor of this list names.
    pub(crate) fn parse(text: &str, list: u64) -> Result<Place, Problem> {
        let unknown = || {
            Problem::parameter("cursor", "cursor is not one of ours; give the next_cursor of the page before")
        };
        if text.len() != LENGTH || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(unknown());
        }
        let number = |at: usize| u64::from_str_radix(&text[at..at + LENGTH / 3], 16).map_err(|_| unknown());
        let (of, value, number) = (number(0)?, f64::from_bits(number(LENGTH / 3)?), number(LENGTH / 3 * 2)?);
        if value.is_nan() {
            return Err(unknown());
        }
        if of != list {
            let detail = "cursor belongs to another list: keep path, filter and order as on the page before, or leave it out";
            return Err(Problem::parameter("cursor", detail));
        }
        Ok(Place { value, number })
    }
}

impl fmt::Display for PageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { value, number } = self.place;
        write!(f, "{:016x}{:016x}{number:016x}", self.list, value.to_bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cursor_belongs_to_its_list() {
        let of = |path, pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            PageCursor::list_of(path, &pairs)
        };
        let list = of("/v1/trending", &[("sort", "growth")]);
        let cursor = PageCursor { list, place: Place { value: 1.5, number: 7 } };
        assert_eq!(PageCursor::parse(&cursor.to_string(), list).expect("a place"), cursor.place);
        for other in [
            of("/v1/trending", &[]),
            of("/v1/trending", &[("sort", "velocity")]),
            of("/v1/hashtags", &[("sort", "growth")]),
            of("/v1/trending", &[("sortg", "rowth")]),
        ] {
            let refused = PageCursor::parse(&cursor.to_string(), other).expect_err("of another list");
            assert_eq!(refused.param(), Some("cursor"));
        }
    }

    proptest! {
        #[test]
        fn every_place_comes_back_and_no_text_is_a_fault_of_ours(
            value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO,
            number in any::<u64>(),
            text in "\\PC{0,60}|[0-9a-f]{48}",
        ) {
            let cursor = PageCursor { list: 9, place: Place { value, number } };
            prop_assert_eq!(PageCursor::parse(&cursor.to_string(), 9).expect("a place"), cursor.place);
            let _ = PageCursor::parse(&text, 9);
        }
    }
}
