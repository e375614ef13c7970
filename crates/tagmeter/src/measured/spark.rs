//! Sparklines: histories as a line of text.

use domain::metrics::Step;
use measure::HistoryView;

/// Draws a history in at most `width` characters: equal widths are equal times, and times without a reading are
/// spaces. Raw readings have a character each, with a space before one that follows a gap.
pub(crate) fn spark(history: &HistoryView, width: usize) -> String {
    let step_ms = history.step.parse().ok().and_then(Step::ms);
    let mut values: Vec<Option<f64>> = Vec::with_capacity(history.points.len());
    let mut before = None;
    for point in &history.points {
        let at = point.at.as_ms();
        let missing = match (step_ms, before) {
            (Some(step_ms), Some(before)) => (at - before + step_ms / 2) / step_ms - 1,
            (None, _) => i64::from(point.gap_ms.is_some()),
            _ => 0,
        };
        values.extend((0..missing).map(|_| None));
        #[expect(clippy::cast_precision_loss, reason = "a character has eight heights")]
        values.push(point.value.map(|value| value as f64));
        before = Some(at);
    }
    charts::sparkline_to(&values, width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use measure::PointView;

    fn history(step: &'static str, points: &[(&str, Option<u64>, Option<i64>)]) -> HistoryView {
        let point = |(at, value, gap_ms): &(&str, Option<u64>, Option<i64>)| PointView {
            at: domain::Timestamp::parse(at).expect("a time"),
            read_at: domain::Timestamp::parse(at).expect("a time"),
            value: *value,
            observed: value.unwrap_or_default(),
            rounded: false,
            step: 1,
            source: "series",
            repair: None,
            gap_ms: *gap_ms,
            span_ms: None,
            below_resolution: false,
            date: None,
        };
        HistoryView {
            hashtag: "cat".to_owned(),
            hashtag_id: None,
            assigned_id: None,
            metric: "views",
            step,
            tz: domain::Zone::UTC,
            mode: "total",
            points: points.iter().map(point).collect(),
            as_read: None,
            repairs: Vec::new(),
            annotations: Vec::new(),
        }
    }

    #[test]
    fn days_without_a_reading_are_spaces() {
        let days = [
            ("2026-11-01T00:00:00Z", Some(1), None),
            ("2026-11-02T00:00:00Z", None, None),
            ("2026-11-05T00:00:00Z", Some(8), Some(1)),
        ];
        assert_eq!(spark(&history("day", &days), 30), "▁   █");
        assert_eq!(spark(&history("raw", &days), 30), "▁  █");
        assert_eq!(spark(&history("day", &days), 2), "▁█");
        assert_eq!(spark(&history("day", &[]), 30), "");
    }
}
