//! A series for display: every reading, or one per hour, day or week; totals or gains. Points are never interpolated:
//! a period without readings has none, and the next point states the length of the gap.

use super::buckets::Buckets;
use super::quantiles::median;
use super::series::{Point, Repair, Series};
use super::{MS_OF_A_DAY, MS_OF_AN_HOUR};
use crate::{Source, Timestamp};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Factor of the median distance above which the distance of two raw readings is a gap.
pub const GAP_FACTOR: i64 = 3;

/// 1970-01-01 was a Thursday; weeks begin on the Monday before.
const MONDAY_OFFSET_MS: i64 = 3 * MS_OF_A_DAY;

/// Spacing of the points of a history.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Default,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Step {
    /// Every reading.
    Raw,
    /// The last reading of each hour.
    Hour,
    /// The last reading of each day.
    #[default]
    Day,
    /// The last reading of each week, which begins on Monday.
    Week,
}

impl Step {
    /// Returns the name in requests and answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns its length in milliseconds; `None` for raw.
    pub const fn ms(self) -> Option<i64> {
        match self {
            Self::Raw => None,
            Self::Hour => Some(MS_OF_AN_HOUR),
            Self::Day => Some(MS_OF_A_DAY),
            Self::Week => Some(7 * MS_OF_A_DAY),
        }
    }

    /// The beginning of the bucket in UTC that a moment is in; of raw, the moment. [`Buckets`] has those of other zones.
    pub const fn begin(self, at: Timestamp) -> Timestamp {
        let offset = if matches!(self, Self::Week) { MONDAY_OFFSET_MS } else { 0 };
        match self.ms() {
            Some(ms) => Timestamp::from_ms(at.as_ms() - (at.as_ms() + offset).rem_euclid(ms)),
            None => at,
        }
    }
}

/// Value of each point of a history.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Default,
    Serialize,
    Deserialize,
    Display,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Mode {
    /// The total.
    #[default]
    Total,
    /// The difference from the previous point.
    Gain,
}

impl Mode {
    /// Returns the name in requests and answers.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A point of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryPoint {
    /// The reading's moment, of raw; else the beginning of its bucket.
    pub at: Timestamp,
    /// When the reading was taken: the last kept one of the bucket, the last one where none is kept.
    pub read_at: Timestamp,
    /// The total after the repair, or the gain since the kept point before. `None` where the reading is left out, and for
    /// the gain of the first.
    pub value: Option<u64>,
    /// The original total.
    pub observed: u64,
    /// The step the total is rounded to, 1 when exact.
    pub step: u64,
    /// True if the total is rounded.
    pub rounded: bool,
    /// The source.
    pub source: Source,
    /// Repair of the reading; a fall that stayed also if it was at another reading of the bucket.
    pub repair: Option<Repair>,
    /// The time since the kept reading of the point before, where that is a gap: a bucket or more without a reading, of
    /// raw ones more than [`GAP_FACTOR`] times the median distance.
    pub gap_ms: Option<i64>,
    /// The time that a gain really spans.
    pub span_ms: Option<i64>,
    /// True if the growth since the previous point is below the rounding step of either.
    pub is_below_resolution: bool,
}

/// Returns a series from one moment to another, both included, in time order. If a bucket begins before
/// `from`, its readings from then on count. The first gain is relative to the point before `from`.
pub fn history(
    series: &Series,
    by: &Buckets,
    mode: Mode,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Vec<HistoryPoint> {
    let points = series.points();
    let first = from.map_or(0, |from| points.partition_point(|point| point.at < from));
    let after = to.map_or(points.len(), |to| points.partition_point(|point| point.at <= to)).max(first);
    let raw_gap_ms = if by.step == Step::Raw { raw_gap_ms(series) } else { i64::MAX };
    let mut before = points[..first].iter().rev().find(|point| point.value.is_some());
    let mut gains = Vec::new();
    for (begin, bucket) in buckets(by, &points[first..after]) {
        let Some(last) = bucket.iter().rev().find(|point| point.value.is_some()).or(bucket.last()) else {
            continue;
        };
        let is_gap = before.filter(|_| last.value.is_some()).is_some_and(|before| match by.next(before.at) {
            Some(next) => begin > next,
            None => last.at.as_ms() - before.at.as_ms() > raw_gap_ms,
        });
        let fell = bucket.iter().any(|point| point.repair == Some(Repair::Fall));
        let point = point(series, mode, before, last);
        gains.push(HistoryPoint {
            at: begin,
            repair: if fell { Some(Repair::Fall) } else { last.repair },
            gap_ms: before.filter(|_| is_gap).map(|before| last.at.as_ms() - before.at.as_ms()),
            ..point
        });
        before = if last.value.is_some() { Some(last) } else { before };
    }
    gains
}

/// Returns the points of each bucket with its beginning.
fn buckets<'p>(by: &Buckets, points: &'p [Point]) -> Vec<(Timestamp, &'p [Point])> {
    if by.step == Step::Raw {
        return points.iter().map(|point| (point.at, std::slice::from_ref(point))).collect();
    }
    let mut found = Vec::new();
    let mut rest = points;
    while let Some(first) = rest.first() {
        let after =
            by.next(first.at).map_or(rest.len(), |next| rest.partition_point(|point| point.at < next));
        let (bucket, behind) = rest.split_at(after.max(1));
        found.push((by.begin(first.at), bucket));
        rest = behind;
    }
    found
}

