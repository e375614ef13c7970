//! Frozen rankings, which the cursors of walks point into.

use crate::row::row;
use crate::videos::{ShownVideo, VideoRow};
use crate::{Store, StoreError};
use domain::cursor::GENERATION_MAX;
use domain::observation::VideoCounts;
use domain::{HashtagRow, Region, Timestamp};
use std::collections::HashSet;

/// A frozen ranking of the videos under a hashtag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// Its number in cursors: 1 to `domain::cursor::GENERATION_MAX`, reused only long after it expired.
    pub slot: u64,
    /// The hashtag.
    pub hashtag: HashtagRow,
    /// Only the videos of this region.
    pub region: Option<Region>,
    /// The hashtag's change sequence at its creation.
    pub changed: u64,
    /// Creation time.
    pub built_at: Timestamp,
    /// Number of videos.
    pub videos: u64,
}

impl Store {
    /// Stores a ranking, with the rendered JSON of its first videos. Drops rankings created before
    /// `expired_before`.
    pub async fn write_generation(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
        changed: u64,
        built_at: Timestamp,
        expired_before: Timestamp,
        videos: Vec<VideoRow>,
    ) -> Result<Generation, StoreError> {
        let gone_before = self.videos_gone().await?;
        let first_page = join(&self.shown(&videos[..videos.len().min(FIRST_PAGE_VIDEOS)]).await?);
        let generation =
            NewGeneration { hashtag, region, changed, built_at, expired_before, videos, first_page };
        let written = match self {
            Self::Sqlite(sqlite) => sqlite.walks.write(sqlite.catalog.identity()?, generation).await?,
            Self::Postgres(postgres) => postgres.write_generation(generation).await?,
        };
        // A forget drops rankings after the videos. One that was read before and written after contains some.
        if self.videos_gone().await? != gone_before {
            self.drop_generations(Some(vec![hashtag])).await?;
        }
        Ok(written)
    }

    /// Appends videos to a ranking, those that are not in it yet, in the given order; all others keep their
    /// places. `None` if the ranking no longer exists. Two nodes that extend one at once append no video twice.
    pub async fn extend_generation(
        &self,
        hashtag: HashtagRow,
        slot: u64,
        videos: Vec<VideoRow>,
    ) -> Result<Option<Extended>, StoreError> {
        let Some(known) = self.generation(hashtag, slot).await? else { return Ok(None) };
        // A complete head stays so. An incomplete one has fewer videos than its room, so that as many new ones
        // complete it.
        let of_head = if known.videos < FIRST_PAGE_VIDEOS as u64 { FIRST_PAGE_VIDEOS * 2 } else { 0 };
        let mut more = NewVideos { hashtag, slot, videos: unrepeated(videos), shown: Vec::new() };
        more.shown = self.shown(&more.videos[..more.videos.len().min(of_head)]).await?;
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.extend(sqlite.catalog.identity()?, more).await,
            Self::Postgres(postgres) => postgres.extend_generation(&more).await,
        }
    }

    /// Returns the first `count` videos of a ranking as they were at its creation. `None` if it stores fewer,
    /// or no longer exists.
    pub async fn first_page(
        &self,
        hashtag: HashtagRow,
        slot: u64,
        count: u32,
    ) -> Result<Option<Vec<ShownVideo>>, StoreError> {
        if count as usize > FIRST_PAGE_VIDEOS {
            return Ok(None);
        }
        let head = match self {
            Self::Sqlite(sqlite) => sqlite.walks.first_page(slot)?,
            Self::Postgres(postgres) => postgres.first_page(hashtag, slot).await?,
        };
        Ok(head.as_deref().and_then(|head| split(head, count as usize)))
    }

    /// Returns the newest ranking of a hashtag.
    pub async fn newest_generation(
        &self,
        hashtag: HashtagRow,
        region: Option<Region>,
    ) -> Result<Option<Generation>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.newest(sqlite.catalog.identity()?, hashtag, region),
            Self::Postgres(postgres) => postgres.newest_generation(hashtag, region).await,
        }
    }

    /// Returns the ranking of a cursor's number, if it still exists.
    pub async fn generation(&self, hashtag: HashtagRow, slot: u64) -> Result<Option<Generation>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.generation(sqlite.catalog.identity()?, slot),
            Self::Postgres(postgres) => postgres.generation(hashtag, slot).await,
        }
    }

    /// Returns up to `count` videos of a ranking from `position` on.
    pub async fn ranked(
        &self,
        hashtag: HashtagRow,
        slot: u64,
        position: u64,
        count: u32,
    ) -> Result<Vec<VideoRow>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.ranked(slot, position, count),
            Self::Postgres(postgres) => postgres.ranked(hashtag, slot, position, count).await,
        }
    }
}

