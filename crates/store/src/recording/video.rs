//! Taking one reading of a video in.

use super::Recording;
use super::creators::Ownership;
use super::links::{Change, Link};
use super::rows::{Point, Rows};
use super::zeros::{FirstNonzero, StoredReadings, Times};
use crate::StoreError;
use crate::hashtags::tags_of_blob;
use crate::merge::{self, KnownCount, known_count, newest, rounded_bits};
use crate::record::PreparedVideo;
use crate::row::row;
use domain::caveat::caveats_of_reading;
use domain::observation::VideoCounts;
use domain::{Caveat, Count, Region, Source, Timestamp, fragment};

/// Number of counts of a video.
pub(crate) const COUNTS: usize = VideoCounts::LEN;
/// The counts of a video, in the order of the table's columns.
pub(crate) const VIDEO_COLUMNS: [&str; COUNTS] =
    ["plays", "likes", "comments", "shares", "saves", "downloads"];

/// A stored video.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredVideo {
    /// Its creator: an id, or a handle, which is negative.
    pub(crate) author: Option<i64>,
    /// Its creator's handle, where no record gave an id.
    pub(crate) handle: Option<i64>,
    pub(crate) create_time: Option<i64>,
    /// 0 when unknown.
    pub(crate) region: u16,
    /// Milliseconds since 1970, of the newest reading.
    pub(crate) observed_at: Option<i64>,
    /// Milliseconds since 1970 of the latest report that it is removed.
    pub(crate) removed_at: Option<i64>,
    pub(crate) counts: [Option<KnownCount>; COUNTS],
    /// Rows of its hashtags.
    pub(crate) tags: Vec<u32>,
    pub(crate) packed: Vec<u8>,
}

row! {
    /// The counts of a video as they are stored.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct CountColumns: count_columns {
        rounded: i64,
        values: [Option<i64>; COUNTS] = ["plays", "likes", "comments", "shares", "saves", "downloads"],
        /// A count's own time, only where it differs from the video's; `i64::MIN` is "without a time".
        at: [Option<i64>; COUNTS] =
            ["plays_at", "likes_at", "comments_at", "shares_at", "saves_at", "downloads_at"],
    }
}

row! {
    /// A video's row, without its ids.
    pub(crate) struct VideoColumns<'r>: video_columns {
        author: Option<i64>,
        create_time: Option<i64>,
        region: u16,
        observed_at: Option<i64>,
        counts: CountColumns = (crate::recording::count_columns),
        tags: &'r [u8],
        handle: Option<i64>,
        removed_at: Option<i64>,
    }
}

impl VideoColumns<'_> {
    /// Returns the video with its ready JSON.
    pub(crate) fn video(&self, packed: Vec<u8>) -> StoredVideo {
        StoredVideo {
            author: self.author,
            handle: self.handle,
            create_time: self.create_time,
            region: self.region,
            observed_at: self.observed_at,
            removed_at: self.removed_at,
            counts: self.counts.known(self.observed_at),
            tags: tags_of_blob(self.tags),
            packed,
        }
    }
}

impl CountColumns {
    /// Back to what they say, beside the video's own time.
    fn known(&self, observed_at: Option<i64>) -> [Option<KnownCount>; COUNTS] {
        std::array::from_fn(|n| {
            let at = match self.at[n] {
                None => observed_at,
                Some(i64::MIN) => None,
                own => own,
            };
            known_count(self.values[n], self.rounded >> n & 1 == 1, at)
        })
    }
}

impl StoredVideo {
    /// Its counts, for the table.
    pub(crate) fn columns(&self) -> CountColumns {
        let own_time = |known: KnownCount| {
            let at = known.at.map(Timestamp::as_ms);
            (at != self.observed_at).then(|| at.unwrap_or(i64::MIN))
        };
        CountColumns {
            rounded: rounded_bits(self.counts.map(|known| known.map(|t| t.count))),
            values: self.counts.map(merge::value),
            at: self.counts.map(|known| known.and_then(own_time)),
        }
    }

    /// Returns whether it was found removed and no later reading shows it.
    pub(crate) fn is_removed(&self) -> bool {
        self.removed_at.is_some_and(|removed_at| self.observed_at.is_none_or(|read_at| read_at <= removed_at))
    }

    /// Rows of the hashtags that it is under: none while it is removed.
    fn linked(&self) -> &[u32] {
        if self.is_removed() { &[] } else { &self.tags }
    }

    fn plays(&self) -> i64 {
        merge::value(self.counts[0]).unwrap_or(0)
    }
}

