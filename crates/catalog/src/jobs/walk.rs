//! A walk as a job: which hashtag, how far it has come, why it ended, and how much of the hashtag it saw.

use super::{read, state, written};
use domain::Region;
use serde::{Deserialize, Serialize};
use sources::upstream::PageReject;
use std::collections::BTreeSet;
use store::StoreError;
use store::jobs::Job;
use store::videos::VideoRow;
use strum::IntoStaticStr;

/// Credits that a walk may cost unless its owner says otherwise: far beyond the longest feed seen so far.
pub const WALK_CREDITS: u64 = 10_000;
/// Credits that a walk may cost at most.
pub const WALK_CREDITS_MAX: u64 = 100_000;

/// What is to be walked through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkOrder {
    /// A name or an id, as its owner wrote it.
    pub hashtag: String,
    /// Only videos of this country.
    pub region: Option<String>,
    /// What it may cost.
    pub max_credits: u64,
}

/// How far a walk is, and in the end what came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WalkState {
    /// The upstream it goes through; cursors of another one mean something else.
    pub upstream: Option<String>,
    /// The hashtag, once it is known.
    pub target: Option<WalkTarget>,
    /// The next page, as the upstream counts.
    pub cursor: u64,
    /// What was counted.
    pub counters: WalkCounters,
    /// The first records that could not be used.
    pub first_rejects: Vec<WalkReject>,
    /// Credits charged so far.
    pub credits_charged: u64,
    /// Pages in a row that brought nothing new.
    pub idle_pages: u32,
    /// Empty pages in a row that were passed over.
    pub skipped: u32,
    /// Times in a row that the upstream could not go on.
    pub faults: u32,
    /// The videos it saw.
    pub seen: Seen,
    /// Why it ended.
    pub stop_reason: Option<StopReason>,
    /// What went wrong, where something did.
    pub problem: Option<String>,
    /// How much of the hashtag it saw; known in the end.
    pub coverage: Option<WalkCoverage>,
}

/// A hashtag that is walked through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkTarget {
    /// TikTok's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Records that could not be used of which a walk keeps the reason; all are counted.
pub const FIRST_REJECTS_MAX: usize = crate::import::FIRST_REJECTS_MAX;

/// A record that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkReject {
    /// The cursor its page was requested with.
    pub cursor: u64,
    /// Its place on the page, from 1.
    pub record: u64,
    /// Why, with the field and its value where one is to blame.
    pub reason: String,
}

impl WalkReject {
    pub(crate) fn of(cursor: u64, reject: &PageReject) -> Self {
        Self { cursor, record: reject.record, reason: reject.reason.clone() }
    }
}

/// What a walk counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WalkCounters {
    /// Pages that brought at least one video new to the walk; each costs one credit.
    pub pages: u64,
    /// Pages that brought only repeats or only rejects; free.
    pub idle_page: u64,
    /// Videos, each counted once.
    pub unique: u64,
    /// Videos that this walk had seen already.
    pub duplicate: u64,
    /// Answers without a single video.
    pub empty_page: u64,
    /// Records that could not be used.
    pub rejects: u64,
}

/// Why a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StopReason {
    /// The upstream has no more.
    End,
    /// The upstream gives no more, though there are more.
    Cap,
    /// Its credits are used up, or the account's.
    Budget,
    /// The upstream says that there is more and gives none.
    Stall,
    /// The upstream gives only what was seen.
    Repeat,
    /// The upstream could not go on.
    Upstream,
}

/// How much of a hashtag a walk saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WalkCoverage {
    /// Videos it saw.
    pub unique: u64,
    /// The videos there are, as told.
    pub reported: Option<ReportedVideos>,
    /// What of them it saw.
    pub share: Option<Share>,
    /// Why there is no share.
    pub share_missing: Option<String>,
    /// The videos there are, by this walk and an earlier one.
    pub estimate: Option<WalkEstimate>,
    /// Why there is no estimate.
    pub estimate_missing: Option<String>,
}

/// The videos there are, as told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedVideos {
    /// The number.
    pub value: u64,
    /// Whether it was rounded for display.
    pub rounded: bool,
    /// The step it was rounded to; 1 when it is exact.
    pub step: u64,
}

/// A share, and what the rounding of the total leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// unique / reported.
    pub value: f64,
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// The videos there are, by capture and recapture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WalkEstimate {
    /// Chapman's estimate.
    pub videos: f64,
    /// Of the 95 % interval.
    pub low: f64,
    /// Of the 95 % interval.
    pub high: f64,
    /// Whether enough was seen twice for it to be of use.
    pub is_firm: bool,
    /// Videos that both walks saw.
    pub both: u64,
    /// Videos that the earlier walk saw.
    pub earlier_unique: u64,
    /// The earlier walk.
    pub earlier_walk: String,
}

/// Videos that were seen. Written as what each row is above the one before: mostly single digits.
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
    /// Takes a video in. Whether it is new.
    pub fn insert(&mut self, VideoRow(row): VideoRow) -> bool {
        self.0.insert(row)
    }

    /// All of them, ascending.
    pub fn videos(&self) -> Vec<VideoRow> {
        self.0.iter().copied().map(VideoRow).collect()
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl StopReason {
    /// As it is told.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the walk took all that the upstream would give: only such walks can be compared.
    pub const fn took_all(self) -> bool {
        matches!(self, Self::End | Self::Cap | Self::Stall | Self::Repeat)
    }
}

impl WalkOrder {
    /// Of a job.
    pub fn of(job: &Job) -> Result<Self, StoreError> {
        read(job, "request", &job.request)
    }

    /// As the job's request.
    pub fn to_json(&self) -> String {
        written(self)
    }

    /// The country; it was read before the order was written.
    pub(crate) fn region(&self) -> Option<Region> {
        self.region.as_deref().and_then(|region| region.parse().ok())
    }
}

impl WalkState {
    /// Of a job.
    pub fn of(job: &Job) -> Result<Self, StoreError> {
        state(job)
    }

    /// As the job's progress or result.
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
