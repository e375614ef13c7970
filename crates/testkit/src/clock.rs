//! A clock that stands still until it is moved.

use domain::{Clock, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Clones show the same time.
#[derive(Debug, Clone)]
pub struct FixedClock(Arc<AtomicI64>);

impl FixedClock {
    /// Stands at this time.
    pub fn at(time: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(time.as_ms())))
    }

    /// Moves to this time.
    pub fn set(&self, time: Timestamp) {
        self.0.store(time.as_ms(), Ordering::SeqCst);
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).expect("a step that fits");
        self.0.fetch_add(ms, Ordering::SeqCst);
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
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
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
