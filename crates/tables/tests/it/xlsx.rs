//! XLSX is read back by a reader of workbooks: ids and long integers as text, times as dates.

use crate::rows::{AT, COLUMNS, any_rows, row, written};
use calamine::{Data, Range, Reader, Xlsx};
use domain::Timestamp;
use proptest::prelude::*;
use std::io::Cursor;
use tables::{Column, Format, Kind, Options, Table, TableError, Value, Writer};
use tables::{XLSX_INTEGER_MAX, XLSX_ROWS_MAX, XLSX_TEXT_MAX};

fn sheet(bytes: &[u8], name: &str) -> Range<Data> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    assert_eq!(book.sheet_names(), ["data", "about"]);
    book.worksheet_range(name).expect("a sheet")
}

/// A cell, numbered from the header and the first column on.
fn cell(range: &Range<Data>, row: usize, column: usize) -> Data {
    let at = (u32::try_from(row).expect("small"), u32::try_from(column).expect("small"));
    range.get_value(at).cloned().unwrap_or(Data::Empty)
}

#[test]
fn a_sheet_holds_the_rows_and_another_states_about_them() {
    let meta = [("basis", "observed".to_owned()), ("query", "=cat".to_owned())];
    let bytes = written(Format::Xlsx, &COLUMNS, &[row("=1+1", -12), vec![Value::Absent; 6]], &meta);
    let data = sheet(&bytes, "data");
    for (place, column) in COLUMNS.iter().enumerate() {
        assert_eq!(cell(&data, 0, place), Data::String(column.name.into()));
        assert_eq!(cell(&data, 2, place), Data::Empty);
    }
    assert_eq!(cell(&data, 1, 0), Data::String("=1+1".into()));
    assert_eq!(cell(&data, 1, 1), Data::String("7300000000000000001".into()));
    assert_eq!(cell(&data, 1, 2), Data::Float(-12.0));
    assert_eq!(cell(&data, 1, 4), Data::Bool(true));
    assert_eq!(time_of(&cell(&data, 1, 5)), Some(AT));
    let about = sheet(&bytes, "about");
    let found: Vec<(Data, Data)> = about.rows().map(|row| (row[0].clone(), row[1].clone())).collect();
    let pair = |key: &str, value: &str| (Data::String(key.into()), Data::String(value.into()));
    let wanted = [pair("basis", "observed"), pair("query", "=cat"), pair("note", "Times are in UTC.")];
    assert_eq!(found, wanted);
}

#[test]
fn no_integer_is_rounded() {
    let numbers =
        [XLSX_INTEGER_MAX, XLSX_INTEGER_MAX + 1, -XLSX_INTEGER_MAX - 1, (1 << 53) + 1, i64::MAX, i64::MIN];
    let rows: Vec<Vec<Value<'_>>> = numbers.iter().map(|number| vec![Value::Integer(*number)]).collect();
    let bytes = written(Format::Xlsx, &COLUMNS[2..3], &rows, &[]);
    let data = sheet(&bytes, "data");
    assert_eq!(cell(&data, 1, 0), Data::Float(999_999_999_999_999.0));
    for (place, number) in numbers.iter().enumerate().skip(1) {
        assert_eq!(cell(&data, place + 1, 0), Data::String(number.to_string()));
    }
    let note = cell(&sheet(&bytes, "about"), 0, 1);
    assert_eq!(
        note,
        Data::String("Integers beyond 999999999999999 are text: Excel would round them.".into())
    );
}

#[test]
fn times_that_excel_has_no_dates_for_are_text() {
    let texts = ["1900-02-28T23:59:59.999Z", "1900-03-01T00:00:00Z", "9999-12-31T23:59:59.999Z"];
    let times = texts.map(|text| Timestamp::parse(text).expect("a time"));
    let bytes = written(Format::Xlsx, &COLUMNS[5..], &times.map(|at| vec![Value::Time(at)]), &[]);
    let data = sheet(&bytes, "data");
    assert_eq!(cell(&data, 1, 0), Data::String(texts[0].into()));
    assert_eq!(time_of(&cell(&data, 2, 0)), Some(times[1]));
    assert_eq!(time_of(&cell(&data, 3, 0)), Some(times[2]));
    assert!(matches!(cell(&sheet(&bytes, "about"), 1, 1), Data::String(note) if note.contains("March 1900")));
}

#[test]
fn the_same_rows_are_the_same_bytes() {
    let rows = [row("cat", 7)];
    assert_eq!(written(Format::Xlsx, &COLUMNS, &rows, &[]), written(Format::Xlsx, &COLUMNS, &rows, &[]));
    let mut table = Table::new(&COLUMNS).expect("columns");
    table.push(row("cat", 7)).expect("a row");
    let options = Options { created: Some(AT), ..Options::default() };
    let dated = table.write(Vec::new(), Format::Xlsx, &[], &options).expect("written");
    assert_ne!(dated, written(Format::Xlsx, &COLUMNS, &rows, &[]));
}