/// A ranking after it was extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extended {
    /// The extended ranking.
    pub generation: Generation,
    /// Number of appended videos.
    pub appended: u64,
}

/// A ranking to store.
#[derive(Debug)]
pub(crate) struct NewGeneration {
    pub(crate) hashtag: HashtagRow,
    pub(crate) region: Option<Region>,
    pub(crate) changed: u64,
    pub(crate) built_at: Timestamp,
    pub(crate) expired_before: Timestamp,
    pub(crate) videos: Vec<VideoRow>,
    pub(crate) first_page: Vec<u8>,
}

impl NewGeneration {
    /// Returns the time after which a ranking's time is from a clock that was ahead: rankings are retained for
    /// as long as from `expired_before` to now. Such a one is retained like one created now.
    pub(crate) fn ahead_from(&self) -> Timestamp {
        let (now, before) = (self.built_at.as_ms(), self.expired_before.as_ms());
        Timestamp::from_ms(now.saturating_add(now.saturating_sub(before)))
    }

    /// Returns the ranking under this number. Slots run from 1 to the largest of a cursor and start over.
    pub(crate) fn numbered(&self, number: u64) -> Generation {
        Generation {
            slot: (number - 1) % GENERATION_MAX + 1,
            hashtag: self.hashtag,
            region: self.region,
            changed: self.changed,
            built_at: self.built_at,
            videos: self.videos.len() as u64,
        }
    }

    /// Encodes its videos, chunk 0 first.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = Vec<u8>> {
        let chunks = self.videos.chunks(CHUNK_VIDEOS as usize);
        chunks.map(|videos| videos.iter().flat_map(|video| video.0.to_le_bytes()).collect())
    }
}

/// Videos to append to a ranking if it lacks them.
#[derive(Debug)]
pub(crate) struct NewVideos {
    pub(crate) hashtag: HashtagRow,
    pub(crate) slot: u64,
    /// Each once.
    pub(crate) videos: Vec<VideoRow>,
    /// The first of them, if the ranking's head has room.
    pub(crate) shown: Vec<ShownVideo>,
}

/// Rows that extend a ranking.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extension {
    /// Number of appended videos.
    pub(crate) appended: u64,
    /// The former last chunk, filled up, and those after it, with their numbers.
    pub(crate) chunks: Vec<(i64, Vec<u8>)>,
    /// Bytes appended to the head.
    pub(crate) first_page: Vec<u8>,
}

impl NewVideos {
    /// Computes what they add to a ranking of `count` videos, whose chunks are concatenated. `None` if the
    /// chunks are not those of so many videos: the ranking is being dropped.
    pub(crate) fn beyond(&self, count: u64, chunks: &[u8]) -> Option<Extension> {
        let (numbers, rest) = chunks.as_chunks::<{ size_of::<u64>() }>();
        if numbers.len() as u64 != count || !rest.is_empty() {
            return None;
        }
        let frozen: HashSet<u64> = numbers.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        let is_new = |video: &VideoRow| !frozen.contains(&video.0);
        let new: Vec<VideoRow> = self.videos.iter().copied().filter(is_new).collect();
        let whole_chunks = numbers.len() / CHUNK_VIDEOS as usize;
        let mut tail = chunks[whole_chunks * CHUNK_BYTES..].to_vec();
        tail.extend(new.iter().flat_map(|video| video.0.to_le_bytes()));
        let head_room = FIRST_PAGE_VIDEOS.saturating_sub(numbers.len());
        let shown = self.videos.iter().zip(&self.shown).filter(|(video, _)| is_new(video));
        let head: Vec<ShownVideo> = shown.map(|(_, video)| video.clone()).take(head_room).collect();
        Some(Extension {
            appended: new.len() as u64,
            chunks: (whole_chunks as i64..).zip(tail.chunks(CHUNK_BYTES).map(<[u8]>::to_vec)).collect(),
            first_page: join(&head),
        })
    }
}

