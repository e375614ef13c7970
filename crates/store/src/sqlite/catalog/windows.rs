//! Reading sums over windows of time.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::windows::{Window, WindowColumns, window_columns};
use domain::HashtagRow;

/// `?1` hashtag, `?2` limit.
const OF_HASHTAG: &str = concat!(
    "SELECT ",
    window_columns!(),
    " FROM hashtag_windows WHERE hashtag = ?1
      ORDER BY observed_at DESC, source, country, window_days LIMIT ?2"
);

impl CatalogFile {
    pub(crate) fn hashtag_windows(&self, hashtag: HashtagRow, limit: u32) -> Result<Vec<Window>, StoreError> {
        const DOING: &str = "read windows";
        self.readers.with(|connection| {
            let mut statement = connection.prepare_cached(OF_HASHTAG).doing(DOING)?;
            let mut rows = statement.query((hashtag.0, limit)).doing(DOING)?;
            let mut windows = Vec::new();
            while let Some(row) = rows.next().doing(DOING)? {
                windows.push(row::sqlite::<WindowColumns>(row).doing(DOING)?.into_window()?);
            }
            Ok(windows)
        })
    }
}
