//! Trackers of accounts: which hashtags are read how often, from where and for how much a month.
//!
//! A hashtag of a tracker ([`TrackedHashtag`]) has its own spans, due time and version. What is due, and the readings, are in
//! [`crate::tracked`].

use crate::idempotency::{Fingerprint, IdempotencyKey};
use crate::row::row;
use crate::{Store, StoreError};
use domain::tracking::{
    AdaptedBy, Cadence, GapReason, Interval, Keyword, Month, OnEmpty, Slot, Target, TargetKey, TopVideos,
    TrackerSource,
};
use domain::{AccountId, Credits, Tag, Timestamp, TrackerId};
use std::str::FromStr;

/// Most targets of one tracker: its hashtags, as many top videos if it walks, and its keyword.
pub const TRACKER_HASHTAGS_MAX: usize = 10_000;
/// Most trackers of one account.
pub const TRACKERS_MAX: u64 = 10_000;

/// The part of a tracker that its owner sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackerSettings {
    /// Source of the readings.
    pub source: TrackerSource,
    /// Cadence of the readings.
    pub cadence: Cadence,
    /// True while it reads nothing.
    pub is_paused: bool,
    /// Notes of the owner.
    pub notes: String,
    /// Labels, as JSON that the store does not read.
    pub labels: String,
    /// Budget of a month; `None` without one.
    pub credits_max: Option<Credits>,
    /// Behaviour when the budget does not last.
    pub on_empty: OnEmpty,
    /// Keyword that hashtags are searched by.
    pub keyword: Option<Keyword>,
    /// Views from which found hashtags are added; `None` to add none.
    pub accept_views: Option<u64>,
    /// Top videos that it reads of its hashtags; `None` for none.
    pub videos: Option<TopVideos>,
}

/// A hashtag or keyword to track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTracked {
    /// The hashtag or keyword.
    pub target: Target,
    /// Interval until the first reading.
    pub interval: Interval,
    /// Beginning of its first slot.
    pub since: Timestamp,
}

/// A tracker to create.
#[derive(Debug, Clone)]
pub struct NewTracker {
    /// Its id.
    pub id: TrackerId,
    /// Owner.
    pub account_id: AccountId,
    /// Settings.
    pub settings: TrackerSettings,
    /// Its hashtags, and the keyword of its settings, each key once; at most [`TRACKER_HASHTAGS_MAX`].
    pub hashtags: Vec<NewTracked>,
    /// Identifies a repeated request for the same tracker.
    pub idempotency: Option<(IdempotencyKey, Fingerprint)>,
    /// Creation time.
    pub at: Timestamp,
}

/// Outcome of creating a tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackerCreated {
    /// It was created.
    Created(Tracker),
    /// The same request created this one before under the same key.
    Same(Tracker),
    /// The key was used for another request.
    OtherRequest,
    /// The account has [`TRACKERS_MAX`] trackers.
    TooMany,
    /// Another tracker of the account has this id: draw another one.
    IdTaken,
}

/// A tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracker {
    /// Its id.
    pub id: TrackerId,
    /// Owner.
    pub account_id: AccountId,
    /// Settings.
    pub settings: TrackerSettings,
    /// Number of its targets: its hashtags, as many top videos if it walks, and one for a keyword.
    pub hashtags: u64,
    /// The month that [`Self::spent`] is of.
    pub spent_month: Month,
    /// Credits spent in that month, with those reserved for readings under way.
    pub spent: Credits,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the last change by its owner.
    pub updated_at: Timestamp,
}

impl Tracker {
    /// Returns the credits spent in the month of a moment.
    pub fn spent_in(&self, month: Month) -> Credits {
        if self.spent_month >= month { self.spent } else { Credits::ZERO }
    }

    /// Returns the number of hashtags, without the keyword and top videos.
    pub fn hashtag_count(&self) -> u64 {
        let targets = self.hashtags.saturating_sub(u64::from(self.settings.keyword.is_some()));
        if self.settings.videos.is_some() { targets / 2 } else { targets }
    }
}

/// A change of a tracker by its owner. What is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrackerChange {
    /// New cadence.
    pub cadence: Option<Cadence>,
    /// Pause or resume.
    pub is_paused: Option<bool>,
    /// New notes.
    pub notes: Option<String>,
    /// New labels, as JSON.
    pub labels: Option<String>,
    /// New budget; `Some(None)` removes it.
    pub credits_max: Option<Option<Credits>>,
    /// New behaviour when the budget does not last.
    pub on_empty: Option<OnEmpty>,
    /// New number of views from which found hashtags are added; `Some(None)` to add none.
    pub accept_views: Option<Option<u64>>,
    /// Hashtags to add; those it has stay as they are.
    pub add: Vec<NewTracked>,
    /// Hashtags to remove, with their spans.
    pub remove: Vec<TargetKey>,
}

