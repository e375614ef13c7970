//! Time axis ticks from seconds to millennia, at round local moments.

use domain::{Timestamp, UtcDay, Zone};
use jiff::Span;
use jiff::civil::{Date, DateTime};

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// 1970-01-05 was a Monday: weeks are counted from it.
const MONDAY_MS: i64 = 4 * DAY_MS;

/// A day for people.
const DAY: &str = "%-d %b %-Y";

/// The distance between two ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Less than a day, in milliseconds.
    Clock(i64),
    /// Days.
    Days(i64),
    /// Months.
    Months(i32),
    /// Years.
    Years(i32),
}

/// From fine to coarse.
const STEPS: [Step; 33] = [
    Step::Clock(SECOND_MS),
    Step::Clock(2 * SECOND_MS),
    Step::Clock(5 * SECOND_MS),
    Step::Clock(15 * SECOND_MS),
    Step::Clock(30 * SECOND_MS),
    Step::Clock(MINUTE_MS),
    Step::Clock(2 * MINUTE_MS),
    Step::Clock(5 * MINUTE_MS),
    Step::Clock(15 * MINUTE_MS),
    Step::Clock(30 * MINUTE_MS),
    Step::Clock(HOUR_MS),
    Step::Clock(2 * HOUR_MS),
    Step::Clock(3 * HOUR_MS),
    Step::Clock(6 * HOUR_MS),
    Step::Clock(12 * HOUR_MS),
    Step::Days(1),
    Step::Days(2),
    Step::Days(7),
    Step::Days(14),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Years(1),
    Step::Years(2),
    Step::Years(5),
    Step::Years(10),
    Step::Years(20),
    Step::Years(50),
    Step::Years(100),
    Step::Years(200),
    Step::Years(500),
    Step::Years(1000),
];

/// A moment on the axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeTick {
    /// Milliseconds from 1970.
    pub(crate) at_ms: i64,
    /// `18:00`, `12 Mar`, `Mar` or `2025`.
    pub(crate) label: String,
    /// Context of the label: `12 Mar 2025` or `2025`, or nothing.
    pub(crate) context: String,
}

/// Returns the ticks between two moments at round times of a zone, in order.
pub(crate) fn ticks_in(zone: &Zone, from_ms: i64, to_ms: i64, most: impl Fn(Step) -> usize) -> Vec<TimeTick> {
    if zone.is_utc() {
        return ticks(from_ms, to_ms, most);
    }
    let local_ms = |at_ms| Timestamp::of_datetime(zone.datetime(Timestamp::from_ms(at_ms))).as_ms();
    // Ticks are counted on the local clock. Where it is set back, two local moments are one, and some lie outside.
    let local = ticks(local_ms(from_ms), local_ms(to_ms).max(local_ms(from_ms)), most);
    let moment =
        |tick: TimeTick| Some(TimeTick { at_ms: zone.moment(datetime(tick.at_ms))?.as_ms(), ..tick });
    let mut found: Vec<TimeTick> =
        local.into_iter().filter_map(moment).filter(|tick| (from_ms..=to_ms).contains(&tick.at_ms)).collect();
    found.dedup_by_key(|tick| tick.at_ms);
    found
}

/// The ticks between two moments, at most `most` of them and as many as that allows. Where there is no room or no
/// time for two, the beginning alone is marked, or the one year that begins.
fn ticks(from_ms: i64, to_ms: i64, most: impl Fn(Step) -> usize) -> Vec<TimeTick> {
    for step in STEPS {
        // Counted before they are made, since a millennium has many seconds.
        let about = usize::try_from((to_ms - from_ms) / step.about_ms()).unwrap_or(usize::MAX);
        if about > most(step) + 1 {
            continue;
        }
        let moments = step.moments(from_ms, to_ms);
        if moments.len() <= most(step).max(1) {
            // A year says where it is, also when it stands alone.
            if moments.len() >= 2 || (moments.len() == 1 && matches!(step, Step::Years(_))) {
                return moments.into_iter().map(|at_ms| step.tick(at_ms)).collect();
            }
            break;
        }
    }
    let only = if to_ms - from_ms >= DAY_MS { Step::Days(1) } else { Step::Clock(MINUTE_MS) };
    vec![only.tick(from_ms)]
}

impl Step {
    const fn about_ms(self) -> i64 {
        match self {
            Self::Clock(ms) => ms,
            Self::Days(days) => days * DAY_MS,
            Self::Months(months) => months as i64 * 31 * DAY_MS,
            Self::Years(years) => years as i64 * 366 * DAY_MS,
        }
    }

