//! Makes the reports of schedules that are due, and sends their mails: a few at once, since both take a core for seconds.

use crate::{WorkerContext, later};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use store::StoreError;
use store::jobs::Lease;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Lease of a report and of its mails, in milliseconds: longer than measuring it, and than sending [`MAILS_AT_ONCE`] mails.
const LEASE_MS: i64 = 900_000;
/// Reports that a node makes at once.
pub(crate) const REPORTS_AT_ONCE: usize = 1;
/// Mails that are claimed together. Those of one report are made ready once.
const MAILS_AT_ONCE: usize = 10;

/// Starts a report that is due, and the mails that are, while there is a place.
pub(crate) async fn begin(
    context: &Arc<WorkerContext>,
    places: &Arc<Semaphore>,
    running: &mut JoinSet<()>,
) -> Result<(), StoreError> {
    let Ok(permit) = Arc::clone(places).try_acquire_owned() else { return Ok(()) };
    let now = context.clock.now();
    let lease = Lease { from: now, until: later(now, LEASE_MS) };
    let store = context.catalog.store();
    let due = store.claim_schedules(lease, REPORTS_AT_ONCE).await?;
    let mails =
        if due.is_empty() { store.claim_issue_mails(lease, MAILS_AT_ONCE).await? } else { Vec::new() };
    if due.is_empty() && mails.is_empty() {
        return Ok(());
    }
    let (context, runtime) = (Arc::clone(context), Handle::current());
    // Apart from the event loop: measuring a report reads and sorts the videos of hashtags.
    let work = tokio::task::spawn_blocking(move || {
        runtime.block_on(AssertUnwindSafe(work(&context, due, mails)).catch_unwind()).is_ok()
    });
    running.spawn(async move {
        if !matches!(work.await, Ok(true)) {
            tracing::error!("a scheduled report panicked; it is tried again when its lease is over");
        }
        drop(permit);
    });
    Ok(())
}

async fn work(
    context: &WorkerContext,
    due: Vec<store::schedules::Schedule>,
    mails: Vec<store::issues::MailClaim>,
) {
    for schedule in due {
        match context.scheduling.make(&schedule).await {
            Ok(true) => tracing::info!(schedule = %schedule.id, "a scheduled report is made"),
            Ok(false) => tracing::debug!(schedule = %schedule.id, "the schedule was changed meanwhile"),
            Err(error) => {
                tracing::warn!(schedule = %schedule.id, %error, "a scheduled report cannot be made now")
            }
        }
    }
    if mails.is_empty() {
        return;
    }
    if let Err(error) = context.scheduling.send(context.outgoing.mailer.as_ref(), mails).await {
        tracing::warn!(%error, "the result of a mail cannot be written; it is sent again");
    }
}
