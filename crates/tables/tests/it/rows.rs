//! Columns of every kind, rows for them, and the shortest way to a written table.

use domain::Timestamp;
use proptest::prelude::*;
use tables::{Column, Format, Kind, Options, Table, Value};

/// A column of every kind.
pub(crate) const COLUMNS: [Column; 6] = [
    Column::new("hashtag", Kind::Text),
    Column::new("id", Kind::Id),
    Column::new("views", Kind::Integer),
    Column::new("growth", Kind::Real),
    Column::new("is_rounded", Kind::Flag),
    Column::new("observed_at", Kind::Time),
];

/// 2026-06-09T18:16:35.250Z
pub(crate) const AT: Timestamp = Timestamp::from_ms(1_781_028_995_250);

/// Words, among them such as mean something to one format or another.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[-=+@'\"\t\r\n,; ]{0,4}[a-z0-9]{0,4}",
        Just("_x0041_ _x000D_".to_owned()),
        Just("fyp\u{30b7} \u{1f408}".to_owned()),
    ]
}

/// Rows for [`COLUMNS`], a cell in five absent.
pub(crate) fn any_rows() -> impl Strategy<Value = Vec<Vec<Value<'static>>>> {
    fn or_absent<S: Strategy<Value = Value<'static>>>(values: S) -> impl Strategy<Value = Value<'static>> {
        prop_oneof![4 => values, 1 => Just(Value::Absent)]
    }
    let reals = prop_oneof![any::<f64>(), -1e6..1e6_f64].prop_filter("finite", |real| real.is_finite());
    let row = (
        or_absent(texts().prop_map(Value::text)),
        or_absent(any::<u64>().prop_map(Value::id)),
        or_absent(prop_oneof![any::<i64>(), -1000_i64..1000].prop_map(Value::Integer)),
        or_absent(reals.prop_map(Value::Real)),
        or_absent(any::<bool>().prop_map(Value::Flag)),
        or_absent(
            (-3_000_000_000_000_i64..253_402_300_800_000).prop_map(|ms| Value::Time(Timestamp::from_ms(ms))),
        ),
    );
    let row = row.prop_map(|(a, b, c, d, e, f)| vec![a, b, c, d, e, f]);
    prop::collection::vec(row, 0..20)
}

/// A row of [`COLUMNS`] with the id of a real video's size.
pub(crate) fn row(hashtag: &str, views: i64) -> Vec<Value<'_>> {
    vec![
        Value::text(hashtag),
        Value::id(7_300_000_000_000_000_001_u64),
        Value::Integer(views),
        Value::Real(-0.25),
        Value::Flag(true),
        Value::Time(AT),
    ]
}

/// The bytes of a table.
pub(crate) fn written(
    format: Format,
    columns: &[Column],
    rows: &[Vec<Value<'_>>],
    meta: &[(&str, String)],
) -> Vec<u8> {
    let mut table = Table::new(columns).expect("columns");
    for row in rows {
        table.push(row.clone()).expect("a row that fits");
    }
    table.write(Vec::new(), format, meta, &Options::default()).expect("memory can be written to")
}
