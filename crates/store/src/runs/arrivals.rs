//! Arrivals: when the readings of a run came in, packed beside their times. A file brings many at one moment, and a tracker
//! one after the other, each soon after it was taken: both take a few bytes.

use crate::packed::{put, take, unzigzag, zigzag};

/// Arrival of a reading that an older version stored: not known.
pub(crate) const UNKNOWN: i64 = i64::MIN;

/// The way in which some readings that follow one another came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It is not known.
    Unknown,
    /// At one moment.
    Together,
    /// Each so long after it was taken.
    Late,
}

/// The kinds by their numbers.
const KINDS: [Kind; 3] = [Kind::Unknown, Kind::Together, Kind::Late];
/// Number of [`KINDS`].
const KINDS_COUNT: u64 = 3;

/// The numbers before the next one, which is a change of one of them.
struct Last {
    moment: i64,
    late: i64,
}

/// Packs the arrivals of readings with these times; `None` if none is known.
pub(crate) fn pack(times: &[i64], arrivals: &[i64]) -> Option<Vec<u8>> {
    if arrivals.iter().all(|arrived| *arrived == UNKNOWN) {
        return None;
    }
    let mut packed = Vec::new();
    let mut last = Last { moment: times.first().copied().unwrap_or(0), late: 0 };
    let mut place = 0;
    while let (Some(&at), Some(&arrived)) = (times.get(place), arrivals.get(place)) {
        let late = arrived.wrapping_sub(at);
        let rest = || times[place..].iter().zip(&arrivals[place..]);
        let together = rest().take_while(|(_, other)| **other == arrived).count();
        let alike =
            rest().take_while(|(at, other)| **other != UNKNOWN && other.wrapping_sub(**at) == late).count();
        let (moment_change, late_change) =
            (zigzag(arrived.wrapping_sub(last.moment)), zigzag(late.wrapping_sub(last.late)));
        let (kind, count, change) = if arrived == UNKNOWN {
            (Kind::Unknown, together, None)
        } else if alike > together || (alike == together && late_change < moment_change) {
            (Kind::Late, alike, Some(late_change))
        } else {
            (Kind::Together, together, Some(moment_change))
        };
        put(&mut packed, count as u64 * KINDS_COUNT + kind as u64);
        if let Some(change) = change {
            put(&mut packed, change);
            last = Last {
                moment: arrivals[place + count - 1],
                late: arrivals[place + count - 1].wrapping_sub(times[place + count - 1]),
            };
        }
        place += count;
    }
    Some(packed)
}

/// Undoes [`pack`]; `None` if the bytes are damaged.
pub(crate) fn unpack(times: &[i64], mut packed: &[u8]) -> Option<Vec<i64>> {
    let mut arrivals = Vec::with_capacity(times.len());
    let mut last = Last { moment: times.first().copied().unwrap_or(0), late: 0 };
    while !packed.is_empty() {
        let head = take(&mut packed)?;
        let kind = KINDS[usize::try_from(head % KINDS_COUNT).ok()?];
        let count = usize::try_from(head / KINDS_COUNT).ok().filter(|count| *count > 0)?;
        let of = times.get(arrivals.len()..)?.get(..count)?;
        match kind {
            Kind::Unknown => arrivals.resize(arrivals.len() + count, UNKNOWN),
            Kind::Together => {
                let moment = last.moment.wrapping_add(unzigzag(take(&mut packed)?));
                arrivals.resize(arrivals.len() + count, moment);
            }
            Kind::Late => {
                let late = last.late.wrapping_add(unzigzag(take(&mut packed)?));
                arrivals.extend(of.iter().map(|at| at.wrapping_add(late)));
            }
        }
        if let (Some(at), Some(arrived)) = (of.last(), arrivals.last())
            && kind != Kind::Unknown
        {
            last = Last { moment: *arrived, late: arrived.wrapping_sub(*at) };
        }
    }
    (arrivals.len() == times.len()).then_some(arrivals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR_MS: i64 = 3_600_000;

    fn times(count: i64) -> Vec<i64> {
        (0..count).map(|n| 1_704_067_200_000 + 3 * n * HOUR_MS).collect()
    }

    #[test]
    fn what_came_in_by_a_file_or_as_it_was_taken_takes_little() {
        let times = times(248);
        let by_file = vec![1_790_000_000_000; times.len()];
        let packed = pack(&times, &by_file).expect("known");
        assert!(packed.len() <= 9, "{}", packed.len());
        // Some hundred milliseconds after the reading, never the same.
        let taken: Vec<i64> = (0..).zip(&times).map(|(n, at)| at + 200 + n * 37 % 90).collect();
        let packed = pack(&times, &taken).expect("known");
        assert!(packed.len() <= 3 * times.len(), "{}", packed.len());
        assert_eq!(pack(&times, &vec![UNKNOWN; times.len()]), None);
    }

    #[test]
    fn damaged_bytes_are_noticed() {
        let times = times(3);
        for packed in [&[][..], &[0x80], &[3 * 2], &[3 * 4], &[0], &[3 * 3 + 1], &[3 * 3, 3]] {
            assert_eq!(unpack(&times, packed), None, "{packed:?}");
        }
        assert_eq!(unpack(&times, &[9]), Some(vec![UNKNOWN; 3]));
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(
            readings in prop::collection::vec(
                (0_i64..9, prop_oneof![2 => Just(None), 3 => (0_i64..3).prop_map(Some), 1 => any::<i64>().prop_map(Some)]),
                1..40,
            ),
        ) {
            let times: Vec<i64> = (0..).zip(&readings).map(|(n, (at, _))| n * 10 + at).collect();
            let arrivals: Vec<i64> = readings.iter().map(|(_, arrived)| arrived.unwrap_or(UNKNOWN)).collect();
            match pack(&times, &arrivals) {
                Some(packed) => prop_assert_eq!(unpack(&times, &packed), Some(arrivals)),
                None => prop_assert!(arrivals.iter().all(|arrived| *arrived == UNKNOWN)),
            }
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>, count in 0_i64..9) {
            let _ = unpack(&times(count), &bytes);
        }
    }
}
