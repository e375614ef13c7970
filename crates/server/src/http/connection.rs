//! One client's connection: HTTP/1 by hyper, timeouts by [`Activity`], shutdown by
//! [`Drain`](super::drain::Drain).

use super::activity::{Activity, ConnectionTimeouts, Verdict, Watched};
use super::drain::{ConnectionGuard, Stage};
use super::farewell::{ProblemSocket, farewell};
use super::middleware::RequestMiddleware;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::options::HEADER_BLOCK_BYTES_MAX;
use crate::problem::Problem;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Time for which input is discarded after the last answer: closing at once would reset the connection and
/// could destroy the answer on its way.
const LINGER: Duration = Duration::from_secs(2);
/// Largest number of bytes discarded.
const LINGER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A client's socket.
type Socket = ProblemSocket<TcpStream>;

/// The end of a connection.
enum End {
    /// hyper has finished or failed.
    Done(Result<(), hyper::Error>),
    /// The client was too slow; the reason.
    Overdue(&'static str),
    /// The server closes.
    Closing,
}

/// Returns hyper's settings for every connection. Its header timer is off: [`Activity`] watches the time, at no
/// cost per request. Its default of at most 100 headers stays (setting it explicitly costs an allocation per
/// request).
pub(crate) fn protocol() -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol.header_read_timeout(None).max_buf_size(HEADER_BLOCK_BYTES_MAX).half_close(true);
    protocol
}

/// Serves a connection until it ends, is too slow, or the server stops.
pub(crate) async fn serve(
    stream: TcpStream,
    middleware: Arc<RequestMiddleware>,
    protocol: Arc<http1::Builder>,
    timeouts: ConnectionTimeouts,
    mut stage: ConnectionGuard,
) {
    let activity = Arc::new(Activity::new());
    let socket = ProblemSocket::new(stream, Arc::clone(&middleware.app));
    let io = TokioIo::new(Watched::new(socket, Arc::clone(&activity)));
    let service = service_fn(|request| {
        activity.request_begins();
        let (middleware, activity) = (Arc::clone(&middleware), Arc::clone(&activity));
        async move {
            let answer = middleware.answer(request).await;
            activity.request_ends();
            answer
        }
    });
    let mut connection = protocol.serve_connection(io, service);
    let mut served = Pin::new(&mut connection);
    let mut look_again = pin!(sleep(timeouts.shortest()));
    let mut draining = false;
    let end = loop {
        tokio::select! {
            biased;
            ended = served.as_mut() => break End::Done(ended),
            () = look_again.as_mut() => match activity.verdict(&timeouts) {
                Verdict::Within(left) => look_again.as_mut().reset(Instant::now() + left),
                Verdict::Overdue(what) => break End::Overdue(what),
            },
            changed = stage.changed() => {
                let stage = if changed.is_ok() { *stage.borrow_and_update() } else { Stage::Closing };
                if stage == Stage::Closing {
                    break End::Closing;
                }
                if !draining && stage == Stage::Draining {
                    draining = true;
                    served.as_mut().graceful_shutdown();
                }
            }
        }
    };
    let socket = connection.into_parts().io.into_inner().into_inner();
    tokio::select! {
        () = part(socket, &middleware.app, end) => {}
        // A stopping server does not wait for stragglers.
        _ = stage.wait_for(|stage| *stage != Stage::Serving) => {}
    }
}

/// Sends an error if no answer was sent, and closes without destroying an answer on its way.
async fn part(mut socket: Socket, app: &App, end: End) {
    let problem = match end {
        End::Closing => return,
        End::Overdue(what) => {
            app.metrics.connection_overdue(what);
            tracing::debug!(what, "connection closed");
            if what != "header not sent" || !socket.has_unanswered_bytes() {
                return;
            }
            let detail = "the request line and headers did not arrive in time; send them at once";
            Some(Problem::new(ErrorCode::HeadersTooSlow, detail))
        }
        End::Done(Ok(())) => None,
        End::Done(Err(error)) => {
            tracing::debug!(%error, "connection ended");
            let is_cut_off = error.is_incomplete_message() && socket.has_unanswered_bytes();
            let detail = "the request ended before its headers were complete: an empty line ends them";
            is_cut_off.then(|| Problem::new(ErrorCode::MalformedRequest, detail))
        }
    };
    if let Some(problem) = problem {
        let answer = farewell(app, &problem);
        // The client may be gone already.
        if !matches!(timeout(LINGER, socket.write_all(&answer)).await, Ok(Ok(()))) {
            return;
        }
    }
    if socket.has_ended() || socket.shutdown().await.is_err() {
        return;
    }
    let mut rest = socket.take(LINGER_BYTES_MAX);
    let _ = timeout(LINGER, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
}
