//! Gaps: the slots of a tracker that were not read, and why.
//!
//! Of a tracker that reads from a source, they are stored once a slot has passed. A tracker without one only watches: its
//! gaps are the slots for which the series has no reading, and an import of older readings closes them.

use crate::names::GapReasonName;
use crate::{Tracking, TrackingError};
use domain::tracking::{GapReason, Keyword, Slots, Span, SpanKind, Target, TrackerSource};
use domain::{AccountId, TagKey, Timestamp, TrackerId};
use serde::Serialize;
use store::tracked::SpansOf;
use store::trackers::{TrackedHashtag, Tracker};
use utoipa::ToSchema;

/// Gaps of a page.
pub const GAPS_PER_PAGE: usize = 100;
/// Milliseconds of an hour.
const HOUR_MS: f64 = 3_600_000.0;

/// A stretch of time without a reading.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Gap)]
pub struct GapView {
    /// First moment.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
    /// Its length in hours.
    #[schema(example = 24.0)]
    pub hours: f64,
    /// Reason: `asleep` (no worker ran), `budget` (budget, balance or calls of the day used up), `source_down`, `not_found`,
    /// `disabled` (paused), `no_upstream`, or `no_reading` (nothing was imported, for a tracker that watches imports).
    #[schema(value_type = GapReasonName, inline, example = "source_down")]
    pub reason: &'static str,
}

/// A page of gaps, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct GapsPage {
    /// The hashtag.
    pub hashtag: String,
    /// The gaps.
    pub gaps: Vec<GapView>,
    /// Beginning of the next page; `None` if this is the last.
    pub next: Option<Timestamp>,
}

impl GapView {
    /// Returns the view of a span; `None` if it was read.
    pub(crate) fn of(span: &Span) -> Option<Self> {
        let SpanKind::Gap(reason) = span.kind else { return None };
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of at most some centuries")]
        let hours = (span.until.as_ms() - span.from.as_ms()) as f64 / HOUR_MS;
        Some(Self { from: span.from, until: span.until, hours, reason: reason.name() })
    }
}

impl Tracking {
    /// Returns a page of gaps of a hashtag of a tracker, newest first, that begin before `before`.
    pub async fn gaps(
        &self,
        account_id: AccountId,
        id: TrackerId,
        hashtag: Option<&str>,
        before: Option<Timestamp>,
    ) -> Result<GapsPage, TrackingError> {
        let (tracker, tracked) = self.tracked_named(account_id, id, hashtag).await?;
        let mut spans = match tracker.settings.source {
            TrackerSource::None => {
                let (mut gaps, _) = self.watched(&tracked, None).await?;
                gaps.retain(|span| {
                    matches!(span.kind, SpanKind::Gap(_)) && before.is_none_or(|before| span.from < before)
                });
                gaps.reverse();
                gaps
            }
            TrackerSource::Upstream => {
                let key = &tracked.target.key();
                let limit = GAPS_PER_PAGE + 1;
                self.store().tracker_spans(account_id, id, key, SpansOf::Gaps, before, limit).await?
            }
        };
        let has_more = spans.len() > GAPS_PER_PAGE;
        spans.truncate(GAPS_PER_PAGE);
        let next = spans.last().map(|span| span.from).filter(|_| has_more);
        let gaps = spans.iter().filter_map(GapView::of).collect();
        Ok(GapsPage { hashtag: tracked.target.name().to_owned(), gaps, next })
    }

    /// Returns a tracker and the hashtag of it that is named; it may be left out where there is only one.
    pub(crate) async fn tracked_named(
        &self,
        account_id: AccountId,
        id: TrackerId,
        hashtag: Option<&str>,
    ) -> Result<(Tracker, TrackedHashtag), TrackingError> {
        let tracker = self.store().tracker(account_id, id).await?.ok_or(TrackingError::NotFound)?;
        let wrong = |why| TrackingError::Field { field: "hashtag", why };
        let tracked = match hashtag {
            Some(name) => {
                let tag = domain::Tag::of_typed(name);
                let tracked = match &tag {
                    Ok(tag) => self.store().tracked_hashtag(account_id, id, &tag.key().into()).await?,
                    Err(_) => None,
                };
                let keyword = tracker.settings.keyword.as_ref();
                let keyword = keyword.filter(|keyword| name.parse::<Keyword>().as_ref() == Ok(*keyword));
                match (tracked, keyword) {
                    (None, Some(keyword)) => {
                        self.store().tracked_hashtag(account_id, id, &keyword.into()).await?
                    }
                    (None, None) => tag.map(|_| None).map_err(|why| wrong(why.to_string()))?,
                    (tracked, _) => tracked,
                }
            }
            None => {
                let mut all = self.store().tracked_hashtags(account_id, id, None, 2).await?;
                all.retain(|tracked| !matches!(tracked.target, Target::Videos(..)));
                if all.len() > 1 {
                    return Err(wrong(format!(
                        "the tracker has {} hashtags; name one",
                        tracker.hashtag_count()
                    )));
                }
                all.pop()
            }
        };
        let tracked = tracked.ok_or_else(|| wrong("the tracker does not have this hashtag".to_owned()))?;
        Ok((tracker, tracked))
    }

