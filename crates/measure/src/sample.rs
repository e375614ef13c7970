//! The videos under a hashtag that are held, as a sample of all there are.

use crate::Measure;
use crate::MeasureError;
use domain::caveat::Caveat;
use domain::metrics::SideCounts;
use domain::metrics::engagement::VideoFigures;
use domain::metrics::structural_break::Place;
use domain::{Hashtag, HashtagRow, Timestamp};
use quick_cache::sync::Cache;
use quick_cache::{OptionsBuilder, Weighter};
use std::sync::Arc;
use store::samples::{CreatorsPart, SamplePart, SampledVideo, VideoSample};
use store::videos::VideoRow;

/// Of the videos that are looked at, one in so many is, where only the most played are wanted.
const MOST_PLAYED_SHARE: u64 = 4;

/// Memory for the videos of hashtags that were asked about lately: several questions about one follow one another.
const KEPT_BYTES_MAX: u64 = 96 << 20;
/// About how many hashtags that is.
const KEPT_HASHTAGS: usize = 1_000;

/// Of which hashtag, as of which change of it, and which part.
type Key = (HashtagRow, u64, SamplePart);

/// The videos of hashtags that were asked about lately, as they were at a change of the hashtag.
pub(crate) struct Samples {
    kept: Cache<Key, Arc<VideoSample>, ByBytes>,
    /// Videos of a hashtag that are looked at, at most, about.
    videos_max: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Arc<VideoSample>> for ByBytes {
    fn weight(&self, _: &Key, sample: &Arc<VideoSample>) -> u64 {
        sample.bytes()
    }
}

impl Samples {
    pub(crate) fn new(videos_max: u64) -> Self {
        // In one piece: a part of the room would be too small for the largest.
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(KEPT_HASHTAGS)
            .weight_capacity(KEPT_BYTES_MAX)
            .build()
            .expect("both sizes are set");
        let kept = Cache::with_options(options, ByBytes, Default::default(), Default::default());
        Self { kept, videos_max }
    }
}

/// Videos of a hashtag: those that were looked at, and which of them are wanted.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    seen: Arc<VideoSample>,
    /// Places of those that are wanted; `None` for all.
    wanted: Option<Vec<u32>>,
    /// Which of all that are held were looked at.
    part: SamplePart,
}

impl Sample {
    fn of(
        seen: Arc<VideoSample>,
        part: SamplePart,
        is_wanted: impl Fn(&SampledVideo, &[HashtagRow]) -> bool,
    ) -> Self {
        let wanted: Vec<u32> = (0..)
            .zip(seen.videos())
            .filter(|(_, video)| is_wanted(video, seen.tags(video)))
            .map(|(place, _)| place)
            .collect();
        let wanted = (wanted.len() < seen.videos().len()).then_some(wanted);
        Self { seen, wanted, part }
    }

    /// Those that are wanted, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = &SampledVideo> + Clone {
        let all = self.seen.videos();
        let some = self.wanted.iter().flatten().filter_map(|place| all.get(*place as usize));
        let whole = if self.wanted.is_none() { all } else { &[] };
        whole.iter().chain(some)
    }

    /// As formulas take them.
    pub(super) fn figures(&self) -> impl Iterator<Item = VideoFigures> {
        self.iter().map(SampledVideo::figures)
    }

    /// The same with what tells them apart, ascending.
    pub(super) fn by_row(&self) -> impl Iterator<Item = (VideoRow, VideoFigures)> {
        self.iter().map(|video| (video.row(), video.figures()))
    }

    /// The hashtags of one of them.
    pub(super) fn tags(&self, video: &SampledVideo) -> &[HashtagRow] {
        self.seen.tags(video)
    }

    /// How many of them were posted on which side of the limit of five hashtags.
    pub(super) fn sides(&self) -> SideCounts {
        SideCounts::of(self.iter().map(place))
    }

    /// When the newest of them was read.
    pub(super) fn observed_at(&self) -> Option<Timestamp> {
        self.iter().filter_map(SampledVideo::observed_at).max()
    }

    /// What is to be said where not all that are held were looked at.
    pub(super) fn part_caveat(&self) -> Option<Caveat> {
        match self.part {
            SamplePart::Creators(CreatorsPart::ALL) => None,
            SamplePart::Creators(_) => Some(Caveat::CreatorsPart),
            SamplePart::MostPlayed(_) => Some(Caveat::MostPlayed),
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.wanted.as_ref().map_or(self.seen.videos().len(), Vec::len) as u64
    }
}

