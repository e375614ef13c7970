//! Graceful shutdown: no new connections, requests in flight are finished.

use crate::hang_ups::LedgerLock;
use crate::wire::{PATIENCE, holding, read_to_end};
use std::time::Duration;
use testkit::{Connection, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test]
async fn a_request_in_flight_is_finished_and_the_connection_closed() {
    let mut server = holding().start().await;
    let mut idle = TcpStream::connect(server.address).await.expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    assert_eq!(idle.read_u8().await.expect("an answer"), b'H');
    let lock = LedgerLock::on(&server);
    let mut busy = Connection::open(server.address).await;
    let in_flight = busy.send(Request::get("/challenge-info-id/?id=7551").key(&server.key));
    tokio::pin!(in_flight);
    assert!(timeout(Duration::from_millis(200), &mut in_flight).await.is_err(), "it waits for the ledger");
    server.stop();
    // The idle connection is closed at once, and no new one is accepted.
    timeout(PATIENCE, read_to_end(&mut idle)).await.expect("closed");
    assert!(TcpStream::connect(server.address).await.is_err());
    drop(lock);
    let answer = in_flight.await.expect("an answer");
    assert_eq!((answer.status.as_u16(), answer.header("connection")), (200, "close"));
    let (address, account_id) = (server.address, server.account_id);
    let fixture = timeout(PATIENCE, server.stopped()).await.expect("it stops");
    assert!(TcpStream::connect(address).await.is_err());
    let balance = fixture.store().balance(account_id).await.expect("an answer").expect("an account");
    assert_eq!(balance.get(), 999_999);
}

#[tokio::test]
async fn a_client_that_does_not_finish_is_cut_off_and_its_charge_is_not() {
    let server =
        holding().options(|options| options.drain_timeout = Duration::from_millis(300)).start().await;
    let mut half = TcpStream::connect(server.address).await.expect("a connection");
    half.write_all(b"GET /healthz HTTP/1.1\r\nHost:").await.expect("sent");
    let lock = LedgerLock::on(&server);
    let mut busy = Connection::open(server.address).await;
    let in_flight = busy.send(Request::get("/challenge-info-id/?id=7551").key(&server.key));
    tokio::pin!(in_flight);
    assert!(timeout(Duration::from_millis(100), &mut in_flight).await.is_err(), "it waits for the ledger");
    let account_id = server.account_id;
    let stopping = tokio::spawn(server.stopped());
    assert!(in_flight.await.is_err(), "cut off");
    drop(lock);
    let fixture = timeout(PATIENCE, stopping).await.expect("it stops").expect("without a panic");
    timeout(PATIENCE, read_to_end(&mut half)).await.expect("closed");
    let charged = async {
        loop {
            let balance = fixture.store().balance(account_id).await.expect("an answer").expect("an account");
            if balance.get() == 999_999 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, charged).await.expect("the charge in progress is made");
}

#[tokio::test]
async fn a_stopping_server_says_that_it_is_not_ready() {
    let mut server = holding().start().await;
    let lock = LedgerLock::on(&server);
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let paid =
        format!("GET /challenge-info-id/?id=7551 HTTP/1.1\r\nHost: x\r\nX-Api-Key: {}\r\n\r\n", server.key);
    stream.write_all(paid.as_bytes()).await.expect("sent");
    assert!(timeout(Duration::from_millis(200), stream.read_u8()).await.is_err(), "it waits for the ledger");
    server.stop();
    // The ledger continues only once connections are refused, when the server has begun to stop.
    let address = server.address;
    let is_refused = async move { while TcpStream::connect(address).await.is_ok() {} };
    timeout(PATIENCE, is_refused).await.expect("it stops accepting");
    tokio::task::yield_now().await;
    drop(lock);
    let read = timeout(PATIENCE, read_to_end(&mut stream)).await.expect("closed");
    assert!(read.to_lowercase().contains("connection: close"), "{read}");
    timeout(PATIENCE, server.stopped()).await.expect("it stops");
}
