//! Creating and changing trackers: what a user asks for becomes settings and slots, or an error that names the field.

use crate::{Tracking, TrackingError};
use domain::credits::PRICE_OF_A_CALL;
use domain::notes::checked_notes;
use domain::tracking::videos::WALK_INTERVAL_MIN;
use domain::tracking::{
    Cadence, Interval, Keyword, MonthlyEstimate, OnEmpty, Slots, Target, TargetKey, TopVideos, TrackerSource,
};
use domain::{AccountId, Credits, Tag, Timestamp, TrackerId};
use std::collections::BTreeSet;
use store::idempotency::{Fingerprint, IdempotencyKey};
use store::trackers::{
    NewTracked, NewTracker, TRACKER_HASHTAGS_MAX, Tracker, TrackerChange, TrackerChanged, TrackerCreated,
    TrackerSettings,
};

/// Most labels of a tracker.
pub const LABELS_MAX: usize = 20;
/// Longest label, in characters.
pub const LABEL_LENGTH_MAX: usize = 50;
/// Interval of an adaptive tracker until it has read enough to choose one.
const ADAPTIVE_FIRST: Interval = Interval::Day;

/// An order for a tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackerOrder {
    /// Names as typed or pasted, at most [`TRACKER_HASHTAGS_MAX`]; a hashtag may be named twice. May be empty with a keyword.
    pub hashtags: Vec<String>,
    /// Keyword that hashtags are searched by, as typed.
    pub keyword: Option<String>,
    /// Views from which found hashtags are added; `None` to add none.
    pub accept_views: Option<u64>,
    /// Cadence of its readings.
    pub every: Cadence,
    /// Source that it reads from; `None` for an upstream if there is one.
    pub source: Option<TrackerSource>,
    /// Top videos of each hashtag: how many it shows, and how deep it walks; `None` for none.
    pub videos: Option<(u32, u32)>,
    /// True to create it paused.
    pub is_paused: bool,
    /// Notes.
    pub notes: String,
    /// Labels.
    pub labels: Vec<String>,
    /// Budget of a month.
    pub credits_max: Option<Credits>,
    /// Behaviour when the budget does not last.
    pub on_empty: OnEmpty,
}

/// A change of a tracker; what is `None` or empty stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrackerPatch {
    /// New cadence.
    pub every: Option<Cadence>,
    /// Pauses or resumes.
    pub is_paused: Option<bool>,
    /// New notes.
    pub notes: Option<String>,
    /// New labels.
    pub labels: Option<Vec<String>>,
    /// New budget; `Some(None)` removes it.
    pub credits_max: Option<Option<Credits>>,
    /// New behaviour when the budget does not last.
    pub on_empty: Option<OnEmpty>,
    /// New number of views from which found hashtags are added; `Some(None)` to add none.
    pub accept_views: Option<Option<u64>>,
    /// Names of hashtags to add.
    pub add: Vec<String>,
    /// Names of hashtags to remove.
    pub remove: Vec<String>,
}

/// Expected readings and credits of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Readings and searches of a mean month.
    pub readings: u64,
    /// Walks of a mean month; `None` for a tracker without top videos.
    pub walks: Option<u64>,
    /// Price of all of them, if every page of a walk is there.
    pub credits: u64,
    /// Whole days for which the account's balance lasts; `None` if readings are free.
    pub days_until_empty: Option<u64>,
}

/// An order with every field checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedOrder {
    settings: TrackerSettings,
    targets: Vec<NewTracked>,
}

impl CheckedOrder {
    /// Returns the settings of the tracker.
    pub const fn settings(&self) -> &TrackerSettings {
        &self.settings
    }

    /// Returns the tags, each once, as ordered.
    pub fn tags(&self) -> impl Iterator<Item = &Tag> {
        self.targets.iter().filter_map(|tracked| tracked.target.hashtag())
    }

    /// Returns the number of hashtags.
    pub fn hashtags(&self) -> u64 {
        self.tags().count() as u64
    }
}

