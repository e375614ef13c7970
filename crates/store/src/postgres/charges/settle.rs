//! Settles commits that were sent and not answered: whether they stand is looked up, never tried again.
//!
//! Charges that are found get their receipt. Those that are not, or cannot be looked up in time, get the error; a later
//! look-up by request id tells the truth about them.

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

/// How long the database may take to be back.
const SETTLE_MAX: Duration = Duration::from_secs(5);
/// Between two attempts to reach it.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn settle(
    pool: Pool,
    span: Span,
    plans: Vec<Plan>,
    error: StoreError,
    quotes: Arc<Quotes>,
    activity: Arc<Activity>,
) {
    let until = Instant::now() + SETTLE_MAX;
    let mut connection = None;
    let mut is_committed = false;
    for plan in plans {
        if stands(&pool, span, &mut connection, &plan, until).await {
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

/// Whether the entries of a plan are there. They were written by one transaction, so one stands for all; it is known by
/// its hash, as an earlier call may have been charged under the same request id.
async fn stands(
    pool: &Pool,
    span: Span,
    connection: &mut Option<Connection>,
    plan: &Plan,
    until: Instant,
) -> bool {
    let Some((charge, head)) = plan.taken().next() else { return false };
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
