//! Requests to receivers that behave well and badly.

use crate::network::{Answers, Authority, Behaviour, NOW, Receiver, hasty_sender, policy, post, sender};
use notify::dial::DialError;
use notify::send::{Answer, SendError};
use notify::webhook;
use notify::webhook::schedule::Outcome;
use notify::webhook::signature::{Secret, Secrets};
use std::process::Command;
use std::time::Duration;

const NAME: &str = "receiver.example";
const URL: &str = "http://receiver.example/hook/7?key=a%20b";
const PAUSE: Duration = Duration::from_millis(5);
const FAILED: Outcome = Outcome::Failed { retry_after_ms: None };

/// Sends to a receiver within 0.3 s.
async fn sent_to(receiver: &Receiver) -> Result<Answer, SendError> {
    hasty_sender(&[NAME], Answers::new(vec![vec![receiver.address]])).send(&post(&[NAME], URL)).await
}

async fn answered(answer: &str) -> Result<Answer, SendError> {
    sent_to(&Receiver::start(Behaviour::Answers(answer.to_owned())).await).await
}

#[tokio::test]
async fn a_signed_post_reaches_its_receiver() {
    let receiver = Receiver::start(Behaviour::Answers("HTTP/1.1 200 OK\r\n\r\n".to_owned())).await;
    let secrets = Secrets::new(Secret::from_random([7; 32]), Vec::new());
    let id = "msg_7".parse().expect("an id");
    let target = policy(&[NAME]).target(URL).expect("a target");
    let post = webhook::post(target, &secrets, &id, NOW, bytes::Bytes::from_static(b"{\"a\":1}"));
    let sender = sender(&[NAME], Answers::new(vec![vec![receiver.address]]), &[]);
    let sent = sender.send(&post).await;
    assert_eq!(Outcome::from(&sent), Outcome::Accepted, "{sent:?}");
    let requests = receiver.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").expect("a head and a body");
    let mut lines: Vec<&str> = head.lines().collect();
    lines[1..].sort_unstable();
    let headers = secrets.headers(&id, NOW, b"{\"a\":1}");
    let signature = headers["webhook-signature"].to_str().expect("ASCII");
    assert_eq!(
        lines,
        [
            "POST /hook/7?key=a%20b HTTP/1.1",
            "content-length: 7",
            "content-type: application/json; charset=utf-8",
            "host: receiver.example",
            concat!("user-agent: tagmeter/", env!("CARGO_PKG_VERSION")),
            "webhook-id: msg_7",
            &format!("webhook-signature: {signature}"),
            "webhook-timestamp: 1800000000",
        ]
    );
    assert_eq!((requests.len(), body), (1, "{\"a\":1}"));
    assert!(!format!("{post:?}").contains("key"), "{post:?}");
}

/// Runs the test above in a process whose environment names a proxy for everything.
#[tokio::test]
async fn no_proxy_of_the_environment_is_used() {
    let proxy = Receiver::start(Behaviour::Closes).await;
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "sending::a_signed_post_reaches_its_receiver"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, format!("http://{}", proxy.address));
    }
    let output =
        tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("it runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    assert_eq!(proxy.connections().await, 0);
}

#[tokio::test]
async fn the_status_decides_and_retry_after_is_read() {
    for (answer, outcome) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", Outcome::Accepted),
        ("HTTP/1.1 204 No Content\r\n\r\n", Outcome::Accepted),
        ("HTTP/1.0 202 Accepted\r\n\r\nuntil it closes", Outcome::Accepted),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Outcome::Accepted),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", FAILED),
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", FAILED),
        ("HTTP/1.1 404 Not Found\r\n\r\n", FAILED),
        ("HTTP/1.1 410 Gone\r\nretry-after: 7\r\n\r\n", Outcome::Gone),
        ("HTTP/1.1 500 Oops\r\nretry-after: soon\r\n\r\n", FAILED),
        ("HTTP/1.1 429 Slow\r\nRetry-After: 120\r\n\r\n", Outcome::Failed { retry_after_ms: Some(120_000) }),
        (
            "HTTP/1.1 503 Slow\r\nretry-after: Fri, 15 Jan 2027 08:00:10 GMT\r\n\r\n",
            Outcome::Failed { retry_after_ms: Some(10_000) },
        ),
    ] {
        let sent = answered(answer).await;
        assert!(sent.is_ok(), "{answer}: {sent:?}");
        assert_eq!(Outcome::from(&sent), outcome, "{answer}");
    }
}

#[tokio::test]
async fn redirects_are_failures_and_are_not_followed() {
    let elsewhere = Receiver::start(Behaviour::Answers("HTTP/1.1 200 OK\r\n\r\n".to_owned())).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("HTTP/1.1 {status} Moved\r\nlocation: http://{}/\r\n\r\n", elsewhere.address);
        let sent = answered(&location).await;
        assert_eq!(sent.as_ref().map(|answer| answer.status.as_u16()).ok(), Some(status), "{sent:?}");
        assert_eq!(Outcome::from(&sent), FAILED);
    }
    assert_eq!(elsewhere.connections().await, 0);
}

