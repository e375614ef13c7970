//! Results of a backtest as tables: growth, breakouts, early warnings, published probabilities and the band.

use crate::exit::Failure;
use crate::measured::{maybe, per_cent, real};
use crate::output::{grouped, print, print_text, table};
use domain::metrics::Weights;
use domain::metrics::backtest::breakouts::BREAKOUT_TIMES;
use domain::metrics::backtest::calibration::Outcome;
use domain::metrics::backtest::{Backtest, CalibrationTable, Half, Interval};

/// Prints all tables.
pub(super) fn show(judged: &Backtest, weights: Option<&Weights>) -> Result<(), Failure> {
    growth(judged)?;
    if let Some(weights) = weights {
        print_text(format_args!("Weighted: {weights}."))?;
    }
    breakouts(judged)?;
    warnings(judged)?;
    calibration(judged)?;
    cover(judged)?;
    print("")?;
    last_year(judged)
}

fn half(half: Half) -> String {
    match half {
        Half::Tuning => "tuning",
        Half::HeldOut => "held out",
    }
    .to_owned()
}

fn fraction(value: Option<f64>) -> String {
    maybe(value, |value| format!("{value:.3}"))
}

fn interval(of: Option<Interval>) -> String {
    maybe(of, |[low, high]| format!("{low:.3} to {high:.3}"))
}

/// `1.06x [1.00, 1.14]`: over last week's growth.
fn lead(of: Option<f64>, interval: Option<Interval>) -> String {
    let ends = interval.map(|[low, high]| format!(" [{low:.2}, {high:.2}]")).unwrap_or_default();
    maybe(of, |of| format!("{of:.2}x{ends}"))
}

fn share(of: Option<f64>) -> String {
    maybe(of, per_cent)
}

fn whole(of: Option<f64>) -> String {
    maybe(of, |of| format!("{of:.0}"))
}

fn growth(judged: &Backtest) -> Result<(), Failure> {
    let lines = judged.growth.iter().map(|row| {
        vec![
            half(row.half),
            format!("{} days", row.horizon_days),
            row.ranking.name().to_owned(),
            format!("{} ({})", grouped(row.days), whole(row.effective_days)),
            grouped(row.picks),
            format!("{} ({})", grouped(row.distinct_hashtags), whole(row.effective_hashtags)),
            fraction(row.precision),
            interval(row.interval),
            lead(row.lead, row.lead_interval),
            share(row.incumbents_found),
            share(row.newcomers_found),
            fraction(row.chance),
        ]
    });
    let headings = [
        "half",
        ">ahead",
        "ranked by",
        ">days (effective)",
        ">picked",
        ">tags (effective)",
        ">right",
        ">95 %",
        ">to last week",
        ">incumbents",
        ">newcomers",
        ">by chance",
    ];
    print_text("The tenth that grew most: share of a ranking's top tenth that was in it")?;
    print(table(&headings, lines))?;
    print_text(
        "incumbents, newcomers: share picked of the tenth, by whether they were in last week's tenth already.",
    )?;
    print("")
}

fn breakouts(judged: &Backtest) -> Result<(), Failure> {
    let lines = judged.breakouts.iter().map(|row| {
        vec![
            half(row.half),
            if row.is_alarm { "surge >= 3".to_owned() } else { format!("top 5 % by {}", row.ranking.name()) },
            grouped(row.picks),
            grouped(row.distinct_hashtags),
            fraction(row.precision),
            interval(row.interval),
            lead(row.lead, row.lead_interval),
            fraction(row.double),
            fraction(row.base),
        ]
    });
    let headings =
        ["half", "picked by", ">picked", ">tags", ">right", ">95 %", ">to last week", ">twice", ">of all"];
    print_text(format_args!(
        "Breakouts: the next 7 days bring at least {BREAKOUT_TIMES} times the weekly mean of the last 28, if that is a step or more"
    ))?;
    print(table(&headings, lines))?;
    print_text("twice: share of the picked with a week of at least twice the mean.")?;
    print("")
}

