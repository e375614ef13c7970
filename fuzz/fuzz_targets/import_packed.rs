//! Packings and archives, as they are and around made-up content.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Write;

fuzz_target!(|bytes: &[u8]| {
    fuzz::import("x.zip", bytes, None);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    fuzz::import("x.gz", &packed.expect("to memory"), None);
    fuzz::import("x.zst", &zstd::encode_all(bytes, 1).expect("to memory"), None);
});
