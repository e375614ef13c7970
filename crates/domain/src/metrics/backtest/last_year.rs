//! Last year's same week: does its growth over the weeks before predict this year's?
//!
//! A year is 364 days, to preserve weekdays.

use super::super::as_f64;
use super::super::ratio;
use super::bootstrap::{Interval, Moments};
use super::{Candidate, Half, Played};
use crate::Timestamp;
use crate::metrics::pace::back;
use crate::metrics::series::{Gain, Series};
use crate::metrics::surge::SURGE_DAYS;
use serde::Serialize;
use std::collections::BTreeSet;

/// Days from a day to the same weekday of the year before.
pub const YEAR_DAYS: i64 = 364;

const WEEK_DAYS: i64 = 7;
const _: () = assert!(YEAR_DAYS % WEEK_DAYS == 0, "weekdays stay where they are");

/// Correlation of last year's same week with this year's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LastYearRow {
    /// Half of the hashtags.
    pub half: Half,
    /// Tag-days with a usual week of a step or more this year and last year, a forecast, and a known week after them.
    pub tag_days: u64,
    /// Different hashtags among them.
    pub distinct_hashtags: u64,
    /// Correlation of ln(last year's next week / its usual week) with ln(this year's next week / its forecast).
    pub correlation: Option<f64>,
    /// 95 % interval of it.
    pub interval: Option<Interval>,
    /// The mean error of the forecast, as |ln(gain / forecast)|.
    pub error: Option<f64>,
    /// The same once last year's week is taken into account, by the slope fitted on the tuning half.
    pub error_with_last_year: Option<f64>,
}

/// ln(last year's next week / its usual week) as known on a day; `None` with less than 56 weeks of readings,
/// or if the usual week was below a step.
pub(super) fn last_year(views: &Series, day: Timestamp) -> Option<f64> {
    let then = back(day, YEAR_DAYS);
    let begin = back(then, SURGE_DAYS);
    views.at(begin)?;
    let (month, week) = (views.gain(begin, then)?, views.gain(then, back(then, -WEEK_DAYS))?);
    let usual = weekly(&month);
    let step = as_f64(week.to.step);
    (usual >= step).then(|| ((weekly(&week) + step / 2.0) / (usual + step / 2.0)).ln())
}

/// Views a week.
fn weekly(gain: &Gain) -> f64 {
    as_f64(WEEK_DAYS.unsigned_abs()) * as_f64(gain.gain) / super::days(gain.span_ms)
}

/// Last year's week, and by how much this year's missed the forecast.
fn pair(candidate: &Candidate) -> Option<(f64, f64)> {
    let last_year = candidate.last_year.filter(|_| candidate.is_resolvable())?;
    let outlook = candidate.outlook()?;
    let half = as_f64(outlook.step) / 2.0;
    let (gain, expected) = (as_f64(candidate.next_week?), outlook.forecast()?.expected);
    Some((last_year, ((gain + half) / (expected + half)).ln()))
}

/// A row for each half.
pub(super) fn judge(played: &Played) -> Vec<LastYearRow> {
    let slope = moments(played, Half::Tuning).slope().unwrap_or(0.0);
    Half::ALL.into_iter().map(|half| row(played, half, slope)).collect()
}

/// The pairs of a half with the hashtag and the block of each.
fn pairs(played: &Played, half: Half) -> impl Iterator<Item = (u32, u32, (f64, f64))> {
    let of = |(block, day): (u32, &'_ super::Day)| {
        day.candidates.iter().filter_map(|one| Some((one.tag, block, pair(one)?))).collect::<Vec<_>>()
    };
    played.of(half).flat_map(of)
}

fn moments(played: &Played, half: Half) -> Moments {
    let mut moments = Moments::default();
    pairs(played, half).for_each(|(tag, block, pair)| moments.add(tag, block, pair));
    moments
}

fn row(played: &Played, half: Half, slope: f64) -> LastYearRow {
    let moments = moments(played, half);
    let (mut tags, mut tag_days, mut off, mut off_with) = (BTreeSet::new(), 0_u64, 0.0, 0.0);
    for (tag, _, (last_year, missed)) in pairs(played, half) {
        tags.insert(tag);
        tag_days += 1;
        off += f64::abs(missed);
        off_with += f64::abs(missed - slope * last_year);
    }
    LastYearRow {
        half,
        tag_days,
        distinct_hashtags: tags.len() as u64,
        correlation: moments.correlation(),
        interval: moments.interval(),
        error: ratio(off, as_f64(tag_days)),
        error_with_last_year: ratio(off_with, as_f64(tag_days)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::made_up::{at, every, is_close};

    /// Ten views a day, but for the same week of every year, which has 40.
    fn yearly() -> Series {
        let gained = |day: i64| if (200..207).contains(&(day % YEAR_DAYS)) { 40 } else { 10 };
        every(
            24,
            (0..800).scan(10_000, |total, day| {
                *total += gained(day);
                Some(*total)
            }),
        )
    }

    #[test]
    fn last_year_s_week_is_over_the_weeks_before_it() {
        let of = |day: i64| last_year(&yearly(), at(day * 24));
        // The readings of day 199 and before, a year later: the week to come had 4 times the usual.
        let ratio = (280.0_f64 + 0.5) / (70.0 + 0.5);
        assert!(
            of(YEAR_DAYS + 199).is_some_and(|found| is_close(found, ratio.ln())),
            "{:?}",
            of(YEAR_DAYS + 199)
        );
        assert!(of(YEAR_DAYS + 150).is_some_and(|found| is_close(found, 0.0)));
        assert_eq!(of(YEAR_DAYS + SURGE_DAYS - 1), None, "there are less than 56 weeks of readings");
        assert!(of(YEAR_DAYS + SURGE_DAYS).is_some());
    }

    #[test]
    fn a_slow_year_before_says_nothing() {
        let still = every(24, (0..800).map(|day| 10_000 + u64::from(day > 500)));
        assert_eq!(last_year(&still, at(700 * 24)), None);
    }
}
