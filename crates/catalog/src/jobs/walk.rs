//! A walk as a job: its hashtag, progress, end, and coverage.

use super::{read, state, written};
use domain::Region;
use serde::{Deserialize, Serialize};
use sources::upstream::PageReject;
use std::collections::BTreeSet;
use store::StoreError;
use store::jobs::Job;
use store::videos::VideoRow;
use strum::IntoStaticStr;
use utoipa::ToSchema;

/// Default maximum cost of a walk, in credits: far beyond the longest feed seen so far.
pub const WALK_CREDITS: u64 = 10_000;
/// Largest maximum cost of a walk, in credits.
pub const WALK_CREDITS_MAX: u64 = 100_000;

/// Request of a walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkOrder {
    /// A name or an id, as typed by its owner.
    pub hashtag: String,
    /// Only videos of this country.
    pub region: Option<String>,
    /// Maximum cost.
    pub max_credits: u64,
}

/// Progress of a walk, and its result at the end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WalkState {
    /// The upstream; cursors of another one have another meaning.
    pub upstream: Option<String>,
    /// The hashtag, once it is known.
    pub target: Option<WalkTarget>,
    /// The upstream's cursor of the next page.
    pub cursor: u64,
    /// Counters.
    pub counters: WalkCounters,
    /// The first rejects.
    pub first_rejects: Vec<WalkReject>,
    /// Credits charged so far.
    pub credits_charged: u64,
    /// Consecutive pages without a new video.
    pub idle_pages: u32,
    /// Consecutive empty pages that were skipped.
    pub skipped: u32,
    /// Consecutive faults of the upstream.
    pub faults: u32,
    /// The videos it saw.
    pub seen: Seen,
    /// Reason of its end.
    pub stop_reason: Option<StopReason>,
    /// The failure, if any.
    pub problem: Option<String>,
    /// Coverage of the hashtag; known at the end.
    pub coverage: Option<WalkCoverage>,
}

/// The hashtag of a walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkTarget {
    /// TikTok's id.
    pub id: String,
    /// Name.
    pub name: String,
}

/// Maximum number of rejects whose reason a walk stores; all are counted.
pub const FIRST_REJECTS_MAX: usize = crate::import::FIRST_REJECTS_MAX;

/// A rejected record of the upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WalkReject {
    /// The upstream's cursor of its page.
    pub cursor: u64,
    /// Position on the page, from 1.
    #[schema(minimum = 1, example = 17)]
    pub record: u64,
    /// Reason, with the field and its value if one is invalid.
    #[schema(
        example = "play_count: 9223372036854775807 is above 9007199254740992 (2^53), the largest count"
    )]
    pub reason: String,
}

impl WalkReject {
    pub(crate) fn of(cursor: u64, reject: &PageReject) -> Self {
        Self { cursor, record: reject.record, reason: reject.reason.clone() }
    }
}

/// Counters of a walk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WalkCounters {
    /// Pages that brought at least one video new to this walk; each was charged once.
    pub pages: u64,
    /// Pages that brought only repeats or only rejects. Free.
    #[serde(default)]
    #[schema(required = true)]
    pub idle_page: u64,
    /// Videos, each counted once.
    pub unique: u64,
    /// Repeated videos.
    pub duplicate: u64,
    /// Pages without a video.
    pub empty_page: u64,
    /// Rejected records; `first_rejects` has reasons.
    pub rejects: u64,
}

/// Reason of a walk's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StopReason {
    /// The upstream has no more.
    End,
    /// The upstream returns no more, though there are more.
    Cap,
    /// Its credits are used up, or the account's.
    Budget,
    /// The upstream announces more and returns none.
    Stall,
    /// The upstream returns only repeats.
    Repeat,
    /// The upstream failed.
    Upstream,
}

/// Coverage of a hashtag by a walk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WalkCoverage {
    /// Videos it saw.
    pub unique: u64,
    /// Reported number of videos.
    pub reported: Option<ReportedVideos>,
    /// Share of them that it saw.
    pub share: Option<Share>,
    /// Reason if there is no share.
    pub share_missing: Option<String>,
    /// Estimated number of videos, from this walk and an earlier one.
    pub estimate: Option<WalkEstimate>,
    /// Reason if there is no estimate.
    pub estimate_missing: Option<String>,
}

