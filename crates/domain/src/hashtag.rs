//! What is held of a hashtag.

use crate::observation::{HashtagCounts, HashtagDetails};
use crate::{CaveatSet, Count, HashtagId, SourceSet, Tag, Timestamp};

/// The number a hashtag has in this store: small, never reused, never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HashtagRow(pub u32);

/// Where a total comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Told by TikTok or an upstream.
    Reported,
    /// Added up from the videos that are held.
    Observed,
}

impl Basis {
    /// `reported` or `observed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Observed => "observed",
        }
    }
}

/// A total and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The number.
    pub value: u64,
    /// Told or added up.
    pub basis: Basis,
    /// Whether it was rounded for display. Sums of what is held are never marked so.
    pub rounded: bool,
}

/// A hashtag's record.
#[derive(Debug, Clone, PartialEq)]
pub struct Hashtag {
    /// Its number in the store.
    pub row: HashtagRow,
    /// TikTok's id, once known.
    pub id: Option<HashtagId>,
    /// Name and key.
    pub tag: Tag,
    /// The newest reported totals, after the repair of their series: the last kept readings.
    pub reported: HashtagCounts,
    /// The newest readings of the totals, where the repair leaves them out or changes them.
    pub as_read: AsReadCounts,
    /// When the newest of them were read, where that was told.
    pub reported_at: Option<Timestamp>,
    /// What the videos held add up to.
    pub observed: Observed,
    /// What else the record says.
    pub details: HashtagDetails,
    /// Change sequence of the store at the last change of this hashtag or of a video under it.
    pub changed: u64,
}

/// The newest reading of a total beside the total that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsRead {
    /// The count as it was read.
    pub count: Count,
    /// When it was read.
    pub at: Timestamp,
    /// When the total that counts was read: earlier, or at the same time.
    pub counted_at: Timestamp,
}

/// The newest readings of a hashtag's totals, each `None` where it counts as it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AsReadCounts {
    /// Of the views.
    pub views: Option<AsRead>,
    /// Of the creators.
    pub creators: Option<AsRead>,
    /// Of the videos.
    pub videos: Option<AsRead>,
}

/// Sums over the videos that are held under a hashtag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    /// Videos held.
    pub videos: u64,
    /// Sum of their plays, where known. `None` when it is above [`crate::count::COUNT_MAX`].
    pub views: Option<u64>,
    /// Distinct authors among them, where told.
    pub creators: u64,
    /// By which ways they came.
    pub sources: SourceSet,
    /// What has to be said of their sums.
    pub caveats: CaveatSet,
}

impl Hashtag {
    /// `view_count`: as reported when that is known, else the sum of plays held; `None` when no video is held either.
    pub fn views(&self) -> Option<Total> {
        self.total(self.reported.views, self.observed.views)
    }

    /// `user_count`: as reported when that is known, else the distinct authors held; `None` when no author of a video that
    /// is held is known, as where a source tells handles and no ids.
    pub fn creators(&self) -> Option<Total> {
        let total = self.total(self.reported.creators, Some(self.observed.creators));
        total.filter(|total| total.basis == Basis::Reported || total.value > 0)
    }

    /// Posts under it: as reported when that is known, else the videos held; `None` when there are none.
    pub fn videos(&self) -> Option<Total> {
        self.total(self.reported.videos, Some(self.observed.videos))
    }

    /// What it is ranked by in search: its views, 0 while nothing is known of them.
    pub fn reach(&self) -> u64 {
        self.views().map_or(0, |total| total.value)
    }

    fn total(&self, reported: Option<Count>, observed: Option<u64>) -> Option<Total> {
        match reported {
            Some(count) => {
                Some(Total { value: count.value(), basis: Basis::Reported, rounded: count.is_rounded() })
            }
            None if self.observed.videos == 0 => None,
            None => observed.map(|value| Total { value, basis: Basis::Observed, rounded: false }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashtag(views: Option<Count>, observed: Observed) -> Hashtag {
        Hashtag {
            row: HashtagRow(1),
            id: None,
            tag: Tag::new("cat").expect("a tag"),
            reported: HashtagCounts { views, ..HashtagCounts::default() },
            as_read: AsReadCounts::default(),
            reported_at: None,
            observed,
            details: HashtagDetails::default(),
            changed: 1,
        }
    }

    #[test]
    fn a_reported_total_wins_even_when_it_is_smaller_and_nothing_is_not_0() {
        let held = Observed { videos: 2, views: Some(9), ..Observed::default() };
        let reported = Total { value: 5, basis: Basis::Reported, rounded: false };
        assert_eq!(hashtag(Count::exact(5), held).views(), Some(reported));
        let observed = Total { value: 9, basis: Basis::Observed, rounded: false };
        assert_eq!(hashtag(None, held).views(), Some(observed));
        let too_many = Observed { videos: 2, views: None, ..Observed::default() };
        assert_eq!(hashtag(None, too_many).views(), None, "a sum above 2^53 is unknown");
        assert_eq!(hashtag(None, Observed::default()).views(), None);
        assert_eq!(hashtag(Count::exact(5), Observed::default()).creators(), None);
        assert_eq!(hashtag(None, Observed::default()).reach(), 0);
        let nobody = Observed { videos: 2, views: Some(9), ..Observed::default() };
        assert_eq!(hashtag(None, nobody).creators(), None, "videos have authors, known or not");
    }
}
