//! Shared by the tests of this folder: a server with a little data, and bytes on a bare socket.

use domain::Observation;
use std::net::SocketAddr;
use std::time::Duration;
use testkit::{Place, TestServer, TestServerBuilder, example_hashtag, hashtag, video};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Timeout, far longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Videos under #cat.
pub(crate) const CAT_VIDEOS: u64 = 80;

/// #cat with 80 videos, some small hashtags, and one known by its videos only.
pub(crate) fn holdings() -> Vec<Observation> {
    let mut all: Vec<Observation> = vec![
        example_hashtag().into(),
        hashtag("catsoftiktok").id(8_001).views(900_000).creators(4_000).into(),
        hashtag("streetcomedy").id(8_002).views(500_000).creators(700).into(),
        hashtag("empty").id(8_003).views(0).creators(0).into(),
    ];
    for number in 1..=CAT_VIDEOS {
        let region = if number % 4 == 0 { "DE" } else { "US" };
        let made = video(7_000_000_000_000_000_000 + number).tag_with_id("cat", 7551).plays(number * 100);
        all.push(made.counts(number, 2, 3, 4).region(region).into());
    }
    all.push(video(7_000_000_000_000_001_000).tag("observedonly").plays(55).into());
    all
}

/// Builds a server with [`holdings`].
pub(crate) fn holding() -> TestServerBuilder {
    TestServer::builder().holding(holdings())
}

/// Builds a server with [`holdings`] at a place.
pub(crate) async fn holding_at(place: &Place) -> TestServerBuilder {
    place.server().await.holding(holdings())
}

/// Sends bytes and reads until the server closes.
pub(crate) async fn exchange(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // The server may refuse and close before it has read everything.
    let _ = stream.write_all(sent).await;
    read_to_end(&mut stream).await
}

/// Reads until the server closes.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match tokio::time::timeout(PATIENCE, stream.read(&mut buffer))
            .await
            .expect("the server closes in time")
        {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&read).into_owned(),
            Ok(count) => read.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Returns the status of the first answer; 0 if there is none.
pub(crate) fn status(read: &str) -> u16 {
    let rest = read.strip_prefix("HTTP/1.1 ").or_else(|| read.strip_prefix("HTTP/1.0 "));
    rest.and_then(|rest| rest.get(..3)).and_then(|s| s.parse().ok()).unwrap_or(0)
}
