//! Samples: the stored videos under a hashtag that a measurement reads; of very many, a fair part.

use crate::hashtags::rows_of_blob;
use crate::merge;
use crate::recording::COUNTS;
use crate::videos::{UnderColumns, VideoRow, VideoUnder};
use crate::{Store, StoreError};
use domain::metrics::engagement::VideoFigures;
use domain::observation::VideoCounts;
use domain::{Count, Creator, HashtagRow, Region, Timestamp, VideoId};

/// Selection of the videos under a hashtag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SamplePart {
    /// All videos of a part of its creators.
    Creators(CreatorsPart),
    /// This many videos with the most plays.
    MostPlayed(u32),
}

/// This many of a thousand creators, the same for every hashtag: a small part is a subset of every larger one.
/// Chosen by a remainder of their ids, which is independent of their age and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CreatorsPart(u16);

/// A prime, so that patterns in the ids do not show in the remainder.
const PRIME: i64 = 1_000_003;
/// Denominator of a part.
const WHOLE: u16 = 1_000;

/// SQL of [`CreatorsPart::has`] for both databases.
pub(crate) const PLACE_SQL: &str = "(abs(CASE WHEN author = 0 THEN video ELSE author END) % 1000003) % 1000";

impl CreatorsPart {
    /// All creators.
    pub const ALL: Self = Self(WHOLE);

    /// Returns the part of the creators with about `most` of `stored` videos, at least one in a thousand.
    pub fn of(most: u64, stored: u64) -> Self {
        let part = most.saturating_mul(u64::from(WHOLE)) / stored.max(1);
        Self(u16::try_from(part).unwrap_or(WHOLE).clamp(1, WHOLE))
    }

    /// Returns true if it includes a video: by its creator, or by itself if that is unknown.
    pub fn has(self, author: Option<Creator>, video: VideoRow) -> bool {
        // A handle is negative, and never the smallest number.
        let number = author.map_or(video.0.cast_signed(), Creator::to_i64).abs();
        number % PRIME % i64::from(WHOLE) < self.number()
    }

    /// Encodes for the database.
    pub(crate) fn number(self) -> i64 {
        i64::from(self.0)
    }
}

/// A video of a sample, packed: there may be hundreds of thousands, and each question reads all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampledVideo {
    row: VideoRow,
    id: VideoId,
    author: Option<Creator>,
    /// [`UNKNOWN`] if unknown, like the others.
    created_ms: i64,
    observed_at_ms: i64,
    counts: [i64; COUNTS],
    /// Place of its first hashtag.
    first_tag: u32,
    tags: u16,
    region: u16,
    /// A bit for each count.
    rounded: u8,
}

/// Marks an unknown value: no stored time or count has it.
const UNKNOWN: i64 = i64::MIN;

impl SampledVideo {
    fn of(
        (author, video): (i64, i64),
        columns: &UnderColumns<'_>,
        first_tag: usize,
        tags: usize,
    ) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "videos", column, row: video.to_string() };
        let created_ms = columns.create_time.and_then(|seconds| seconds.checked_mul(1000));
        Ok(Self {
            row: VideoRow(video.cast_unsigned()),
            id: VideoId::from_i64(columns.id).map_err(|_| wrong("id"))?,
            author: Creator::from_i64(author),
            created_ms: created_ms.unwrap_or(UNKNOWN),
            observed_at_ms: columns.observed_at.unwrap_or(UNKNOWN),
            counts: columns.counts.map(|count| count.unwrap_or(UNKNOWN)),
            first_tag: u32::try_from(first_tag).map_err(|_| wrong("tags"))?,
            tags: u16::try_from(tags).map_err(|_| wrong("tags"))?,
            region: u16::try_from(columns.region).unwrap_or(0),
            rounded: u8::try_from(columns.rounded).map_err(|_| wrong("rounded"))?,
        })
    }

    /// Returns the video.
    pub const fn row(&self) -> VideoRow {
        self.row
    }

    /// Returns TikTok's id.
    pub const fn id(&self) -> VideoId {
        self.id
    }

    /// Returns the creator, if known.
    pub const fn author(&self) -> Option<Creator> {
        self.author
    }

    /// Returns the posting time, if known.
    pub fn created_at(&self) -> Option<Timestamp> {
        time(self.created_ms)
    }

    /// Returns the time of the last reading, if known.
    pub fn observed_at(&self) -> Option<Timestamp> {
        time(self.observed_at_ms)
    }

    /// Returns the country of the post, if known.
    pub fn region(&self) -> Option<Region> {
        Region::from_number(self.region)
    }

    /// Returns the plays, if known.
    pub fn plays(&self) -> Option<u64> {
        self.count(0).map(Count::value)
    }

    /// Returns a count; one above the limit, which older versions stored, is unknown.
    fn count(&self, n: usize) -> Option<Count> {
        let value = Some(self.counts[n]).filter(|value| *value != UNKNOWN);
        merge::known_count(value, self.rounded >> n & 1 == 1, None).map(|known| known.count)
    }

    /// Returns the numbers for formulas.
    pub fn figures(&self) -> VideoFigures {
        VideoFigures {
            video_id: self.id,
            author: self.author,
            created: self.created_at(),
            observed_at: self.observed_at(),
            region: self.region(),
            counts: VideoCounts::from_array(std::array::from_fn(|n| self.count(n))),
        }
    }

    /// Returns the video with its hashtags.
    pub fn to_video(&self, tags: &[HashtagRow]) -> VideoUnder {
        let figures = self.figures();
        VideoUnder {
            row: self.row,
            id: self.id,
            author: self.author,
            created_at: figures.created,
            region: figures.region,
            observed_at: figures.observed_at,
            counts: figures.counts,
            tags: tags.to_vec(),
        }
    }
}

