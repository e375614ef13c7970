//! Percentiles of videos under a hashtag by age (metrics.md: benchmark), and the rank of a given video.

use super::engagement::{EngagementRate, EngagementSums, VideoFigures};
use super::quantiles::{Percentiles, VALUES_MIN, percentiles, rank};
use super::{MS_OF_A_DAY, as_f64};
use crate::observation::VideoCounts;
use strum::IntoStaticStr;

/// Age of a video at the time of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum AgeBand {
    /// Below a day.
    #[strum(serialize = "0-1d")]
    Day,
    /// From a day, below 7.
    #[strum(serialize = "1-7d")]
    Week,
    /// From 7 days, below 30.
    #[strum(serialize = "7-30d")]
    Month,
    /// From 30 days, below 90.
    #[strum(serialize = "30-90d")]
    Quarter,
    /// 90 days or more.
    #[strum(serialize = "90d+")]
    Older,
    /// Any age, or an unknown one.
    All,
}

impl AgeBand {
    /// All of them, the youngest first.
    pub const ALL: [Self; 6] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Older, Self::All];

    /// Such as `1-7d`: from the first, below the second.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The band of an age; `None` where it is below 0, as of a video that was read before it was posted.
    pub const fn of_age(age_ms: i64) -> Option<Self> {
        match age_ms {
            ..0 => None,
            0..MS_OF_A_DAY => Some(Self::Day),
            MS_OF_A_DAY..WEEK_MS => Some(Self::Week),
            WEEK_MS..MONTH_MS => Some(Self::Month),
            MONTH_MS..QUARTER_MS => Some(Self::Quarter),
            _ => Some(Self::Older),
        }
    }

    /// The band of a video; `None` where its age is not known.
    pub fn of(video: &VideoFigures) -> Option<Self> {
        let (observed, created) = video.observed_at.zip(video.created)?;
        Self::of_age(observed.as_ms().checked_sub(created.as_ms())?)
    }
}

const WEEK_MS: i64 = 7 * MS_OF_A_DAY;
const MONTH_MS: i64 = 30 * MS_OF_A_DAY;
const QUARTER_MS: i64 = 90 * MS_OF_A_DAY;

/// The videos of an age.
#[derive(Debug, Clone, PartialEq)]
pub struct AgeGroup {
    /// Their age.
    pub age: AgeBand,
    /// Number of videos.
    pub videos: u64,
    /// Percentiles of their plays, of those that are reported; `None` with fewer than [`VALUES_MIN`], as of the engagement.
    pub plays: Option<Percentiles>,
    /// Percentiles of their engagement, of those that have one.
    pub engagement: Option<Percentiles>,
    /// Their engagement together.
    pub rate: EngagementRate,
    sorted_plays: Vec<f64>,
    sorted_engagement: Vec<f64>,
}

/// Videos of an age while they are gathered.
#[derive(Default)]
struct Gathered {
    videos: u64,
    plays: Vec<f64>,
    engagement: EngagementSums,
}

impl Gathered {
    fn add(&mut self, counts: &VideoCounts) {
        self.videos += 1;
        self.plays.extend(counts.plays.map(|plays| as_f64(plays.value())));
        self.engagement.add(counts);
    }

    fn group(&mut self, age: AgeBand) -> AgeGroup {
        let engagement = percentiles(&mut self.engagement.rates);
        AgeGroup {
            age,
            videos: self.videos,
            plays: percentiles(&mut self.plays),
            engagement,
            rate: self.engagement.rate(engagement.map(|rates| rates.p50)),
            sorted_plays: self.plays.clone(),
            sorted_engagement: self.engagement.rates.clone(),
        }
    }
}

impl AgeGroup {
    /// The share of its videos that a number of plays is above, plus half of those with as many: 0 to 1. `None` with fewer
    /// than [`VALUES_MIN`] of them.
    pub fn rank_of_plays(&self, plays: u64) -> Option<f64> {
        rank(&self.sorted_plays, as_f64(plays)).filter(|_| self.sorted_plays.len() >= VALUES_MIN)
    }

