//! Logs each cause of failure once when it begins and once when it is over: a full disk fails thousands of
//! answers alike.

use domain::RequestId;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An ongoing failure.
struct Outage {
    code: &'static str,
    cause: String,
    answers: u64,
}

/// Most causes that are tracked: one failure shows differently in different calls.
const CAUSES_MAX: usize = 16;

/// Ongoing failures of the process, which has one log.
static NOW: Mutex<Vec<Outage>> = Mutex::new(Vec::new());

fn lock() -> MutexGuard<'static, Vec<Outage>> {
    NOW.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts an answer that failed by this cause. The first one is logged as an error, the others at debug level.
/// Beyond [`CAUSES_MAX`] causes the oldest is dropped.
pub(crate) fn failed(request_id: RequestId, code: &'static str, cause: String) {
    let mut now = lock();
    match now.iter_mut().find(|outage| outage.cause == cause) {
        Some(outage) => {
            outage.answers += 1;
            tracing::debug!(%request_id, code, cause, "request {request_id} failed: {cause}");
        }
        None => {
            if now.len() == CAUSES_MAX {
                log_end(now.remove(0));
            }
            tracing::error!(%request_id, code, cause, "request {request_id} failed: {cause}");
            now.push(Outage { code, cause, answers: 1 });
        }
    }
}

/// Ends all failures, once all probes succeed.
pub(crate) fn is_over() {
    lock().drain(..).for_each(log_end);
}

fn log_end(Outage { code, cause, answers }: Outage) {
    // A single answer is logged already.
    if answers > 1 {
        tracing::warn!(code, cause, answers, "{answers} requests failed by the same cause: {cause}");
    }
}
