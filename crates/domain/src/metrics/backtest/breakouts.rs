//! Weeks of 3 times the usual: how many of the first 20th of a ranking were followed by one.

use super::super::{as_f64, ratio};
use super::bootstrap::{Interval, Population, Tally, draw, interval, lead};
use super::{Candidate, Half, Played, Ranking};
use crate::metrics::surge::BREAKOUT_SURGE;
use serde::Serialize;

/// A breakout: the next 7 days bring at least so many usual weeks, where a usual week is at least a step of display.
pub const BREAKOUT_TIMES: f64 = 3.0;

/// And this is half of it: a week of twice the usual.
pub const DOUBLE_TIMES: f64 = 2.0;

/// The first 20th of all tag-days is picked.
pub const PICKED_PART: usize = 20;

/// Performance of a ranking.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BreakoutRow {
    /// Half of the hashtags.
    pub half: Half,
    /// The ranking.
    pub ranking: Ranking,
    /// True if the picks are those with a surge of 3 or more, false for the first 20th.
    pub is_alarm: bool,
    /// Tag-days with a usual week of a step or more and a known week after them.
    pub tag_days: u64,
    /// Share of tag-days followed by a breakout.
    pub base: Option<f64>,
    /// Tag-days that were picked.
    pub picks: u64,
    /// Different hashtags among them.
    pub distinct_hashtags: u64,
    /// Picks followed by a breakout.
    pub hits: u64,
    /// Hits / picks.
    pub precision: Option<f64>,
    /// 95 % interval of the precision.
    pub interval: Option<Interval>,
    /// Share of picks followed by a week of twice the usual or more.
    pub double: Option<f64>,
    /// Precision over that of last week's growth.
    pub lead: Option<f64>,
    /// 95 % interval of the lead.
    pub lead_interval: Option<Interval>,
}

const RANKINGS: [Ranking; 4] = [Ranking::Surge, Ranking::LastWeek, Ranking::Zscore, Ranking::Pace];
const LAST_WEEK: usize = 1;

/// A tag-day whose surge and whose next week are known.
pub(super) struct TagDay<'a> {
    pub(super) candidate: &'a Candidate,
    pub(super) block: u32,
    pub(super) surge: f64,
    /// The next week in usual weeks.
    pub(super) times: f64,
}

/// The tag-days of a half whose surge and whose next week are known, by name and day.
pub(super) fn tag_days(played: &Played, half: Half) -> Vec<TagDay<'_>> {
    let mut all = Vec::new();
    for (block, day) in played.of(half) {
        for candidate in &day.candidates {
            if let (Some(surge), Some(times)) = (candidate.surge(), candidate.times()) {
                all.push(TagDay { candidate, block, surge, times });
            }
        }
    }
    all.sort_by_key(|day| day.candidate.tag);
    all
}

/// A row for each half and ranking, and one for a surge of 3 or more.
pub(super) fn judge(played: &Played) -> Vec<BreakoutRow> {
    Half::ALL.into_iter().flat_map(|half| rows(played, half)).collect()
}

fn rows(played: &Played, half: Half) -> Vec<BreakoutRow> {
    let days = tag_days(played, half);
    let mut population = Population::default();
    days.iter().for_each(|day| population.add(day.candidate.tag, day.block));
    let mut picked: Vec<Vec<&TagDay<'_>>> =
        RANKINGS.iter().map(|ranking| first(&days, |day| day.candidate.value(*ranking))).collect();
    picked.push(days.iter().filter(|day| day.surge >= BREAKOUT_SURGE).collect());
    let tally = |picked: &Vec<&TagDay<'_>>| {
        let mut tally = Tally::default();
        picked.iter().for_each(|day| tally.add(day.candidate.tag, day.block, day.times >= BREAKOUT_TIMES));
        tally
    };
    let tallies: Vec<Tally> = picked.iter().map(tally).collect();
    let draws = draw(&tallies.iter().collect::<Vec<_>>(), &population);
    let share = |of: &mut dyn Iterator<Item = f64>, times: f64| {
        let [all, hits] = of.fold([0_u64; 2], |[all, hits], it| [all + 1, hits + u64::from(it >= times)]);
        ratio(as_f64(hits), as_f64(all))
    };
    let base = share(&mut days.iter().map(|day| day.times), BREAKOUT_TIMES);
    let usual = tallies[LAST_WEEK].share();
    let row = |(at, tally): (usize, &Tally)| {
        let [picks, hits] = tally.sums();
        let precision = tally.share();
        BreakoutRow {
            half,
            ranking: RANKINGS.get(at).copied().unwrap_or(Ranking::Surge),
            is_alarm: at == RANKINGS.len(),
            tag_days: days.len() as u64,
            base,
            picks,
            distinct_hashtags: tally.hashtags().0,
            hits,
            precision,
            interval: interval(draws[at].iter().copied()),
            double: share(&mut picked[at].iter().map(|day| day.times), DOUBLE_TIMES),
            lead: precision.zip(usual).and_then(|(one, other)| ratio(one, other)),
            lead_interval: lead(&draws[at], &draws[LAST_WEEK]),
        }
    };
    tallies.iter().enumerate().map(row).collect()
}

/// The first 20th by a value; of equals the first by name and day, those without a value last.
fn first<'a, 'b>(days: &'b [TagDay<'a>], value: impl Fn(&TagDay<'a>) -> Option<f64>) -> Vec<&'b TagDay<'a>> {
    let mut ranked: Vec<&TagDay<'a>> = days.iter().collect();
    let key = |day: &TagDay<'a>| value(day).unwrap_or(f64::NEG_INFINITY);
    ranked.sort_by(|one, other| key(other).total_cmp(&key(one)));
    ranked.truncate(days.len().div_ceil(PICKED_PART));
    ranked
}