    /// The share of its videos that an engagement is above, plus half of those with the same: 0 to 1. `None` with fewer than
    /// [`VALUES_MIN`] of them.
    pub fn rank_of_engagement(&self, rate: f64) -> Option<f64> {
        let is_enough = self.sorted_engagement.len() >= VALUES_MIN;
        rank(&self.sorted_engagement, rate).filter(|_| is_enough && rate.is_finite())
    }
}

/// Percentiles by age.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// A group for each of [`AgeBand::ALL`], also where it is empty.
    pub groups: [AgeGroup; AgeBand::ALL.len()],
    /// Videos whose age is not known; they are in the group of all.
    pub without_age: u64,
}

impl Benchmark {
    /// The videos of an age.
    pub const fn group(&self, age: AgeBand) -> &AgeGroup {
        &self.groups[age as usize]
    }
}

/// Measures videos by their age at the time of their reading.
pub fn benchmark(videos: impl IntoIterator<Item = VideoFigures>) -> Benchmark {
    // The last is of those whose age is not known.
    let mut gathered: [Gathered; AgeBand::ALL.len()] = Default::default();
    for video in videos {
        gathered[AgeBand::of(&video).unwrap_or(AgeBand::All) as usize].add(&video.counts);
    }
    let without_age = gathered[AgeBand::All as usize].videos;
    let mut groups = AgeBand::ALL.map(|age| gathered[age as usize].group(age));
    // Each age is sorted by now: all of them together are few runs.
    let mut all = Gathered::default();
    for group in &gathered {
        all.videos += group.videos;
        all.plays.extend_from_slice(&group.plays);
        all.engagement.join(&group.engagement);
    }
    groups[AgeBand::All as usize] = all.group(AgeBand::All);
    Benchmark { groups, without_age }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Count, Timestamp, VideoId};

    fn video(id: u64, age_days: Option<i64>, plays: u64) -> VideoFigures {
        VideoFigures {
            video_id: VideoId::try_from(id).expect("an id"),
            author: None,
            created: Some(Timestamp::from_ms(0)),
            observed_at: age_days.map(|days| Timestamp::from_ms(days * MS_OF_A_DAY)),
            region: None,
            counts: VideoCounts {
                plays: Count::exact(plays),
                likes: Count::exact(plays / 10),
                comments: Count::exact(0),
                shares: Count::exact(0),
                saves: Count::exact(0),
                downloads: None,
            },
        }
    }

    #[test]
    fn videos_are_measured_by_their_age_when_read() {
        let ages = [Some(0), Some(1), Some(6), Some(7), Some(30), Some(90), Some(4_000), None, Some(-1)];
        let videos: Vec<VideoFigures> = (1..).zip(ages).map(|(id, age)| video(id, age, id * 100)).collect();
        let found = benchmark(videos);
        assert_eq!(found.groups.each_ref().map(|group| group.videos), [1, 2, 1, 1, 2, 9]);
        assert_eq!(found.without_age, 2);
        let few = found.group(AgeBand::All);
        assert_eq!((few.plays, few.rank_of_plays(200), few.rank_of_engagement(0.1)), (None, None, None));
        assert_eq!(few.rate.ratio_of_sums, Some(0.1));
        let found = benchmark((1..=10).map(|id| video(id, Some(3), id * 100)));
        let week = found.group(AgeBand::Week);
        assert_eq!(week.plays.map(|plays| plays.p50), Some(550.0));
        assert_eq!(week.engagement.map(|rate| rate.p90), Some(0.1));
        assert_eq!((week.rank_of_plays(200), week.rank_of_plays(1_100)), (Some(0.15), Some(1.0)));
        assert_eq!(found.group(AgeBand::All).rank_of_engagement(0.1), Some(0.5));
        let empty = benchmark([]);
        assert_eq!(
            (empty.group(AgeBand::All).plays, empty.group(AgeBand::All).rank_of_plays(1)),
            (None, None)
        );
    }
}
