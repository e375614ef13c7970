//! Lead time of breakout alarms: days before the week's figure shows the breakout.

use super::super::quantiles::median;
use super::super::{as_f64, ratio, wide_as_f64};
use super::breakouts::BREAKOUT_TIMES;
use super::{Candidate, Half, Played, Ranking, is_fresh};
use crate::Timestamp;
use crate::metrics::pace::back;
use crate::metrics::series::Series;
use crate::metrics::surge::{BREAKOUT_SURGE, SURGE_DAYS};
use serde::Serialize;
use std::collections::BTreeMap;

/// Days before a breakout in which an alarm counts, and days without an alarm after which the next one is a new one.
pub const WARNING_DAYS: i64 = 7;

/// Days after the beginning of a breakout in which no other one begins.
pub const BREAKOUT_REST_DAYS: i64 = 28;

const WEEK_DAYS: f64 = 7.0;

/// One tag-day in so many is alarmed, where rankings are compared.
pub const ALARMED_PART: usize = 50;

/// The day on which the last 7 days first reach 3 times the weekly mean of the 28 days before them, where that mean is a step
/// or more and no other breakout began in the [`BREAKOUT_REST_DAYS`] before.
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
        if found.begun.last().is_none_or(|last| last.day < back(*day, BREAKOUT_REST_DAYS)) {
            found.begun.push(breakout);
        }
        found.days.push(*day);
    }
    found
}

/// The weekly mean of the 28 days before the last 7: what a breakout is measured by on a day.
pub(super) fn usual_week_before(views: &Series, day: Timestamp) -> Option<f64> {
    let begin = back(day, WARNING_DAYS);
    let month = views.at(back(begin, SURGE_DAYS)).and_then(|first| views.gain(first.at, begin))?;
    Some(WEEK_DAYS * as_f64(month.gain) / super::days(month.span_ms))
}

fn breakout(whole: &Series, day: Timestamp) -> Option<Breakout> {
    let (begin, step) = (back(day, WARNING_DAYS), whole.at(day)?.step);
    let usual = usual_week_before(whole, day).filter(|usual| *usual >= as_f64(step))?;
    let gain = |from: Timestamp, to: Timestamp| Some(wide_as_f64(whole.climbed(to)? - whole.climbed(from)?));
    let week = gain(begin, day).filter(|week| *week >= BREAKOUT_TIMES * usual)?;
    if !is_fresh(whole, begin) || !is_fresh(whole, day) {
        return None;
    }
    let to_come = std::array::from_fn(|at| {
        let moment = back(begin, -i64::try_from(at).unwrap_or(0));
        gain(moment, day).and_then(|left| ratio(left, week)).unwrap_or(0.0)
    });
    Some(Breakout { day, to_come })
}

/// Lead time of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WarningRow {
    /// Half of the hashtags.
    pub half: Half,
    /// The ranking.
    pub ranking: Ranking,
    /// From this value on there is an alarm: a surge of 3, or what 1 tag-day in 50 of the tuning half reaches.
    pub threshold: f64,
    /// Share of tag-days with an alarm, among those whose 28 days before the last 7 brought a step a week or
    /// more.
    pub alarmed: Option<f64>,
    /// Alarms that began on such a tag-day, after 7 days without one.
    pub alarms: u64,
    /// Share of alarms followed, on the day or within 7 days, by 3 times the usual week over 7 days.
    pub right: Option<f64>,
    /// Breakouts of hashtags that took part on the day.
    pub breakouts: u64,
    /// Share of breakouts with an alarm on the day or in the 7 days before, whatever the 28 days before that
    /// day brought.
    pub seen: Option<f64>,
    /// Seen a day or more before the week's figure showed it.
    pub seen_1_day_ahead: Option<f64>,
    /// Seen 3 days or more before.
    pub seen_3_days_ahead: Option<f64>,
    /// Median share of the week's gain still to come at the alarm, of the breakouts seen.
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

/// Returns a ranking's value for a tag-day with a known surge.
fn value(candidate: &Candidate, ranking: Ranking) -> Option<f64> {
    candidate.value(ranking).filter(|_| candidate.surge().is_some())
}

/// Returns true if a breakout was detectable on the day: the 28 days before the last 7 brought a step a week
/// or more.
fn is_counted(candidate: &Candidate) -> bool {
    let step = candidate.outlook().map(|outlook| as_f64(outlook.step));
    step.zip(candidate.usual_week_before).is_some_and(|(step, usual)| usual >= step)
}

