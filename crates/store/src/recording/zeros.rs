//! Zeros that mean "unknown": a 0 that was read after a number that is not 0.
//!
//! Sources put 0 where they know nothing. A count that was ever above 0 does not fall back to 0, so such a 0 is stored
//! as unknown, in whatever order the two readings arrive. What decides is the earliest reading of a count that is not 0:
//! no stored reading after it holds a 0. It is looked up once in a transaction, and only for readings that are older
//! than the newest; stored zeros are cleared only between a new earliest reading and the one before it, so that each
//! stored reading is gone through at most once.

use crate::StoreError;
use crate::merge::KnownCount;
use domain::{Count, Timestamp};

/// The stored readings of one hashtag or video that was there before the transaction.
pub(super) trait StoredReadings {
    /// Returns the time (milliseconds) of the earliest stored reading whose count `n` is not 0. Readings of the transaction
    /// itself may be left out.
    fn first_nonzero(&mut self, n: usize) -> Result<Option<i64>, StoreError>;

    /// Makes count `n` unknown where it is 0, in stored readings within `times`.
    fn clear_zeros(&mut self, n: usize, times: Times) -> Result<(), StoreError>;
}

/// Times after one moment, up to and including another, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) after: i64,
    pub(crate) until: i64,
}

impl Times {
    /// The smallest range that holds both.
    pub(crate) fn union(self, other: Self) -> Self {
        Self { after: self.after.min(other.after), until: self.until.max(other.until) }
    }

    /// Returns whether a moment is among them.
    pub(crate) fn contains(self, at: i64) -> bool {
        self.after < at && at <= self.until
    }
}

/// The times of the earliest readings that are not 0, of each count of one hashtag or video, as far as a transaction
/// knows them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FirstNonzero<const N: usize> {
    /// Milliseconds; `i64::MIN` for a reading without a time, `i64::MAX` where there is none.
    at: [i64; N],
    /// Bit n is set when the stored readings of count n were looked up.
    looked_up: u8,
}

impl<const N: usize> Default for FirstNonzero<N> {
    fn default() -> Self {
        Self { at: [i64::MAX; N], looked_up: 0 }
    }
}

impl<const N: usize> FirstNonzero<N> {
    /// State of a hashtag or video that the transaction makes, with its readings so far.
    pub(super) fn of_new(readings: &[Option<KnownCount>; N]) -> Self {
        let nonzero = readings.map(|known| known.filter(|known| known.count.value() > 0));
        Self { at: nonzero.map(|known| known.map_or(i64::MAX, |known| ms(known.at))), looked_up: u8::MAX }
    }

    /// Returns the counts of a reading as they are to be stored, and clears the stored zeros that it shows to be unknown.
    /// `newest` is what stands of each count before this reading. A reading without a time counts as the oldest.
    pub(super) fn settle(
        &mut self,
        stored: &mut impl StoredReadings,
        at: Option<Timestamp>,
        mut counts: [Option<Count>; N],
        newest: &[Option<KnownCount>; N],
    ) -> Result<[Option<Count>; N], StoreError> {
        for (n, place) in counts.iter_mut().enumerate() {
            let Some(count) = *place else { continue };
            if count.value() > 0 {
                self.nonzero(stored, n, at, newest[n])?;
            } else if let Some(at) = at
                && self.is_unknown(stored, n, at, newest[n])?
            {
                *place = None;
            }
        }
        Ok(counts)
    }

    /// Returns whether a 0 of this time comes after a number that is not 0.
    fn is_unknown(
        &mut self,
        stored: &mut impl StoredReadings,
        n: usize,
        at: Timestamp,
        newest: Option<KnownCount>,
    ) -> Result<bool, StoreError> {
        let Some(known) = newest.filter(|known| known.count.value() > 0) else { return Ok(false) };
        if known.at.is_none_or(|known_at| known_at < at) {
            return Ok(true);
        }
        Ok(self.earliest(stored, n)? < at.as_ms())
    }

    /// Notes a number that is not 0, and clears the zeros that it makes unknown.
    fn nonzero(
        &mut self,
        stored: &mut impl StoredReadings,
        n: usize,
        at: Option<Timestamp>,
        newest: Option<KnownCount>,
    ) -> Result<(), StoreError> {
        let at_ms = ms(at);
        // Without a newest one nothing is stored, and after the newest one there is nothing either.
        if let Some(newest) = newest.filter(|newest| at < newest.at) {
            // Where the newest is 0 all are.
            let until = if newest.count.value() == 0 { i64::MAX } else { self.earliest(stored, n)? };
            if at_ms < until {
                stored.clear_zeros(n, Times { after: at_ms, until })?;
            }
        }
        self.at[n] = self.at[n].min(at_ms);
        Ok(())
    }

    fn earliest(&mut self, stored: &mut impl StoredReadings, n: usize) -> Result<i64, StoreError> {
        if self.looked_up >> n & 1 == 0 {
            let found = stored.first_nonzero(n)?.unwrap_or(i64::MAX);
            self.at[n] = self.at[n].min(found);
            self.looked_up |= 1 << n;
        }
        Ok(self.at[n])
    }
}

/// A reading without a time is older than all others.
fn ms(at: Option<Timestamp>) -> i64 {
    at.map_or(i64::MIN, Timestamp::as_ms)
}
