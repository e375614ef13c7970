//! One log line where a failure begins and one where it is over: a full disk fails thousands of answers the same way.

use domain::RequestId;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A failure that goes on.
struct Outage {
    code: &'static str,
    cause: String,
    answers: u64,
}

/// The one that was seen last. Of the process, like the log.
static NOW: Mutex<Option<Outage>> = Mutex::new(None);

fn lock() -> MutexGuard<'static, Option<Outage>> {
    NOW.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer failed by this cause. Logged as an error when it is another cause than before, else for debugging.
pub(crate) fn failed(request_id: RequestId, code: &'static str, cause: String) {
    let mut now = lock();
    match now.as_mut().filter(|outage| outage.cause == cause) {
        Some(outage) => {
            outage.answers += 1;
            tracing::debug!(%request_id, code, cause, "request {request_id} failed: {cause}");
        }
        None => {
            tell_end(now.take());
            tracing::error!(%request_id, code, cause, "request {request_id} failed: {cause}");
            *now = Some(Outage { code, cause, answers: 1 });
        }
    }
}

/// All is well as far as is known.
pub(crate) fn is_over() {
    tell_end(lock().take());
}

fn tell_end(outage: Option<Outage>) {
    let Some(Outage { code, cause, answers }) = outage else { return };
    // One answer has its line already.
    if answers > 1 {
        tracing::warn!(code, cause, answers, "{answers} requests failed by the same cause: {cause}");
    }
}