/// Reported number of videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedVideos {
    /// The number.
    pub value: u64,
    /// True if it was rounded for display.
    pub rounded: bool,
    /// Rounding step; 1 if it is exact.
    pub step: u64,
}

/// A share, and its bounds given the rounding of the total.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ShareView)]
pub struct Share {
    /// unique / reported.
    pub value: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// Capture and recapture (Chapman), with a 95 % interval. Too low if both walks begin with the most popular
/// videos, since they then share more than by chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = EstimateView)]
pub struct WalkEstimate {
    /// Estimated number of all videos.
    pub videos: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
    /// True if both walks saw at least 7 of the same videos; otherwise the estimate is of little use.
    pub is_firm: bool,
    /// Videos that both walks saw.
    pub both: u64,
    /// Videos that the earlier walk saw.
    pub earlier_unique: u64,
    /// The earlier walk.
    pub earlier_walk: String,
}

/// Videos seen. Serialised as the difference of each row from the previous one: mostly single digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<u64>", into = "Vec<u64>")]
pub struct Seen(BTreeSet<u64>);

impl From<Vec<u64>> for Seen {
    fn from(steps: Vec<u64>) -> Self {
        let mut row = 0_u64;
        let above = |step| {
            row = row.wrapping_add(step);
            row
        };
        Self(steps.into_iter().map(above).collect())
    }
}

impl From<Seen> for Vec<u64> {
    fn from(seen: Seen) -> Self {
        let mut last = 0;
        seen.0.into_iter().map(|row| row - std::mem::replace(&mut last, row)).collect()
    }
}

impl Seen {
    /// Adds a video. Returns true if it is new.
    pub fn insert(&mut self, VideoRow(row): VideoRow) -> bool {
        self.0.insert(row)
    }

    /// Returns all videos, ascending.
    pub fn videos(&self) -> Vec<VideoRow> {
        self.0.iter().copied().map(VideoRow).collect()
    }

    /// Removes all videos.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl StopReason {
    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns true if the walk fetched all that the upstream returns: only such walks can be compared.
    pub const fn fetched_all(self) -> bool {
        matches!(self, Self::End | Self::Cap | Self::Stall | Self::Repeat)
    }
}

impl WalkOrder {
    /// Decodes it from a job.
    pub fn of(job: &Job) -> Result<Self, StoreError> {
        read(job, "request", &job.request)
    }

    /// Encodes the job's request.
    pub fn to_json(&self) -> String {
        written(self)
    }

    /// Returns the country, which was checked before the order was stored.
    pub(crate) fn region(&self) -> Option<Region> {
        self.region.as_deref().and_then(|region| region.parse().ok())
    }
}

impl WalkState {
    /// Decodes it from a job.
    pub fn of(job: &Job) -> Result<Self, StoreError> {
        state(job)
    }

    /// Encodes the job's progress or result.
    pub fn to_json(&self) -> String {
        written(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_seen_is_read_back(rows in prop::collection::btree_set(any::<u64>(), 0..50)) {
            let mut state = WalkState::default();
            for row in &rows {
                prop_assert!(state.seen.insert(VideoRow(*row)));
                prop_assert!(!state.seen.insert(VideoRow(*row)));
            }
            let read: WalkState = serde_json::from_str(&state.to_json()).expect("a state");
            prop_assert_eq!(&read, &state);
            prop_assert_eq!(read.seen.videos(), rows.into_iter().map(VideoRow).collect::<Vec<_>>());
        }
    }

    #[test]
    fn rows_side_by_side_take_two_bytes_each() {
        let mut seen = Seen::default();
        (1_000_000..1_005_000).for_each(|row| {
            seen.insert(VideoRow(row));
        });
        assert_eq!(written(&seen).len(), 2 + 7 + 4_999 * 2);
    }
}
