//! Sends what is due to destinations. Those that work, that are new and that fail have places of their own, so that dead
//! ones delay nobody.

use crate::{WorkerContext, later};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use store::StoreError;
use store::deliveries::Lane;
use store::jobs::Lease;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Lease of a delivery, in milliseconds: longer than a request or a mail may take.
const LEASE_MS: i64 = 120_000;
/// Messages sent at once to destinations that work, that are new, and that fail.
const AT_ONCE: [(Lane, usize); 3] = [(Lane::Working, 64), (Lane::New, 128), (Lane::Failing, 32)];

/// Places of the lanes.
pub(crate) type Places = [(Lane, Arc<Semaphore>); 3];

/// Returns the places of a node.
pub(crate) fn places() -> Places {
    AT_ONCE.map(|(lane, at_once)| (lane, Arc::new(Semaphore::new(at_once))))
}

/// Starts deliveries that are due while there are places.
pub(crate) async fn begin(
    context: &Arc<WorkerContext>,
    places: &Places,
    running: &mut JoinSet<()>,
) -> Result<(), StoreError> {
    for (lane, places) in places {
        let open = places.available_permits();
        if open == 0 {
            continue;
        }
        let now = context.clock.now();
        let lease = Lease { from: now, until: later(now, LEASE_MS) };
        for claim in context.catalog.store().claim_deliveries(*lane, lease, open).await? {
            // Permits are only taken here, and there were as many.
            let Ok(permit) = Arc::clone(places).try_acquire_owned() else { return Ok(()) };
            let context = Arc::clone(context);
            running.spawn(async move {
                let delivered = context.alerting.deliver(&context.outgoing, claim);
                match AssertUnwindSafe(delivered).catch_unwind().await {
                    Ok(Ok(true)) => {}
                    Ok(Ok(false)) => tracing::debug!("another sender has the delivery"),
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "the result of a delivery cannot be written; it is made again");
                    }
                    Err(_) => tracing::error!("a delivery panicked; it is made again when its lease is over"),
                }
                drop(permit);
            });
        }
    }
    Ok(())
}
