//! Tables and lines of the formats of text.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::import("cat.txt", bytes, None));
