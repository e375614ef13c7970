//! Whether the store can be read and the ledger written, found out in the background: asking us does not load them.

use crate::app::App;
use domain::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use store::StoreError;
use store::news::News;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How often the ledger is written to, to see whether that works; the write forgets old idempotent answers.
const LEDGER_INTERVAL: Duration = Duration::from_secs(5);
/// The same while it does not work, to see soon that it does again.
const LEDGER_RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// How long it may take. Later than that it does not work.
const LEDGER_ANSWER_MAX: Duration = Duration::from_secs(5);
/// How often the store is asked for changed keys as long as word of changes comes through; should word be lost, a revoked
/// key is refused so much later.
const KEYS_POLL_INTERVAL_HEARD: Duration = Duration::from_secs(2);
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
    let forgetting = app.catalog.store().forget_idempotent_answers(before, FORGOTTEN_AT_ONCE);
    let result = timeout(LEDGER_ANSWER_MAX, forgetting).await.map_or_else(
        |_| Err(StoreError::Unreachable("the ledger does not answer".to_owned())),
        |forgotten| forgotten.map(|_| ()),
    );
    note(&app.health.ledger_is_writable, "writing the ledger", result.as_ref().copied());
    result
}

/// Goes on looking until it is dropped.
pub(crate) async fn watch(app: Arc<App>) {
    let ledger = {
        let app = Arc::clone(&app);
        async move {
            let mut wait = LEDGER_INTERVAL;
            loop {
                sleep(wait).await;
                let works = try_the_ledger(&app).await.is_ok();
                wait = if works { LEDGER_INTERVAL } else { LEDGER_RETRY_INTERVAL };
            }
        }
    };
    let keys = async move {
        let mut news = app.catalog.store().news();
        let now = |news: &Option<watch::Receiver<News>>| news.as_ref().map(|news| *news.borrow());
        let mut seen = now(&news);
        loop {
            until_keys_may_differ(news.as_mut(), seen, app.options.keys_poll_interval).await;
            // Read before the store is: word that comes meanwhile leads to another look.
            seen = now(&news);
            // The result has been noted.
            let _ = look_at_keys(&app).await;
        }
    };
    // Apart, so that a ledger that hangs does not keep revoked keys alive.
    futures_util::future::join(ledger, keys).await;
}

/// Waits for word, and no longer than asking can be put off.
async fn until_keys_may_differ(
    news: Option<&mut watch::Receiver<News>>,
    seen: Option<News>,
    poll_interval: Duration,
) {
    let (Some(news), Some(seen)) = (news, seen) else { return sleep(poll_interval).await };
    let wait = if seen.is_heard { KEYS_POLL_INTERVAL_HEARD } else { poll_interval };
    let word = news.wait_for(|now| now.keys != seen.keys || now.is_heard != seen.is_heard);
    // Word, no word in time, or nobody who tells any more: all the same, a look is due.
    let is_over = timeout(wait, word).await.is_ok_and(|word| word.is_err());
    if is_over {
        sleep(poll_interval).await;
    }
}
