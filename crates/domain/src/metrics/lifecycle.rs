//! Life cycle stage of a hashtag, by its weekly velocities (metrics.md: lifecycle, half-life).

use super::series::{Gain, Series};
use super::trend::{TrendInput, velocity};
use super::{MS_OF_A_DAY, days};
use crate::Timestamp;
use strum::{IntoStaticStr, VariantArray};

const WEEK_MS: i64 = 7 * MS_OF_A_DAY;

/// Weeks looked back on, at most.
pub const WEEKS_MAX: i64 = 260;
/// A hashtag is young for this long after it was first seen.
pub const YOUNG_DAYS: f64 = 60.0;
/// At this share of the peak velocity or above it, a hashtag is at its peak.
pub const PEAK_SHARE: f64 = 0.8;
/// Below this share of the peak velocity it is dormant.
pub const DORMANT_SHARE: f64 = 0.05;
/// A change of the velocity from one month to the next by less than this share is a plateau.
pub const PLATEAU_CHANGE: f64 = 0.2;
/// A dormant hashtag that is back at this share of its peak velocity is revived.
pub const REVIVED_SHARE: f64 = 0.25;
/// Weeks that the present and the recent velocity are medians of.
const RECENT_WEEKS: usize = 4;

/// Life cycle stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Stage {
    /// Young and growing faster.
    Emerging,
    /// Growing faster than a month ago.
    Rising,
    /// At or near its fastest.
    Peaking,
    /// As fast as a month ago, below its peak.
    Plateau,
    /// Slower than a month ago.
    Declining,
    /// Next to no growth against its peak.
    Dormant,
    /// Was dormant after its peak and grows again.
    Revived,
}

impl Stage {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Stage {
    /// Returns true for a stage below the peak and no faster than a month ago.
    pub const fn is_slow(self) -> bool {
        matches!(self, Self::Plateau | Self::Declining | Self::Dormant)
    }
}

/// Above this percentile of pace a hashtag grows faster than most, and below it slower.
pub const MIDDLE_PERCENTILE: f64 = 0.5;

/// An apparent contradiction between stage and outlook. Both describe the same reading, but over other
/// windows, and the stage compares a hashtag with its own past, pace with all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contrast {
    /// A slow stage beside a surge of a breakout.
    SlowAndBreakingOut,
    /// A slow stage beside a pace in the upper half.
    SlowAndAhead,
    /// A fast stage beside a pace in the lower half.
    FastAndBehind,
}

impl Contrast {
    /// Compares a stage with the percentile of pace among all, and with a breakout surge. `None` if they
    /// agree, or nothing is known to compare with.
    pub fn of(stage: Stage, percentile: Option<f64>, is_breakout: Option<bool>) -> Option<Self> {
        let is_ahead = percentile.is_some_and(|percentile| percentile > MIDDLE_PERCENTILE);
        let is_behind = percentile.is_some_and(|percentile| percentile < MIDDLE_PERCENTILE);
        match stage.is_slow() {
            true if is_breakout == Some(true) => Some(Self::SlowAndBreakingOut),
            true if is_ahead => Some(Self::SlowAndAhead),
            false if is_behind => Some(Self::FastAndBehind),
            _ => None,
        }
    }

    /// Returns a sentence for people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::SlowAndBreakingOut => {
                "its newest week is below its own peak, while its newest days are a breakout against the last 28 days"
            }
            Self::SlowAndAhead => {
                "its newest week is below its own peak, while its pace is above that of most hashtags"
            }
            Self::FastAndBehind => {
                "its newest week is fast against its own past, while its pace is below that of most hashtags"
            }
        }
    }
}

/// A stage and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lifecycle {
    /// The stage.
    pub stage: Stage,
    /// Start of the newest week; a gap makes it longer, and a young series shorter.
    pub from: Timestamp,
    /// End of that week: the time of the newest reading that counts.
    pub as_of: Timestamp,
    /// Start of the up to four preceding weeks, which end at `from`; `None` without one.
    pub before_from: Option<Timestamp>,
    /// Views a day over the newest week.
    pub velocity: f64,
    /// Highest views a day of any week.
    pub peak_velocity: f64,
    /// When that week ended.
    pub peak_at: Timestamp,
    /// Velocity / peak velocity.
    pub share_of_peak: f64,
    /// Change of the velocity against the median of the weeks before, as a share of that; `None` without such weeks, or
    /// from 0.
    pub change: Option<f64>,
    /// Days from the peak until a week at half of it or below; `None` where that has not come.
    pub half_life_days: Option<f64>,
    /// Days since the hashtag was first seen, or first read where that is earlier.
    pub age_days: Option<f64>,
    /// Weeks with a velocity that this is made of.
    pub weeks: u64,
}

struct Week {
    from: Timestamp,
    ends_at: Timestamp,
    velocity: f64,
}

impl Week {
    fn of(gain: &Gain) -> Self {
        Self { from: gain.from.at, ends_at: gain.to.at, velocity: velocity(gain) }
    }
}

