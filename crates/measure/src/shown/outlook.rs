//! Formats the outlook on the next 7 days, for tables and as lines.

use super::numbers::{maybe, per_cent, ratio};
use crate::{ForecastView, OutlookView};
use charts::grouped;

/// Definition of pace.
pub const PACE_OVER: &str =
    "the least of a moving average (half-life 7 days) and the growth over 14 and 28 days";

/// Heading of the pace.
pub const PACE: &str = "pace/day";
/// Heading of the probability to be in the tenth that grows most.
pub const TOP_TENTH: &str = "top 10 %";
/// Heading of the surge.
pub const SURGE: &str = "surge";
/// Heading of the forecast.
pub const BAND: &str = "7-day gain";

/// Returns the legend below a table of outlooks, for the columns that are not left out.
pub fn legend(outlooks: &[&OutlookView], left_out: &[String]) -> Vec<String> {
    let Some(first) = outlooks.first() else { return Vec::new() };
    let is_shown = |heading: &str| left_out.iter().all(|name| name != heading);
    let mut parts: Vec<String> = Vec::new();
    if is_shown(PACE) {
        parts.push(format!("pace: {PACE_OVER} up to the newest reading"));
    }
    if is_shown(TOP_TENTH) {
        parts.push("top 10 %: probability to be in the tenth that grows most over 7 days".to_owned());
    }
    if is_shown(SURGE) {
        let what = "the newest days over the last 28, and the probability of a week of 3 times the usual";
        parts.push(format!("surge: {what}"));
    }
    if is_shown(TOP_TENTH) || is_shown(SURGE) {
        parts.push(format!("probabilities are {}", first.learned_on));
    }
    let mut lines = Vec::new();
    if !parts.is_empty() {
        lines.push(format!("{}.", parts.join("; ")));
    }
    if is_shown(BAND) && outlooks.iter().any(|outlook| outlook.forecast.is_some()) {
        lines.push(
            "7-day gain: 80 % or more of the weeks after the newest reading end within the band.".to_owned(),
        );
    }
    lines.extend(reasons_of(outlooks, is_shown(PACE), is_shown(SURGE)));
    lines
}

/// Explains each label that replaces an unknown pace or surge, a line each.
pub fn reasons(outlooks: &[&OutlookView]) -> Vec<String> {
    reasons_of(outlooks, true, true)
}

fn reasons_of(outlooks: &[&OutlookView], has_pace: bool, has_surge: bool) -> Vec<String> {
    let pace = outlooks.iter().filter_map(|it| it.pace.missing.zip(it.pace.reason.clone()));
    let surge = outlooks.iter().filter_map(|it| it.surge.missing.zip(it.surge.reason.clone()));
    let mut lines: Vec<String> = Vec::new();
    for (missing, reason) in pace.filter(|_| has_pace).chain(surge.filter(|_| has_surge)) {
        let line = format!("{missing}: {reason}.");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// `1.2 %`, or why it is unknown.
pub fn pace(outlook: &OutlookView) -> String {
    let pace = &outlook.pace;
    pace.value.map_or_else(|| pace.missing.unwrap_or("-").to_owned(), per_cent)
}

/// `3.4x, 24 %`: with the probability of a week of 3 times the usual; or why it is unknown.
pub fn surge(outlook: &OutlookView) -> String {
    let surge = &outlook.surge;
    match (surge.value, surge.probability_3x) {
        (Some(value), Some(chance)) => format!("{}x, {}", ratio(value), per_cent(chance)),
        _ => surge.missing.unwrap_or("-").to_owned(),
    }
}

/// `68 %`.
pub fn chance(outlook: &OutlookView) -> String {
    maybe(outlook.pace.probability_top_tenth, per_cent)
}

/// `300,000 to 1,500,000`: to the last digit, since shortening would round the ends inward.
pub fn band(forecast: Option<&ForecastView>) -> String {
    maybe(forecast, |band| format!("{} to {}", grouped(band.low), grouped(band.high)))
}

/// Formats the outlook of one hashtag as lines.
pub fn lines(outlook: &OutlookView) -> Vec<String> {
    let (pace, surge) = (&outlook.pace, &outlook.surge);
    let mut lines = Vec::new();
    match (pace.value, pace.probability_top_tenth) {
        (Some(value), Some(chance)) => lines.push(format!(
            "pace        {} a day, {PACE_OVER}; probability to be in the tenth that grows most over 7 days {}",
            per_cent(value),
            per_cent(chance)
        )),
        (Some(value), None) => lines.push(format!("pace        {} a day, {PACE_OVER}", per_cent(value))),
        (None, _) => lines.push(named("pace", pace.missing, pace.reason.as_deref())),
    }
    match (surge.value, surge.probability_3x, surge.probability_2x) {
        (Some(value), Some(triple), Some(double)) => {
            let breakout = if surge.breakout == Some(true) { ", a breakout" } else { "" };
            lines.push(format!(
                "surge       {} times the usual day of the last 28{breakout}; probability of a week of 3 times the usual {}, of twice {}",
                ratio(value),
                per_cent(triple),
                per_cent(double)
            ));
        }
        _ => lines.push(named("surge", surge.missing, surge.reason.as_deref())),
    }
    if let Some(forecast) = &outlook.forecast {
        lines.push(format!(
            "7-day gain  {}; {} of such weeks end within it",
            band(Some(forecast)),
            forecast.cover
        ));
    }
    lines.push(format!("            as of {}; {}", outlook.as_of, outlook.learned_on));
    lines
}

fn named(what: &str, missing: Option<&str>, reason: Option<&str>) -> String {
    format!("{what:<12}{}: {}", missing.unwrap_or("not known"), reason.unwrap_or("no reading"))
}
