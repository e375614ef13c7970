//! Budgets: where readings come from, what a month may cost, and what happens when it is spent.

use super::{Interval, Target};
use crate::credits::PRICE_OF_A_CALL;
use crate::{Credits, Timestamp, UtcDay};
use strum::{Display, EnumString, FromRepr, IntoStaticStr, VariantArray};

/// A text that is no name of a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give {0}")]
pub struct NameError(&'static str);

fn no_source(text: &str) -> NameError {
    match text {
        "research" | "tiktok-research" => NameError(
            "upstream or none: the Research API reports no totals of hashtags that a tracker could read",
        ),
        "business" | "tiktok-business" => NameError(
            "upstream or none: there is no connector to the Business API, which reports the totals of 200 hashtags",
        ),
        _ => NameError("upstream or none"),
    }
}

fn no_behaviour(_: &str) -> NameError {
    NameError("pause or slow")
}

/// Source of a tracker's readings. The number is stored and never changes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Display, EnumString, FromRepr, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "snake_case", parse_err_ty = NameError, parse_err_fn = no_source)]
#[repr(u8)]
pub enum TrackerSource {
    /// From nowhere: it watches what imports bring, and shows the slots without a reading.
    None = 0,
    /// From the upstreams of the settings.
    Upstream = 1,
}

impl TrackerSource {
    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the most that a slot of a target costs: a credit for a reading or a search, one a page for top videos.
    pub fn price_max(self, target: &Target) -> Credits {
        match (self, target) {
            (Self::None, _) => Credits::ZERO,
            (Self::Upstream, Target::Hashtag(_) | Target::Keyword(_)) => PRICE_OF_A_CALL,
            (Self::Upstream, Target::Videos(_, depth)) => depth.price_max(),
        }
    }
}

/// Behaviour of a tracker whose budget does not last. The number is stored and never changes.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Default,
    Display,
    EnumString,
    FromRepr,
    IntoStaticStr,
    VariantArray,
)]
#[strum(serialize_all = "snake_case", parse_err_ty = NameError, parse_err_fn = no_behaviour)]
#[repr(u8)]
pub enum OnEmpty {
    /// Reads until it is spent, then pauses until the next month.
    #[default]
    Pause = 1,
    /// Reads less often, so that it lasts until the next month.
    Slow = 2,
}

impl OnEmpty {
    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A calendar month in UTC, as the number of months since the year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(pub i64);

/// Months of a year.
const MONTHS: i64 = 12;

impl Month {
    /// Returns the month of a moment.
    pub fn of(at: Timestamp) -> Self {
        let date = at.to_datetime().date();
        Self(i64::from(date.year()) * MONTHS + i64::from(date.month()) - 1)
    }

    /// Returns the first moment of the next month.
    pub fn ends_at(self) -> Timestamp {
        let next = self.0.saturating_add(1);
        let year = i16::try_from(next.div_euclid(MONTHS)).unwrap_or(i16::MAX);
        let month = i8::try_from(next.rem_euclid(MONTHS) + 1).unwrap_or(1);
        match jiff::civil::Date::new(year, month, 1) {
            Ok(date) => UtcDay::of_date(date).begins_at(),
            Err(_) => Timestamp::from_ms(i64::MAX),
        }
    }
}

/// Returns the shortest interval, not shorter than the wished one, at which the rest of a budget lasts until the month ends.
/// A week if none does.
pub fn affordable(
    wished: Interval,
    rest: Credits,
    price: Credits,
    hashtags: u32,
    now: Timestamp,
) -> Interval {
    let left_ms = Month::of(now).ends_at().as_ms().saturating_sub(now.as_ms()).max(0);
    let lasts = |interval: &&Interval| {
        let readings =
            u128::from(left_ms.unsigned_abs()).div_ceil(u128::from(interval.as_ms().unsigned_abs()));
        readings * u128::from(hashtags) * u128::from(price.get()) <= u128::from(rest.get())
    };
    let longer = Interval::VARIANTS.iter().filter(|interval| **interval >= wished);
    longer.clone().find(lasts).copied().unwrap_or(Interval::Week)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn names_are_read_back() {
        for source in TrackerSource::VARIANTS {
            assert_eq!(source.name().parse(), Ok(*source));
        }
        for on_empty in OnEmpty::VARIANTS {
            assert_eq!(on_empty.name().parse(), Ok(*on_empty));
        }
        let refused = "other".parse::<TrackerSource>().expect_err("no source");
        assert_eq!(refused.to_string(), "give upstream or none");
        let refused = "research".parse::<TrackerSource>().expect_err("no source");
        assert!(refused.to_string().contains("no totals of hashtags"), "{refused}");
        let refused = "other".parse::<OnEmpty>().expect_err("no behaviour");
        assert_eq!(refused.to_string(), "give pause or slow");
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        for (moment, end) in [
            ("2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z"),
            ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2028-02-29T12:00:00Z", "2028-03-01T00:00:00Z"),
        ] {
            assert_eq!(Month::of(at(moment)).ends_at(), at(end), "{moment}");
            assert_eq!(Month::of(at(end)), Month(Month::of(at(moment)).0 + 1));
        }
        assert_eq!(Month(i64::MAX).ends_at(), Timestamp::from_ms(i64::MAX));
    }

    #[test]
    fn a_budget_is_stretched_until_the_month_ends() {
        let (price, tenth) = (Credits::new(1).expect("a price"), at("2026-11-21T00:00:00Z"));
        let affordable = |wished, rest, hashtags| {
            affordable(wished, Credits::new(rest).expect("credits"), price, hashtags, tenth)
        };
        assert_eq!(affordable(Interval::Hour, 240, 1), Interval::Hour);
        assert_eq!(affordable(Interval::Hour, 239, 1), Interval::ThreeHours);
        assert_eq!(affordable(Interval::Hour, 20, 1), Interval::TwelveHours);
        assert_eq!(affordable(Interval::Hour, 20, 2), Interval::Day);
        assert_eq!(affordable(Interval::Week, 1_000, 1), Interval::Week, "never more often than wished");
        assert_eq!(affordable(Interval::Hour, 0, 1), Interval::Week);
    }
}