/// Returns a point, apart from the beginning of its bucket and the gap before it.
fn point(series: &Series, mode: Mode, before: Option<&Point>, last: &Point) -> HistoryPoint {
    let gain = before.filter(|_| last.value.is_some()).and_then(|before| series.gain(before.at, last.at));
    HistoryPoint {
        at: last.at,
        read_at: last.at,
        value: match mode {
            Mode::Total => last.value,
            Mode::Gain => gain.map(|gain| gain.gain),
        },
        observed: last.observed,
        step: last.step,
        rounded: last.step > 1,
        source: last.source,
        repair: last.repair,
        gap_ms: None,
        span_ms: gain.filter(|_| mode == Mode::Gain).map(|gain| gain.span_ms),
        is_below_resolution: gain.is_some_and(|gain| gain.is_below_resolution),
    }
}

/// Distances of raw readings above it are gaps.
fn raw_gap_ms(series: &Series) -> i64 {
    let times: Vec<i64> = series.counted().map(|reading| reading.at.as_ms()).collect();
    #[expect(clippy::cast_precision_loss, reason = "a distance in time is far below 2^53 ms")]
    let mut distances: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
    #[expect(clippy::cast_possible_truncation, reason = "a median of distances that were i64")]
    median(&mut distances).map_or(i64::MAX, |median| (median as i64).saturating_mul(GAP_FACTOR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::made_up::{at, every, rounded};
    use proptest::prelude::*;

    fn values(points: &[HistoryPoint]) -> Vec<Option<u64>> {
        points.iter().map(|point| point.value).collect()
    }

    #[test]
    fn buckets_begin_at_midnight_and_on_monday() {
        let begin = |step: Step, hours| step.begin(at(hours));
        assert_eq!(begin(Step::Week, 0), at(0), "2024-01-01 was a Monday");
        assert_eq!(begin(Step::Week, -1), at(-7 * 24));
        assert_eq!(begin(Step::Week, 7 * 24 - 1), at(0));
        assert_eq!((begin(Step::Day, 47), begin(Step::Hour, 47)), (at(24), at(47)));
        assert_eq!(begin(Step::Raw, 5), at(5));
        for &step in Step::VARIANTS {
            assert_eq!(step.name().parse(), Ok(step));
        }
    }

    #[test]
    fn a_day_is_its_last_reading_and_a_gap_is_said() {
        let series = every(12, [10, 20, 30, 40, 55]);
        let days = history(&series, &Step::Day.into(), Mode::Gain, None, None);
        assert_eq!(values(&days), [None, Some(20), Some(15)]);
        assert_eq!((days[1].at, days[1].read_at, days[1].observed), (at(24), at(36), 40));
        assert_eq!(days[2].span_ms, Some(12 * MS_OF_AN_HOUR));
        assert!(days.iter().all(|day| day.gap_ms.is_none()));

        let gappy = every(72, [10, 20]);
        let days = history(&gappy, &Step::Day.into(), Mode::Total, None, None);
        assert_eq!((days.len(), days[1].gap_ms, days[1].span_ms), (2, Some(72 * MS_OF_AN_HOUR), None));
        assert_eq!(history(&gappy, &Step::Week.into(), Mode::Total, None, None).len(), 1);
    }

    #[test]
    fn raw_shows_what_is_left_out_and_where_the_distance_is_unusual() {
        let readings =
            [rounded(0, 9_000), rounded(3, 9_100), rounded(6, 9_000), rounded(9, 9_100), rounded(30, 9_200)];
        let points = history(&Series::repaired(&readings), &Step::Raw.into(), Mode::Total, None, None);
        assert_eq!(values(&points), [Some(9_000), Some(9_100), None, Some(9_100), Some(9_200)]);
        assert_eq!((points[2].observed, points[2].repair), (9_000, Some(Repair::Bounce)));
        assert_eq!(
            points.iter().map(|point| point.gap_ms.is_some()).collect::<Vec<_>>(),
            [false, false, false, false, true]
        );
        let whole = history(&Series::unrepaired(&readings), &Step::Raw.into(), Mode::Total, None, None);
        assert_eq!(whole.len(), 5);
        assert!(whole.iter().all(|point| point.value == Some(point.observed)));
    }

    #[test]
    fn the_first_gain_of_a_range_is_since_the_reading_before_it() {
        let series = every(24, [10, 20, 40, 80]);
        let range = history(&series, &Step::Day.into(), Mode::Gain, Some(at(24)), Some(at(48)));
        assert_eq!(values(&range), [Some(10), Some(20)]);
        assert_eq!(history(&series, &Step::Day.into(), Mode::Gain, Some(at(48)), Some(at(24))), []);
        assert_eq!(history(&Series::default(), &Step::Raw.into(), Mode::Gain, None, None), []);
    }

    #[test]
    fn a_change_below_the_step_is_said_to_be() {
        let readings = [rounded(0, 1_200_000), rounded(24, 1_200_000), rounded(48, 1_300_000)];
        let days = history(&Series::repaired(&readings), &Step::Day.into(), Mode::Gain, None, None);
        let below: Vec<bool> = days.iter().map(|day| day.is_below_resolution).collect();
        assert_eq!((below, days[0].step, days[0].rounded), (vec![false, true, false], 100_000, true));
    }

    #[test]
    fn a_day_of_25_hours_is_no_gap_and_two_days_are() {
        let berlin = Buckets { step: Step::Day, zone: "Europe/Berlin".parse().expect("a zone") };
        let read = |text: &str, value| {
            let at = Timestamp::parse(text).expect("a time");
            crate::metrics::series::Reading { at, ..rounded(0, value) }
        };
        let readings = [
            // The first and the last half hour of 25 October 2026, then the first of the 26th and the last of the 28th.
            read("2026-10-24T22:15:00Z", 1_001),
            read("2026-10-25T22:45:00Z", 1_002),
            read("2026-10-25T23:15:00Z", 1_003),
            read("2026-10-28T22:45:00Z", 1_004),
        ];
        let series = Series::unrepaired(&readings);
        let days = history(&series, &berlin, Mode::Total, None, None);
        let shown: Vec<_> =
            days.iter().map(|day| (day.at.to_rfc3339(), day.value, day.gap_ms.is_some())).collect();
        assert_eq!(
            shown,
            [
                ("2026-10-24T22:00:00Z".to_owned(), Some(1_002), false),
                ("2026-10-25T23:00:00Z".to_owned(), Some(1_003), false),
                ("2026-10-27T23:00:00Z".to_owned(), Some(1_004), true),
            ]
        );
        let utc = history(&series, &Step::Day.into(), Mode::Total, None, None);
        assert_eq!(utc.len(), 3, "in UTC the readings are of the 24th, the 25th and the 28th");
    }

    proptest! {
        #[test]
        fn gains_of_buckets_add_up_to_the_gain_of_all(
            steps in prop::collection::vec((1_i64..200, 0_u64..50), 1..80),
            step in prop::sample::select(Step::VARIANTS.to_vec()),
        ) {
            let (mut hours, mut total) = (0, 100);
            let readings: Vec<_> = steps.iter().map(|(more_hours, more)| {
                (hours, total) = (hours + more_hours, total + more);
                rounded(hours, total)
            }).collect();
            let series = Series::repaired(&readings);
            let gains = history(&series, &step.into(), Mode::Gain, None, None);
            let first = gains.first().map(|point| point.read_at).expect("a point");
            let sum: u64 = gains.iter().filter_map(|point| point.value).sum();
            let all = series.gain(first, Timestamp::from_ms(i64::MAX));
            prop_assert_eq!(sum, all.map_or(0, |gain| gain.gain));
            prop_assert!(gains.windows(2).all(|pair| pair[0].at < pair[1].at));
        }
    }
}