/// Removes repeats, keeping the first of each.
fn unrepeated(mut videos: Vec<VideoRow>) -> Vec<VideoRow> {
    let mut seen = HashSet::with_capacity(videos.len());
    videos.retain(|video| seen.insert(*video));
    videos
}

/// The stored chunks of a part of a ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first chunk.
    pub(crate) first: i64,
    /// The last.
    pub(crate) last: i64,
    skip: usize,
    count: usize,
}

impl Span {
    /// Returns the span of `count` videos from `position` on.
    pub(crate) fn of(position: u64, count: u32) -> Self {
        let end = position.saturating_add(u64::from(count));
        Self {
            first: (position / CHUNK_VIDEOS).cast_signed(),
            last: (end.saturating_sub(1) / CHUNK_VIDEOS).cast_signed(),
            skip: (position % CHUNK_VIDEOS) as usize,
            count: count as usize,
        }
    }

    /// Returns the part, from its concatenated chunks.
    pub(crate) fn cut(self, chunks: &[u8]) -> Vec<VideoRow> {
        let (numbers, _) = chunks.as_chunks::<{ size_of::<u64>() }>();
        let rows = numbers.iter().map(|bytes| VideoRow(u64::from_le_bytes(*bytes)));
        rows.skip(self.skip).take(self.count).collect()
    }
}

/// Videos in one stored chunk: a page of a walk reads one or two.
const CHUNK_VIDEOS: u64 = 512;
/// Bytes of a full chunk.
const CHUNK_BYTES: usize = CHUNK_VIDEOS as usize * size_of::<u64>();

/// Videos whose rendered JSON is stored with a ranking: the longest page of the contract.
const FIRST_PAGE_VIDEOS: usize = 35;

/// Encodes videos, each after its length: the JSON, the reading time in milliseconds, and the bits of known
/// counts.
fn join(videos: &[ShownVideo]) -> Vec<u8> {
    let mut head = Vec::with_capacity(videos.iter().map(|video| video.packed.len() + 13).sum());
    for ShownVideo { packed, read_at, known } in videos {
        // A video's JSON is far below 4 GiB (`sources` reads no longer records).
        head.extend_from_slice(&u32::try_from(packed.len() + 9).unwrap_or(u32::MAX).to_le_bytes());
        head.extend_from_slice(packed);
        head.extend_from_slice(&read_at.map_or(NO_TIME, Timestamp::as_ms).to_le_bytes());
        head.push(*known);
    }
    head
}

/// Marks a missing time.
const NO_TIME: i64 = i64::MIN;

