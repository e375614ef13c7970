//! The reason of a walk's end, and its coverage of the hashtag.
//!
//! An upstream that returns no more is at the end of the hashtag or at its own ceiling. It is the end if at
//! least as many videos were seen as are reported. Otherwise it is a ceiling if the upstream stopped at a
//! number at which upstreams are known to stop, or before 90 % of the reported videos, or of those stored from
//! elsewhere, were seen: totals count removed and private videos too, so that a few are always missing. Without
//! a report and such a number, it is the end. Totals are of all countries, so a walk through one country is
//! judged by the numbers alone.

use crate::jobs::{ReportedVideos, Share, StopReason, WalkCoverage, WalkEstimate, WalkOrder, WalkState};
use crate::{Catalog, CatalogError, HashtagRef};
use domain::metrics::{Coverage, Recapture};
use domain::{Count, Hashtag, JobId, Timestamp};
use serde::Serialize;
use sources::upstream::contract::COUNT_MAX;
use store::walk_runs::WalkRun;

/// Numbers of videos at which upstreams are known to stop.
const CEILINGS: [u64; 3] = [500, 1_000, 5_000];

/// Returns why the upstream has no more; `hashtag` is given if its totals cover what was walked through.
pub(super) fn end_reason(state: &WalkState, hashtag: Option<&Hashtag>) -> StopReason {
    let counters = state.counters;
    let unique = counters.unique;
    let reported_least = hashtag.and_then(|hashtag| hashtag.reported.videos).map(lowest);
    if reported_least.is_some_and(|reported_least| unique >= reported_least) {
        return StopReason::End;
    }
    let given = unique + counters.duplicate + counters.rejects;
    if CEILINGS.iter().any(|ceiling| [unique, given, state.cursor].contains(ceiling)) {
        return StopReason::Cap;
    }
    let stored = hashtag.map_or(0, |hashtag| hashtag.observed.videos);
    let there_are = reported_least.unwrap_or(0).max(stored);
    if unique.saturating_mul(10) < there_are.saturating_mul(9) { StopReason::Cap } else { StopReason::End }
}

/// Returns the lowest number that a rounded report can mean.
fn lowest(count: Count) -> u64 {
    count.value() - if count.is_rounded() { count.resolution() / 2 } else { 0 }
}

/// Estimated cost of a walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WalkPrice {
    /// Pages, if all are full; `None` if unknown.
    pub pages: Option<u64>,
    /// Credits: one a page, and never more than the walk's budget.
    pub credits: Option<u64>,
    /// Upper limit of the cost.
    pub credits_max: u64,
    /// Reported videos of the hashtag.
    pub reported_videos: Option<u64>,
    /// Stored videos.
    pub held_videos: Option<u64>,
    /// Basis of the numbers, or the reason if there are none.
    pub basis: String,
}

impl Catalog {
    /// Estimates the cost of a walk from stored data, without calling an upstream.
    pub async fn walk_price(&self, order: &WalkOrder) -> Result<WalkPrice, CatalogError> {
        let hashtag = self.find(&order.hashtag).await?;
        let reported_videos = hashtag.as_ref().and_then(|hashtag| hashtag.reported.videos).map(Count::value);
        let pages = reported_videos.map(|videos| videos.div_ceil(u64::from(COUNT_MAX)).max(1));
        let basis = match (&hashtag, reported_videos) {
            (_, Some(_)) if order.region.is_some() => format!(
                "the reported number of videos of all countries at {COUNT_MAX} a page; those of one country are fewer, \
                 and upstreams may stop earlier or send shorter pages"
            ),
            (_, Some(_)) => format!(
                "the reported number of videos at {COUNT_MAX} a page; upstreams may stop earlier or send shorter pages"
            ),
            (Some(_), None) => "no source reports the number of videos, so the cost is unknown".to_owned(),
            (None, None) => "nothing is stored of this hashtag, so the cost is unknown".to_owned(),
        };
        Ok(WalkPrice {
            pages,
            credits: pages.map(|pages| pages.min(order.max_credits)),
            credits_max: order.max_credits,
            reported_videos,
            held_videos: hashtag.map(|hashtag| hashtag.observed.videos),
            basis,
        })
    }

    /// Stores what a walk saw if it fetched all it could, and compares it with the reported total and the
    /// previous walk. `began` is the first start of its job.
    pub async fn walk_coverage(
        &self,
        job_id: JobId,
        began: Timestamp,
        order: &WalkOrder,
        state: &WalkState,
    ) -> Result<Option<WalkCoverage>, CatalogError> {
        let id = state.target.as_ref().and_then(|target| target.id.parse().ok());
        let Some(id) = id else { return Ok(None) };
        let Some(hashtag) = self.stored_now(&HashtagRef::Id(id)).await? else { return Ok(None) };
        let estimated = self.recaptured(job_id, began, order, state, &hashtag).await?;
        let (estimate, estimate_missing) = split(estimated);
        let total = hashtag.reported.videos;
        let coverage = Coverage::new(state.counters.unique, total);
        let share = match coverage {
            _ if order.region.is_some() => Err("the reported total is of all countries"),
            None => Err("no source reports the number of videos"),
            Some(coverage) => {
                let (low, high) = coverage.share_range();
                Ok(Share { value: coverage.share(), low, high })
            }
        };
        let (share, share_missing) = split(share);
        let reported = total.map(|count| ReportedVideos {
            value: count.value(),
            rounded: count.is_rounded(),
            step: count.resolution(),
        });
        let unique = state.counters.unique;
        Ok(Some(WalkCoverage { unique, reported, share, share_missing, estimate, estimate_missing }))
    }

