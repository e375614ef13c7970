//! A tracker as answers and the command line show it.

use crate::names::{CadenceName, IntervalName, OnEmptyName, SourceName};
use crate::order::{Estimate, keywords, price_of};
use crate::{Tracking, TrackingError};
use domain::tracking::{
    Adapted, Interval, Month, MonthlyEstimate, SpanKind, Target, TargetKey, TopVideos, TrackerSource,
};
use domain::{AccountId, Credits, Timestamp, TrackerId};
use serde::Serialize;
use store::trackers::{TrackedHashtag, Tracker, TrackerTotals};
use utoipa::ToSchema;

/// Hashtags of a tracker that its own answer shows.
pub const HASHTAGS_SHOWN: usize = 100;
/// Hashtags of each tracker that a list shows.
pub const HASHTAGS_LISTED: usize = 10;
/// Trackers of a page.
pub const TRACKERS_PER_PAGE: usize = 20;

/// A tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Tracker)]
pub struct TrackerView {
    /// Tracker id.
    #[schema(example = "trk_01kb3x8m7q0000000000000000")]
    pub id: String,
    /// `active` or `paused`.
    #[schema(example = "active")]
    pub state: &'static str,
    /// Source of its readings: `upstream`, or `none` if it only watches what imports bring.
    #[schema(value_type = SourceName, inline, example = "upstream")]
    pub source: &'static str,
    /// Cadence: `hour`, `3h`, `12h`, `day`, `week` or `adaptive`.
    #[schema(value_type = CadenceName, inline, example = "day")]
    pub every: &'static str,
    /// Keyword that it searches hashtags by; `null` without one.
    pub keyword: Option<KeywordView>,
    /// Top videos that it reads of its hashtags; `null` for none.
    pub top_videos: Option<TopVideosView>,
    /// Number of its hashtags.
    pub hashtag_count: u64,
    /// The first of them, by key: 100, or 10 in a list.
    pub hashtags: Vec<TrackedView>,
    /// Readings of all its hashtags; `null` for one that watches more hashtags than are shown.
    pub readings: Option<u64>,
    /// Gaps of all its hashtags; `null` as above.
    pub gaps: Option<u64>,
    /// When its next reading is due; `null` if none is.
    pub next_reading_at: Option<Timestamp>,
    /// Time of its last reading.
    pub last_reading_at: Option<Timestamp>,
    /// Credits it may spend in a calendar month (UTC); `null` without a budget.
    pub max_credits_per_month: Option<u64>,
    /// Behaviour when the budget does not last: `pause` until the next month, or `slow` down.
    #[schema(value_type = OnEmptyName, inline, example = "pause")]
    pub on_empty: &'static str,
    /// Credits spent in this calendar month (UTC), with those of readings under way.
    pub spent_this_month: u64,
    /// Its expected cost.
    pub estimate: EstimateView,
    /// Notes.
    pub notes: String,
    /// Labels.
    pub labels: Vec<String>,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the last change by its owner.
    pub updated_at: Timestamp,
}

/// Top videos of a tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrackedTopVideos)]
pub struct TopVideosView {
    /// Videos of a hashtag that are shown, those with the most plays.
    #[schema(example = 20)]
    pub show: u32,
    /// Depth of a walk, in videos.
    #[schema(example = 200)]
    pub depth: u32,
    /// Most credits of a walk: one for each page of 35 videos.
    #[schema(example = 6)]
    pub credits_max: u64,
}

impl From<TopVideos> for TopVideosView {
    fn from(videos: TopVideos) -> Self {
        Self { show: videos.shown, depth: videos.depth.get(), credits_max: videos.depth.price_max().get() }
    }
}

/// Walks through the top videos of a hashtag of a tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrackedWalks)]
pub struct WalksView {
    /// Present interval: `day` or `week`.
    #[schema(value_type = IntervalName, inline, example = "day")]
    pub interval: &'static str,
    /// When the next walk is due; `null` if none is.
    pub next_walk_at: Option<Timestamp>,
    /// Time of the last walk.
    pub last_walk_at: Option<Timestamp>,
    /// Number of slots with a walk.
    pub walks: u64,
    /// Number of gaps.
    pub gaps: u64,
    /// Reason for which the present or last slot that failed had no walk; `null` if a later one had.
    #[schema(example = "source_down")]
    pub failing: Option<&'static str>,
}

