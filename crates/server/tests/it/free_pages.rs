//! Searches that find nothing and pages past the end succeed and are free.

use crate::wire::holding_at;
use testkit::{Place, Request, hashtag};

async fn an_answer_without_a_row_is_free(place: &Place) {
    let server = holding_at(place).await.holding([hashtag("lonely").id(8_100).views(5).into()]).start().await;
    let past = {
        let page = server.get("/challenge-posts/?challenge_id=7551&count=35").await.json();
        page["cursor"].as_u64().expect("a cursor") + 1_000
    };
    let balance = server.balance().await;
    let entries = entries(&server).await;
    for url in [
        "/search-challenge/?keyword=nothingisnamedthis".to_owned(),
        "/search-challenge/?keyword=cat&cursor=1000".to_owned(),
        "/challenge-posts/?challenge_id=8003".to_owned(),
        "/challenge-posts/?challenge_id=7551&region=FR".to_owned(),
        format!("/challenge-posts/?challenge_id=7551&cursor={past}"),
        "/v1/hashtags?query=nothingisnamedthis".to_owned(),
        "/v1/hashtags?query=cat&min_views=9000000000000000".to_owned(),
        "/v1/hashtags/empty/videos".to_owned(),
        "/v1/hashtags/cat/videos?min_plays=9000000000000000".to_owned(),
        "/v1/hashtags/cat/videos?min_plays=9000000000000000&format=csv".to_owned(),
        "/v1/hashtags/cat/history?from=2001-01-01&to=2001-01-02".to_owned(),
        "/v1/hashtags/empty/creators".to_owned(),
        "/v1/hashtags/empty/related".to_owned(),
        "/v1/trending?min_views=9000000000000000".to_owned(),
        "/v1/export?of=history&hashtag=lonely".to_owned(),
    ] {
        for key in [None, Some("again"), Some("again")] {
            let mut request = Request::get(url.as_str()).key(&server.key);
            if let Some(key) = key {
                request = request.header("idempotency-key", key);
            }
            if key.is_some() && url.contains("export") {
                continue;
            }
            let answer = server.send(request).await;
            let left = balance.to_string();
            assert_eq!(
                (
                    answer.status.as_u16(),
                    answer.header("x-credits-charged"),
                    answer.header("x-credits-remaining")
                ),
                (200, "0", left.as_str()),
                "{url}: {}",
                answer.text()
            );
            if answer.header("content-type") == "application/json" && url.starts_with("/v1/") {
                let billing = &answer.json()["billing"];
                assert_eq!(
                    (billing["credits_charged"].as_u64(), billing["balance_remaining"].as_u64()),
                    (Some(0), Some(balance)),
                    "{url}"
                );
            }
        }
    }
    assert_eq!(server.balance().await, balance);
    assert_eq!(self::entries(&server).await, entries, "nothing is in the ledger");
    // Answers with rows are charged.
    for url in [
        "/search-challenge/?keyword=cat",
        "/v1/hashtags?query=cat",
        "/v1/hashtags/empty",
        "/v1/hashtags/cat/videos?limit=1",
    ] {
        assert_eq!(server.get(url).await.header("x-credits-charged"), "1", "{url}");
    }
    let audit = server.fixture().store().audit().await.expect("an audit");
    assert!(audit.ok(), "{audit:?}");
}

async fn entries(server: &testkit::TestServer) -> usize {
    server.fixture().store().entries(server.account_id, None, 1_000).await.expect("entries").len()
}

async fn an_idempotency_key_belongs_to_a_format_too(place: &Place) {
    let server = holding_at(place).await.start().await;
    let get = |accept: &str, coding: &str| {
        let request =
            Request::get("/v1/hashtags/cat/videos?limit=2").key(&server.key).header("idempotency-key", "a");
        server.send(request.header("accept", accept).header("accept-encoding", coding))
    };
    let first = get("text/csv", "identity").await;
    assert_eq!((first.status.as_u16(), first.header("x-credits-charged")), (200, "1"));
    for (accept, coding) in [("text/csv", "gzip"), ("text/csv;q=0.9, application/json;q=0.1", "zstd, gzip")] {
        let again = get(accept, coding).await;
        assert_eq!((again.status.as_u16(), again.header("x-credits-charged")), (200, "0"), "{accept}");
        assert!(again.header("content-type").starts_with("text/csv"), "{accept}");
    }
    for accept in ["application/json", "*/*", "application/x-ndjson", "text/csv;q=0.1, application/json"] {
        let other = get(accept, "identity").await;
        assert_eq!(
            (other.status.as_u16(), other.code().as_str()),
            (422, "idempotency_key_reused"),
            "{accept}"
        );
    }
    assert_eq!(server.balance().await, 999_999);
}

testkit::test_on_each_backend!(an_answer_without_a_row_is_free, an_idempotency_key_belongs_to_a_format_too);
