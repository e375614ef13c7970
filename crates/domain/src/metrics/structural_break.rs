//! The break in how many hashtags a post has (metrics.md: structural break). Since about August 2025 TikTok lets a post have
//! at most [`HASHTAGS_MAX`]; what depends on how many stand beside one another is not comparable across that date. A
//! measurement that pools both sides says so, and gives each of them where both have enough videos.

use super::benchmark::{Benchmark, benchmark};
use super::engagement::VideoFigures;
use super::quantiles::VALUES_MIN;
use super::{as_f64, ratio};
use crate::{Timestamp, VideoId};
use strum::IntoStaticStr;

/// Hashtags that a post may have since the break.
pub const HASHTAGS_MAX: usize = 5;

/// The break and how well its date is known: it came between these two moments, 2025-08-01 and 2025-09-01. Of the posts of a
/// mobile feed that were made in July 2025, 8 of 19 have more hashtags than [`HASHTAGS_MAX`], of August 3 of 10, of September
/// none of 14. Posts made between the two are on neither side.
pub const BREAK: (Timestamp, Timestamp) =
    (Timestamp::from_ms(1_754_006_400_000), Timestamp::from_ms(1_756_684_800_000));

/// Videos that a hashtag must have on each side before shares of them are given by side: with fewer, chance has much to say.
pub const SIDE_VIDEOS_MIN: u64 = 30;

/// A side of the break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Side {
    /// Posted before it.
    Before,
    /// Posted after it.
    After,
}

impl Side {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Before, Self::After];

    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The side of a moment; `None` while the break came.
    pub fn of(at: Timestamp) -> Option<Self> {
        let (begins, ends) = BREAK;
        if at < begins {
            Some(Self::Before)
        } else if at >= ends {
            Some(Self::After)
        } else {
            None
        }
    }
}

/// Position of a video relative to the break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On a side.
    On(Side),
    /// Posted while the break came.
    Between,
    /// It is not known when it was posted.
    Unknown,
}

impl Place {
    /// Returns the position of a video: by its posting time, otherwise by the second in its id, which in
    /// captures is within two days of it.
    pub fn of(id: VideoId, posted: Option<Timestamp>) -> Self {
        match posted.or_else(|| id.created_at()).map(Side::of) {
            Some(Some(side)) => Self::On(side),
            Some(None) => Self::Between,
            None => Self::Unknown,
        }
    }

    /// Its side, if it is on one.
    pub const fn side(self) -> Option<Side> {
        match self {
            Self::On(side) => Some(side),
            Self::Between | Self::Unknown => None,
        }
    }
}

/// The same of each side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sides<T> {
    /// Before the break.
    pub before: T,
    /// After it.
    pub after: T,
}

impl<T> Sides<T> {
    /// Returns the value of a side.
    pub const fn of(&self, side: Side) -> &T {
        match side {
            Side::Before => &self.before,
            Side::After => &self.after,
        }
    }

    /// The same to be changed.
    pub const fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Before => &mut self.before,
            Side::After => &mut self.after,
        }
    }

    /// Makes something else of each; `None` where one of the two makes nothing.
    pub fn try_map<U>(self, make: impl Fn(T) -> Option<U>) -> Option<Sides<U>> {
        Some(Sides { before: make(self.before)?, after: make(self.after)? })
    }
}

/// Number of videos of a sample by position.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SideCounts {
    /// On each side.
    pub on: Sides<u64>,
    /// Posted while the break came.
    pub between: u64,
    /// Videos of unknown posting time.
    pub unknown: u64,
}

impl SideCounts {
    /// Counts videos by position.
    pub fn of(places: impl IntoIterator<Item = Place>) -> Self {
        let mut counts = Self::default();
        for place in places {
            match place {
                Place::On(side) => *counts.on.of_mut(side) += 1,
                Place::Between => counts.between += 1,
                Place::Unknown => counts.unknown += 1,
            }
        }
        counts
    }