impl From<&TrackedHashtag> for WalksView {
    fn from(tracked: &TrackedHashtag) -> Self {
        Self {
            interval: tracked.interval.name(),
            next_walk_at: tracked.due_at,
            last_walk_at: tracked.last_read_at,
            walks: tracked.readings,
            gaps: tracked.gaps,
            failing: failing(tracked, tracked.last_read_at),
        }
    }
}

/// Keyword of a tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrackedKeyword)]
pub struct KeywordView {
    /// The keyword.
    #[schema(example = "street food")]
    pub keyword: String,
    /// Views from which found hashtags are added to the tracker; `null` if none are.
    pub auto_accept_views: Option<u64>,
    /// When the next search is due; `null` if none is.
    pub next_search_at: Option<Timestamp>,
    /// Time of the last search.
    pub last_search_at: Option<Timestamp>,
    /// Number of slots with a search.
    pub searches: u64,
    /// Number of gaps.
    pub gaps: u64,
    /// Reason for which the present or last slot that failed had no search; `null` if a later one had.
    #[schema(example = "source_down")]
    pub failing: Option<&'static str>,
}

/// Expected readings and credits of a mean month of 30.44 days, at the present intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrackerEstimate)]
pub struct EstimateView {
    /// Readings, and searches for a keyword.
    #[schema(example = 30)]
    pub readings_per_month: u64,
    /// Walks; `null` for a tracker without top videos.
    #[schema(example = 30)]
    pub walks_per_month: Option<u64>,
    /// Credits, if each walk has all its pages.
    #[schema(example = 30)]
    pub credits_per_month: u64,
    /// Whole days for which the account's balance lasts if it pays for nothing else; `null` if readings are free.
    #[schema(example = 33)]
    pub days_until_empty: Option<u64>,
}

impl From<Estimate> for EstimateView {
    fn from(estimate: Estimate) -> Self {
        Self {
            readings_per_month: estimate.readings,
            walks_per_month: estimate.walks,
            credits_per_month: estimate.credits,
            days_until_empty: estimate.days_until_empty,
        }
    }
}

/// A hashtag of a tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrackedHashtag)]
pub struct TrackedView {
    /// Name, without `#`.
    #[schema(example = "cat")]
    pub hashtag: String,
    /// Present interval: `hour`, `3h`, `12h`, `day` or `week`.
    #[schema(value_type = IntervalName, inline, example = "day")]
    pub interval: &'static str,
    /// Reason for the interval, of an adaptive tracker.
    #[schema(example = "daily: in 12 h it moves by less than 2 rounding steps")]
    pub interval_reason: Option<String>,
    /// Readings a month that the adaptive interval saves compared with hourly ones.
    pub saved_per_month: Option<u64>,
    /// When the next reading is due; `null` if none is.
    pub next_reading_at: Option<Timestamp>,
    /// Time of the last reading.
    pub last_reading_at: Option<Timestamp>,
    /// Walks through its top videos; `null` for a tracker without them.
    pub top_videos: Option<WalksView>,
    /// Number of slots that were read.
    pub readings: u64,
    /// Number of gaps.
    pub gaps: u64,
    /// Reason for which the present or last slot that failed could not be read; `null` if a later one was.
    #[schema(example = "source_down")]
    pub failing: Option<&'static str>,
}

/// A page of trackers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackersPage {
    /// The trackers, newest first.
    pub trackers: Vec<TrackerView>,
    /// The last of them, if there are more.
    pub next: Option<TrackerId>,
}

impl Tracking {
    /// Returns a tracker of an account with its first [`HASHTAGS_SHOWN`] hashtags.
    pub async fn show(&self, account_id: AccountId, id: TrackerId) -> Result<TrackerView, TrackingError> {
        let tracker = self.store().tracker(account_id, id).await?.ok_or(TrackingError::NotFound)?;
        self.view(tracker, HASHTAGS_SHOWN).await
    }

