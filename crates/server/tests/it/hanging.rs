//! A thousand endpoints that hang beside one that works: its messages are sent at once.

use alerting::destinations::DestinationOrder;
use domain::{AccountId, Clock, DestinationId, KeyScope};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use testkit::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const ACCOUNTS: u64 = 10;
/// As many as an account may have.
const EACH: u64 = 100;
/// Less than the time after which a request to an endpoint that hangs is given up.
const WITHIN: Duration = Duration::from_secs(15);

/// Takes connections and never answers. Counts them.
async fn hanging() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let place = listener.local_addr().expect("an address").to_string();
    let hung = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&hung);
    tokio::spawn(async move {
        let mut streams = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            streams.push(stream);
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    (place, hung)
}

/// Answers each request with 204, and passes on that there was one.
async fn working() -> (String, UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let place = listener.local_addr().expect("an address").to_string();
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut text, mut bytes) = (String::new(), [0; 16_384]);
            while !text.trim_end().ends_with("}}") {
                match stream.read(&mut bytes).await {
                    Ok(read) if read > 0 => text.push_str(&String::from_utf8_lossy(&bytes[..read])),
                    _ => break,
                }
            }
            let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            if stream.write_all(answer).await.is_ok() && sender.send(()).is_err() {
                return;
            }
        }
    });
    (place, receiver)
}

struct World {
    server: TestServer,
    alerting: alerting::Alerting,
}

impl World {
    async fn destination(&self, account: AccountId, number: u64, url: &str) -> DestinationId {
        let id = DestinationId::new(self.server.clock.now(), number.into());
        let order = DestinationOrder {
            to: url.to_owned(),
            description: String::new(),
            events: Vec::new(),
            digest: None,
        };
        self.alerting.create_destination(account, id, &order).await.expect("a destination").destination.id
    }

    async fn send(&self, account: AccountId, id: DestinationId, cause: &str) {
        self.alerting.test(account, id, cause).await.expect("a message");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_endpoints_that_hang_delay_no_message_of_one_that_works() {
    let ((bad, hung), (good, mut taken)) = (hanging().await, working().await);
    let server = TestServer::builder().allowing([bad.as_str(), good.as_str()]).start().await;
    let alerting =
        testkit::alerting(server.fixture().measure(), testkit::policy([bad.as_str(), good.as_str()]));
    let world = World { server, alerting };
    let me = world.server.account_id;
    let mine = world.destination(me, 0, &format!("http://{good}/hook")).await;
    world.send(me, mine, "first").await;
    let worker = world.server.worker();
    tokio::time::timeout(WITHIN, taken.recv()).await.expect("it is sent").expect("a message");
    worker.stopped().await;

    for account in 1..=ACCOUNTS {
        let (id, _) = world.server.other_account(&format!("a{account}@example.com"), KeyScope::Call).await;
        for number in 1..=EACH {
            let to = world.destination(id, number, &format!("http://{bad}/{number}")).await;
            world.send(id, to, &number.to_string()).await;
        }
    }
    world.send(me, mine, "second").await;
    let worker = world.server.worker();
    tokio::time::timeout(WITHIN, taken.recv()).await.expect("it waits for nobody").expect("a message");
    // Others are still waited for, and a further message does not wait either.
    world.send(me, mine, "third").await;
    tokio::time::timeout(WITHIN, taken.recv()).await.expect("it waits for nobody").expect("a message");
    assert!(hung.load(Ordering::Relaxed) > 0, "there are endpoints that hang");
    worker.stopped().await;
}
