//! The newest reading of each source: how fresh the stored data is.

use crate::row::row;
use crate::{Store, StoreError};
use domain::{Source, Timestamp};

/// The newest reading of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceReading {
    /// The source.
    pub source: Source,
    /// When it was taken.
    pub observed_at: Timestamp,
    /// When it came in; `None` if an older version stored it.
    pub arrived_at: Option<Timestamp>,
}

row! {
    /// A row of `source_readings`.
    pub(crate) struct SourceColumns: source_columns {
        source: i64,
        observed_at: i64,
        arrived_at: Option<i64>,
    }
}

impl SourceColumns {
    fn reading(&self) -> Result<SourceReading, StoreError> {
        let source = u8::try_from(self.source).ok().and_then(Source::from_number);
        Ok(SourceReading {
            source: source.ok_or_else(|| StoreError::Inconsistent {
                table: "source_readings",
                column: "source",
                row: self.source.to_string(),
            })?,
            observed_at: Timestamp::from_ms(self.observed_at),
            arrived_at: self.arrived_at.map(Timestamp::from_ms),
        })
    }
}

impl Store {
    /// Returns the newest reading of each source, of hashtags, videos and windows, the newest first.
    pub async fn source_readings(&self) -> Result<Vec<SourceReading>, StoreError> {
        let rows = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.source_readings()?,
            Self::Postgres(postgres) => postgres.source_readings().await?,
        };
        rows.iter().map(SourceColumns::reading).collect()
    }
}