impl TrackerChange {
    /// Returns the settings after the change.
    pub(crate) fn applied_to(&self, old: &TrackerSettings) -> TrackerSettings {
        TrackerSettings {
            source: old.source,
            cadence: self.cadence.unwrap_or(old.cadence),
            is_paused: self.is_paused.unwrap_or(old.is_paused),
            notes: self.notes.clone().unwrap_or_else(|| old.notes.clone()),
            labels: self.labels.clone().unwrap_or_else(|| old.labels.clone()),
            credits_max: self.credits_max.unwrap_or(old.credits_max),
            on_empty: self.on_empty.unwrap_or(old.on_empty),
            keyword: old.keyword.clone(),
            accept_views: self.accept_views.unwrap_or(old.accept_views),
            videos: old.videos,
        }
    }

    /// Returns true if every hashtag of the tracker is to be looked at again.
    pub(crate) fn wakes(&self, old: &TrackerSettings) -> bool {
        let new = self.applied_to(old);
        (new.cadence, new.is_paused, new.credits_max, new.on_empty)
            != (old.cadence, old.is_paused, old.credits_max, old.on_empty)
    }
}

/// Outcome of changing a tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackerChanged {
    /// It was changed.
    Changed(Tracker),
    /// It would have more than [`TRACKER_HASHTAGS_MAX`] hashtags; nothing was changed.
    TooMany,
    /// The account has no such tracker.
    NotFound,
}

/// Sums over the hashtags of a tracker and its keyword, without top videos.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrackerTotals {
    /// Number of readings.
    pub readings: u64,
    /// Number of gaps.
    pub gaps: u64,
    /// When the first of them is due; `None` if none is.
    pub due_at: Option<Timestamp>,
    /// Time of the last reading.
    pub last_read_at: Option<Timestamp>,
}

/// A reading under way, for which credits are reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Its slot.
    pub slot: Slot,
    /// The reserved credits.
    pub credits: Credits,
    /// The month whose budget they are of.
    pub month: Month,
}

/// A hashtag of a tracker, or its keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackedHashtag {
    /// Owner.
    pub account_id: AccountId,
    /// Its tracker.
    pub tracker_id: TrackerId,
    /// The hashtag or keyword.
    pub target: Target,
    /// True if a worker has noted that the tracker is paused.
    pub is_paused: bool,
    /// Length of its slots.
    pub interval: Interval,
    /// Why it has this interval, of an adaptive tracker.
    pub adapted_by: Option<AdaptedBy>,
    /// Beginning of its first span.
    pub since: Timestamp,
    /// When it is due; `None` while it is paused, or has no source to read from.
    pub due_at: Option<Timestamp>,
    /// A reading under way, or one that its worker did not finish.
    pub attempt: Option<Attempt>,
    /// The last slot in which reading failed.
    pub failed: Option<(Slot, GapReason)>,
    /// Number of readings.
    pub readings: u64,
    /// Number of gaps.
    pub gaps: u64,
    /// Time of the newest reading.
    pub last_read_at: Option<Timestamp>,
    pub(crate) version: i64,
}

