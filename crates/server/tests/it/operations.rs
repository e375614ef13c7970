//! Endpoints for operators.

use crate::wire::holding;
use std::io::Write;
use std::process::{Command, Stdio};
use testkit::{Request, TestServer};

#[tokio::test]
async fn the_free_paths_answer_without_a_key_and_to_head() {
    let server = holding().start().await;
    for (path, kind, begins) in [
        ("/healthz", "text/plain; charset=utf-8", "ok\n"),
        ("/readyz", "text/plain; charset=utf-8", "ready\n"),
        ("/metrics", "text/plain; version=0.0.4; charset=utf-8", "# HELP process_cpu_seconds_total"),
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
        assert_eq!((post.status.as_u16(), post.header("allow")), (405, "GET, HEAD, OPTIONS"), "{path}");
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
        "tagmeter_cache_hits_total 1",
        "tagmeter_connections_opened_total 4",
    ] {
        assert!(counts.text().contains(line), "{line} is not in\n{}", counts.text());
    }
}

#[tokio::test]
async fn every_documented_path_exists_with_and_without_a_trailing_slash() {
    let server = TestServer::start().await;
    let description = server.send(Request::get("/openapi.json")).await.json();
    let paths: Vec<&String> = description["paths"].as_object().expect("paths").keys().collect();
    assert_eq!(paths.len(), 67);
    for path in paths {
        for path in [path.as_str(), path.trim_end_matches('/')] {
            let answer = server.send(Request::get(path)).await;
            // The page of an unknown link says so.
            assert!(answer.status.as_u16() != 404 || answer.text().contains("Unknown link"), "{path}");
            assert!(!answer.status.is_redirection(), "{path}");
        }
    }
}

/// Prometheus's own parser reads both formats. Skips with a message if Python has no `prometheus_client`;
/// `TAGMETER_PYTHON` names another Python.
#[expect(clippy::disallowed_methods, reason = "which Python is for the machine to say, not for the settings")]
#[tokio::test]
async fn both_formats_are_read_by_prometheus_own_parser() {
    let server = holding().start().await;
    for path in ["/challenge-info-id/?id=7551", "/challenge-info-id/?id=1", "/nothing", "/v1/hashtags/cat"] {
        server.get(path).await;
    }
    let scraped = async |accept: &str| {
        let answer = server.send(Request::get("/metrics").header("accept", accept)).await;
        assert!(
            answer.header("content-type").starts_with(accept) && answer.header("vary").contains("accept")
        );
        answer.text().to_owned()
    };
    let texts = serde_json::json!({
        "prometheus": scraped("text/plain").await,
        "openmetrics": scraped("application/openmetrics-text").await,
    });
    let python = std::env::var("TAGMETER_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/oracles/exposition.py");
    let mut child = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    // A script without its library exits before it reads.
    let _ = child.stdin.take().expect("a pipe").write_all(texts.to_string().as_bytes());
    let output = child.wait_with_output().expect("the script ends");
    if output.status.code() == Some(77) {
        return println!("skipped: {python} has no prometheus_client");
    }
    assert!(output.status.success(), "{}\n{texts}", String::from_utf8_lossy(&output.stderr));
}
