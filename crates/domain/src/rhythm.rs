//! Rhythms of scheduled reports: a day of the week or the month and a local hour, and the period that each report is of.

use crate::{Timestamp, Zone};
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};
use std::fmt;
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Last day of a month that a rhythm may name. Shorter months have it on their last day.
pub const MONTH_DAY_MAX: u8 = 31;
/// Days after a moment among which the next report is: the longest month, and a day whose hour is over.
const DAYS_AHEAD: usize = 33;
/// Days before a moment among which the last report is.
const DAYS_BACK: usize = 33;

/// Day of the week.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", ascii_case_insensitive)]
pub enum WeekDay {
    /// The first.
    #[default]
    Monday,
    /// The second.
    Tuesday,
    /// The third.
    Wednesday,
    /// The fourth.
    Thursday,
    /// The fifth.
    Friday,
    /// The sixth.
    Saturday,
    /// The seventh.
    Sunday,
}

impl WeekDay {
    const fn weekday(self) -> Weekday {
        match self {
            Self::Monday => Weekday::Monday,
            Self::Tuesday => Weekday::Tuesday,
            Self::Wednesday => Weekday::Wednesday,
            Self::Thursday => Weekday::Thursday,
            Self::Friday => Weekday::Friday,
            Self::Saturday => Weekday::Saturday,
            Self::Sunday => Weekday::Sunday,
        }
    }
}

/// Days on which reports are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Days {
    /// One day of each week.
    Weekly(WeekDay),
    /// One day of each month, 1 to [`MONTH_DAY_MAX`].
    Monthly(u8),
}

impl Days {
    /// True if a report is sent on this day.
    fn has(self, date: Date) -> bool {
        match self {
            Self::Weekly(day) => date.weekday() == day.weekday(),
            Self::Monthly(day) => {
                let day = i8::try_from(day.clamp(1, MONTH_DAY_MAX)).unwrap_or(1);
                date.day() == day.min(date.days_in_month())
            }
        }
    }
}

/// Days, local hour and time zone at which reports are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rhythm {
    /// Days.
    pub days: Days,
    /// Hour of the local day, at most [`HOUR_MAX`](crate::zone::HOUR_MAX).
    pub hour: u8,
    /// Time zone of days and hour.
    pub tz: Zone,
}

/// Whole local days that a report is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    first: Date,
    last: Date,
    /// Beginning of the first day.
    pub from: Timestamp,
    /// Last millisecond of the last day.
    pub to: Timestamp,
}

impl Period {
    /// Returns its last day, as `2026-03-29`.
    pub fn last_day(&self) -> String {
        self.last.to_string()
    }
}

impl fmt::Display for Period {
    /// Writes `23 to 29 March 2026`, with month and year of the first day where they differ.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.first, self.last);
        let until = last.strftime("%-d %B %Y");
        if first == last {
            return write!(f, "{until}");
        }
        let form = match () {
            () if first.year() != last.year() => "%-d %B %Y",
            () if first.month() != last.month() => "%-d %B",
            () => "%-d",
        };
        write!(f, "{} to {until}", first.strftime(form))
    }
}

impl Rhythm {
    /// Returns the first moment of a report after this one. An hour that a change of the clock skips is the next one; of an
    /// hour that comes twice the first counts.
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        self.tz.next_at_hour(at, self.hour, DAYS_AHEAD, |date| self.days.has(date))
    }

    /// Returns the last moment of a report that is not after this one.
    pub fn latest(&self, at: Timestamp) -> Option<Timestamp> {
        let today = self.tz.date(at);
        let days = std::iter::successors(Some(today), |date| date.yesterday().ok());
        let days = days.take(DAYS_BACK).filter(|date| self.days.has(*date));
        days.filter_map(|date| self.tz.at_hour(date, self.hour)).find(|moment| *moment <= at)
    }

    /// Returns the number of moments of reports from `first`, which is one, up to but without `end`, counted to `most`.
    pub fn count(&self, first: Timestamp, end: Timestamp, most: u64) -> u64 {
        let moments = std::iter::successors(Some(first), |moment| self.after(*moment));
        moments.take_while(|moment| *moment < end).zip(0..most).count() as u64
    }

    /// Returns the period of the report of a moment: the local days since the report before it, without its own day.
    pub fn period(&self, moment: Timestamp) -> Option<Period> {
        let own = self.tz.date(moment);
        let last = own.yesterday().ok()?;
        let days = std::iter::successors(Some(last), |date| date.yesterday().ok());
        let first = days.take(DAYS_BACK).find(|date| self.days.has(*date))?;
        let (from, to) = (self.tz.day_begins(first)?, self.tz.day_ends(last)?);
        Some(Period { first, last, from, to })
    }
}