#[test]
fn a_sheet_is_full_at_its_limit() {
    let mut writer =
        Writer::begin(Vec::new(), Format::Xlsx, &[Column::new("id", Kind::Id)], &[]).expect("begun");
    for _ in 0..XLSX_ROWS_MAX {
        writer.row(&[Value::Absent]).expect("a row");
    }
    let error = writer.row(&[Value::id(1)]).expect_err("full");
    assert_eq!(TableError::of(&error), Some(TableError::TooManyRows));
    let text = "an XLSX sheet holds 1048575 rows, and there are more; csv and parquet have no such limit";
    assert_eq!(error.to_string(), text);
    assert_eq!(writer.rows(), XLSX_ROWS_MAX);
}

#[test]
fn the_last_row_of_a_full_sheet_is_there() {
    let mut writer =
        Writer::begin(Vec::new(), Format::Xlsx, &[Column::new("id", Kind::Id)], &[]).expect("begun");
    for number in 1..=XLSX_ROWS_MAX {
        writer
            .row(&[if number == XLSX_ROWS_MAX { Value::id(number) } else { Value::Absent }])
            .expect("a row");
    }
    let data = sheet(&writer.finish().expect("finished"), "data");
    assert_eq!(data.end(), Some((1_048_575, 0)));
    assert_eq!(cell(&data, 1_048_575, 0), Data::String("1048575".into()));
}

#[test]
fn a_text_too_long_for_a_cell_is_an_error_that_says_where() {
    let mut writer = Writer::begin(Vec::new(), Format::Xlsx, &COLUMNS, &[]).expect("begun");
    writer.row(&row("cat", 1)).expect("a row");
    // Counted as Excel does: a cat's face is two.
    writer.row(&row(&"\u{1f408}".repeat(XLSX_TEXT_MAX / 2), 1)).expect("just short enough");
    let error = writer.row(&row(&"\u{1f408}".repeat(XLSX_TEXT_MAX / 2 + 1), 1)).expect_err("too long");
    assert_eq!(TableError::of(&error), Some(TableError::TextTooLong { column: "hashtag", row: 3 }));
    assert!(error.to_string().contains("32767"), "{error}");
    writer.row(&row("dog", 2)).expect("others still can be written");
    let data = sheet(&writer.finish().expect("finished"), "data");
    assert_eq!(cell(&data, 3, 0), Data::String("dog".into()));
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { temporary_folder: Some(folder.path().join("missing")), ..Options::default() };
    let begun = Writer::begin_with(Vec::new(), Format::Xlsx, &COLUMNS, &[], &options);
    assert!(begun.is_err_and(|error| error.to_string().contains("missing")));
}

/// The time of a cell that is a date, to the millisecond.
fn time_of(cell: &Data) -> Option<Timestamp> {
    match cell {
        Data::DateTime(date) => {
            let ms = (date.as_f64() - 25_569.0) * 86_400_000.0;
            #[expect(clippy::cast_possible_truncation, reason = "before the year 10000")]
            Some(Timestamp::from_ms(ms.round() as i64))
        }
        _ => None,
    }
}

fn is_same(cell: &Data, value: &Value<'_>) -> bool {
    match value {
        Value::Text(text) if text.is_empty() => *cell == Data::Empty,
        Value::Text(text) | Value::Id(text) => *cell == Data::String(text.to_string()),
        #[expect(clippy::cast_precision_loss, reason = "15 digits are exact")]
        Value::Integer(number) if number.unsigned_abs() <= XLSX_INTEGER_MAX.unsigned_abs() => {
            *cell == Data::Float(*number as f64)
        }
        Value::Integer(number) => *cell == Data::String(number.to_string()),
        Value::Real(number) => *cell == Data::Float(*number),
        Value::Flag(flag) => *cell == Data::Bool(*flag),
        Value::Time(at) if time_of(cell).is_some() => time_of(cell) == Some(*at),
        Value::Time(at) => *cell == Data::String(at.to_rfc3339()) && at.as_ms() < -2_203_891_200_000,
        Value::Absent => *cell == Data::Empty,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn rows_are_read_back(rows in any_rows()) {
        let data = sheet(&written(Format::Xlsx, &COLUMNS, &rows, &[]), "data");
        for (row, values) in rows.iter().enumerate() {
            for (column, value) in values.iter().enumerate() {
                let cell = cell(&data, row + 1, column);
                prop_assert!(is_same(&cell, value), "{:?} for {:?}", cell, value);
            }
        }
    }
}
