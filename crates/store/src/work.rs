//! Work that waits and work that was done, over all accounts: for the status page and `/metrics`; and the deletion of what
//! ended long ago.

use crate::jobs::JobKind;
use crate::row::row;
use crate::{Store, StoreError};
use domain::{Timestamp, UtcDay};
use strum::{IntoStaticStr, VariantArray};

/// A kind of work in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum WorkKind {
    /// Imports of uploaded files.
    Imports,
    /// Walks through hashtags at an upstream.
    Walks,
    /// Readings of trackers.
    Readings,
    /// Evaluations of alerts that are due without a new reading.
    Evaluations,
    /// Messages to destinations.
    Deliveries,
    /// Reports of schedules.
    Reports,
    /// Mails of reports.
    ReportMails,
}

impl WorkKind {
    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    const fn of(kind: JobKind) -> Self {
        match kind {
            JobKind::Import => Self::Imports,
            JobKind::Walk => Self::Walks,
        }
    }
}

/// Work of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkQueue {
    /// Its kind.
    pub kind: WorkKind,
    /// Due, and nobody works on it.
    pub waiting: u64,
    /// Under way.
    pub running: u64,
    /// Since when the oldest of what waits is due; `None` if nothing waits.
    pub oldest_due_at: Option<Timestamp>,
    /// Last time that one ended; `None` if none did, or where ends are not recorded.
    pub last_ended_at: Option<Timestamp>,
    /// Number of those that failed since the moment asked about; `None` where failures are not recorded.
    pub failed: Option<u64>,
}

/// Hashtags of all trackers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrackedSum {
    /// Hashtags and keywords of trackers, counted for each tracker.
    pub hashtags: u64,
    /// Their readings.
    pub readings: u64,
    /// Their gaps.
    pub gaps: u64,
    /// The last reading.
    pub last_read_at: Option<Timestamp>,
}

/// All work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkStatus {
    /// A queue for each kind, in the order of [`WorkKind`].
    pub queues: Vec<WorkQueue>,
    /// Hashtags of trackers.
    pub tracked: TrackedSum,
}

impl Store {
    /// Returns the work that waits and runs at `now`, and the failures since `since`.
    pub async fn work_status(&self, now: Timestamp, since: Timestamp) -> Result<WorkStatus, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.work_status(now, since),
            Self::Postgres(postgres) => postgres.work_status(now, since).await,
        }
    }

    /// Deletes up to `limit` jobs that ended before `before`. Returns their number.
    pub async fn prune_jobs(&self, before: Timestamp, limit: usize) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.prune_jobs(before, limit).await,
            Self::Postgres(postgres) => postgres.prune_jobs(before, limit).await,
        }
    }

    /// Deletes the counts of calls to upstreams of the days before `before`. Returns their number.
    pub async fn prune_upstream_calls(&self, before: UtcDay) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.prune_upstream_calls(before).await,
            Self::Postgres(postgres) => postgres.prune_upstream_calls(before).await,
        }
    }
}

row! {
    /// Jobs of a kind that wait or run.
    pub(crate) struct OpenJobs: open_jobs_columns {
        kind: i64,
        waiting: i64 = "count(CASE WHEN state = 1 THEN 1 END)",
        running: i64 = "count(CASE WHEN state = 2 THEN 1 END)",
        oldest: Option<i64> = "min(CASE WHEN state = 1 THEN created_at_ms END)",
    }
}

row! {
    /// Work that is due.
    pub(crate) struct DueWork: due_columns {
        waiting: i64 = "count(*)",
        oldest: Option<i64> = "min(due_at_ms)",
    }
}

row! {
    /// Sums over the hashtags of trackers.
    pub(crate) struct TrackedRow: tracked_sum_columns {
        hashtags: i64 = "count(*)",
        readings: i64 = "CAST(coalesce(sum(readings), 0) AS bigint)",
        gaps: i64 = "CAST(coalesce(sum(gaps), 0) AS bigint)",
        last_read_at_ms: Option<i64> = "max(last_read_at_ms)",
    }
}

/// Ended jobs of a kind: kind, last end, failures.
pub(crate) type EndedJobs = (i64, i64, i64);

/// Rows of both backends, from which the status is made.
pub(crate) struct Rows {
    pub(crate) open: Vec<OpenJobs>,
    pub(crate) ended: Vec<EndedJobs>,
    /// Due and under way.
    pub(crate) readings: (DueWork, i64),
    pub(crate) evaluations: DueWork,
    /// Due and under way.
    pub(crate) deliveries: (DueWork, i64),
    pub(crate) reports: DueWork,
    /// Due and under way.
    pub(crate) report_mails: (DueWork, i64),
    pub(crate) tracked: TrackedRow,
}

impl Rows {
    pub(crate) fn status(self) -> WorkStatus {
        let queues = WorkKind::VARIANTS.iter().map(|kind| self.queue(*kind)).collect();
        let TrackedRow { hashtags, readings, gaps, last_read_at_ms } = self.tracked;
        let tracked = TrackedSum {
            hashtags: hashtags.unsigned_abs(),
            readings: readings.unsigned_abs(),
            gaps: gaps.unsigned_abs(),
            last_read_at: last_read_at_ms.map(Timestamp::from_ms),
        };
        WorkStatus { queues, tracked }
    }

    fn queue(&self, kind: WorkKind) -> WorkQueue {
        let due = |work: &DueWork, running: i64| WorkQueue {
            kind,
            waiting: work.waiting.unsigned_abs(),
            running: running.unsigned_abs(),
            oldest_due_at: work.oldest.map(Timestamp::from_ms),
            last_ended_at: None,
            failed: None,
        };
        let is_this = |number| JobKind::from_number(number).is_some_and(|known| WorkKind::of(known) == kind);
        match kind {
            WorkKind::Readings => due(&self.readings.0, self.readings.1),
            WorkKind::Evaluations => due(&self.evaluations, 0),
            WorkKind::Deliveries => due(&self.deliveries.0, self.deliveries.1),
            WorkKind::Reports => due(&self.reports, 0),
            WorkKind::ReportMails => due(&self.report_mails.0, self.report_mails.1),
            WorkKind::Imports | WorkKind::Walks => {
                let open = self.open.iter().find(|jobs| is_this(jobs.kind));
                let ended = self.ended.iter().find(|jobs| is_this(jobs.0));
                WorkQueue {
                    kind,
                    waiting: open.map_or(0, |jobs| jobs.waiting.unsigned_abs()),
                    running: open.map_or(0, |jobs| jobs.running.unsigned_abs()),
                    oldest_due_at: open.and_then(|jobs| jobs.oldest).map(Timestamp::from_ms),
                    last_ended_at: ended.map(|jobs| Timestamp::from_ms(jobs.1)),
                    failed: Some(ended.map_or(0, |jobs| jobs.2.unsigned_abs())),
                }
            }
        }
    }
}
