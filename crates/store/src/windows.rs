//! Reading sums over windows of time: what a source reported of a hashtag within the last days, newest first.

use crate::row::row;
use crate::{Store, StoreError};
use domain::count::COUNT_MAX;
use domain::{HashtagRow, Source, Timestamp};

/// One stored sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Reading time.
    pub observed_at: Timestamp,
    /// Source.
    pub source: Source,
    /// Country; empty if unknown.
    pub country: String,
    /// Length of the window, if known.
    pub window_days: Option<u32>,
    /// Views within it.
    pub views: Option<u64>,
    /// Posts within it.
    pub posts: Option<u64>,
    /// Place in the source's list, from 1.
    pub rank: Option<u64>,
    /// Branch of industry; empty if unknown.
    pub industry: String,
}

impl Store {
    /// Returns up to `limit` sums of a hashtag, newest first.
    pub async fn hashtag_windows(&self, hashtag: HashtagRow, limit: u32) -> Result<Vec<Window>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtag_windows(hashtag, limit),
            Self::Postgres(postgres) => postgres.hashtag_windows(hashtag, limit).await,
        }
    }
}

row! {
    /// A window's row.
    pub(crate) struct WindowColumns: window_columns {
        observed_at: i64,
        source: i64,
        country: String,
        window_days: i64,
        counts: [Option<i64>; 3] = ["views", "posts", "rank"],
        industry: String,
    }
}

impl WindowColumns {
    /// Decodes the row.
    pub(crate) fn into_window(self) -> Result<Window, StoreError> {
        let observed_at = Timestamp::from_ms(self.observed_at);
        let source = u8::try_from(self.source).ok().and_then(Source::from_number);
        let source = source.ok_or_else(|| StoreError::Inconsistent {
            table: "hashtag_windows",
            column: "source",
            row: observed_at.to_rfc3339(),
        })?;
        // Versions before the limit stored larger ones.
        let count = |count: i64| u64::try_from(count).ok().filter(|count| *count <= COUNT_MAX);
        let [views, posts, rank] = self.counts.map(|stored| stored.and_then(count));
        let window_days = u32::try_from(self.window_days).ok().filter(|days| *days > 0);
        let Self { country, industry, .. } = self;
        Ok(Window { observed_at, source, country, window_days, views, posts, rank, industry })
    }
}
