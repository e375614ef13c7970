//! The result of a campaign: its sentences, key figures, growth and goals.

use super::{maybe, numbered, observed, per_cent, reported, share, signed, table};
use crate::campaign::{CampaignView, TogetherView};
use crate::charted::mark_in;
use crate::{chart_of, marks};
use charts::report::{KeyFigure, Section, Statement};
use charts::{Chart, ChartPoint, Line, grouped};

/// From this ratio of the largest to the smallest value on, only a log scale shows all lines.
const LOG_FROM: f64 = 20.0;

pub(super) fn section(view: &CampaignView) -> Section {
    let statement = |sentence: &crate::campaign::SentenceView| Statement {
        text: sentence.sentence.clone(),
        footnotes: numbered(view, &sentence.footnotes),
    };
    Section {
        heading: "Result".to_owned(),
        intro: if view.period.is_none() { "The campaign has not begun.".to_owned() } else { String::new() },
        figures: figures(view),
        statements: view.sentences.iter().map(statement).collect(),
        charts: growth(view).into_iter().collect(),
        chart_footnotes: reported(view, false),
        ..Section::default()
    }
}

fn figures(view: &CampaignView) -> Vec<KeyFigure> {
    let figure = |label: &str, value: String, note: String, footnotes: Vec<String>| KeyFigure {
        label: label.to_owned(),
        value,
        note,
        footnotes,
    };
    let mut figures = Vec::new();
    match (&view.increment.together, &view.increment.no_increment) {
        (Some(sum), _) => figures.extend([
            figure("Incremental views", signed(sum.value), interval(sum), reported(view, true)),
            figure("Views gained", grouped(sum.gained), of_hashtags(sum), reported(view, true)),
        ]),
        (None, reason) => {
            let why = reason.as_ref().map(|caveat| caveat.text.clone()).unwrap_or_default();
            figures.push(figure("Incremental views", super::UNKNOWN.to_owned(), why, Vec::new()));
        }
    }
    if let Some(seen) = &view.participation {
        let new = format!("{} of them new", grouped(seen.new_creators));
        figures.extend([
            figure("Videos", grouped(seen.videos), "stored, of the period".to_owned(), observed(view)),
            figure("Creators", grouped(seen.creators), new, observed(view)),
            figure(
                "Plays",
                maybe(seen.plays, grouped),
                "of these videos, as last read".to_owned(),
                observed(view),
            ),
            figure(
                "Engagement",
                maybe(seen.engagement, grouped),
                "reactions to them".to_owned(),
                observed(view),
            ),
        ]);
    }
    if let Some(own) =
        view.share_of_voice.as_ref().and_then(|voice| voice.bases.iter().find(|base| base.own.is_some()))
    {
        let footnotes = if own.basis == "reported" { reported(view, false) } else { observed(view) };
        figures.push(figure(
            "Share of voice",
            share(own.own),
            format!("of {}, {}", own.base, own.basis),
            footnotes,
        ));
    }
    if let Some(passed) = view.time_passed {
        figures.push(figure("Time passed", per_cent(passed), "of the campaign".to_owned(), Vec::new()));
    }
    figures
}

fn interval(sum: &TogetherView) -> String {
    let clear = if sum.clear { "" } else { "; the interval includes 0" };
    let ratio = sum.ratio.map(|ratio| format!("; {ratio:.2} times the expected")).unwrap_or_default();
    format!("95 % interval {} to {}{ratio}{clear}", signed(sum.low), signed(sum.high))
}

fn of_hashtags(sum: &TogetherView) -> String {
    format!("{} expected; {} of {} hashtags", grouped(sum.expected), sum.hashtags, sum.of_hashtags)
}

/// Draws the views of each hashtag from the beginning of the baseline on.
#[expect(clippy::cast_precision_loss, reason = "a pixel is far wider than what is lost")]
fn growth(view: &CampaignView) -> Option<Chart> {
    let lines: Vec<Line> = view
        .hashtags
        .iter()
        .map(|one| {
            let mut gap_before = false;
            let points = one.series.iter().filter_map(|point| {
                let known = point.views.map(|views| ChartPoint {
                    at: point.at,
                    value: views as f64,
                    step: one
                        .views_gained
                        .as_ref()
                        .map_or(0.0, |gain| if gain.step > 1 { gain.step as f64 } else { 0.0 }),
                    gap_before,
                });
                gap_before = known.is_none();
                known
            });
            Line { name: format!("#{}", one.name), points: points.collect() }
        })
        .filter(|line| line.points.len() > 1)
        .take(charts::LINES_MAX)
        .collect();
    let values = || lines.iter().flat_map(|line| line.points.iter().map(|point| point.value));
    let least = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    let is_log = values().fold(0.0, f64::max) / least >= LOG_FROM;
    (!lines.is_empty()).then(|| {
        let zone = &view.campaign.tz;
        let subtitle = format!("lifetime views as reported, from the beginning of the baseline on, {zone}");
        let platform =
            view.annotations.iter().map(|event| mark_in(zone, (event.from, event.until), event.text));
        let marks = marks(&view.own_annotations, zone).into_iter().chain(platform).collect();
        let zone = zone.clone();
        Chart { is_log, marks, zone, ..chart_of("Views".to_owned(), subtitle, "views", lines) }
    })
}

/// Returns the section on goals; `None` without one.
pub(super) fn goals(view: &CampaignView) -> Option<Section> {
    let rows = view.goals.iter().map(|goal| {
        vec![
            goal.goal.to_owned(),
            grouped(goal.target),
            maybe(goal.value, grouped),
            share(goal.share),
            maybe(goal.pace, |pace| format!("{pace:.2}")),
            goal.state.replace('_', " "),
            goal.basis.to_owned(),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let is_reported = view.goals.iter().any(|goal| goal.basis == "reported");
    let mut footnotes = if is_reported { reported(view, true) } else { Vec::new() };
    footnotes.extend(observed(view));
    let headings = ["Goal", ">Target", ">So far", ">Share", ">Pace", "State", "Basis"];
    let caption = "Goals; a pace of 1 is even with the time that has passed";
    (!rows.is_empty()).then(|| Section {
        heading: "Goals".to_owned(),
        tables: vec![table(caption, &headings, rows, footnotes)],
        ..Section::default()
    })
}
