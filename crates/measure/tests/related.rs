//! Related hashtags of the real captures, compared with `related.csv`, which was reviewed by hand. Skipped
//! without the captures.

use catalog::import::{ImportInput, ImportInputs, ImportOptions};
use domain::Timestamp;
use measure::RelatedQuery;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use testkit::{FixedClock, TemporaryCatalog};

/// Folders of the captures that contain videos.
const FOLDERS: [&str; 9] = [
    "apify",
    "csv",
    "research-api",
    "tiktok-mobile",
    "tiktok-scraper",
    "tiktok-web",
    "tikwm",
    "yt-dlp",
    "zeeschuimer",
];
/// 2026-09-01.
const AFTER_CAPTURES_MS: i64 = 1_788_220_800_000;
/// Generic hashtags.
const GENERIC: [&str; 4] = ["fyp", "foryou", "foryoupage", "viral"];

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn captures() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no captures at {}", folder.display());
    None
}

async fn related(temp: &TemporaryCatalog, tag: &str) -> Vec<(String, String)> {
    let measure = temp.measure();
    let hashtag = measure.measured_hashtag(tag).await.expect("a hashtag");
    let query = RelatedQuery { since: None, generic: false, limit: 10 };
    let list = measure.related(&hashtag, query).await.expect("a list");
    let line = |other: measure::RelatedView| {
        let figures = format!("{},{},{:.4}", other.both, other.videos, other.npmi);
        // The spelling depends on the file that was read first.
        (other.name.to_lowercase(), figures)
    };
    list.data.into_iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn related_hashtags_of_five_match_the_reviewed_list() {
    let Some(captures) = captures() else { return };
    // Later than all captures: readings ahead of the clock are rejected.
    let temp = TemporaryCatalog::open(&FixedClock::at(Timestamp::from_ms(AFTER_CAPTURES_MS))).await;
    let inputs = FOLDERS.map(|folder| ImportInput::Path(captures.join(folder)));
    let inputs = ImportInputs::list(&inputs, None).expect("captures");
    temp.catalog().import(inputs, ImportOptions::default()).await.expect("imported");
    let golden = include_str!("related.csv");
    let mut tags: Vec<&str> = Vec::new();
    for tag in golden.lines().skip(1).filter_map(|line| line.split(',').next()) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    assert_eq!(tags.len(), 5);
    let mut text = "tag,related,both,videos,npmi\n".to_owned();
    for tag in &tags {
        for (name, figures) in related(&temp, tag).await {
            assert!(!GENERIC.contains(&name.to_lowercase().as_str()), "{name} is generic");
            writeln!(text, "{tag},{name},{figures}").expect("memory");
        }
    }
    assert_eq!(text, golden);
    let fyp: BTreeMap<String, String> = related(&temp, "fyp").await.into_iter().collect();
    assert!(GENERIC.iter().all(|generic| !fyp.contains_key(*generic)), "{fyp:?}");
}
