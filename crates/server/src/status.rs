//! The state of the service, read from the store at most every few seconds, for `/v1/status`, `/status` and `/metrics`.

use crate::app::App;
use domain::{Timestamp, UtcDay};
use serde::Serialize;
use std::sync::Arc;
use store::StoreError;
use store::hashtags::CatalogSize;
use store::source_readings::SourceReading;
use store::work::{WorkQueue, WorkStatus};
use tokio::sync::Mutex;
use utoipa::ToSchema;

/// Age at which it is read again, in milliseconds.
pub(crate) const STATUS_AGE_MAX_MS: i64 = 15_000;
/// Wait of due work from which it counts as late, in milliseconds: ten minutes.
const LATE_MS: i64 = 600_000;
/// Period over which failures are counted, in milliseconds: a day.
const FAILURES_OVER_MS: i64 = 86_400_000;

/// State of the service as stored.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) read_at: Timestamp,
    size: CatalogSize,
    pub(crate) work: WorkStatus,
    calls_today: Vec<(String, u64)>,
    pub(crate) sources: Vec<SourceReading>,
}

/// The last snapshot.
#[derive(Debug, Default)]
pub(crate) struct StatusBoard(Mutex<Option<Arc<Snapshot>>>);

impl StatusBoard {
    /// Returns a snapshot of at most [`STATUS_AGE_MAX_MS`]; concurrent callers share one reading of the store.
    pub(crate) async fn current(&self, app: &App) -> Result<Arc<Snapshot>, StoreError> {
        let now = app.clock.now();
        let mut last = self.0.lock().await;
        if let Some(snapshot) = last.as_ref() {
            let age_ms = now.as_ms() - snapshot.read_at.as_ms();
            if (0..STATUS_AGE_MAX_MS).contains(&age_ms) {
                return Ok(Arc::clone(snapshot));
            }
        }
        let store = app.catalog.store();
        let since = Timestamp::from_ms(now.as_ms().saturating_sub(FAILURES_OVER_MS));
        let snapshot = Arc::new(Snapshot {
            read_at: now,
            size: store.catalog_size().await?,
            work: store.work_status(now, since).await?,
            calls_today: store.upstream_calls_on(UtcDay::of(now)).await?,
            sources: store.source_readings().await?,
        });
        *last = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }
}

/// The state of the service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
pub(crate) struct StatusView {
    /// `ok`; `late` if work waits for more than ten minutes; `failing` if something cannot be read or written.
    #[schema(example = "ok")]
    pub(crate) state: &'static str,
    /// A sentence for each problem; empty if all is well.
    pub(crate) problems: Vec<String>,
    /// Moment of this state; it is read at most every 15 seconds.
    pub(crate) at: Timestamp,
    /// Version of the server.
    #[schema(example = "0.1.0")]
    pub(crate) version: &'static str,
    /// Hashtags stored.
    pub(crate) hashtags: u64,
    /// Videos stored, without removed ones.
    pub(crate) videos: u64,
    /// Hashtags of all trackers.
    pub(crate) trackers: TrackedView,
    /// Work in the background.
    pub(crate) work: Vec<WorkView>,
    /// The newest reading of each source, the newest first: how fresh the stored data is.
    pub(crate) sources: Vec<SourceView>,
    /// Upstreams that were called today (UTC).
    pub(crate) upstreams: Vec<UpstreamView>,
}

/// The newest reading of a source, of a hashtag or a video.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SourceState)]
pub(crate) struct SourceView {
    /// The source.
    #[schema(example = "contract")]
    pub(crate) source: &'static str,
    /// When it was taken.
    pub(crate) observed_at: Timestamp,
    /// Milliseconds since then.
    pub(crate) age_ms: i64,
    /// When it came in; `null` if an older version stored it.
    pub(crate) arrived_at: Option<Timestamp>,
}

impl SourceView {
    fn of(reading: &SourceReading, now: Timestamp) -> Self {
        Self {
            source: reading.source.name(),
            observed_at: reading.observed_at,
            age_ms: age_ms(reading, now),
            arrived_at: reading.arrived_at,
        }
    }
}

