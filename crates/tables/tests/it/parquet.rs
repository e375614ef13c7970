//! Parquet is read back by a Parquet reader, with the types that were meant.

use crate::rows::{COLUMNS, any_rows, row, written};
use bytes::Bytes;
use parquet::basic::{Compression, ConvertedType, Encoding, LogicalType, TimeUnit, Type};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use proptest::prelude::*;
use tables::{Format, Value, Writer};

fn reader(bytes: Vec<u8>) -> SerializedFileReader<Bytes> {
    SerializedFileReader::new(Bytes::from(bytes)).expect("Parquet")
}

#[test]
fn columns_have_types_and_may_be_null() {
    let meta = [("basis", "observed".to_owned())];
    let file = reader(written(Format::Parquet, &COLUMNS, &[row("cat", 7)], &meta));
    let schema = file.metadata().file_metadata().schema_descr();
    let told: Vec<_> = schema
        .columns()
        .iter()
        .map(|column| {
            assert!(column.self_type().is_optional());
            (
                column.name(),
                column.physical_type(),
                column.logical_type_ref().cloned(),
                column.converted_type(),
            )
        })
        .collect();
    let text = || Some(LogicalType::String);
    let time = Some(LogicalType::timestamp(true, TimeUnit::MILLIS));
    assert_eq!(
        told,
        [
            ("hashtag", Type::BYTE_ARRAY, text(), ConvertedType::UTF8),
            ("id", Type::BYTE_ARRAY, text(), ConvertedType::UTF8),
            ("views", Type::INT64, None, ConvertedType::NONE),
            ("growth", Type::DOUBLE, None, ConvertedType::NONE),
            ("is_rounded", Type::BOOLEAN, None, ConvertedType::NONE),
            ("observed_at", Type::INT64, time, ConvertedType::TIMESTAMP_MILLIS),
        ]
    );
    let pairs = file.metadata().file_metadata().key_value_metadata().expect("pairs");
    assert_eq!((pairs[0].key.as_str(), pairs[0].value.as_deref()), ("basis", Some("observed")));
    let group = file.metadata().row_group(0);
    assert!(matches!(group.column(0).compression(), Compression::ZSTD(_)));
}

#[test]
fn rows_go_out_in_groups() {
    let written_rows = 300_000_i64;
    let columns = [COLUMNS[2]];
    let mut writer = Writer::begin(Vec::new(), Format::Parquet, &columns, &[]).expect("begun");
    for number in 0..written_rows {
        writer.row(&[Value::Integer(number)]).expect("a row");
    }
    assert_eq!(writer.rows(), 300_000);
    let file = reader(writer.finish().expect("finished"));
    let sizes: Vec<i64> = file.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(sizes, [131_072, 131_072, 300_000 - 2 * 131_072]);
    for (number, row) in (0..).zip(file.get_row_iter(None).expect("rows")) {
        assert_eq!(
            row.expect("a row").get_column_iter().next().map(|(_, f)| f.clone()),
            Some(Field::Long(number))
        );
    }
}

/// Some well-used readers get wrong numbers out of delta-encoded columns without an error: see
/// `findings/fastparquet_delta_int64.sh`.
#[test]
fn no_column_is_delta_encoded_and_integers_are_plain() {
    // Counts spread over 53 bits in one group of each size, and texts that are too many for a dictionary.
    for rows in [1, 5_000, 40_000_i64] {
        let texts: Vec<String> =
            (0..rows).map(|number| format!("{number} {}", "caption ".repeat(20))).collect();
        let count = |number: i64| number.wrapping_mul(6_364_136_223_846_793_005) & ((1 << 53) - 1);
        let mut writer = Writer::begin(Vec::new(), Format::Parquet, &COLUMNS, &[]).expect("begun");
        for (number, text) in (0..).zip(&texts) {
            let mut made = row(text, count(number));
            made[1] = Value::id(count(number + 1));
            writer.row(&made).expect("a row");
        }
        let file = reader(writer.finish().expect("finished"));
        for group in file.metadata().row_groups() {
            for column in group.columns() {
                let encodings: Vec<Encoding> = column.encodings().collect();
                let name = column.column_path().string();
                let known = [Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY];
                assert!(encodings.iter().all(|encoding| known.contains(encoding)), "{name}: {encodings:?}");
                if column.column_type() == Type::INT64 {
                    assert!(!encodings.contains(&Encoding::RLE_DICTIONARY), "{name}: {encodings:?}");
                }
                assert!(matches!(column.compression(), Compression::ZSTD(_)), "{name}");
            }
        }
        for (number, row) in (0..).zip(file.get_row_iter(None).expect("rows")) {
            let views = row.expect("a row").into_columns().remove(2).1;
            assert_eq!(views, Field::Long(count(number)));
        }
    }
}

#[test]
fn a_group_of_long_texts_is_shorter() {
    let text = "a long caption ".repeat(70_000);
    let mut writer = Writer::begin(Vec::new(), Format::Parquet, &COLUMNS[..1], &[]).expect("begun");
    for _ in 0..70 {
        writer.row(&[Value::text(text.as_str())]).expect("a row");
    }
    let file = reader(writer.finish().expect("finished"));
    // A text is a little over a megabyte, and a group 32 of them.
    let sizes: Vec<i64> = file.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(sizes, [32, 32, 6]);
}

#[test]
fn a_large_group_of_every_kind_is_read_back() {
    let rows = 30_000_i64;
    let mut writer = Writer::begin(Vec::new(), Format::Parquet, &COLUMNS, &[]).expect("begun");
    let names: Vec<String> = (0..rows / 9 + 1).map(|number| format!("tag {number}")).collect();
    let made = |number: i64| {
        let mut made = row(&names[usize::try_from(number / 9).expect("a place")], number * number);
        made[1] = Value::id(number % 1000);
        if number % 7 == 0 {
            made[3] = Value::Absent;
        }
        made
    };
    for number in 0..rows {
        writer.row(&made(number)).expect("a row");
    }
    let file = reader(writer.finish().expect("finished"));
    assert_eq!(file.metadata().num_row_groups(), 1);
    let mut read = 0;
    for (number, row) in (0..).zip(file.get_row_iter(None).expect("rows")) {
        let fields: Vec<Field> = row.expect("a row").into_columns().into_iter().map(|(_, f)| f).collect();
        assert_eq!(fields, made(number).iter().map(field_of).collect::<Vec<_>>(), "row {number}");
        read += 1;
    }
    assert_eq!(read, rows);
}

fn field_of(value: &Value<'_>) -> Field {
    match value {
        Value::Text(text) | Value::Id(text) => Field::Str(text.to_string()),
        Value::Integer(number) => Field::Long(*number),
        Value::Real(number) => Field::Double(*number),
        Value::Flag(flag) => Field::Bool(*flag),
        Value::Time(at) => Field::TimestampMillis(at.as_ms()),
        Value::Absent => Field::Null,
    }
}

proptest! {
    #[test]
    fn rows_are_read_back(rows in any_rows()) {
        let file = reader(written(Format::Parquet, &COLUMNS, &rows, &[]));
        let read: Vec<Vec<Field>> = file
            .get_row_iter(None)
            .expect("rows")
            .map(|row| row.expect("a row").into_columns().into_iter().map(|(_, field)| field).collect())
            .collect();
        let wanted: Vec<Vec<Field>> = rows.iter().map(|row| row.iter().map(field_of).collect()).collect();
        prop_assert_eq!(read, wanted);
    }
}
