//! JSON and NDJSON are read back by a JSON reader, with every digit.

use crate::rows::{COLUMNS, any_rows, row, written};
use proptest::prelude::*;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tables::{Format, Table, Value};

#[test]
fn an_object_a_line_with_the_columns_in_order() {
    let rows = [row("cat", i64::MAX), vec![Value::Absent; 6]];
    let ndjson = written(Format::Ndjson, &COLUMNS, &rows, &[("source", "nobody reads this".into())]);
    assert_eq!(
        String::from_utf8(ndjson).expect("UTF-8"),
        "{\"hashtag\":\"cat\",\"id\":\"7300000000000000001\",\"views\":9223372036854775807,\"growth\":-0.25,\
         \"is_rounded\":true,\"observed_at\":\"2026-06-09T18:16:35.250Z\"}\n\
         {\"hashtag\":null,\"id\":null,\"views\":null,\"growth\":null,\"is_rounded\":null,\"observed_at\":null}\n"
    );
}

#[test]
fn one_object_holds_rows_and_meta_data() {
    let meta = [("basis", "observed".to_owned()), ("note", "\"as quoted\"".to_owned())];
    for count in [0, 1, 3] {
        let rows = vec![row("cat", 7); count];
        let json = written(Format::Json, &COLUMNS, &rows, &meta);
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        assert_eq!(json["data"].as_array().map(Vec::len), Some(count));
        assert_eq!(json["meta"], serde_json::json!({"basis": "observed", "note": "\"as quoted\""}));
        assert_eq!(count > 0, json["data"][0]["views"] == 7);
    }
}

#[test]
fn a_table_serializes_as_a_list_of_objects() {
    let mut table = Table::new(&COLUMNS[1..3]).expect("columns");
    assert_eq!(serde_json::to_string(&table).expect("JSON"), "[]");
    table.push(vec![Value::id(5), Value::Absent]).expect("a row");
    assert!(table.push(vec![Value::id(5)]).is_err());
    assert_eq!(serde_json::to_string(&table).expect("JSON"), r#"[{"id":"5","views":null}]"#);
    assert_eq!((table.columns().len(), table.rows().len()), (2, 1));
}

/// Returns true if a piece of JSON equals the value. Numbers are read as the standard library does, to the last bit.
fn is_same(json: &RawValue, value: &Value<'_>) -> bool {
    let is_text = |text: &str| serde_json::from_str::<String>(json.get()).is_ok_and(|read| read == text);
    match value {
        Value::Text(text) | Value::Id(text) => is_text(text),
        Value::Integer(number) => json.get().parse() == Ok(*number),
        Value::Real(number) => json.get().parse::<f64>().map(f64::to_bits) == Ok(number.to_bits()),
        Value::Flag(flag) => json.get().parse() == Ok(*flag),
        Value::Time(at) => is_text(&at.to_rfc3339()),
        Value::Absent => json.get() == "null",
    }
}

type Record = BTreeMap<String, Box<RawValue>>;

#[derive(serde::Deserialize)]
struct Whole {
    data: Vec<Record>,
}

proptest! {
    #[test]
    fn rows_are_read_back(rows in any_rows()) {
        let ndjson = String::from_utf8(written(Format::Ndjson, &COLUMNS, &rows, &[])).expect("UTF-8");
        let lines: Vec<Record> = ndjson.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let json = written(Format::Json, &COLUMNS, &rows, &[]);
        let whole: Whole = serde_json::from_slice(&json).expect("JSON");
        prop_assert_eq!((lines.len(), whole.data.len()), (rows.len(), rows.len()));
        for (records, row) in lines.iter().zip(&whole.data).zip(&rows) {
            for (column, value) in COLUMNS.iter().zip(row) {
                for record in [records.0, records.1] {
                    let json = &record[column.name];
                    prop_assert!(is_same(json, value), "{} for {:?}", json, value);
                }
            }
        }
    }
}
