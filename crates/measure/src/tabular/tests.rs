//! Rows fit their columns.

use super::*;
use crate::RelatedView;

#[test]
fn every_row_fits_its_columns() {
    let point = PointView {
        at: Timestamp::parse("2026-11-25T00:00:00Z").expect("a time"),
        read_at: Timestamp::parse("2026-11-25T08:00:00Z").expect("a time"),
        value: Some(5),
        observed: 5,
        rounded: true,
        step: 100,
        source: "series",
        repair: None,
        gap_ms: None,
        span_ms: Some(7),
        below_resolution: false,
        date: None,
    };
    let history = HistoryView {
        hashtag: "cat".to_owned(),
        hashtag_id: Some("7551".to_owned()),
        assigned_id: None,
        metric: "views",
        step: "day",
        tz: domain::Zone::UTC,
        mode: "gain",
        points: vec![point],
        as_read: None,
        repairs: Vec::new(),
        annotations: Vec::new(),
    };
    let table = history.table().expect("a table");
    assert_eq!(table.rows().len(), 1);
    assert_eq!(table.rows()[0][0], Value::id("7551"));
    assert!(Vec::<HashtagRecord>::new().table().expect("a table").rows().is_empty());
    for columns in [
        OverviewView::columns(),
        Vec::<TrendingView>::columns(),
        BenchmarkView::columns(),
        Vec::<RelatedView>::columns(),
        Vec::<VideoMeasuredView>::columns(),
        CreatorsView::columns(),
        CompareView::columns(),
    ] {
        Table::new(&columns).expect("names that differ");
    }
}