    /// Returns true if posts from before and after the break may be pooled. Those posted in between may be
    /// of either kind.
    pub const fn is_pooled(&self) -> bool {
        let kinds = (self.on.before > 0) as u8 + (self.on.after > 0) as u8 + (self.between > 0) as u8;
        kinds > 1 || self.between > 1
    }

    /// Returns true if both sides have at least `videos`.
    pub const fn have(&self, videos: u64) -> bool {
        self.on.before >= videos && self.on.after >= videos
    }
}

/// Videos under a hashtag, and those that are under another one too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beside {
    /// Under both.
    pub both: u64,
    /// Under the hashtag.
    pub of: u64,
}

impl Beside {
    /// P(b|a): the share that is under the other one too. `None` of no videos.
    pub fn probability(&self) -> Option<f64> {
        ratio(as_f64(self.both), as_f64(self.of))
    }
}

/// The videos under both of two hashtags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shared {
    /// Under both.
    pub both: u64,
    /// Under the one.
    pub a: u64,
    /// Under the other.
    pub b: u64,
}

/// [`Beside`] by side, of videos that stand there and are or are not under the other hashtag. `None` unless the hashtag has
/// [`SIDE_VIDEOS_MIN`] on each.
pub fn beside_by_side(both: Sides<u64>, counts: &SideCounts) -> Option<Sides<Beside>> {
    let of = |side: Side| Beside { both: *both.of(side), of: *counts.on.of(side) };
    counts.have(SIDE_VIDEOS_MIN).then(|| Sides { before: of(Side::Before), after: of(Side::After) })
}

/// [`Shared`] by side, for which each of the two hashtags needs [`SIDE_VIDEOS_MIN`] videos on each.
pub fn shared_by_side(shared: Sides<Shared>) -> Option<Sides<Shared>> {
    shared.try_map(|side| (side.a.min(side.b) >= SIDE_VIDEOS_MIN).then_some(side))
}

