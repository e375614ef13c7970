//! How early a breakout is seen: alarms before the day on which the week's figure shows it.

use super::super::quantiles::median;
use super::super::{as_f64, ratio};
use super::breakouts::BREAKOUT_TIMES;
use super::{Candidate, Half, Played, Ranking, is_fresh};
use crate::Timestamp;
use crate::metrics::pace::back;
use crate::metrics::series::Series;
use crate::metrics::surge::{BREAKOUT_SURGE, SURGE_DAYS};
use serde::Serialize;
use std::collections::BTreeMap;

/// Days before a breakout in which an alarm counts.
pub const WARNING_DAYS: i64 = 7;

const WEEK_DAYS: f64 = 7.0;

/// One tag-day in so many is alarmed, where rankings are compared.
pub const ALARMED_PART: usize = 50;

/// The day on which the last 7 days first reach 3 times the weekly mean of the 28 days before them, with none such in the 7
/// days before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Breakout {
    day: Timestamp,
    /// By day from 7 days before to the day itself the share of the week's gain that is still to come.
    to_come: [f64; WARNING_DAYS as usize + 1],
}

/// The breakouts of a series.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Breakouts {
    begun: Vec<Breakout>,
    /// Every day on which the last 7 days reach 3 times the weekly mean before them.
    days: Vec<Timestamp>,
}

/// The breakouts of a series on some days.
pub(super) fn breakouts(whole: &Series, days: &[Timestamp]) -> Breakouts {
    let mut found = Breakouts::default();
    for day in days {
        let Some(breakout) = breakout(whole, *day) else { continue };
        if found.days.last().is_none_or(|last| *last < back(*day, WARNING_DAYS)) {
            found.begun.push(breakout);
        }
        found.days.push(*day);
    }
    found
}

fn breakout(whole: &Series, day: Timestamp) -> Option<Breakout> {
    let begin = back(day, WARNING_DAYS);
    let month = whole.at(back(begin, SURGE_DAYS)).and_then(|first| whole.gain(first.at, begin))?;
    let usual = WEEK_DAYS * as_f64(month.gain) / super::days(month.span_ms);
    let step = month.to.step;
    let gain = |from: Timestamp, to: Timestamp| Some(as_f64(whole.climbed(to)? - whole.climbed(from)?));
    let week = gain(begin, day)?;
    let is_known = is_fresh(whole, begin) && is_fresh(whole, day);
    if !is_known || usual < as_f64(step) || week < BREAKOUT_TIMES * usual {
        return None;
    }
    let to_come = std::array::from_fn(|at| {
        let moment = back(begin, -i64::try_from(at).unwrap_or(0));
        gain(moment, day).and_then(|left| ratio(left, week)).unwrap_or(0.0)
    });
    Some(Breakout { day, to_come })
}

/// How early an alarm was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WarningRow {
    /// Of which hashtags.
    pub half: Half,
    /// Ranked by what.
    pub ranking: Ranking,
    /// From this value on there is an alarm: a surge of 3, or what 1 tag-day in 50 of the tuning half reaches.
    pub threshold: f64,
    /// Tag-days with an alarm over all whose surge can be told.
    pub alarmed: Option<f64>,
    /// Alarms that began.
    pub alarms: u64,
    /// Of them, those on whose day or within 7 days after it the last 7 days reached 3 times the usual week.
    pub right: Option<f64>,
    /// Breakouts of hashtags that took part on the day.
    pub breakouts: u64,
    /// Of them, those with an alarm on the day or in the 7 days before.
    pub seen: Option<f64>,
    /// Seen a day or more before the week's figure showed it.
    pub seen_1_day_ahead: Option<f64>,
    /// Seen 3 days or more before.
    pub seen_3_days_ahead: Option<f64>,
    /// Of the week's gain, the share that was still to come at the alarm: the median of those seen.
    pub to_come: Option<f64>,
}

const RANKINGS: [Ranking; 3] = [Ranking::Surge, Ranking::Zscore, Ranking::LastWeek];

