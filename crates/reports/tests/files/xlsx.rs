//! XLSX, read by openpyxl and calamine: ids as text, numbers as numbers, native charts.

use crate::sample::{ID, report};
use crate::skipped;
use calamine::{Data, Reader, Xlsx};
use charts::report::{Report, ReportTable, Section};
use reports::{Format, SHEETS_MAX};
use std::ffi::OsString;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;

#[test]
fn ids_are_text_and_numbers_are_numbers() {
    let bytes = reports::write(&report(), Format::Xlsx).expect("a workbook");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    assert_eq!(book.sheet_names(), ["Summary", "Chart 1", "Chart 2", "Table 1", "Method"]);
    let table = book.worksheet_range("Table 1").expect("a sheet");
    let row: Vec<Data> =
        (0..4).map(|column| table.get_value((4, column)).cloned().unwrap_or_default()).collect();
    assert_eq!(row[..3], [Data::String(ID.into()), Data::String("=creator 0".into()), Data::Float(1000.0)]);
    assert!(matches!(row[3], Data::Float(share) if (share - 0.125).abs() < 1e-9), "{:?}", row[3]);
    let chart = book.worksheet_range("Chart 1").expect("a sheet");
    let value = |row, column| chart.get_value((row, column)).cloned().unwrap_or_default();
    assert_eq!((value(4, 1), value(7, 1), value(8, 1)), (Data::Float(1e6), Data::Empty, Data::Float(1.9e6)));
    let summary = book.worksheet_range("Summary").expect("a sheet");
    let all: Vec<String> = summary.cells().map(|(_, _, cell)| cell.to_string()).collect();
    for part in ["Prepared by Example Agency", "One video brought 40 % of the plays.", "[1] [2]"] {
        assert!(all.iter().any(|cell| cell == part), "{part}: {all:?}");
    }
    assert!(all.iter().any(|cell| cell == "[2] Two gaps: 3 and 4 June."), "{all:?}");
}

#[test]
fn openpyxl_reads_charts_and_ids() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.xlsx");
    std::fs::write(&file, reports::write(&report(), Format::Xlsx).expect("a workbook")).expect("a file");
    let python = std::env::var_os("TAGMETER_PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/oracles/reports.py");
    match Command::new(&python).arg(script).arg(&file).output() {
        Ok(output) => {
            let printed = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
            assert!(printed.starts_with("skipped: ") || printed.ends_with("all as meant\n"), "{printed}");
            eprint!("{printed}");
        }
        Err(error) => skipped("python3", &error),
    }
}

#[test]
fn too_many_sheets_and_too_long_texts_are_refused() {
    let tables = vec![ReportTable::default(); SHEETS_MAX];
    let many = Report { sections: vec![Section { tables, ..Section::default() }], ..report() };
    let error = reports::write(&many, Format::Xlsx).expect_err("too many").to_string();
    assert!(error.contains("252 sheets") && error.contains("at most 250"), "{error}");
    let long = Section { intro: "x".repeat(reports::XLSX_TEXT_MAX + 1), ..Section::default() };
    let error =
        reports::write(&Report { sections: vec![long], ..report() }, Format::Xlsx).expect_err("too long");
    assert!(error.to_string().contains("longer than the 32767 characters"), "{error}");
}
