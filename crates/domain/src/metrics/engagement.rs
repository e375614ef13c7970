//! Engagement rate by views: the share of viewers who reacted to a video (metrics.md); and views per video or creator.

use super::quantiles::{VALUES_MIN, median};
use super::{as_f64, ratio};
use crate::observation::VideoCounts;
use crate::{Creator, Region, Timestamp, VideoId};

/// The measured fields of a video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoFigures {
    /// Which video.
    pub video_id: VideoId,
    /// Creator, if known.
    pub author: Option<Creator>,
    /// When it was posted, when known.
    pub created: Option<Timestamp>,
    /// When its counts were read, when known.
    pub observed_at: Option<Timestamp>,
    /// Region of posting, if known.
    pub region: Option<Region>,
    /// Its counts.
    pub counts: VideoCounts,
}

impl VideoFigures {
    /// Returns its plays, if reported.
    pub fn plays(&self) -> Option<u64> {
        self.counts.plays.map(crate::Count::value)
    }
}

/// l + c + s + f: likes, comments, shares and saves. `None` where one of them was not reported: an unknown part is not 0.
pub fn interactions(counts: &VideoCounts) -> Option<u64> {
    let parts = [counts.likes, counts.comments, counts.shares, counts.saves];
    parts.into_iter().try_fold(0_u64, |sum, part| sum.checked_add(part?.value()))
}

/// (l + c + s + f) / x over a video's plays. `None` where one of these counts was not reported, and with 0 plays.
pub fn engagement(counts: &VideoCounts) -> Option<f64> {
    let plays = counts.plays.filter(|plays| plays.value() > 0)?;
    ratio(as_f64(interactions(counts)?), as_f64(plays.value()))
}

/// The engagement of several videos, in the two ways that answer different questions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EngagementRate {
    /// Σ (l + c + s + f) / Σ x: of all plays together, so the most played videos decide.
    pub ratio_of_sums: Option<f64>,
    /// The median of the videos' own rates: every video counts the same. `None` with fewer than [`VALUES_MIN`].
    pub median_of_ratios: Option<f64>,
    /// Videos that have a rate; both numbers are of these.
    pub videos: u64,
    /// Videos that were looked at, also those without a rate.
    pub of_videos: u64,
}

/// The engagement of several videos.
pub fn engagement_rate(videos: impl IntoIterator<Item = VideoCounts>) -> EngagementRate {
    let mut sums = EngagementSums::default();
    videos.into_iter().for_each(|counts| sums.add(&counts));
    let median = median(&mut sums.rates).filter(|_| sums.rates.len() >= VALUES_MIN);
    sums.rate(median)
}

/// The engagement of several videos while it is added up.
#[derive(Debug, Default)]
pub(super) struct EngagementSums {
    /// The rates of those that have one.
    pub(super) rates: Vec<f64>,
    acted: f64,
    plays: f64,
    of_videos: u64,
}

impl EngagementSums {
    pub(super) fn add(&mut self, counts: &VideoCounts) {
        self.of_videos += 1;
        let (Some(rate), Some(played)) = (engagement(counts), counts.plays) else { return };
        self.rates.push(rate);
        self.acted += as_f64(interactions(counts).unwrap_or(0));
        self.plays += as_f64(played.value());
    }

    /// Takes in all that another has.
    pub(super) fn join(&mut self, other: &Self) {
        self.rates.extend_from_slice(&other.rates);
        self.acted += other.acted;
        self.plays += other.plays;
        self.of_videos += other.of_videos;
    }

    /// Returns the result, with the median of the rates.
    pub(super) fn rate(&self, median: Option<f64>) -> EngagementRate {
        EngagementRate {
            ratio_of_sums: ratio(self.acted, self.plays),
            median_of_ratios: median,
            videos: self.rates.len() as u64,
            of_videos: self.of_videos,
        }
    }
}

/// V/P or V/U: views a video, views a creator. `None` with 0 of them.
pub fn views_per(views: u64, others: u64) -> Option<f64> {
    ratio(as_f64(views), as_f64(others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Count;

    fn counts(plays: Option<u64>, parts: [Option<u64>; 4]) -> VideoCounts {
        let [likes, comments, shares, saves] = parts.map(|part| part.and_then(Count::exact));
        VideoCounts { plays: plays.and_then(Count::exact), likes, comments, shares, saves, downloads: None }
    }

    #[test]
    fn an_unknown_part_makes_the_rate_unknown() {
        assert_eq!(engagement(&counts(Some(100), [Some(5), Some(0), Some(5), Some(2)])), Some(0.12));
        assert_eq!(engagement(&counts(Some(100), [Some(0); 4])), Some(0.0));
        for missing in 0..4 {
            let mut parts = [Some(5); 4];
            parts[missing] = None;
            assert_eq!(engagement(&counts(Some(100), parts)), None);
        }
        assert_eq!(engagement(&counts(Some(100), [None; 4])), None);
        assert_eq!(engagement(&counts(Some(0), [Some(5); 4])), None);
        assert_eq!(engagement(&counts(None, [Some(5); 4])), None);
        assert_eq!((views_per(10, 4), views_per(10, 0)), (Some(2.5), None));
    }

    #[test]
    fn the_two_rates_answer_different_questions() {
        let videos = [
            counts(Some(1_000_000), [Some(10_000), Some(0), Some(0), Some(0)]),
            counts(Some(100), [Some(20), Some(0), Some(0), Some(0)]),
            counts(Some(100), [Some(30), Some(0), Some(0), Some(0)]),
            counts(Some(100), [Some(90), Some(0), Some(0), None]),
            counts(None, [Some(1); 4]),
        ];
        let rate = engagement_rate(videos);
        assert_eq!(rate.ratio_of_sums, Some(10_050.0 / 1_000_200.0));
        assert_eq!((rate.median_of_ratios, rate.videos, rate.of_videos), (None, 3, 5), "a median of three");
        let many = engagement_rate(videos.into_iter().cycle().take(20));
        assert_eq!((many.median_of_ratios, many.videos, many.of_videos), (Some(0.2), 12, 20));
        let none = engagement_rate([]);
        assert_eq!((none.ratio_of_sums, none.median_of_ratios, none.videos), (None, None, 0));
    }
}
