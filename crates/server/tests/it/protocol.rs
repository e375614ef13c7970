//! Malformed and incomplete requests: each gets an error that says what was wrong, with a request id.

use crate::wire::{PATIENCE, exchange, holding, read_to_end, status};
use serde_json::Value;
use std::time::Duration;
use testkit::{Request, TestServer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Parses and checks the problem in an answer.
fn problem(read: &str) -> Value {
    let (head, body) = read.rsplit_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {read:?}"));
    let head = head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/problem+json"), "{read}");
    assert!(head.contains("x-credits-charged: 0"), "{read}");
    let problem: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {read}"));
    let id = problem["request_id"].as_str().expect("an id");
    assert!(id.len() == 36 && head.contains(&format!("x-request-id: {id}")), "{read}");
    assert_eq!(problem["status"], status(read), "{read}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{read}");
    problem
}

#[tokio::test]
async fn malformed_requests_are_answered_with_a_problem() {
    let server = TestServer::start().await;
    let long = "b".repeat(20_000);
    let many: String = (0..200).map(|number| format!("X-{number}: a\r\n")).collect();
    for (sent, want) in [
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), (400, "malformed_request")),
        ("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), (400, "malformed_request")),
        ("hello\r\n\r\n".to_owned(), (400, "malformed_request")),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n".to_owned(), (400, "malformed_request")),
        ("GET / HTTP/9.9\r\nHost: x\r\n\r\n".to_owned(), (400, "malformed_request")),
        (
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".to_owned(),
            (400, "malformed_request"),
        ),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(),
            (400, "malformed_request"),
        ),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nX-a: {long}\r\n\r\n"), (431, "headers_too_large")),
        (format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"), (431, "headers_too_large")),
        (
            format!("GET /{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "b".repeat(9_000)),
            (414, "url_too_long"),
        ),
        ("GET /healthz HTTP/1.1\r\n\r\n".to_owned(), (400, "malformed_request")),
        (
            "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(),
            (400, "malformed_request"),
        ),
        (
            "GET /healthz HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n".to_owned(),
            (400, "malformed_request"),
        ),
        (
            "GET /healthz HTTP/1.1\r\nHost: me@x\r\nConnection: close\r\n\r\n".to_owned(),
            (400, "malformed_request"),
        ),
        ("GET /healthz HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n".to_owned(), (400, "malformed_request")),
    ] {
        let sent = sent.replace("HTTP/1.1\r\n\r\n", "HTTP/1.1\r\nConnection: close\r\n\r\n");
        let read = exchange(server.address, sent.as_bytes()).await;
        let shown = &sent[..sent.len().min(80)];
        assert_eq!(
            (status(&read), problem(&read)["code"].as_str()),
            (want.0, Some(want.1)),
            "{shown:?}\n{read}"
        );
    }
    for fine in
        ["GET /healthz HTTP/1.0\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"]
    {
        assert_eq!(status(&exchange(server.address, fine.as_bytes()).await), 200, "{fine}");
    }
    let counts = server.send(Request::get("/metrics")).await;
    let line = r#"tagmeter_requests_total{route="other",status="431"} 2"#;
    assert!(counts.text().contains(line), "{}", counts.text());
}

#[tokio::test]
async fn garbage_after_a_good_request_is_answered_separately() {
    let server = TestServer::start().await;
    let read = exchange(server.address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nno request\r\n\r\n").await;
    assert_eq!(status(&read), 200, "{read}");
    let second = read.split_once("ok\n").expect("the answer to the first").1;
    assert_eq!((status(second), problem(second)["code"].as_str()), (400, Some("malformed_request")));
}

#[tokio::test]
async fn half_a_head_gets_an_error_whether_its_sender_waits_or_leaves() {
    let short = Duration::from_millis(150);
    let server = holding().options(|options| options.header_timeout = short).start().await;
    let read = exchange(server.address, b"GET / HTTP/1.1\r\nHost: x\r\nX-a: ").await;
    assert_eq!((status(&read), problem(&read)["code"].as_str()), (408, Some("headers_too_slow")), "{read}");
    assert_eq!(exchange(server.address, b"").await, "", "a silent client gets no answer");
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await.expect("sent");
    stream.shutdown().await.expect("half closed");
    let read = read_to_end(&mut stream).await;
    assert_eq!((status(&read), problem(&read)["code"].as_str()), (400, Some("malformed_request")), "{read}");
}

#[tokio::test]
async fn malformed_and_truncated_bodies_are_400_and_free() {
    let server = holding().start().await;
    let admin = server.admin_key().await;
    let balance = server.balance().await;
    for (line, kind) in [
        ("POST /v1/walks", "Content-Type: application/json\r\n"),
        ("POST /v1/imports", ""),
        ("GET /challenge-info-id/?id=7551", ""),
        ("GET /v1/hashtags/cat", ""),
        ("GET /v1/me", ""),
        ("DELETE /v1/walks/job_1", ""),
        ("GET /healthz", ""),
    ] {
        for body in [
            "Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
            "Content-Length: 5\r\n\r\n{}",
        ] {
            let mut stream = TcpStream::connect(server.address).await.expect("a connection");
            let sent = format!("{line} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {admin}\r\n{kind}{body}");
            stream.write_all(sent.as_bytes()).await.expect("sent");
            stream.shutdown().await.expect("half closed");
            let read = read_to_end(&mut stream).await;
            let error = problem(&read);
            assert_eq!(
                (status(&read), error["code"].as_str()),
                (400, Some("invalid_body")),
                "{line} {body:?}\n{read}"
            );
        }
    }
    assert_eq!(server.balance().await, balance);
    let fine = format!(
        "GET /challenge-info-id/?id=7551 HTTP/1.1\r\nHost: x\r\nX-Api-Key: {admin}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
    );
    assert_eq!(status(&exchange(server.address, fine.as_bytes()).await), 200);
}

#[tokio::test]
async fn a_form_is_refused_before_its_body_is_read_and_its_sender_gets_the_answer() {
    let server = holding().start().await;
    let admin = server.admin_key().await;
    for kind in ["multipart/form-data; boundary=x", "Multipart/Mixed; boundary=x"] {
        let mut stream = TcpStream::connect(server.address).await.expect("a connection");
        let head = format!(
            "POST /v1/imports HTTP/1.1\r\nHost: x\r\nX-Api-Key: {admin}\r\nContent-Type: {kind}\r\nContent-Length: 8000000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        // The sender continues to send, as curl does, and must still be able to read the answer.
        let (mut reading, mut writing) = stream.into_split();
        let sending = async {
            for _ in 0..80 {
                writing.write_all(&[b'x'; 100_000]).await.expect("taken");
            }
        };
        let reading = async {
            let mut read = Vec::new();
            tokio::io::AsyncReadExt::read_to_end(&mut reading, &mut read).await.expect("an answer");
            String::from_utf8(read).expect("text")
        };
        let both = async { tokio::join!(sending, reading) };
        let ((), read) = tokio::time::timeout(PATIENCE, both).await.expect("in time");
        let error = problem(&read);
        assert_eq!((status(&read), error["code"].as_str()), (415, Some("unsupported_media_type")), "{read}");
        assert!(
            error["detail"].as_str().is_some_and(|detail| detail.contains("curl --data-binary @file")),
            "{error}"
        );
    }
    let listed = server.send(Request::get("/v1/imports").key(&admin)).await.json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn a_key_given_twice_in_a_body_is_refused_by_name() {
    let server = holding().start().await;
    for body in [r#"{"hashtag":"cat","hashtag":"dog"}"#, r#"{"hashtag":{"a":[{"b":1,"b":2}]}}"#] {
        let request =
            Request::post("/v1/walks", body).header("content-type", "application/json").key(&server.key);
        let refused = server.send(request).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (400, "invalid_body"), "{body}");
        let detail = refused.json()["detail"].as_str().expect("a text").to_owned();
        assert!(
            detail.contains("\"hashtag\" more than once") || detail.contains("\"b\" more than once"),
            "{detail}"
        );
    }
}
