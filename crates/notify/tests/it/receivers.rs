//! The packages `standardwebhooks` of PyPI and npm accept our signatures and refuse altered ones.

use crate::program::{printed, python};
use domain::Timestamp;
use http::HeaderMap;
use notify::webhook::signature::{
    ID_HEADER, MessageId, ROTATION_MS, SIGNATURE_HEADER, Secret, Secrets, TIMESTAMP_HEADER,
};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const BODY: &str =
    r#"{"type":"alert.fired","data":{"tag":"caf\u00e9 \ud83d\udc08","views":9007199254740991}}"#;
/// Difference to the receiver's clock beyond which it refuses, with some to spare, in milliseconds.
const TOO_OLD_MS: i64 = 6 * 60 * 1000;

fn case(name: &str, secret: &Secret, headers: &HeaderMap, body: &str, is_valid: bool) -> Value {
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().expect("ASCII").into()))
        .collect();
    json!({ "name": name, "secret": secret.expose(), "headers": headers, "body": body, "is_valid": is_valid })
}

/// Returns the headers with one changed.
fn with(headers: &HeaderMap, name: http::HeaderName, value: String) -> HeaderMap {
    let mut headers = headers.clone();
    headers.insert(name, value.parse().expect("a value"));
    headers
}

fn cases(now: Timestamp) -> Vec<Value> {
    let [old, new, other] = [1, 2, 3].map(|byte| Secret::from_random([byte; 32]));
    let longest: Secret = format!("whsec_{}", "q6ur".repeat(21) + "qw==").parse().expect("64 bytes");
    let id: MessageId = "msg_01J9ZV2K".parse().expect("an id");
    let at = |ms: i64| Timestamp::from_ms(now.as_ms() + ms);
    let rotating = Secrets::new(old.clone(), Vec::new()).rotated(new.clone(), now);
    let single = Secrets::new(new.clone(), Vec::new());
    let signed = single.headers(&id, now, BODY.as_bytes());
    let both = rotating.headers(&id, now, BODY.as_bytes());
    let expired = Secrets::new(old.clone(), Vec::new()).rotated(new.clone(), at(-ROTATION_MS));
    let expired = expired.headers(&id, now, BODY.as_bytes());
    let text = |headers: &HeaderMap| headers[SIGNATURE_HEADER].to_str().expect("ASCII").to_owned();
    let longest_signed = Secrets::new(longest.clone(), Vec::new()).headers(&id, now, BODY.as_bytes());
    vec![
        case("plain", &new, &signed, BODY, true),
        case("the longest secret", &longest, &longest_signed, BODY, true),
        case("rotating, by the newest", &new, &both, BODY, true),
        case("rotating, by the old one", &old, &both, BODY, true),
        case("rotated a day ago, by the newest", &new, &expired, BODY, true),
        case("rotated a day ago, by the old one", &old, &expired, BODY, false),
        case("another secret", &other, &both, BODY, false),
        case("a body with a space more", &new, &signed, &BODY.replace(':', ": "), false),
        case("an empty body", &new, &signed, "", false),
        case("another id", &new, &with(&signed, ID_HEADER, "msg_01J9ZV2L".into()), BODY, false),
        case(
            "a second later",
            &new,
            &with(&signed, TIMESTAMP_HEADER, (now.as_seconds() + 1).to_string()),
            BODY,
            false,
        ),
        case(
            "another version",
            &new,
            &with(&signed, SIGNATURE_HEADER, text(&signed).replace("v1,", "v2,")),
            BODY,
            false,
        ),
        case(
            "a signature cut short",
            &new,
            &with(&signed, SIGNATURE_HEADER, text(&signed)[..23].to_owned()),
            BODY,
            false,
        ),
        case("sent too long ago", &new, &single.headers(&id, at(-TOO_OLD_MS), BODY.as_bytes()), BODY, false),
        case("sent in the future", &new, &single.headers(&id, at(TOO_OLD_MS), BODY.as_bytes()), BODY, false),
    ]
}

#[expect(clippy::disallowed_methods, reason = "the packages compare the time with the machine's clock")]
#[test]
fn packages_accept_our_signatures_and_refuse_altered_ones() {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let cases = cases(Timestamp::from_ms(i64::try_from(since_1970.as_millis()).expect("this millennium")));
    let (count, cases) = (cases.len().to_string(), Value::from(cases));
    for (program, script) in [(python(), "webhooks.py"), ("node".into(), "webhooks.js")] {
        match printed(program, script, &cases) {
            Ok(printed) => assert_eq!(printed, count, "{script}"),
            Err(reason) => println!("skipped: {script}: {reason}"),
        }
    }
}
