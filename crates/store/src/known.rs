//! Hashtags and their videos as of a moment. Rows are given out in the order in which they come in, so that a number says
//! what had come in by then (`arrivals`), and videos that changed since are stored as they were (`video_superseded`).
//!
//! Removed and forgotten videos are left out, also where they were there at that moment.

use crate::hashtags::rows_of_blob;
use crate::merge::{KnownCount, newest};
use crate::recording::Numbers;
use crate::row::row;
use crate::samples::{SamplePart, VideoSample};
use crate::snapshots::Snapshot;
use crate::standings::Standings;
use crate::trends::HashtagReadings;
use crate::videos::UnderColumns;
use crate::{Store, StoreError};
use domain::count::COUNT_MAX;
use domain::hashtag::{AsReadCounts, Observed, ReportedTimes};
use domain::observation::HashtagCounts;
use domain::{Caveat, CaveatSet, Hashtag, HashtagRow, SourceSet, Timestamp};
use std::collections::{HashMap, HashSet};

/// Rows of hashtags and videos that had come in by a moment: those up to these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct KnownRows {
    pub(crate) hashtags: i64,
    pub(crate) videos: i64,
}

impl KnownRows {
    /// Returns the rows after a transaction that has given out some; `None` if it has not.
    pub(crate) fn new(first: Option<Numbers>, next: &Numbers) -> Option<Self> {
        let is_more = first.is_none_or(|first| (first.hashtag, first.video) != (next.hashtag, next.video));
        let known = || Self { hashtags: i64::from(next.hashtag) - 1, videos: i64::from(next.video) - 1 };
        is_more.then(known)
    }
}

row! {
    /// A row of `arrivals`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct ArrivalColumns: arrival_columns {
        arrived_at: i64,
        hashtags: i64,
        videos: i64,
        from_before: i64,
    }
}

row! {
    /// A video as it was before it changed.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct SupersededVideo: superseded_columns {
        author: Option<i64> = "s.author",
        create_time: Option<i64> = "s.create_time",
        region: i64 = "s.region",
        observed_at: Option<i64> = "s.observed_at",
        rounded: i64 = "s.rounded",
        counts: [Option<i64>; 6] = ["s.plays", "s.likes", "s.comments", "s.shares", "s.saves", "s.downloads"],
        /// Number of its hashtags.
        tags: i64 = "s.tags",
        removed_at: Option<i64> = "s.removed_at",
    }
}

/// Bytes of a hashtag in the list of a video.
const TAG_BYTES: usize = 4;

/// Videos under a hashtag that are others now, as they were.
pub(crate) type Superseded = HashMap<i64, SupersededVideo>;

/// Returns a video of a hashtag as it was, with its author; `None` if it was not under the hashtag then. `link` is its
/// author and row now.
pub(crate) fn as_it_was<'r>(
    hashtag: HashtagRow,
    link: (i64, i64),
    now: UnderColumns<'r>,
    superseded: &Superseded,
) -> Option<((i64, i64), UnderColumns<'r>)> {
    let Some(before) = superseded.get(&link.1) else { return Some((link, now)) };
    let bytes = usize::try_from(before.tags).unwrap_or(0).saturating_mul(TAG_BYTES);
    let tags = now.tags.get(..bytes).unwrap_or(now.tags);
    let is_removed = before
        .removed_at
        .is_some_and(|removed_at| before.observed_at.is_none_or(|read_at| read_at <= removed_at));
    if is_removed || !rows_of_blob(tags).any(|row| row == hashtag.0) {
        return None;
    }
    let SupersededVideo { author, create_time, region, observed_at, rounded, counts, .. } = *before;
    let columns = UnderColumns { create_time, region, observed_at, rounded, tags, counts, ..now };
    Some(((author.unwrap_or(0), link.1), columns))
}

/// Sums over the videos of a hashtag, by the rules of recording.
#[derive(Debug, Default)]
struct Sums {
    videos: u64,
    views: i64,
    creators: HashSet<i64>,
    read_at: Option<i64>,
}

impl Sums {
    fn add(&mut self, (author, _): (i64, i64), columns: &UnderColumns<'_>) {
        self.videos += 1;
        self.views = self.views.saturating_add(columns.counts[0].unwrap_or(0));
        if author != 0 {
            self.creators.insert(author);
        }
        self.read_at = self.read_at.max(columns.observed_at);
    }

    /// Returns the sums. Sources and caveats of single videos are not stored: they are those of today.
    fn observed(&self, today: &Observed) -> Observed {
        let views = Some(self.views.max(0).unsigned_abs()).filter(|views| *views <= COUNT_MAX);
        let mut caveats = today.caveats.iter().filter(|caveat| *caveat != Caveat::SumTooLarge).collect();
        let mut sources = today.sources;
        if self.videos == 0 {
            (caveats, sources) = (CaveatSet::default(), SourceSet::default());
        }
        if views.is_none() {
            caveats.insert(Caveat::SumTooLarge);
        }
        Observed {
            videos: self.videos,
            views,
            creators: self.creators.len() as u64,
            by_handle: self.creators.iter().filter(|author| **author < 0).count() as u64,
            read_at: self.read_at.map(Timestamp::from_ms),
            sources,
            caveats,
        }
    }
}

