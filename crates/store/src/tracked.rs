//! Readings of trackers: which hashtags are due, who reads them, and what became of it.
//!
//! The queue has a row for each tracked hashtag, however many trackers want it, so that one call serves them all. Its claim
//! is a lease with a fencing token. What a worker writes of a tracker's hashtag is fenced once more, by the version it read.
//!
//! The readings themselves are the hashtag's snapshots. A worker that is killed between storing a reading and noting its slot
//! loses nothing: the next one finds the reading in the series.

use crate::jobs::Lease;
use crate::row::row;
use crate::trackers::{TrackedHashtag, Tracker, wrong};
use crate::{Store, StoreError};
use domain::tracking::{GapReason, Month, Slot, Span, SpanKind, TargetKey, TopVideos};
use domain::{AccountId, Credits, Timestamp, TrackerId};

/// Spans that a worker reads of a hashtag: the newest ones. Older ones do not change.
pub const SPANS_MAX: usize = 64;
/// Milliseconds that clocks of nodes may be apart.
pub(crate) const CLOCKS_APART_MS: i64 = 5_000;

/// Stored instead of a reason where no reading was owed.
pub(crate) const EXEMPT: &str = "exempt";

/// The right to read a hashtag until the lease expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingClaim {
    pub(crate) key: TargetKey,
    pub(crate) token: i64,
    pub(crate) version: i64,
}

impl ReadingClaim {
    /// Returns the key of the hashtag or keyword.
    pub const fn key(&self) -> &TargetKey {
        &self.key
    }
}

/// A hashtag of a tracker, with its tracker and its newest spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The tracker.
    pub tracker: Tracker,
    /// Its hashtag.
    pub tracked: TrackedHashtag,
    /// Its newest spans, oldest first; at most [`SPANS_MAX`].
    pub spans: Vec<Span>,
}

/// Outcome of reserving the credits of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadingReserved {
    /// They are reserved; the hashtag's version is new.
    Reserved,
    /// The budget of the month does not cover them.
    BudgetSpent,
    /// The hashtag was changed meanwhile; nothing was reserved.
    Changed,
}

/// New state of a hashtag of a tracker, written by a worker. It ends an attempt under way.
#[derive(Debug, Clone)]
pub struct TrackedUpdate {
    /// The hashtag as it is to be; its version is the one that was read.
    pub tracked: TrackedHashtag,
    /// Replaces the spans that end after this moment; `None` if none changed.
    pub spans_from: Option<Timestamp>,
    /// The spans in their place, the first of which begins there or later.
    pub spans: Vec<Span>,
    /// Reserved credits that were not charged, with the month of the reservation. Once that month is over there is nothing to
    /// give back.
    pub refund: Option<(Month, Credits)>,
}

/// Which spans to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpansOf {
    /// Runs of readings, and gaps.
    All,
    /// Gaps.
    Gaps,
}

/// Outcome of putting a hashtag back into the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requeued {
    /// It is due when it was said.
    Done,
    /// A tracker was created or changed meanwhile: look at its trackers again under this claim.
    Changed(ReadingClaim),
    /// Another worker has it.
    Lost,
}

impl Store {
    /// Claims up to `limit` due hashtags, those due longest first. Of concurrent claims on any nodes, one gets a hashtag.
    ///
    /// A due time written while the clock was ahead counts as due: it may lie in a far future. On a cluster this reads every
    /// shard's index.
    pub async fn claim_readings(&self, lease: Lease, limit: usize) -> Result<Vec<ReadingClaim>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.claim_readings(lease, limit).await,
            Self::Postgres(postgres) => postgres.claim_readings(lease, limit).await,
        }
    }

    /// Returns every tracker of a hashtag, with its newest spans.
    pub async fn subscriptions(&self, key: &TargetKey) -> Result<Vec<Subscription>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.subscriptions(key),
            Self::Postgres(postgres) => postgres.subscriptions(key).await,
        }
    }

    /// Reserves the credits of a reading, once for a slot, within the tracker's budget of the month.
    pub async fn reserve_reading(
        &self,
        tracked: &TrackedHashtag,
        slot: Slot,
        credits: Credits,
        month: Month,
    ) -> Result<ReadingReserved, StoreError> {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.accounts.reserve_reading(tracked.clone(), slot, credits, month).await
            }
            Self::Postgres(postgres) => postgres.reserve_reading(tracked, slot, credits, month).await,
        }
    }

    /// Writes what became of a hashtag of a tracker. Returns `false`, without writing, if it was changed since it was read.
    pub async fn update_tracked(&self, update: TrackedUpdate) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.update_tracked(update).await,
            Self::Postgres(postgres) => postgres.update_tracked(&update).await,
        }
    }

    /// Ends a claim: the hashtag is due again at a time, or never (`None`).
    pub async fn requeue_reading(
        &self,
        claim: &ReadingClaim,
        due_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Requeued, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.requeue_reading(claim.clone(), due_at, now).await,
            Self::Postgres(postgres) => postgres.requeue_reading(claim, due_at, now).await,
        }
    }

    /// Returns up to `limit` spans of a hashtag of a tracker, or gaps only, newest first, that begin before `before`.
    pub async fn tracker_spans(
        &self,
        account_id: AccountId,
        id: TrackerId,
        key: &TargetKey,
        of: SpansOf,
        before: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Span>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.tracker_spans(account_id, id, key, of, before, limit),
            Self::Postgres(postgres) => postgres.tracker_spans(account_id, id, key, of, before, limit).await,
        }
    }
}

