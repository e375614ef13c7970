//! Runs work that computes for long apart from the event loop, a few at once.

use crate::app::App;
use crate::problem::Problem;
use std::future::Future;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Runs a measurement on a thread of its own, once there is room for one more: reading and sorting the videos of a hashtag
/// must not delay other calls.
pub(crate) async fn apart<T: Send + 'static>(
    app: &App,
    measurement: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    let room = Arc::clone(&app.measuring).acquire_owned().await.map_err(Problem::internal)?;
    let runtime = Handle::current();
    // After a timeout the work continues, so its permit is returned when it ends.
    let work = tokio::task::spawn_blocking(move || {
        let _room = room;
        runtime.block_on(measurement)
    });
    work.await.map_err(Problem::internal)?
}