    /// Returns a page of an account's trackers, newest first, after the tracker `after`.
    pub async fn list(
        &self,
        account_id: AccountId,
        after: Option<TrackerId>,
    ) -> Result<TrackersPage, TrackingError> {
        let mut found = self.store().trackers(account_id, after, TRACKERS_PER_PAGE + 1).await?;
        let has_more = found.len() > TRACKERS_PER_PAGE;
        found.truncate(TRACKERS_PER_PAGE);
        let next = found.last().map(|tracker| tracker.id).filter(|_| has_more);
        let mut trackers = Vec::with_capacity(found.len());
        for tracker in found {
            trackers.push(self.view(tracker, HASHTAGS_LISTED).await?);
        }
        Ok(TrackersPage { trackers, next })
    }

    /// Returns a page of a tracker's hashtags, by key, after the key of `after`, and the name that the next page begins
    /// after.
    pub async fn hashtags(
        &self,
        account_id: AccountId,
        id: TrackerId,
        after: Option<&TargetKey>,
    ) -> Result<(Vec<TrackedView>, Option<String>), TrackingError> {
        let tracker = self.store().tracker(account_id, id).await?.ok_or(TrackingError::NotFound)?;
        // One more for the next page, and one for a keyword.
        let mut found = self.store().tracked_hashtags(account_id, id, after, HASHTAGS_SHOWN + 2).await?;
        found.retain(|tracked| tracked.target.hashtag().is_some());
        let has_more = found.len() > HASHTAGS_SHOWN;
        found.truncate(HASHTAGS_SHOWN);
        let next = found.last().map(|tracked| tracked.target.name().to_owned()).filter(|_| has_more);
        let mut views = Vec::with_capacity(found.len());
        for tracked in found {
            views.push(self.tracked_view(&tracker, tracked).await?);
        }
        Ok((views, next))
    }

    /// Deletes a tracker; its readings stay in the hashtag's history.
    pub async fn delete(&self, account_id: AccountId, id: TrackerId) -> Result<(), TrackingError> {
        let is_deleted = self.store().delete_tracker(account_id, id).await?;
        is_deleted.then_some(()).ok_or(TrackingError::NotFound)
    }

    /// Queues a tracker to read now what is due; slots that were read stay as they are.
    pub async fn run_now(&self, account_id: AccountId, id: TrackerId) -> Result<(), TrackingError> {
        let is_known = self.store().wake_tracker(account_id, id, self.now()).await?;
        self.catalog.wake_worker();
        is_known.then_some(()).ok_or(TrackingError::NotFound)
    }

    async fn view(&self, tracker: Tracker, shown: usize) -> Result<TrackerView, TrackingError> {
        let (account_id, id) = (tracker.account_id, tracker.id);
        let mut tracked = self.store().tracked_hashtags(account_id, id, None, shown + 1).await?;
        let keyword = tracked.iter().position(|tracked| matches!(tracked.target, Target::Keyword(_)));
        let keyword = keyword.map(|at| keyword_view(&tracker, &tracked.remove(at)));
        tracked.retain(|tracked| tracked.target.hashtag().is_some());
        tracked.truncate(shown);
        let intervals: Vec<Interval> = tracked.iter().map(|tracked| tracked.interval).collect();
        let mut hashtags = Vec::with_capacity(tracked.len());
        for tracked in tracked {
            hashtags.push(self.tracked_view(&tracker, tracked).await?);
        }
        let settings = &tracker.settings;
        let hashtag_count = tracker.hashtag_count();
        let are_all_shown = hashtags.len() as u64 == hashtag_count;
        let watches = settings.source == TrackerSource::None;
        let totals = match watches {
            true => TrackerTotals {
                readings: hashtags.iter().map(|hashtag| hashtag.readings).sum(),
                gaps: hashtags.iter().map(|hashtag| hashtag.gaps).sum(),
                due_at: None,
                last_read_at: hashtags.iter().filter_map(|hashtag| hashtag.last_reading_at).max(),
            },
            false => self.store().tracker_totals(account_id, id).await?,
        };
        let balance = self.store().quote(account_id).await?.unwrap_or(Credits::ZERO);
        Ok(TrackerView {
            id: id.to_string(),
            state: if settings.is_paused { "paused" } else { "active" },
            source: settings.source.name(),
            every: settings.cadence.name(),
            keyword,
            top_videos: settings.videos.map(TopVideosView::from),
            hashtag_count,
            readings: (!watches || are_all_shown).then_some(totals.readings),
            gaps: (!watches || are_all_shown).then_some(totals.gaps),
            next_reading_at: totals.due_at,
            last_reading_at: totals.last_read_at,
            max_credits_per_month: settings.credits_max.map(Credits::get),
            on_empty: settings.on_empty.name(),
            spent_this_month: tracker.spent_in(Month::of(self.now())).get(),
            estimate: estimate(&tracker, &intervals, balance).into(),
            notes: settings.notes.clone(),
            labels: serde_json::from_str(&settings.labels).unwrap_or_default(),
            created_at: tracker.created_at,
            updated_at: tracker.updated_at,
            hashtags,
        })
    }

