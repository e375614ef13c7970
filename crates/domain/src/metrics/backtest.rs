//! Replays stored series day by day, to test pace, surge and the band.
//!
//! On each day only the readings up to that day are known, and the series are repaired from those alone. Outcomes are
//! taken from the series repaired as a whole.

use super::outlook::{Outlook, outlook};
use super::pace::back;
use super::series::{Reading, Series};
use super::surge::SURGE_DAYS;
use super::trend::{Trend, TrendInput, TrendWindow, trend};
use super::weights::Weights;
use super::{MS_OF_A_DAY, as_f64, days, ratio};
use crate::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use strum::IntoStaticStr;

mod bootstrap;
pub mod breakouts;
pub mod calibration;
pub mod growth;
pub mod last_year;
pub mod warnings;

pub use super::outlook::{HISTORY_DAYS_MIN, READING_AGE_DAYS_MAX};
pub use bootstrap::Interval;
pub use breakouts::BreakoutRow;
pub use calibration::{CalibrationTable, CoverRow};
pub use growth::GrowthRow;
pub use last_year::LastYearRow;
pub use warnings::WarningRow;

/// Forecast horizons, in days.
pub const HORIZONS_DAYS: [u32; 2] = [7, 30];

/// Fewest hashtags of a half on a day: of fewer, a tenth is too little.
pub const HASHTAGS_MIN: usize = 20;

/// Days per block of the bootstrap.
pub const BLOCK_DAYS: i64 = 28;

/// A ranking under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Ranking {
    /// Raw pace: the default order of emerging hashtags.
    Pace,
    /// Growth over the last seven days.
    LastWeek,
    /// Views.
    Views,
    /// Surge.
    Surge,
    /// Z-score of the velocity within the window.
    Zscore,
    /// The score of the given weights.
    Weighted,
}

impl Ranking {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Half of the hashtags, by name. The published tables were learned from one and are tested on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Half {
    /// The half that tables may be learned from.
    Tuning,
    /// The hold-out half.
    HeldOut,
}

impl Half {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Tuning, Self::HeldOut];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The half of a name: by whether the first byte of its SHA-256 is even.
    pub fn of(name: &str) -> Self {
        if Sha256::digest(name.as_bytes())[0].is_multiple_of(2) { Self::Tuning } else { Self::HeldOut }
    }
}

/// A hashtag's readings, each list in order of time.
#[derive(Debug, Clone, Copy)]
pub struct BacktestSeries<'a> {
    /// Name of the hashtag.
    pub name: &'a str,
    /// Views.
    pub views: &'a [Reading],
    /// Creators, where known.
    pub creators: &'a [Reading],
    /// Videos, where known.
    pub videos: &'a [Reading],
}

/// A plan for a replay.
#[derive(Debug, Clone)]
pub struct BacktestPlan {
    /// Days on which the hashtags are ranked, by the readings up to then.
    pub days: Vec<Timestamp>,
    /// The window of the z-score and the other components.
    pub window: TrendWindow,
    /// Weights to test beside pace.
    pub weights: Option<Weights>,
}

impl BacktestPlan {
    /// From the first to the last reading of any hashtag, every so many days.
    pub fn over(series: &[BacktestSeries<'_>], every_days: u32) -> Self {
        let of = |end: fn(&[Reading]) -> Option<&Reading>| {
            series.iter().filter_map(move |one| end(one.views)).map(|reading| reading.at.as_ms())
        };
        let (first, last) = (of(<[Reading]>::first).min(), of(<[Reading]>::last).max());
        let step_ms = i64::from(every_days.max(1)) * MS_OF_A_DAY;
        let days = first.zip(last).map_or_else(Vec::new, |(first, last)| {
            (1..).map(|n| first + n * step_ms).take_while(|at| *at <= last).map(Timestamp::from_ms).collect()
        });
        Self { days, window: TrendWindow::Week, weights: None }
    }
}

/// A hashtag on a day: its past, and the outcome.
#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    /// Index of the name in sorted order.
    tag: u32,
    trend: Trend,
    last_week: Option<f64>,
    /// Views a week over the last 28 days.
    usual_week: Option<f64>,
    /// Views a week over the 28 days before the last 7.
    usual_week_before: Option<f64>,
    /// ln(last year's same week / the usual week before it).
    last_year: Option<f64>,
    /// Growth by horizon; `None` without a reading at its end.
    grew: [Option<f64>; HORIZONS_DAYS.len()],
    /// Views gained over the next 7 days.
    next_week: Option<u64>,
}

