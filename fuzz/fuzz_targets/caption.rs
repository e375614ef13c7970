//! Tags of captions.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|caption: &str| {
    for tag in domain::caption::tags(caption) {
        assert!(!tag.is_empty() && caption.contains(tag));
    }
});