impl Store {
    /// Creates a tracker with its hashtags, durably. With an idempotency key an account creates one tracker, however often
    /// it is requested.
    pub async fn create_tracker(&self, tracker: NewTracker) -> Result<TrackerCreated, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_tracker(tracker).await,
            Self::Postgres(postgres) => postgres.create_tracker(&tracker).await,
        }
    }

    /// Returns an account's tracker; `None` if it does not exist or is another account's.
    pub async fn tracker(&self, account_id: AccountId, id: TrackerId) -> Result<Option<Tracker>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.tracker(account_id, id),
            Self::Postgres(postgres) => postgres.tracker(account_id, id).await,
        }
    }

    /// Returns up to `limit` trackers of an account, newest first, before the tracker `before`.
    pub async fn trackers(
        &self,
        account_id: AccountId,
        before: Option<TrackerId>,
        limit: usize,
    ) -> Result<Vec<Tracker>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.trackers(account_id, before, limit),
            Self::Postgres(postgres) => postgres.trackers(account_id, before, limit).await,
        }
    }

    /// Changes an account's tracker, and queues its hashtags where the change concerns their readings.
    pub async fn change_tracker(
        &self,
        account_id: AccountId,
        id: TrackerId,
        change: TrackerChange,
        at: Timestamp,
    ) -> Result<TrackerChanged, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.change_tracker(account_id, id, change, at).await,
            Self::Postgres(postgres) => postgres.change_tracker(account_id, id, &change, at).await,
        }
    }

    /// Deletes an account's tracker with its spans; the readings stay. Returns `false` if there is none.
    pub async fn delete_tracker(&self, account_id: AccountId, id: TrackerId) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.delete_tracker(account_id, id).await,
            Self::Postgres(postgres) => postgres.delete_tracker(account_id, id).await,
        }
    }

    /// Queues all hashtags of a tracker to be looked at now. Slots that were read stay read. Returns `false` if there is no
    /// such tracker.
    pub async fn wake_tracker(
        &self,
        account_id: AccountId,
        id: TrackerId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.wake_tracker(account_id, id, at).await,
            Self::Postgres(postgres) => postgres.wake_tracker(account_id, id, at).await,
        }
    }

    /// Returns a hashtag of a tracker; `None` if the tracker does not exist, is another account's or does not have it.
    pub async fn tracked_hashtag(
        &self,
        account_id: AccountId,
        id: TrackerId,
        key: &TargetKey,
    ) -> Result<Option<TrackedHashtag>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.tracked_hashtag(account_id, id, key),
            Self::Postgres(postgres) => postgres.tracked_hashtag(account_id, id, key).await,
        }
    }

    /// Returns the sums over all hashtags of a tracker.
    pub async fn tracker_totals(
        &self,
        account_id: AccountId,
        id: TrackerId,
    ) -> Result<TrackerTotals, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.tracker_totals(account_id, id),
            Self::Postgres(postgres) => postgres.tracker_totals(account_id, id).await,
        }
    }

    /// Returns up to `limit` hashtags of a tracker, by key, after `after`.
    pub async fn tracked_hashtags(
        &self,
        account_id: AccountId,
        id: TrackerId,
        after: Option<&TargetKey>,
        limit: usize,
    ) -> Result<Vec<TrackedHashtag>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.tracked_hashtags(account_id, id, after, limit),
            Self::Postgres(postgres) => postgres.tracked_hashtags(account_id, id, after, limit).await,
        }
    }
}

row! {
    /// A tracker's row.
    pub(crate) struct TrackerRow: tracker_columns {
        account_id: i64,
        tracker_id: [u8; 16],
        source: u8,
        cadence: String,
        is_paused: bool,
        notes: String,
        labels: String,
        credits_max: Option<i64>,
        keyword: Option<String>,
        accept_views: Option<i64>,
        top_videos: Option<i64>,
        videos_depth: Option<i64>,
        on_empty: u8,
        hashtags: i64,
        spent_month: i64,
        spent: i64,
        created_at_ms: i64,
        updated_at_ms: i64,
    }
}

row! {
    /// The row of a tracker's hashtag.
    pub(crate) struct TrackedRow: tracked_columns {
        account_id: i64,
        tracker_id: [u8; 16],
        tag_key: String,
        name: String,
        is_paused: bool,
        slot_interval: String,
        adapted_by: Option<String>,
        since_ms: i64,
        due_at_ms: Option<i64>,
        attempt_from_ms: Option<i64>,
        attempt_until_ms: Option<i64>,
        attempt_credits: Option<i64>,
        attempt_month: Option<i64>,
        failed_from_ms: Option<i64>,
        failed_until_ms: Option<i64>,
        failed_reason: Option<String>,
        readings: i64,
        gaps: i64,
        last_read_at_ms: Option<i64>,
        version: i64,
    }
}

row! {
    /// The row of a tracker's sums.
    pub(crate) struct TotalsRow: totals_columns {
        readings: i64 = "cast(coalesce(sum(readings), 0) AS bigint)",
        gaps: i64 = "cast(coalesce(sum(gaps), 0) AS bigint)",
        due_at_ms: Option<i64> = "min(due_at_ms)",
        last_read_at_ms: Option<i64> = "max(last_read_at_ms)",
    }
}

impl From<TotalsRow> for TrackerTotals {
    fn from(row: TotalsRow) -> Self {
        Self {
            readings: row.readings.unsigned_abs(),
            gaps: row.gaps.unsigned_abs(),
            due_at: row.due_at_ms.map(Timestamp::from_ms),
            last_read_at: row.last_read_at_ms.map(Timestamp::from_ms),
        }
    }
}