impl<R: Rows> Recording<'_, R> {
    /// Takes a reading in.
    pub(super) fn video(&mut self, reading: PreparedVideo) -> Result<(), StoreError> {
        #[cfg(all(feature = "seeded-panics", debug_assertions))]
        crate::poison::video(reading.id);
        if self.is_forgotten(&reading)? {
            self.recorded.videos_forgotten += 1;
            return Ok(());
        }
        match self.rows.claim_video(reading.id, self.next_video, reading.digest)? {
            None => self.first(reading),
            Some((_, digest)) if digest == reading.digest => Ok(()),
            Some((video, _)) => self.again(video, &reading),
        }
    }

    fn rows_of(&mut self, reading: &PreparedVideo) -> Result<Vec<u32>, StoreError> {
        let mut rows = Vec::with_capacity(reading.tags.len());
        for tag in &reading.tags {
            let row = self.tags.row(self.rows, self.known, tag)?;
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Records the first reading of a new video.
    fn first(&mut self, reading: PreparedVideo) -> Result<(), StoreError> {
        let tags = self.rows_of(&reading)?;
        let Ownership { author, handle } = self.ownership(None, reading.author, reading.handle)?;
        let video = self.next_video;
        self.next_video += 1;
        let (at, source, id) = (reading.observed_at, reading.source, reading.id);
        let has_caption_tags = reading.has_caption_tags;
        let counts = reading.counts.to_array();
        let stored = StoredVideo {
            author,
            handle,
            create_time: reading.create_time,
            region: reading.region.map_or(0, Region::to_number),
            observed_at: at.map(Timestamp::as_ms),
            removed_at: None,
            counts: counts.map(|count| count.map(|count| KnownCount { count, at })),
            tags,
            packed: reading.packed,
        };
        for &hashtag in &stored.tags {
            self.link(hashtag, video, &stored);
        }
        self.made_from(&stored, source, at, has_caption_tags);
        self.recorded.videos_new += 1;
        let reading = at.and_then(|at| Point::of(at, source, counts));
        self.rows.make_video(video, id, stored, reading)
    }

    /// Records a further reading of a stored video: it may be newer, older or report other fields.
    fn again(&mut self, video: u32, reading: &PreparedVideo) -> Result<(), StoreError> {
        let stored = self.rows.stored_video(video)?;
        let at = reading.observed_at;
        let counts_now = reading.counts.to_array();
        let settled = self.settle(video, at, counts_now, &stored)?;
        if let Some(point) = at.and_then(|at| Point::of(at, reading.source, settled)) {
            self.rows.write_video_point(video, point)?;
        }
        let is_newer = at.map(Timestamp::as_ms) > stored.observed_at;
        let counts: [Option<KnownCount>; COUNTS] = std::array::from_fn(|n| {
            newest(stored.counts[n], counts_now[n].map(|count| KnownCount { count, at }))
        });
        let rows = self.rows_of(reading)?;
        let Ownership { author, handle } = self.ownership(Some(&stored), reading.author, reading.handle)?;
        let added = rows.into_iter().filter(|row| !stored.tags.contains(row));
        let after = StoredVideo {
            author,
            handle,
            create_time: stored.create_time.or(reading.create_time),
            region: reading
                .region
                .filter(|_| is_newer || stored.region == 0)
                .map_or(stored.region, Region::to_number),
            observed_at: stored.observed_at.max(at.map(Timestamp::as_ms)),
            removed_at: stored.removed_at,
            counts,
            tags: stored.tags.iter().copied().chain(added).collect(),
            packed: merged(&stored, reading, &counts, is_newer),
        };
        // What its handle has come to stand for is news of another record.
        let is_moved =
            after.handle.is_some() && after.handle == stored.handle && after.author != stored.author;
        let is_changed = if is_moved {
            after != StoredVideo { author: after.author, ..stored.clone() }
        } else {
            after != stored
        };
        if is_changed || is_newer || at.map(Timestamp::as_ms) == stored.observed_at {
            self.rows.set_digest(reading.id, video, reading.digest)?;
        }
        if is_changed {
            self.recorded.videos_changed += 1;
            self.made_from(&after, reading.source, at, reading.has_caption_tags);
        }
        if is_changed || is_moved {
            self.relink(video, &stored, &after);
            self.recorded.videos_reinstated += u64::from(stored.is_removed() && !after.is_removed());
            self.rows.change_video(video, reading.id, after)?;
        }
        Ok(())
    }

    /// Returns the counts of a reading as they are to be stored, and clears stored zeros that are unknown.
    fn settle(
        &mut self,
        video: u32,
        at: Option<Timestamp>,
        counts: [Option<Count>; COUNTS],
        stored: &StoredVideo,
    ) -> Result<[Option<Count>; COUNTS], StoreError> {
        let is_new = video >= self.first_new_video;
        let first_nonzero = self.first_nonzero.entry(video).or_insert_with(|| {
            // Every reading after the one that made it comes by here.
            if is_new { FirstNonzero::of_new(&stored.counts) } else { FirstNonzero::default() }
        });
        first_nonzero.settle(&mut Stored { rows: self.rows, video }, at, counts, &stored.counts)
    }

    /// Notes what becomes of the video's links and of its hashtags' sums.
    pub(super) fn relink(&mut self, video: u32, stored: &StoredVideo, after: &StoredVideo) {
        let (before_author, author) = (stored.author.unwrap_or(0), after.author.unwrap_or(0));
        for &hashtag in stored.linked() {
            if !after.linked().contains(&hashtag) {
                self.unlink(hashtag, video, stored);
                continue;
            }
            let touched = self.tags.entry(hashtag);
            touched.views += i128::from(after.plays()) - i128::from(stored.plays());
            touched.is_stirred = true;
            if before_author != author {
                self.links.push(Link::new(hashtag, video, stored, Change::Drop));
                self.links.push(Link::new(hashtag, video, after, Change::Make));
            } else if stored.plays() != after.plays() || stored.region != after.region {
                self.links.push(Link::new(hashtag, video, after, Change::Update));
            }
        }
        for hashtag in after.linked().iter().filter(|hashtag| !stored.linked().contains(hashtag)) {
            self.link(*hashtag, video, after);
        }
        if after.is_removed() {
            // Also where no sum moves: the newest reading under a hashtag may be another.
            for &hashtag in &after.tags {
                self.tags.entry(hashtag).is_stirred = true;
            }
        }
    }

    /// Notes where what moves the sums of its hashtags came from, when it was read, and what has to be said of it.
    fn made_from(
        &mut self,
        stored: &StoredVideo,
        source: Source,
        at: Option<Timestamp>,
        has_caption_tags: bool,
    ) {
        let mut caveats = caveats_of_reading(source, stored.create_time, at);
        if has_caption_tags {
            caveats.insert(Caveat::TagsOfCaptions);
        }
        for &hashtag in &stored.tags {
            let touched = self.tags.entry(hashtag);
            touched.held_at = touched.held_at.max(stored.observed_at);
            touched.sources.insert(source);
            touched.caveats = touched.caveats.union(caveats);
        }
    }

    /// Puts a video under a hashtag.
    fn link(&mut self, hashtag: u32, video: u32, stored: &StoredVideo) {
        self.links.push(Link::new(hashtag, video, stored, Change::Make));
        let touched = self.tags.entry(hashtag);
        touched.videos += 1;
        touched.views += i128::from(stored.plays());
    }

    /// Takes a video from under a hashtag.
    fn unlink(&mut self, hashtag: u32, video: u32, stored: &StoredVideo) {
        self.links.push(Link::new(hashtag, video, stored, Change::Drop));
        let touched = self.tags.entry(hashtag);
        touched.videos -= 1;
        touched.views -= i128::from(stored.plays());
    }
}

/// A video's stored readings.
struct Stored<'a, R> {
    rows: &'a mut R,
    video: u32,
}