/// The stage at the newest kept reading, or the newest one at or before `as_of`. `None` where no week has a velocity.
pub fn lifecycle(input: &TrendInput<'_>, as_of: Option<Timestamp>) -> Option<Lifecycle> {
    let now = match as_of {
        Some(when) => input.views.at(when),
        None => input.views.last(),
    }?;
    let weeks = weeks(input.views, now.at);
    let newest = weeks.first()?;
    let peak = weeks.iter().max_by(|one, other| one.velocity.total_cmp(&other.velocity))?;
    let before = || weeks.iter().skip(1).take(RECENT_WEEKS);
    let usual = super::quantiles::median(&mut before().map(|week| week.velocity).collect::<Vec<_>>());
    let change = usual.and_then(|usual| super::ratio(newest.velocity - usual, usual));
    let first_read = input.views.first().map(|first| first.at);
    let first_seen = input.first_seen.into_iter().chain(first_read).min();
    let age_days = first_seen.map(|first| days(now.at.as_ms().saturating_sub(first.as_ms()).max(0)));
    let share_of_peak = super::ratio(newest.velocity, peak.velocity).unwrap_or(0.0);
    let found = Lifecycle {
        stage: Stage::Dormant,
        from: newest.from,
        as_of: now.at,
        before_from: before().next_back().map(|week| week.from),
        velocity: newest.velocity,
        peak_velocity: peak.velocity,
        peak_at: peak.ends_at,
        share_of_peak,
        change,
        half_life_days: half_life_days(&weeks, peak),
        age_days,
        weeks: weeks.len() as u64,
    };
    let slept = weeks.iter().skip(1).take_while(|week| week.ends_at > peak.ends_at);
    let has_slept = slept.into_iter().any(|week| week.velocity < DORMANT_SHARE * peak.velocity);
    Some(Lifecycle { stage: stage(&found, has_slept), ..found })
}

fn stage(of: &Lifecycle, has_slept: bool) -> Stage {
    let is_young = of.age_days.is_some_and(|age| age < YOUNG_DAYS);
    let grows_faster = of.change.is_none_or(|change| change > PLATEAU_CHANGE);
    if of.share_of_peak < DORMANT_SHARE {
        Stage::Dormant
    } else if has_slept && of.share_of_peak >= REVIVED_SHARE {
        Stage::Revived
    } else if is_young && grows_faster {
        Stage::Emerging
    } else if of.share_of_peak >= PEAK_SHARE {
        Stage::Peaking
    } else if grows_faster {
        Stage::Rising
    } else if of.change.is_some_and(|change| change < -PLATEAU_CHANGE) {
        Stage::Declining
    } else {
        Stage::Plateau
    }
}

/// Weeks back from a moment, the newest first; a gap makes one of several. A series that is younger than a week has one of
/// what there is, from a day on.
fn weeks(views: &Series, end: Timestamp) -> Vec<Week> {
    let spans = views.counted_series().spans(end, WEEK_MS, WEEKS_MAX);
    if !spans.is_empty() {
        return spans.iter().map(Week::of).collect();
    }
    let first = views.first().and_then(|first| views.gain(first.at, end));
    first.filter(|gain| gain.span_ms >= MS_OF_A_DAY).iter().map(Week::of).collect()
}

