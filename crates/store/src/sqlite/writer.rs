//! The one thread that writes to a file. Work is handed to it as closures; each is a whole transaction.

use crate::error::StoreError;
use rusqlite::Connection;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Transactions that may wait for the thread before askers have to.
const QUEUE_MAX: usize = 64;

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle to the thread. Dropping it lets the thread finish what is queued and waits for it.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<mpsc::SyncSender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(name: &str, mut connection: Connection) -> Result<Self, StoreError> {
        let (queue, work) = mpsc::sync_channel::<Work>(QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                while let Ok(transaction) = work.recv() {
                    transaction(&mut connection);
                }
            })
            .map_err(|cause| StoreError::Database {
                doing: "start its writer thread",
                cause: Box::new(cause),
            })?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Runs `work` on the thread. The work goes on even if the asker gives up waiting.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, answer) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        let transaction: Work = Box::new(move |connection| {
            // The asker may have gone: the transaction stands all the same.
            let _ = done.send(work(connection));
        });
        queue.send(transaction).map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was already reported to every asker as `Closed`.
            let _ = thread.join();
        }
    }
}
