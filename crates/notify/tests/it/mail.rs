//! Mails as a real SMTP server takes them, and Python's `email` reads them.

use crate::network::{Authority, Behaviour, NOW, Receiver};
use crate::program::{WITHOUT_LIBRARY, oracle, python};
use notify::email::{File, Image, Login, Mail, Mailer, SendMailError, Smtp, TlsMode, Unsubscribe};
use notify::message::Message;
use notify::webhook::signature::MessageId;
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);
const FROM: &str = "Z\u{e4}hler <alerts@example.com>";

/// A server that prints the mails it takes. It ends with this value.
struct Sink {
    child: Child,
    printed: BufReader<ChildStdout>,
    port: u16,
}

impl Sink {
    /// Starts a server; `None` where Python has no `aiosmtpd`.
    fn start(mode: TlsMode, files: &[PathBuf]) -> Option<Self> {
        let mode = if mode == TlsMode::None { "open".to_owned() } else { mode.to_string() };
        let mut command = Command::new(python());
        command.arg(oracle("smtp_sink.py")).arg(mode).args(files).stdout(Stdio::piped());
        let mut child = command.spawn().ok()?;
        let mut printed = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut port = String::new();
        printed.read_line(&mut port).expect("a line");
        if port.is_empty() {
            assert_eq!(child.wait().expect("it ends").code(), Some(WITHOUT_LIBRARY));
            return None;
        }
        Some(Self { child, printed, port: port.trim().parse().expect("a port") })
    }

    fn next_mail(&mut self) -> Value {
        let mut line = String::new();
        self.printed.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("a mail")
    }

    fn mailer(
        &self,
        tls: TlsMode,
        password: Option<&str>,
        authorities: &[CertificateDer<'static>],
    ) -> Mailer {
        let login = password.map(|password| Login { user: "user".to_owned(), password: password.to_owned() });
        let smtp = Smtp { host: "127.0.0.1".to_owned(), port: self.port, tls, login, from: FROM.to_owned() };
        Mailer::new(&smtp, authorities, LIMIT).expect("settings")
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn id() -> MessageId {
    "msg_7".parse().expect("an id")
}

fn message() -> Message {
    Message::new(
        "#caf\u{e9}\u{1f408} <b>grows</b> fast\r\nBcc: evil@example.com",
        "#caf\u{e9}\u{1f408} gained 1.2 M views in a day.\n.\n",
    )
    .with_number("+1.2 M views", "reported by TikTok")
    .with_fact("\u{732b}", "12 & more")
    .with_link("https://tags.example.com/h/caf%C3%A9".parse().expect("a link"))
}

fn png(fill: u8) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), &[fill; 5000]].concat()
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn mail(to: &str) -> Mail {
    let image = |name, fill| Image::new(name, "Views \"by\" day", png(fill)).expect("an image");
    Mail::of(to.parse().expect("an address"), &message(), vec![image("views", 0), image("videos", 255)])
        .expect("a mail")
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text")).collect()
}

#[tokio::test]
async fn a_mail_with_charts_and_files_is_read_as_it_was_meant() {
    let Some(mut sink) = Sink::start(TlsMode::None, &[]) else { return println!("skipped: no aiosmtpd") };
    let pdf =
        File::new("Bericht f\u{fc}r \u{732b}.pdf", "application/pdf", vec![0xff; 3000]).expect("a file");
    let csv = File::new("days.csv", "text/csv", b"day,views\r\n".to_vec()).expect("a file");
    let link = format!("https://tags.example.com/unsubscribe/{}", "x".repeat(860));
    let unsubscribe = Unsubscribe { link: link.parse().expect("a link"), is_one_click: true };
    let mail = mail("me@example.com").with_file(pdf).expect("small").with_file(csv).expect("small");
    let mailer = sink.mailer(TlsMode::None, None, &[]);
    mailer.send(&mail.with_unsubscribe(unsubscribe), &id(), NOW).await.expect("it is taken");
    let taken = sink.next_mail();
    assert_eq!(strings(&taken["envelope"]), ["alerts@example.com", "me@example.com"]);
    let headers = taken["headers"].as_object().expect("headers");
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("a text"))).collect();
    assert_eq!(
        headers,
        [
            ("date", "Fri, 15 Jan 2027 08:00:00 +0000"),
            ("from", FROM),
            ("list-unsubscribe", &format!("<{link}>")),
            ("list-unsubscribe-post", "List-Unsubscribe=One-Click"),
            ("message-id", "<msg_7@example.com>"),
            ("mime-version", "1.0"),
            ("subject", "#caf\u{e9}\u{1f408} <b>grows</b> fast  Bcc: evil@example.com"),
            ("to", "me@example.com"),
        ]
    );
    assert_eq!(
        strings(&taken["structure"]),
        [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png",
            "image/png",
            "application/pdf",
            "text/csv",
        ]
    );
    assert_eq!(
        taken["text"].as_str().expect("a text").trim_end(),
        "#caf\u{e9}\u{1f408} <b>grows</b> fast  Bcc: evil@example.com\n#caf\u{e9}\u{1f408} gained 1.2 M views in a day. .\n\
         +1.2 M views (reported by TikTok)\n\u{732b}: 12 & more\nOpen: https://tags.example.com/h/caf%C3%A9"
    );
    let html = taken["html"].as_str().expect("a text");
    assert!(
        html.contains("&lt;b&gt;grows&lt;/b&gt;") && html.contains("alt=\"Views &quot;by&quot; day\""),
        "{html}"
    );
    let shown = serde_json::json!([
        ["views@charts.tagmeter", digest(&png(0))],
        ["videos@charts.tagmeter", digest(&png(255))],
    ]);
    assert_eq!((&taken["shown"], &taken["images"]), (&shown, &serde_json::json!(2)));
    let files = serde_json::json!([
        ["Bericht f\u{fc}r \u{732b}.pdf", "application/pdf", digest(&[0xff; 3000])],
        ["days.csv", "text/csv", digest(b"day,views\r\n")],
    ]);
    assert_eq!(taken["files"], files);
    assert!(taken["longest_line"].as_u64().expect("a number") <= 998, "{taken}");
}

