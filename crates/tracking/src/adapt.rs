//! Chooses the interval of an adaptive tracker from the readings of its hashtag.

use crate::{Tracking, TrackingError};
use domain::metrics::series::Series;
use domain::metrics::trend::{TrendInput, TrendWindow, trend};
use domain::tracking::Adapted;
use domain::tracking::adaptive::AdaptiveInput;
use domain::{TagKey, Timestamp};
use store::snapshots::readings_of;

/// Days of readings that the interval is chosen from: enough windows of a day for the z-score.
const DAYS_READ: i64 = 30;
/// Readings below which too little is known.
const READINGS_MIN: usize = 3;
/// Z-score of the velocity of a day from which a breakout is under way.
const BREAKOUT_ZSCORE: f64 = 3.0;
/// Hours of a day.
const HOURS_A_DAY: f64 = 24.0;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

impl Tracking {
    /// Returns the interval until the next reading of a hashtag.
    pub(crate) async fn adapted(&self, key: &TagKey, now: Timestamp) -> Result<Adapted, TrackingError> {
        let Some(hashtag) = self.store().hashtag_by_key(key).await? else {
            return Ok(Adapted::choose(input(&Series::EMPTY)));
        };
        let after = Timestamp::from_ms(now.as_ms().saturating_sub(DAYS_READ * DAY_MS));
        let snapshots = self.store().hashtag_snapshots(hashtag.row, Some(after), u32::MAX).await?;
        Ok(Adapted::choose(input(&Series::repaired(&readings_of(&snapshots, |counts| counts.views)))))
    }
}

/// Derives the input of the choice from the series of views.
fn input(views: &Series) -> AdaptiveInput {
    let empty = Series::EMPTY;
    let of = TrendInput {
        views,
        creators: &empty,
        videos: &empty,
        first_seen: None,
        concentration: None,
        outlook: None,
    };
    let week = trend(&of, TrendWindow::Week, None).filter(|_| views.counted_len() >= READINGS_MIN);
    let zscore = trend(&of, TrendWindow::Day, None).and_then(|trend| trend.zscore);
    AdaptiveInput {
        change_per_hour: week.and_then(|trend| trend.velocity).map(|velocity| velocity / HOURS_A_DAY),
        step: views.last().map_or(1, |last| last.step),
        is_breaking_out: zscore.is_some_and(|zscore| zscore > BREAKOUT_ZSCORE),
        has_pending_alert: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::metrics::Reading;
    use domain::{Count, Source};

    fn series(values: &[u64]) -> Series {
        let reading = |(day, value): (usize, &u64)| Reading {
            at: Timestamp::from_ms(1_800_000_000_000 + i64::try_from(day).expect("a day") * DAY_MS),
            count: Count::displayed(*value).expect("a count"),
            source: Source::Contract,
        };
        Series::repaired(&values.iter().enumerate().map(reading).collect::<Vec<_>>())
    }

    #[test]
    fn the_interval_follows_from_rounding_and_velocity() {
        let reason = |values: &[u64]| Adapted::choose(input(&series(values))).reason();
        assert_eq!(reason(&[]), "daily: too few readings to know how fast it moves");
        assert_eq!(reason(&[1_000, 2_000]), "daily: too few readings to know how fast it moves");
        assert_eq!(
            reason(&[1_234_567, 1_234_611, 1_234_652]),
            "every 3 h: in 1 h it moves by less than 2 rounding steps"
        );
        assert_eq!(
            reason(&[1_200_000_000, 1_200_000_000, 1_300_000_000]),
            "weekly: in 24 h it moves by less than 2 rounding steps"
        );
        assert_eq!(
            reason(&[1_200_000_000, 1_200_000_000, 1_200_000_000]),
            "weekly: in a week it moves by less than 2 rounding steps"
        );
    }

    #[test]
    fn a_breakout_is_read_hourly() {
        let mut values: Vec<u64> = (0..20).map(|day| 10_000_000 + day * 100_000).collect();
        let calm = Adapted::choose(input(&series(&values))).reason();
        assert_eq!(calm, "weekly: in 24 h it moves by less than 2 rounding steps");
        values.push(12_500_000);
        assert_eq!(Adapted::choose(input(&series(&values))).reason(), "hourly: a breakout is under way");
    }
}
