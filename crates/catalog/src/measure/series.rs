//! The series of a hashtag, ready to be measured.

use crate::{Catalog, CatalogError};
use domain::metrics::series::{Reading, Series};
use domain::observation::HashtagCounts;
use domain::{Count, HashtagRow, SourceSet, Timestamp};
use store::snapshots::Snapshot;

/// The three series of a hashtag.
#[derive(Debug, Clone, Default)]
pub(crate) struct HashtagSeries {
    pub(crate) views: Series,
    pub(crate) creators: Series,
    pub(crate) videos: Series,
    pub(crate) sources: SourceSet,
    /// When the first and the last reading was made.
    pub(crate) first_at: Option<Timestamp>,
    pub(crate) last_at: Option<Timestamp>,
    /// Readings of views.
    pub(crate) readings: u64,
}

/// One count of readings, where it was told.
pub(super) fn readings_of(
    snapshots: &[Snapshot<HashtagCounts>],
    count: fn(&HashtagCounts) -> Option<Count>,
) -> Vec<Reading> {
    let reading = |snapshot: &Snapshot<HashtagCounts>| {
        let count = count(&snapshot.counts)?;
        Some(Reading { at: snapshot.observed_at, count, source: snapshot.source })
    };
    snapshots.iter().filter_map(reading).collect()
}

impl HashtagSeries {
    pub(super) fn of(snapshots: &[Snapshot<HashtagCounts>]) -> Self {
        let views = readings_of(snapshots, |counts| counts.views);
        Self {
            readings: views.len() as u64,
            views: Series::repaired(&views),
            creators: Series::repaired(&readings_of(snapshots, |counts| counts.creators)),
            videos: Series::repaired(&readings_of(snapshots, |counts| counts.videos)),
            sources: snapshots.iter().map(|snapshot| snapshot.source).collect(),
            first_at: snapshots.first().map(|snapshot| snapshot.observed_at),
            last_at: snapshots.last().map(|snapshot| snapshot.observed_at),
        }
    }
}

impl Catalog {
    /// All readings of a hashtag, in order of time.
    pub(super) async fn snapshots_of(
        &self,
        hashtag: HashtagRow,
    ) -> Result<Vec<Snapshot<HashtagCounts>>, CatalogError> {
        Ok(self.inner.store.hashtag_snapshots(hashtag, None, u32::MAX).await?)
    }

    /// The series of a hashtag.
    pub(super) async fn series(&self, hashtag: HashtagRow) -> Result<HashtagSeries, CatalogError> {
        Ok(HashtagSeries::of(&self.snapshots_of(hashtag).await?))
    }
}
