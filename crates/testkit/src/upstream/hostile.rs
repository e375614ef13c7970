//! Hostile upstream behaviour, independent of the request, and the errors that a call may then return.

use super::Fault;

/// Lists inside one another in a body.
const DEPTH: usize = 100_000;

/// A behaviour, a fault that plays it, and the names of the errors that a connector may end with.
pub type Hostile = (String, Fault, &'static [&'static str]);

/// `Retry-After` as upstreams have sent it or might.
pub const RETRY_AFTER: [Option<&str>; 10] = [
    None,
    Some("0"),
    Some("-1"),
    Some("NaN"),
    Some("inf"),
    Some("1e308"),
    Some("Sun, 06 Nov 1994 08:49:37 GMT"),
    Some("Fri, 31 Dec 9999 23:59:59 GMT"),
    Some("soon"),
    Some(""),
];

/// Answers that are none, and come at once.
pub fn hostile_answers() -> Vec<Hostile> {
    let mut list: Vec<Hostile> = Vec::new();
    for value in RETRY_AFTER {
        list.push((format!("429, Retry-After {value:?}"), Fault::too_many(value), &["rate_limited"]));
    }
    for status in [500, 502, 503, 504] {
        list.push((format!("{status} in JSON"), Fault::reply(status, r#"{"message":"down"}"#), &["status"]));
        let page = "<html><body>Bad Gateway</body></html>";
        list.push((format!("{status} in HTML"), Fault::reply(status, page), &["status"]));
    }
    let bodies = [
        ("an empty body", String::new()),
        ("JSON that is cut off", r#"{"data":{"videos":[{"id":"#.to_owned()),
        ("a list", "[1,2]".to_owned()),
        ("a text", r#""cat""#.to_owned()),
        ("a number", "7".to_owned()),
        ("null", "null".to_owned()),
        ("nothing but a byte-order mark", "\u{feff}".to_owned()),
        ("a NUL", "\0".to_owned()),
        ("an HTML page with status 200", "<!doctype html><title>sign in</title>".to_owned()),
        ("lists inside lists", "[".repeat(DEPTH)),
        ("objects inside objects", r#"{"data":"#.repeat(DEPTH)),
    ];
    for (name, body) in bodies {
        list.push((name.to_owned(), Fault::body(&body), &["malformed"]));
    }
    list.extend([
        ("no UTF-8".to_owned(), bytes(b"{\"id\":\"\xff\xfe\"}"), &["malformed"] as &[_]),
        ("not gzip".to_owned(), Fault::NotGzip, &["malformed"]),
        ("a gzip bomb".to_owned(), Fault::GzipBomb, &["too_large"]),
        ("a body of 10 GB".to_owned(), Fault::Huge, &["too_large"]),
        ("a body without an end".to_owned(), Fault::Endless, &["too_large"]),
        ("a redirect in a circle".to_owned(), Fault::Redirect, &["status"]),
        ("no answer and the end of the connection".to_owned(), Fault::Abort, &["connect"]),
        ("no HTTP".to_owned(), Fault::Noise, &["connect"]),
        ("less than was announced".to_owned(), Fault::CutShort, &["connect", "malformed"]),
        ("headers without an end".to_owned(), Fault::EndlessHeaders, &["connect"]),
    ]);
    list
}

/// Answers that do not come.
pub fn hostile_silences() -> Vec<Hostile> {
    vec![
        ("no answer".to_owned(), Fault::Hang, &["timeout"]),
        ("a byte at a time".to_owned(), Fault::Drip, &["timeout"]),
    ]
}

fn bytes(body: &[u8]) -> Fault {
    Fault::Reply { status: 200, headers: Vec::new(), body: body.to_vec() }
}
