//! The stored record of a hashtag.

use crate::observation::{HashtagCounts, HashtagDetails};
use crate::{CaveatSet, Count, HashtagId, SourceSet, Tag, Timestamp};
use strum::IntoStaticStr;

/// The number a hashtag has in this store: small, never reused, never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HashtagRow(pub u32);

/// The basis of a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Basis {
    /// Reported by TikTok or an upstream.
    Reported,
    /// Added up from the stored videos.
    Observed,
}

impl Basis {
    /// `reported` or `observed`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A total and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The number.
    pub value: u64,
    /// Reported or observed.
    pub basis: Basis,
    /// True if rounded for display. Observed sums never are.
    pub rounded: bool,
}

/// A hashtag's record.
#[derive(Debug, Clone, PartialEq)]
pub struct Hashtag {
    /// Its number in the store.
    pub row: HashtagRow,
    /// TikTok's id, once known.
    pub id: Option<HashtagId>,
    /// The assigned id, if it differs from the usual one of the tag because another hashtag has that.
    pub assigned_id: Option<HashtagId>,
    /// Name and key.
    pub tag: Tag,
    /// The newest reported totals, after the repair of their series: the last readings that count.
    pub reported: HashtagCounts,
    /// The newest readings of the totals, if the repair omits or changes them.
    pub as_read: AsReadCounts,
    /// When the newest of each of them was read.
    pub reported_times: ReportedTimes,
    /// Sums over the stored videos.
    pub observed: Observed,
    /// Further details of the record.
    pub details: HashtagDetails,
    /// Change sequence of the store at the last change of this hashtag or of a video under it.
    pub changed: u64,
}

/// The newest reading of a total, beside the total that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsRead {
    /// The count as it was read.
    pub count: Count,
    /// When it was read.
    pub at: Timestamp,
    /// Reading time of the total that counts: earlier, or equal.
    pub counted_at: Timestamp,
}

/// The newest readings of a hashtag's totals, each `None` if it counts unchanged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AsReadCounts {
    /// Views.
    pub views: Option<AsRead>,
    /// Creators.
    pub creators: Option<AsRead>,
    /// Videos.
    pub videos: Option<AsRead>,
}

/// Sums over the stored videos of a hashtag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    /// Number of stored videos.
    pub videos: u64,
    /// Sum of their plays, where known. `None` when it is above [`crate::count::COUNT_MAX`].
    pub views: Option<u64>,
    /// Distinct creators among them, where known.
    pub creators: u64,
    /// Creators among them known by handle only.
    pub by_handle: u64,
    /// The newest reading of any of them, where one has a time.
    pub read_at: Option<Timestamp>,
    /// Sources of the videos.
    pub sources: SourceSet,
    /// Caveats of the sums.
    pub caveats: CaveatSet,
}

/// When each reported total was read; `None` where it is not reported or its source gives no time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportedTimes {
    /// Time of the views.
    pub views: Option<Timestamp>,
    /// Time of the creators.
    pub creators: Option<Timestamp>,
    /// Time of the videos.
    pub videos: Option<Timestamp>,
}

impl ReportedTimes {
    /// In the order views, creators, videos.
    pub const fn from_array([views, creators, videos]: [Option<Timestamp>; 3]) -> Self {
        Self { views, creators, videos }
    }
}

/// The views and creators of a hashtag on one basis, as the contract answers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneBasis {
    /// `view_count`; `None` where it is unknown on this basis.
    pub views: Option<Total>,
    /// `user_count`; `None` where it is unknown on this basis.
    pub creators: Option<Total>,
    /// Reported: when the older of the two was read. Observed: the newest reading of the videos. `None` where no source
    /// gave a time.
    pub read_at: Option<Timestamp>,
}

impl Hashtag {
    /// The id in answers: TikTok's once known, else the assigned one.
    pub fn public_id(&self) -> HashtagId {
        self.id.or(self.assigned_id).unwrap_or_else(|| HashtagId::assigned(self.tag.key(), 0))
    }

    /// When each reported total that counts was read: earlier than the newest reading where the repair leaves that out.
    pub fn counted_times(&self) -> ReportedTimes {
        let ReportedTimes { views, creators, videos } = self.reported_times;
        let counted = |as_read: Option<AsRead>, at| as_read.map(|as_read| as_read.counted_at).or(at);
        ReportedTimes {
            views: counted(self.as_read.views, views),
            creators: counted(self.as_read.creators, creators),
            videos: counted(self.as_read.videos, videos),
        }
    }

    /// When the newest reported total was read, where a source gave a time.
    pub fn reported_at(&self) -> Option<Timestamp> {
        let ReportedTimes { views, creators, videos } = self.reported_times;
        views.max(creators).max(videos)
    }