/// Returns the age of the newest reading of a source, in milliseconds.
pub(crate) fn age_ms(reading: &SourceReading, now: Timestamp) -> i64 {
    now.as_ms().saturating_sub(reading.observed_at.as_ms()).max(0)
}

/// Hashtags of all trackers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TrackedTotals)]
pub(crate) struct TrackedView {
    /// Hashtags and keywords, counted once for each tracker.
    pub(crate) hashtags: u64,
    /// Their readings.
    pub(crate) readings: u64,
    /// Their gaps: runs of slots without a reading.
    pub(crate) gaps: u64,
    /// Time of the last reading; `null` if there is none.
    pub(crate) last_read_at: Option<Timestamp>,
}

/// Work of one kind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkState)]
pub(crate) struct WorkView {
    /// `imports`, `walks`, `readings`, `evaluations`, `deliveries`, `reports` or `report_mails`.
    #[schema(example = "imports")]
    pub(crate) kind: &'static str,
    /// Due, and not begun.
    pub(crate) waiting: u64,
    /// Under way.
    pub(crate) running: u64,
    /// Since when the oldest of what waits is due; `null` if nothing waits.
    pub(crate) oldest_due_at: Option<Timestamp>,
    /// Milliseconds since then; 0 if nothing waits.
    pub(crate) lag_ms: i64,
    /// Last time that one ended; `null` if none did. Imports and walks only.
    pub(crate) last_ended_at: Option<Timestamp>,
    /// Failures of the last 24 hours; `null` where they are not counted: readings that fail are gaps, and the log of a
    /// webhook has its attempts.
    pub(crate) failed_in_a_day: Option<u64>,
}

/// Calls to an upstream.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UpstreamState)]
pub(crate) struct UpstreamView {
    /// Its name in the settings.
    pub(crate) name: String,
    /// Calls of this UTC day.
    pub(crate) calls_today: u64,
}

impl WorkView {
    fn of(queue: &WorkQueue, now: Timestamp) -> Self {
        Self {
            kind: queue.kind.name(),
            waiting: queue.waiting,
            running: queue.running,
            oldest_due_at: queue.oldest_due_at,
            lag_ms: lag_ms(queue, now),
            last_ended_at: queue.last_ended_at,
            failed_in_a_day: queue.failed,
        }
    }

    fn complaint(&self) -> Option<String> {
        let since = self.oldest_due_at.filter(|_| self.lag_ms >= LATE_MS)?;
        Some(format!(
            "{} {} wait, the oldest since {}: no worker runs, or it cannot keep up",
            self.waiting,
            self.kind,
            since.to_rfc3339()
        ))
    }
}

/// Returns how long the oldest of a queue waits, in milliseconds.
pub(crate) fn lag_ms(queue: &WorkQueue, now: Timestamp) -> i64 {
    queue.oldest_due_at.map_or(0, |due| now.as_ms().saturating_sub(due.as_ms()).max(0))
}

impl StatusView {
    /// Returns the state of the service now.
    pub(crate) async fn now(app: &App) -> Result<Self, StoreError> {
        let snapshot = app.status.current(app).await?;
        let at = snapshot.read_at;
        let work: Vec<WorkView> = snapshot.work.queues.iter().map(|queue| WorkView::of(queue, at)).collect();
        let failing: Option<String> = app.health.complaint();
        let late = work.iter().filter_map(WorkView::complaint);
        let problems: Vec<String> = failing.iter().cloned().chain(late).collect();
        let tracked = snapshot.work.tracked;
        Ok(Self {
            state: match (failing, problems.is_empty()) {
                (Some(_), _) => "failing",
                (None, false) => "late",
                (None, true) => "ok",
            },
            problems,
            at,
            version: env!("CARGO_PKG_VERSION"),
            hashtags: snapshot.size.hashtags,
            videos: snapshot.size.videos,
            trackers: TrackedView {
                hashtags: tracked.hashtags,
                readings: tracked.readings,
                gaps: tracked.gaps,
                last_read_at: tracked.last_read_at,
            },
            work,
            sources: snapshot.sources.iter().map(|one| SourceView::of(one, at)).collect(),
            upstreams: snapshot
                .calls_today
                .iter()
                .map(|(name, calls)| UpstreamView { name: name.clone(), calls_today: *calls })
                .collect(),
        })
    }
}
