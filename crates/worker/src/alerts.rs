//! Evaluates alerts: follows the change sequence of the store, and looks at what is due.

use crate::WorkerContext;
use alerting::evaluate::Followed;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Place of this worker in the change sequence. Its first look evaluates every alert once.
pub(crate) type Place = Arc<Mutex<Followed>>;

/// Starts an evaluation, unless one is under way.
pub(crate) fn begin(
    context: &Arc<WorkerContext>,
    room: &Arc<Semaphore>,
    place: &Place,
    evaluating: &mut JoinSet<()>,
) {
    // Those that ended, with their results.
    while evaluating.try_join_next().is_some() {}
    let Ok(permit) = Arc::clone(room).try_acquire_owned() else { return };
    let (context, place) = (Arc::clone(context), Arc::clone(place));
    evaluating.spawn(async move {
        let from = *place.lock().unwrap_or_else(PoisonError::into_inner);
        match AssertUnwindSafe(context.alerting.follow(from)).catch_unwind().await {
            Ok(Ok((reached, done))) => {
                *place.lock().unwrap_or_else(PoisonError::into_inner) = reached;
                if done.events > 0 {
                    tracing::info!(subjects = done.subjects, events = done.events, "alerts are evaluated");
                    // Their messages need not wait for the next look.
                    context.catalog.wake_worker();
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "alerts cannot be evaluated; trying again in a moment"),
            Err(_) => tracing::error!("evaluating alerts panicked; trying again in a moment"),
        }
        drop(permit);
    });
}
