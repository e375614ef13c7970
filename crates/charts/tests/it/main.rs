//! Charts as their users see them: drawn, painted, and in a report.

mod drawn;

mod limits;

mod hostile;

mod painted;

mod report;

use charts::{Chart, ChartPoint, Line, Theme};
use domain::Timestamp;

const HOUR_MS: i64 = 3_600_000;

/// A reading some hours after the first of March 2025.
fn point(hours: i64, value: f64) -> ChartPoint {
    let begin = Timestamp::parse("2025-03-01T06:00:00Z").expect("a time");
    ChartPoint {
        at: Timestamp::from_ms(begin.as_ms() + hours * HOUR_MS),
        value,
        step: 0.0,
        gap_before: false,
    }
}

/// A line of values a day apart.
fn line(name: &str, values: &[f64]) -> Line {
    Line {
        name: name.to_owned(),
        points: (0..).zip(values).map(|(day, value)| point(day * 24, *value)).collect(),
    }
}

fn chart(lines: Vec<Line>) -> Chart {
    Chart {
        title: "Views of #booktok".to_owned(),
        subtitle: "As reported".to_owned(),
        unit: "views".to_owned(),
        lines,
        width: 640,
        height: 320,
        theme: Theme::Light,
        is_log: false,
        index_to: None,
        marks: Vec::new(),
        zone: domain::Zone::UTC,
    }
}

/// The text of every element of a name.
fn texts(svg: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).expect("XML");
    let elements =
        document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", name)));
    elements.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}
