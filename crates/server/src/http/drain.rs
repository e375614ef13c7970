//! How a server stops: it accepts nobody, lets requests in flight finish, then closes what is left.

use std::time::Duration;
use tokio::sync::watch;

/// How far the stopping has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not stopping.
    Serving,
    /// Finish the request in flight, then close.
    Draining,
    /// Close now.
    Closing,
}

/// Tells every connection how far the stopping has come and knows when the last one is gone.
#[derive(Debug)]
pub(crate) struct Drain(watch::Sender<Stage>);

/// Held by whoever must be gone before the server has stopped.
pub(crate) type ConnectionGuard = watch::Receiver<Stage>;

impl Drain {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Stage::Serving))
    }

    /// One more to wait for.
    pub(crate) fn guard(&self) -> ConnectionGuard {
        self.0.subscribe()
    }

    /// How many there are.
    pub(crate) fn connections(&self) -> usize {
        self.0.receiver_count()
    }

    /// Whether the server is on its way down.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.0.borrow() != Stage::Serving
    }

    /// Stops. Returns how many connections had to be cut off.
    pub(crate) async fn stop(&self, within: Duration) -> usize {
        self.0.send_replace(Stage::Draining);
        if tokio::time::timeout(within, self.0.closed()).await.is_ok() {
            return 0;
        }
        let cut_off = self.connections();
        self.0.send_replace(Stage::Closing);
        // What is left now is work a client walked away from: a charge on its way to the disk, finished in a moment.
        if tokio::time::timeout(within, self.0.closed()).await.is_err() {
            tracing::warn!(left = self.connections(), "work was still going on when the server stopped");
        }
        cut_off
    }
}