impl Tracking {
    /// Checks an order.
    ///
    /// # Errors
    /// [`TrackingError::Field`] for a wrong field, [`TrackingError::NoUpstream`] if it is to read or walk and there is no
    /// upstream.
    pub fn check(&self, order: TrackerOrder) -> Result<CheckedOrder, TrackingError> {
        let source = match (order.source, self.catalog.has_upstream()) {
            (Some(TrackerSource::None), _) | (None, false) => TrackerSource::None,
            (None, true) | (Some(TrackerSource::Upstream), true) => TrackerSource::Upstream,
            (Some(TrackerSource::Upstream), false) => {
                return Err(TrackingError::NoUpstream {
                    needed: "no upstream is configured",
                    instead: "track with source none, which watches imports",
                });
            }
        };
        let videos = order.videos.map(|(shown, depth)| TopVideos::new(shown, depth)).transpose();
        let videos =
            videos.map_err(|why| TrackingError::Field { field: "top_videos", why: why.to_string() })?;
        if videos.is_some() && source == TrackerSource::None {
            return Err(TrackingError::NoUpstream {
                needed: "top videos are walked through at an upstream, and this tracker has none",
                instead: "leave them out",
            });
        }
        let mut targets = self.tracked("hashtags", &order.hashtags, order.every, videos)?;
        let keyword = order.keyword.as_deref().map(str::parse::<Keyword>).transpose();
        let keyword =
            keyword.map_err(|why| TrackingError::Field { field: "keyword", why: why.to_string() })?;
        match &keyword {
            Some(_) if source == TrackerSource::None => {
                return Err(TrackingError::NoUpstream {
                    needed: "a keyword is searched at an upstream, and this tracker has none",
                    instead: "name hashtags",
                });
            }
            Some(keyword) => {
                let interval = first_interval(order.every);
                targets.push(new_tracked(Target::Keyword(keyword.clone()), interval, self.now()));
            }
            None if order.accept_views.is_some() => return Err(no_keyword()),
            None if targets.is_empty() => {
                let why = "name at least one hashtag, such as cat, or a keyword".to_owned();
                return Err(TrackingError::Field { field: "hashtags", why });
            }
            None => {}
        }
        let settings = TrackerSettings {
            source,
            cadence: order.every,
            is_paused: order.is_paused,
            notes: notes(order.notes)?,
            labels: labels(order.labels)?,
            credits_max: order.credits_max,
            on_empty: order.on_empty,
            keyword,
            accept_views: order.accept_views,
            videos,
        };
        if targets.len() > TRACKER_HASHTAGS_MAX {
            return Err(TrackingError::TooManyHashtags);
        }
        Ok(CheckedOrder { settings, targets })
    }

    /// Creates the tracker of an order. Its hashtags are due at once.
    pub async fn create(
        &self,
        account_id: AccountId,
        id: TrackerId,
        order: CheckedOrder,
        idempotency: Option<(IdempotencyKey, Fingerprint)>,
    ) -> Result<Tracker, TrackingError> {
        let CheckedOrder { settings, targets } = order;
        let new = NewTracker { id, account_id, settings, hashtags: targets, idempotency, at: self.now() };
        match self.store().create_tracker(new).await? {
            TrackerCreated::Created(tracker) | TrackerCreated::Same(tracker) => {
                self.catalog.wake_worker();
                Ok(tracker)
            }
            TrackerCreated::OtherRequest => Err(TrackingError::KeyOfOtherRequest),
            TrackerCreated::TooMany => Err(TrackingError::TooManyTrackers),
            TrackerCreated::IdTaken => Err(TrackingError::IdTaken),
        }
    }

    /// Changes a tracker.
    pub async fn change(
        &self,
        account_id: AccountId,
        id: TrackerId,
        patch: TrackerPatch,
    ) -> Result<Tracker, TrackingError> {
        let tracker = self.store().tracker(account_id, id).await?.ok_or(TrackingError::NotFound)?;
        let cadence = patch.every.unwrap_or(tracker.settings.cadence);
        if patch.accept_views.is_some() && tracker.settings.keyword.is_none() {
            return Err(no_keyword());
        }
        let change = TrackerChange {
            cadence: patch.every,
            is_paused: patch.is_paused,
            notes: patch.notes.map(notes).transpose()?,
            labels: patch.labels.map(labels).transpose()?,
            credits_max: patch.credits_max,
            on_empty: patch.on_empty,
            accept_views: patch.accept_views,
            add: self.tracked("add", &patch.add, cadence, tracker.settings.videos)?,
            remove: removed(&patch.remove, tracker.settings.videos)?,
        };
        match self.store().change_tracker(account_id, id, change, self.now()).await? {
            TrackerChanged::Changed(tracker) => {
                self.catalog.wake_worker();
                Ok(tracker)
            }
            TrackerChanged::TooMany => Err(TrackingError::TooManyHashtags),
            TrackerChanged::NotFound => Err(TrackingError::NotFound),
        }
    }

    /// Returns the expected readings and credits of a month, and how long a balance lasts.
    pub fn estimate(settings: &TrackerSettings, hashtags: u64, balance: Credits) -> Estimate {
        let interval = first_interval(settings.cadence);
        Self::estimate_of(settings, hashtags, (interval, hashtags + keywords(settings)), balance)
    }

    /// Returns the same for readings of so many slots of an interval.
    pub(crate) fn estimate_of(
        settings: &TrackerSettings,
        hashtags: u64,
        (interval, slots): (Interval, u64),
        balance: Credits,
    ) -> Estimate {
        let bounded = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let readings =
            MonthlyEstimate { interval, hashtags: bounded(slots), price: price_of(settings.source) };
        let walks = settings.videos.map(|videos| MonthlyEstimate {
            interval: first_interval(settings.cadence).max(WALK_INTERVAL_MIN),
            hashtags: bounded(hashtags),
            price: videos.depth.price_max(),
        });
        let all: Vec<MonthlyEstimate> = [Some(readings), walks].into_iter().flatten().collect();
        let credits = |one: &MonthlyEstimate| one.credits().map_or(u64::MAX, Credits::get);
        Estimate {
            readings: readings.readings(),
            walks: walks.map(MonthlyEstimate::readings),
            credits: all.iter().map(credits).fold(0, u64::saturating_add),
            days_until_empty: MonthlyEstimate::days_until_all_empty(&all, balance),
        }
    }

