//! Where in its life a hashtag is, by its weekly velocities (metrics.md: lifecycle, half-life).

use super::series::{Gain, Series};
use super::trend::{TrendInput, spans, velocity};
use super::{MS_OF_A_DAY, days};
use crate::Timestamp;

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
/// What was dormant and is back at this share of its peak velocity is revived.
pub const REVIVED_SHARE: f64 = 0.25;
/// Weeks that the present and the recent velocity are medians of.
const RECENT_WEEKS: usize = 4;

/// Where in its life a hashtag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Emerging,
        Self::Rising,
        Self::Peaking,
        Self::Plateau,
        Self::Declining,
        Self::Dormant,
        Self::Revived,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Emerging => "emerging",
            Self::Rising => "rising",
            Self::Peaking => "peaking",
            Self::Plateau => "plateau",
            Self::Declining => "declining",
            Self::Dormant => "dormant",
            Self::Revived => "revived",
        }
    }
}

/// A stage and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lifecycle {
    /// The stage.
    pub stage: Stage,
    /// When the newest kept reading was taken.
    pub as_of: Timestamp,
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
    ends_at: Timestamp,
    velocity: f64,
}

impl Week {
    fn of(gain: &Gain) -> Self {
        Self { ends_at: gain.to.at, velocity: velocity(gain) }
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
    let earlier: &mut [f64] =
        &mut weeks.iter().skip(1).take(RECENT_WEEKS).map(|week| week.velocity).collect::<Vec<_>>();
    let usual = super::quantiles::median(earlier);
    let change = usual.and_then(|usual| super::ratio(newest.velocity - usual, usual));
    let first_read = input.views.first().map(|first| first.at);
    let first_seen = input.first_seen.into_iter().chain(first_read).min();
    let age_days = first_seen.map(|first| days(now.at.as_ms().saturating_sub(first.as_ms()).max(0)));
    let share_of_peak = super::ratio(newest.velocity, peak.velocity).unwrap_or(0.0);
    let found = Lifecycle {
        stage: Stage::Dormant,
        as_of: now.at,
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
    let spans = spans(views, end, WEEK_MS, WEEKS_MAX);
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
    use crate::metrics::made_up::{at, every, is_close, of_views};

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
    fn the_reasons_are_told() {
        let declining = found(&[10, 20, 30, 90, 80, 70, 60, 45, 40, 30]);
        assert_eq!((declining.velocity, declining.peak_velocity, declining.weeks), (30.0, 90.0, 10));
        assert_eq!((declining.peak_at, declining.half_life_days), (at(4 * 7 * 24), Some(28.0)));
        assert!(is_close(declining.share_of_peak, 1.0 / 3.0));
        assert!(declining.change.is_some_and(|change| is_close(change, 30.0 / 52.5 - 1.0)));
        assert_eq!(declining.age_days, Some(70.0));
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