/// Returns the error of a value that no version of the program wrote.
pub(crate) fn wrong(table: &'static str, column: &'static str, tracker_id: [u8; 16]) -> StoreError {
    StoreError::Inconsistent { table, column, row: TrackerId::from_bytes(tracker_id).to_string() }
}

fn credits(amount: i64) -> Option<Credits> {
    Credits::new(u64::try_from(amount).ok()?).ok()
}

fn slot(from: Option<i64>, until: Option<i64>) -> Option<Slot> {
    Some(Slot { from: Timestamp::from_ms(from?), until: Timestamp::from_ms(until?) })
}

impl TrackerRow {
    pub(crate) fn read(self) -> Result<Tracker, StoreError> {
        let wrong = |column| wrong("trackers", column, self.tracker_id);
        let credits_max = self.credits_max.map(|amount| credits(amount).ok_or_else(|| wrong("credits_max")));
        Ok(Tracker {
            id: TrackerId::from_bytes(self.tracker_id),
            account_id: AccountId(self.account_id),
            settings: TrackerSettings {
                source: TrackerSource::from_repr(self.source).ok_or_else(|| wrong("source"))?,
                cadence: self.cadence.parse().map_err(|_| wrong("cadence"))?,
                is_paused: self.is_paused,
                notes: self.notes,
                labels: self.labels,
                credits_max: credits_max.transpose()?,
                on_empty: OnEmpty::from_repr(self.on_empty).ok_or_else(|| wrong("on_empty"))?,
                keyword: self.keyword.map(|text| text.parse()).transpose().map_err(|_| wrong("keyword"))?,
                accept_views: self.accept_views.map(i64::unsigned_abs),
                videos: crate::tracked::top_videos(self.top_videos, self.videos_depth)
                    .map_err(|()| wrong("top_videos"))?,
            },
            hashtags: self.hashtags.unsigned_abs(),
            spent_month: Month(self.spent_month),
            spent: credits(self.spent).ok_or_else(|| wrong("spent"))?,
            created_at: Timestamp::from_ms(self.created_at_ms),
            updated_at: Timestamp::from_ms(self.updated_at_ms),
        })
    }
}

impl TrackedRow {
    pub(crate) fn read(self) -> Result<TrackedHashtag, StoreError> {
        fn named<T: FromStr>(
            text: Option<String>,
            wrong: impl Fn() -> StoreError,
        ) -> Result<Option<T>, StoreError> {
            text.map(|text| text.parse().map_err(|_| wrong())).transpose()
        }
        let wrong = |column| wrong("tracker_hashtags", column, self.tracker_id);
        let reserved = self.attempt_credits.and_then(credits).zip(self.attempt_month.map(Month));
        let attempt = slot(self.attempt_from_ms, self.attempt_until_ms).zip(reserved);
        let reason = named(self.failed_reason, || wrong("failed_reason"))?;
        let target = match TargetKey::from_stored(&self.tag_key).map_err(|_| wrong("tag_key"))? {
            TargetKey::Hashtag(_) => Target::Hashtag(Tag::new(&self.name).map_err(|_| wrong("name"))?),
            TargetKey::Keyword(keyword) => Target::Keyword(keyword),
            TargetKey::Videos { depth, .. } => {
                Target::Videos(Tag::new(&self.name).map_err(|_| wrong("name"))?, depth)
            }
        };
        if target.key().as_str() != self.tag_key {
            return Err(wrong("tag_key"));
        }
        Ok(TrackedHashtag {
            account_id: AccountId(self.account_id),
            tracker_id: TrackerId::from_bytes(self.tracker_id),
            target,
            is_paused: self.is_paused,
            interval: self.slot_interval.parse().map_err(|_| wrong("slot_interval"))?,
            adapted_by: named(self.adapted_by, || wrong("adapted_by"))?,
            since: Timestamp::from_ms(self.since_ms),
            due_at: self.due_at_ms.map(Timestamp::from_ms),
            attempt: attempt.map(|(slot, (credits, month))| Attempt { slot, credits, month }),
            failed: slot(self.failed_from_ms, self.failed_until_ms).zip(reason),
            readings: self.readings.unsigned_abs(),
            gaps: self.gaps.unsigned_abs(),
            last_read_at: self.last_read_at_ms.map(Timestamp::from_ms),
            version: self.version,
        })
    }
}
