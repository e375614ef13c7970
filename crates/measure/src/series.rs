//! The series of a hashtag, ready to be measured.

use crate::{Measure, MeasureError};
use catalog::CatalogError;
use domain::metrics::series::Series;
use domain::observation::HashtagCounts;
use domain::{Hashtag, HashtagRow, SourceSet, Timestamp};
use store::snapshots::{Snapshot, readings_of};
use store::standings::Standings;

/// The three series of a hashtag.
#[derive(Debug, Clone, Default)]
pub(crate) struct HashtagSeries {
    pub(crate) views: Series,
    pub(crate) creators: Series,
    pub(crate) videos: Series,
    pub(crate) sources: SourceSet,
    /// Time of the first reading.
    pub(crate) first_at: Option<Timestamp>,
    /// Time of the last reading.
    pub(crate) last_at: Option<Timestamp>,
    /// Number of readings of views.
    pub(crate) readings: u64,
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

    /// Returns the counts that differ from the newest reading after repair.
    pub(super) fn standings(&self) -> Standings {
        Standings::of([&self.views, &self.creators, &self.videos])
    }
}

impl Measure {
    /// Returns all readings of a hashtag that had come in, in order of time.
    pub(super) async fn snapshots_of(
        &self,
        hashtag: HashtagRow,
    ) -> Result<Vec<Snapshot<HashtagCounts>>, CatalogError> {
        let store = &self.inner.store;
        Ok(match self.as_of() {
            Some(as_of) => store.hashtag_snapshots_as_of(hashtag, as_of).await?,
            None => store.hashtag_snapshots(hashtag, None, u32::MAX).await?,
        })
    }

    /// Returns the number of readings of a hashtag.
    pub async fn readings_count(&self, hashtag: &Hashtag) -> Result<u64, MeasureError> {
        Ok(match self.as_of() {
            Some(_) => self.snapshots_of(hashtag.row).await?.len() as u64,
            None => self.inner.store.hashtag_snapshots_count(hashtag.row).await?,
        })
    }

    /// Returns the series of a hashtag.
    pub(super) async fn series(&self, hashtag: HashtagRow) -> Result<HashtagSeries, CatalogError> {
        Ok(HashtagSeries::of(&self.snapshots_of(hashtag).await?))
    }
}