#[tokio::test]
async fn mails_go_encrypted_to_servers_that_are_trusted_and_accept_the_login() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().expect("a folder");
    let files = ours.files("127.0.0.1", folder.path());
    for tls in [TlsMode::Tls, TlsMode::StartTls] {
        let Some(mut sink) = Sink::start(tls, &files) else { return println!("skipped: no aiosmtpd") };
        let mail = mail("me@example.com");
        let stranger = sink.mailer(tls, Some("pa55"), &theirs.certificates()).send(&mail, &id(), NOW).await;
        assert!(matches!(stranger, Err(SendMailError::Failed { .. })), "{tls}: {stranger:?}");
        let wrong = sink.mailer(tls, Some("secret"), &ours.certificates()).send(&mail, &id(), NOW).await;
        assert!(matches!(wrong, Err(SendMailError::Login { .. })), "{tls}: {wrong:?}");
        assert!(!format!("{wrong:?}").contains("secret"), "{wrong:?}");
        // An authority that cannot be parsed, as systems have some, is passed over.
        let authorities = [vec![CertificateDer::from(vec![0; 9])], ours.certificates()].concat();
        let right = sink.mailer(tls, Some("pa55"), &authorities);
        right.send(&mail, &id(), NOW).await.expect("it is taken");
        assert_eq!(strings(&sink.next_mail()["envelope"]), ["alerts@example.com", "me@example.com"]);
    }
    // A server without STARTTLS gets nothing.
    let Some(sink) = Sink::start(TlsMode::None, &[]) else { return };
    let mailer = sink.mailer(TlsMode::StartTls, None, &ours.certificates());
    let sent = mailer.send(&mail("me@example.com"), &id(), NOW).await;
    assert!(matches!(sent, Err(SendMailError::Failed { .. })), "{sent:?}");
}

#[tokio::test]
async fn refusals_for_ever_and_for_now_are_distinguished() {
    let Some(mut sink) = Sink::start(TlsMode::None, &[]) else { return println!("skipped: no aiosmtpd") };
    let mailer = sink.mailer(TlsMode::None, None, &[]);
    let gone = mailer.send(&mail("gone@example.com"), &id(), NOW).await;
    assert!(matches!(&gone, Err(SendMailError::Refused { reason }) if reason.contains("550")), "{gone:?}");
    let busy = mailer.send(&mail("busy@example.com"), &id(), NOW).await;
    assert!(matches!(&busy, Err(SendMailError::Failed { reason }) if reason.contains("451")), "{busy:?}");
    // A plain mail without charts and files is an alternative of two texts.
    let plain =
        Mail::of("me@example.com".parse().expect("an address"), &message(), Vec::new()).expect("a mail");
    mailer.send(&plain, &id(), NOW).await.expect("it is taken");
    let structure = sink.next_mail()["structure"].clone();
    assert_eq!(strings(&structure), ["multipart/alternative", "text/plain", "text/html"]);
}

#[tokio::test]
async fn a_server_that_never_greets_takes_no_more_than_the_limit() {
    let server = Receiver::start(Behaviour::Silent).await;
    let port = server.address.port();
    let smtp =
        Smtp { host: "127.0.0.1".to_owned(), port, tls: TlsMode::None, login: None, from: FROM.to_owned() };
    let limit = Duration::from_millis(300);
    let mailer = Mailer::new(&smtp, &[], limit).expect("settings");
    let sent = mailer.send(&mail("me@example.com"), &id(), NOW).await;
    assert_eq!(sent, Err(SendMailError::Timeout { limit_ms: 300 }));
}
