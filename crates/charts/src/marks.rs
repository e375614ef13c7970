//! Annotations: a dashed line at the moment of each, or a shaded time, with a number that the notes explain.

use crate::chart::{Chart, Mark};
use crate::layout::Placed;
use crate::markup::{Markup, number_list};
use crate::svg::{Picture, text};
use crate::text::shortened;
use crate::{day_in, moment_in};

/// Most annotations of a picture, the earliest; a note has the number of the others.
pub const MARKS_MAX: usize = 20;
/// Time span of a picture from which days are precise enough, in milliseconds.
const DAYS_FROM_MS: i64 = 3 * 86_400_000;
/// Narrower times, in pixels, are a line alone.
const SHADE_PX_MIN: f64 = 2.0;

/// An annotation that is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlottedMark {
    /// First moment, within the time of the readings.
    pub(crate) from_ms: i64,
    /// Last moment, within the time of the readings.
    pub(crate) until_ms: i64,
    /// Its note: number, time and text.
    pub(crate) note: String,
}

/// Returns the annotations within the time of the readings, and the number of those beyond [`MARKS_MAX`].
pub(crate) fn plotted(chart: &Chart, (first_ms, last_ms): (i64, i64)) -> (Vec<PlottedMark>, usize) {
    let is_long = last_ms.saturating_sub(first_ms) >= DAYS_FROM_MS;
    let is_within = |mark: &&Mark| mark.from.as_ms() <= last_ms && mark.until.as_ms() >= first_ms;
    let mut marks: Vec<&Mark> = chart.marks.iter().filter(is_within).collect();
    marks.sort_by_key(|mark| mark.from);
    let others = marks.len().saturating_sub(MARKS_MAX);
    marks.truncate(MARKS_MAX);
    let shown = |at| if is_long { day_in(&chart.zone, at) } else { moment_in(&chart.zone, at) };
    let marks = marks.into_iter().enumerate().map(|(place, mark)| {
        let (from, until) = (shown(mark.from), shown(mark.until));
        let time = if from == until { from } else { format!("{from} to {until}") };
        PlottedMark {
            from_ms: mark.from.as_ms().clamp(first_ms, last_ms),
            until_ms: mark.until.as_ms().clamp(first_ms, last_ms),
            note: format!("{}: {time}, {}", place + 1, shortened(&mark.text)),
        }
    });
    (marks.collect(), others)
}

/// Draws the annotations behind the data.
pub(crate) fn draw_marks(svg: &mut Markup, picture: &Picture<'_>) {
    let plot = picture.layout.plot;
    for (place, mark) in picture.plotted.marks.iter().enumerate() {
        let (left, right) = (picture.layout.x(mark.from_ms), picture.layout.x(mark.until_ms));
        svg.tag("g").holding(|group| {
            group.tag("title").text(&mark.note);
            if right - left >= SHADE_PX_MIN {
                group
                    .tag("rect")
                    .numbers([
                        ("x", left),
                        ("y", plot.top),
                        ("width", right - left),
                        ("height", plot.height()),
                    ])
                    .attr("fill", &picture.paint.muted)
                    .attr("fill-opacity", "0.12")
                    .empty();
            }
            group
                .tag("line")
                .numbers([("x1", left), ("y1", plot.top), ("x2", left), ("y2", plot.bottom)])
                .attr("stroke", &picture.paint.muted)
                .number("stroke-width", picture.scaled(1.0))
                .attr("stroke-dasharray", &number_list(&[picture.scaled(4.0), picture.scaled(3.0)]))
                .empty();
            let at = Placed {
                text: String::new(),
                x: left + picture.scaled(3.0),
                y: plot.top + picture.layout.sizes.text * 0.9,
            };
            text(group, &at, &picture.paint.muted).attr("font-weight", "700").text(&(place + 1).to_string());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChartPoint, Line, Theme, svg};
    use domain::Timestamp;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_ms(1_780_272_000_000 + days * 86_400_000)
    }

    fn mark(from: i64, until: i64, text: &str) -> Mark {
        Mark { from: at(from), until: at(until), text: text.to_owned() }
    }

    fn chart(marks: Vec<Mark>) -> Chart {
        let point = |day| ChartPoint { at: at(day), value: day as f64, step: 0.0, gap_before: false };
        Chart {
            title: "#cat".to_owned(),
            subtitle: String::new(),
            unit: "views".to_owned(),
            lines: vec![Line { name: "#cat".to_owned(), points: (0..10).map(point).collect() }],
            width: 800,
            height: 400,
            theme: Theme::Light,
            is_log: false,
            index_to: None,
            marks,
            zone: domain::Zone::UTC,
        }
    }

    #[test]
    fn annotations_within_the_readings_are_numbered_drawn_and_noted() {
        let marks =
            vec![mark(4, 6, "TV <spot>"), mark(-3, -1, "before"), mark(2, 2, "launch"), mark(8, 99, "sale")];
        let picture = svg(&chart(marks)).expect("a picture");
        assert_eq!(picture.matches("stroke-dasharray").count(), 3, "{picture}");
        assert_eq!(picture.matches("fill-opacity=\"0.12\"").count(), 2, "a moment has no shade: {picture}");
        for note in
            ["1: 3 Jun 2026, launch", "2: 5 Jun 2026 to 7 Jun 2026, TV &lt;spot&gt;", "3: 9 Jun 2026 to"]
        {
            assert!(picture.contains(note), "{note} is not in {picture}");
        }
        assert!(!picture.contains("before"), "{picture}");
        let plain = svg(&chart(Vec::new())).expect("a picture");
        assert!(!plain.contains("stroke-dasharray"), "{plain}");
    }

    #[test]
    fn too_many_annotations_are_counted() {
        let marks = (0..25).map(|_| mark(3, 3, "note")).collect();
        let picture = svg(&chart(marks)).expect("a picture");
        assert_eq!(picture.matches("stroke-dasharray").count(), MARKS_MAX);
        assert!(picture.contains("5 more annotations"), "{picture}");
    }
}