impl fmt::Display for Rhythm {
    /// Writes `every Monday at 08:00 (Europe/Berlin)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.days {
            Days::Weekly(day) => write!(f, "every {day:?}")?,
            Days::Monthly(MONTH_DAY_MAX) => write!(f, "on the last day of every month")?,
            Days::Monthly(day) => write!(f, "on day {day} of every month")?,
        }
        write!(f, " at {:02}:00 ({})", self.hour, self.tz)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn rhythm(days: Days, hour: u8, tz: &str) -> Rhythm {
        Rhythm { days, hour, tz: tz.parse().expect("a zone") }
    }

    #[test]
    fn a_report_is_at_its_local_hour_on_both_sides_of_a_change_of_the_clock() {
        let berlin = rhythm(Days::Weekly(WeekDay::Monday), 8, "Europe/Berlin");
        let moments = ["2026-03-23T07:00:00Z", "2026-03-30T06:00:00Z", "2026-04-06T06:00:00Z"].map(at);
        assert_eq!(berlin.after(at("2026-03-22T12:00:00Z")), Some(moments[0]));
        assert_eq!(berlin.after(moments[0]), Some(moments[1]), "summer time began on the 29th");
        assert_eq!(berlin.after(moments[1]), Some(moments[2]));
        for moment in moments {
            assert_eq!(berlin.latest(moment), Some(moment));
            assert_eq!(berlin.latest(Timestamp::from_ms(moment.as_ms() - 1)).map(|m| m < moment), Some(true));
        }
        let week = berlin.period(moments[1]).expect("a period");
        // Its Sunday has 23 hours.
        assert_eq!((week.from, week.to), (at("2026-03-22T23:00:00Z"), at("2026-03-29T21:59:59.999Z")));
        assert_eq!(week.to_string(), "23 to 29 March 2026");
        // 02:00 does not exist on the 29th, and comes twice on 25 October.
        let sunday = rhythm(Days::Weekly(WeekDay::Sunday), 2, "Europe/Berlin");
        assert_eq!(sunday.after(at("2026-03-28T12:00:00Z")), Some(at("2026-03-29T01:00:00Z")));
        let first = at("2026-10-25T00:00:00Z");
        assert_eq!(sunday.after(at("2026-10-24T12:00:00Z")), Some(first));
        assert_eq!(sunday.after(first), Some(at("2026-11-01T01:00:00Z")));
        assert_eq!(sunday.latest(at("2026-10-25T01:30:00Z")), Some(first), "once");
    }

    #[test]
    fn a_short_month_has_its_report_on_the_last_day() {
        let last = rhythm(Days::Monthly(31), 9, "UTC");
        let mut moment = at("2027-12-31T09:00:00Z");
        for day in ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"] {
            moment = last.after(moment).expect("a moment");
            assert_eq!(moment, at(&format!("{day}T09:00:00Z")));
        }
        assert_eq!(last.period(moment).expect("a period").to_string(), "31 March to 29 April 2028");
        let first = rhythm(Days::Monthly(1), 0, "America/New_York");
        let january = first.after(at("2025-12-31T12:00:00Z")).expect("a moment");
        assert_eq!(january, at("2026-01-01T05:00:00Z"));
        assert_eq!(first.period(january).expect("a period").to_string(), "1 to 31 December 2025");
        let across = rhythm(Days::Weekly(WeekDay::Thursday), 0, "UTC");
        let week = across.period(at("2026-01-01T00:00:00Z")).expect("a period");
        assert_eq!(week.to_string(), "25 to 31 December 2025");
        let week = across.period(at("2026-01-08T00:00:00Z")).expect("a period");
        assert_eq!(week.to_string(), "1 to 7 January 2026");
        let friday = rhythm(Days::Weekly(WeekDay::Friday), 0, "UTC").period(at("2026-01-02T00:00:00Z"));
        assert_eq!(friday.expect("a period").to_string(), "26 December 2025 to 1 January 2026");
    }

    #[test]
    fn missed_reports_are_counted_up_to_a_limit() {
        let weekly = rhythm(Days::Weekly(WeekDay::Monday), 8, "UTC");
        let (first, end) = (at("2026-01-05T08:00:00Z"), at("2026-02-02T08:00:00Z"));
        assert_eq!(weekly.count(first, end, 100), 4);
        assert_eq!(weekly.count(first, first, 100), 0);
        assert_eq!(weekly.count(first, end, 2), 2);
    }

    #[test]
    fn a_rhythm_comes_back_as_it_was_stored_and_reads_like_a_sentence() {
        let weekly = rhythm(Days::Weekly(WeekDay::Friday), 8, "europe/berlin");
        let stored = serde_json::to_string(&weekly).expect("JSON");
        assert_eq!(stored, r#"{"days":{"weekly":"friday"},"hour":8,"tz":"Europe/Berlin"}"#);
        assert_eq!(serde_json::from_str::<Rhythm>(&stored).expect("a rhythm"), weekly);
        assert_eq!(weekly.to_string(), "every Friday at 08:00 (Europe/Berlin)");
        let monthly = |day| rhythm(Days::Monthly(day), 17, "UTC").to_string();
        assert_eq!(monthly(31), "on the last day of every month at 17:00 (UTC)");
        assert_eq!(monthly(15), "on day 15 of every month at 17:00 (UTC)");
        assert_eq!("MONDAY".parse(), Ok(WeekDay::Monday));
    }
}
