//! The workbooks that users reported, against what they really contain. Skips, saying so, where they are not at hand.

use super::{mapped, try_read_with};
use sources::files::Options;
use std::path::Path;

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn report(name: &str) -> Option<Vec<u8>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/reports").join(name);
    let bytes = std::fs::read(&file).ok();
    if bytes.is_none() {
        println!("skipped: there is no {}", file.display());
    }
    bytes
}

#[test]
fn three_items_of_an_actor_are_read_from_a_workbook() {
    let Some(book) = report("workbook.xlsx") else { return };
    let out = try_read_with(&book, Options::default()).expect("Apify's columns");
    assert_eq!(out.ids(), [7_576_322_311_435_845_632, 7_576_337_773_318_119_151, 7_576_353_235_200_392_670]);
    assert_eq!(out.plays(), [Some(1200), Some(1201), Some(1202)]);
    assert_eq!(out.captions()[0], "bed 0 #gardening");
    assert_eq!((out.rejects.len(), out.report.notes.len()), (0, 0), "{:?}", out.report.notes);
}

#[test]
fn ids_that_a_workbook_has_rounded_are_no_ids() {
    let Some(book) = report("formats/table.xlsx") else { return };
    let columns = ["id=video_id", "video_description=caption", "view_count=plays", "hashtag_names=hashtags"];
    let out = try_read_with(&book, mapped(&columns)).expect("these columns");
    assert_eq!((out.videos.len(), out.rejects.len()), (0, 12));
    let first = &out.rejects[0];
    assert_eq!(first.place.line, Some(2));
    assert!(first.reason.contains("7.476450316014499e18 was rounded by a tool"), "{}", first.reason);
}
