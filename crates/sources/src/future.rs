//! Readings that claim to be made in the future: a wrong clock, a wrong column, or a unit that was taken for another. They
//! are refused, since a series would end with them for ever.

use crate::reading::Found;
use crate::record::{Around, refuse};
use domain::{Clock, Timestamp};
use std::fmt;
use std::sync::Arc;

/// How far a reading may be ahead of our clock: clocks differ, and some sources round to the hour.
pub const AHEAD_MS_MAX: i64 = 3_600_000;

/// Whether a reading made at this moment is one of the future.
pub fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    at.as_ms() > now.as_ms().saturating_add(AHEAD_MS_MAX)
}

/// The present, as far as it is known; without a clock nothing is refused.
#[derive(Clone, Default)]
pub(crate) struct Present(pub(crate) Option<Arc<dyn Clock>>);

impl fmt::Debug for Present {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Present(clock)" } else { "Present(unknown)" })
    }
}

impl Present {
    /// Takes what a record gave from `start` on out of `found` where it is of the future, and refuses the record for it.
    pub(crate) fn check(&self, raw: &[u8], around: Around, start: usize, found: &mut Vec<Found>) {
        let Some(clock) = &self.0 else { return };
        let now = clock.now();
        let at = |found: &Found| match found {
            Found::Observation(observation) => observation.observed_at().filter(|at| is_ahead(*at, now)),
            Found::Refused { .. } => None,
        };
        let Some(first) = found.iter().skip(start).find_map(at) else { return };
        let mut number = 0;
        found.retain(|one| {
            number += 1;
            number <= start || at(one).is_none()
        });
        let reason = format!(
            "read in the future: at {}, and it is {} now; check the time in the record, and the clock",
            first.to_rfc3339(),
            now.to_rfc3339()
        );
        refuse(raw, reason, around, found);
    }
}
