//! Settles commits that were sent and not answered: looks up whether they went through, and never retries them.
//!
//! Charges that are found get their receipt. Those that are not found, or cannot be looked up in time, get the
//! error; a later look-up by request id decides.

use super::super::connection::Pool;
use super::super::quotes::Quotes;
use super::Activity;
use super::plan::Plan;
use super::steps::Span;
use super::transaction::Connection;
use crate::StoreError;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Time for the database to come back.
const SETTLE_MAX: Duration = Duration::from_secs(5);
/// Pause between two attempts to reach it.
const PAUSE: Duration = Duration::from_millis(100);

/// Looks up the plans of one transaction and replies to their calls.
pub(super) async fn settle(
    pool: Pool,
    span: Span,
    plans: Vec<Plan>,
    error: StoreError,
    quotes: Arc<Quotes>,
    activity: Arc<Activity>,
) {
    let until = Instant::now() + SETTLE_MAX;
    // One connection serves all look-ups; it is opened again if it breaks.
    let mut connection = None;
    let mut is_committed = false;
    for plan in plans {
        if is_written(&pool, span, &mut connection, &plan, until).await {
            is_committed = true;
            plan.answer(&quotes, &activity);
        } else {
            plan.group.fail(&error);
        }
    }
    if let Some(open) = connection {
        open.close();
    }
    if is_committed {
        activity.committed();
    }
}

/// Returns true if the entries of a plan are in the ledger. One transaction wrote them, so the first proves
/// all. It is recognized by its hash: an earlier call may have been charged under the same request id.
async fn is_written(
    pool: &Pool,
    span: Span,
    connection: &mut Option<Connection>,
    plan: &Plan,
    until: Instant,
) -> bool {
    // A plan that takes nothing wrote nothing: its callers get the error and retry.
    let Some((charge, head)) = plan.accepted().next() else { return false };
    let request_id = charge.request_id.to_bytes();
    while Instant::now() < until {
        let found = match connection.take() {
            Some(open) => Ok(open),
            None => Connection::open(pool, span).await,
        };
        if let Ok(open) = found {
            match open.look_up(&plan.group).await {
                Ok(found) => {
                    *connection = Some(open);
                    return found.iter().any(|row| row.request_id == request_id && row.hash == head.hash);
                }
                Err(error) => {
                    tracing::warn!(%error, "charges could not be looked up yet");
                    open.close();
                }
            }
        }
        sleep(PAUSE).await;
    }
    false
}