    /// The moments of this step from one moment to another, both included.
    fn moments(self, from_ms: i64, to_ms: i64) -> Vec<i64> {
        match self {
            Self::Clock(ms) => multiples(from_ms, to_ms, ms, 0),
            Self::Days(days) => multiples(from_ms, to_ms, days * DAY_MS, MONDAY_MS),
            Self::Months(months) => months_between(from_ms, to_ms, months),
            Self::Years(years) => months_between(from_ms, to_ms, years * 12),
        }
    }

    fn tick(self, at_ms: i64) -> TimeTick {
        let (label, context) = match self {
            Self::Clock(ms) if ms < MINUTE_MS => ("%H:%M:%S", DAY),
            Self::Clock(_) => ("%H:%M", DAY),
            Self::Days(_) => ("%-d %b", "%-Y"),
            Self::Months(_) => ("%b", "%-Y"),
            Self::Years(_) => ("%-Y", ""),
        };
        let at = datetime(at_ms);
        TimeTick { at_ms, label: at.strftime(label).to_string(), context: at.strftime(context).to_string() }
    }

    /// The widest label and context there can be at this step.
    pub(crate) const fn widest(self) -> (&'static str, &'static str) {
        match self {
            Self::Clock(ms) if ms < MINUTE_MS => ("00:00:00", "30 Mar 2000"),
            Self::Clock(_) => ("00:00", "30 Mar 2000"),
            Self::Days(_) => ("30 Mar", "2000"),
            Self::Months(_) => ("Mar", "2000"),
            Self::Years(_) => ("2000", ""),
        }
    }
}

fn multiples(from_ms: i64, to_ms: i64, step_ms: i64, origin_ms: i64) -> Vec<i64> {
    let first = origin_ms + (from_ms - origin_ms + step_ms - 1).div_euclid(step_ms) * step_ms;
    (0..).map(|count| first + count * step_ms).take_while(|at| *at <= to_ms).collect()
}

/// First days of months, every `step` of them counted from January of the year 0.
fn months_between(from_ms: i64, to_ms: i64, step: i32) -> Vec<i64> {
    let from = datetime(from_ms).date();
    let first = (i32::from(from.year()) * 12 + i32::from(from.month()) - 1).div_euclid(step) * step;
    let (year, month) = (first.div_euclid(12), first.rem_euclid(12) + 1);
    let first = i16::try_from(year).ok().zip(i8::try_from(month).ok());
    let first = first.and_then(|(year, month)| Date::new(year, month, 1).ok());
    let days = first.into_iter().flat_map(|first| first.series(Span::new().months(step)));
    days.map(|day| UtcDay::of_date(day).begins_at().as_ms())
        .skip_while(|at| *at < from_ms)
        .take_while(|at| *at <= to_ms)
        .collect()
}

fn datetime(at_ms: i64) -> DateTime {
    Timestamp::from_ms(at_ms).to_datetime()
}

/// Formats a day for people, in UTC: `12 Mar 2025`.
pub fn day(at: Timestamp) -> String {
    day_in(&Zone::UTC, at)
}

/// Formats a moment for people, in UTC: `12 Mar 2025 18:14 UTC`.
pub fn moment(at: Timestamp) -> String {
    moment_in(&Zone::UTC, at)
}

/// Formats a local day for people: `12 Mar 2025`.
pub fn day_in(zone: &Zone, at: Timestamp) -> String {
    zone.datetime(at).strftime(DAY).to_string()
}

