//! Published probabilities beside observed frequencies, and the coverage of the band.

use super::super::quantiles::{median, rank};
use super::super::{as_f64, ratio};
use super::bootstrap::{Interval, Population, Tally, draw, interval};
use super::breakouts::{BREAKOUT_TIMES, DOUBLE_TIMES, tag_days};
use super::{Candidate, HASHTAGS_MIN, Half, Played};
use crate::metrics::forecast::BAND_ROWS;
use crate::metrics::odds::{Odds, PACE_BOUNDS, SURGE_BOUNDS, cell};
use crate::metrics::outlook::Outlook;
use serde::Serialize;
use strum::IntoStaticStr;

/// A week of so many usual ones or fewer is a weak one.
pub const HALF_TIMES: f64 = 0.5;

/// Tag-days that a cell of a table of one's own needs; a cell of fewer keeps the published probability.
pub const OWN_CELL_MIN: u64 = 200;

/// The outcome a table predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// To be in the tenth that grows most, by percentile of pace.
    TopTenth,
    /// A week of 3 times the usual or more, by surge.
    Triple,
    /// A week of 2 times the usual or more, by surge.
    Double,
    /// A week of half the usual or less, by surge.
    Half,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::TopTenth, Self::Triple, Self::Double, Self::Half];

    /// The name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The lower bounds of its cells but the first.
    pub const fn bounds(self) -> &'static [f64] {
        match self {
            Self::TopTenth => &PACE_BOUNDS,
            _ => &SURGE_BOUNDS,
        }
    }

    /// The published probabilities.
    fn published(self, odds: &Odds) -> &[f64] {
        match self {
            Self::TopTenth => &odds.top_tenth,
            Self::Triple => &odds.triple,
            Self::Double => &odds.double,
            Self::Half => &odds.half,
        }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalibrationCell {
    /// The probability that is published.
    pub published: f64,
    /// Tag-days of the cell.
    pub tag_days: u64,
    /// The share in which it came to pass.
    pub seen: Option<f64>,
}

/// A table of probabilities, and what came to pass.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibrationTable {
    /// Half of the hashtags.
    pub half: Half,
    /// The outcome.
    pub outcome: Outcome,
    /// Cell by cell.
    pub cells: Vec<CalibrationCell>,
    /// The mean distance between published and seen, weighed by tag-days.
    pub error: Option<f64>,
}

/// Coverage of the band.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoverRow {
    /// Half of the hashtags.
    pub half: Half,
    /// Which row of the table of the band, or all whose forecast is 4 steps or more, or all.
    pub rows: String,
    /// Tag-days with a band and a known week after them.
    pub tag_days: u64,
    /// Weeks within the band before it is rounded.
    pub inside: Option<f64>,
    /// 95 % interval of that.
    pub interval: Option<Interval>,
    /// Weeks below the band.
    pub below: Option<f64>,
    /// Weeks above it.
    pub above: Option<f64>,
    /// Weeks within the band as it is shown, rounded outward.
    pub inside_as_shown: Option<f64>,
    /// The upper end over the lower one: the median of those whose lower end is not 0.
    pub width: Option<f64>,
}

/// Tag-days and those of them in which it came to pass, by cell.
type Cells = Vec<[u64; 2]>;

/// Every table of each half.
pub(super) fn judge(played: &Played) -> Vec<CalibrationTable> {
    let odds = Odds::default();
    let tables = Half::ALL.into_iter().flat_map(|half| {
        Outcome::ALL
            .into_iter()
            .zip(counted(played, half))
            .map(move |(outcome, cells)| (half, outcome, cells))
    });
    tables.map(|(half, outcome, cells)| table(half, outcome, &cells, &odds)).collect()
}

fn table(half: Half, outcome: Outcome, cells: &Cells, odds: &Odds) -> CalibrationTable {
    let cell = |(published, [tag_days, hits]): (&f64, &[u64; 2])| CalibrationCell {
        published: *published,
        tag_days: *tag_days,
        seen: ratio(as_f64(*hits), as_f64(*tag_days)),
    };
    let cells: Vec<CalibrationCell> = outcome.published(odds).iter().zip(cells).map(cell).collect();
    let all: u64 = cells.iter().map(|cell| cell.tag_days).sum();
    let off = |cell: &CalibrationCell| Some((cell.seen? - cell.published).abs() * as_f64(cell.tag_days));
    let error = ratio(cells.iter().filter_map(off).sum(), as_f64(all));
    CalibrationTable { half, outcome, cells, error }
}

/// The cells of each outcome.
fn counted(played: &Played, half: Half) -> [Cells; Outcome::ALL.len()] {
    let mut counts = Outcome::ALL.map(|outcome| vec![[0_u64; 2]; outcome.bounds().len() + 1]);
    for (_, day) in played.of(half) {
        for (percentile, is_best) in placed(&day.candidates) {
            count(&mut counts[0], cell(&PACE_BOUNDS, percentile), is_best);
        }
    }
    for day in tag_days(played, half) {
        let at = cell(&SURGE_BOUNDS, day.surge);
        count(&mut counts[1], at, day.times >= BREAKOUT_TIMES);
        count(&mut counts[2], at, day.times >= DOUBLE_TIMES);
        count(&mut counts[3], at, day.times <= HALF_TIMES);
    }
    counts
}

