//! One client's connection: HTTP/1 by hyper, time by [`Activity`], and the wish to stop by [`Drain`](super::drain::Drain).

use super::activity::{Activity, Patience, Verdict, Watched};
use super::drain::{Guest, Stage};
use super::front::Front;
use crate::options::HEADER_BLOCK_BYTES_MAX;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::pin::pin;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// hyper's settings for every connection. Its header timer is off: [`Activity`] watches the time, at no cost per
/// request. Its default of at most 100 headers stays (setting it explicitly costs an allocation per request).
pub(crate) fn protocol() -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol.header_read_timeout(None).max_buf_size(HEADER_BLOCK_BYTES_MAX).half_close(true);
    protocol
}

/// Serves a connection until it ends, is too slow, or the server stops.
pub(crate) async fn serve(
    stream: TcpStream,
    front: Arc<Front>,
    protocol: Arc<http1::Builder>,
    patience: Patience,
    mut stage: Guest,
) {
    let activity = Arc::new(Activity::new());
    let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
    let service = service_fn(|request| {
        activity.request_begins();
        let (front, activity) = (Arc::clone(&front), Arc::clone(&activity));
        async move {
            let answer = front.answer(request).await;
            activity.request_ends();
            answer
        }
    });
    let mut connection = pin!(protocol.serve_connection(io, service));
    let mut look_again = pin!(sleep(patience.shortest()));
    let mut draining = false;
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            () = look_again.as_mut() => match activity.verdict(&patience) {
                Verdict::Within(left) => look_again.as_mut().reset(Instant::now() + left),
                Verdict::Overdue(what) => {
                    front.app.metrics.connection_overdue(what);
                    tracing::debug!(what, "connection closed");
                    return;
                }
            },
            changed = stage.changed() => {
                let stage = if changed.is_ok() { *stage.borrow_and_update() } else { Stage::Closing };
                if stage == Stage::Closing {
                    return;
                }
                if !draining && stage == Stage::Draining {
                    draining = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}
