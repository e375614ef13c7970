//! Probes in the background whether the store can be read and each of its files written, at fixed intervals:
//! requests for the health, however many, cause no load.

use crate::app::App;
use crate::options::Options;
use crate::outage;
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::StoreError;
use store::ledger::LedgerActivity;
use store::notifications::Notifications;
use store::probe::Probed;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

/// Interval of the probes. A probe of a file writes one page durably.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);
/// Interval of the probes after a failure, to notice a recovery soon.
const PROBE_RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// Timeout of a probe, after which the ledger counts as failed; writers of other files may be busy for longer.
const PROBE_ANSWER_MAX: Duration = Duration::from_secs(5);
/// Retention of an answer for its `Idempotency-Key`.
const IDEMPOTENT_ANSWERS_RETENTION_MS: i64 = 24 * 60 * 60 * 1000;
/// Number of expired ones deleted at a time, so that charges do not wait long.
const DELETED_AT_ONCE: usize = 500;

/// Health of one component, and its consecutive failures.
#[derive(Debug)]
struct State {
    is_well: AtomicBool,
    failures: AtomicU64,
    /// Name in the log.
    what: &'static str,
    complaint: &'static str,
}

impl State {
    /// Creates a state that is unhealthy until the first successful probe.
    const fn unknown(what: &'static str, complaint: &'static str) -> Self {
        Self { is_well: AtomicBool::new(false), failures: AtomicU64::new(0), what, complaint }
    }

    /// Records the result of a probe, and logs changes.
    fn note(&self, result: Result<(), &StoreError>) {
        let was_well = self.is_well.swap(result.is_ok(), Relaxed);
        let what = self.what;
        match result {
            Err(error) => {
                if self.failures.fetch_add(1, Relaxed) == 0 || was_well {
                    tracing::error!(%error, "{what} fails");
                }
            }
            Ok(()) if !was_well => {
                let failures = self.failures.swap(0, Relaxed);
                if failures > 0 {
                    tracing::info!(failures, "{what} works again");
                }
            }
            Ok(()) => {}
        }
    }
}

/// Health of the store and of the server's folders.
#[derive(Debug)]
pub(crate) struct Health {
    reading: State,
    ledger: State,
    catalog: State,
    walks: State,
    uploads: State,
    downloads: State,
    /// Failed and successful commits of charges as of the last probe of the ledger.
    commits: Mutex<(u64, u64)>,
}

impl Health {
    /// Creates a state that is unhealthy until the first successful probes.
    pub(crate) fn new() -> Self {
        Self {
            reading: State::unknown("reading the store", "the store cannot be read"),
            ledger: State::unknown("writing the ledger", "the ledger cannot be written"),
            catalog: State::unknown("writing the catalog", "the catalog cannot be written"),
            walks: State::unknown("writing walks", "walks cannot be written"),
            uploads: State::unknown("writing uploads", "uploads cannot be written"),
            downloads: State::unknown("writing downloads", "downloads cannot be written"),
            commits: Mutex::default(),
        }
    }

    fn all(&self) -> [&State; 6] {
        [&self.reading, &self.ledger, &self.catalog, &self.walks, &self.uploads, &self.downloads]
    }

    /// Lists what cannot be read or written; `None` if all is well.
    pub(crate) fn complaint(&self) -> Option<String> {
        let unwell = self.all().into_iter().filter(|state| !state.is_well.load(Relaxed));
        let complaints: Vec<&str> = unwell.map(|state| state.complaint).collect();
        (!complaints.is_empty()).then(|| complaints.join("; "))
    }

    /// Marks everything as unhealthy until its next probe.
    fn forget(&self) {
        self.all().into_iter().for_each(|state| state.is_well.store(false, Relaxed));
    }

    const fn of(&self, file: Probed) -> &State {
        match file {
            Probed::Ledger => &self.ledger,
            Probed::Catalog => &self.catalog,
            Probed::Walks => &self.walks,
        }
    }

    /// Returns true if commits of charges have failed since the last call and none has succeeded.
    fn only_failed(&self, activity: &LedgerActivity) -> bool {
        let now = (activity.commits_failed, activity.commits);
        let before =
            std::mem::replace(&mut *self.commits.lock().unwrap_or_else(PoisonError::into_inner), now);
        now.0 > before.0 && now.1 == before.1
    }
}

/// Refreshes the keys once.
pub(crate) async fn refresh_keys(app: &App) -> Result<(), StoreError> {
    let result = app.keys.refresh().await;
    app.health.reading.note(result.as_ref().copied());
    result
}

/// Probes the ledger once, and deletes expired idempotent answers.
pub(crate) async fn probe_ledger(app: &App) -> Result<(), StoreError> {
    let store = app.catalog.store();
    let now = app.clock.now();
    let trying = async {
        store.forget_idempotent_answers(now, IDEMPOTENT_ANSWERS_RETENTION_MS, DELETED_AT_ONCE).await?;
        store.probe(Probed::Ledger).await.unwrap_or(Ok(()))
    };
    let mut result = timeout(PROBE_ANSWER_MAX, trying)
        .await
        .unwrap_or_else(|_| Err(StoreError::Unreachable("the ledger does not answer".to_owned())));
    // The page of a probe may fit where a charge does not.
    if app.health.only_failed(&store.ledger_activity()) && result.is_ok() {
        result = Err(StoreError::Unreachable("charges cannot be committed".to_owned()));
    }
    app.health.ledger.note(result.as_ref().copied());
    result
}