    async fn recaptured(
        &self,
        job_id: JobId,
        began: Timestamp,
        order: &WalkOrder,
        state: &WalkState,
        hashtag: &Hashtag,
    ) -> Result<Result<WalkEstimate, &'static str>, CatalogError> {
        if !state.stop_reason.is_some_and(StopReason::fetched_all) {
            return Ok(Err("this walk ended before it had all that the upstream gives"));
        }
        let (store, region, videos) = (&self.inner.store, order.region(), state.seen.videos());
        let earlier = store.previous_walk_run(hashtag.row, region, began).await?;
        let estimate = match &earlier {
            None => Err("no earlier walk of this hashtag and region was finished before this one began"),
            Some(run) => match Recapture::of(&run.videos, &videos) {
                None => Err("one of the two walks saw nothing"),
                Some(recapture) => Ok(estimated(recapture, run.job_id)),
            },
        };
        if !videos.is_empty() {
            let at = self.inner.clock.now();
            store.write_walk_run(WalkRun { hashtag: hashtag.row, region, job_id, at, videos }).await?;
        }
        Ok(estimate)
    }
}

fn estimated(recapture: Recapture, earlier: JobId) -> WalkEstimate {
    let (low, high) = recapture.interval();
    WalkEstimate {
        videos: recapture.estimate(),
        low,
        high,
        is_firm: recapture.is_firm(),
        both: recapture.both,
        earlier_unique: recapture.first,
        earlier_walk: earlier.to_string(),
    }
}

/// Splits a result into its value and the reason if there is none.
fn split<T>(result: Result<T, &'static str>) -> (Option<T>, Option<String>) {
    match result {
        Ok(value) => (Some(value), None),
        Err(reason) => (None, Some(reason.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::WalkCounters;
    use domain::hashtag::{Observed, ReportedTimes};
    use domain::observation::{HashtagCounts, HashtagDetails};
    use domain::{HashtagRow, Tag};

    fn hashtag(reported: Option<Count>, stored: u64) -> Hashtag {
        Hashtag {
            row: HashtagRow(1),
            id: None,
            assigned_id: None,
            tag: Tag::new("cat").expect("a tag"),
            reported: HashtagCounts { videos: reported, ..HashtagCounts::default() },
            as_read: domain::hashtag::AsReadCounts::default(),
            reported_times: ReportedTimes::default(),
            observed: Observed { videos: stored, ..Observed::default() },
            details: HashtagDetails::default(),
            changed: 1,
        }
    }

    fn reason(unique: u64, reported: Option<Count>, stored: u64) -> &'static str {
        let counters = WalkCounters { unique, ..WalkCounters::default() };
        end_reason(&WalkState { counters, ..WalkState::default() }, Some(&hashtag(reported, stored))).name()
    }

    #[test]
    fn an_end_differs_from_a_ceiling() {
        for (unique, reported, stored, want) in [
            (120, None, 120, "end"),
            (500, None, 500, "cap"),
            (5_000, None, 5_000, "cap"),
            (4_999, None, 4_999, "end"),
            (120, None, 134, "cap"),
            (120, None, 133, "end"),
            (500, Count::exact(500), 500, "end"),
            (500, Count::exact(499), 500, "end"),
            (500, Count::exact(505), 500, "cap"),
            (900, Count::exact(1_000), 900, "end"),
            (899, Count::exact(1_000), 899, "cap"),
            (15_950, Count::rounded(16_000), 15_950, "end"),
            (5_000, Count::rounded(16_400_000), 5_000, "cap"),
        ] {
            assert_eq!(reason(unique, reported, stored), want, "{unique} of {reported:?}, {stored} stored");
        }
    }

    #[test]
    fn a_ceiling_is_seen_through_repeats_and_by_the_cursor() {
        let ceiling =
            |counters, cursor| end_reason(&WalkState { counters, cursor, ..WalkState::default() }, None);
        let repeated = WalkCounters { unique: 480, duplicate: 15, rejects: 5, ..WalkCounters::default() };
        assert_eq!(ceiling(repeated, 0), StopReason::Cap);
        let few = WalkCounters { unique: 480, duplicate: 15, ..WalkCounters::default() };
        assert_eq!((ceiling(few, 0), ceiling(few, 500)), (StopReason::End, StopReason::Cap));
    }
}
