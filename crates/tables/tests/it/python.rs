//! The files are opened by pandas, DuckDB and openpyxl, where Python has them: `$TAGMETER_PYTHON`, or `python3`.

use crate::rows::{COLUMNS, row, written};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use strum::VariantArray;
use tables::{Format, Value};

#[test]
fn pandas_and_duckdb_see_the_types_that_were_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rows = vec![row("=1+1", 9_007_199_254_740_993), row("fyp\u{30b7}", -12)];
    rows[1][1] = Value::id("007");
    let absent = vec![Value::Absent; COLUMNS.len()];
    let meta = [("basis", "observed".to_owned())];
    for &format in Format::VARIANTS {
        for (name, rows) in
            [("full", &rows), ("gaps", &vec![rows[1].clone(), absent.clone()]), ("empty", &vec![])]
        {
            let path = folder.path().join(format!("{name}.{}", format.extension()));
            fs::write(path, written(format, &COLUMNS, rows, &meta)).expect("a file");
        }
    }
    let python = std::env::var_os("TAGMETER_PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/oracles/tables.py");
    match Command::new(&python).arg(script).arg(folder.path()).output() {
        Ok(output) => {
            let printed = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
            assert!(printed.starts_with("skipped: ") || printed.ends_with("all as meant\n"), "{printed}");
            eprint!("{printed}");
        }
        Err(error) => eprintln!("skipped: {}: {error}", python.display()),
    }
}