/// Probes another file once. A busy writer, here or in another process, is healthy.
pub(crate) async fn probe_file(app: &App, file: Probed) -> bool {
    let state = app.health.of(file);
    match timeout(PROBE_ANSWER_MAX, app.catalog.store().probe(file)).await {
        Ok(Some(Ok(()))) | Ok(None) | Err(_) => state.note(Ok(())),
        Ok(Some(Err(error))) if error.is_busy() => state.note(Ok(())),
        Ok(Some(Err(error))) => state.note(Err(&error)),
    }
    state.is_well.load(Relaxed)
}

/// Probes each folder of the server once, by a small file.
pub(crate) async fn probe_folders(app: &Arc<App>) -> bool {
    let trying = Arc::clone(app);
    let tried = spawn_blocking(move || {
        let uploads = trying.options.uploads.as_ref().map_or(Ok(()), |uploads| uploads.spool.probe());
        (uploads, trying.downloads.spool.probe())
    });
    let (uploads, downloads) = match tried.await {
        Ok(tried) => tried,
        Err(panic) => (Err(io::Error::other(panic)), Ok(())),
    };
    let mut are_well = true;
    for (state, result) in [(&app.health.uploads, uploads), (&app.health.downloads, downloads)] {
        let error = result.err().map(|error| StoreError::Unusable(error.to_string()));
        are_well &= error.is_none();
        state.note(error.as_ref().map_or(Ok(()), Err));
    }
    are_well
}

/// Probes until it is dropped. After a panic everything is unhealthy, and it starts again.
pub(crate) async fn watch(app: Arc<App>) {
    loop {
        let probing = AssertUnwindSafe(probe_all(Arc::clone(&app))).catch_unwind();
        if probing.await.is_ok() {
            return;
        }
        tracing::error!("a probe of the store panicked; probing starts again");
        app.health.forget();
        sleep(PROBE_RETRY_INTERVAL).await;
    }
}

async fn probe_all(app: Arc<App>) {
    let ledger = {
        let app = Arc::clone(&app);
        async move {
            let mut wait = PROBE_INTERVAL;
            loop {
                sleep(wait).await;
                let works = probe_ledger(&app).await.is_ok();
                if app.health.complaint().is_none() {
                    outage::is_over();
                }
                app.downloads.spool.sweep(app.clock.now());
                wait = if works { PROBE_INTERVAL } else { PROBE_RETRY_INTERVAL };
            }
        }
    };
    let files = [Probed::Catalog, Probed::Walks].map(|file| {
        let app = Arc::clone(&app);
        async move {
            let mut wait = PROBE_INTERVAL;
            loop {
                sleep(wait).await;
                wait = if probe_file(&app, file).await { PROBE_INTERVAL } else { PROBE_RETRY_INTERVAL };
            }
        }
    });
    let files = join_all(files);
    let folders = {
        let app = Arc::clone(&app);
        async move {
            let mut wait = PROBE_INTERVAL;
            loop {
                sleep(wait).await;
                wait = if probe_folders(&app).await { PROBE_INTERVAL } else { PROBE_RETRY_INTERVAL };
            }
        }
    };
    let keys = async move {
        let mut receiver = app.catalog.store().notifications();
        let now = |receiver: &Option<watch::Receiver<Notifications>>| Some(*receiver.as_ref()?.borrow());
        let mut seen = now(&receiver);
        loop {
            wait_for_key_change(receiver.as_mut(), seen, &app.options).await;
            // Loaded before the store is read, so that a notification arriving meanwhile causes another
            // refresh.
            seen = now(&receiver);
            // The result is recorded.
            let _ = refresh_keys(&app).await;
        }
    };
    // Concurrent, so that a ledger that hangs does not keep revoked keys alive.
    futures_util::future::join4(ledger, files, folders, keys).await;
}

/// Waits for a notification about keys, at most for the interval of polling.
async fn wait_for_key_change(
    receiver: Option<&mut watch::Receiver<Notifications>>,
    seen: Option<Notifications>,
    options: &Options,
) {
    let poll_interval = options.keys_poll_interval;
    let (Some(receiver), Some(seen)) = (receiver, seen) else { return sleep(poll_interval).await };
    let wait = if seen.is_listening { options.keys_poll_interval_heard } else { poll_interval };
    let change = receiver.wait_for(|now| now.keys != seen.keys || now.is_listening != seen.is_listening);
    // The keys are due after a notification and after a timeout alike. A closed channel must not spin.
    let is_closed = timeout(wait, change).await.is_ok_and(|change| change.is_err());
    if is_closed {
        sleep(poll_interval).await;
    }
}