fn half_life_days(weeks: &[Week], peak: &Week) -> Option<f64> {
    let after = weeks.iter().rev().filter(|week| week.ends_at > peak.ends_at);
    let half = after.into_iter().find(|week| week.velocity <= peak.velocity / 2.0)?;
    Some(days(half.ends_at.as_ms().saturating_sub(peak.ends_at.as_ms())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::made_up::{at, every, exact, is_close, of_views};
    use proptest::prelude::*;

    /// A reading a day; by week the views a day.
    fn of_weeks(velocities: &[u64]) -> Series {
        let daily = velocities.iter().flat_map(|velocity| [velocity; 7]);
        every(
            24,
            std::iter::once(10_000).chain(daily.scan(10_000, |total, velocity| {
                *total += velocity;
                Some(*total)
            })),
        )
    }

    fn found(velocities: &[u64]) -> Lifecycle {
        let series = of_weeks(velocities);
        lifecycle(&of_views(&series, &Series::EMPTY), None).expect("a stage")
    }

    #[test]
    fn every_stage_is_reached() {
        for (velocities, stage) in [
            (&[10, 20, 40, 80][..], Stage::Emerging),
            (&[10, 10, 10, 10, 10, 90, 10, 10, 20, 20, 20, 40], Stage::Rising),
            (&[10, 20, 30, 40, 50, 60, 70, 80, 90, 95], Stage::Peaking),
            (&[90, 10, 50, 50, 50, 50, 50, 50, 50, 50], Stage::Plateau),
            (&[10, 20, 30, 90, 80, 70, 60, 50, 40, 30], Stage::Declining),
            (&[10, 20, 30, 900, 80, 70, 60, 50, 40, 30], Stage::Dormant),
            (&[10, 20, 30, 900, 80, 70, 6, 5, 4, 300], Stage::Revived),
        ] {
            assert_eq!(found(velocities).stage, stage, "{velocities:?}");
        }
    }

    #[test]
    fn the_reasons_are_reported() {
        let declining = found(&[10, 20, 30, 90, 80, 70, 60, 45, 40, 30]);
        assert_eq!((declining.velocity, declining.peak_velocity, declining.weeks), (30.0, 90.0, 10));
        assert_eq!((declining.peak_at, declining.half_life_days), (at(4 * 7 * 24), Some(28.0)));
        assert!(is_close(declining.share_of_peak, 1.0 / 3.0));
        assert!(declining.change.is_some_and(|change| is_close(change, 30.0 / 52.5 - 1.0)));
        assert_eq!(declining.age_days, Some(70.0));
    }

    #[test]
    fn the_weeks_that_it_is_made_of_are_named() {
        let of = found(&[10, 20, 30, 90, 80, 70, 60, 45, 40, 30]);
        assert_eq!((of.from, of.as_of), (at(9 * 7 * 24), at(10 * 7 * 24)));
        assert_eq!(of.before_from, Some(at(5 * 7 * 24)));
        let young = found(&[10]);
        assert_eq!((young.from, young.as_of, young.before_from), (at(0), at(7 * 24), None));
    }

    #[test]
    fn no_stage_contradicts_an_outlook_without_a_word() {
        let percentiles = (0..=100).map(|percent| Some(f64::from(percent) / 100.0)).chain([None]);
        for (percentile, stage) in
            percentiles.flat_map(|it| Stage::VARIANTS.iter().map(move |stage| (it, *stage)))
        {
            for is_breakout in [None, Some(false), Some(true)] {
                let seems_wrong = match stage {
                    Stage::Plateau | Stage::Declining | Stage::Dormant => {
                        percentile.is_some_and(|it| it > 0.5) || is_breakout == Some(true)
                    }
                    _ => percentile.is_some_and(|it| it < 0.5),
                };
                let contrast = Contrast::of(stage, percentile, is_breakout);
                assert_eq!(contrast.is_some(), seems_wrong, "{stage:?} {percentile:?} {is_breakout:?}");
            }
        }
    }

    proptest! {
        /// Daily gains, with days that were not read.
        #[test]
        fn a_stage_is_backed_by_the_weeks_it_names(
            gains in prop::collection::vec((0_u64..2_000, prop::bool::weighted(0.8)), 2..120),
            percentile in prop::option::of(0.0_f64..1.0),
            is_breakout in prop::option::of(any::<bool>()),
        ) {
            let mut total = 1_000;
            let readings: Vec<_> = (0..).zip(&gains).filter_map(|(day, (gain, is_read))| {
                total += gain;
                is_read.then(|| exact(day * 24, total))
            }).collect();
            let series = Series::repaired(&readings);
            let Some(life) = lifecycle(&of_views(&series, &Series::EMPTY), None) else { return Ok(()) };
            check(&series, &life, Contrast::of(life.stage, percentile, is_breakout))?;
        }
    }

    /// That a stage follows from the two spans it names, and a contrast from the stage.
    fn check(series: &Series, life: &Lifecycle, contrast: Option<Contrast>) -> Result<(), TestCaseError> {
        prop_assert_eq!(Some(life.as_of), series.last().map(|last| last.at));
        let week = series.gain(life.from, life.as_of).expect("a span");
        prop_assert_eq!((week.from.at, week.to.at), (life.from, life.as_of));
        prop_assert!(is_close(velocity(&week), life.velocity));
        prop_assert!(life.before_from.is_none_or(|before| before < life.from));
        prop_assert_eq!(life.before_from.is_some(), life.weeks > 1);
        if life.stage == Stage::Declining {
            prop_assert!(life.change.is_some_and(|change| change < -PLATEAU_CHANGE));
        }
        if life.stage.is_slow() {
            prop_assert!(life.share_of_peak < PEAK_SHARE, "{:?}", life);
        }
        match contrast {
            Some(Contrast::FastAndBehind) => prop_assert!(
                life.share_of_peak >= REVIVED_SHARE
                    || life.change.is_none_or(|change| change > PLATEAU_CHANGE),
                "{:?}",
                life
            ),
            Some(_) => prop_assert!(life.share_of_peak < PEAK_SHARE, "{:?}", life),
            None => {}
        }
        Ok(())
    }

    #[test]
    fn a_day_is_enough_and_a_reading_is_not() {
        let of = |series: &Series| lifecycle(&of_views(series, &Series::EMPTY), None);
        let young = of(&every(24, [100, 180])).expect("a stage");
        assert_eq!((young.stage, young.velocity, young.change), (Stage::Emerging, 80.0, None));
        assert_eq!(of(&every(23, [100, 180])), None);
        assert_eq!(of(&every(23, [100])), None);
        let still = of(&every(24, [100; 30])).expect("a stage");
        assert_eq!((still.stage, still.share_of_peak), (Stage::Dormant, 0.0));
    }
}
