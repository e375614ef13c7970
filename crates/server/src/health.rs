//! Whether the store can be read and the ledger written, found out in the background: asking us does not load them.

use crate::app::App;
use domain::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use store::StoreError;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the ledger is written to, to see whether that works; the write forgets old idempotent answers.
const LEDGER_INTERVAL: Duration = Duration::from_secs(5);
/// How long an answer is kept for its `Idempotency-Key`.
const IDEMPOTENT_ANSWERS_KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// How many of them are forgotten at a time, so that charges do not wait for long.
const FORGOTTEN_AT_ONCE: usize = 500;

/// What is known of the store's state.
#[derive(Debug)]
pub(crate) struct Health {
    store_is_readable: AtomicBool,
    ledger_is_writable: AtomicBool,
}

impl Health {
    /// Nothing is well until it has been seen to be.
    pub(crate) fn new() -> Self {
        Self { store_is_readable: AtomicBool::new(false), ledger_is_writable: AtomicBool::new(false) }
    }

    /// What is wrong, if something is.
    pub(crate) fn complaint(&self) -> Option<&'static str> {
        if !self.store_is_readable.load(Relaxed) {
            Some("the store cannot be read")
        } else if !self.ledger_is_writable.load(Relaxed) {
            Some("the ledger cannot be written")
        } else {
            None
        }
    }
}

fn note(is_well: &AtomicBool, what: &str, result: Result<(), &StoreError>) {
    let was_well = is_well.swap(result.is_ok(), Relaxed);
    match result {
        Err(error) if was_well => tracing::error!(%error, "{what} failed"),
        Ok(()) if !was_well => tracing::info!("{what} works"),
        _ => {}
    }
}

/// Looks once at the keys.
pub(crate) async fn look_at_keys(app: &App) -> Result<(), StoreError> {
    let result = app.keys.refresh().await;
    note(&app.health.store_is_readable, "reading the store", result.as_ref().copied());
    result
}

/// Writes once to the ledger.
pub(crate) async fn try_the_ledger(app: &App) -> Result<(), StoreError> {
    let before = Timestamp::from_ms(app.clock.now().as_ms() - IDEMPOTENT_ANSWERS_KEPT_MS);
    let result = app.catalog.store().forget_idempotent_answers(before, FORGOTTEN_AT_ONCE).await.map(|_| ());
    note(&app.health.ledger_is_writable, "writing the ledger", result.as_ref().copied());
    result
}

/// Goes on looking until it is dropped.
pub(crate) async fn watch(app: Arc<App>) {
    let ledger = {
        let app = Arc::clone(&app);
        async move {
            let mut ticks = every(LEDGER_INTERVAL);
            loop {
                ticks.tick().await;
                // The result has been noted.
                let _ = try_the_ledger(&app).await;
            }
        }
    };
    let keys = async move {
        let mut ticks = every(app.options.keys_poll_interval);
        loop {
            ticks.tick().await;
            let _ = look_at_keys(&app).await;
        }
    };
    // Apart, so that a ledger that hangs does not keep revoked keys alive.
    futures_util::future::join(ledger, keys).await;
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset_at(Instant::now() + period);
    ticks
}
