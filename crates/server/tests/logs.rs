//! The log names every request and no key, and has the cause of an internal error, which the answer has not. A
//! test alone in its process: logging is configured per process.

use std::io::Write;
use std::sync::{Arc, Mutex};
use testkit::{Request, TestServer, example_hashtag};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no panic")).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Captured {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The runtime of a test runs on the test's thread, so only its own log is captured.
#[tokio::test]
async fn requests_are_named_and_keys_are_not() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(captured.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let server = TestServer::builder().holding([example_hashtag().into()]).start().await;
    let bearer = format!("Bearer {}", server.key);
    let mut ids = Vec::new();
    for request in [
        Request::get("/challenge-info-id/?id=7551").key(&server.key),
        Request::get("/challenge-info-id/?id=7551").header("authorization", &bearer),
        Request::get(format!("/challenge-info-id/?id=7551&api_key={}", server.key)),
        Request::get(format!("/{}", server.key)),
        Request::get(format!("/challenge-info-id/?id={}", server.key)).key(&server.key),
        Request::get("/challenge-info-id/?id=1").key(&server.key),
    ] {
        ids.push(server.send(request).await.header("x-request-id").to_owned());
    }
    let database =
        rusqlite::Connection::open(server.fixture().folder().join("catalog.db")).expect("the catalog's file");
    database.execute_batch("ALTER TABLE hashtags RENAME TO on_fire").expect("a broken catalog");
    let fault = server.get("/challenge-info-name/?name=neverrequested").await;
    let text = captured.text();
    for id in &ids {
        assert!(text.contains(id.as_str()), "{id} is not in\n{text}");
    }
    assert!(!text.contains(&server.key[16..]), "{text}");
    assert_eq!((fault.status.as_u16(), fault.code().as_str()), (500, "internal_error"), "{}", fault.text());
    assert!(!fault.text().contains("hashtags"), "{}", fault.text());
    let id = fault.header("x-request-id");
    let line =
        text.lines().find(|line| line.contains("ERROR") && line.contains(id)).expect("a line for the fault");
    assert!(line.contains("no such table"), "{line}");
    assert_eq!(server.balance().await, 999_998);
}
