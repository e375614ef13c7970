//! `tagmeter history`: shows a count of a hashtag over time, with notes on its points.

use super::annotation::{annotated_by, when as time_of};
use super::{Context, hashtag_of};
use crate::cli::measuring::History;
use crate::exit::Failure;
use crate::measured::{Target, about, maybe, nothing_read, span, spark, when};
use crate::output::{counted, grouped, print, print_text, say, table};
use domain::metrics::Step;
use measure::{HistoryQuery, HistoryView, MadeOf, POINTS_MAX, Place, PointView};

/// Default number of points in a table.
const POINTS_SHOWN: u32 = 60;
/// Characters of the sparkline above it.
const SPARK_WIDTH: usize = 72;

pub(super) async fn run(command: History, context: &Context) -> Result<(), Failure> {
    let target = Target::of(&command.shape, true)?;
    let measure = context.open_existing_measure().await?.at(command.as_of, MadeOf::Readings).await?;
    let hashtag = hashtag_of(&measure, &command.hashtag).await?;
    let now = context.now();
    let account_id = annotated_by(measure.store(), command.account.as_deref()).await?;
    let query = HistoryQuery { limit: POINTS_MAX, account_id, ..command.query };
    let (metric, is_repaired) = (query.metric, query.repair);
    let mut measured = measure.history(&hashtag, query).await?;
    if measured.next.is_some() {
        return Err(Failure::new(format_args!("it has more than {} points", grouped(POINTS_MAX as u64)))
            .hint("narrow it down by --from, --to or a larger --step"));
    }
    let limit = command.limit.unwrap_or(if target.is_screen() { POINTS_SHOWN } else { 0 });
    let nothing = match measured.data.points.is_empty() {
        true => Some(nothing_read(&measure, &hashtag, metric).await?),
        false => None,
    };
    let course = spark(&measured.data, SPARK_WIDTH);
    let points = measured.data.points.len();
    let earlier = if limit == 0 { 0 } else { points.saturating_sub(limit as usize) };
    measured.data.points.drain(..earlier);
    // What `--json` calls `has_more`: the earlier ones.
    measured.next = (earlier > 0).then_some(Place { value: 0.0, number: 0 });
    let summary = Summary { course, earlier: earlier as u64, is_repaired };
    let chart = measured.data.chart();
    target.write(&measured, now, nothing, |history| show(history, &summary), || Some(chart))
}

/// Facts shown around the table of points.
struct Summary {
    course: String,
    earlier: u64,
    is_repaired: bool,
}

fn show(history: &HistoryView, summary: &Summary) -> Result<(), Failure> {
    let gained = if history.mode == "gain" { " gained" } else { "" };
    print_text(format_args!("#{} {}{gained}  {}", history.hashtag, history.metric, summary.course))?;
    let row = |point: &PointView| {
        let is_rounded = point.rounded;
        vec![
            when(point.at, history.step, &history.tz),
            maybe(point.value, |value| about(value, is_rounded)),
            note(point, history),
        ]
    };
    let value = format!(">{}{gained}", history.metric);
    let at = if history.step == "raw" { "read at" } else { history.step };
    let at = if history.tz.is_utc() { at.to_owned() } else { format!("{at} ({})", history.tz) };
    print(table(&[&at, &value, "note"], history.points.iter().map(row)))?;
    for mark in &history.annotations {
        print_text(format_args!("{}: {}", time_of(mark.from, mark.until), mark.text))?;
    }
    if summary.earlier > 0 {
        say(format_args!("{} before these: --limit 0 shows all.", counted(summary.earlier, "point")));
    }
    if summary.is_repaired && !history.repairs.is_empty() {
        let repairs = history
            .repairs
            .iter()
            .map(|repair| format!("{} {}", grouped(repair.readings), repair.repair.replace('_', " ")));
        say(format_args!(
            "Repaired in the whole series: {}; --no-repair shows the originals.",
            repairs.collect::<Vec<_>>().join(", ")
        ));
    }
    Ok(())
}

/// Returns the notes on a point: repair, gap, span, rounding.
fn note(point: &PointView, history: &HistoryView) -> String {
    let mut notes = Vec::new();
    if let Some(repair) = point.repair {
        notes.push(format!("{}: was {}", repair.replace('_', " "), grouped(point.observed)));
    } else if point.value.is_none() && history.mode == "total" {
        notes.push(format!("left out: {}, rounded more coarsely than others", grouped(point.observed)));
    }
    if let Some(gap_ms) = point.gap_ms {
        notes.push(format!("gap of {}", span(gap_ms)));
    }
    let step_ms = history.step.parse().ok().and_then(Step::ms);
    if let Some(span_ms) = point.span_ms.filter(|span_ms| is_far_from(*span_ms, step_ms)) {
        notes.push(format!("over {}", span(span_ms)));
    }
    if point.below_resolution {
        notes.push(format!("below the rounding of {}", grouped(point.step)));
    } else if point.rounded {
        notes.push(format!("rounded to {}", grouped(point.step)));
    }
    notes.join("; ")
}

/// Returns true if a gain spans a time that differs from its step by more than a tenth.
fn is_far_from(span_ms: i64, step_ms: Option<i64>) -> bool {
    step_ms.is_none_or(|step_ms| crate::measured::is_far_from(span_ms, step_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point() -> PointView {
        PointView {
            at: domain::Timestamp::parse("2026-11-25T00:00:00Z").expect("a time"),
            read_at: domain::Timestamp::parse("2026-11-25T08:00:00Z").expect("a time"),
            value: Some(100_000),
            observed: 16_399_999,
            rounded: true,
            step: 100_000,
            source: "series",
            repair: None,
            gap_ms: None,
            span_ms: None,
            below_resolution: false,
            date: None,
        }
    }

    fn history(mode: &'static str) -> HistoryView {
        HistoryView {
            hashtag: "cat".to_owned(),
            hashtag_id: None,
            assigned_id: None,
            metric: "views",
            step: "day",
            tz: domain::Zone::UTC,
            mode,
            points: Vec::new(),
            as_read: None,
            repairs: Vec::new(),
            annotations: Vec::new(),
        }
    }

    #[test]
    fn what_limits_a_point_is_noted() {
        let day_ms = 86_400_000;
        let noted = |point: PointView, mode| note(&point, &history(mode));
        assert_eq!(noted(point(), "total"), "rounded to 100,000");
        let gap = PointView { gap_ms: Some(3 * day_ms), span_ms: Some(3 * day_ms), ..point() };
        assert_eq!(noted(gap, "gain"), "gap of 3d; over 3d; rounded to 100,000");
        let usual = PointView { span_ms: Some(day_ms), rounded: false, ..point() };
        assert_eq!(noted(usual, "gain"), "");
        let repaired = PointView { repair: Some("off_step"), below_resolution: true, ..point() };
        assert_eq!(noted(repaired, "total"), "off step: was 16,399,999; below the rounding of 100,000");
        let left_out = PointView { value: None, rounded: false, ..point() };
        assert_eq!(noted(left_out, "total"), "left out: 16,399,999, rounded more coarsely than others");
    }
}