    /// Views and creators, both reported where either is, else both observed. A sum of two stored videos never stands
    /// beside a total that TikTok reported.
    pub fn on_one_basis(&self) -> OneBasis {
        let is_reported = self.reported.views.is_some() || self.reported.creators.is_some();
        let fits = |total: &Total| !is_reported || total.basis == Basis::Reported;
        let (views, creators) = (self.views().filter(fits), self.creators().filter(fits));
        let at = self.counted_times();
        let times = [at.views.filter(|_| views.is_some()), at.creators.filter(|_| creators.is_some())];
        let read_at = if is_reported { times.into_iter().flatten().min() } else { self.observed.read_at };
        OneBasis { views, creators, read_at }
    }

    /// Returns `view_count`: as reported if known, otherwise the sum of stored plays; `None` without stored
    /// videos.
    pub fn views(&self) -> Option<Total> {
        self.total(self.reported.views, self.observed.views)
    }

    /// `user_count`: as reported when that is known, else the distinct creators of the stored videos; `None` when no
    /// creator of a stored video is known.
    pub fn creators(&self) -> Option<Total> {
        let total = self.total(self.reported.creators, Some(self.observed.creators));
        total.filter(|total| total.basis == Basis::Reported || total.value > 0)
    }

    /// Returns the number of posts: as reported if known, otherwise the stored videos; `None` if there are
    /// none.
    pub fn videos(&self) -> Option<Total> {
        self.total(self.reported.videos, Some(self.observed.videos))
    }

    /// Returns the ranking key in search: views, 0 if unknown.
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
            assigned_id: None,
            tag: Tag::new("cat").expect("a tag"),
            reported: HashtagCounts { views, ..HashtagCounts::default() },
            as_read: AsReadCounts::default(),
            reported_times: ReportedTimes::default(),
            observed,
            details: HashtagDetails::default(),
            changed: 1,
        }
    }

    #[test]
    fn a_reported_total_wins_even_when_it_is_smaller_and_nothing_is_not_0() {
        let sums = Observed { videos: 2, views: Some(9), ..Observed::default() };
        let reported = Total { value: 5, basis: Basis::Reported, rounded: false };
        assert_eq!(hashtag(Count::exact(5), sums).views(), Some(reported));
        let observed = Total { value: 9, basis: Basis::Observed, rounded: false };
        assert_eq!(hashtag(None, sums).views(), Some(observed));
        let too_many = Observed { videos: 2, views: None, ..Observed::default() };
        assert_eq!(hashtag(None, too_many).views(), None, "a sum above 2^53 is unknown");
        assert_eq!(hashtag(None, Observed::default()).views(), None);
        assert_eq!(hashtag(Count::exact(5), Observed::default()).creators(), None);
        assert_eq!(hashtag(None, Observed::default()).reach(), 0);
        let nobody = Observed { videos: 2, views: Some(9), ..Observed::default() };
        assert_eq!(hashtag(None, nobody).creators(), None, "videos have authors, known or not");
    }

    fn both(views: Option<u64>, creators: Option<u64>, observed: Observed) -> Hashtag {
        let mut both = hashtag(views.and_then(Count::exact), observed);
        both.reported.creators = creators.and_then(Count::exact);
        both
    }

    #[test]
    fn views_and_creators_stand_on_one_basis() {
        let sums = Observed { videos: 185, views: Some(9), creators: 2, ..Observed::default() };
        let values = |hashtag: Hashtag| {
            let both = hashtag.on_one_basis();
            let parts = |total: Option<Total>| total.map(|total| (total.value, total.basis.name()));
            (parts(both.views), parts(both.creators))
        };
        let reported = |n| Some((n, "reported"));
        assert_eq!(values(both(Some(151_200_000_000), None, sums)), (reported(151_200_000_000), None));
        assert_eq!(values(both(None, Some(7), sums)), (None, reported(7)));
        assert_eq!(values(both(Some(5), Some(7), sums)), (reported(5), reported(7)));
        assert_eq!(values(both(None, None, sums)), (Some((9, "observed")), Some((2, "observed"))));
        assert_eq!(values(both(None, None, Observed::default())), (None, None));
    }

    #[test]
    fn the_time_of_a_basis_is_that_of_its_own_counts() {
        let [old, new, held_at] = [1, 2, 3].map(|ms| Some(Timestamp::from_ms(ms)));
        let sums =
            Observed { videos: 1, views: Some(9), creators: 1, read_at: held_at, ..Observed::default() };
        let read = |views, creators| {
            let times = ReportedTimes { views: new, creators: old, videos: None };
            Hashtag { reported_times: times, ..both(views, creators, sums) }.on_one_basis().read_at
        };
        assert_eq!(read(Some(5), None), new);
        assert_eq!(read(Some(5), Some(7)), old, "no count is older than the answer says");
        assert_eq!(read(None, None), held_at);
    }

    #[test]
    fn an_id_of_tiktok_replaces_the_assigned_one() {
        let usual = HashtagId::assigned(hashtag(None, Observed::default()).tag.key(), 0);
        let with =
            |id, assigned_id| Hashtag { id, assigned_id, ..hashtag(None, Observed::default()) }.public_id();
        assert_eq!(with(None, None), usual);
        let other = "9123456789012345678".parse().ok();
        assert_eq!(Some(with(None, other)), other);
        let own = "7551".parse().ok();
        assert_eq!(Some(with(own, other)), own);
    }
}
