//! Timeouts of slow clients. The socket is watched as bytes pass; nothing is scheduled per request.
//!
//! A connection is always in one of four states, three of which time out: sending headers, reading the response, idle. In
//! the fourth the server works on the request, which has a timeout of its own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// Timeout of each state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionTimeouts {
    pub(crate) header: Duration,
    pub(crate) keep_alive: Duration,
    pub(crate) write: Duration,
}

impl ConnectionTimeouts {
    /// Returns the shortest timeout, which is how often deadlines are checked.
    pub(crate) fn shortest(&self) -> Duration {
        self.header.min(self.keep_alive).min(self.write)
    }
}

/// State of one connection. Times are milliseconds since it was opened, plus one; 0 is unset. Shared by the
/// connection's socket (which writes it), its service and the task that watches the time.
#[derive(Debug)]
pub(crate) struct Activity {
    opened: Instant,
    working: AtomicBool,
    header_since: AtomicU64,
    write_since: AtomicU64,
    idle_since: AtomicU64,
}

/// The result of a check of the deadlines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Check again after this time.
    Within(Duration),
    /// Close the connection; the reason.
    Overdue(&'static str),
}

impl Activity {
    /// Starts to wait for the first header of a new connection.
    pub(crate) fn new() -> Self {
        Self {
            opened: Instant::now(),
            working: AtomicBool::new(false),
            header_since: AtomicU64::new(1),
            write_since: AtomicU64::new(0),
            idle_since: AtomicU64::new(1),
        }
    }

    /// Marks a request as read.
    pub(crate) fn request_begins(&self) {
        self.working.store(true, Relaxed);
        self.header_since.store(0, Relaxed);
    }

    /// Marks its response as ready to be sent.
    pub(crate) fn request_ends(&self) {
        self.idle_since.store(self.now(), Relaxed);
        self.working.store(false, Relaxed);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX - 1).saturating_add(1)
    }

    fn bytes_came(&self) {
        if !self.working.load(Relaxed) && self.header_since.load(Relaxed) == 0 {
            self.header_since.store(self.now(), Relaxed);
        }
    }

    fn write_waits(&self) {
        if self.write_since.load(Relaxed) == 0 {
            self.write_since.store(self.now(), Relaxed);
        }
    }

    /// Marks bytes as sent: the connection is not idle, and the write timeout of a slow reader starts again.
    fn bytes_went(&self) {
        let now = self.now();
        self.idle_since.store(now, Relaxed);
        if self.write_since.load(Relaxed) != 0 {
            self.write_since.store(now, Relaxed);
        }
    }

    fn note_write(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Pending => self.write_waits(),
            Poll::Ready(Ok(0) | Err(_)) => {}
            Poll::Ready(Ok(_)) => self.bytes_went(),
        }
    }

    fn written(&self) {
        if self.write_since.swap(0, Relaxed) != 0 {
            self.idle_since.store(self.now(), Relaxed);
        }
    }

    /// Checks the deadline of the current state.
    pub(crate) fn verdict(&self, timeouts: &ConnectionTimeouts) -> Verdict {
        let (write, header) = (self.write_since.load(Relaxed), self.header_since.load(Relaxed));
        let (since, allowed, what) = if write != 0 {
            (write, timeouts.write, "answer not fetched")
        } else if self.working.load(Relaxed) {
            return Verdict::Within(timeouts.shortest());
        } else if header != 0 {
            (header, timeouts.header, "header not sent")
        } else {
            (self.idle_since.load(Relaxed), timeouts.keep_alive, "idle")
        };
        let passed = Duration::from_millis(self.now().saturating_sub(since));
        match allowed.checked_sub(passed) {
            Some(left) if !left.is_zero() => Verdict::Within(left.min(timeouts.shortest())),
            _ => Verdict::Overdue(what),
        }
    }
}

/// A socket that records its reads and writes in an [`Activity`].
#[derive(Debug)]
pub(crate) struct Watched<S> {
    socket: S,
    activity: Arc<Activity>,
}

impl<S> Watched<S> {
    pub(crate) fn new(socket: S, activity: Arc<Activity>) -> Self {
        Self { socket, activity }
    }

