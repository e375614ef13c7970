//! From when to when something is held of a hashtag: for answers that are empty because another time was requested.

use crate::Measure;
use crate::{AvailableView, HistoryMetric, MeasureError};
use domain::{Hashtag, Timestamp, UtcDay};
use std::fmt;
use store::snapshots::readings_of;

/// The first and the last moment of what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

impl Held {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }

    pub(super) fn of(times: impl Iterator<Item = Timestamp>) -> Option<Self> {
        times.fold(None, |held: Option<Self>, at| {
            let one = Self { first: at, last: at };
            Some(held.map_or(one, |held| held.and(one)))
        })
    }
}

/// `from 2024-03-01 to 2024-05-31`, by days in UTC.
impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} to {}", UtcDay::of(self.first), UtcDay::of(self.last))
    }
}

impl Measure {
    /// From when to when a count of a hashtag was read; `None` if it never was.
    pub async fn readings_held(
        &self,
        hashtag: &Hashtag,
        metric: HistoryMetric,
    ) -> Result<Option<Held>, MeasureError> {
        let snapshots = self.snapshots_of(hashtag.row).await?;
        let readings = readings_of(&snapshots, metric.count());
        Ok(Held::of(readings.iter().map(|reading| reading.at)))
    }

    /// The same as of [`Measure::posts_held`], of an answer that `is_empty`.
    pub(super) async fn available_posts(
        &self,
        hashtag: &Hashtag,
        is_empty: bool,
    ) -> Result<Option<AvailableView>, MeasureError> {
        Ok(if is_empty { self.posts_held(hashtag).await?.map(AvailableView::from) } else { None })
    }

    /// From when to when the videos were posted that are held under a hashtag; `None` if there are none, or their times are
    /// not known.
    pub async fn posts_held(&self, hashtag: &Hashtag) -> Result<Option<Held>, MeasureError> {
        let sample = self.sample(hashtag, |_| true).await?;
        Ok(Held::of(sample.iter().filter_map(|video| video.created_at())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_are_told_by_their_days() {
        let at = |text| Timestamp::parse(text).expect("a time");
        let held = Held::of([at("2024-03-02"), at("2024-03-01T23:59:59Z"), at("2024-05-31")].into_iter());
        assert_eq!(held.map(|held| held.to_string()).as_deref(), Some("from 2024-03-01 to 2024-05-31"));
        assert_eq!(Held::of(std::iter::empty()), None);
    }
}
