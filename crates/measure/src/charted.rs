//! Answers as charts.

use crate::{CompareView, HistoryView, MarkView, PointView};
use charts::{Chart, ChartPoint, Line, Mark, Theme};
use domain::{Timestamp, UtcDay, Zone};
use std::collections::BTreeSet;

/// Width and height of a chart in a file, in pixels.
const SIZE: (u32, u32) = (1000, 500);

impl HistoryView {
    /// Draws the history alone.
    pub fn chart(&self) -> Chart {
        let gained = if self.mode == "gain" { " gained" } else { "" };
        let every = if self.step == "raw" { "every reading".to_owned() } else { format!("by {}", self.step) };
        let (metric, newest) = (self.metric, self.not_counted());
        let subtitle = format!("{metric}{gained} as reported by TikTok, {every}, {}{newest}", self.tz);
        Chart {
            marks: marks(&self.annotations, &self.tz),
            zone: self.tz.clone(),
            ..chart_of(format!("#{}", self.hashtag), subtitle, self.metric, vec![self.line()])
        }
    }

    /// Converts it to a line, without the readings that are left out.
    #[expect(clippy::cast_precision_loss, reason = "a pixel is far wider than what is lost")]
    pub fn line(&self) -> Line {
        let is_gain = self.mode == "gain";
        let point = |point: &PointView| {
            let value = point.value? as f64;
            let step = if point.rounded { point.step as f64 } else { 0.0 };
            Some(ChartPoint {
                at: point.at,
                value,
                // A gain is the difference of two rounded totals, so it may be off by twice as much; but none is
                // below 0.
                step: if is_gain { (2.0 * step).min(2.0 * value) } else { step },
                gap_before: point.gap_ms.is_some(),
            })
        };
        Line { name: format!("#{}", self.hashtag), points: self.points.iter().filter_map(point).collect() }
    }

    /// Returns `; newest reading 343,500 on 2026-11-25 not counted` if a total ends with another number.
    pub fn not_counted(&self) -> String {
        let read = self.as_read.as_ref().filter(|_| self.mode == "total");
        read.map(|read| format!("; newest reading {} not counted", read.shown())).unwrap_or_default()
    }
}

impl CompareView {
    /// Returns the annotations of all series, each once.
    pub fn marks(&self) -> Vec<Mark> {
        let tz = self.hashtags.first().map(|one| one.series.tz.clone()).unwrap_or_default();
        let all = self.hashtags.iter().flat_map(|one| &one.series.annotations);
        let mut seen = BTreeSet::new();
        let once: Vec<MarkView> = all.filter(|mark| seen.insert(&*mark.id)).cloned().collect();
        marks(&once, &tz)
    }
}

/// Converts annotations to those of a chart. An annotation of whole days, which are stored in UTC, is on the same days of
/// any zone.
pub fn marks(annotations: &[MarkView], zone: &Zone) -> Vec<Mark> {
    annotations.iter().map(|mark| mark_in(zone, (mark.from, mark.until), &mark.text)).collect()
}

/// Converts an annotation to that of a chart.
pub(crate) fn mark_in(zone: &Zone, (from, until): (Timestamp, Timestamp), text: &str) -> Mark {
    let (first, last) = (UtcDay::of(from), UtcDay::of(until));
    let is_whole = from == first.begins_at() && until.as_ms() == last.ends_at().as_ms() - 1;
    let days = zone.day_begins(first.date()).zip(zone.day_ends(last.date())).filter(|_| is_whole);
    let (from, until) = days.unwrap_or((from, until));
    Mark { from, until, text: text.to_owned() }
}

/// Returns a chart of lines, with defaults for the rest.
pub fn chart_of(title: String, subtitle: String, unit: &str, lines: Vec<Line>) -> Chart {
    Chart {
        title,
        subtitle,
        unit: unit.to_owned(),
        lines,
        width: SIZE.0,
        height: SIZE.1,
        theme: Theme::Light,
        is_log: false,
        index_to: None,
        marks: Vec::new(),
        zone: Zone::UTC,
    }
}
