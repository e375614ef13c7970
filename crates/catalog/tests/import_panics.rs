//! A panic in the middle of reading a file: the import fails with the reason, the records before it are stored,
//! and the next import continues from there.

use catalog::CatalogError;
use catalog::import::{ImportInput, ImportInputs, ImportOptions, ImportProgress};
use sources::files::Progress;
use std::sync::Arc;
use store::StoreError;
use testkit::{FixedClock, Place};

const VIDEOS: u64 = 20_000;

/// Panics once so many records are read.
struct Panics;

impl ImportProgress for Panics {
    fn begin(&self, _: &str, _: usize, _: usize) {}

    fn advance(&self, _: Progress, records: u64) {
        assert!(records < VIDEOS / 2, "a listener that panics on purpose");
    }
}

testkit::test_on_each_backend! {
    a_panic_fails_the_import_and_stores_the_records_before_it,
}

async fn a_panic_fails_the_import_and_stores_the_records_before_it(place: &Place) {
    let fixture = place.catalog(&FixedClock::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("items.ndjson");
    let line = |n: u64| {
        format!(
            r#"{{"id":"{}","desc":"","createTime":1700000000,"stats":{{"playCount":{n}}},"challenges":[{{"id":"7551","title":"cat"}}]}}"#,
            7_000_000_000_000_000_000 + n
        ) + "\n"
    };
    std::fs::write(&path, (0..VIDEOS).map(line).collect::<String>()).expect("a file");
    let inputs = || ImportInputs::list(&[ImportInput::Path(path.clone())], None).expect("a file");
    let options = ImportOptions { progress: Some(Arc::new(Panics)), ..ImportOptions::default() };
    let failed = fixture.catalog().import(inputs(), options).await;
    let Err(CatalogError::Store(StoreError::Panicked(why))) = failed else { panic!("{failed:?}") };
    assert!(why.contains("a listener that panics on purpose"), "{why}");
    let stored = fixture.store().catalog_size().await.expect("a size").videos;
    assert!((VIDEOS / 2..VIDEOS).contains(&stored), "{stored}");
    let report = fixture.catalog().import(inputs(), ImportOptions::default()).await.expect("imported");
    assert_eq!((report.recorded.videos_new, report.rejected), (VIDEOS - stored, 0));
}