fn time(ms: i64) -> Option<Timestamp> {
    (ms != UNKNOWN).then(|| Timestamp::from_ms(ms))
}

/// Videos under a hashtag, in the order in which they were stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VideoSample {
    videos: Vec<SampledVideo>,
    tags: Vec<HashtagRow>,
}

impl VideoSample {
    /// Adds a video, with the author and the row of its link.
    pub(crate) fn push(&mut self, link: (i64, i64), columns: &UnderColumns<'_>) -> Result<(), StoreError> {
        let first = self.tags.len();
        self.tags.extend(rows_of_blob(columns.tags).map(HashtagRow));
        self.videos.push(SampledVideo::of(link, columns, first, self.tags.len() - first)?);
        Ok(())
    }

    /// Leaves a part of the videos.
    pub(crate) fn retain(&mut self, part: SamplePart) {
        match part {
            SamplePart::Creators(part) => self.videos.retain(|video| part.has(video.author, video.row)),
            SamplePart::MostPlayed(most) => {
                let plays = |video: &SampledVideo| video.plays().unwrap_or(0);
                self.videos.sort_by(|a, b| (plays(b), a.row).cmp(&(plays(a), b.row)));
                self.videos.truncate(most as usize);
                self.videos.sort_by_key(|video| video.row);
            }
        }
    }

    /// Returns the videos.
    pub fn videos(&self) -> &[SampledVideo] {
        &self.videos
    }

    /// Returns the hashtags of one of them.
    pub fn tags(&self, video: &SampledVideo) -> &[HashtagRow] {
        let first = video.first_tag as usize;
        self.tags.get(first..first + usize::from(video.tags)).unwrap_or_default()
    }

    /// Returns its approximate memory, in bytes.
    pub fn bytes(&self) -> u64 {
        let bytes = size_of_val(self.videos.as_slice()) + size_of_val(self.tags.as_slice());
        (size_of::<Self>() + bytes) as u64
    }
}

impl Store {
    /// Reads the numbers of the videos under a hashtag, in the order in which they were stored.
    pub async fn sample(&self, hashtag: HashtagRow, part: SamplePart) -> Result<VideoSample, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.sample(hashtag, part),
            Self::Postgres(postgres) => postgres.sample(hashtag, part).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_one_inside_the_other_and_as_large_as_they_say() {
        assert_eq!(CreatorsPart::of(200_000, 100), CreatorsPart::ALL);
        assert_eq!(CreatorsPart::of(200_000, 0), CreatorsPart::ALL);
        assert_eq!(CreatorsPart::of(1, u64::MAX), CreatorsPart(1));
        let (tenth, half) = (CreatorsPart::of(10, 100), CreatorsPart::of(50, 100));
        assert!(tenth < half && half < CreatorsPart::ALL);
        // Ids like TikTok's: a time in the upper bits, little below.
        let author = |n: i64| Creator::from_i64((1_500_000_000 + n * 977) << 32 | (n % 7) << 10 | 1);
        let has = |part: CreatorsPart| (0..20_000).filter(|n| part.has(author(*n), VideoRow(1))).count();
        assert!((1_800..2_200).contains(&has(tenth)), "{}", has(tenth));
        assert!((9_600..10_400).contains(&has(half)), "{}", has(half));
        assert_eq!(has(CreatorsPart::ALL), 20_000);
        for n in 0..20_000 {
            assert!(half.has(author(n), VideoRow(1)) || !tenth.has(author(n), VideoRow(1)));
        }
        assert!((0..500).any(|row| tenth.has(None, VideoRow(row))), "without a creator by the video");
        assert!((0..500).any(|row| !tenth.has(None, VideoRow(row))));
        assert!(PLACE_SQL.contains(&PRIME.to_string()) && PLACE_SQL.ends_with(&format!("% {WHOLE}")));
    }
}