fn warnings(judged: &Backtest) -> Result<(), Failure> {
    let lines = judged.warnings.iter().map(|row| {
        vec![
            half(row.half),
            format!("{} >= {}", row.ranking.name(), real(row.threshold)),
            share(row.alarmed),
            grouped(row.alarms),
            share(row.right),
            grouped(row.breakouts),
            share(row.seen),
            share(row.seen_1_day_ahead),
            share(row.seen_3_days_ahead),
            share(row.to_come),
        ]
    });
    let headings = [
        "half",
        "alarm",
        ">tag-days",
        ">alarms",
        ">right",
        ">breakouts",
        ">seen",
        ">1 day ahead",
        ">3 days ahead",
        ">to come",
    ];
    print_text("Lead time: alarms before the day on which the last 7 days first show a breakout")?;
    print(table(&headings, lines))?;
    print_text(
        "to come: share of that week's gain still to come at the alarm, median of the breakouts seen.",
    )?;
    print("")
}

fn calibration(judged: &Backtest) -> Result<(), Failure> {
    for outcome in Outcome::ALL {
        let of = |half: Half| {
            judged.calibration.iter().find(|table| table.half == half && table.outcome == outcome)
        };
        let [Some(tuning), Some(held_out)] = Half::ALL.map(of) else { continue };
        let seen = |of: &CalibrationTable, at: usize| {
            let cell = of.cells.get(at);
            let seen = fraction(cell.and_then(|cell| cell.seen));
            format!("{seen} of {}", grouped(cell.map_or(0, |cell| cell.tag_days)))
        };
        let lines = tuning.cells.iter().enumerate().map(|(at, cell)| {
            vec![name_of(outcome, at), format!("{:.2}", cell.published), seen(tuning, at), seen(held_out, at)]
        });
        print_text(format_args!("Published probabilities: {}", what(outcome)))?;
        print(table(&["cell", ">published", ">tuning", ">held out"], lines))?;
        let points = |of: &CalibrationTable| maybe(of.error, |error| format!("{:.2}", 100.0 * error));
        print_text(format_args!(
            "Calibration error in points: {} tuning, {} held out.",
            points(tuning),
            points(held_out)
        ))?;
        print("")?;
    }
    Ok(())
}

fn what(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::TopTenth => "in the tenth that grows most over 7 days, by percentile of pace",
        Outcome::Triple => "a week of 3 times the usual or more, by surge",
        Outcome::Double => "a week of 2 times the usual or more, by surge",
        Outcome::Half => "a week of half the usual or less, by surge",
    }
}

/// `0.5 to 0.7`.
fn name_of(outcome: Outcome, at: usize) -> String {
    let bounds = outcome.bounds();
    let low = at.checked_sub(1).and_then(|below| bounds.get(below));
    match (low, bounds.get(at)) {
        (None, Some(high)) => format!("below {high}"),
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("{low} and above"),
        (None, None) => "all".to_owned(),
    }
}

fn cover(judged: &Backtest) -> Result<(), Failure> {
    let lines = judged.cover.iter().map(|row| {
        vec![
            half(row.half),
            row.rows.clone(),
            grouped(row.tag_days),
            fraction(row.inside),
            interval(row.interval),
            fraction(row.below),
            fraction(row.above),
            fraction(row.inside_as_shown),
            maybe(row.width, |width| format!("{width:.1}x")),
        ]
    });
    let headings = [
        "half",
        "forecast",
        ">tag-days",
        ">inside",
        ">95 %",
        ">below",
        ">above",
        ">as shown",
        ">upper/lower",
    ];
    print_text(
        "Band of the 7-day gain: weeks that ended within it, before and after its ends are rounded outward",
    )?;
    print(table(&headings, lines))
}

fn last_year(judged: &Backtest) -> Result<(), Failure> {
    let lines = judged.last_year.iter().map(|row| {
        vec![
            half(row.half),
            grouped(row.tag_days),
            grouped(row.distinct_hashtags),
            fraction(row.correlation),
            interval(row.interval),
            fraction(row.error),
            fraction(row.error_with_last_year),
        ]
    });
    let headings = ["half", ">tag-days", ">tags", ">correlation", ">95 %", ">error", ">error with it"];
    print_text(
        "The same week last year, 364 days before: correlation of its gain over the weeks before it with this week's gain over its forecast. The forecast ignores it.",
    )?;
    print(table(&headings, lines))
}