/// The value that 1 tag-day in 50 of the tuning half reaches.
fn threshold(played: &Played, ranking: Ranking) -> Option<f64> {
    let all = played.of(Half::Tuning).flat_map(|(_, day)| &day.candidates);
    let counted: Vec<&Candidate> = all.filter(|one| is_counted(one)).collect();
    let mut values: Vec<f64> = counted.iter().filter_map(|one| value(one, ranking)).collect();
    values.sort_unstable_by(|one, other| other.total_cmp(one));
    values.get((counted.len() / ALARMED_PART).checked_sub(1)?).copied()
}

/// A hashtag on a day.
struct TagDay {
    at: Timestamp,
    is_alarm: bool,
    is_counted: bool,
}

/// The days on which an alarm begins, after [`WARNING_DAYS`] without one.
fn begun(days: &[TagDay]) -> impl Iterator<Item = &TagDay> {
    let mut last: Option<Timestamp> = None;
    days.iter()
        .filter(|day| day.is_alarm)
        .filter(move |day| last.replace(day.at).is_none_or(|last| last < back(day.at, WARNING_DAYS)))
}

fn row(played: &Played, half: Half, ranking: Ranking, threshold: f64) -> WarningRow {
    let (mut tag_days, mut alarmed) = (0_u64, 0_u64);
    // By hashtag the days on which it took part.
    let mut by_tag: BTreeMap<u32, Vec<TagDay>> = BTreeMap::new();
    for (_, day) in played.of(half) {
        for candidate in &day.candidates {
            let is_alarm = value(candidate, ranking).is_some_and(|value| value >= threshold);
            let is_counted = is_counted(candidate);
            tag_days += u64::from(is_counted);
            alarmed += u64::from(is_counted && is_alarm);
            by_tag.entry(candidate.tag).or_default().push(TagDay { at: day.at, is_alarm, is_counted });
        }
    }
    let (mut alarms, mut right, mut breakouts, mut to_come) = (0_u64, 0_u64, 0_u64, Vec::new());
    let mut seen = [0_u64; 3];
    for (tag, days) in &by_tag {
        let Some(own) = played.breakouts.get(*tag as usize) else { continue };
        for start in begun(days).filter(|day| day.is_counted) {
            let week = start.at..=back(start.at, -WARNING_DAYS);
            alarms += 1;
            right += u64::from(own.days.iter().any(|day| week.contains(day)));
        }
        for breakout in own.begun.iter().filter(|breakout| days.iter().any(|day| day.at == breakout.day)) {
            breakouts += 1;
            let span = back(breakout.day, WARNING_DAYS)..=breakout.day;
            let Some(first) = days.iter().find(|day| day.is_alarm && span.contains(&day.at)) else {
                continue;
            };
            let ahead = (breakout.day.as_ms() - first.at.as_ms()) / super::MS_OF_A_DAY;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::made_up::{at, every};

    /// Ten views a day, but for 3 days of 200 from each of some days on.
    fn bursting(on: &[i64]) -> Breakouts {
        let gained =
            |day: i64| if on.iter().any(|burst| (*burst..burst + 3).contains(&day)) { 200 } else { 10 };
        let totals = (0..180).scan(10_000, |total, day| {
            *total += gained(day);
            Some(*total)
        });
        breakouts(&every(24, totals), &(0..180).map(|day| at(day * 24)).collect::<Vec<_>>())
    }

    fn days(begun: &Breakouts) -> Vec<i64> {
        let day = |breakout: &Breakout| (breakout.day.as_ms() - at(0).as_ms()) / (24 * 3_600_000);
        begun.begun.iter().map(day).collect()
    }

    #[test]
    fn a_breakout_begins_once_in_28_days() {
        assert_eq!(days(&bursting(&[])), Vec::<i64>::new());
        assert_eq!(days(&bursting(&[60])), [60]);
        assert_eq!(days(&bursting(&[20])), Vec::<i64>::new(), "no 28 days are known before the week");
        // The second burst raises the last 7 days over 3 times the month as well, but belongs to the first.
        let twice = bursting(&[60, 72]);
        assert!(twice.days.len() > bursting(&[60]).days.len(), "{twice:?}");
        assert_eq!(days(&twice), [60]);
        assert_eq!(days(&bursting(&[60, 120])), [60, 120]);
    }

    #[test]
    fn an_alarm_begins_after_a_week_without_one() {
        let alarmed = |on: &[i64]| {
            let day = |day: i64| TagDay { at: at(day * 24), is_alarm: on.contains(&day), is_counted: true };
            let days: Vec<TagDay> = (0..40).map(day).collect();
            begun(&days).map(|day| (day.at.as_ms() - at(0).as_ms()) / (24 * 3_600_000)).collect::<Vec<_>>()
        };
        assert_eq!(alarmed(&[3, 4, 5, 12, 20, 35]), [3, 20, 35]);
        assert_eq!(alarmed(&[]), Vec::<i64>::new());
    }
}
