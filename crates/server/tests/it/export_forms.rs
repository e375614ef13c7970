//! Exports in the format that `Accept` or `format` names, and their `HEAD`.

use crate::downloads::{EXPORT, ask, holding, refusal, refused};
use domain::Clock;
use http::Method;
use testkit::{Answer, Place, Request, TestServer, hashtag};

const NDJSON: &str = "application/x-ndjson";
const PARQUET: &str = "application/vnd.apache.parquet";
const CSV: &str = "text/csv; charset=utf-8; header=present";

fn varies_by_accept(answer: &Answer) -> bool {
    answer.header("vary").split(", ").any(|name| name == "accept")
}

async fn accept_chooses_the_format_and_the_parameter_wins(place: &Place) {
    let server = holding(place).await.start().await;
    let path = "/v1/export?of=hashtags";
    for (accept, kind) in [
        ("*/*", NDJSON),
        ("application/*", NDJSON),
        ("text/csv", CSV),
        ("text/html, text/*;q=0.5, */*;q=0.1", CSV),
        ("application/json, application/vnd.apache.parquet;q=0.3", PARQUET),
        ("application/x-ndjson;q=0, */*;q=0.1", PARQUET),
    ] {
        let answer = server.send(ask(&server, path).header("accept", accept)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, kind), "{accept}");
        assert!(varies_by_accept(&answer), "{accept}");
        let named = server.send(ask(&server, &format!("{path}&format=csv")).header("accept", accept)).await;
        assert_eq!((named.status.as_u16(), named.header("content-type")), (200, CSV), "{accept}");
        assert!(!varies_by_accept(&named), "{accept}");
    }
    let rest = ask(&server, path).header("accept", "text/csv").header("range", "bytes=1-");
    let rest = server.send(rest).await;
    assert_eq!((rest.status.as_u16(), rest.header("content-type")), (206, CSV));
    assert!(varies_by_accept(&rest));
    let balance = server.balance().await;
    for accept in ["application/json", "text/html", "*/*;q=0", "application/vnd.ms-excel"] {
        let answer = server.send(ask(&server, path).header("accept", accept)).await;
        assert_eq!(refusal(&answer), refused(406, "not_acceptable"), "{accept}");
        assert!(answer.text().contains(PARQUET) && !answer.text().contains("spreadsheetml"), "{accept}");
        assert!(varies_by_accept(&answer), "{:?}", answer.headers);
    }
    let keyed = |accept: &str| ask(&server, path).header("accept", accept).header("idempotency-key", "one");
    let first = server.send(keyed("text/csv")).await;
    let again = server.send(keyed("text/csv;q=0.5, image/png")).await;
    assert_eq!((again.header("x-credits-charged"), again.header("content-type")), ("0", CSV));
    assert!(again.body == first.body);
    let other = server.send(keyed(NDJSON)).await;
    assert_eq!(refusal(&other), refused(422, "idempotency_key_reused"));
    assert_eq!(server.balance().await, balance - 1);
}

fn headers(answer: &Answer) -> Vec<String> {
    let names = [
        "content-type",
        "content-length",
        "content-disposition",
        "accept-ranges",
        "etag",
        "vary",
        "cache-control",
        "x-download-node",
    ];
    names.map(|name| format!("{name}: {}", answer.header(name))).to_vec()
}

async fn head(server: &TestServer, path: &str, range: Option<&str>) -> Answer {
    let mut request = Request::new(Method::HEAD, path).key(&server.key);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let answer = server.send(request).await;
    assert!(answer.body.is_empty());
    assert_eq!(answer.header("x-credits-charged"), "0");
    answer
}

async fn head_has_the_headers_of_get_and_makes_no_file(place: &Place) {
    let server = holding(place).await.start().await;
    for path in [EXPORT, "/v1/export?of=hashtags&format=parquet", "/v1/export?of=history&format=csv"] {
        let before = head(&server, path, None).await;
        assert_eq!((before.status.as_u16(), before.header("content-length")), (200, ""), "{path}");
        let balance = server.balance().await;
        let whole = server.get(path).await;
        assert_eq!(whole.header("content-length"), whole.body.len().to_string());
        let is_known_before =
            |line: &&String| !line.starts_with("content-length") && !line.starts_with("etag");
        let known =
            |answer: &Answer| headers(answer).iter().filter(is_known_before).cloned().collect::<Vec<_>>();
        assert_eq!(known(&before), known(&whole), "{path}");
        let paid = server.balance().await;
        let after = head(&server, path, None).await;
        assert_eq!((after.status.as_u16(), headers(&after)), (200, headers(&whole)), "{path}");
        let part = head(&server, path, Some("bytes=10-")).await;
        assert_eq!(part.status.as_u16(), 206, "{path}");
        assert_eq!(part.header("content-length"), (whole.body.len() - 10).to_string());
        let same = Request::new(Method::HEAD, path).key(&server.key);
        let same = server.send(same.header("if-none-match", whole.header("etag"))).await;
        assert_eq!((same.status.as_u16(), same.header("x-credits-charged")), (304, "0"), "{path}");
        assert!(balance > paid && server.balance().await == paid, "{path}");
    }
    // A new file would differ, so its length is unknown.
    let now = server.clock.now();
    server.fixture().record([hashtag("dog").id(9).views(5).observed_at(now).into()]).await;
    let changed = head(&server, EXPORT, None).await;
    assert_eq!((changed.header("content-length"), changed.header("etag")), ("", ""));
    assert_eq!(changed.header("content-type"), NDJSON);
    let refused = head(&server, "/v1/export?of=nothing", None).await;
    assert_eq!(refused.status.as_u16(), 422);
}

testkit::test_on_each_backend!(
    accept_chooses_the_format_and_the_parameter_wins,
    head_has_the_headers_of_get_and_makes_no_file,
);
