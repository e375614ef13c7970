//! A worker beside a test's server, which can be stopped as a process is, or killed.

use crate::{FixedClock, TemporaryCatalog};
use ::worker::{Parts, Worker};
use catalog::jobs::Spool;
use notify::target::Policy;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running worker.
#[derive(Debug)]
pub struct RunningWorker {
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl RunningWorker {
    /// Starts one that sends to public addresses alone.
    pub fn start(fixture: &TemporaryCatalog, clock: &FixedClock, node: &str) -> Self {
        Self::sending(fixture, clock, node, &Policy::default())
    }

    /// Starts one that sends messages under a policy.
    pub fn sending(fixture: &TemporaryCatalog, clock: &FixedClock, node: &str, policy: &Policy) -> Self {
        let parts = Parts {
            clock: Arc::new(clock.clone()),
            node: node.to_owned(),
            spool: Spool::of(fixture.folder()),
            alerting: crate::alerting(fixture.measure(), policy.clone()),
            outgoing: crate::outgoing(clock, policy.clone()),
            scheduling: crate::scheduling(fixture.measure(), policy.clone()),
        };
        let worker = Worker::new(fixture.catalog().clone(), parts);
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(worker.run(async {
            // Dropped or sent, it is time to stop.
            let _ = stopped.await;
        }));
        Self { stop, running }
    }

    /// Requests shutdown, and waits for it.
    pub async fn stopped(self) {
        drop(self.stop);
        self.running.await.expect("a worker that stopped by itself");
    }

    /// Cuts it off where it stands.
    pub async fn killed(self) {
        self.running.abort();
        let cut_off = self.running.await;
        assert!(cut_off.is_err_and(|error| error.is_cancelled()), "it was still running");
    }
}