/// Replaces the reported totals by those of readings.
fn report(hashtag: &mut Hashtag, snapshots: Vec<Snapshot<HashtagCounts>>) {
    let mut known: [Option<KnownCount>; 3] = [None; 3];
    for snapshot in &snapshots {
        let HashtagCounts { views, creators, videos } = snapshot.counts;
        for (known, count) in known.iter_mut().zip([views, creators, videos]) {
            *known = newest(*known, count.map(|count| KnownCount { count, at: Some(snapshot.observed_at) }));
        }
    }
    let counts = known.map(|known| known.map(|known| known.count));
    let [views, creators, videos] = counts;
    hashtag.reported = HashtagCounts { views, creators, videos };
    hashtag.reported_times = ReportedTimes::from_array(known.map(|known| known.and_then(|known| known.at)));
    hashtag.as_read = AsReadCounts::default();
    if hashtag.reported_at().is_some() {
        let readings = HashtagReadings { hashtag: hashtag.row, snapshots };
        Standings::of_readings(&readings).put(hashtag, counts);
    }
}

impl Store {
    /// Returns the first moment as of which answers from videos can be given; `None` for any: the store has been empty before
    /// the first. An older version did not store when videos came in.
    pub async fn videos_known_from(&self) -> Result<Option<Timestamp>, StoreError> {
        let first = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.first_arrival()?,
            Self::Postgres(postgres) => postgres.first_arrival().await?,
        };
        let first = first.filter(|first| first.from_before != 0);
        Ok(first.map(|first| Timestamp::from_ms(first.arrived_at)))
    }

    /// Notes that hashtags and videos which an older version stored had come in by `now`. Does nothing where it is stored when
    /// the first came in, and on an empty store.
    pub async fn note_rows_from_before(&self, now: Timestamp) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.note_rows_from_before(now).await,
            Self::Postgres(postgres) => postgres.note_rows_from_before(now).await,
        }
    }

    async fn known_rows(&self, as_of: Timestamp) -> Result<KnownRows, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.known_rows(as_of),
            Self::Postgres(postgres) => postgres.known_rows(as_of).await,
        }
    }

    /// Returns true if a hashtag had come in by a moment. One that an older version stored may have come in at any time
    /// before [`Self::videos_known_from`].
    pub async fn had_come_in(&self, hashtag: HashtagRow, as_of: Timestamp) -> Result<bool, StoreError> {
        let known = self.known_rows(as_of).await?;
        if i64::from(hashtag.0) <= known.hashtags {
            return Ok(true);
        }
        let first = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.first_arrival()?,
            Self::Postgres(postgres) => postgres.first_arrival().await?,
        };
        Ok(first.is_some_and(|first| first.from_before != 0 && i64::from(hashtag.0) <= first.hashtags))
    }

    /// Returns a hashtag with its totals as they were known at a moment: the reported ones from readings with a time, the
    /// observed ones from the videos that are still there. Names, ids, descriptions and the sources and caveats of videos are
    /// those of today.
    pub async fn hashtag_as_of(&self, mut hashtag: Hashtag, as_of: Timestamp) -> Result<Hashtag, StoreError> {
        let snapshots = self.hashtag_snapshots_as_of(hashtag.row, as_of).await?;
        report(&mut hashtag, snapshots);
        let mut sums = Sums::default();
        self.videos_as_of(hashtag.row, as_of, |link, columns| {
            sums.add(link, columns);
            Ok(())
        })
        .await?;
        hashtag.observed = sums.observed(&hashtag.observed);
        Ok(hashtag)
    }

    /// Reads the numbers of the videos under a hashtag as they were known at a moment, in the order in which they were stored.
    pub async fn sample_as_of(
        &self,
        hashtag: HashtagRow,
        part: SamplePart,
        as_of: Timestamp,
    ) -> Result<VideoSample, StoreError> {
        let mut sample = VideoSample::default();
        self.videos_as_of(hashtag, as_of, |link, columns| sample.push(link, columns)).await?;
        sample.retain(part);
        Ok(sample)
    }

    /// Calls `each` with the author, the row and the numbers of each video under a hashtag as of a moment.
    async fn videos_as_of(
        &self,
        hashtag: HashtagRow,
        as_of: Timestamp,
        each: impl FnMut((i64, i64), &UnderColumns<'_>) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        let videos = self.known_rows(as_of).await?.videos;
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.videos_as_of(hashtag, videos, as_of, each),
            Self::Postgres(postgres) => postgres.videos_as_of(hashtag, videos, as_of, each).await,
        }
    }
}
