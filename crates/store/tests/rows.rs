//! Rows are read by the names of their columns: no source of the store has a position but the 0 of a single
//! column.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
}

/// Returns the positions in calls of `get`, `get_ref` and `try_get`, with or without types.
fn positions(source: &str) -> impl Iterator<Item = usize> {
    let calls = [".get", ".try_get"].into_iter().flat_map(|name| source.split(name).skip(1));
    calls.filter_map(|rest| {
        let rest = rest.strip_prefix("_ref").unwrap_or(rest);
        let rest = match rest.strip_prefix("::<") {
            Some(types) => types.split_once(">(")?.1,
            None => rest.strip_prefix('(')?,
        };
        rest.split_once(')')?.0.trim().parse().ok()
    })
}

#[test]
fn positions_are_found() {
    let source = "row.get(7)?; row.try_get::<_, Option<i64>>(3)?; row.get_ref(2); map.get(&1); list.get(at); forget(9)";
    assert_eq!(positions(source).collect::<Vec<_>>(), [7, 2, 3]);
}

#[test]
fn rows_are_read_by_name() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 100, "the sources are there");
    for path in found {
        let source = fs::read_to_string(&path).expect("a source");
        let by_position: Vec<usize> = positions(&source).filter(|at| *at > 0).collect();
        assert!(by_position.is_empty(), "{} reads columns {by_position:?}: use `row!`", path.display());
    }
}
