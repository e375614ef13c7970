//! The series of a tracker: readings and gaps of a stretch of time, so that a curve needs one call. Reading it is free.

use crate::gaps::GapView;
use crate::{Tracking, TrackingError};
use domain::tracking::{Span, SpanKind, TrackerSource};
use domain::{AccountId, Count, Timestamp, TrackerId};
use serde::Serialize;
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
        let until = range.until.unwrap_or_else(|| Timestamp::from_ms(self.now().as_ms().saturating_add(1)));
        let Some(tag) = tracked.target.hashtag() else {
            let why = "a keyword has no series; name a hashtag".to_owned();
            return Err(TrackingError::Field { field: "hashtag", why });
        };
        let mut readings = match self.store().hashtag_by_key(tag.key()).await? {
            Some(hashtag) => {
                let after = Timestamp::from_ms(from.as_ms().saturating_sub(1));
                self.store().hashtag_snapshots(hashtag.row, Some(after), READINGS_PER_PAGE + 1).await?
            }
            None => Vec::new(),
        };
        readings.retain(|reading| reading.observed_at < until);
        // A page ends between two moments, so that readings of one moment stay together.
        let next = readings.get(READINGS_PER_PAGE as usize).map(|reading| reading.observed_at);
        readings.retain(|reading| next.is_none_or(|next| reading.observed_at < next));
        let end = next.unwrap_or(until);
        let spans = self.spans_between(&tracker, &tracked, from, end).await?;
        let mut runs = spans.windows(2).filter_map(|pair| match pair {
            [gap, run] if matches!(gap.kind, SpanKind::Gap(_)) && gap.until == run.from => Some(*run),
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

    /// Returns the spans that overlap a stretch of time, and the one before them, oldest first.
    async fn spans_between(
        &self,
        tracker: &Tracker,
        tracked: &TrackedHashtag,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Span>, TrackingError> {
        if tracker.settings.source == TrackerSource::None {
            let (mut spans, _) = self.watched(tracked).await?;
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
            for span in page {
                before = span.from;
                let is_before = span.until <= from;
                spans.push(span);
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
