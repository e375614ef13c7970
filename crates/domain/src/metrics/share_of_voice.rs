//! How several hashtags share what they have together (metrics.md: share of voice), and how much they overlap.

use super::engagement::{VideoFigures, interactions};
use super::{as_f64, ratio};
use crate::{AuthorId, VideoId};
use std::collections::{BTreeMap, BTreeSet};

/// What is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Base {
    /// Plays.
    Views,
    /// Videos.
    Videos,
    /// Distinct creators.
    Creators,
    /// Likes, comments, shares and saves.
    Engagement,
}

impl Base {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Views, Self::Videos, Self::Creators, Self::Engagement];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Views => "views",
            Self::Videos => "videos",
            Self::Creators => "creators",
            Self::Engagement => "engagement",
        }
    }
}

/// The shares of several hashtags in their videos, in the order they were given in.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareOfVoice {
    /// Distinct videos.
    pub videos: u64,
    /// For each base the shares, which add up to 1; `None` where there is nothing to share.
    shares: [Vec<Option<f64>>; Base::ALL.len()],
    /// For each two hashtags the videos under both; on the diagonal those under the one.
    pub overlap: Vec<Vec<u64>>,
}

impl ShareOfVoice {
    /// The shares on a base: X_i / Σ X_j.
    pub fn on(&self, base: Base) -> &[Option<f64>] {
        &self.shares[base as usize]
    }
}

/// X_i / Σ X_j of totals that were told, of those that are known. `None` for one that is not, and where all are 0.
pub fn shares(totals: &[Option<f64>]) -> Vec<Option<f64>> {
    let sum: f64 = totals.iter().flatten().sum();
    totals.iter().map(|total| ratio((*total)?, sum)).collect()
}

/// Shares several hashtags' videos out among them. A video under several of them counts once, an even part for each; so
/// does a creator who has videos under several.
pub fn share_of_voice(hashtags: &[&[VideoFigures]]) -> ShareOfVoice {
    let mut videos: BTreeMap<VideoId, (&VideoFigures, BTreeSet<usize>)> = BTreeMap::new();
    for (number, held) in hashtags.iter().enumerate() {
        for video in *held {
            videos.entry(video.video_id).or_insert_with(|| (video, BTreeSet::new())).1.insert(number);
        }
    }
    let mut sums = [const { Vec::new() }; Base::ALL.len()].map(|_: Vec<f64>| vec![0.0; hashtags.len()]);
    let mut overlap = vec![vec![0; hashtags.len()]; hashtags.len()];
    let mut creators: BTreeMap<AuthorId, BTreeSet<usize>> = BTreeMap::new();
    for (video, under) in videos.values() {
        share_out(&mut sums[Base::Views as usize], under, as_f64(video.plays().unwrap_or(0)));
        share_out(&mut sums[Base::Videos as usize], under, 1.0);
        let acted = interactions(&video.counts).unwrap_or(0);
        share_out(&mut sums[Base::Engagement as usize], under, as_f64(acted));
        for (one, other) in under.iter().flat_map(|one| under.iter().map(move |other| (*one, *other))) {
            overlap[one][other] += 1;
        }
        if let Some(author) = video.author {
            creators.entry(author).or_default().extend(under);
        }
    }
    for under in creators.values() {
        share_out(&mut sums[Base::Creators as usize], under, 1.0);
    }
    let shares = sums.map(|sums| shares(&sums.into_iter().map(Some).collect::<Vec<_>>()));
    ShareOfVoice { videos: videos.len() as u64, shares, overlap }
}

fn share_out(sums: &mut [f64], among: &BTreeSet<usize>, value: f64) {
    let part = value / as_f64(among.len() as u64);
    for number in among {
        sums[*number] += part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Count;
    use crate::observation::VideoCounts;

    fn video(id: u64, author: u64, plays: u64) -> VideoFigures {
        VideoFigures {
            video_id: VideoId::try_from(id).expect("an id"),
            author: AuthorId::try_from(author).ok(),
            created: None,
            observed_at: None,
            region: None,
            counts: VideoCounts {
                plays: Count::exact(plays),
                likes: Count::exact(id),
                ..VideoCounts::default()
            },
        }
    }

    #[test]
    fn a_video_under_two_hashtags_counts_once() {
        let (both, one, other) = (video(1, 7, 100), video(2, 7, 50), video(3, 8, 250));
        let found = share_of_voice(&[&[both, one], &[both, other], &[]]);
        assert_eq!(found.videos, 3);
        assert_eq!(found.on(Base::Views), [Some(0.25), Some(0.75), Some(0.0)]);
        assert_eq!(found.on(Base::Videos), [Some(0.5), Some(0.5), Some(0.0)]);
        assert_eq!(found.on(Base::Creators), [Some(0.25), Some(0.75), Some(0.0)], "7 is split, 8 is not");
        let engagement = found.on(Base::Engagement);
        assert!(engagement[0].is_some_and(|share| (share - 2.5 / 6.0).abs() < 1e-12));
        assert_eq!(found.overlap, [[2, 1, 0], [1, 2, 0], [0, 0, 0]]);
    }

    #[test]
    fn nothing_is_shared_where_there_is_nothing() {
        let found = share_of_voice(&[&[], &[]]);
        assert!(Base::ALL.into_iter().all(|base| found.on(base) == [None, None]));
        assert_eq!(shares(&[Some(1.0), None, Some(3.0)]), [Some(0.25), None, Some(0.75)]);
        assert_eq!(shares(&[Some(0.0), None]), [None, None]);
    }
}