/// A row for each half and alarm.
pub(super) fn judge(played: &Played) -> Vec<WarningRow> {
    let mut alarms = vec![(Ranking::Surge, BREAKOUT_SURGE)];
    for ranking in RANKINGS {
        alarms.extend(threshold(played, ranking).map(|threshold| (ranking, threshold)));
    }
    let row = |half| alarms.iter().map(move |(ranking, threshold)| row(played, half, *ranking, *threshold));
    Half::ALL.into_iter().flat_map(row).collect()
}

/// What a ranking says of a tag-day whose usual week is a step or more.
fn value(candidate: &Candidate, ranking: Ranking) -> Option<f64> {
    candidate.value(ranking).filter(|_| candidate.is_resolvable())
}

/// The value that 1 tag-day in 50 of the tuning half reaches.
fn threshold(played: &Played, ranking: Ranking) -> Option<f64> {
    let candidates = || played.of(Half::Tuning).flat_map(|(_, day)| &day.candidates);
    let mut values: Vec<f64> = candidates().filter_map(|one| value(one, ranking)).collect();
    values.sort_unstable_by(|one, other| other.total_cmp(one));
    let resolvable = candidates().filter(|one| one.is_resolvable()).count();
    values.get((resolvable / ALARMED_PART).checked_sub(1)?).copied()
}

fn row(played: &Played, half: Half, ranking: Ranking, threshold: f64) -> WarningRow {
    let (mut tag_days, mut alarmed) = (0_u64, 0_u64);
    // By hashtag the days on which it took part, and whether there was an alarm.
    let mut by_tag: BTreeMap<u32, Vec<(Timestamp, bool)>> = BTreeMap::new();
    for (_, day) in played.of(half) {
        for candidate in &day.candidates {
            let is_alarm = value(candidate, ranking).is_some_and(|value| value >= threshold);
            tag_days += u64::from(candidate.is_resolvable());
            alarmed += u64::from(is_alarm);
            by_tag.entry(candidate.tag).or_default().push((day.at, is_alarm));
        }
    }
    let (mut alarms, mut right, mut breakouts, mut to_come) = (0_u64, 0_u64, 0_u64, Vec::new());
    let mut seen = [0_u64; 3];
    for (tag, days) in &by_tag {
        let Some(own) = played.breakouts.get(*tag as usize) else { continue };
        let starts = days.iter().enumerate().filter(|(at, day)| day.1 && (*at == 0 || !days[at - 1].1));
        for (_, (start, _)) in starts {
            let week = *start..=back(*start, -WARNING_DAYS);
            alarms += 1;
            right += u64::from(own.days.iter().any(|day| week.contains(day)));
        }
        for breakout in own.begun.iter().filter(|breakout| days.iter().any(|(day, _)| *day == breakout.day)) {
            breakouts += 1;
            let span = back(breakout.day, WARNING_DAYS)..=breakout.day;
            let Some((first, _)) = days.iter().find(|(day, is_alarm)| *is_alarm && span.contains(day)) else {
                continue;
            };
            let ahead = (breakout.day.as_ms() - first.as_ms()) / super::MS_OF_A_DAY;
            for (seen, days) in seen.iter_mut().zip([0, 1, 3]) {
                *seen += u64::from(ahead >= days);
            }
            to_come
                .extend(usize::try_from(WARNING_DAYS - ahead).ok().and_then(|at| breakout.to_come.get(at)));
        }
    }
    let [any, one, three] = seen.map(|seen| ratio(as_f64(seen), as_f64(breakouts)));
    WarningRow {
        half,
        ranking,
        threshold,
        alarmed: ratio(as_f64(alarmed), as_f64(tag_days)),
        alarms,
        right: ratio(as_f64(right), as_f64(alarms)),
        breakouts,
        seen: any,
        seen_1_day_ahead: one,
        seen_3_days_ahead: three,
        to_come: median(&mut to_come),
    }
}
