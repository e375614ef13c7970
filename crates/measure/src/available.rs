//! Period of the stored data of a hashtag, for answers that are empty because another period was requested.

use crate::Measure;
use crate::{AvailableView, HistoryMetric, MeasureError};
use domain::{Hashtag, Timestamp, UtcDay};
use std::fmt;
use store::snapshots::readings_of;

/// First and last moment of stored data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataPeriod {
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

impl DataPeriod {
    /// Returns the period that spans both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }

    pub(super) fn of(times: impl Iterator<Item = Timestamp>) -> Option<Self> {
        times.fold(None, |all: Option<Self>, at| {
            let one = Self { first: at, last: at };
            Some(all.map_or(one, |all| all.and(one)))
        })
    }
}

/// `from 2024-03-01 to 2024-05-31`, by days in UTC.
impl fmt::Display for DataPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} to {}", UtcDay::of(self.first), UtcDay::of(self.last))
    }
}

impl Measure {
    /// Returns the period of the readings of a count of a hashtag; `None` if there are none.
    pub async fn readings_period(
        &self,
        hashtag: &Hashtag,
        metric: HistoryMetric,
    ) -> Result<Option<DataPeriod>, MeasureError> {
        let snapshots = self.snapshots_of(hashtag.row).await?;
        let readings = readings_of(&snapshots, metric.count());
        Ok(DataPeriod::of(readings.iter().map(|reading| reading.at)))
    }

    /// Returns the period of [`Measure::posts_period`] for an answer that `is_empty`.
    pub(super) async fn available_posts(
        &self,
        hashtag: &Hashtag,
        is_empty: bool,
    ) -> Result<Option<AvailableView>, MeasureError> {
        Ok(if is_empty { self.posts_period(hashtag).await?.map(AvailableView::from) } else { None })
    }

    /// Returns the period in which the stored videos of a hashtag were posted; `None` if there are none, or
    /// their times are unknown.
    pub async fn posts_period(&self, hashtag: &Hashtag) -> Result<Option<DataPeriod>, MeasureError> {
        let sample = self.sample(hashtag, |_| true).await?;
        Ok(DataPeriod::of(sample.iter().filter_map(|video| video.created_at())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_shown_by_its_days() {
        let at = |text| Timestamp::parse(text).expect("a time");
        let times = ["2024-03-02", "2024-03-01T23:59:59Z", "2024-05-31"].map(at);
        let period = DataPeriod::of(times.into_iter());
        assert_eq!(period.map(|period| period.to_string()).as_deref(), Some("from 2024-03-01 to 2024-05-31"));
        assert_eq!(DataPeriod::of(std::iter::empty()), None);
    }
}