    async fn tracked_view(
        &self,
        tracker: &Tracker,
        tracked: TrackedHashtag,
    ) -> Result<TrackedView, TrackingError> {
        let (readings, gaps, last_reading_at) = match tracker.settings.source {
            TrackerSource::Upstream => (tracked.readings, tracked.gaps, tracked.last_read_at),
            TrackerSource::None => self.watched_sums(&tracked).await?,
        };
        let walks = match tracker.settings.videos.zip(tracked.target.hashtag()) {
            Some((videos, tag)) => {
                let key = TargetKey::videos(tag.key(), videos.depth);
                let walked = self.store().tracked_hashtag(tracker.account_id, tracker.id, &key).await?;
                walked.as_ref().map(WalksView::from)
            }
            None => None,
        };
        let adapted = tracked.adapted_by.map(|by| Adapted { interval: tracked.interval, by });
        let price = price_of(tracker.settings.source);
        let a_month = |interval| MonthlyEstimate { interval, hashtags: 1, price }.readings();
        Ok(TrackedView {
            hashtag: tracked.target.name().to_owned(),
            interval: tracked.interval.name(),
            interval_reason: adapted.map(Adapted::reason),
            saved_per_month: adapted.map(|_| a_month(Interval::Hour) - a_month(tracked.interval)),
            next_reading_at: tracked.due_at,
            last_reading_at,
            top_videos: walks,
            readings,
            gaps,
            failing: failing(&tracked, last_reading_at),
        })
    }

    /// Returns slots with a reading, gaps and the time of the last reading of a hashtag that is only watched.
    async fn watched_sums(
        &self,
        tracked: &TrackedHashtag,
    ) -> Result<(u64, u64, Option<Timestamp>), TrackingError> {
        let (mut readings, mut gaps) = (0, 0);
        let (spans, last_read_at) = self.watched(tracked, None).await?;
        for span in spans {
            match span.kind {
                SpanKind::Read { readings: more } => readings += more,
                SpanKind::Gap(_) => gaps += 1,
                SpanKind::Exempt => {}
            }
        }
        Ok((readings, gaps, last_read_at))
    }
}

fn keyword_view(tracker: &Tracker, tracked: &TrackedHashtag) -> KeywordView {
    KeywordView {
        keyword: tracked.target.name().to_owned(),
        auto_accept_views: tracker.settings.accept_views,
        next_search_at: tracked.due_at,
        last_search_at: tracked.last_read_at,
        searches: tracked.readings,
        gaps: tracked.gaps,
        failing: failing(tracked, tracked.last_read_at),
    }
}

/// Returns the reason of the last failure, if nothing was read since.
fn failing(tracked: &TrackedHashtag, last_read_at: Option<Timestamp>) -> Option<&'static str> {
    let failed = tracked.failed.filter(|(slot, _)| last_read_at.is_none_or(|at| at < slot.from));
    failed.map(|(_, reason)| reason.name())
}

/// Returns the expected month of a tracker, from the intervals of the hashtags that are shown, scaled to all of them.
fn estimate(tracker: &Tracker, intervals: &[Interval], balance: Credits) -> Estimate {
    let hashtags = tracker.hashtag_count();
    let Some(longest) = intervals.iter().max() else {
        return Tracking::estimate(&tracker.settings, hashtags, balance);
    };
    // Intervals nest: each hashtag counts as many times as its interval fits the longest one.
    let weight: u64 = intervals.iter().map(|interval| u64::from(longest.hours() / interval.hours())).sum();
    let slots = weight * (hashtags + keywords(&tracker.settings)) / (intervals.len() as u64).max(1);
    let month = Tracking::estimate_of(&tracker.settings, hashtags, (*longest, slots), balance);
    if !tracker.settings.is_paused {
        return month;
    }
    Estimate { readings: 0, walks: month.walks.map(|_| 0), credits: 0, days_until_empty: None }
}
