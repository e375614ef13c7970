//! The free paths.

use crate::wire::holding;
use testkit::{Request, TestServer};

#[tokio::test]
async fn the_free_paths_answer_without_a_key_and_to_head() {
    let server = holding().start().await;
    for (path, kind, begins) in [
        ("/healthz", "text/plain; charset=utf-8", "ok\n"),
        ("/readyz", "text/plain; charset=utf-8", "ready\n"),
        (
            "/metrics",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "# HELP tagmeter_requests",
        ),
        ("/openapi.json", "application/json", "{\n  \"openapi\": \"3.1.0\""),
        ("/openapi-3.0.json", "application/json", "{\n  \"openapi\": \"3.0.3\""),
    ] {
        let answer = server.send(Request::get(path)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, kind), "{path}");
        assert!(answer.text().starts_with(begins), "{path}: {}", answer.text());
        assert_eq!((answer.header("x-credits-charged"), answer.header("x-request-id").len()), ("0", 36));
        let head = server.send(Request::new(http::Method::HEAD, path)).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0), "{path}");
        let post = server.send(Request::new(http::Method::POST, path)).await;
        assert_eq!((post.status.as_u16(), post.header("allow")), (405, "GET"), "{path}");
    }
}

#[tokio::test]
async fn requests_and_charges_are_counted() {
    let server = holding().start().await;
    for path in ["/challenge-info-id/?id=7551", "/challenge-info-id?id=7551", "/challenge-info-id/?id=1"] {
        server.get(path).await;
    }
    let counts = server.send(Request::get("/metrics")).await;
    for line in [
        r#"tagmeter_requests_total{route="/challenge-info-id/",status="200"} 2"#,
        r#"tagmeter_requests_total{route="/challenge-info-id/",status="404"} 1"#,
        r#"tagmeter_request_duration_seconds_count{route="/challenge-info-id/"} 3"#,
        "tagmeter_credits_charged_total 2",
        "tagmeter_cache_hits 1",
        "tagmeter_connections_opened_total 4",
    ] {
        assert!(counts.text().contains(line), "{line} is not in\n{}", counts.text());
    }
}

#[tokio::test]
async fn every_documented_path_exists_with_and_without_its_last_slash() {
    let server = TestServer::start().await;
    let description = server.send(Request::get("/openapi.json")).await.json();
    let paths: Vec<&String> = description["paths"].as_object().expect("paths").keys().collect();
    assert_eq!(paths.len(), 29);
    for path in paths {
        for path in [path.as_str(), path.trim_end_matches('/')] {
            let answer = server.send(Request::get(path)).await;
            assert_ne!(answer.status.as_u16(), 404, "{path}");
            assert!(!answer.status.is_redirection(), "{path}");
        }
    }
}