impl<R: Rows> StoredReadings for Stored<'_, R> {
    fn first_nonzero(&mut self, n: usize) -> Result<Option<i64>, StoreError> {
        self.rows.first_nonzero_video(self.video, n)
    }

    fn clear_zeros(&mut self, n: usize, times: Times) -> Result<(), StoreError> {
        self.rows.clear_zeros_video(self.video, n, times)
    }
}

impl Link {
    fn new(hashtag: u32, video: u32, stored: &StoredVideo, change: Change) -> Self {
        let (author, plays) = (stored.author.unwrap_or(0), stored.plays());
        Self { hashtag, video, author, plays, order: 0, region: stored.region, change }
    }
}

/// The ready JSON after a reading: the newer of the two is laid over the older; counts are those that stand.
fn merged(
    stored: &StoredVideo,
    reading: &PreparedVideo,
    counts: &[Option<KnownCount>; COUNTS],
    is_newer: bool,
) -> Vec<u8> {
    let (Some(before), Some(now)) = (fragment::details(&stored.packed), fragment::details(&reading.packed))
    else {
        // Written by us both, so this is a damaged row: the fresh reading replaces it.
        return reading.packed.clone();
    };
    let details = if is_newer { before.updated_by(now) } else { now.updated_by(before) };
    let counts = VideoCounts::from_array(counts.map(|known| known.map(|t| t.count)));
    fragment::pack(reading.id, &details, &counts)
}
