//! Comparing the sums of hashtags with their links, and correcting them.

use crate::recording::sums;
use crate::row::row;
use crate::{Store, StoreError};
use domain::HashtagRow;

/// Maximum number of hashtags named in a report; further ones are counted.
pub const SUMS_NAMED_MAX: usize = 100;

/// Sums over the videos stored under a hashtag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// Videos.
    pub videos: u64,
    /// Sum of their plays; `None` above the largest count.
    pub views: Option<u64>,
    /// Distinct creators among them.
    pub creators: u64,
    /// Number of these creators that are known by handle alone.
    pub by_handle: u64,
}

/// A hashtag whose sums differ from those of its links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumsOff {
    /// The hashtag.
    pub hashtag: HashtagRow,
    /// Its name.
    pub name: String,
    /// Stored sums.
    pub stored: Sums,
    /// Sums of the links.
    pub linked: Sums,
}

/// Result of a check of all sums.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SumsReport {
    /// Hashtags checked.
    pub hashtags: u64,
    /// Hashtags whose sums were off.
    pub off: u64,
    /// The first [`SUMS_NAMED_MAX`] of them.
    pub named: Vec<SumsOff>,
}

impl Store {
    /// Compares the sums of every hashtag with its links. Reads all links: about a second for a million.
    pub async fn check_sums(&self) -> Result<SumsReport, StoreError> {
        let off = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.sums_off()?,
            Self::Postgres(postgres) => postgres.sums_off().await?,
        };
        self.report(off).await
    }

    /// Corrects sums that differ from those of their links, in one transaction, and advances the change
    /// sequence, so that caches follow. Returns what was off. Nothing else is changed.
    pub async fn heal_sums(&self) -> Result<SumsReport, StoreError> {
        let off = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.heal_sums().await?,
            Self::Postgres(postgres) => postgres.heal_sums().await?,
        };
        self.report(off).await
    }

    async fn report(&self, mut named: Vec<SumsOff>) -> Result<SumsReport, StoreError> {
        let hashtags = self.catalog_size().await?.hashtags;
        let off = named.len() as u64;
        named.truncate(SUMS_NAMED_MAX);
        Ok(SumsReport { hashtags, off, named })
    }
}

row! {
    /// A row of [`query`].
    pub(crate) struct SumsRow: sums_columns {
        hashtag: i64 = "h.hashtag",
        name: String = "h.name",
        /// Stored videos, views, creators and those by handle.
        stored: [i64; 4] = ["h.held_videos", "h.held_views", "h.held_creators", "h.held_by_handle"],
        /// Sums of the links: videos, the upper and the lower 32 bits of the views, creators and those by
        /// handle.
        linked: [i64; 5] = [
            "coalesce(s.videos, 0)",
            "coalesce(s.upper, 0)",
            "coalesce(s.lower, 0)",
            "coalesce(s.creators, 0)",
            "coalesce(s.by_handle, 0)"
        ],
    }
}

impl SumsRow {
    /// Compares the two. Returns `None` if nothing is off.
    pub(crate) fn read(self) -> Result<Option<SumsOff>, StoreError> {
        let wrong = |_| StoreError::Inconsistent {
            table: "hashtags",
            column: "hashtag",
            row: self.hashtag.to_string(),
        };
        let [videos, upper, lower, creators, by_handle] = self.linked;
        let views = sums::views((i128::from(upper) << 32) + i128::from(lower));
        let linked = [videos, views, creators, by_handle];
        // Versions before the limit stored other numbers above it.
        let stored_views = sums::views(self.stored[1].max(-1).into());
        let is_off =
            [self.stored[0], stored_views, self.stored[2], self.stored[3]] != linked || self.stored[1] < 0;
        Ok(is_off.then_some(SumsOff {
            hashtag: HashtagRow(u32::try_from(self.hashtag).map_err(wrong)?),
            name: self.name,
            stored: sums_of(self.stored),
            linked: sums_of(linked),
        }))
    }
}

fn sums_of([videos, views, creators, by_handle]: [i64; 4]) -> Sums {
    let count = |n: i64| n.max(0).unsigned_abs();
    Sums {
        videos: count(videos),
        views: Some(count(views)).filter(|views| *views <= sums::VIEWS_MAX.unsigned_abs()),
        creators: count(creators),
        by_handle: count(by_handle),
    }
}

/// Returns the SQL for the hashtags whose sums may be off, in the order of [`SumsRow`]. Plays above the largest
/// count are unknown, as wherever videos are read. Halves of plays are added up separately, so that no sum
/// overflows.
pub(crate) fn query(schema: &str) -> String {
    let plays = format!("CASE WHEN plays BETWEEN 0 AND {} THEN plays ELSE 0 END", sums::VIEWS_MAX);
    format!(
        "SELECT {}
         FROM {schema}hashtags h LEFT JOIN (
             SELECT hashtag, count(*) AS videos, CAST(sum(({plays}) >> 32) AS bigint) AS upper,
                    CAST(sum(({plays}) & 4294967295) AS bigint) AS lower,
                    count(DISTINCT CASE WHEN author <> 0 THEN author END) AS creators,
                    count(DISTINCT CASE WHEN author < 0 THEN author END) AS by_handle
             FROM {schema}links GROUP BY hashtag
         ) s ON s.hashtag = h.hashtag
         WHERE h.held_videos <> coalesce(s.videos, 0) OR h.held_creators <> coalesce(s.creators, 0)
            OR h.held_by_handle <> coalesce(s.by_handle, 0)
            OR CASE WHEN h.held_views < 0 OR h.held_views > {} OR coalesce(s.upper, 0) >= {} THEN TRUE
               ELSE h.held_views <> coalesce(s.upper, 0) * 4294967296 + coalesce(s.lower, 0) END
         ORDER BY h.hashtag",
        sums_columns!(),
        sums::VIEWS_MAX,
        sums::VIEWS_MAX >> 32,
    )
}

/// Encodes views for the database.
pub(crate) fn stored_views(linked: &Sums) -> i64 {
    linked.views.map_or(sums::VIEWS_UNKNOWN, u64::cast_signed)
}
