//! CSV is read back by a CSV reader, and no cell begins as a formula.

use crate::rows::{COLUMNS, any_rows, row, written};
use domain::Timestamp;
use proptest::prelude::*;
use tables::{Format, Options, Table, Value};

fn text(rows: &[Vec<Value<'_>>]) -> String {
    String::from_utf8(written(Format::Csv, &COLUMNS, rows, &[])).expect("UTF-8")
}

#[test]
fn a_line_is_as_rfc_4180_has_it() {
    let rows = [row("say \"cat\", dog", -12), vec![Value::Absent; 6], row("two\nlines", i64::MAX)];
    assert_eq!(
        text(&rows),
        "hashtag,id,views,growth,is_rounded,observed_at\r\n\
         \"say \"\"cat\"\", dog\",7300000000000000001,-12,-0.25,true,2026-06-09T18:16:35.250Z\r\n\
         ,,,,,\r\n\
         \"two\nlines\",7300000000000000001,9223372036854775807,-0.25,true,2026-06-09T18:16:35.250Z\r\n"
    );
}

#[test]
fn a_formula_is_made_text_and_a_negative_number_stays_one() {
    for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1", "＠sum"] {
        let csv = text(&[row(formula, -1)]);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let record = reader.records().next().expect("a row").expect("CSV");
        assert_eq!((&record[0], &record[2]), (format!("'{formula}").as_str(), "-1"), "{formula:?}");
    }
    // Only at the beginning, and ids too.
    assert!(text(&[row("a=1", 0)]).contains("\r\na=1,"));
    let mut attack = row("cat", 0);
    attack[1] = Value::id("=cmd|' /C calc'!A0");
    assert!(text(&[attack]).contains(",'=cmd|"));
}

#[test]
fn a_byte_order_mark_is_written_when_requested() {
    let table = Table::new(&COLUMNS).expect("columns");
    let options = Options { has_byte_order_mark: true, ..Options::default() };
    let bytes = table.write(Vec::new(), Format::Csv, &[], &options).expect("written");
    assert!(bytes.starts_with(b"\xef\xbb\xbfhashtag,id,"));
    assert!(text(&[]).starts_with("hashtag,"));
}

/// Returns true if a field equals the value.
fn is_same(field: &str, value: &Value<'_>) -> bool {
    match value {
        Value::Text(text) | Value::Id(text) => {
            let is_formula =
                text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠']);
            field == if is_formula { format!("'{text}") } else { text.to_string() }
        }
        Value::Integer(number) => field.parse() == Ok(*number),
        Value::Real(number) => field.parse::<f64>().map(f64::to_bits) == Ok(number.to_bits()),
        Value::Flag(flag) => field.parse() == Ok(*flag),
        Value::Time(at) => Timestamp::parse(field) == Some(*at),
        Value::Absent => field.is_empty(),
    }
}

proptest! {
    #[test]
    fn rows_are_read_back(rows in any_rows()) {
        let csv = written(Format::Csv, &COLUMNS, &rows, &[]);
        let mut reader = csv::Reader::from_reader(csv.as_slice());
        let read: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("CSV");
        prop_assert_eq!(read.len(), rows.len());
        for (record, row) in read.iter().zip(&rows) {
            for (field, value) in record.iter().zip(row) {
                prop_assert!(is_same(field, value), "{:?} for {:?}", field, value);
            }
        }
    }
}
