//! The real series: views of 377 hashtags over four years. They are not part of the repository; they lie in
//! `../shared/data` beside it where it is developed.

use domain::metrics::Reading;
use domain::{Count, Source, Timestamp};
use std::io::Read;
use std::path::Path;

/// A hashtag's readings.
pub(crate) struct Captured {
    /// Name of the hashtag.
    pub(crate) name: String,
    /// In order of time.
    pub(crate) readings: Vec<Reading>,
}

/// All of them in order of their names, if they are there; else says that what needs them is skipped.
#[expect(clippy::print_stdout, reason = "what is skipped says so")]
pub(crate) fn captured() -> Option<Vec<Captured>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/series/hashtag-views-2022-2026.tar.gz");
    let Ok(packed) = std::fs::File::open(&file) else {
        println!("skipped: no series at {}", file.display());
        return None;
    };
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed));
    let mut found = Vec::new();
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").into_owned();
        if path.starts_with("data") && path.extension().is_some_and(|extension| extension == "txt") {
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("a text");
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            found.push(Captured { name, readings: text.lines().map(reading).collect() });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Some(found)
}

fn reading(line: &str) -> Reading {
    let (at, views) = line.split_once('\t').expect("a tab");
    Reading {
        at: Timestamp::parse(at).expect("a time"),
        count: views.trim().parse().ok().and_then(Count::displayed).expect("views"),
        source: Source::Series,
    }
}
