//! Would the emerging score have found what grew next? Plays stored series back day by day and compares.
//!
//! On each day the hashtags are ranked by what had been read by then, and only that: series are repaired anew from the
//! readings up to the day. What came after decides which of them were among the tenth that grew most.

use super::as_f64;
use super::emerging::{Peers, components, emerging};
use super::series::{Reading, Series};
use super::trend::{Trend, TrendInput, TrendWindow, trend};
use super::weights::Weights;
use super::{MS_OF_A_DAY, ratio};
use crate::Timestamp;
use sha2::{Digest, Sha256};

/// How far ahead is looked, in days.
pub const HORIZONS_DAYS: [u32; 2] = [7, 30];

/// Hashtags that a day needs at least in a half: of fewer, a tenth is too little.
pub const HASHTAGS_MIN: usize = 20;

/// A hashtag takes part in a day, and its growth is known at the end of a horizon, where it has a kept reading no older
/// than this.
pub const READING_AGE_DAYS_MAX: i64 = 2;

/// A hashtag takes part from this long after its first reading.
pub const HISTORY_DAYS_MIN: i64 = 7;

/// What is ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ranking {
    /// The emerging score.
    Emerging,
    /// Views.
    Views,
    /// Growth over the last seven days.
    LastWeek,
}

impl Ranking {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Emerging, Self::Views, Self::LastWeek];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Emerging => "emerging",
            Self::Views => "views",
            Self::LastWeek => "last_week",
        }
    }
}

/// Half of the hashtags, by their names. The default weights were tuned on one and are judged on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Half {
    /// The one weights may be tuned on.
    Tuning,
    /// The one they may not.
    HeldOut,
}

impl Half {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Tuning, Self::HeldOut];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tuning => "tuning",
            Self::HeldOut => "held_out",
        }
    }

    /// The half of a name: by whether the first byte of its SHA-256 is even.
    pub fn of(name: &str) -> Self {
        if Sha256::digest(name.as_bytes())[0].is_multiple_of(2) { Self::Tuning } else { Self::HeldOut }
    }
}

/// A hashtag's readings, each list in order of time.
#[derive(Debug, Clone, Copy)]
pub struct BacktestSeries<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Views.
    pub views: &'a [Reading],
    /// Creators, where known.
    pub creators: &'a [Reading],
    /// Videos, where known.
    pub videos: &'a [Reading],
}

/// What is played back.
#[derive(Debug, Clone)]
pub struct BacktestPlan {
    /// The days: on each what had been read by that moment is ranked.
    pub days: Vec<Timestamp>,
    /// The window of the score.
    pub window: TrendWindow,
    /// The weights of the score.
    pub weights: Weights,
    /// How many of a ranking are taken; `None`: a tenth of those that take part.
    pub top: Option<u64>,
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
        Self { days, window: TrendWindow::Week, weights: Weights::default(), top: None }
    }
}

/// How well a ranking did, all days together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BacktestRow {
    /// Of which hashtags.
    pub half: Half,
    /// How far ahead.
    pub horizon_days: u32,
    /// Ranked by what.
    pub ranking: Ranking,
    /// Days that had enough hashtags.
    pub days: u64,
    /// Hashtags that took part, summed over the days.
    pub hashtags: u64,
    /// Hashtags at the top of the ranking, summed over the days.
    pub picks: u64,
    /// Of them, those that were in the tenth that grew most.
    pub hits: u64,
    /// Hits / picks.
    pub precision: Option<f64>,
    /// What picking by chance would have made of it.
    pub chance: Option<f64>,
}

/// A hashtag on a day: what was known, and what came.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    name: String,
    trend: Trend,
    last_week: Option<f64>,
    /// By horizon, growth over it; `None` where nothing was read at its end.
    grew: [Option<f64>; HORIZONS_DAYS.len()],
}

/// By day and half the hashtags that took part.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    days: Vec<(Half, Vec<Candidate>)>,
}

