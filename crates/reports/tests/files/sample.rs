//! A made-up report of all parts.

use charts::report::{Brand, KeyFigure, Logo, Report, ReportColumn, ReportTable, Section, Statement};
use charts::{Chart, ChartPoint, Line, Theme};
use domain::Timestamp;

pub(crate) const DAY_MS: i64 = 86_400_000;

/// An id that a number of 53 bits cannot hold.
pub(crate) const ID: &str = "7300000000000000001";

const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60"><rect width="200" height="60" rx="8" fill="#004d40"/><circle cx="34" cy="30" r="16" fill="#ffffff"/></svg>"##;

pub(crate) fn begin() -> Timestamp {
    Timestamp::parse("2026-06-01T06:00:00Z").expect("a time")
}

fn line(name: &str, step_ms: i64, values: &[f64]) -> Line {
    let point = |(place, value): (i64, &f64)| ChartPoint {
        // A reading is missing before the fourth.
        at: Timestamp::from_ms(begin().as_ms() + (place + i64::from(place >= 3)) * step_ms),
        value: *value,
        step: 100.0,
        gap_before: place == 3,
    };
    Line { name: name.to_owned(), points: (0..).zip(values).map(point).collect() }
}

fn chart(title: &str, lines: Vec<Line>) -> Chart {
    Chart {
        title: title.to_owned(),
        subtitle: "as reported, UTC".to_owned(),
        unit: "views".to_owned(),
        lines,
        width: 1000,
        height: 500,
        theme: Theme::Light,
        is_log: false,
        index_to: None,
        marks: Vec::new(),
        zone: domain::Zone::UTC,
    }
}

pub(crate) fn table(rows: usize) -> ReportTable {
    let column = |name: &str, is_number| ReportColumn { name: name.to_owned(), is_number };
    let row = |number: usize| {
        vec![
            ID.to_owned(),
            format!("=creator {number}"),
            format!("{},{:03}", number + 1, number % 1000),
            "12.5 %".to_owned(),
        ]
    };
    ReportTable {
        caption: "Top videos of the campaign".to_owned(),
        columns: vec![
            column("Video id", false),
            column("Creator", false),
            column("Plays", true),
            column("Share", true),
        ],
        rows: (0..rows).map(row).collect(),
        footnotes: vec!["Observed in 815 stored videos.".to_owned()],
    }
}

fn proof(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

/// A report of all parts, of one hundred and twenty rows.
pub(crate) fn report() -> Report {
    let reported = "Reported by TikTok on 15 Jul 2026, rounded to 100,000.";
    let first = Section {
        heading: "Result".to_owned(),
        intro: "One paragraph.\n\nAnother one, which is so long that it takes more than a line of the page, since paragraphs are broken between words.".to_owned(),
        figures: vec![
            KeyFigure { label: "Views".to_owned(), value: "1,234,567".to_owned(), note: "reported".to_owned(), footnotes: proof(reported) },
            KeyFigure { label: "Incremental views".to_owned(), value: "980,000 to 1,120,000".to_owned(), ..KeyFigure::default() },
            KeyFigure { label: "Growth".to_owned(), value: "12.3 %".to_owned(), note: "in 7 days".to_owned(), ..KeyFigure::default() },
        ],
        statements: vec![
            Statement { text: "#oursummer gained 1.2M views (±50K) in the week, 3 times its usual.".to_owned(), footnotes: vec![reported.to_owned(), "Two gaps: 3 and 4 June.".to_owned()] },
            Statement { text: "One video brought 40 % of the plays.".to_owned(), footnotes: proof("Observed in 815 stored videos.") },
        ],
        charts: vec![
            chart("Views of #oursummer", vec![line("#oursummer", DAY_MS, &[1e6, 1.1e6, 1.3e6, 1.9e6, 2.0e6])]),
            chart("Own and rival", vec![line("#oursummer", DAY_MS, &[1.0, 2.0, 4.0, 5.0]), line("#rival", DAY_MS / 2, &[2.0, 3.0, 3.5, 4.0])]),
        ],
        chart_footnotes: proof(reported),
        tables: vec![table(120)],
        notes: vec!["Numbers that end in 00,000 are rounded by TikTok.".to_owned()],
    };
    Report {
        title: "Summer campaign".to_owned(),
        subtitle: "#oursummer against #rival".to_owned(),
        generated_at: Timestamp::parse("2026-07-15T12:30:00Z").expect("a time"),
        zone: domain::Zone::UTC,
        brand: Brand {
            logo: Some(Logo::read(LOGO.as_bytes().to_vec()).expect("a logo")),
            colour: Some("#004d40".parse().expect("a colour")),
            accent: Some("#00796b".parse().expect("a colour")),
            sender: "Example Agency".to_owned(),
        },
        notice: "Frozen: shows the state of 15 Jul 2026.".to_owned(),
        sections: vec![
            first,
            Section {
                heading: "Unknown".to_owned(),
                intro: "Nothing else.".to_owned(),
                ..Section::default()
            },
        ],
        method: vec![("Incremental views".to_owned(), "Views above the trend before.".to_owned())],
    }
}
