//! Rendered feeds in memory, and the caps that protect paid calls from free ones.

use super::Form;
use super::caps::Cap;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::problem::Problem;
use bytes::Bytes;
use domain::{AccountId, FeedId, Timestamp};
use futures_util::future::BoxFuture;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::feeds::Feed;
use tokio::sync::Mutex as Lock;
use xxhash_rust::xxh3::xxh3_128;

/// Time for which a rendered feed is served before it is rendered again, in seconds.
const FEED_AGE_SECONDS: i64 = 15 * 60;
/// Time for which an old answer is served to an account that has used up its renderings, in seconds. What was forgotten is
/// gone after it.
const OLD_SECONDS: i64 = 3_600;
/// Requests for a feed in a minute, on each node.
const REQUESTS_MAX: u32 = 60;
/// Renderings of an account's feeds in an hour, on each node.
const RENDERINGS_MAX: u32 = 240;
/// Most bytes of a rendered feed.
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most bytes of all rendered feeds of a node.
const ALL_BYTES_MAX: usize = 64 * 1024 * 1024;

type Slot = Arc<Lock<Option<Served>>>;
/// The slot of a feed in a format, when it was filled, and its bytes.
type Slots = HashMap<(FeedId, Form), (Slot, Timestamp, usize)>;

/// A rendered feed.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    /// Its `Content-Type`.
    pub(crate) kind: Cow<'static, str>,
    pub(crate) body: Bytes,
    /// Hash of the body.
    pub(crate) hash: u128,
    /// When it was rendered.
    pub(crate) at: Timestamp,
}

impl Served {
    /// Returns the seconds for which it is not rendered again. A clock that was set back ends them, too.
    pub(crate) fn left_seconds(&self, now: Timestamp) -> i64 {
        self.left_of(FEED_AGE_SECONDS, now)
    }

    fn left_of(&self, all: i64, now: Timestamp) -> i64 {
        let passed = (now.as_ms() - self.at.as_ms()).div_euclid(1_000);
        if (0..all).contains(&passed) { all - passed } else { 0 }
    }
}

/// `Content-Type` and bytes of an answer.
pub(crate) type Rendered = Result<(Cow<'static, str>, Bytes), Problem>;
/// Answers the question of a feed in a format.
pub(crate) type Renderer = for<'a> fn(&'a App, &'a Feed, Form) -> BoxFuture<'a, Rendered>;

/// Rendered feeds of a node.
#[derive(Debug)]
pub(crate) struct FeedCache {
    render: Renderer,
    slots: Mutex<Slots>,
    requests: Cap<FeedId>,
    renderings: Cap<AccountId>,
}

impl FeedCache {
    /// Creates a cache of what this renders.
    pub(crate) fn new(render: Renderer) -> Self {
        Self {
            render,
            slots: Mutex::default(),
            requests: Cap::new(REQUESTS_MAX, 60),
            renderings: Cap::new(RENDERINGS_MAX, 3_600),
        }
    }

    /// Returns a feed that is open, rendered now or within [`FEED_AGE_SECONDS`].
    pub(crate) async fn get(app: &App, feed: &Feed, form: Form) -> Result<Served, Problem> {
        let (cache, now) = (&app.feeds, app.clock.now());
        cache.requests.take(feed.id, now).map_err(|seconds| {
            let detail = format!("a feed is opened at most {REQUESTS_MAX} times a minute");
            Problem::new(ErrorCode::RateLimited, detail).retry_after(seconds)
        })?;
        let slot = cache.slot((feed.id, form), now);
        // Requests that come meanwhile wait for the one rendering.
        let mut kept = slot.lock().await;
        if let Some(served) = kept.as_ref().filter(|served| served.left_seconds(now) > 0) {
            return Ok(served.clone());
        }
        if let Err(seconds) = cache.renderings.take(feed.account_id, now) {
            // An old answer is better than none.
            let detail =
                format!("the feeds of an account are measured at most {RENDERINGS_MAX} times an hour");
            let problem = || Problem::new(ErrorCode::RateLimited, detail).retry_after(seconds);
            let old = kept.as_ref().filter(|served| served.left_of(OLD_SECONDS, now) > 0);
            return old.cloned().ok_or_else(problem);
        }
        let rendering = (cache.render)(app, feed, form);
        let rendered = tokio::time::timeout(app.options.request_timeout, rendering).await;
        let (kind, body) = rendered.map_err(|_| Problem::unavailable("the feed took too long"))??;
        if body.len() > BYTES_MAX {
            let detail = format!(
                "the feed has {} bytes, of at most {BYTES_MAX}; save a question with a smaller limit or fewer fields",
                body.len()
            );
            return Err(Problem::parameter("limit", detail));
        }
        let served = Served { kind, hash: xxh3_128(&body), body, at: now };
        *kept = Some(served.clone());
        drop(kept);
        cache.keep((feed.id, form), slot, (now, served.body.len()));
        Ok(served)
    }

    fn slot(&self, key: (FeedId, Form), now: Timestamp) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&slots.entry(key).or_insert_with(|| (Slot::default(), now, 0)).0)
    }

    /// Notes the size of a rendered feed, and drops the oldest ones beyond the room for all, and slots without any.
    fn keep(&self, key: (FeedId, Form), slot: Slot, (at, bytes): (Timestamp, usize)) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.insert(key, (slot, at, bytes));
        // A slot that somebody waits for has another owner.
        slots.retain(|_, (slot, _, bytes)| *bytes > 0 || Arc::strong_count(slot) > 1);
        let mut all: usize = slots.values().map(|(_, _, bytes)| bytes).sum();
        while all > ALL_BYTES_MAX {
            let oldest = slots.iter().min_by_key(|(_, (_, at, _))| *at).map(|(key, _)| *key);
            let Some((_, _, bytes)) = oldest.and_then(|key| slots.remove(&key)) else { return };
            all -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_feeds_leave_when_there_is_no_room() {
        let cache =
            FeedCache::new(|_, _, _| Box::pin(async { Err(Problem::unavailable("nothing is rendered")) }));
        let at = |n: i64| Timestamp::from_ms(1_800_000_000_000 + n);
        let key = |n: i64| (FeedId::new(at(n), 1), Form::Csv);
        for n in 0..12 {
            cache.keep(key(n), Slot::default(), (at(n), BYTES_MAX));
        }
        let slots = cache.slots.lock().expect("not poisoned");
        let kept: Vec<i64> = (0..12).filter(|n| slots.contains_key(&key(*n))).collect();
        assert_eq!(kept, [4, 5, 6, 7, 8, 9, 10, 11], "64 MiB of 8 MiB each");
    }
}