/// Formats a moment in a zone for people: `12 Mar 2025 18:14 Europe/Berlin`.
pub fn moment_in(zone: &Zone, at: Timestamp) -> String {
    format!("{} {zone}", zone.datetime(at).strftime("%-d %b %-Y %H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(from: &str, to: &str, most: usize) -> String {
        let ms = |text| Timestamp::parse(text).expect("a time").as_ms();
        let ticks = ticks(ms(from), ms(to), |_| most);
        let mut context = String::new();
        let shown = ticks.into_iter().map(|tick| {
            let is_new = tick.context != context;
            context = tick.context;
            if is_new { format!("{} ({context})", tick.label) } else { tick.label }
        });
        shown.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn ticks_are_where_people_count() {
        let of = |from, to| labels(from, to, 7);
        assert_eq!(
            of("2025-03-12T18:14:05", "2025-03-12T18:14:27"),
            "18:14:05 (12 Mar 2025), 18:14:10, 18:14:15, 18:14:20, 18:14:25"
        );
        assert_eq!(
            of("2025-03-12T18:14:05", "2025-03-13T09:00:00"),
            "20:00 (12 Mar 2025), 22:00, 00:00 (13 Mar 2025), 02:00, 04:00, 06:00, 08:00"
        );
        assert_eq!(
            of("2024-12-28T18:14:05", "2025-01-03T09:00:00"),
            "29 Dec (2024), 30 Dec, 31 Dec, 1 Jan (2025), 2 Jan, 3 Jan"
        );
        assert_eq!(of("2025-03-12", "2025-04-20"), "17 Mar (2025), 24 Mar, 31 Mar, 7 Apr, 14 Apr");
        assert_eq!(of("2024-10-05", "2025-04-20"), "Nov (2024), Dec, Jan (2025), Feb, Mar, Apr");
        assert_eq!(
            of("2022-10-05", "2026-01-01"),
            "Jan (2023), Jul, Jan (2024), Jul, Jan (2025), Jul, Jan (2026)"
        );
        assert_eq!(of("2015-10-05", "2026-01-01"), "2016, 2018, 2020, 2022, 2024, 2026");
    }

    #[test]
    fn the_beginning_is_marked_where_there_is_nothing_else() {
        assert_eq!(labels("2025-03-12T18:14:05", "2025-03-12T18:14:05", 7), "18:14 (12 Mar 2025)");
        assert_eq!(labels("2025-03-12T18:14:05", "2025-09-12", 1), "12 Mar (2025)");
        assert_eq!(labels("2022-03-12T18:14:05", "2026-09-12", 1), "2025");
    }

    #[test]
    fn ticks_are_at_local_midnight_also_where_the_clock_changes() {
        let berlin: Zone = "Europe/Berlin".parse().expect("a zone");
        let ms = |text| Timestamp::parse(text).expect("a time").as_ms();
        let shown = |from, to, most| {
            let ticks = ticks_in(&berlin, ms(from), ms(to), |_| most);
            let one =
                |tick: TimeTick| format!("{} {}", tick.label, Timestamp::from_ms(tick.at_ms).to_rfc3339());
            ticks.into_iter().map(one).collect::<Vec<_>>()
        };
        assert_eq!(
            shown("2026-03-27T22:00:00Z", "2026-03-30T21:00:00Z", 4),
            ["28 Mar 2026-03-27T23:00:00Z", "29 Mar 2026-03-28T23:00:00Z", "30 Mar 2026-03-29T22:00:00Z",]
        );
        // 2:00 comes twice: one tick of the two.
        assert_eq!(
            shown("2026-10-24T23:00:00Z", "2026-10-25T04:00:00Z", 7),
            [
                "01:00 2026-10-24T23:00:00Z",
                "02:00 2026-10-25T00:00:00Z",
                "03:00 2026-10-25T02:00:00Z",
                "04:00 2026-10-25T03:00:00Z",
                "05:00 2026-10-25T04:00:00Z",
            ]
        );
    }

    proptest! {
        #[test]
        fn ticks_of_zones_are_within_and_in_order(
            from_ms in 1_388_534_400_000_i64..4_102_444_800_000,
            power in 12_u32..38,
            most in 1_usize..30,
            name in prop::sample::select(&["Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata"][..]),
        ) {
            let to_ms = from_ms + (1_i64 << power);
            let ticks = ticks_in(&name.parse().expect("a zone"), from_ms, to_ms, |_| most);
            prop_assert!(ticks.len() <= most);
            prop_assert!(ticks.iter().all(|tick| (from_ms..=to_ms).contains(&tick.at_ms)));
            prop_assert!(ticks.is_sorted_by(|a, b| a.at_ms < b.at_ms));
        }

        #[test]
        fn ticks_are_within_in_order_and_not_too_many(
            from_ms in -62_135_596_800_000_i64..253_402_300_799_999,
            power in 0_u32..48,
            most in 1_usize..30,
        ) {
            let to_ms = (from_ms + (1_i64 << power)).min(253_402_300_799_999);
            let ticks = ticks(from_ms, to_ms, |_| most);
            prop_assert!(!ticks.is_empty() && ticks.len() <= most);
            prop_assert!(ticks.iter().all(|tick| (from_ms..=to_ms).contains(&tick.at_ms)));
            prop_assert!(ticks.is_sorted_by(|a, b| a.at_ms < b.at_ms));
        }
    }
}
