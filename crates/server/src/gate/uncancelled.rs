//! Work that continues after the client hangs up.
//!
//! hyper drops a request's future when its connection closes. A charge that is on its way would then have no answer,
//! and an answer no charge. Work wrapped in [`Uncancelled`] goes on by itself when it is dropped in the middle. As long
//! as the client stays, this costs no task and no hand-over between threads.

use crate::http::drain::{ConnectionGuard, Drain};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Boxed, as it may have to move to a task of its own.
type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A future that is finished in a task of its own if it is dropped after its first poll.
pub(crate) struct Uncancelled<T: Send + 'static> {
    /// Taken when it is done, or has panicked.
    work: Option<Work<T>>,
    /// Work that was never begun need not be finished.
    has_begun: bool,
    drain: Arc<Drain>,
}

impl<T: Send + 'static> Uncancelled<T> {
    /// Wraps work. The server does not stop before it is done.
    pub(crate) fn new(work: impl Future<Output = T> + Send + 'static, drain: Arc<Drain>) -> Self {
        Self { work: Some(Box::pin(work)), has_begun: false, drain }
    }
}

impl<T: Send + 'static> Future for Uncancelled<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.has_begun = true;
        // Taken while it runs, so that nothing is left to continue after a panic.
        let mut work = self.work.take().expect("a future is not polled after it is done");
        let polled = work.as_mut().poll(cx);
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Uncancelled<T> {
    fn drop(&mut self) {
        let Some(work) = self.work.take().filter(|_| self.has_begun) else { return };
        // Without a runtime the process is going down, and there is nothing to run on.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let guard: ConnectionGuard = self.drain.guard();
            runtime.spawn(async move {
                work.await;
                drop(guard);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::sync::oneshot;

    async fn abandoned(polls: bool) -> (oneshot::Sender<()>, oneshot::Receiver<()>, Arc<Drain>) {
        let drain = Arc::new(Drain::new());
        let (go, gone) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel::<()>();
        let mut work = Uncancelled::new(
            async move {
                gone.await.expect("a go");
                done.send(()).expect("someone who listens");
            },
            Arc::clone(&drain),
        );
        if polls {
            let mut nobody = Context::from_waker(std::task::Waker::noop());
            assert!(Pin::new(&mut work).poll(&mut nobody).is_pending());
        }
        drop(work);
        (go, is_done, drain)
    }

    #[tokio::test]
    async fn work_that_is_dropped_in_the_middle_goes_on_and_the_server_waits_for_it() {
        let (go, is_done, drain) = abandoned(true).await;
        assert_eq!(drain.connections(), 1);
        go.send(()).expect("the work is still there");
        is_done.await.expect("the work is done");
        assert_eq!(drain.stop(Duration::from_secs(10)).await, 0);
    }

    #[tokio::test]
    async fn work_that_was_not_begun_is_not() {
        let (go, is_done, drain) = abandoned(false).await;
        assert_eq!(drain.connections(), 0);
        assert!(go.send(()).is_err() && is_done.await.is_err());
    }
}
