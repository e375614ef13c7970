//! A server of raw HTTP/1.1, so that it can break any rule: a connection, a request, an answer, closed.

use super::Fault;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Pieces in which a body of 10 GB is sent.
const HUGE_PIECE: usize = 64 * 1024;
/// Longest request that is read.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// A call as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// `GET`, `POST` ...
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Names and values of the query, decoded.
    pub query: Vec<(String, String)>,
    /// Names, in small letters, and values of the headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    /// A value of the query; `""` when absent.
    pub fn value(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// A header; `""` when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// An answer as it goes over the wire.
pub(super) fn reply(status: u16, headers: &[String], body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 {status} Status\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for header in headers {
        answer.push_str(header);
        answer.push_str("\r\n");
    }
    answer.push_str("\r\n");
    let mut answer = answer.into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// Answers calls.
pub(super) trait Answers: Send + Sync + 'static {
    /// The honest answer.
    fn answer(&self, request: &ReceivedRequest) -> Vec<u8>;

    /// Returns true if the script applies to this call.
    fn is_scripted(&self, request: &ReceivedRequest) -> bool {
        let _ = request;
        true
    }

    /// Hears of a call that gets a fault in place of an answer.
    fn faulted(&self, request: &ReceivedRequest) {
        let _ = request;
    }
}

#[derive(Default)]
struct State {
    received: Vec<ReceivedRequest>,
    script: VecDeque<Option<Fault>>,
    always: Option<Fault>,
    /// While set, calls wait before they are answered.
    is_paused: bool,
}

/// A listening server. It ends when it is dropped.
pub(super) struct Wire {
    pub(super) address: SocketAddr,
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
    listening: JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wire {
    pub(super) async fn start(answers: Arc<impl Answers>) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (state, changed) = (Arc::new(Mutex::new(State::default())), Arc::new(Notify::new()));
        let (shared, changed_too) = (Arc::clone(&state), Arc::clone(&changed));
        let listening = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (answers, shared, changed_too) =
                    (Arc::clone(&answers), Arc::clone(&shared), Arc::clone(&changed_too));
                serving.spawn(async move {
                    // Who hangs up does not hear the rest.
                    let _ = serve(stream, &*answers, &shared, &changed_too).await;
                });
            }
        });
        Self { address, state, changed, listening }
    }

    /// Sets the responses of the next calls, in order; `None` for a normal answer.
    pub(super) fn script(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        lock(&self.state).script.extend(faults);
    }

    /// Sets the response of all calls that the script does not cover.
    pub(super) fn always(&self, fault: Option<Fault>) {
        lock(&self.state).always = fault;
    }

    /// While paused, calls are accepted and not answered.
    pub(super) fn hold(&self, is_paused: bool) {
        lock(&self.state).is_paused = is_paused;
        self.changed.notify_waiters();
    }

    /// The calls so far.
    pub(super) fn received(&self) -> Vec<ReceivedRequest> {
        lock(&self.state).received.clone()
    }

    /// The number of calls so far.
    pub(super) fn calls(&self) -> usize {
        lock(&self.state).received.len()
    }

    /// Waits until there were so many calls.
    pub(super) async fn has_received(&self, count: usize) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if lock(&self.state).received.len() >= count {
                return;
            }
            changed.await;
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    answers: &impl Answers,
    state: &Mutex<State>,
    changed: &Notify,
) -> std::io::Result<()> {
    let Some(request) = read(&mut stream).await? else { return Ok(()) };
    let fault = {
        let mut state = lock(state);
        state.received.push(request.clone());
        let is_scripted = answers.is_scripted(&request);
        let scripted = is_scripted.then(|| state.script.pop_front().unwrap_or_else(|| state.always.clone()));
        scripted.flatten()
    };
    changed.notify_waiters();
    loop {
        let notified = changed.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        if !lock(state).is_paused {
            break;
        }
        notified.await;
    }
    match fault {
        None => stream.write_all(&answers.answer(&request)).await?,
        Some(fault) => {
            answers.faulted(&request);
            misbehave(&mut stream, &fault).await?;
        }
    }
    stream.shutdown().await
}

async fn misbehave(stream: &mut TcpStream, fault: &Fault) -> std::io::Result<()> {
    if let Some(bytes) = fault.bytes() {
        return stream.write_all(&bytes).await;
    }
    match fault {
        Fault::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[").await?;
            loop {
                stream.write_all(&[b' '; 16 * 1024]).await?;
            }
        }
        Fault::Huge => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n[").await?;
            for _ in 0..10_000_000_000_u64 / HUGE_PIECE as u64 {
                stream.write_all(&[b' '; HUGE_PIECE]).await?;
            }
            Ok(())
        }
        Fault::EndlessHeaders => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            loop {
                stream.write_all(b"X-More: and more and more and more\r\n").await?;
            }
        }
        Fault::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{").await?;
            let mut tick = tokio::time::interval(std::time::Duration::from_millis(100));
            loop {
                tick.tick().await;
                stream.write_all(b" ").await?;
            }
        }
        // Until the caller goes.
        _ => stream.read_u8().await.map(|_| ()),
    }
}

/// Reads one request; `None` where there is none.
async fn read(stream: &mut TcpStream) -> std::io::Result<Option<ReceivedRequest>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 || bytes.len() > REQUEST_BYTES_MAX {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, n)| n.parse().ok());
    let mut body = bytes.split_off(head + 4);
    while body.len() < length.unwrap_or(0) {
        if stream.read_buf(&mut body).await? == 0 {
            break;
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    Ok(Some(ReceivedRequest { method: method.to_owned(), path: path.to_owned(), query, headers, body }))
}
