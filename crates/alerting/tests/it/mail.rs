//! Mails of alerts, as a real SMTP server takes them.

use crate::world::{World, day, rule};
use alerting::deliver::Outgoing;
use notify::email::{Mailer, Smtp, TlsMode};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;
use testkit::TestStore;

/// Exit code of the server where Python has no `aiosmtpd`.
const WITHOUT_LIBRARY: i32 = 77;

#[expect(clippy::disallowed_methods, reason = "which Python is for the machine to say, not for the settings")]
#[tokio::test]
async fn a_mail_stands_alone_and_can_be_muted() {
    let fixture = &TestStore::sqlite().await.expect("a store");
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/oracles/smtp_sink.py");
    let python = std::env::var("TAGMETER_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut child =
        Command::new(python).arg(program).arg("open").stdout(Stdio::piped()).spawn().expect("Python");
    let mut printed = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut port = String::new();
    printed.read_line(&mut port).expect("a line");
    if port.is_empty() {
        assert_eq!(child.wait().expect("it ends").code(), Some(WITHOUT_LIBRARY));
        return println!("skipped: Python has no aiosmtpd");
    }
    let mut world = World::new(fixture, &[]).await;
    let smtp = Smtp {
        host: "127.0.0.1".to_owned(),
        port: port.trim().parse().expect("a port"),
        tls: TlsMode::None,
        login: None,
        from: "Tagmeter <alerts@example.com>".to_owned(),
    };
    let mailer = Mailer::new(&smtp, &[], Duration::from_secs(20)).expect("settings");
    world.outgoing = Outgoing { mailer: Some(mailer), ..world.outgoing };
    for number in 0..30 {
        world.read("cat", day(number), 1_000_000 + 1_000 * number.unsigned_abs()).await;
    }
    let velocity = rule(&json!({"rule": "velocity", "above": 5_000.0, "window": "24h"}));
    world.create(&World::order(velocity, &["cat"], &["me@example.com"])).await.expect("an alert");
    world.read("cat", day(30), 1_100_000).await;
    assert_eq!(world.follow().await, 1);
    assert_eq!(world.deliver().await, 1);
    let mut line = String::new();
    printed.read_line(&mut line).expect("a line");
    let mail: Value = serde_json::from_str(&line).expect("a mail");
    let text = mail.to_string();
    for wanted in [
        "me@example.com",
        "#cat gains 71,000 views a day over 24h",
        "https://tags.example.com/mute/",
        "One-Click",
    ] {
        assert!(text.contains(wanted), "{wanted}: {mail:#}");
    }
    // The text stands alone; the chart is inside of the HTML, and linked to nothing.
    assert!(mail["text"].as_str().expect("a text").contains("#cat gains 71,000 views a day over 24h"));
    assert_eq!(mail["images"], 1, "{mail:#}");
    let shown = mail["shown"][0][0].as_str().expect("an image");
    let html = mail["html"].as_str().expect("HTML");
    assert!(
        shown.starts_with("views-1@")
            && html.contains("30 days from 2026-01-01: #cat, from 1,000,000 to 1,100,000")
    );
    assert!(!html.contains("src=\"http"), "{html}");
    // The way out works without a key, for this alert alone.
    let from = text.find("/mute/").expect("a link") + "/mute/".len();
    let token: String = text[from..].chars().take_while(char::is_ascii_hexdigit).collect();
    let until = world.alerting.mute_by_token(&token).await.expect("an answer");
    assert_eq!(until, Some(day(37)));
    let mut guessed = token.into_bytes();
    guessed[3] = if guessed[3] == b'0' { b'1' } else { b'0' };
    let guessed = String::from_utf8(guessed).expect("ASCII");
    assert_eq!(world.alerting.mute_by_token(&guessed).await.expect("an answer"), None);
    child.kill().expect("a server");
    child.wait().expect("it ends");
}