/// Plays series back and judges the rankings: a row for each half, horizon and ranking.
pub fn backtest(series: &[BacktestSeries<'_>], plan: &BacktestPlan) -> Vec<BacktestRow> {
    play(series, &plan.days, plan.window).judge(&plan.weights, plan.top)
}

/// Plays series back. What is found can be judged with any weights.
pub fn play(series: &[BacktestSeries<'_>], days: &[Timestamp], window: TrendWindow) -> Played {
    let whole: Vec<Series> = series.iter().map(|one| Series::repaired(one.views)).collect();
    let mut played = Vec::new();
    for day in days {
        for half in Half::ALL {
            let own = series.iter().zip(&whole).filter(|(one, _)| Half::of(one.name) == half);
            let candidates: Vec<_> =
                own.filter_map(|(one, whole)| candidate(one, whole, *day, window)).collect();
            played.push((half, candidates));
        }
    }
    Played { days: played }
}

/// The readings up to a day.
fn up_to(readings: &[Reading], day: Timestamp) -> &[Reading] {
    &readings[..readings.partition_point(|reading| reading.at <= day)]
}

fn candidate(
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
    };
    let week = trend(&input, TrendWindow::Week, None)?;
    Some(Candidate {
        name: one.name.to_owned(),
        trend: trend(&input, window, None)?,
        last_week: week.growth,
        grew: HORIZONS_DAYS.map(|days| growth_after(whole, day, days)),
    })
}

/// What a series grew by after a day, as a share of its views then.
fn growth_after(whole: &Series, day: Timestamp, days: u32) -> Option<f64> {
    let end = Timestamp::from_ms(day.as_ms() + i64::from(days) * MS_OF_A_DAY);
    let is_fresh = |at: Timestamp| {
        whole.at(at).is_some_and(|it| at.as_ms() - it.at.as_ms() <= READING_AGE_DAYS_MAX * MS_OF_A_DAY)
    };
    let gain = whole.gain(day, end).filter(|_| is_fresh(day) && is_fresh(end))?;
    ratio(as_f64(gain.gain), as_f64(gain.from.value))
}

impl Played {
    /// Judges the rankings with some weights of the score.
    pub fn judge(&self, weights: &Weights, top: Option<u64>) -> Vec<BacktestRow> {
        let mut rows = Vec::new();
        for half in Half::ALL {
            for (horizon, horizon_days) in HORIZONS_DAYS.into_iter().enumerate() {
                for ranking in Ranking::ALL {
                    let mut sums = Sums::default();
                    for (_, candidates) in self.days.iter().filter(|(of, _)| *of == half) {
                        sums.add(candidates, horizon, ranking, weights, top);
                    }
                    rows.push(sums.row(half, horizon_days, ranking));
                }
            }
        }
        rows
    }
}

#[derive(Default)]
struct Sums {
    days: u64,
    hashtags: u64,
    picks: u64,
    hits: u64,
    by_chance: f64,
}

impl Sums {
    fn add(
        &mut self,
        candidates: &[Candidate],
        horizon: usize,
        ranking: Ranking,
        weights: &Weights,
        top: Option<u64>,
    ) {
        let known: Vec<&Candidate> = candidates.iter().filter(|one| one.grew[horizon].is_some()).collect();
        if known.len() < HASHTAGS_MIN {
            return;
        }
        let tenth = known.len().div_ceil(10);
        let picks = top.map_or(tenth, |top| usize::try_from(top).unwrap_or(usize::MAX).min(known.len()));
        // Peers are those that took part, also where what came of them is not known: that is how it would have been.
        let peers = Peers::of(candidates.iter().map(|one| (one.trend.views, components(&one.trend))));
        let best = leaders(&known, tenth, |one| one.grew[horizon]);
        let picked = leaders(&known, picks, |one| match ranking {
            Ranking::Emerging => emerging(&one.trend, &peers, weights).map(|found| found.score),
            Ranking::Views => Some(as_f64(one.trend.views)),
            Ranking::LastWeek => one.last_week,
        });
        self.days += 1;
        self.hashtags += known.len() as u64;
        self.picks += picks as u64;
        self.hits += picked.iter().filter(|name| best.contains(name)).count() as u64;
        self.by_chance += as_f64((picks * tenth) as u64) / as_f64(known.len() as u64);
    }

    fn row(&self, half: Half, horizon_days: u32, ranking: Ranking) -> BacktestRow {
        BacktestRow {
            half,
            horizon_days,
            ranking,
            days: self.days,
            hashtags: self.hashtags,
            picks: self.picks,
            hits: self.hits,
            precision: ratio(as_f64(self.hits), as_f64(self.picks)),
            chance: ratio(self.by_chance, as_f64(self.picks)),
        }
    }
}

/// The names of those with the highest value; those without one come last, equals in order of their names.
fn leaders<'a>(
    candidates: &[&'a Candidate],
    count: usize,
    value: impl Fn(&Candidate) -> Option<f64>,
) -> Vec<&'a str> {
    let mut ranked: Vec<(f64, &str)> =
        candidates.iter().map(|one| (value(one).unwrap_or(f64::NEG_INFINITY), one.name.as_str())).collect();
    ranked.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    ranked.into_iter().take(count).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests;