/// The hashtags of a half on a day.
#[derive(Debug, Clone, PartialEq)]
struct Day {
    half: Half,
    at: Timestamp,
    /// In order of their names.
    candidates: Vec<Candidate>,
}

/// The result of a replay.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    names: Vec<String>,
    days: Vec<Day>,
    /// Breakouts of each hashtag.
    breakouts: Vec<warnings::Breakouts>,
}

/// All results of a backtest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backtest {
    /// The tenth that grew most, by half, horizon and ranking.
    pub growth: Vec<GrowthRow>,
    /// Weeks of 3 times the usual, by half and ranking.
    pub breakouts: Vec<BreakoutRow>,
    /// Lead time of breakout alarms.
    pub warnings: Vec<WarningRow>,
    /// Published probabilities beside observed frequencies.
    pub calibration: Vec<CalibrationTable>,
    /// Coverage of the band.
    pub cover: Vec<CoverRow>,
    /// Correlation with last year's same week, which the forecast does not use.
    pub last_year: Vec<LastYearRow>,
}

/// Replays series and computes all results.
pub fn backtest(series: &[BacktestSeries<'_>], plan: &BacktestPlan) -> Backtest {
    play(series, &plan.days, plan.window).judge(plan.weights.as_ref())
}

/// Replays series.
pub fn play(series: &[BacktestSeries<'_>], days: &[Timestamp], window: TrendWindow) -> Played {
    let mut ordered: Vec<&BacktestSeries<'_>> = series.iter().collect();
    ordered.sort_by_key(|one| one.name);
    let empty = |at: &Timestamp| Half::ALL.map(|half| Day { half, at: *at, candidates: Vec::new() });
    let mut played: Vec<Day> = days.iter().flat_map(empty).collect();
    let mut breakouts = Vec::with_capacity(ordered.len());
    for (tag, one) in (0..).zip(&ordered) {
        let whole = Series::repaired(one.views);
        let half = Half::of(one.name) as usize;
        for (number, day) in days.iter().enumerate() {
            let found = candidate(tag, one, &whole, *day, window);
            played[number * Half::ALL.len() + half].candidates.extend(found);
        }
        breakouts.push(warnings::breakouts(&whole, days));
    }
    let names = ordered.iter().map(|one| one.name.to_owned()).collect();
    Played { names, days: played, breakouts }
}

/// The readings up to a day.
fn up_to(readings: &[Reading], day: Timestamp) -> &[Reading] {
    &readings[..readings.partition_point(|reading| reading.at <= day)]
}

fn candidate(
    tag: u32,
    one: &BacktestSeries<'_>,
    whole: &Series,
    day: Timestamp,
    window: TrendWindow,
) -> Option<Candidate> {
    let known = up_to(one.views, day);
    let (first, last) = (known.first()?, known.last()?);
    let age_ms = day.as_ms() - last.at.as_ms();
    if age_ms > READING_AGE_DAYS_MAX * MS_OF_A_DAY
        || day.as_ms() - first.at.as_ms() < HISTORY_DAYS_MIN * MS_OF_A_DAY
    {
        return None;
    }
    let [views, creators, videos] =
        [known, up_to(one.creators, day), up_to(one.videos, day)].map(Series::repaired);
    let input = TrendInput {
        views: &views,
        creators: &creators,
        videos: &videos,
        first_seen: Some(first.at),
        concentration: None,
        outlook: outlook(&views, None),
    };
    let now = views.last()?.at;
    let month = views.gain(back(now, SURGE_DAYS), now);
    Some(Candidate {
        tag,
        trend: trend(&input, window, None)?,
        last_week: views
            .gain(back(now, 7), now)
            .and_then(|gain| ratio(as_f64(gain.gain), as_f64(gain.from.value))),
        usual_week: month.map(|month| 7.0 * as_f64(month.gain) / days(month.span_ms)),
        last_year: last_year::last_year(&views, day),
        usual_week_before: warnings::usual_week_before(&views, day),
        grew: HORIZONS_DAYS.map(|days| {
            let gain = gain_after(whole, day, days.into())?;
            ratio(as_f64(gain.gain), as_f64(gain.from.value))
        }),
        next_week: gain_after(whole, day, 7).map(|gain| gain.gain),
    })
}

/// Returns the gain of a series after a day; `None` without a reading at either end.
fn gain_after(whole: &Series, day: Timestamp, days: i64) -> Option<super::series::Gain> {
    let end = back(day, -days);
    whole.gain(day, end).filter(|_| is_fresh(whole, day) && is_fresh(whole, end))
}

/// Returns true if the newest reading that counts is recent enough at a moment.
fn is_fresh(whole: &Series, at: Timestamp) -> bool {
    whole.at(at).is_some_and(|it| at.as_ms() - it.at.as_ms() <= READING_AGE_DAYS_MAX * MS_OF_A_DAY)
}

impl Candidate {
    fn outlook(&self) -> Option<&Outlook> {
        self.trend.outlook.as_ref()
    }

    /// The surge, where it is known.
    fn surge(&self) -> Option<f64> {
        self.outlook()?.surge.ok()
    }

    /// Returns true if a surge is known and the usual week is a step or more. Readings do not fall on the
    /// ends of 28 days, so 4 steps in them can be less than a step a week.
    fn is_resolvable(&self) -> bool {
        let step = self.outlook().filter(|outlook| outlook.surge.is_ok()).map(|outlook| as_f64(outlook.step));
        step.is_some_and(|step| self.usual_week.is_some_and(|usual| usual >= step))
    }

    /// Returns the gain of the next week in usual weeks, if they are resolvable.
    fn times(&self) -> Option<f64> {
        ratio(as_f64(self.next_week?), self.usual_week.filter(|_| self.is_resolvable())?)
    }

    /// Returns the value of a ranking other than the weights.
    fn value(&self, ranking: Ranking) -> Option<f64> {
        match ranking {
            Ranking::Pace => self.outlook().map(Outlook::rank),
            Ranking::LastWeek => self.last_week,
            Ranking::Views => Some(as_f64(self.trend.views)),
            Ranking::Surge => self.surge(),
            Ranking::Zscore => self.trend.zscore,
            Ranking::Weighted => None,
        }
    }
}

impl Played {
    /// Judges all of it.
    pub fn judge(&self, weights: Option<&Weights>) -> Backtest {
        Backtest {
            growth: growth::judge(self, weights),
            breakouts: breakouts::judge(self),
            warnings: warnings::judge(self),
            calibration: calibration::judge(self),
            cover: calibration::cover(self),
            last_year: last_year::judge(self),
        }
    }

    /// The days of a half, each with its number among the blocks of the bootstrap.
    fn of(&self, half: Half) -> impl Iterator<Item = (u32, &Day)> {
        let first = self.days.first().map_or(0, |day| day.at.as_ms());
        let block = move |day: &Day| {
            u32::try_from((day.at.as_ms() - first) / (BLOCK_DAYS * MS_OF_A_DAY)).unwrap_or(u32::MAX)
        };
        self.days.iter().filter(move |day| day.half == half).map(move |day| (block(day), day))
    }
}

#[cfg(test)]
mod tests;
