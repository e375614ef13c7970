//! JSON and NDJSON of every format.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::import("x.json", bytes, None));
