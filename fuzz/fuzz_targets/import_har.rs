//! Recordings of a browser's session (HAR): as they are, and around made-up answers, as text and in base64.

#![no_main]

use base64::Engine;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|bytes: &[u8]| {
    fuzz::import("x.har", bytes, None);
    let entry = |content: Value| {
        json!({
            "startedDateTime": "2026-06-09T18:16:35.250Z",
            "request": {"method": "GET", "url": "https://www.tiktok.com/api/challenge/item_list/"},
            "response": {"status": 200, "content": content},
        })
    };
    let text = String::from_utf8_lossy(bytes);
    let packed = base64::engine::general_purpose::STANDARD.encode(bytes);
    let har = json!({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [
        entry(json!({"size": bytes.len(), "mimeType": "application/json", "text": text})),
        entry(json!({"size": bytes.len(), "mimeType": "application/json", "text": packed, "encoding": "base64"})),
    ]}});
    fuzz::import("x.har", har.to_string().as_bytes(), None);
});
