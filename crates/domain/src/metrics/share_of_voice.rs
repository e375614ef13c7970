//! Share of voice of several hashtags (metrics.md: share of voice), and their overlap.

use super::engagement::{VideoFigures, interactions};
use super::{as_f64, ratio};
use crate::Creator;
use std::cmp::Ordering;
use std::iter::Peekable;
use strum::IntoStaticStr;

/// The shared quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
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

    /// Returns its name.
    pub fn name(self) -> &'static str {
        self.into()
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

/// Returns X_i / Σ X_j of the reported totals that are known. `None` for an unknown one, and if all are 0.
pub fn shares(totals: &[Option<f64>]) -> Vec<Option<f64>> {
    let sum: f64 = totals.iter().flatten().sum();
    totals.iter().map(|total| ratio((*total)?, sum)).collect()
}

/// Most hashtags that are compared.
pub const HASHTAGS_MAX: usize = u64::BITS as usize;

/// A set of hashtags: a bit for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Under(u64);

impl Under {
    fn add(&mut self, hashtag: usize) {
        self.0 |= 1 << hashtag;
    }

    fn iter(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let first = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            (first < HASHTAGS_MAX).then_some(first)
        })
    }
}

/// Computes the shares of several hashtags in their videos, at most [`HASHTAGS_MAX`]. A video under several
/// of them counts once, in equal parts; so does a creator with videos under several. The videos of each are
/// ascending by their key.
pub fn share_of_voice<K: Ord>(
    hashtags: impl IntoIterator<Item = impl IntoIterator<Item = (K, VideoFigures)>>,
) -> ShareOfVoice {
    let mut sources: Vec<_> =
        hashtags.into_iter().take(HASHTAGS_MAX).map(|videos| videos.into_iter().peekable()).collect();
    let count = sources.len();
    let mut sums = Base::ALL.map(|_| vec![0.0; count]);
    // Hashtags with any known value, by base: an unknown value has no share.
    let mut known = Base::ALL.map(|_| Under::default());
    let mut overlap = vec![vec![0; count]; count];
    let mut creators: Vec<(Creator, Under)> = Vec::new();
    let mut videos = 0;
    while let Some((video, under)) = next_video(&mut sources) {
        videos += 1;
        share_out(&mut sums[Base::Views as usize], under, as_f64(video.plays().unwrap_or(0)));
        share_out(&mut sums[Base::Videos as usize], under, 1.0);
        let acted = interactions(&video.counts).unwrap_or(0);
        share_out(&mut sums[Base::Engagement as usize], under, as_f64(acted));
        for one in under.iter() {
            under.iter().for_each(|other| overlap[one][other] += 1);
        }
        creators.extend(video.author.map(|author| (author, under)));
        let is_known = [
            (Base::Views, video.plays().is_some()),
            (Base::Videos, true),
            (Base::Creators, video.author.is_some()),
            (Base::Engagement, interactions(&video.counts).is_some()),
        ];
        for (base, _) in is_known.into_iter().filter(|(_, is_known)| *is_known) {
            known[base as usize].0 |= under.0;
        }
    }
    creators.sort_unstable_by_key(|(author, _)| *author);
    for videos in creators.chunk_by(|(one, _), (other, _)| one == other) {
        let under = Under(videos.iter().fold(0, |all, (_, under)| all | under.0));
        share_out(&mut sums[Base::Creators as usize], under, 1.0);
    }
    let mut base = known.into_iter();
    let shares = sums.map(|sums| {
        let known = base.next().unwrap_or_default();
        let one = |(place, sum): (usize, f64)| (known.0 >> place & 1 == 1).then_some(sum);
        shares(&sums.into_iter().enumerate().map(one).collect::<Vec<_>>())
    });
    ShareOfVoice { videos, shares, overlap }
}

/// For each two of several hashtags, at most [`HASHTAGS_MAX`], the videos under both; on the diagonal those under the one. The
/// videos of each are ascending, and each is there once.
pub fn overlap<K: Ord>(hashtags: impl IntoIterator<Item = impl IntoIterator<Item = K>>) -> Vec<Vec<u64>> {
    let mut sources: Vec<_> = hashtags
        .into_iter()
        .take(HASHTAGS_MAX)
        .map(|videos| videos.into_iter().map(|video| (video, ())).peekable())
        .collect();
    let mut overlap = vec![vec![0; sources.len()]; sources.len()];
    while let Some(((), under)) = next_video(&mut sources) {
        for one in under.iter() {
            under.iter().for_each(|other| overlap[one][other] += 1);
        }
    }
    overlap
}

