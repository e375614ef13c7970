//! Windows of days: the periods in which videos are fetched, and the splitting of a failed one.

use crate::{Timestamp, UtcDay};
use std::fmt;

/// Most days of a window, the first and the last included. TikTok's Research API takes no more.
pub const WINDOW_DAYS_MAX: u32 = 30;

/// Window lengths in days: the first one, and the next after each failure. The last one is not split
/// further.
pub const WINDOW_DAYS: [u32; 3] = [WINDOW_DAYS_MAX, 7, 1];

/// No video was posted before 2014-01-01, when musical.ly began; none is fetched from 2100-01-01 on.
const DAYS: std::ops::Range<i64> = 16_071..47_482;

/// Whole days in UTC, the first and the last included, at most [`WINDOW_DAYS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window {
    first: UtcDay,
    last: UtcDay,
}

/// Why days are not a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// It ends before it begins.
    #[error("it ends before it begins")]
    Backwards,
    /// It is longer than [`WINDOW_DAYS_MAX`].
    #[error("it has {days} days, and at most {WINDOW_DAYS_MAX} are taken")]
    TooLong {
        /// Its days.
        days: u64,
    },
    /// It lies outside of the years 2014 to 2099.
    #[error("days are between 2014-01-01 and 2099-12-31")]
    OutOfRange,
}

fn check(first: UtcDay, last: UtcDay) -> Result<(), WindowError> {
    if !DAYS.contains(&first.number()) || !DAYS.contains(&last.number()) {
        return Err(WindowError::OutOfRange);
    }
    if last < first { Err(WindowError::Backwards) } else { Ok(()) }
}

impl Window {
    /// From its first to its last day.
    pub fn new(first: UtcDay, last: UtcDay) -> Result<Self, WindowError> {
        check(first, last)?;
        let days = last.number().abs_diff(first.number()) + 1;
        if days > u64::from(WINDOW_DAYS_MAX) {
            Err(WindowError::TooLong { days })
        } else {
            Ok(Self { first, last })
        }
    }

    /// The windows that hold each day from `first` to `last` exactly once, in order, each of at most `days` days
    /// (and never more than [`WINDOW_DAYS_MAX`]).
    pub fn covering(first: UtcDay, last: UtcDay, days: u32) -> Result<Vec<Self>, WindowError> {
        check(first, last)?;
        Ok(pieces(first, last, days))
    }

    /// Its first day.
    pub const fn first(self) -> UtcDay {
        self.first
    }

    /// Its last day.
    pub const fn last(self) -> UtcDay {
        self.last
    }

    /// Returns its length in days.
    pub fn days(self) -> u32 {
        u32::try_from(self.last.number().abs_diff(self.first.number()))
            .map_or(WINDOW_DAYS_MAX, |days| days + 1)
    }

    /// Returns true if a moment is in it.
    pub fn contains(self, at: Timestamp) -> bool {
        (self.first..=self.last).contains(&UtcDay::of(at))
    }

    /// The same days in windows of the next smaller length of [`WINDOW_DAYS`]; `None` for a single day.
    pub fn cut(self) -> Option<Vec<Self>> {
        let smaller = WINDOW_DAYS.into_iter().find(|days| *days < self.days())?;
        Some(pieces(self.first, self.last, smaller))
    }
}

fn pieces(first: UtcDay, last: UtcDay, days: u32) -> Vec<Window> {
    let days = i64::from(days.clamp(1, WINDOW_DAYS_MAX));
    let mut windows = Vec::new();
    let mut next = first.number();
    while next <= last.number() {
        let end = (next + days - 1).min(last.number());
        windows.push(Window { first: UtcDay::from_number(next), last: UtcDay::from_number(end) });
        next = end + 1;
    }
    windows
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(number: i64) -> UtcDay {
        UtcDay::from_number(number)
    }

    fn days_of(windows: &[Window]) -> Vec<i64> {
        windows.iter().flat_map(|w| w.first().number()..=w.last().number()).collect()
    }

    #[test]
    fn a_wrong_window_cannot_be_made() {
        let new = |first, last| Window::new(day(first), day(last));
        assert_eq!(new(20_000, 20_029).map(Window::days), Ok(30));
        assert_eq!(new(20_000, 20_030), Err(WindowError::TooLong { days: 31 }));
        assert_eq!(new(20_000, 19_999), Err(WindowError::Backwards));
        assert_eq!(new(16_070, 16_071), Err(WindowError::OutOfRange));
        assert_eq!(new(i64::MIN, i64::MAX), Err(WindowError::OutOfRange));
        assert_eq!(day(DAYS.start).to_string(), "2014-01-01");
        assert_eq!(day(DAYS.end).to_string(), "2100-01-01");
        assert!(Window::covering(day(3), day(1), 30).is_err());
    }

    #[test]
    fn a_month_is_cut_into_weeks_and_a_week_into_days() {
        let month = Window::new(day(20_000), day(20_029)).expect("a window");
        let weeks = month.cut().expect("weeks");
        assert_eq!(weeks.iter().map(|week| week.days()).collect::<Vec<_>>(), [7, 7, 7, 7, 2]);
        let single = weeks[0].cut().expect("days");
        assert_eq!((single.len(), single[6].days(), single[6].cut()), (7, 1, None));
        assert!(month.contains(Timestamp::from_ms(20_029 * 86_400_000 + 86_399_999)));
        assert!(!month.contains(Timestamp::from_ms(20_030 * 86_400_000)));
    }

    proptest! {
        #[test]
        fn windows_cover_every_day_exactly_once(first in DAYS, length in 0_i64..800, days in 0_u32..50) {
            let last = (first + length).min(DAYS.end - 1);
            let windows = Window::covering(day(first), day(last), days).expect("days in order");
            prop_assert_eq!(days_of(&windows), (first..=last).collect::<Vec<_>>());
            for window in windows {
                prop_assert_eq!(Window::new(window.first(), window.last()), Ok(window));
                prop_assert!(window.days() <= days.clamp(1, WINDOW_DAYS_MAX));
                if let Some(cut) = window.cut() {
                    prop_assert!(cut.len() > 1);
                    prop_assert_eq!(days_of(&cut), days_of(&[window]));
                }
            }
        }
    }
}
