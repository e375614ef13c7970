//! The slots of a tracker: equal stretches of time, in each of which it reads once.

use super::Interval;
use crate::Timestamp;
use sha2::{Digest, Sha256};

/// The slots of one hashtag at one interval.
///
/// They begin at a phase of the hashtag's own, derived from its key, so that ten thousand hashtags are not all read at
/// midnight, and all trackers of a hashtag read it at the same time: one call serves them. The phase is one moment of a week
/// for all intervals, so that their slots nest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    phase_ms: i64,
    interval_ms: i64,
}

/// A slot: its first moment, and the first moment after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// First moment.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
}

impl Slots {
    /// Returns the slots at an interval of what is tracked, such as the key of a hashtag.
    pub fn new(key: &str, interval: Interval) -> Self {
        let digest = Sha256::digest(key.as_bytes());
        let (first, _) = digest.split_first_chunk().expect("a digest has 32 bytes");
        let random = u64::from_be_bytes(*first);
        let phase = random % Interval::Week.as_ms().cast_unsigned();
        Self { phase_ms: phase.cast_signed(), interval_ms: interval.as_ms() }
    }

    /// Returns the slot of a moment.
    pub fn at(self, at: Timestamp) -> Slot {
        // In wider numbers: a clock may say anything.
        let (at, phase, interval) =
            (i128::from(at.as_ms()), i128::from(self.phase_ms), self.interval_ms.into());
        let from: i128 = (at - phase).div_euclid(interval) * interval + phase;
        let bound = |ms: i128| {
            let bounded = ms.clamp(i64::MIN.into(), i64::MAX.into());
            Timestamp::from_ms(i64::try_from(bounded).unwrap_or(i64::MAX))
        };
        Slot { from: bound(from), until: bound(from + interval) }
    }
}

impl Slot {
    /// Returns true if a moment is in the slot.
    pub fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strum::VariantArray;

    #[test]
    fn hashtags_spread_over_the_day() {
        const HASHTAGS: u32 = 10_000;
        const HOURS: usize = 24;
        let mut begins = [0_u32; HOURS];
        for number in 0..HASHTAGS {
            let slot =
                Slots::new(&format!("tag{number}"), Interval::Day).at(Timestamp::from_ms(1_800_000_000_000));
            let hour = slot.from.as_ms().div_euclid(Interval::Hour.as_ms()).rem_euclid(HOURS as i64);
            begins[usize::try_from(hour).expect("an hour of the day")] += 1;
        }
        // 417 are expected in each hour, with a standard deviation of 20.
        assert!(begins.iter().all(|hashtags| (317..517).contains(hashtags)), "{begins:?}");
    }

    #[test]
    fn the_phase_of_a_key_never_changes() {
        // Stored spans end where slots began: another phase would tear them.
        let slot = Slots::new("cat", Interval::Week).at(Timestamp::from_ms(1_800_000_000_000));
        assert_eq!(slot.from.to_rfc3339(), "2027-01-14T22:02:44.259Z");
        assert_eq!(slot.until.to_rfc3339(), "2027-01-21T22:02:44.259Z");
    }

    proptest! {
        #[test]
        fn slots_meet_and_nest(key: String, at_ms in -4_000_000_000_000_i64..8_000_000_000_000) {
            let at = Timestamp::from_ms(at_ms);
            let mut shorter: Option<Slot> = None;
            for interval in Interval::VARIANTS {
                let slots = Slots::new(&key, *interval);
                let slot = slots.at(at);
                prop_assert!(slot.contains(at));
                prop_assert_eq!(slot.until.as_ms() - slot.from.as_ms(), interval.as_ms());
                let next = slots.at(slot.until);
                prop_assert_eq!(next.from, slot.until);
                prop_assert_eq!(slots.at(Timestamp::from_ms(slot.from.as_ms() - 1)).until, slot.from);
                if let Some(shorter) = shorter {
                    prop_assert!(slot.from <= shorter.from && shorter.until <= slot.until);
                }
                shorter = Some(slot);
            }
        }

        #[test]
        fn a_clock_may_say_anything(key: String, at_ms: i64) {
            let slot = Slots::new(&key, Interval::Day).at(Timestamp::from_ms(at_ms));
            prop_assert!(slot.from.as_ms() <= at_ms && at_ms <= slot.until.as_ms());
        }
    }
}
