//! Files that pyarrow and DuckDB write, with the cells that Python sees in them: `$TAGMETER_PYTHON`, or `python3`.

use super::{mapped, try_read_with};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

#[test]
fn cells_are_those_that_python_sees() {
    let python = std::env::var_os("TAGMETER_PYTHON").unwrap_or_else(|| "python3".into());
    let folder = tempfile::tempdir().expect("room");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/oracles/parquet.py");
    let run = Command::new(python).arg(script).arg(folder.path()).output();
    let Ok(run) = run else { return eprintln!("skipped: there is no Python") };
    let (said, errors) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{said}{errors}");
    if said.starts_with("skipped") {
        return eprintln!("{said}");
    }
    let wanted = std::fs::read(folder.path().join("cells.json")).expect("it was written");
    let files: Vec<Value> = serde_json::from_slice(&wanted).expect("JSON");
    let mut cells = 0;
    for file in &files {
        let name = file["file"].as_str().unwrap_or_default();
        let bytes = std::fs::read(folder.path().join(name)).expect("it was written");
        for (column, values) in file["columns"].as_object().into_iter().flatten() {
            let out = try_read_with(&bytes, mapped(&["id=video_id", &format!("{column}=caption")]))
                .unwrap_or_else(|why| panic!("{why}"));
            assert_eq!(out.rejects, [], "{name}, {column}");
            let seen: Vec<&str> = out.captions();
            let wanted: Vec<&str> =
                values.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert_eq!(seen, wanted, "{name}, {column}");
            cells += wanted.len();
        }
    }
    assert!(cells > 100, "{cells}");
}
