//! Reads hashtags for trackers: claims those that are due, and reads each under its lease.

use crate::{WorkerContext, later};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use store::StoreError;
use store::jobs::Lease;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracking::TrackingError;

/// Lease of a hashtag, in milliseconds: longer than a call to an upstream may take. Whoever loses it writes nothing.
const LEASE_MS: i64 = 120_000;

/// Starts readings that are due while there is capacity.
pub(crate) async fn begin(
    context: &Arc<WorkerContext>,
    room: &Arc<Semaphore>,
    running: &mut JoinSet<()>,
) -> Result<(), StoreError> {
    let open = room.available_permits();
    if open == 0 {
        return Ok(());
    }
    let now = context.clock.now();
    let lease = Lease { from: now, until: later(now, LEASE_MS) };
    for claim in context.catalog.store().claim_readings(lease, open).await? {
        // Permits are only taken here, and there were as many.
        let Ok(permit) = Arc::clone(room).try_acquire_owned() else { return Ok(()) };
        let context = Arc::clone(context);
        running.spawn(async move {
            let hashtag = claim.key().clone();
            let read = AssertUnwindSafe(context.tracking.read_due(claim)).catch_unwind().await;
            match read {
                Ok(Ok(())) => {}
                Ok(Err(TrackingError::Catalog(error))) if error.is_passing() => {
                    tracing::warn!(%hashtag, %error, "a tracked hashtag is read again when its lease is over");
                }
                Ok(Err(error)) => tracing::error!(%hashtag, %error, "a tracked hashtag cannot be read"),
                Err(_) => tracing::error!(%hashtag, "reading a tracked hashtag panicked"),
            }
            drop(permit);
        });
    }
    Ok(())
}