    /// Returns the socket.
    pub(crate) fn into_inner(self) -> S {
        self.socket
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, into);
        if into.filled().len() > before {
            self.activity.bytes_came();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.activity.note_write(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.activity.note_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// hyper flushes once everything has been written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        if flushed.is_ready() {
            self.activity.written();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::accept::{bound_unsent, listen};
    use crate::options::WRITE_TIMEOUT;
    use std::io::Read;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpStream;

    const TIMEOUTS: ConnectionTimeouts = ConnectionTimeouts {
        header: Duration::from_secs(10),
        keep_alive: Duration::from_secs(60),
        write: Duration::from_secs(30),
    };

    async fn after(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn every_state_but_working_ends() {
        let activity = Activity::new();
        after(9).await;
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Within(Duration::from_secs(1)));
        after(1).await;
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Overdue("header not sent"));
        activity.request_begins();
        after(1_000).await;
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Within(Duration::from_secs(10)));
        activity.request_ends();
        after(59).await;
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Within(Duration::from_secs(1)));
        after(1).await;
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Overdue("idle"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dripped_header_is_timed_from_its_first_byte() {
        let activity = Activity::new();
        activity.request_begins();
        activity.request_ends();
        after(30).await;
        for _ in 0..9 {
            activity.bytes_came();
            after(1).await;
        }
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Within(Duration::from_secs(1)));
        activity.bytes_came();
        after(1).await;
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Overdue("header not sent"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_answer_may_be_fetched_slowly_for_as_long_as_it_is_fetched_steadily() {
        let activity = Activity::new();
        activity.request_begins();
        activity.write_waits();
        activity.request_ends();
        for _ in 0..600 {
            after(29).await;
            assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Within(Duration::from_secs(1)));
            activity.bytes_went();
            activity.write_waits();
        }
        // Fetched fast and never waited for: neither idle nor late.
        activity.written();
        for _ in 0..10 {
            after(50).await;
            activity.bytes_went();
            assert!(matches!(activity.verdict(&TIMEOUTS), Verdict::Within(_)));
        }
    }

    /// Reads from a real socket at this many bytes per second of the runtime's clock, which is paused
    /// otherwise. Returns the seconds until the connection was overdue.
    async fn overdue_after(bytes_a_second: usize, seconds_max: u64) -> Option<u64> {
        let listener = listen(([127, 0, 0, 1], 0).into()).expect("an address");
        let connecting = TcpStream::connect(listener.local_addr().expect("an address"));
        let (client, accepted) = tokio::join!(connecting, listener.accept());
        let (client, server) = (client.expect("a connection"), accepted.expect("a connection").0);
        bound_unsent(&server);
        let activity = Arc::new(Activity::new());
        activity.request_begins();
        let mut socket = Watched::new(server, Arc::clone(&activity));
        let writing = tokio::spawn(async move { while socket.write_all(&[7; 64 * 1024]).await.is_ok() {} });
        activity.request_ends();
        let mut client = client.into_std().expect("a socket");
        let mut piece = vec![0; bytes_a_second];
        let timeouts = ConnectionTimeouts { write: WRITE_TIMEOUT, ..TIMEOUTS };
        for second in 1..=seconds_max {
            after(1).await;
            // It never waits: the kernel buffers more than this.
            let mut left = &mut piece[..];
            while let Ok(read) = client.read(left)
                && read > 0
            {
                left = &mut left[read..];
            }
            // The writer sees the room once the runtime has polled the system.
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            if let Verdict::Overdue(_) = activity.verdict(&timeouts) {
                writing.abort();
                return Some(second);
            }
        }
        writing.abort();
        None
    }

    /// TCP windows open in steps, so a steady reader seems to pause.
    #[cfg(target_os = "linux")]
    #[tokio::test(start_paused = true)]
    async fn a_reader_of_1_kib_a_second_is_served_for_hours_and_one_that_stops_is_overdue() {
        assert_eq!(overdue_after(1024, 4 * 60 * 60).await, None);
        let stopped = overdue_after(0, 900).await.expect("it is overdue");
        assert!(stopped.abs_diff(WRITE_TIMEOUT.as_secs()) <= 1, "after {stopped} s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stops_in_the_middle_is_overdue() {
        let activity = Activity::new();
        activity.request_begins();
        activity.write_waits();
        activity.request_ends();
        after(29).await;
        activity.bytes_went();
        activity.write_waits();
        after(29).await;
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Within(Duration::from_secs(1)));
        after(1).await;
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Overdue("answer not fetched"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_fetch_its_answer_is_overdue() {
        let activity = Activity::new();
        activity.request_begins();
        activity.write_waits();
        activity.request_ends();
        after(29).await;
        activity.write_waits();
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Within(Duration::from_secs(1)));
        after(1).await;
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Overdue("answer not fetched"));
        activity.written();
        assert_eq!(activity.verdict(&TIMEOUTS), Verdict::Within(Duration::from_secs(10)));
    }
}
