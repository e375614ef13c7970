//! Ambiguous requests are refused or have one meaning: never an internal error, never two answers to one
//! request.

use crate::wire::{exchange, holding, status};
use testkit::Request;

#[tokio::test]
async fn ambiguous_requests_get_no_second_reading() {
    let server = holding().start().await;
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let bytes = smuggled.len();
    for sent in [
        format!(
            "POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: {bytes}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"
        ),
        format!(
            "POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: {bytes}\r\n\r\n{smuggled}"
        ),
        format!("POST /none HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n{smuggled}"),
        format!("POST /none HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: +{bytes}\r\n\r\n{smuggled}"),
        format!(
            "POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: {bytes}\r\nConnection: close\r\n\r\n{smuggled}"
        ),
        format!("GET /none HTTP/1.1\r\nHost: x\r\nX-a: b\r\n c: d\r\n\r\n{smuggled}"),
        format!("GET /none\0 HTTP/1.1\r\nHost: x\r\n\r\n{smuggled}"),
        format!("GET /none HTTP/1.1 x\r\nHost: x\r\n\r\n{smuggled}"),
        format!("GET  /none  HTTP/1.1\r\nHost: x\r\n\r\n{smuggled}"),
    ] {
        let read = exchange(server.address, sent.as_bytes()).await;
        assert!(matches!(status(&read), 400 | 404 | 405 | 501), "{sent:?}\n{read}");
        let ok = read.matches("HTTP/1.1 200").count();
        // Chunked wins over a length and ends the body (RFC 9112); the connection must then end too.
        assert_eq!(ok, 0, "{sent:?}\n{read}");
    }
}

#[tokio::test]
async fn odd_paths_have_one_meaning() {
    let server = holding().start().await;
    let address = server.address;
    for (path, want) in [
        ("http://localhost/healthz".to_owned(), 200),
        ("/challenge-info-id/../healthz".to_owned(), 404),
        ("/challenge-info-id/%2e%2e/healthz".to_owned(), 404),
        ("/%2e%2e/healthz".to_owned(), 404),
        ("//healthz".to_owned(), 404),
        ("/healthz/".to_owned(), 404),
        ("/HEALTHZ".to_owned(), 404),
        ("/challenge-info-id//?id=7551".to_owned(), 404),
        ("/%68ealthz".to_owned(), 404),
        ("*".to_owned(), 404),
    ] {
        let sent = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let read = exchange(address, sent.as_bytes()).await;
        assert!(status(&read) == want || status(&read) == 400, "{path}: {read}");
    }
    for query in ["name=%2525", "name=%00%00", "name=%FF%FE", "name=%", "name=%zz", "name=%E0%80%80"] {
        let answer =
            server.send(Request::get(format!("/challenge-info-name/?{query}")).key(&server.key)).await;
        assert!(matches!(answer.status.as_u16(), 404 | 422), "{query}: {}", answer.text());
    }
    assert_eq!(server.balance().await, 1_000_000);
}
