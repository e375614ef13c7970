//! The stored videos of a hashtag, as a sample of all its videos.

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

/// Divisor of the sample size where only the most played videos are sampled.
const MOST_PLAYED_SHARE: u64 = 4;

/// Capacity of the cache of samples: several questions about a hashtag follow one another.
const CACHE_BYTES_MAX: u64 = 96 << 20;
/// Estimated number of samples in the cache.
const CACHED_SAMPLES: usize = 1_000;

/// A hashtag, its last change, and the part that is sampled.
type Key = (HashtagRow, u64, SamplePart);

/// Cache of the samples of recently measured hashtags, each valid until the hashtag changes.
pub(crate) struct Samples {
    cache: Cache<Key, Arc<VideoSample>, ByBytes>,
    /// Approximate maximum of videos in a sample.
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
        // One shard: a part of the capacity would be too small for the largest sample.
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(CACHED_SAMPLES)
            .weight_capacity(CACHE_BYTES_MAX)
            .build()
            .expect("both sizes are set");
        let cache = Cache::with_options(options, ByBytes, Default::default(), Default::default());
        Self { cache, videos_max }
    }
}

/// A sample of the videos of a hashtag, and a selection from it.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    seen: Arc<VideoSample>,
    /// Indexes of the selected videos; `None` for all.
    wanted: Option<Vec<u32>>,
    /// The part of the stored videos that is sampled.
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

    /// Returns the selected videos, in the order in which they were stored.
    pub(super) fn iter(&self) -> impl Iterator<Item = &SampledVideo> + Clone {
        let all = self.seen.videos();
        let some = self.wanted.iter().flatten().filter_map(|place| all.get(*place as usize));
        let whole = if self.wanted.is_none() { all } else { &[] };
        whole.iter().chain(some)
    }

    /// Returns the selected videos as formulas take them.
    pub(super) fn figures(&self) -> impl Iterator<Item = VideoFigures> {
        self.iter().map(SampledVideo::figures)
    }

    /// Returns the selected videos as formulas take them, with their rows, ascending.
    pub(super) fn by_row(&self) -> impl Iterator<Item = (VideoRow, VideoFigures)> {
        self.iter().map(|video| (video.row(), video.figures()))
    }

    /// Returns the hashtags of a video.
    pub(super) fn tags(&self, video: &SampledVideo) -> &[HashtagRow] {
        self.seen.tags(video)
    }

    /// Counts the selected videos by side of the limit of five hashtags.
    pub(super) fn sides(&self) -> SideCounts {
        SideCounts::of(self.iter().map(place))
    }

    /// Returns the time of the newest reading of the selected videos.
    pub(super) fn observed_at(&self) -> Option<Timestamp> {
        self.iter().filter_map(SampledVideo::observed_at).max()
    }

    /// Returns the caveat of a sample that is a part of the stored videos.
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
    /// Returns the part of a hashtag's videos that most questions sample.
    pub(super) fn part_of(&self, hashtag: &Hashtag) -> CreatorsPart {
        CreatorsPart::of(self.inner.samples.videos_max, hashtag.observed.videos)
    }

    /// Returns one part of the creators to sample for every hashtag, so that the samples are comparable;
    /// together they have about twice the videos of one.
    pub(super) fn same_part(&self, hashtags: &[Hashtag]) -> CreatorsPart {
        let together = hashtags.iter().map(|hashtag| hashtag.observed.videos).sum();
        let of_all = CreatorsPart::of(self.inner.samples.videos_max.saturating_mul(2), together);
        hashtags.iter().map(|hashtag| self.part_of(hashtag)).fold(of_all, CreatorsPart::min)
    }

    /// Returns the part with the most played videos, also where not all are sampled.
    pub(super) fn most_played_part(&self, hashtag: &Hashtag) -> SamplePart {
        match self.part_of(hashtag) {
            CreatorsPart::ALL => SamplePart::Creators(CreatorsPart::ALL),
            _ => {
                let most = self.inner.samples.videos_max / MOST_PLAYED_SHARE;
                SamplePart::MostPlayed(u32::try_from(most).unwrap_or(u32::MAX))
            }
        }
    }

    /// Samples the videos of a hashtag, and selects from them.
    pub(super) async fn sample(
        &self,
        hashtag: &Hashtag,
        is_wanted: impl Fn(&SampledVideo) -> bool,
    ) -> Result<Sample, MeasureError> {
        let part = SamplePart::Creators(self.part_of(hashtag));
        self.sample_of(hashtag, part, |video, _| is_wanted(video)).await
    }

    /// Samples a part of the videos of a hashtag, and selects from them by figures and hashtags.
    pub(super) async fn sample_of(
        &self,
        hashtag: &Hashtag,
        part: SamplePart,
        is_wanted: impl Fn(&SampledVideo, &[HashtagRow]) -> bool,
    ) -> Result<Sample, MeasureError> {
        // A smaller part may be contained in the cached sample of other questions.
        if self.as_of().is_none()
            && let SamplePart::Creators(some) = part
            && some < self.part_of(hashtag)
            && let Some(cached) = self.cached(hashtag, SamplePart::Creators(self.part_of(hashtag)))
        {
            let is_in = |video: &SampledVideo| some.has(video.author(), video.row());
            return Ok(Sample::of(cached, part, |video, tags| is_in(video) && is_wanted(video, tags)));
        }
        let store = &self.inner.store;
        let seen = match (self.as_of(), self.cached(hashtag, part)) {
            // Not cached: the last change of a hashtag does not tell whether what it was is still to be shown.
            (Some(as_of), _) => Arc::new(store.sample_as_of(hashtag.row, part, as_of).await?),
            (None, Some(cached)) => cached,
            (None, None) => {
                let read = Arc::new(store.sample(hashtag.row, part).await?);
                self.inner.samples.cache.insert((hashtag.row, hashtag.changed, part), Arc::clone(&read));
                read
            }
        };
        Ok(Sample::of(seen, part, is_wanted))
    }

    /// Returns the cached sample as of the hashtag's last change.
    fn cached(&self, hashtag: &Hashtag, part: SamplePart) -> Option<Arc<VideoSample>> {
        self.inner.samples.cache.get(&(hashtag.row, hashtag.changed, part))
    }
}

/// Returns the side of the limit of five hashtags on which a video was posted.
pub(super) fn place(video: &SampledVideo) -> Place {
    Place::of(video.id(), video.created_at())
}

/// Returns true if a video was posted at or after a time; false if its time is unknown.
pub(super) fn is_since(video: &SampledVideo, since: Option<Timestamp>) -> bool {
    since.is_none_or(|since| video.created_at().is_some_and(|at| at >= since))
}

/// Returns true if a video was posted within a period, both ends included.
pub(super) fn is_within(video: &SampledVideo, since: Option<Timestamp>, until: Option<Timestamp>) -> bool {
    is_since(video, since) && until.is_none_or(|until| video.created_at().is_some_and(|at| at <= until))
}
