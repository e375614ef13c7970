//! A clock that stands still until it is moved.

use domain::{Clock, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Clones show the same time.
#[derive(Debug, Clone)]
pub struct FixedClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ms: AtomicI64,
    is_seeded: AtomicBool,
    panicked: Notify,
}

impl FixedClock {
    /// Stands at this time.
    pub fn at(time: Timestamp) -> Self {
        let ms = AtomicI64::new(time.as_ms());
        Self(Arc::new(Inner { ms, is_seeded: AtomicBool::new(false), panicked: Notify::new() }))
    }

    /// Moves to this time.
    pub fn set(&self, time: Timestamp) {
        self.0.ms.store(time.as_ms(), Ordering::SeqCst);
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).expect("a step that fits");
        self.0.ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Whoever reads the clock next panics, once. Done when that has happened. For loops that read it in the background.
    pub async fn panic_once(&self) {
        self.0.is_seeded.store(true, Ordering::SeqCst);
        self.0.panicked.notified().await;
    }
}

impl Default for FixedClock {
    /// 2026-01-01.
    fn default() -> Self {
        Self::at(Timestamp::from_ms(1_767_225_600_000))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        if self.0.is_seeded.swap(false, Ordering::SeqCst) {
            self.0.panicked.notify_one();
            panic!("a clock that panics on purpose");
        }
        Timestamp::from_ms(self.0.ms.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_when_it_is_moved() {
        let clock = FixedClock::default();
        let same = clock.clone();
        clock.advance(Duration::from_secs(90));
        assert_eq!(same.now().to_rfc3339(), "2026-01-01T00:01:30Z");
        clock.set(Timestamp::from_ms(0));
        assert_eq!(same.now().as_ms(), 0);
    }
}