impl Measure {
    /// The part that is looked at of a hashtag, for most questions.
    pub(super) fn part_of(&self, hashtag: &Hashtag) -> CreatorsPart {
        CreatorsPart::of(self.inner.samples.videos_max, hashtag.observed.videos)
    }

    /// Of each hashtag the same part of all creators, so that what is compared is comparable; of all of them together about
    /// twice the videos of one.
    pub(super) fn same_part(&self, hashtags: &[Hashtag]) -> CreatorsPart {
        let together = hashtags.iter().map(|hashtag| hashtag.observed.videos).sum();
        let of_all = CreatorsPart::of(self.inner.samples.videos_max.saturating_mul(2), together);
        hashtags.iter().map(|hashtag| self.part_of(hashtag)).fold(of_all, CreatorsPart::min)
    }

    /// A sample that begins with what has the most plays, also where not all are looked at.
    pub(super) fn most_played_part(&self, hashtag: &Hashtag) -> SamplePart {
        match self.part_of(hashtag) {
            CreatorsPart::ALL => SamplePart::Creators(CreatorsPart::ALL),
            _ => {
                let most = self.inner.samples.videos_max / MOST_PLAYED_SHARE;
                SamplePart::MostPlayed(u32::try_from(most).unwrap_or(u32::MAX))
            }
        }
    }

    /// Those videos under a hashtag that are wanted.
    pub(super) async fn sample(
        &self,
        hashtag: &Hashtag,
        is_wanted: impl Fn(&SampledVideo) -> bool,
    ) -> Result<Sample, MeasureError> {
        let part = SamplePart::Creators(self.part_of(hashtag));
        self.sample_of(hashtag, part, |video, _| is_wanted(video)).await
    }

    /// Of a part those videos that are wanted, by their figures and hashtags.
    pub(super) async fn sample_of(
        &self,
        hashtag: &Hashtag,
        part: SamplePart,
        is_wanted: impl Fn(&SampledVideo, &[HashtagRow]) -> bool,
    ) -> Result<Sample, MeasureError> {
        // A smaller part may be in what is kept for other questions.
        if let SamplePart::Creators(some) = part
            && some < self.part_of(hashtag)
            && let Some(kept) = self.kept(hashtag, SamplePart::Creators(self.part_of(hashtag)))
        {
            let is_in = |video: &SampledVideo| some.has(video.author(), video.row());
            return Ok(Sample::of(kept, part, |video, tags| is_in(video) && is_wanted(video, tags)));
        }
        let seen = match self.kept(hashtag, part) {
            Some(kept) => kept,
            None => {
                let read = Arc::new(self.inner.store.sample(hashtag.row, part).await?);
                self.inner.samples.kept.insert((hashtag.row, hashtag.changed, part), Arc::clone(&read));
                read
            }
        };
        Ok(Sample::of(seen, part, is_wanted))
    }

    /// What is kept is of the hashtag's last change: of another one it is not found again.
    fn kept(&self, hashtag: &Hashtag, part: SamplePart) -> Option<Arc<VideoSample>> {
        self.inner.samples.kept.get(&(hashtag.row, hashtag.changed, part))
    }
}

/// On which side of the limit of five hashtags a video was posted.
pub(super) fn place(video: &SampledVideo) -> Place {
    Place::of(video.id(), video.created_at())
}

/// Whether a video was posted at or after a time. One whose time is not told was not.
pub(super) fn is_since(video: &SampledVideo, since: Option<Timestamp>) -> bool {
    since.is_none_or(|since| video.created_at().is_some_and(|at| at >= since))
}

/// Whether a video was posted within a time; both ends are included.
pub(super) fn is_within(video: &SampledVideo, since: Option<Timestamp>, until: Option<Timestamp>) -> bool {
    is_since(video, since) && until.is_none_or(|until| video.created_at().is_some_and(|at| at <= until))
}
