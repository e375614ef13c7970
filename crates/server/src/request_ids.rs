//! Request ids: the time and 74 bits that look random, derived from a given seed and a counter, so that a test
//! can repeat them and no lock is needed.

use crate::header_value::Text;
use domain::{RequestId, Timestamp};
use http::HeaderValue;
use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Makes request ids.
#[derive(Debug)]
pub(crate) struct RequestIds {
    seed: u64,
    made: AtomicU64,
}

impl RequestIds {
    /// Creates a generator. The seed must differ between two servers on one database and between two runs.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, made: AtomicU64::new(0) }
    }

    /// Returns the next id.
    pub(crate) fn next(&self, now: Timestamp) -> RequestId {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        RequestId::new(now, xxh3_128_with_seed(&number.to_le_bytes(), self.seed))
    }
}

/// Formats an id as a header value: 8-4-4-4-12 hexadecimal digits.
pub(crate) fn to_header(id: RequestId) -> HeaderValue {
    let bytes = id.to_bytes();
    let parts = [&bytes[..4], &bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]];
    let [first, rest @ ..] = parts;
    let mut text = Text::new();
    text.hexadecimal(first);
    for part in rest {
        text.text("-").hexadecimal(part);
    }
    text.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_the_id_as_text() {
        for random in [0, 7, u128::MAX, 0x1234_5678_9abc_def0_0fed_cba9_8765_4321] {
            let id = RequestId::new(Timestamp::from_ms(1_700_000_000_000), random);
            assert_eq!(to_header(id).to_str().expect("ASCII"), id.to_string());
        }
    }

    #[test]
    fn ids_differ_and_can_be_repeated() {
        let at = Timestamp::from_ms(1_700_000_000_000);
        let (ids, same, other) = (RequestIds::new(1), RequestIds::new(1), RequestIds::new(2));
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100_000 {
            let id = ids.next(at);
            assert_eq!(id, same.next(at));
            assert!(seen.insert(id) && seen.insert(other.next(at)));
        }
    }
}
