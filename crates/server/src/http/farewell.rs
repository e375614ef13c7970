//! Errors without a request that could be handled, sent before the connection is closed. hyper answers a head
//! it cannot parse with a bare status; [`ProblemSocket`] replaces it by a problem.

use super::middleware::{CREDITS_CHARGED, Call, REQUEST_ID};
use crate::app::App;
use crate::errors::ErrorCode;
use crate::options::{HEADER_BLOCK_BYTES_MAX, URL_BYTES_MAX};
use crate::problem::{Problem, Style};
use http::StatusCode;
use std::fmt::Write;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Longest answer that hyper makes by itself: a status, three headers and no body.
const AUTOMATIC_BYTES_MAX: usize = 256;

/// Renders the last answer of a connection, and counts and logs it.
pub(crate) fn farewell(app: &App, problem: &Problem) -> Vec<u8> {
    let call = Call::unrouted(app);
    let (status, content_type, body) = problem.body(&call, Style::Problem);
    let (number, reason) = (status.as_u16(), status.canonical_reason().unwrap_or_default());
    let now = Duration::from_millis(u64::try_from(app.clock.now().as_ms()).unwrap_or(0));
    let date = httpdate::fmt_http_date(UNIX_EPOCH + now);
    let mut head = format!(
        "HTTP/1.1 {number} {reason}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
         {REQUEST_ID}: {}\r\n{CREDITS_CHARGED}: 0\r\n",
        body.len(),
        call.id
    );
    if let Some(seconds) = problem.retry_after_seconds() {
        // A string in memory: it cannot fail.
        let _ = write!(head, "retry-after: {seconds}\r\n");
    }
    let _ = write!(head, "connection: close\r\ndate: {date}\r\n\r\n");
    let counted = app.metrics.route(None);
    app.metrics.request_answered(counted, status, Duration::ZERO);
    tracing::debug!(
        target: "tagmeter::requests",
        request_id = %call.id,
        route = counted.name(),
        status = number,
        code = problem.code().facts().name,
        "request {} could not be read", call.id
    );
    let mut answer = head.into_bytes();
    answer.extend_from_slice(&body);
    answer
}

/// Builds the response for a head that hyper refused with this status.
fn unreadable(status: u16) -> Problem {
    match StatusCode::from_u16(status) {
        Ok(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => {
            let detail = format!(
                "the request line and headers have more than {HEADER_BLOCK_BYTES_MAX} bytes, or more than 100 headers"
            );
            Problem::new(ErrorCode::HeadersTooLarge, detail)
        }
        Ok(StatusCode::URI_TOO_LONG) => Problem::new(
            ErrorCode::UrlTooLong,
            format!("path and query have more than {URL_BYTES_MAX} bytes"),
        ),
        _ => Problem::new(
            ErrorCode::MalformedRequest,
            "the request line or a header is not valid HTTP/1.1; send `METHOD /path HTTP/1.1`, then `Name: value` lines, \
             each ended by CR LF, and state the body's length in one way",
        ),
    }
}

/// Returns the status of an answer that hyper made by itself: ours have a request id.
fn automatic_status(bytes: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= AUTOMATIC_BYTES_MAX)?;
    let rest = text.strip_prefix("HTTP/1.1 ").filter(|_| text.ends_with("\r\n\r\n"))?;
    let status = rest.get(..3)?.parse().ok().filter(|status| (400..500).contains(status))?;
    (!text.contains(REQUEST_ID.as_str())).then_some(status)
}

/// A socket that replaces the bare error statuses of hyper by problems.
pub(crate) struct ProblemSocket<S> {
    socket: S,
    app: Arc<App>,
    /// Bytes to send instead of hyper's, and the number of them already sent.
    instead: Option<(Vec<u8>, usize)>,
    has_unanswered_bytes: bool,
    has_ended: bool,
}

impl<S> ProblemSocket<S> {
    pub(crate) fn new(socket: S, app: Arc<App>) -> Self {
        Self { socket, app, instead: None, has_unanswered_bytes: false, has_ended: false }
    }

    /// Returns true if bytes arrived after the last answer.
    pub(crate) fn has_unanswered_bytes(&self) -> bool {
        self.has_unanswered_bytes
    }

    /// Returns true if the client has closed its side.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }
}

impl<S: AsyncWrite + Unpin> ProblemSocket<S> {
    /// Sends the replacement of `automatic`, which counts as written once all of it was sent.
    fn poll_instead(&mut self, cx: &mut Context<'_>, automatic: &[u8]) -> Poll<io::Result<usize>> {
        let (app, status) = (&self.app, automatic_status(automatic));
        let (bytes, sent) = self.instead.get_or_insert_with(|| {
            (farewell(app, &unreadable(status.unwrap_or(StatusCode::BAD_REQUEST.as_u16()))), 0)
        });
        while let Some(rest) = bytes.get(*sent..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.socket).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => *sent += count,
            }
        }
        self.instead = None;
        Poll::Ready(Ok(automatic.len()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ProblemSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, into);
        if into.filled().len() > before {
            self.has_unanswered_bytes = true;
        } else if matches!(read, Poll::Ready(Ok(()))) && into.remaining() > 0 {
            self.has_ended = true;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ProblemSocket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.has_unanswered_bytes = false;
        if self.instead.is_some() || automatic_status(bytes).is_some() {
            return self.poll_instead(cx, bytes);
        }
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.has_unanswered_bytes = false;
        let mut filled = slices.iter().filter(|slice| !slice.is_empty());
        if let (Some(only), None) = (filled.next(), filled.next())
            && (self.instead.is_some() || automatic_status(only).is_some())
        {
            return self.poll_instead(cx, only);
        }
        Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_hyper_s_own_is_recognised() {
        let automatic = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: Sun, 29 Nov 2026 17:00:00 GMT\r\n\r\n";
        assert_eq!(automatic_status(automatic.as_bytes()), Some(431));
        let ours = automatic.replace("date", "x-request-id");
        for other in [
            ours.as_str(),
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 431 ",
            "",
            "1f\r\nHTTP/1.1 400 Bad\r\n\r\n",
        ] {
            assert_eq!(automatic_status(other.as_bytes()), None, "{other}");
        }
    }
}
