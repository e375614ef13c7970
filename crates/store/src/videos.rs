//! Reading videos: their order under a hashtag, and their rendered JSON.

use crate::hashtags::tags_of_blob;
use crate::merge::known_count;
use crate::recording::COUNTS;
use crate::row::row;
use crate::{Store, StoreError};
use domain::observation::VideoCounts;
use domain::{Creator, HashtagRow, Region, Timestamp, VideoId};

/// The number of a video in this store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VideoRow(pub u64);

/// A video on a page: its rendered JSON, the known counts and their time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownVideo {
    /// Rendered JSON, packed (`domain::fragment`).
    pub packed: Vec<u8>,
    /// Time of the last reading, if known.
    pub read_at: Option<Timestamp>,
    /// Bit n is set if count n is known, in the order of [`VideoCounts::to_array`]. In the JSON an unknown
    /// count is 0.
    pub known: u8,
}

impl ShownVideo {
    /// Returns true if count n is known.
    pub const fn is_known(&self, n: usize) -> bool {
        self.known >> n & 1 == 1
    }

    /// Decodes from the database.
    pub(crate) fn of(packed: Vec<u8>, read_at: Option<i64>, known: i64) -> Self {
        let known = u8::try_from(known).unwrap_or(0);
        Self { packed, read_at: read_at.map(Timestamp::from_ms), known }
    }
}

/// SQL for the bit set of a video's known counts, for both databases.
pub(crate) const KNOWN_SQL: &str =
    "CASE WHEN plays IS NULL THEN 0 ELSE 1 END + CASE WHEN likes IS NULL THEN 0 ELSE 2 END
    + CASE WHEN comments IS NULL THEN 0 ELSE 4 END + CASE WHEN shares IS NULL THEN 0 ELSE 8 END
    + CASE WHEN saves IS NULL THEN 0 ELSE 16 END + CASE WHEN downloads IS NULL THEN 0 ELSE 32 END";

/// The numbers of a video under a hashtag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoUnder {
    /// The video.
    pub row: VideoRow,
    /// TikTok's id.
    pub id: VideoId,
    /// Creator, if known.
    pub author: Option<Creator>,
    /// Posting time, if known.
    pub created_at: Option<Timestamp>,
    /// Country of the post, if known.
    pub region: Option<Region>,
    /// Time of the last reading, if known.
    pub observed_at: Option<Timestamp>,
    /// Newest reported counts.
    pub counts: VideoCounts,
    /// Its hashtags, this one among them.
    pub tags: Vec<HashtagRow>,
}

/// Place after which a list of the videos under a hashtag continues: author and video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderPlace {
    pub(crate) author: i64,
    pub(crate) video: i64,
}

/// A part of the videos under a hashtag, and the place of the next; `None` at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideosUnder {
    /// In the order of their authors.
    pub videos: Vec<VideoUnder>,
    /// Place at which the next part begins.
    pub next: Option<UnderPlace>,
}

row! {
    /// The numbers of a video: a row of `videos AS v`.
    pub(crate) struct UnderColumns<'r>: under_columns {
        id: i64 = "v.id",
        create_time: Option<i64> = "v.create_time",
        region: i64 = "v.region",
        observed_at: Option<i64> = "v.observed_at",
        rounded: i64 = "v.rounded",
        /// Rows of its hashtags, packed.
        tags: &'r [u8] = "v.tags",
        counts: [Option<i64>; COUNTS] = ["v.plays", "v.likes", "v.comments", "v.shares", "v.saves", "v.downloads"],
    }
}

impl UnderColumns<'_> {
    /// Returns the video, with the author and the row of its link.
    pub(crate) fn into_video(self, (author, video): (i64, i64)) -> Result<VideoUnder, StoreError> {
        let wrong = |column| StoreError::Inconsistent { table: "videos", column, row: video.to_string() };
        let mut counts = [None; COUNTS];
        for (n, count) in counts.iter_mut().enumerate() {
            *count = known_count(self.counts[n], self.rounded >> n & 1 == 1, None).map(|known| known.count);
        }
        Ok(VideoUnder {
            row: VideoRow(video.cast_unsigned()),
            id: VideoId::from_i64(self.id).map_err(|_| wrong("id"))?,
            author: Creator::from_i64(author),
            created_at: self.create_time.and_then(|s| s.checked_mul(1000)).map(Timestamp::from_ms),
            region: u16::try_from(self.region).ok().and_then(Region::from_number),
            observed_at: self.observed_at.map(Timestamp::from_ms),
            counts: VideoCounts::from_array(counts),
            tags: tags_of_blob(self.tags).into_iter().map(HashtagRow).collect(),
        })
    }
}

/// Returns a part of up to `limit` videos with the place of the next.
pub(crate) fn part_of(videos: Vec<VideoUnder>, limit: u32) -> VideosUnder {
    let last = videos.last().filter(|_| videos.len() as u64 >= u64::from(limit));
    let next = last.map(|last| UnderPlace {
        author: last.author.map_or(0, Creator::to_i64),
        video: last.row.0.cast_signed(),
    });
    VideosUnder { videos, next }
}

impl Store {
    /// Returns the numbers of up to `limit` videos under a hashtag: from the beginning, or where the previous
    /// part ended.
    pub async fn videos_under(
        &self,
        hashtag: HashtagRow,
        after: Option<UnderPlace>,
        limit: u32,
    ) -> Result<VideosUnder, StoreError> {
        let after = after.unwrap_or(UnderPlace { author: i64::MIN, video: i64::MIN });
        let videos = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.videos_under(hashtag, after, limit)?,
            Self::Postgres(postgres) => postgres.videos_under(hashtag, after, limit).await?,
        };
        Ok(part_of(videos, limit))
    }

    /// Returns the videos under a hashtag, most plays first, newer ids first among equals; only those of a
    /// region if given.
    pub async fn ranking(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Vec<VideoRow>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.ranking(hashtag, region),
            Self::Postgres(postgres) => postgres.ranking(hashtag, region).await,
        }
    }

    /// Returns the rendered JSON of videos, packed (`domain::fragment`), in the given order.
    pub async fn packed(&self, videos: &[VideoRow]) -> Result<Vec<Vec<u8>>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.packed(videos),
            Self::Postgres(postgres) => postgres.packed(videos).await,
        }
    }

    /// Returns videos for a page, in the given order.
    pub async fn shown(&self, videos: &[VideoRow]) -> Result<Vec<ShownVideo>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.shown(videos),
            Self::Postgres(postgres) => postgres.shown(videos).await,
        }
    }

    /// Returns the rows of videos, each once and ascending, without those that are not stored.
    pub async fn video_rows(&self, ids: &[VideoId]) -> Result<Vec<VideoRow>, StoreError> {
        let mut rows = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.video_rows(ids)?,
            Self::Postgres(postgres) => postgres.video_rows(ids).await?,
        };
        rows.sort_unstable();
        rows.dedup();
        Ok(rows)
    }
}
