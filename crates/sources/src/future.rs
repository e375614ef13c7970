//! Rejects readings with a time in the future or before 2014: a wrong clock, column or unit, or the 1970 that stands
//! for "unknown". Such a reading would be the first or last point of its series for good.

use crate::files::Options;
use crate::reading::{RecordOutput, retain_from};
use crate::record::{RecordContext, refuse};
use crate::stored_fields;
use domain::{Clock, Observation, Timestamp};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Longest time, in milliseconds, that a reading may be ahead of our clock: clocks differ, and some sources
/// round to the hour.
pub const AHEAD_MS_MAX: i64 = 3_600_000;

/// Part of the reason of every record that is rejected because of the present time.
pub(crate) const IN_THE_FUTURE: &str = "in the future: at";

/// Returns true if a reading at `at` is in the future.
pub fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    at.as_ms() > now.as_ms().saturating_add(AHEAD_MS_MAX)
}

/// The current time, if there is a clock; without one nothing is rejected.
#[derive(Clone, Default)]
pub(crate) struct Present {
    clock: Option<Arc<dyn Clock>>,
    /// Last value of the clock. It is read again only for a time ahead of this.
    last_read: Option<Timestamp>,
}

impl fmt::Debug for Present {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.clock.is_some() { "Present(clock)" } else { "Present(unknown)" })
    }
}

impl Present {
    pub(crate) fn new(options: &Options) -> Self {
        Self { clock: options.clock.clone(), last_read: None }
    }

    /// Returns the current time, if any of these times may be ahead of it.
    fn now_beside(&mut self, latest: Option<Timestamp>) -> Option<Timestamp> {
        let clock = self.clock.as_ref()?;
        let latest = latest?;
        if self.last_read.is_none_or(|last_read| is_ahead(latest, last_read)) {
            self.last_read = Some(clock.now());
        }
        self.last_read
    }

    /// Removes the observations of a record, from `start` on, and rejects it if its time is impossible or
    /// nothing in it is worth storing.
    pub(crate) fn check(
        &mut self,
        raw: &[u8],
        context: RecordContext,
        start: usize,
        found: &mut Vec<RecordOutput>,
    ) {
        self.check_shown(|| Cow::Borrowed(raw), context, start, found);
    }

    /// Does the same for a record that is formatted only if rejected.
    pub(crate) fn check_shown<'r>(
        &mut self,
        raw: impl Fn() -> Cow<'r, [u8]>,
        context: RecordContext,
        start: usize,
        found: &mut Vec<RecordOutput>,
    ) {
        if let Some(reason) = stored_fields::take_empty(start, found) {
            refuse(&raw(), reason.to_owned(), context, found);
        }
        let times = |found: &RecordOutput| match found {
            RecordOutput::Observation(observation) => observation.observed_at().max(posted_at(observation)),
            RecordOutput::Refused { .. } | RecordOutput::Foreign { .. } | RecordOutput::Note { .. } => None,
        };
        let now = self.now_beside(found.iter().skip(start).filter_map(times).max());
        let is_future = |at: Timestamp| now.is_some_and(|now| is_ahead(at, now));
        let at = |found: &RecordOutput| match found {
            RecordOutput::Observation(observation) => {
                let read = observation.observed_at().filter(|at| at.is_before_tiktok() || is_future(*at));
                let posted = posted_at(observation).filter(|at| is_future(*at));
                read.map(|at| ("read", at)).or(posted.map(|at| ("posted", at)))
            }
            RecordOutput::Refused { .. } | RecordOutput::Foreign { .. } | RecordOutput::Note { .. } => None,
        };
        let Some((what, first)) = found.iter().skip(start).find_map(at) else { return };
        retain_from(found, start, |one| at(one).is_none());
        let time = first.to_rfc3339();
        let reason = match now.filter(|_| !first.is_before_tiktok()) {
            Some(now) => format!(
                "{what} {IN_THE_FUTURE} {time}, and it is {} now; check the time in the record, and the clock",
                now.to_rfc3339()
            ),
            None => format!(
                "{what} at {time}, before 2014, when there was nothing to read; check the time in the record"
            ),
        };
        refuse(&raw(), reason, context, found);
    }
}

/// Returns the posting time of a video, if milliseconds can represent it.
fn posted_at(observation: &Observation) -> Option<Timestamp> {
    let Observation::Video(video) = observation else { return None };
    video.details.create_time.map(|seconds| Timestamp::from_ms(seconds.saturating_mul(1000)))
}
