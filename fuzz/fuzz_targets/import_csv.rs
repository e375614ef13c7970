//! Tables of text in any code page; the first byte chooses it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sources::files::Options;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let encodings =
        [None, Some("utf-8"), Some("utf-16le"), Some("windows-1252"), Some("windows-1251"), Some("shift_jis"), Some("gb18030")];
    let encoding = encodings[usize::from(*choice) % encodings.len()]
        .and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    let mapping = fuzz::mapping(&["id=video_id", "tags=hashtags", "text=caption", "plays=plays"]);
    fuzz::import_with("x.csv", bytes, &Options { encoding, ..Options::default() });
    for separator in [",", ";", "\t"] {
        let header = ["id", "tags", "text", "plays"].join(separator);
        let table = [header.as_bytes(), b"\n", bytes].concat();
        fuzz::import_with("x.csv", &table, &Options { encoding, mapping: Some(mapping.clone()), ..Options::default() });
    }
});
