//! Readings that claim a time in the future or before 2014: a wrong clock, a wrong column, a unit that was taken for
//! another, or the 1970 that stands for "unknown". They are refused: a series would begin or end with them for good.

use crate::files::Options;
use crate::kept;
use crate::reading::{Found, retain_from};
use crate::record::{Around, refuse};
use domain::{Clock, Observation, Timestamp};
use std::borrow::Cow;
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
pub(crate) struct Present {
    clock: Option<Arc<dyn Clock>>,
    /// When the clock was last asked. It is asked again only for a time that is ahead of that.
    asked: Option<Timestamp>,
}

impl fmt::Debug for Present {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.clock.is_some() { "Present(clock)" } else { "Present(unknown)" })
    }
}

impl Present {
    pub(crate) fn new(options: &Options) -> Self {
        Self { clock: options.clock.clone(), asked: None }
    }

    /// The present, if any of these times may be ahead of it.
    fn now_beside(&mut self, latest: Option<Timestamp>) -> Option<Timestamp> {
        let clock = self.clock.as_ref()?;
        let latest = latest?;
        if self.asked.is_none_or(|asked| is_ahead(latest, asked)) {
            self.asked = Some(clock.now());
        }
        self.asked
    }

    /// Takes what a record gave from `start` on out of `found` where its time cannot be or nothing of it is worth keeping,
    /// and refuses the record for it.
    pub(crate) fn check(&mut self, raw: &[u8], around: Around, start: usize, found: &mut Vec<Found>) {
        self.check_shown(|| Cow::Borrowed(raw), around, start, found);
    }

    /// The same of a record that is written out only where it is refused.
    pub(crate) fn check_shown<'r>(
        &mut self,
        raw: impl Fn() -> Cow<'r, [u8]>,
        around: Around,
        start: usize,
        found: &mut Vec<Found>,
    ) {
        if let Some(reason) = kept::take_empty(start, found) {
            refuse(&raw(), reason.to_owned(), around, found);
        }
        let times = |found: &Found| match found {
            Found::Observation(observation) => observation.observed_at().max(posted_at(observation)),
            Found::Refused { .. } | Found::Foreign { .. } | Found::Note { .. } => None,
        };
        let now = self.now_beside(found.iter().skip(start).filter_map(times).max());
        let is_future = |at: Timestamp| now.is_some_and(|now| is_ahead(at, now));
        let at = |found: &Found| match found {
            Found::Observation(observation) => {
                let read = observation.observed_at().filter(|at| at.is_before_tiktok() || is_future(*at));
                let posted = posted_at(observation).filter(|at| is_future(*at));
                read.map(|at| ("read", at)).or(posted.map(|at| ("posted", at)))
            }
            Found::Refused { .. } | Found::Foreign { .. } | Found::Note { .. } => None,
        };
        let Some((what, first)) = found.iter().skip(start).find_map(at) else { return };
        retain_from(found, start, |one| at(one).is_none());
        let time = first.to_rfc3339();
        let reason = match now.filter(|_| !first.is_before_tiktok()) {
            Some(now) => format!(
                "{what} in the future: at {time}, and it is {} now; check the time in the record, and the clock",
                now.to_rfc3339()
            ),
            None => format!(
                "{what} at {time}, before 2014, when there was nothing to read; check the time in the record"
            ),
        };
        refuse(&raw(), reason, around, found);
    }
}

/// When a video was posted, as far as milliseconds tell it.
fn posted_at(observation: &Observation) -> Option<Timestamp> {
    let Observation::Video(video) = observation else { return None };
    video.details.create_time.map(|seconds| Timestamp::from_ms(seconds.saturating_mul(1000)))
}
