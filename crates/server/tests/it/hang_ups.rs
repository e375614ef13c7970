//! Clients that hang up during a call: every successful answer has one charge, and nothing else has any.

use crate::wire::holding;
use domain::RequestId;
use rusqlite::Connection as Database;
use std::time::Duration;
use testkit::{Connection, Request, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Delays every charge until it is dropped, as another process that writes to the ledger's file.
pub(crate) struct LedgerLock(Database);

impl LedgerLock {
    pub(crate) fn on(server: &TestServer) -> Self {
        let database =
            Database::open(server.fixture().folder().join("accounts.db")).expect("the ledger's file");
        database.busy_timeout(Duration::from_secs(10)).expect("a setting");
        database.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        Self(database)
    }
}

impl Drop for LedgerLock {
    fn drop(&mut self) {
        self.0.execute_batch("ROLLBACK").expect("the lock is released");
    }
}

async fn send_raw(server: &TestServer, path: &str, idempotency_key: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let key = &server.key;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\nIdempotency-Key: {idempotency_key}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream
}

/// The client hangs up while the charge waits for the disk; it is made nevertheless, once.
#[tokio::test]
async fn a_client_that_hangs_up_during_its_charge_is_charged_once() {
    let server = holding().start().await;
    let lock = LedgerLock::on(&server);
    let stream = send_raw(&server, "/challenge-info-id/?id=7551", "a").await;
    // A second call that waits for the same lock shows that the first has reached it.
    let mut second = send_raw(&server, "/challenge-info-id/?id=7551", "b").await;
    assert!(tokio::time::timeout(Duration::from_millis(200), second.read_u8()).await.is_err());
    drop(stream);
    assert!(tokio::time::timeout(Duration::from_millis(200), second.read_u8()).await.is_err());
    drop(lock);
    assert_eq!(second.read_u8().await.expect("an answer"), b'H');
    let request = Request::get("/challenge-info-id/?id=7551").key(&server.key).header("idempotency-key", "a");
    let again = server.send(request).await;
    assert_eq!(
        (again.status.as_u16(), again.header("x-credits-charged")),
        (200, "0"),
        "it was charged before"
    );
    assert_eq!(server.balance().await, 999_998);
}

/// A mix of callers: some read their answers and write a journal, some hang up at various moments, some request
/// an unknown hashtag.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_success_has_one_charge_and_nothing_else_has_any() {
    const CALLERS: u64 = 24;
    const CALLS: u64 = 40;
    let server = std::sync::Arc::new(holding().start().await);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let server = std::sync::Arc::clone(&server);
        callers.spawn(async move {
            let mut journal = Vec::new();
            for call in 0..CALLS {
                match (caller + call) % 3 {
                    0 => leave_early(&server, caller, call).await,
                    kind => {
                        let path = if kind == 1 {
                            "/challenge-posts/?challenge_id=7551"
                        } else {
                            "/challenge-info-id/?id=1"
                        };
                        let mut connection = Connection::open(server.address).await;
                        let answer =
                            connection.send(Request::get(path).key(&server.key)).await.expect("an answer");
                        let id = RequestId::parse(answer.header("x-request-id")).expect("a request id");
                        journal.push((id, answer.status.as_u16()));
                    }
                }
            }
            journal
        });
    }
    let journal: Vec<(RequestId, u16)> = callers.join_all().await.into_iter().flatten().collect();
    // Every abandoned call is sent once more under its key: then it is charged, once.
    let mut left = 0;
    for caller in 0..CALLERS {
        for call in (0..CALLS).filter(|call| (caller + call) % 3 == 0) {
            let request = Request::get("/challenge-info-id/?id=7551").key(&server.key);
            let answer = server.send(request.header("idempotency-key", &format!("{caller}-{call}"))).await;
            assert_eq!(answer.status.as_u16(), 200);
            left += 1;
        }
    }
    let (address_of_account, server) =
        (server.account_id, std::sync::Arc::into_inner(server).expect("the last one"));
    let fixture = server.stopped().await;
    let mut charged = 0;
    for (id, status) in &journal {
        let entry = fixture.store().charged(address_of_account, *id).await.expect("an answer");
        assert_eq!(entry.is_some(), *status == 200, "{id} {status}");
        charged += u64::from(entry.is_some());
    }
    let audit = fixture.store().audit().await.expect("an audit");
    assert!(audit.ok(), "{audit:?}");
    assert_eq!((audit.charges, audit.credits_charged), (charged + left, charged + left));
}

/// Hangs up at once, after the first byte of the answer, or after a few other tasks have run.
async fn leave_early(server: &TestServer, caller: u64, call: u64) {
    let mut stream = send_raw(server, "/challenge-info-id/?id=7551", &format!("{caller}-{call}")).await;
    match call % 4 {
        0 => {}
        1 => {
            stream.read_u8().await.expect("the answer begins");
        }
        turns => {
            for _ in 0..turns * 10 {
                tokio::task::yield_now().await;
            }
        }
    }
}