/// The least of what stands first in the sources, and all that have it first; it is taken from them.
fn next_video<K: Ord, V, I: Iterator<Item = (K, V)>>(sources: &mut [Peekable<I>]) -> Option<(V, Under)> {
    let (mut least, mut under): (Option<&K>, Under) = (None, Under::default());
    for (hashtag, source) in sources.iter_mut().enumerate() {
        let Some((key, _)) = source.peek() else { continue };
        match least.map_or(Ordering::Less, |least| key.cmp(least)) {
            Ordering::Less => (least, under) = (Some(key), Under(1 << hashtag)),
            Ordering::Equal => under.add(hashtag),
            Ordering::Greater => {}
        }
    }
    let mut video = None;
    for hashtag in under.iter() {
        video = sources[hashtag].next();
    }
    video.map(|(_, video)| (video, under))
}

fn share_out(sums: &mut [f64], among: Under, value: f64) {
    let part = value / f64::from(among.0.count_ones());
    for hashtag in among.iter() {
        sums[hashtag] += part;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::VideoCounts;
    use crate::{Count, VideoId};
    use proptest::prelude::*;

    fn video(id: u64, author: u64, plays: u64) -> VideoFigures {
        VideoFigures {
            video_id: VideoId::try_from(id).expect("an id"),
            author: Creator::from_i64(author.cast_signed()),
            created: None,
            observed_at: None,
            region: None,
            counts: VideoCounts {
                plays: Count::exact(plays),
                likes: Count::exact(id),
                comments: Count::exact(0),
                shares: Count::exact(0),
                saves: Count::exact(0),
                downloads: None,
            },
        }
    }

    fn by_id(videos: &[VideoFigures]) -> Vec<(VideoId, VideoFigures)> {
        videos.iter().map(|video| (video.video_id, *video)).collect()
    }

    #[test]
    fn a_video_under_two_hashtags_counts_once() {
        let (both, one, other) = (video(1, 7, 100), video(2, 7, 50), video(3, 8, 250));
        let found = share_of_voice([by_id(&[both, one]), by_id(&[both, other]), by_id(&[])]);
        assert_eq!(found.videos, 3);
        assert_eq!(found.on(Base::Views), [Some(0.25), Some(0.75), None], "of the third nothing is known");
        assert_eq!(found.on(Base::Videos), [Some(0.5), Some(0.5), None]);
        assert_eq!(found.on(Base::Creators), [Some(0.25), Some(0.75), None], "7 is split, 8 is not");
        let engagement = found.on(Base::Engagement);
        assert!(engagement[0].is_some_and(|share| (share - 2.5 / 6.0).abs() < 1e-12));
        assert_eq!(found.overlap, [[2, 1, 0], [1, 2, 0], [0, 0, 0]]);
    }

    proptest! {
        #[test]
        fn an_overlap_counts_the_videos_under_both(
            hashtags in prop::collection::vec(prop::collection::btree_set(0_u64..60, 0..40), 0..6),
        ) {
            let found = overlap(hashtags.iter().map(|videos| videos.iter().copied()));
            for (a, row) in found.iter().enumerate() {
                for (b, both) in row.iter().enumerate() {
                    prop_assert_eq!(*both, hashtags[a].intersection(&hashtags[b]).count() as u64);
                }
            }
            prop_assert_eq!(found.len(), hashtags.len());
        }
    }

    #[test]
    fn nothing_is_shared_where_there_is_nothing() {
        let found = share_of_voice([by_id(&[]), by_id(&[])]);
        assert!(Base::ALL.into_iter().all(|base| found.on(base) == [None, None]));
        assert_eq!(shares(&[Some(1.0), None, Some(3.0)]), [Some(0.25), None, Some(0.75)]);
        assert_eq!(shares(&[Some(0.0), None]), [None, None]);
    }
}
