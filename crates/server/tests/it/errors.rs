//! Every error in both formats.

use crate::wire::holding;
use domain::{ApiKey, KeyId};
use std::fmt::Write;
use testkit::{Answer, Request, TestServer};

/// Returns requests that fail, with a name for each.
fn failing(server: &TestServer) -> Vec<(&'static str, Request)> {
    let with_key = |path: &str| Request::get(path).key(&server.key);
    let get = |path: &str| Request::get(path);
    let mut wrong_key = server.key.clone();
    wrong_key.replace_range(20..21, if &wrong_key[20..21] == "0" { "1" } else { "0" });
    let unknown_key = ApiKey::new(KeyId::new(1), [7; 16]).reveal();
    vec![
        ("no key", get("/challenge-info-id/?id=7551")),
        ("key in the query", get("/challenge-info-id/?id=7551&api_key=tm_live_x")),
        ("mistyped key", get("/challenge-info-id/?id=7551").key(&wrong_key)),
        ("unknown key", get("/challenge-info-id/?id=7551").key(&unknown_key)),
        ("no key at all", get("/challenge-info-id/?id=7551").key("hello")),
        ("unknown id", with_key("/challenge-info-id/?id=999")),
        ("unknown name", with_key("/challenge-info-name/?name=NoSuch%22Tag")),
        ("posts of an unknown id", with_key("/challenge-posts/?challenge_id=999")),
        ("no id", with_key("/challenge-info-id/")),
        ("bad id", with_key("/challenge-info-id/?id=cat")),
        ("no name", with_key("/challenge-info-name/?name=")),
        ("bad count", with_key("/challenge-posts/?challenge_id=7551&count=many")),
        ("bad cursor", with_key("/challenge-posts/?challenge_id=7551&cursor=-1")),
        ("cursor of no walk", with_key("/challenge-posts/?challenge_id=7551&cursor=9007199254740991")),
        ("bad region", with_key("/challenge-posts/?challenge_id=7551&region=Germany")),
        ("no keyword", with_key("/search-challenge/?keywords=cat")),
        ("keyword of signs", with_key("/search-challenge/?keyword=%23")),
        ("bad Idempotency-Key", with_key("/challenge-info-id/?id=7551").header("idempotency-key", "a b")),
        ("unknown path", with_key("/challenge-info/?id=7551")),
        ("wrong method", Request::new(http::Method::POST, "/challenge-info-id/?id=7551").key(&server.key)),
        ("HEAD", Request::new(http::Method::HEAD, "/challenge-info-id/?id=7551").key(&server.key)),
    ]
}

fn line(name: &str, answer: &Answer) -> String {
    let body = answer.text().replace(answer.header("x-request-id"), "<id>");
    let mut line = format!("{name}\n  {} {}", answer.status.as_u16(), answer.header("content-type"));
    for header in ["www-authenticate", "allow", "retry-after"] {
        if !answer.header(header).is_empty() {
            write!(line, " | {header}: {}", answer.header(header)).expect("memory");
        }
    }
    format!("{line}\n  {body}\n")
}

async fn all(server: &TestServer) -> String {
    let mut lines = String::new();
    for (name, request) in failing(server) {
        let answer = server.send(request).await;
        assert_eq!(answer.header("x-credits-charged"), "0", "{name}");
        assert_eq!(answer.header("x-request-id").len(), 36, "{name}");
        lines.push_str(&line(name, &answer));
    }
    assert_eq!(server.balance().await, 1_000_000, "errors are free");
    lines
}

#[tokio::test]
async fn honest_errors() {
    insta::assert_snapshot!(all(&holding().start().await).await);
}

#[tokio::test]
async fn the_original_s_errors() {
    let builder = holding().options(|options| {
        options.legacy_errors = true;
        options.sign_up_site = "https://example.com".to_owned();
    });
    insta::assert_snapshot!(all(&builder.start().await).await);
}

#[tokio::test]
async fn an_empty_account_is_refused_in_both_formats() {
    let mut lines = String::new();
    for legacy_errors in [false, true] {
        let server =
            holding().credits(0).options(|options| options.legacy_errors = legacy_errors).start().await;
        let answer = server.get("/challenge-info-id/?id=7551").await;
        assert_eq!((answer.header("x-credits-charged"), answer.header("x-credits-remaining")), ("0", "0"));
        lines.push_str(&line("no credits", &answer));
        // Credits that are granted elsewhere count at once.
        let (credits, cause) = (domain::Credits::new(1).expect("one"), "test".parse().expect("a cause"));
        let store = server.fixture().store();
        store
            .grant(server.account_id, credits, &cause, domain::Timestamp::from_ms(0))
            .await
            .expect("a grant");
        assert!(server.get("/challenge-info-id/?id=7551").await.text().contains("\"cha_name\":\"cat\""));
    }
    insta::assert_snapshot!(lines);
}

#[tokio::test]
async fn too_many_requests_get_retry_after() {
    let mut lines = String::new();
    for legacy_errors in [false, true] {
        let server =
            holding().key_limit(2).options(|options| options.legacy_errors = legacy_errors).start().await;
        for remaining in ["1", "0"] {
            let answer = server.get("/challenge-info-id/?id=7551").await;
            assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-remaining")), (200, remaining));
        }
        let denied = server.get("/challenge-info-id/?id=7551").await;
        assert_eq!(denied.header("x-ratelimit-limit"), "2");
        assert_eq!(
            (denied.header("x-ratelimit-remaining"), denied.header("x-credits-remaining")),
            ("0", "999998")
        );
        let wait: u64 = denied.header("retry-after").parse().expect("seconds");
        assert!((29..=30).contains(&wait), "half a minute for one of two a minute: {wait}");
        lines.push_str(&line("rate limited", &denied).replace(&format!(" {wait}"), " <wait>"));
        assert_eq!(server.balance().await, 999_998);
    }
    insta::assert_snapshot!(lines);
}