/// Measures the videos of each side by their age. `None` unless each has [`VALUES_MIN`], as percentiles need.
pub fn benchmark_by_side(videos: impl IntoIterator<Item = VideoFigures>) -> Option<Sides<Benchmark>> {
    let mut by_side: Sides<Vec<VideoFigures>> = Sides::default();
    for video in videos {
        if let Some(side) = Place::of(video.video_id, video.created).side() {
            by_side.of_mut(side).push(video);
        }
    }
    by_side.try_map(|videos| (videos.len() >= VALUES_MIN).then(|| benchmark(videos)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Count;
    use crate::metrics::AgeBand;
    use crate::observation::VideoCounts;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn id(seconds: i64) -> VideoId {
        VideoId::from_i64((seconds << 32) | 77).expect("an id")
    }

    #[test]
    fn a_post_is_before_the_break_after_it_or_between() {
        let side = |text| Side::of(at(text)).map(Side::name);
        assert_eq!(side("2025-07-31T23:59:59Z"), Some("before"));
        assert_eq!(side("2025-08-01T00:00:00Z"), None);
        assert_eq!(side("2025-08-31T23:59:59Z"), None);
        assert_eq!(side("2025-09-01T00:00:00Z"), Some("after"));
    }

    #[test]
    fn a_post_without_a_time_is_placed_by_the_second_in_its_id() {
        let seconds = at("2025-10-01").as_seconds();
        assert_eq!(Place::of(id(seconds), None), Place::On(Side::After));
        assert_eq!(Place::of(id(seconds), Some(at("2025-07-01"))), Place::On(Side::Before));
        assert_eq!(Place::of(id(at("2025-08-15").as_seconds()), None), Place::Between);
        // Before TikTok, or a made-up number: no time.
        assert_eq!(Place::of(id(1_000_000), None), Place::Unknown);
        assert_eq!(Place::of(VideoId::from_i64(1).expect("an id"), None), Place::Unknown);
    }

    #[test]
    fn posts_of_one_kind_are_not_pooled() {
        let counts =
            |before, between, after, unknown| SideCounts { on: Sides { before, after }, between, unknown };
        for pure in [counts(0, 0, 0, 9), counts(5, 0, 0, 9), counts(0, 0, 5, 0), counts(0, 1, 0, 0)] {
            assert!(!pure.is_pooled(), "{pure:?}");
        }
        for pooled in [counts(1, 0, 1, 0), counts(1, 1, 0, 0), counts(0, 1, 1, 0), counts(0, 2, 0, 0)] {
            assert!(pooled.is_pooled(), "{pooled:?}");
        }
        assert!(counts(30, 0, 30, 0).have(30) && !counts(29, 50, 90, 0).have(30));
    }

    #[test]
    fn shares_by_side_need_enough_videos_of_each() {
        let counts = SideCounts { on: Sides { before: 40, after: 30 }, between: 3, unknown: 1 };
        let sides = beside_by_side(Sides { before: 10, after: 3 }, &counts).expect("sides");
        assert_eq!((sides.before.probability(), sides.after.probability()), (Some(0.25), Some(0.1)));
        let few = SideCounts { on: Sides { before: 40, after: 29 }, ..counts };
        assert_eq!(beside_by_side(Sides { before: 10, after: 3 }, &few), None);
        assert_eq!(Beside::default().probability(), None);

        let shared = |both, a, b| Shared { both, a, b };
        let sides = Sides { before: shared(4, 30, 90), after: shared(0, 31, 30) };
        assert_eq!(shared_by_side(sides), Some(sides));
        assert_eq!(shared_by_side(Sides { after: shared(0, 31, 29), ..sides }), None);
    }

    fn video(number: i64, posted: Option<Timestamp>, plays: u64) -> VideoFigures {
        VideoFigures {
            video_id: VideoId::from_i64(number + 1).expect("an id"),
            author: None,
            created: posted,
            observed_at: Some(at("2026-06-01")),
            region: None,
            counts: VideoCounts { plays: Count::exact(plays), ..VideoCounts::default() },
        }
    }

    /// Mostly around the break.
    fn times() -> impl Strategy<Value = Option<Timestamp>> {
        let (begins, ends) = BREAK;
        let near = begins.as_ms() - 40 * 86_400_000..ends.as_ms() + 40 * 86_400_000;
        prop::option::weighted(0.9, near.prop_map(Timestamp::from_ms))
    }

    proptest! {
        #[test]
        fn each_side_is_measured_as_if_it_were_alone(
            drawn in prop::collection::vec((times(), 0_u64..1_000_000), 0..120),
        ) {
            let videos: Vec<VideoFigures> =
                (0..).zip(&drawn).map(|(number, (posted, plays))| video(number, *posted, *plays)).collect();
            let (begins, ends) = BREAK;
            let before: Vec<VideoFigures> = videos.iter().filter(|it| it.created.is_some_and(|at| at < begins)).copied().collect();
            let after: Vec<VideoFigures> = videos.iter().filter(|it| it.created.is_some_and(|at| at >= ends)).copied().collect();
            let counts = SideCounts::of(videos.iter().map(|it| Place::of(it.video_id, it.created)));
            prop_assert_eq!((counts.on.before, counts.on.after), (before.len() as u64, after.len() as u64));
            let untimed = videos.iter().filter(|it| it.created.is_none()).count() as u64;
            prop_assert_eq!(counts.unknown, untimed);
            prop_assert_eq!(counts.between, (videos.len() - before.len() - after.len()) as u64 - untimed);
            let found = benchmark_by_side(videos);
            prop_assert_eq!(found.is_some(), before.len() >= VALUES_MIN && after.len() >= VALUES_MIN);
            if let Some(found) = found {
                prop_assert_eq!(&found.before, &benchmark(before.iter().copied()));
                prop_assert_eq!(&found.after, &benchmark(after.iter().copied()));
                prop_assert_eq!(found.after.group(AgeBand::All).videos, after.len() as u64);
            }
        }
    }
}
