//! Reading sums over windows of time.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::windows::{Window, WindowColumns};
use domain::HashtagRow;
use rusqlite::Row;

/// `?1` whose, `?2` how many.
const OF_HASHTAG: &str = "SELECT observed_at, source, country, window_days, views, posts, rank, industry
    FROM hashtag_windows WHERE hashtag = ?1 ORDER BY observed_at DESC, source, country, window_days LIMIT ?2";

impl CatalogFile {
    pub(crate) fn hashtag_windows(&self, hashtag: HashtagRow, limit: u32) -> Result<Vec<Window>, StoreError> {
        const DOING: &str = "read windows";
        self.readers.with(|connection| {
            let mut statement = connection.prepare_cached(OF_HASHTAG).doing(DOING)?;
            let mut rows = statement.query((hashtag.0, limit)).doing(DOING)?;
            let mut windows = Vec::new();
            while let Some(row) = rows.next().doing(DOING)? {
                windows.push(columns(row).doing(DOING)?.into_window()?);
            }
            Ok(windows)
        })
    }
}

fn columns(row: &Row<'_>) -> rusqlite::Result<WindowColumns> {
    Ok(WindowColumns {
        observed_at: row.get(0)?,
        source: row.get(1)?,
        country: row.get(2)?,
        window_days: row.get(3)?,
        counts: [row.get(4)?, row.get(5)?, row.get(6)?],
        industry: row.get(7)?,
    })
}
