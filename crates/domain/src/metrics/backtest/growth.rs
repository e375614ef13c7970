//! The tenth that grew most: how many of a ranking's first tenth were in it.

use super::super::emerging::{Peers, components, emerging};
use super::super::{as_f64, ratio};
use super::bootstrap::{Interval, Population, Tally, draw, effective, interval, lead};
use super::{Candidate, HASHTAGS_MIN, HORIZONS_DAYS, Half, Played, Ranking};
use crate::metrics::Weights;
use serde::Serialize;

/// Performance of a ranking over all days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GrowthRow {
    /// Half of the hashtags.
    pub half: Half,
    /// Horizon, in days.
    pub horizon_days: u32,
    /// The ranking.
    pub ranking: Ranking,
    /// Days that had enough hashtags.
    pub days: u64,
    /// Days that would say as much if they did not resemble one another.
    pub effective_days: Option<f64>,
    /// Hashtags that took part, summed over the days.
    pub hashtags: u64,
    /// Hashtags at the top of the ranking, summed over the days.
    pub picks: u64,
    /// Different hashtags among the picks.
    pub distinct_hashtags: u64,
    /// As many equally frequent hashtags would be as diverse.
    pub effective_hashtags: Option<f64>,
    /// Picks in the tenth that grew most.
    pub hits: u64,
    /// Hits / picks.
    pub precision: Option<f64>,
    /// 95 % interval of the precision.
    pub interval: Option<Interval>,
    /// Precision over that of last week's growth.
    pub lead: Option<f64>,
    /// 95 % interval of the lead.
    pub lead_interval: Option<Interval>,
    /// Expected precision of random picks.
    pub chance: Option<f64>,
    /// Hashtags of the tenth that were in last week's tenth already.
    pub incumbents: u64,
    /// Share of the incumbents that was picked.
    pub incumbents_found: Option<f64>,
    /// Hashtags of the tenth that were not in last week's.
    pub newcomers: u64,
    /// Share of the newcomers that was picked.
    pub newcomers_found: Option<f64>,
}

const RANKINGS: [Ranking; 4] = [Ranking::Pace, Ranking::LastWeek, Ranking::Views, Ranking::Weighted];
const LAST_WEEK: usize = 1;

#[derive(Default)]
struct Sums {
    hashtags: u64,
    by_chance: f64,
    population: Population,
    by_ranking: [Found; RANKINGS.len()],
}

#[derive(Default)]
struct Found {
    tally: Tally,
    daily: Vec<f64>,
    /// Incumbents and newcomers: all of the tenth, and those that were picked.
    incumbents: [u64; 2],
    newcomers: [u64; 2],
}

/// A row for each half, horizon and ranking; that of the weights only where they are given.
pub(super) fn judge(played: &Played, weights: Option<&Weights>) -> Vec<GrowthRow> {
    let mut rows = Vec::new();
    let rankings = if weights.is_some() { &RANKINGS[..] } else { &RANKINGS[..RANKINGS.len() - 1] };
    for half in Half::ALL {
        for (horizon, horizon_days) in HORIZONS_DAYS.into_iter().enumerate() {
            let mut sums = Sums::default();
            for (block, day) in played.of(half) {
                sums.add(&day.candidates, horizon, block, weights);
            }
            rows.extend(sums.rows(half, horizon_days, rankings));
        }
    }
    rows
}

impl Sums {
    fn add(&mut self, candidates: &[Candidate], horizon: usize, block: u32, weights: Option<&Weights>) {
        let known: Vec<&Candidate> = candidates.iter().filter(|one| one.grew[horizon].is_some()).collect();
        if known.len() < HASHTAGS_MIN {
            return;
        }
        let tenth = known.len().div_ceil(10);
        let best = leaders(&known, tenth, |one| one.grew[horizon]);
        let last_tenth = leaders(&known, tenth, |one| one.last_week);
        known.iter().for_each(|one| self.population.add(one.tag, block));
        self.hashtags += known.len() as u64;
        self.by_chance += as_f64((tenth * tenth) as u64) / as_f64(known.len() as u64);
        // Peers are all that took part, even if their outcome is unknown, as in production.
        let peers = weights.map(|_| Peers::of(candidates.iter().map(|one| components(&one.trend))));
        let weighted = |one: &Candidate| emerging(&one.trend, peers.as_ref()?, weights?).score;
        for (ranking, found) in RANKINGS.into_iter().zip(&mut self.by_ranking) {
            let picked = match ranking {
                Ranking::Weighted if weights.is_none() => continue,
                Ranking::Weighted => leaders(&known, tenth, weighted),
                other => leaders(&known, tenth, |one| one.value(other)),
            };
            found.add(&picked, &best, &last_tenth, block);
        }
    }

    fn rows(&self, half: Half, horizon_days: u32, rankings: &[Ranking]) -> Vec<GrowthRow> {
        let tallies: Vec<&Tally> = self.by_ranking.iter().map(|found| &found.tally).collect();
        let draws = draw(&tallies, &self.population);
        let usual = self.by_ranking[LAST_WEEK].tally.share();
        let row = |(at, ranking): (usize, &Ranking)| {
            let found = &self.by_ranking[at];
            let [picks, hits] = found.tally.sums();
            let (distinct_hashtags, effective_hashtags) = found.tally.hashtags();
            let precision = found.tally.share();
            let share = |[all, found]: [u64; 2]| ratio(as_f64(found), as_f64(all));
            GrowthRow {
                half,
                horizon_days,
                ranking: *ranking,
                days: found.daily.len() as u64,
                effective_days: effective(&found.daily),
                hashtags: self.hashtags,
                picks,
                distinct_hashtags,
                effective_hashtags,
                hits,
                precision,
                interval: interval(draws[at].iter().copied()),
                lead: precision.zip(usual).and_then(|(one, other)| ratio(one, other)),
                lead_interval: lead(&draws[at], &draws[LAST_WEEK]),
                chance: ratio(self.by_chance, as_f64(picks)),
                incumbents: found.incumbents[0],
                incumbents_found: share(found.incumbents),
                newcomers: found.newcomers[0],
                newcomers_found: share(found.newcomers),
            }
        };
        rankings.iter().enumerate().map(row).collect()
    }
}

impl Found {
    fn add(&mut self, picked: &[u32], best: &[u32], last_tenth: &[u32], block: u32) {
        let mut hits = 0;
        for tag in picked {
            let is_hit = best.contains(tag);
            hits += u64::from(is_hit);
            self.tally.add(*tag, block, is_hit);
        }
        self.daily.extend(ratio(as_f64(hits), as_f64(picked.len() as u64)));
        for tag in best {
            let group = if last_tenth.contains(tag) { &mut self.incumbents } else { &mut self.newcomers };
            group[0] += 1;
            group[1] += u64::from(picked.contains(tag));
        }
    }
}

/// The hashtags with the highest value; those without one come last, equals in order of their names.
fn leaders(candidates: &[&Candidate], count: usize, value: impl Fn(&Candidate) -> Option<f64>) -> Vec<u32> {
    let mut ranked: Vec<(f64, u32)> =
        candidates.iter().map(|one| (value(one).unwrap_or(f64::NEG_INFINITY), one.tag)).collect();
    ranked.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    ranked.into_iter().take(count).map(|(_, tag)| tag).collect()
}
