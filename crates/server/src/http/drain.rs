//! Graceful shutdown: requests in flight finish, then remaining connections are closed.

use std::time::Duration;
use tokio::sync::watch;

/// The stage of a shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// No shutdown.
    Serving,
    /// Finish the request in flight, then close.
    Draining,
    /// Close now.
    Closing,
}

/// Notifies every connection of the shutdown and waits for the last one.
#[derive(Debug)]
pub(crate) struct Drain(watch::Sender<Stage>);

/// Keeps the server running until it is dropped, up to the timeout of the shutdown.
pub(crate) type ConnectionGuard = watch::Receiver<Stage>;

impl Drain {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Stage::Serving))
    }

    /// Returns a guard for one more connection.
    pub(crate) fn guard(&self) -> ConnectionGuard {
        self.0.subscribe()
    }

    /// Returns the number of guards.
    pub(crate) fn connections(&self) -> usize {
        self.0.receiver_count()
    }

    /// Returns true during a shutdown.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.0.borrow() != Stage::Serving
    }

    /// Shuts down within twice this time. Returns the number of connections that were cut off.
    pub(crate) async fn stop(&self, within: Duration) -> usize {
        self.0.send_replace(Stage::Draining);
        if tokio::time::timeout(within, self.0.closed()).await.is_ok() {
            return 0;
        }
        let cut_off = self.connections();
        self.0.send_replace(Stage::Closing);
        // What remains is work whose client is gone, such as a charge on its way to the disk.
        if tokio::time::timeout(within, self.0.closed()).await.is_err() {
            tracing::warn!(left = self.connections(), "work was still going on when the server stopped");
        }
        cut_off
    }
}
