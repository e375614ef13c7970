//! Whether the store can be read and each of its files written, found out in the background at a fixed pace: asking us
//! does not load them, however often it happens.

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

/// How often each file is written to, one page durably, to see whether that works.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);
/// The same while it does not work, to see soon that it does again.
const PROBE_RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// How long it may take. Later than that the ledger does not work; writers of other files may be at work for longer.
const PROBE_ANSWER_MAX: Duration = Duration::from_secs(5);
/// How long an answer is kept for its `Idempotency-Key`.
const IDEMPOTENT_ANSWERS_KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// How many of them are forgotten at a time, so that charges do not wait for long.
const FORGOTTEN_AT_ONCE: usize = 500;

/// Something that can be well or not, and how often in a row it was not.
#[derive(Debug)]
struct State {
    is_well: AtomicBool,
    failures: AtomicU64,
    /// As the log names it.
    what: &'static str,
    complaint: &'static str,
}

impl State {
    /// Nothing is well until it has been seen to be.
    const fn unknown(what: &'static str, complaint: &'static str) -> Self {
        Self { is_well: AtomicBool::new(false), failures: AtomicU64::new(0), what, complaint }
    }

    /// Notes how it is, and logs it when that changed.
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

/// What is known of the store's state.
#[derive(Debug)]
pub(crate) struct Health {
    reading: State,
    ledger: State,
    catalog: State,
    walks: State,
    uploads: State,
    downloads: State,
    /// Commits of charges that had failed when the ledger was last looked at, and those that had not.
    commits: Mutex<(u64, u64)>,
}

impl Health {
    /// Nothing is well until it has been seen to be.
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

    /// What is wrong, if something is: each file that cannot be read or written.
    pub(crate) fn complaint(&self) -> Option<String> {
        let unwell = self.all().into_iter().filter(|state| !state.is_well.load(Relaxed));
        let complaints: Vec<&str> = unwell.map(|state| state.complaint).collect();
        (!complaints.is_empty()).then(|| complaints.join("; "))
    }

    /// Nothing is known any more.
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

    /// Whether commits of charges have failed since the last look, and none has gone through.
    fn only_failed(&self, activity: &LedgerActivity) -> bool {
        let now = (activity.commits_failed, activity.commits);
        let before =
            std::mem::replace(&mut *self.commits.lock().unwrap_or_else(PoisonError::into_inner), now);
        now.0 > before.0 && now.1 == before.1
    }
}

/// Looks once at the keys.
pub(crate) async fn look_at_keys(app: &App) -> Result<(), StoreError> {
    let result = app.keys.refresh().await;
    app.health.reading.note(result.as_ref().copied());
    result
}

/// Writes once to the ledger, and forgets old idempotent answers.
pub(crate) async fn try_the_ledger(app: &App) -> Result<(), StoreError> {
    let store = app.catalog.store();
    let now = app.clock.now();
    let trying = async {
        store.forget_idempotent_answers(now, IDEMPOTENT_ANSWERS_KEPT_MS, FORGOTTEN_AT_ONCE).await?;
        store.probe(Probed::Ledger).await.unwrap_or(Ok(()))
    };
    let mut result = timeout(PROBE_ANSWER_MAX, trying)
        .await
        .unwrap_or_else(|_| Err(StoreError::Unreachable("the ledger does not answer".to_owned())));
    // A page more may find room where a charge does not.
    if app.health.only_failed(&store.ledger_activity()) && result.is_ok() {
        result = Err(StoreError::Unreachable("charges cannot be committed".to_owned()));
    }
    app.health.ledger.note(result.as_ref().copied());
    result
}

/// Writes once to another file. While its writer is at work, here or in another process, that shows how it is.
pub(crate) async fn try_a_file(app: &App, file: Probed) -> bool {
    let state = app.health.of(file);
    match timeout(PROBE_ANSWER_MAX, app.catalog.store().probe(file)).await {
        Ok(Some(Ok(()))) | Ok(None) | Err(_) => state.note(Ok(())),
        Ok(Some(Err(error))) if error.is_busy() => state.note(Ok(())),
        Ok(Some(Err(error))) => state.note(Err(&error)),
    }
    state.is_well.load(Relaxed)
}

/// Writes a small file to each folder of the server.
pub(crate) async fn try_the_folders(app: &Arc<App>) -> bool {
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

/// Goes on looking until it is dropped. Should looking panic, nothing is known, and it begins again.
pub(crate) async fn watch(app: Arc<App>) {
    loop {
        let looking = AssertUnwindSafe(look(Arc::clone(&app))).catch_unwind();
        if looking.await.is_ok() {
            return;
        }
        tracing::error!("looking after the store panicked; it begins again");
        app.health.forget();
        sleep(PROBE_RETRY_INTERVAL).await;
    }
}

async fn look(app: Arc<App>) {
    let ledger = {
        let app = Arc::clone(&app);
        async move {
            let mut wait = PROBE_INTERVAL;
            loop {
                sleep(wait).await;
                let works = try_the_ledger(&app).await.is_ok();
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
                wait = if try_a_file(&app, file).await { PROBE_INTERVAL } else { PROBE_RETRY_INTERVAL };
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
                wait = if try_the_folders(&app).await { PROBE_INTERVAL } else { PROBE_RETRY_INTERVAL };
            }
        }
    };
    let keys = async move {
        let mut news = app.catalog.store().notifications();
        let now = |news: &Option<watch::Receiver<Notifications>>| news.as_ref().map(|news| *news.borrow());
        let mut seen = now(&news);
        loop {
            until_keys_may_differ(news.as_mut(), seen, &app.options).await;
            // Read before the store is: word that comes meanwhile leads to another look.
            seen = now(&news);
            // The result has been noted.
            let _ = look_at_keys(&app).await;
        }
    };
    // Apart, so that a ledger that hangs does not keep revoked keys alive.
    futures_util::future::join4(ledger, files, folders, keys).await;
}

/// Waits for word, and no longer than asking can be put off.
async fn until_keys_may_differ(
    news: Option<&mut watch::Receiver<Notifications>>,
    seen: Option<Notifications>,
    options: &Options,
) {
    let poll_interval = options.keys_poll_interval;
    let (Some(news), Some(seen)) = (news, seen) else { return sleep(poll_interval).await };
    let wait = if seen.is_listening { options.keys_poll_interval_heard } else { poll_interval };
    let word = news.wait_for(|now| now.keys != seen.keys || now.is_listening != seen.is_listening);
    // Word, no word in time, or nobody who tells any more: all the same, a look is due.
    let is_over = timeout(wait, word).await.is_ok_and(|word| word.is_err());
    if is_over {
        sleep(poll_interval).await;
    }
}
