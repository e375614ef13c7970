//! What is held of a hashtag.

use crate::observation::{HashtagCounts, HashtagDetails};
use crate::{HashtagId, Tag, Timestamp};

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
    /// The newest totals that were told.
    pub reported: HashtagCounts,
    /// When the newest of them were read, where that was told.
    pub reported_at: Option<Timestamp>,
    /// What the videos held add up to.
    pub observed: Observed,
    /// What else the record says.
    pub details: HashtagDetails,
    /// Change sequence of the store at the last change of this hashtag or of a video under it.
    pub changed: u64,
}

/// Sums over the videos that are held under a hashtag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    /// Videos held.
    pub videos: u64,
    /// Sum of their plays, where told.
    pub views: u64,
    /// Distinct authors among them, where told.
    pub creators: u64,
}

impl Hashtag {
    /// `view_count`: as reported when that is known, else the sum of plays held.
    pub fn views(&self) -> Total {
        total(self.reported.views, self.observed.views)
    }

    /// `user_count`: as reported when that is known, else the distinct authors held.
    pub fn creators(&self) -> Total {
        total(self.reported.creators, self.observed.creators)
    }

    /// Posts under it: as reported when that is known, else the videos held.
    pub fn videos(&self) -> Total {
        total(self.reported.videos, self.observed.videos)
    }

    /// What it is ranked by in search.
    pub fn reach(&self) -> u64 {
        self.views().value
    }
}

fn total(reported: Option<crate::Count>, observed: u64) -> Total {
    match reported {
        Some(count) => Total { value: count.value(), basis: Basis::Reported, rounded: count.is_rounded() },
        None => Total { value: observed, basis: Basis::Observed, rounded: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Count;

    #[test]
    fn a_reported_total_wins_even_when_it_is_smaller() {
        assert_eq!(total(Count::exact(5), 9), Total { value: 5, basis: Basis::Reported, rounded: false });
        assert_eq!(total(None, 9), Total { value: 9, basis: Basis::Observed, rounded: false });
    }
}
