//! Pages that a browser saved.

#![no_main]

use libfuzzer_sys::fuzz_target;

// The scripts are found in pages; what is made up is what is in them, and the pages as they are.
fuzz_target!(|bytes: &[u8]| {
    fuzz::import("x.html", bytes, None);
    let page = [b"<html><script id=\"SIGI_STATE\">{", bytes, b"</script></html>"].concat();
    fuzz::import("x.html", &page, None);
});