#[tokio::test]
async fn receivers_that_never_answer_take_no_more_than_the_limit() {
    let drips = Behaviour::Repeats("HTTP/1.1 200 OK\r\nx: ", "x".to_owned(), PAUSE);
    let interim = Behaviour::Repeats("", "HTTP/1.1 100 Continue\r\n\r\n".to_owned(), PAUSE);
    for behaviour in [Behaviour::Silent, drips, interim] {
        let sent = sent_to(&Receiver::start(behaviour).await).await;
        assert!(matches!(sent, Err(SendError::Timeout { limit_ms: 300, .. })), "{sent:?}");
        assert_eq!(Outcome::from(&sent), FAILED);
    }
}

#[tokio::test]
async fn an_answer_that_is_no_http_or_has_no_end_is_a_failure() {
    let headers = Behaviour::Repeats("HTTP/1.1 200 OK\r\n", "x: y\r\n".repeat(100), Duration::ZERO);
    let long = Behaviour::Repeats("HTTP/1.1 200 OK\r\nx: ", "x".repeat(4096), Duration::ZERO);
    let not_http = Behaviour::Answers("SSH-2.0-OpenSSH_9.2\r\n".to_owned());
    let empty = Behaviour::Answers(String::new());
    for behaviour in [Behaviour::Closes, empty, not_http, headers, long] {
        let sent = sent_to(&Receiver::start(behaviour).await).await;
        assert!(matches!(sent, Err(SendError::Protocol { .. })), "{sent:?}");
        let error = sent.expect_err("an error").to_string();
        assert!(error.starts_with("receiver.example did not answer in HTTP: "), "{error}");
        assert!(!error.contains("SSH") && !error.contains("key"), "{error}");
    }
}

#[tokio::test]
async fn a_body_without_end_changes_nothing_after_the_status() {
    let head = "HTTP/1.1 200 OK\r\n\r\n";
    let drips = Behaviour::Repeats(head, "x".to_owned(), PAUSE);
    let floods = Behaviour::Repeats(head, "x".repeat(4096), Duration::ZERO);
    for behaviour in [drips, floods] {
        let receiver = Receiver::start(behaviour).await;
        let resolver = Answers::new(vec![vec![receiver.address]]);
        let sent = sender(&[NAME], resolver, &[]).send(&post(&[NAME], URL)).await;
        assert_eq!(Outcome::from(&sent), Outcome::Accepted, "{sent:?}");
    }
}

#[tokio::test]
async fn a_name_without_addresses_and_a_closed_port_are_failures() {
    let nowhere = sender(&[NAME], Answers::new(vec![Vec::new()]), &[]);
    let sent = nowhere.send(&post(&[NAME], URL)).await;
    assert!(matches!(sent, Err(SendError::Dial(DialError::Unresolved { .. }))), "{sent:?}");
    let closed =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let sent = sender(&[NAME], Answers::new(vec![vec![closed]]), &[]);
    let sent = sent.send(&post(&[NAME], URL)).await;
    assert!(matches!(sent, Err(SendError::Dial(DialError::Unreachable { .. }))), "{sent:?}");
}

#[tokio::test]
async fn the_certificate_is_of_the_host_and_of_a_trusted_authority() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let url = "https://receiver.example/hook";
    for (certified, authority, is_accepted) in [
        ("receiver.example", &ours, true),
        ("other.example", &ours, false),
        ("receiver.example", &theirs, false),
    ] {
        let answer = Behaviour::Answers("HTTP/1.1 200 OK\r\n\r\n".to_owned());
        let receiver = Receiver::start_at("127.0.0.1", answer, Some(ours.acceptor(certified))).await;
        let sender = sender(&[NAME], Answers::new(vec![vec![receiver.address]]), &authority.certificates());
        let sent = sender.send(&post(&[NAME], url)).await;
        assert_eq!(Outcome::from(&sent) == Outcome::Accepted, is_accepted, "{certified}: {sent:?}");
        let is_tls = matches!(sent, Err(SendError::Dial(DialError::Tls { .. })));
        assert_eq!((is_tls, receiver.requests().len()), (!is_accepted, usize::from(is_accepted)));
    }
    // Nobody who speaks no TLS gets the request.
    let plain = Receiver::start(Behaviour::Answers("HTTP/1.1 200 OK\r\n\r\n".to_owned())).await;
    let sent = hasty_sender(&[NAME], Answers::new(vec![vec![plain.address]])).send(&post(&[NAME], url)).await;
    assert_eq!(Outcome::from(&sent), FAILED, "{sent:?}");
    assert!(plain.requests().iter().all(|request| !request.contains("POST")));
}

#[tokio::test]
async fn receivers_that_hang_delay_nobody() {
    let silent = Receiver::start(Behaviour::Silent).await;
    let good = Receiver::start(Behaviour::Answers("HTTP/1.1 200 OK\r\n\r\n".to_owned())).await;
    let sender = sender(&["silent.example"], Answers::new(vec![vec![silent.address]]), &[]);
    let hanging: Vec<_> = (0..200)
        .map(|_| {
            let (sender, post) = (sender.clone(), post(&["silent.example"], "http://silent.example/"));
            tokio::spawn(async move { sender.send(&post).await })
        })
        .collect();
    while silent.requests().len() < hanging.len() {
        tokio::task::yield_now().await;
    }
    let sent = sent_to(&good).await;
    assert_eq!(Outcome::from(&sent), Outcome::Accepted, "{sent:?}");
    assert!(hanging.iter().all(|sending| !sending.is_finished()));
    hanging.iter().for_each(tokio::task::JoinHandle::abort);
}
