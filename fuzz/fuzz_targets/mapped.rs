//! Tables and NDJSON whose columns are named.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sources::files::Mapping;
use std::sync::Arc;

fuzz_target!(|bytes: &[u8]| {
    for columns in [
        &["id=video_id", "tags=hashtags", "text=caption", "plays=plays", "at=observed_at"][..],
        &["tag=hashtag_name", "a.b=hashtag_id", "views=views"],
    ] {
        let columns: Vec<_> = columns.iter().map(|text| (*text).to_owned()).collect();
        let mapping = Mapping::parse(&columns, &[]).expect("it makes sense");
        fuzz::import("x.csv", bytes, Some(Arc::new(mapping)));
    }
    // A table whose header is right, so that its rows are reached.
    let columns: Vec<_> = ["id=video_id", "tags=hashtags", "plays=plays"].map(str::to_owned).to_vec();
    let mapping = Mapping::parse(&columns, &[]).expect("it makes sense");
    fuzz::import("x.csv", &[b"id,tags,plays\n", bytes].concat(), Some(Arc::new(mapping)));
});
