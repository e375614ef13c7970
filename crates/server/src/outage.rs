//! One log line where a failure begins, for each cause, and one where it is over: a full disk fails thousands of answers the same way.

use domain::RequestId;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A failure that goes on.
struct Outage {
    code: &'static str,
    cause: String,
    answers: u64,
}

/// Causes that are told apart: one failure shows differently in different calls.
const CAUSES_MAX: usize = 16;

/// Those that were seen since all was well. Of the process, like the log.
static NOW: Mutex<Vec<Outage>> = Mutex::new(Vec::new());

fn lock() -> MutexGuard<'static, Vec<Outage>> {
    NOW.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer failed by this cause. Logged as an error the first time since all was well, else for debugging. Where there are
/// more causes than are told apart, the one seen first makes room.
pub(crate) fn failed(request_id: RequestId, code: &'static str, cause: String) {
    let mut now = lock();
    match now.iter_mut().find(|outage| outage.cause == cause) {
        Some(outage) => {
            outage.answers += 1;
            tracing::debug!(%request_id, code, cause, "request {request_id} failed: {cause}");
        }
        None => {
            if now.len() == CAUSES_MAX {
                tell_end(now.remove(0));
            }
            tracing::error!(%request_id, code, cause, "request {request_id} failed: {cause}");
            now.push(Outage { code, cause, answers: 1 });
        }
    }
}

/// All is well as far as is known.
pub(crate) fn is_over() {
    lock().drain(..).for_each(tell_end);
}

fn tell_end(Outage { code, cause, answers }: Outage) {
    // One answer has its line already.
    if answers > 1 {
        tracing::warn!(code, cause, answers, "{answers} requests failed by the same cause: {cause}");
    }
}
