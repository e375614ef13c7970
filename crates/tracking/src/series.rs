//! The series of a tracker: readings and gaps of a stretch of time, so that a curve needs one call. Reading it is free.

use crate::gaps::GapView;
use crate::{Tracking, TrackingError};
use domain::observation::HashtagCounts;
use domain::tracking::{Span, SpanKind, TrackerSource};
use domain::{AccountId, Count, HashtagRow, Timestamp, TrackerId};
use serde::Serialize;
use store::snapshots::Snapshot;
use store::tracked::SpansOf;
use store::trackers::{TrackedHashtag, Tracker};
use utoipa::ToSchema;

/// Readings of a page.
pub const READINGS_PER_PAGE: u32 = 1_000;
/// Spans read at once.
const SPANS_PER_PAGE: usize = 1_000;

/// A reading as it was reported; repairs are in the hashtag's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrackerReading)]
pub struct ReadingView {
    /// Time of the reading.
    pub at: Timestamp,
    /// Views; `null` where the source does not report them.
    pub views: Option<u64>,
    /// Rounding step of the views: the true number is within half a step. 1 if exact.
    pub views_step: Option<u64>,
    /// Creators.
    pub creators: Option<u64>,
    /// Videos.
    pub videos: Option<u64>,
    /// Source of the reading.
    #[schema(example = "contract")]
    pub source: &'static str,
    /// True if it is the first after a gap.
    pub late: bool,
}

/// The stretch of time to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SeriesRange {
    /// First moment; `None` for the beginning of the tracker, or the first reading where it only watches.
    pub from: Option<Timestamp>,
    /// First moment after it; `None` for now.
    pub until: Option<Timestamp>,
    /// Moment as of which it is read, from the readings that had come in by then; `None` for the present.
    pub as_of: Option<Timestamp>,
}

/// A page of a series, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesPage {
    /// The hashtag.
    pub hashtag: String,
    /// The readings.
    pub readings: Vec<ReadingView>,
    /// Gaps that overlap the time of this page.
    pub gaps: Vec<GapView>,
    /// Beginning of the next page; `None` if this is the last.
    pub next: Option<Timestamp>,
}

impl Tracking {
    /// Returns a page of the series of a hashtag of a tracker.
    pub async fn series(
        &self,
        account_id: AccountId,
        id: TrackerId,
        hashtag: Option<&str>,
        range: SeriesRange,
    ) -> Result<SeriesPage, TrackingError> {
        let (tracker, tracked) = self.tracked_named(account_id, id, hashtag).await?;
        let begin = match tracker.settings.source {
            TrackerSource::None => Timestamp::from_ms(i64::MIN),
            TrackerSource::Upstream => tracked.since,
        };
        let from = range.from.unwrap_or(begin);
        let end = Timestamp::from_ms(range.as_of.unwrap_or_else(|| self.now()).as_ms().saturating_add(1));
        let until =
            range.until.map_or(end, |until| if range.as_of.is_some() { until.min(end) } else { until });
        let Some(tag) = tracked.target.hashtag() else {
            let why = "a keyword has no series; name a hashtag".to_owned();
            return Err(TrackingError::Field { field: "hashtag", why });
        };
        let mut readings = match self.store().hashtag_by_key(tag.key()).await? {
            Some(hashtag) => {
                let after = Timestamp::from_ms(from.as_ms().saturating_sub(1));
                self.readings_after(hashtag.row, after, range.as_of).await?
            }
            None => Vec::new(),
        };
        readings.retain(|reading| reading.observed_at < until);
        // A page ends between two moments, so that readings of one moment stay together.
        let next = readings.get(READINGS_PER_PAGE as usize).map(|reading| reading.observed_at);
        readings.retain(|reading| next.is_none_or(|next| reading.observed_at < next));
        let end = next.unwrap_or(until);
        let spans = self.spans_between(&tracker, &tracked, from, end, range.as_of).await?;
        let owed: Vec<Span> = spans.iter().filter(|span| span.kind != SpanKind::Exempt).copied().collect();
        let mut runs = owed.windows(2).filter_map(|pair| match pair {
            [gap, run] if matches!(gap.kind, SpanKind::Gap(_)) => Some(*run),
            _ => None,
        });
        let mut run = runs.next();
        let views = readings.into_iter().map(|reading| {
            while run.is_some_and(|run| run.until <= reading.observed_at) {
                run = runs.next();
            }
            let late = run.is_some_and(|run| run.from <= reading.observed_at);
            if late {
                run = runs.next();
            }
            ReadingView {
                at: reading.observed_at,
                views: reading.counts.views.map(Count::value),
                views_step: reading.counts.views.map(Count::resolution),
                creators: reading.counts.creators.map(Count::value),
                videos: reading.counts.videos.map(Count::value),
                source: reading.source.name(),
                late,
            }
        });
        Ok(SeriesPage {
            hashtag: tag.name().to_owned(),
            readings: views.collect(),
            gaps: spans.iter().filter(|span| span.until > from).filter_map(GapView::of).collect(),
            next,
        })
    }

    /// Returns the readings of a page and the one after them, as they are or as they were at a moment.
    async fn readings_after(
        &self,
        hashtag: HashtagRow,
        after: Timestamp,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Snapshot<HashtagCounts>>, TrackingError> {
        let most = READINGS_PER_PAGE + 1;
        let Some(as_of) = as_of else {
            return Ok(self.store().hashtag_snapshots(hashtag, Some(after), most).await?);
        };
        let mut readings = self.store().hashtag_snapshots_as_of(hashtag, as_of).await?;
        readings.retain(|reading| reading.observed_at > after);
        readings.truncate(most as usize);
        Ok(readings)
    }

    /// Returns the spans that overlap a stretch of time, and the one before them, oldest first. Slots that have passed are never
    /// filled later, so that as of a moment stored spans are those that began before it.
    async fn spans_between(
        &self,
        tracker: &Tracker,
        tracked: &TrackedHashtag,
        from: Timestamp,
        until: Timestamp,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Span>, TrackingError> {
        if tracker.settings.source == TrackerSource::None {
            let (mut spans, _) = self.watched(tracked, as_of).await?;
            spans.retain(|span| span.from < until);
            return Ok(spans);
        }
        let (account_id, id, key) = (tracker.account_id, tracker.id, &tracked.target.key());
        let (mut spans, mut before) = (Vec::<Span>::new(), until);
        loop {
            let page = self
                .store()
                .tracker_spans(account_id, id, key, SpansOf::All, Some(before), SPANS_PER_PAGE)
                .await?;
            let is_last = page.len() < SPANS_PER_PAGE;
            for mut span in page {
                before = span.from;
                span.until = as_of.map_or(span.until, |as_of| span.until.min(as_of));
                let is_before = span.until <= from;
                if span.from < span.until {
                    spans.push(span);
                }
                if is_before {
                    spans.reverse();
                    return Ok(spans);
                }
            }
            if is_last {
                spans.reverse();
                return Ok(spans);
            }
        }
    }
}
