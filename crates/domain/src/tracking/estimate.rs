//! Estimates of the cost of a tracker, before it has read anything.

use super::Interval;
use crate::Credits;

/// Hours of a month, in thousandths: a twelfth of the mean year of the calendar, 365.2425 days.
const HOURS_A_MONTH_MILLI: u128 = 730_485;
/// Days of a week, which has a whole number of slots of each interval.
const DAYS_A_WEEK: u128 = 7;
/// Hours of a week.
const HOURS_A_WEEK: u128 = 24 * DAYS_A_WEEK;

/// A month of readings: hashtags that are read at an interval, at a price for each reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthlyEstimate {
    /// Length of a slot.
    pub interval: Interval,
    /// Number of hashtags, each with a reading in every slot.
    pub hashtags: u32,
    /// Price of a reading.
    pub price: Credits,
}

impl MonthlyEstimate {
    /// Returns the number of readings in a mean month of 30.44 days, rounded to the nearest.
    pub fn readings(self) -> u64 {
        let divisor = 1000 * u128::from(self.interval.hours());
        let readings = (u128::from(self.hashtags) * HOURS_A_MONTH_MILLI + divisor / 2) / divisor;
        u64::try_from(readings).unwrap_or(u64::MAX)
    }

    /// Returns their price; `None` if it is more than there can be.
    pub fn credits(self) -> Option<Credits> {
        Credits::new(self.readings().checked_mul(self.price.get())?).ok()
    }

    /// Returns for how many whole days a balance lasts; `None` if the readings are free.
    pub fn days_until_empty(self, balance: Credits) -> Option<u64> {
        Self::days_until_all_empty(&[self], balance)
    }

    /// Returns for how many whole days a balance lasts that pays for all of these; `None` if they are free.
    pub fn days_until_all_empty(all: &[Self], balance: Credits) -> Option<u64> {
        let slots = |one: &Self| HOURS_A_WEEK / u128::from(one.interval.hours());
        let a_week: u128 =
            all.iter().map(|one| slots(one) * u128::from(one.hashtags) * u128::from(one.price.get())).sum();
        let days = (u128::from(balance.get()) * DAYS_A_WEEK).checked_div(a_week)?;
        u64::try_from(days).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credits::{CREDITS_MAX, PRICE_OF_A_CALL};

    fn estimate(interval: Interval, hashtags: u32) -> MonthlyEstimate {
        MonthlyEstimate { interval, hashtags, price: PRICE_OF_A_CALL }
    }

    #[test]
    fn a_month_has_thirty_and_a_half_days() {
        for (interval, hashtags, readings) in [
            (Interval::Hour, 1, 730),
            (Interval::ThreeHours, 1, 243),
            (Interval::TwelveHours, 1, 61),
            (Interval::Day, 1, 30),
            (Interval::Day, 10, 304),
            (Interval::Week, 1, 4),
            (Interval::Week, 1_000, 4_348),
            (Interval::Day, 0, 0),
        ] {
            let estimate = estimate(interval, hashtags);
            assert_eq!(estimate.readings(), readings, "{interval}");
            assert_eq!(estimate.credits(), Credits::new(readings).ok());
        }
    }

    #[test]
    fn a_balance_lasts_whole_days() {
        let days = |interval, hashtags, balance| {
            estimate(interval, hashtags).days_until_empty(Credits::new(balance).expect("credits"))
        };
        assert_eq!(days(Interval::Day, 3, 100), Some(33));
        assert_eq!(days(Interval::Hour, 1, 100), Some(4));
        assert_eq!(days(Interval::Week, 1, 100), Some(700));
        assert_eq!(days(Interval::Hour, 1, 23), Some(0));
        assert_eq!(days(Interval::Hour, 0, 100), None);
        let free = MonthlyEstimate { price: Credits::ZERO, ..estimate(Interval::Day, 1) };
        assert_eq!((free.credits(), free.days_until_empty(Credits::ZERO)), (Some(Credits::ZERO), None));
        let walks =
            MonthlyEstimate { price: Credits::new(6).expect("a price"), ..estimate(Interval::Day, 2) };
        let both = [estimate(Interval::Hour, 2), walks];
        let balance = Credits::new(600).expect("credits");
        assert_eq!(MonthlyEstimate::days_until_all_empty(&both, balance), Some(10), "48 and 12 a day");
        let most = Credits::new(CREDITS_MAX).expect("the most");
        let dear = MonthlyEstimate { price: most, ..estimate(Interval::Hour, u32::MAX) };
        assert_eq!((dear.credits(), dear.days_until_empty(most)), (None, Some(0)));
    }
}
