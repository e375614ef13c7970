//! Slow clients and oversized requests are refused or closed soon, and the server continues.

use crate::wire::{PATIENCE, exchange, holding, read_to_end, status};
use std::time::Duration;
use testkit::{Connection, Request, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Short, so that the tests are.
const SHORT: Duration = Duration::from_millis(150);

async fn impatient() -> TestServer {
    let builder = holding().options(|options| {
        options.header_timeout = SHORT;
        options.keep_alive_timeout = SHORT;
        options.write_timeout = SHORT;
    });
    builder.start().await
}

#[tokio::test]
async fn clients_that_do_not_finish_their_header_are_closed() {
    let server = impatient().await;
    assert_eq!(exchange(server.address, b"").await, "");
    assert_eq!(status(&exchange(server.address, b"GET / HTTP/1.1\r\nHost: x\r\nX-a: ").await), 408);
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-a: ").await.expect("sent");
    let drip = async {
        loop {
            // Always sooner than the timeout, which counts from the first byte, not from the last.
            tokio::time::sleep(SHORT / 10).await;
            if stream.write_all(b"b").await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, drip).await.expect("a dripping client is closed");
    assert_eq!(server.get("/challenge-info-id/?id=7551").await.status.as_u16(), 200);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_used_one_is_not() {
    let server = impatient().await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    let read = read_to_end(&mut stream).await;
    assert!(status(&read) == 200 && read.ends_with("ok\n"), "{read}");
    let mut used = Connection::open(server.address).await;
    for _ in 0..5 {
        tokio::time::sleep(SHORT / 3).await;
        assert_eq!(used.send(Request::get("/healthz")).await.expect("an answer").status.as_u16(), 200);
    }
}

#[tokio::test]
async fn a_client_that_does_not_fetch_its_answers_is_closed() {
    let server = impatient().await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let request = format!(
        "GET /challenge-posts/?challenge_id=7551&count=35 HTTP/1.1\r\nHost: x\r\nX-Api-Key: {}\r\n\r\n",
        server.key
    );
    // Sends requests and never reads, until the buffers are full and the server closes.
    let stuff = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, stuff).await.expect("the server closes");
    let counts = server.send(Request::get("/metrics")).await;
    let line = r#"tagmeter_connections_overdue_total{reason="answer not fetched"} 1"#;
    assert!(counts.text().contains(line), "{}", counts.text());
}

#[tokio::test]
async fn oversized_requests_are_refused() {
    let server = TestServer::start().await;
    let long = |count: usize| "b".repeat(count);
    let one_header = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-a: {}\r\n\r\n", long(20_000));
    let many: String = (0..200).map(|number| format!("X-{number}: a\r\n")).collect();
    let many_headers = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n");
    let url = |bytes| {
        format!(
            "GET /challenge-info-name/?name={} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            long(bytes)
        )
    };
    for (sent, want) in
        [(one_header, 431), (many_headers, 431), (url(8_300), 414), (url(40_000), 431), (url(8_000), 401)]
    {
        let read = exchange(server.address, sent.as_bytes()).await;
        assert_eq!(status(&read), want, "{read}");
    }
    let fits =
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-a: {}\r\n\r\n", long(15_000));
    assert_eq!(status(&exchange(server.address, fits.as_bytes()).await), 200);
}

#[tokio::test]
async fn a_promised_body_is_not_waited_for() {
    let server = TestServer::start().await;
    let read =
        exchange(server.address, b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
            .await;
    assert_eq!(status(&read), 405, "{read}");
}

#[tokio::test]
async fn a_connection_over_the_limit_gets_503_with_retry_after() {
    let server = TestServer::builder().options(|options| options.connections_max = 2).start().await;
    let mut first = Connection::open(server.address).await;
    let mut second = Connection::open(server.address).await;
    for connection in [&mut first, &mut second] {
        assert_eq!(connection.send(Request::get("/healthz")).await.expect("an answer").status.as_u16(), 200);
    }
    let mut third = TcpStream::connect(server.address).await.expect("a connection");
    let read = read_to_end(&mut third).await;
    assert!(status(&read) == 503 && read.contains("retry-after: 1"), "{read}");
    drop(first);
    let served = async {
        loop {
            let mut stream = TcpStream::connect(server.address).await.expect("a connection");
            let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
            let mut read = String::new();
            if stream.read_to_string(&mut read).await.is_ok() && status(&read) == 200 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, served).await.expect("a seat is free again");
}
