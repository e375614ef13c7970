//! The Parquet file that users reported, against what it really contains. Skips, saying so, where it is not at hand.

use super::{mapped, try_read_with};
use sources::files::Options;
use std::path::Path;

#[test]
fn unsigned_ids_and_times_of_a_data_set_are_read() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/reports/formats/posts.parquet");
    let Ok(bytes) = std::fs::read(&file) else {
        return println!("skipped: there is no {}", file.display());
    };
    let columns = [
        "content_id=video_id",
        "create_time=create_time",
        "desc=caption",
        "views=plays",
        "saves=saves",
        "music_id=music_id",
        "duration=duration_seconds",
        "country=region",
    ];
    let out = try_read_with(&bytes, mapped(&columns)).expect("these columns");
    assert_eq!(
        (out.ids(), out.plays(), out.rejects.len()),
        (vec![7_476_450_316_014_498_872], vec![Some(458_700)], 0)
    );
    let video = &out.videos[0];
    assert_eq!(video.details.create_time, Some(1_740_746_743));
    assert_eq!(video.counts.saves.map(|count| count.value()), Some(1041));
    assert_eq!(
        (video.details.music.id.as_str(), video.details.duration_seconds),
        ("7123452387147720462", 15)
    );
    // There is no list of tags: those of the caption count.
    assert_eq!(video.tags.iter().map(|tag| tag.tag.name()).collect::<Vec<_>>(), ["cat"]);
    let why = try_read_with(&bytes, Options::default()).expect_err("no known table").to_string();
    assert!(why.contains("a Parquet file; ") && why.contains("--map") && why.contains("content_id"), "{why}");
}