/// Decodes the first `count` of [`join`], or all if there are fewer. `None` for other bytes: heads of an older
/// version end with the bracket of the JSON, which is no set of counts.
fn split(mut head: &[u8], count: usize) -> Option<Vec<ShownVideo>> {
    let mut videos = Vec::with_capacity(count);
    while videos.len() < count && !head.is_empty() {
        let (length, rest) = head.split_first_chunk::<4>()?;
        let (video, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let (known, video) = video.split_last()?;
        let (packed, read_at) = video.split_last_chunk::<8>()?;
        if *known >> VideoCounts::LEN != 0 {
            return None;
        }
        let read_at = Some(i64::from_le_bytes(*read_at)).filter(|ms| *ms != NO_TIME);
        videos.push(ShownVideo::of(packed.to_vec(), read_at, i64::from(*known)));
        head = rest;
    }
    Some(videos)
}

row! {
    /// A generation's row.
    pub(crate) struct GenerationRow: generation_columns {
        slot: i64,
        hashtag: u32,
        region: u16,
        changed: i64,
        built_at: i64,
        videos: i64,
    }
}

impl From<GenerationRow> for Generation {
    fn from(row: GenerationRow) -> Self {
        Self {
            slot: row.slot.cast_unsigned(),
            hashtag: HashtagRow(row.hashtag),
            region: Region::from_number(row.region),
            changed: row.changed.cast_unsigned(),
            built_at: Timestamp::from_ms(row.built_at),
            videos: row.videos.cast_unsigned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_ranking_is_cut_out_of_its_chunks() {
        let videos: Vec<VideoRow> = (0..CHUNK_VIDEOS * 2 + 100).map(|n| VideoRow(n * 3)).collect();
        let new = NewGeneration {
            hashtag: HashtagRow(1),
            region: None,
            changed: 1,
            built_at: Timestamp::from_ms(0),
            expired_before: Timestamp::from_ms(0),
            videos: videos.clone(),
            first_page: Vec::new(),
        };
        let chunks: Vec<Vec<u8>> = new.chunks().collect();
        for (position, count) in
            [(0, 1), (0, 35), (500, 35), (511, 1), (512, 35), (1000, 100), (1100, 35), (1124, 1)]
        {
            let span = Span::of(position, count);
            let read: Vec<u8> = chunks
                .iter()
                .take(span.last as usize + 1)
                .skip(span.first as usize)
                .flatten()
                .copied()
                .collect();
            let want: Vec<VideoRow> =
                videos.iter().skip(position as usize).take(count as usize).copied().collect();
            assert_eq!(span.cut(&read), want, "{count} from {position}");
        }
        assert_eq!(Span::of(510, 4), Span { first: 0, last: 1, skip: 510, count: 4 });
        let slots = [1, 2, GENERATION_MAX, GENERATION_MAX + 1].map(|number| new.numbered(number).slot);
        assert_eq!(slots, [1, 2, GENERATION_MAX, 1]);
    }

    #[test]
    fn an_extension_fills_the_last_chunk_and_leaves_the_others() {
        let bytes = |videos: &[u64]| -> Vec<u8> { videos.iter().flat_map(|n| n.to_le_bytes()).collect() };
        let frozen: Vec<u64> = (0..CHUNK_VIDEOS + 10).collect();
        let more = |videos: &[u64]| NewVideos {
            hashtag: HashtagRow(1),
            slot: 1,
            videos: videos.iter().copied().map(VideoRow).collect(),
            shown: Vec::new(),
        };
        let extension = more(&[3, 9_000, 7, 8_000]).beyond(frozen.len() as u64, &bytes(&frozen));
        let tail: Vec<u64> = frozen[CHUNK_VIDEOS as usize..].iter().copied().chain([9_000, 8_000]).collect();
        let want = Extension { appended: 2, chunks: vec![(1, bytes(&tail))], first_page: Vec::new() };
        assert_eq!(extension, Some(want));
        let many: Vec<u64> = (10_000..10_000 + CHUNK_VIDEOS * 2).collect();
        let extension = more(&many).beyond(CHUNK_VIDEOS, &bytes(&frozen[..CHUNK_VIDEOS as usize]));
        let extension = extension.expect("an extension");
        let sizes: Vec<_> = extension.chunks.iter().map(|(number, videos)| (*number, videos.len())).collect();
        assert_eq!(sizes, [(1, CHUNK_BYTES), (2, CHUNK_BYTES)]);
        assert_eq!(more(&[1]).beyond(11, &bytes(&frozen[..10])), None, "a chunk was dropped");
    }

    #[test]
    fn a_head_grows_until_it_is_full() {
        let videos: Vec<VideoRow> = (0..70).map(VideoRow).collect();
        let shown: Vec<ShownVideo> = (0..70_u8).map(|n| ShownVideo::of(vec![n], None, 1)).collect();
        let want = join(&shown[30..35]);
        let more = NewVideos { hashtag: HashtagRow(1), slot: 1, videos, shown };
        let frozen: Vec<u8> = (0..30_u64).flat_map(u64::to_le_bytes).collect();
        let extension = more.beyond(30, &frozen).expect("an extension");
        assert_eq!((extension.appended, extension.first_page), (40, want));
    }

    #[test]
    fn heads_are_taken_apart_as_they_were_put_together() {
        let video = |packed: &[u8], read_at, known| ShownVideo::of(packed.to_vec(), read_at, known);
        let videos = vec![video(b"one", Some(-7), 63), video(b"", None, 0), video(b"three", Some(9), 5)];
        let head = join(&videos);
        assert_eq!(split(&head, 35), Some(videos.clone()));
        assert_eq!(split(&head, 2), Some(videos[..2].to_vec()));
        assert_eq!(split(&head[..head.len() - 1], 35), None);
        assert_eq!(split(b"", 35), Some(Vec::new()));
        let old = [&23_u32.to_le_bytes()[..], br#"["7622263851152706848"]"#].concat();
        assert_eq!(split(&old, 35), None, "a head of an older version");
    }
}