    fn tracked(
        &self,
        field: &'static str,
        names: &[String],
        cadence: Cadence,
        videos: Option<TopVideos>,
    ) -> Result<Vec<NewTracked>, TrackingError> {
        let (interval, now) = (first_interval(cadence), self.now());
        let targets = |tag: &Tag| targets_of(tag, interval, videos, now);
        Ok(tags(field, names)?.iter().flat_map(targets).collect())
    }
}

/// Returns the price of a reading from a source.
pub(crate) const fn price_of(source: TrackerSource) -> Credits {
    match source {
        TrackerSource::Upstream => PRICE_OF_A_CALL,
        TrackerSource::None => Credits::ZERO,
    }
}

/// Returns the most that a slot of a whole tracker costs, if it walks as often as it reads.
pub(crate) fn slot_price(settings: &TrackerSettings, hashtags: u64) -> Credits {
    let walk = settings.videos.map_or(0, |videos| videos.depth.price_max().get());
    let readings = (hashtags + keywords(settings)) * price_of(settings.source).get();
    Credits::new(readings + hashtags * walk).unwrap_or(Credits::ZERO)
}

/// Returns 1 for a tracker with a keyword.
pub(crate) fn keywords(settings: &TrackerSettings) -> u64 {
    u64::from(settings.keyword.is_some())
}

/// Returns the interval with which a tracker begins.
pub(crate) const fn first_interval(cadence: Cadence) -> Interval {
    match cadence {
        Cadence::Every(interval) => interval,
        Cadence::Adaptive => ADAPTIVE_FIRST,
    }
}

/// Returns a target that begins in the present slot.
pub(crate) fn new_tracked(target: Target, interval: Interval, now: Timestamp) -> NewTracked {
    let since = Slots::new(target.key().as_str(), interval).at(now).from;
    NewTracked { target, interval, since }
}

/// Returns the targets of a hashtag: its totals, and its top videos if the tracker walks.
pub(crate) fn targets_of(
    tag: &Tag,
    interval: Interval,
    videos: Option<TopVideos>,
    now: Timestamp,
) -> Vec<NewTracked> {
    let mut targets = vec![new_tracked(Target::Hashtag(tag.clone()), interval, now)];
    if let Some(videos) = videos {
        let target = Target::Videos(tag.clone(), videos.depth);
        targets.push(new_tracked(target, interval.max(WALK_INTERVAL_MIN), now));
    }
    targets
}

/// Returns the keys of the targets of hashtags to remove.
fn removed(names: &[String], videos: Option<TopVideos>) -> Result<Vec<TargetKey>, TrackingError> {
    let mut keys = Vec::new();
    for tag in tags("remove", names)? {
        keys.push(tag.key().into());
        keys.extend(videos.map(|videos| TargetKey::videos(tag.key(), videos.depth)));
    }
    Ok(keys)
}

fn no_keyword() -> TrackingError {
    let why = "a tracker without a keyword finds no hashtags; give a keyword".to_owned();
    TrackingError::Field { field: "auto_accept_views", why }
}

/// Parses names, each tag once.
fn tags(field: &'static str, names: &[String]) -> Result<Vec<Tag>, TrackingError> {
    if names.len() > TRACKER_HASHTAGS_MAX {
        return Err(TrackingError::TooManyHashtags);
    }
    let (mut known, mut tags) = (BTreeSet::new(), Vec::with_capacity(names.len()));
    for name in names {
        let tag = Tag::of_typed(name)
            .map_err(|why| TrackingError::Field { field, why: format!("{name:?}: {why}") })?;
        if known.insert(tag.key().as_str().to_owned()) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

fn notes(notes: String) -> Result<String, TrackingError> {
    checked_notes(notes).map_err(|why| TrackingError::Field { field: "notes", why: why.to_string() })
}

/// Checks labels and returns them as JSON.
fn labels(labels: Vec<String>) -> Result<String, TrackingError> {
    let fits = |label: &String| {
        (1..=LABEL_LENGTH_MAX).contains(&label.chars().count()) && !label.chars().any(char::is_control)
    };
    if labels.len() > LABELS_MAX || !labels.iter().all(fits) {
        let why = format!(
            "give at most {LABELS_MAX} labels of 1 to {LABEL_LENGTH_MAX} characters without control characters"
        );
        return Err(TrackingError::Field { field: "labels", why });
    }
    Ok(serde_json::Value::from(labels).to_string())
}