impl TrackedHashtag {
    /// Returns the hashtag as it is after [`Store::update_tracked`].
    #[must_use]
    pub fn updated(mut self) -> Self {
        self.attempt = None;
        self.version += 1;
        self
    }

    /// Returns the hashtag as it is after [`Store::reserve_reading`].
    #[must_use]
    pub fn reserved(mut self, slot: Slot, credits: Credits, month: Month) -> Self {
        self.attempt = Some(crate::trackers::Attempt { slot, credits, month });
        self.version += 1;
        self
    }
}

row! {
    /// A span's row.
    pub(crate) struct SpanRow: span_columns {
        from_ms: i64,
        until_ms: i64,
        readings: Option<i64>,
        reason: Option<String>,
    }
}

impl SpanRow {
    pub(crate) fn read(self, tracker_id: TrackerId) -> Result<Span, StoreError> {
        let wrong = |column| wrong("tracker_spans", column, tracker_id.to_bytes());
        let kind = match (self.readings, self.reason) {
            (Some(readings), None) => SpanKind::Read { readings: readings.unsigned_abs() },
            (None, Some(reason)) if reason == EXEMPT => SpanKind::Exempt,
            (None, Some(reason)) => SpanKind::Gap(reason.parse::<GapReason>().map_err(|_| wrong("reason"))?),
            _ => return Err(wrong("readings")),
        };
        Ok(Span { from: Timestamp::from_ms(self.from_ms), until: Timestamp::from_ms(self.until_ms), kind })
    }
}

/// The key from which on those of top videos are, after all others.
pub(crate) const VIDEOS_FROM: &str = "\u{10fffd}";

/// Reads the columns of top videos.
pub(crate) fn top_videos(shown: Option<i64>, depth: Option<i64>) -> Result<Option<TopVideos>, ()> {
    let Some((shown, depth)) = shown.zip(depth) else { return Ok(None) };
    let (shown, depth) = u32::try_from(shown).ok().zip(u32::try_from(depth).ok()).ok_or(())?;
    TopVideos::new(shown, depth).map(Some).map_err(|_| ())
}

/// Returns the columns of a span's contents: its readings, or the reason of its gap, or [`EXEMPT`].
pub(crate) fn span_contents(kind: SpanKind) -> (Option<i64>, Option<&'static str>) {
    match kind {
        SpanKind::Read { readings } => (Some(readings.cast_signed()), None),
        SpanKind::Gap(reason) => (None, Some(reason.name())),
        SpanKind::Exempt => (None, Some(EXEMPT)),
    }
}

/// SQL expressions of a month's spending after a reservation. The month only advances; one that lies more than a month ahead
/// was written by a clock that was ahead, and goes back with what was spent.
macro_rules! spent_after {
    ($credits:literal, $month:literal) => {
        concat!("(CASE WHEN spent_month < ", $month, " THEN 0 ELSE spent END + ", $credits, ")")
    };
}
pub(crate) use spent_after;

macro_rules! month_after {
    ($month:literal) => {
        concat!(
            "CASE WHEN spent_month > ",
            $month,
            " + 1 OR spent_month < ",
            $month,
            " THEN ",
            $month,
            " ELSE spent_month END"
        )
    };
}
pub(crate) use month_after;
