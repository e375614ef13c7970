//! Limits of charts, and their error messages.

use crate::{chart, line, point};
use charts::report::{Brand, ROWS_MAX, Report, ReportColumn, ReportTable, SECTIONS_MAX, Section, html};
use charts::{Chart, ChartPoint, LINES_MAX, Line, SIZE_PX, VALUE_MIN, svg};
use domain::Timestamp;

fn described(chart: &Chart) -> String {
    svg(chart).expect_err("cannot be drawn").to_string()
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    let good = || chart(vec![line("a", &[1.0, 2.0])]);
    let with = |point: ChartPoint| chart(vec![Line { name: "a".to_owned(), points: vec![point] }]);
    let mut back = good();
    back.lines[0].points.swap(0, 1);
    let charts = [
        Chart { width: 99, ..good() },
        Chart { height: 4001, ..good() },
        chart(vec![line("a", &[1.0]); LINES_MAX + 1]),
        chart(vec![]),
        chart(vec![line("a", &[])]),
        with(point(0, f64::NAN)),
        with(point(0, 1e19)),
        with(ChartPoint { step: -1.0, ..point(0, 1.0) }),
        with(ChartPoint { at: Timestamp::from_ms(i64::MAX), ..point(0, 1.0) }),
        back,
        Chart { index_to: Some(0.0), ..good() },
        Chart { index_to: Some(100.0), ..chart(vec![line("a", &[0.0, 5.0])]) },
        Chart { is_log: true, ..chart(vec![line("a", &[0.0, -5.0])]) },
    ];
    insta::assert_snapshot!(charts.iter().map(described).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_limits_themselves_can_be_drawn() {
    for (width, height) in
        [(*SIZE_PX.start(), *SIZE_PX.end()), (*SIZE_PX.end(), *SIZE_PX.start()), (100, 100)]
    {
        let lines = vec![line("a", &[1.0, 2.0, 3.0]); LINES_MAX];
        let drawn = svg(&Chart { width, height, ..chart(lines) }).expect("a chart");
        roxmltree::Document::parse(&drawn).expect("XML");
    }
    for values in [[0.0, 0.0], [1e18, -1e18], [5e-324, 5e-324], [1e-9, 2e-9], [1e18, 1e18]] {
        for is_log in [false, true] {
            if let Ok(drawn) = svg(&Chart { is_log, ..chart(vec![line("a", &values)]) }) {
                assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{values:?}: {drawn}");
            } else {
                assert!(is_log && values[0] < VALUE_MIN, "{values:?}");
            }
        }
    }
}

#[test]
fn a_report_keeps_its_limits() {
    let report = |sections| Report {
        title: "Report".to_owned(),
        subtitle: String::new(),
        generated_at: Timestamp::from_ms(0),
        zone: domain::Zone::UTC,
        brand: Brand::default(),
        notice: String::new(),
        sections,
        method: Vec::new(),
    };
    let with_rows = |rows: Vec<Vec<String>>| {
        let columns = vec![ReportColumn { name: "Tag".to_owned(), is_number: false }];
        let table = ReportTable { caption: "Tags".to_owned(), columns, rows, footnotes: Vec::new() };
        report(vec![Section { tables: vec![table], ..Section::default() }])
    };
    let described = |report: &Report| html(report).expect_err("cannot be made").to_string();
    let cell = || vec!["a".to_owned()];
    assert_eq!(
        described(&with_rows(vec![cell(); ROWS_MAX + 1])),
        "a table of a report holds at most 5000 rows, not 5001"
    );
    assert_eq!(
        described(&with_rows(vec![cell(), vec![]])),
        "row 2 of the table \"Tags\" has 0 cells for 1 columns"
    );
    assert_eq!(
        described(&report(vec![Section::default(); SECTIONS_MAX + 1])),
        "a report holds at most 200 sections, not 201"
    );
    let charts = vec![chart(Vec::new())];
    assert_eq!(
        described(&report(vec![Section { charts, ..Section::default() }])),
        "there is nothing to draw: no line has a reading in this time"
    );
    html(&with_rows(vec![cell(); ROWS_MAX])).expect("as many rows as there may be");
}