    /// Returns the spans of a hashtag that is only watched: from its first reading, or from the beginning of the tracker, to
    /// the end of the last slot that is over. And the time of its last reading.
    pub(crate) async fn watched(
        &self,
        tracked: &TrackedHashtag,
        as_of: Option<Timestamp>,
    ) -> Result<(Vec<Span>, Option<Timestamp>), TrackingError> {
        let times = match tracked.target.hashtag() {
            Some(tag) => self.reading_times(tag.key(), as_of).await?,
            None => Vec::new(),
        };
        let slots = Slots::new(tracked.target.key().as_str(), tracked.interval);
        let now = as_of.unwrap_or_else(|| self.now());
        Ok((watched(slots, tracked.since, &times, now), times.last().copied()))
    }

    /// Returns the times of all readings of a hashtag, or of those that had come in by a moment, oldest first.
    async fn reading_times(
        &self,
        key: &TagKey,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Timestamp>, TrackingError> {
        let Some(hashtag) = self.store().hashtag_by_key(key).await? else { return Ok(Vec::new()) };
        let snapshots = match as_of {
            Some(as_of) => self.store().hashtag_snapshots_as_of(hashtag.row, as_of).await?,
            None => self.store().hashtag_snapshots(hashtag.row, None, u32::MAX).await?,
        };
        Ok(snapshots.iter().map(|snapshot| snapshot.observed_at).collect())
    }
}

/// Returns runs of slots with a reading, and gaps between them. The slot of `now` is not over: it is no gap yet.
fn watched(slots: Slots, since: Timestamp, times: &[Timestamp], now: Timestamp) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let since = times.first().map_or(since, |first| (*first).min(since));
    let mut from = slots.at(since).from;
    let gap = |spans: &mut Vec<Span>, from, until| {
        if from < until {
            spans.push(Span { from, until, kind: SpanKind::Gap(GapReason::NoReading) });
        }
    };
    for at in times.iter().filter(|at| **at <= now) {
        let slot = slots.at(*at);
        if slot.from < from {
            continue;
        }
        gap(&mut spans, from, slot.from);
        from = slot.until;
        match spans.last_mut() {
            Some(Span { until, kind: SpanKind::Read { readings }, .. }) if *until == slot.from => {
                *until = slot.until;
                *readings += 1;
            }
            _ => {
                spans.push(Span { from: slot.from, until: slot.until, kind: SpanKind::Read { readings: 1 } })
            }
        }
    }
    gap(&mut spans, from, slots.at(now).from);
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::tracking::Interval;
    use proptest::prelude::*;

    const DAY_MS: i64 = 86_400_000;

    proptest! {
        #[test]
        fn watching_agrees_with_a_look_at_every_slot(
            hours in proptest::collection::btree_set(0_i64..2_000, 0..60),
            since in 0_i64..2_000,
            ahead in 0_i64..1_000,
        ) {
            let at = |hour: i64| Timestamp::from_ms(1_800_000_000_000 + hour * 3_600_000);
            let slots = Slots::new("cat", Interval::Day);
            let times: Vec<Timestamp> = hours.iter().map(|hour| at(*hour)).collect();
            let now = at(hours.last().copied().unwrap_or(0).max(since) + ahead);
            let spans = watched(slots, at(since), &times, now);
            let first = times.first().copied().unwrap_or(at(since)).min(at(since));
            let mut slot = slots.at(first);
            let mut read = 0;
            while slot.from <= slots.at(now).from {
                let has_reading = times.iter().any(|time| slot.contains(*time));
                read += u64::from(has_reading);
                let span = spans.iter().find(|span| span.from <= slot.from && slot.until <= span.until);
                let is_over = slot.until <= slots.at(now).from;
                match span {
                    Some(span) => prop_assert_eq!(matches!(span.kind, SpanKind::Read { .. }), has_reading),
                    None => prop_assert!(!has_reading && !is_over),
                }
                slot = slots.at(slot.until);
            }
            let counted: u64 = spans.iter().map(|span| match span.kind {
                SpanKind::Read { readings } => readings,
                SpanKind::Gap(_) | SpanKind::Exempt => 0,
            }).sum();
            prop_assert_eq!(counted, read);
        }
    }

    #[test]
    fn a_gap_of_a_year_is_one_row() {
        let at = |day: i64| Timestamp::from_ms(1_800_000_000_000 + day * DAY_MS);
        let slots = Slots::new("cat", Interval::Day);
        let spans = watched(slots, at(0), &[at(0), at(1), at(366)], at(366));
        let gaps: Vec<f64> = spans.iter().filter_map(GapView::of).map(|gap| gap.hours).collect();
        assert_eq!(gaps, [364.0 * 24.0]);
    }
}
