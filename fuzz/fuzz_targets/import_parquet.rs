//! Parquet files.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: fuzz::pass_caught_panics(), |bytes: &[u8]| {
    let columns = fuzz::mapping(&["id=video_id", "tags=hashtags", "caption=caption", "plays=plays"]);
    fuzz::import("x.parquet", bytes, Some(columns));
    let columns = fuzz::mapping(&["id=video_id", "tags=hashtags"]);
    fuzz::import("x.parquet", bytes, Some(columns));
    fuzz::import("x.parquet", bytes, None);
});