fn count(cells: &mut Cells, at: usize, is_hit: bool) {
    cells[at][0] += 1;
    cells[at][1] += u64::from(is_hit);
}

/// The percentile of pace of each hashtag of a day, and whether it was in the tenth that grew most over 7 days.
fn placed(candidates: &[Candidate]) -> Vec<(f64, bool)> {
    let known: Vec<&Candidate> = candidates.iter().filter(|one| one.grew[0].is_some()).collect();
    if known.len() < HASHTAGS_MIN {
        return Vec::new();
    }
    let pace = |one: &Candidate| one.outlook().filter(|found| found.pace.is_ok()).map(Outlook::rank);
    let mut all: Vec<f64> = candidates.iter().filter_map(pace).collect();
    all.sort_unstable_by(f64::total_cmp);
    let mut grown: Vec<&Candidate> = known.clone();
    grown.sort_by(|one, other| other.grew[0].unwrap_or(0.0).total_cmp(&one.grew[0].unwrap_or(0.0)));
    let best: Vec<u32> = grown.iter().take(known.len().div_ceil(10)).map(|one| one.tag).collect();
    let place = |one: &&Candidate| Some((rank(&all, pace(one)?)?, best.contains(&one.tag)));
    known.iter().filter_map(place).collect()
}

impl Played {
    /// Tables learned on all hashtags that were played back, from at least so many tag-days with a surge and a known week
    /// after them. Fails with the tag-days that there are.
    pub fn learn(&self, tag_days_min: u64) -> Result<Odds, u64> {
        let [tuning, held_out] = Half::ALL.map(|half| counted(self, half));
        let tag_days: u64 = tuning[1].iter().chain(&held_out[1]).map(|cell| cell[0]).sum();
        if tag_days < tag_days_min {
            return Err(tag_days);
        }
        let mut odds = Odds::default();
        let sum = |outcome: usize, at: usize| {
            [0, 1].map(|part| tuning[outcome][at][part] + held_out[outcome][at][part])
        };
        let renew = |outcome: usize, table: &mut [f64]| {
            for (at, cell) in table.iter_mut().enumerate() {
                let [tag_days, hits] = sum(outcome, at);
                if tag_days >= OWN_CELL_MIN {
                    *cell = as_f64(hits) / as_f64(tag_days);
                }
            }
        };
        renew(0, &mut odds.top_tenth);
        renew(1, &mut odds.triple);
        renew(2, &mut odds.double);
        renew(3, &mut odds.half);
        let hashtags = self.names.len();
        odds.learned_on = format!("learned on {tag_days} tag-days of the {hashtags} hashtags of this store");
        Ok(odds)
    }
}

/// A group of rows of the band's table.
struct Group {
    name: String,
    rows: &'static [usize],
}

fn groups() -> Vec<Group> {
    const EACH: [[usize; 1]; BAND_ROWS.len()] = [[0], [1], [2], [3], [4], [5]];
    let each = BAND_ROWS.iter().zip(&EACH).map(|(name, rows)| Group { name: (*name).to_owned(), rows });
    let large = Group { name: "n >= 4".to_owned(), rows: &[3, 4, 5] };
    let all = Group { name: "all".to_owned(), rows: &[0, 1, 2, 3, 4, 5] };
    each.chain([large, all]).collect()
}

/// Computes the coverage of the band, by half and row of its table.
pub(super) fn cover(played: &Played) -> Vec<CoverRow> {
    let rows = |half| groups().into_iter().map(move |group| cover_row(played, half, group));
    Half::ALL.into_iter().flat_map(rows).collect()
}

fn cover_row(played: &Played, half: Half, group: Group) -> CoverRow {
    let (mut tally, mut population, mut widths) = (Tally::default(), Population::default(), Vec::new());
    let (mut below, mut above, mut shown) = (0_u64, 0_u64, 0_u64);
    for (block, day) in played.of(half) {
        for one in &day.candidates {
            let Some(forecast) = one.outlook().and_then(Outlook::forecast) else { continue };
            let Some(gain) = one.next_week.filter(|_| group.rows.contains(&forecast.band.row)) else {
                continue;
            };
            let (band, views) = (forecast.band, as_f64(gain));
            population.add(one.tag, block);
            tally.add(one.tag, block, band.low <= views && views <= band.high);
            below += u64::from(views < band.low);
            above += u64::from(views > band.high);
            shown += u64::from((forecast.low..=forecast.high).contains(&gain));
            widths.extend(ratio(band.high, band.low));
        }
    }
    let [tag_days, _] = tally.sums();
    let share = |count: u64| ratio(as_f64(count), as_f64(tag_days));
    let draws = draw(&[&tally], &population);
    CoverRow {
        half,
        rows: group.name,
        tag_days,
        inside: tally.share(),
        interval: interval(draws[0].iter().copied()),
        below: share(below),
        above: share(above),
        inside_as_shown: share(shown),
        width: median(&mut widths),
    }
}
