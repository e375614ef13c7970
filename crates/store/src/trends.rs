//! Trends of hashtags, computed when their readings come in, so that a ranked list is read and not made: one
//! row for each hashtag and window of time. All of it can be made again from the readings.

use crate::row::row;
use crate::snapshots::Snapshot;
use crate::{Store, StoreError};
use domain::observation::HashtagCounts;
use domain::{HashtagRow, Timestamp};
use serde::Deserialize;
use strum::{Display, IntoStaticStr, VariantArray};

/// Order of a list of trends, highest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize, Display, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TrendSort {
    /// The same as [`Self::Pace`], or the score of the weights that are given.
    #[default]
    Emerging,
    /// The growth a day that has lasted a month; what emerges is ranked by it.
    Pace,
    /// The pace of the last days over that of the month.
    Surge,
    /// Views a day.
    Velocity,
    /// Views gained over views before.
    Growth,
    /// Deviation of the velocity from the hashtag's own past.
    Zscore,
    /// Velocity less the velocity of the window before.
    Acceleration,
    /// Creators gained a view gained.
    Breadth,
    /// Youngest first.
    Novelty,
    /// Fewest views gained a video gained first.
    Saturation,
    /// Gini coefficient of plays over creators.
    Concentration,
}

/// Columns that trends are ordered by, in the order of [`TrendRow::values`].
pub const TREND_COLUMNS: [&str; 10] = [
    "emerging",
    "velocity",
    "growth",
    "zscore",
    "acceleration",
    "surge",
    "breadth",
    "novelty",
    "saturation",
    "concentration",
];

impl TrendSort {
    /// The name in requests and answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Its place in [`TREND_COLUMNS`] and [`TrendRow::values`].
    pub const fn column(self) -> usize {
        match self {
            Self::Pace | Self::Emerging => 0,
            Self::Velocity => 1,
            Self::Growth => 2,
            Self::Zscore => 3,
            Self::Acceleration => 4,
            Self::Surge => 5,
            Self::Breadth => 6,
            Self::Novelty => 7,
            Self::Saturation => 8,
            Self::Concentration => 9,
        }
    }
}

/// Trend of a hashtag within a window of time.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendRow {
    /// Which hashtag.
    pub hashtag: HashtagRow,
    /// Which window: its number.
    pub window: u8,
    /// When the newest reading was made that it is worked out from.
    pub read_at: Timestamp,
    /// Readings it is worked out from.
    pub readings: u64,
    /// Views at that reading.
    pub views: u64,
    /// Sort keys in the order of [`TREND_COLUMNS`]; `None` if unknown.
    pub values: [Option<f64>; TREND_COLUMNS.len()],
    /// All that is known of it, as whoever worked it out wrote it.
    pub facts: Vec<u8>,
}

/// Progress of computing trends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrendState {
    /// Change sequence of the catalog up to which trends are worked out.
    pub sequence: u64,
    /// When the newest reading of all was made.
    pub newest_at: Option<Timestamp>,
}

/// Which trends are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrendsQuery {
    /// The window's number.
    pub window: u8,
    /// Highest of this first.
    pub sort: TrendSort,
    /// Only hashtags of at least so many views.
    pub views_min: u64,
    /// Only those that were read at or after this.
    pub read_since: Timestamp,
    /// Only those behind this one in the order: its value and hashtag.
    pub after: Option<(f64, HashtagRow)>,
    /// At most so many.
    pub limit: u32,
}

/// Readings of a hashtag in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesFacts {
    /// Which hashtag.
    pub hashtag: HashtagRow,
    /// Number of them.
    pub readings: u64,
    /// When the newest was made.
    pub newest_at: Timestamp,
}

/// All readings of a hashtag, in order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashtagReadings {
    /// Which hashtag.
    pub hashtag: HashtagRow,
    /// Its readings; none where it was never read.
    pub snapshots: Vec<Snapshot<HashtagCounts>>,
}

/// Plays under a hashtag by creator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatorPlays {
    /// Which hashtag.
    pub hashtag: HashtagRow,
    /// The plays of each creator whose videos under it tell any, 0 included. Sums are exact; they may be above
    /// [`domain::count::COUNT_MAX`].
    pub plays: Vec<u128>,
}

/// Peers that trends of a window are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrendPeers {
    /// The window's number.
    pub window: u8,
    /// As whoever made it wrote it.
    pub peers: Vec<u8>,
    /// Number of trends it was computed from.
    pub made_of: u64,
}

/// The turn to work trends out: where several processes have the same files, one does so at a time. It ends when this is
/// dropped, and with the process.
#[derive(Debug)]
pub struct TrendsTurn {
    _locked: Option<std::fs::File>,
}

impl Store {
    /// Waits until no other process works trends out. On PostgreSQL nodes do not wait for each other: what they write is
    /// the same.
    pub async fn trends_turn(&self) -> Result<TrendsTurn, StoreError> {
        let locked = match self {
            Self::Sqlite(sqlite) => Some(sqlite.walks.trends_turn().await?),
            Self::Postgres(_) => None,
        };
        Ok(TrendsTurn { _locked: locked })
    }

    /// The readings of these hashtags (ascending), one after the other: of as many from the first on as have no more than
    /// `snapshots_max` together, and of the first one in any case.
    pub async fn hashtags_readings(
        &self,
        hashtags: &[HashtagRow],
        snapshots_max: u32,
    ) -> Result<Vec<HashtagReadings>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.hashtags_readings(hashtags, snapshots_max),
            Self::Postgres(postgres) => postgres.hashtags_readings(hashtags, snapshots_max).await,
        }
    }

    /// Plays by creator under these hashtags (ascending). Those without any are left out, and those with more than
    /// `videos_max` videos.
    pub async fn creator_plays(
        &self,
        hashtags: &[HashtagRow],
        videos_max: u32,
    ) -> Result<Vec<CreatorPlays>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.creator_plays(hashtags, videos_max),
            Self::Postgres(postgres) => postgres.creator_plays(hashtags, videos_max).await,
        }
    }

    /// Returns those of these hashtags that have at least two readings, ascending.
    pub async fn series_facts(&self, hashtags: &[HashtagRow]) -> Result<Vec<SeriesFacts>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.series_facts(hashtags),
            Self::Postgres(postgres) => postgres.series_facts(hashtags).await,
        }
    }

    /// Reads the progress of computing trends; default if unknown.
    pub async fn trend_state(&self) -> Result<TrendState, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.trend_state(sqlite.catalog.identity()?),
            Self::Postgres(postgres) => postgres.trend_state().await,
        }
    }

    /// Keeps trends, in place of older ones of the same hashtags and windows.
    pub async fn keep_trends(&self, rows: Vec<TrendRow>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.keep_trends(rows).await,
            Self::Postgres(postgres) => postgres.keep_trends(&rows).await,
        }
    }

    /// Begins to make all trends anew, with [`Self::add_rebuilt_trends`] and [`Self::end_trends_rebuild`], for whoever has the
    /// turn. On SQLite they are set aside, without indexes, and what is kept stays as it is until the end; whatever an
    /// earlier one that was cut off had set aside goes. On PostgreSQL, whose tables are spread over nodes, they replace
    /// what is kept one by one.
    pub async fn begin_trends_rebuild(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.begin_trends_rebuild().await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Returns whether rebuilt trends are set aside and put in order at the end: for many of them that is a fraction of
    /// the work of replacing them one by one.
    pub fn sets_trends_aside(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Adds rebuilt trends; quickest in order of hashtag and window.
    pub async fn add_rebuilt_trends(&self, rows: Vec<TrendRow>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.add_rebuilt_trends(rows).await,
            Self::Postgres(postgres) => postgres.keep_trends(&rows).await,
        }
    }

    /// Puts the rebuilt trends in place of all others, with what they are compared with, and notes how far the
    /// readings are worked through. Where that is less than is noted, all stays as it is.
    pub async fn end_trends_rebuild(
        &self,
        peers: Vec<TrendPeers>,
        state: TrendState,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.walks.end_trends_rebuild(sqlite.catalog.identity()?, peers, state).await
            }
            Self::Postgres(postgres) => {
                for TrendPeers { window, peers, made_of } in peers {
                    postgres.keep_trend_peers(window, &peers, made_of).await?;
                }
                postgres.note_trend_state(state).await
            }
        }
    }

    /// Notes how far the readings are worked through. A state that is further stays; where nothing is worked through yet
    /// (or it was for another store) all trends go first.
    pub async fn note_trend_state(&self, state: TrendState) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.note_trend_state(sqlite.catalog.identity()?, state).await,
            Self::Postgres(postgres) => postgres.note_trend_state(state).await,
        }
    }

    /// Drops the trends of a window whose newest reading was made before a time.
    pub async fn drop_trends_before(&self, window: u8, before: Timestamp) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.drop_trends_before(window, before).await,
            Self::Postgres(postgres) => postgres.drop_trends_before(window, before).await,
        }
    }

    /// Trends in order, highest first; among equals lower hashtag rows first.
    pub async fn trends(&self, asked: TrendsQuery) -> Result<Vec<TrendRow>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.trends(asked),
            Self::Postgres(postgres) => postgres.trends(asked).await,
        }
    }

    /// The trends of these hashtags, by hashtag and window; those without are left out.
    pub async fn trends_of(&self, hashtags: &[HashtagRow]) -> Result<Vec<TrendRow>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.trends_of(hashtags),
            Self::Postgres(postgres) => postgres.trends_of(hashtags).await,
        }
    }

    /// The next trends of a window after a hashtag, ascending: for going through all of them.
    pub async fn trends_after(
        &self,
        window: u8,
        after: Option<HashtagRow>,
        limit: u32,
    ) -> Result<Vec<TrendRow>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.trends_after(window, after, limit),
            Self::Postgres(postgres) => postgres.trends_after(window, after, limit).await,
        }
    }

    /// Counts the trends of a window.
    pub async fn trends_count(&self, window: u8) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.trends_count(window),
            Self::Postgres(postgres) => postgres.trends_count(window).await,
        }
    }

    /// When the hashtag of a window was read that was read longest ago; `None` without trends.
    pub async fn trends_read_since(&self, window: u8) -> Result<Option<Timestamp>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.trends_read_since(window),
            Self::Postgres(postgres) => postgres.trends_read_since(window).await,
        }
    }

    /// Reads the encoded peers of a window, and the number of trends they were computed from.
    pub async fn trend_peers(&self, window: u8) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.trend_peers(window),
            Self::Postgres(postgres) => postgres.trend_peers(window).await,
        }
    }

    /// Keeps what trends of a window are compared with.
    pub async fn keep_trend_peers(&self, window: u8, peers: Vec<u8>, made_of: u64) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.keep_trend_peers(window, peers, made_of).await,
            Self::Postgres(postgres) => postgres.keep_trend_peers(window, &peers, made_of).await,
        }
    }

    /// The probabilities that were learned on the outcomes of this store, as whoever learned them wrote them.
    pub async fn trend_odds(&self) -> Result<Option<String>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.trend_odds(),
            Self::Postgres(postgres) => postgres.trend_odds().await,
        }
    }

    /// Stores probabilities in place of earlier ones; `None` removes them.
    pub async fn store_trend_odds(&self, odds: Option<String>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.store_trend_odds(odds).await,
            Self::Postgres(postgres) => postgres.store_trend_odds(odds.as_deref()).await,
        }
    }
}

row! {
    /// A trend's row. The values are in the order of [`TREND_COLUMNS`].
    pub(crate) struct TrendColumns: trend_columns {
        hashtag: i64,
        window: i64 = "trend_window",
        read_at: i64,
        readings: i64,
        views: i64,
        values: [Option<f64>; TREND_COLUMNS.len()] = [
            "emerging",
            "velocity",
            "growth",
            "zscore",
            "acceleration",
            "surge",
            "breadth",
            "novelty",
            "saturation",
            "concentration"
        ],
        facts: Vec<u8>,
    }
}

impl TrendColumns {
    /// Decodes the row.
    pub(crate) fn into_row(self) -> Result<TrendRow, StoreError> {
        let wrong =
            |column| StoreError::Inconsistent { table: "trends", column, row: self.hashtag.to_string() };
        Ok(TrendRow {
            hashtag: row_number("trends", self.hashtag)?,
            window: u8::try_from(self.window).map_err(|_| wrong("trend_window"))?,
            read_at: Timestamp::from_ms(self.read_at),
            readings: self.readings.max(0).unsigned_abs(),
            views: self.views.max(0).unsigned_abs(),
            values: self.values,
            facts: self.facts,
        })
    }
}

/// Hashtags' readings in short as they are stored: hashtag, how many, when the newest.
pub(crate) fn facts_of(columns: (i64, i64, i64)) -> Result<SeriesFacts, StoreError> {
    let (hashtag, readings, newest_at) = columns;
    Ok(SeriesFacts {
        hashtag: row_number("hashtag_snapshots", hashtag)?,
        readings: readings.max(0).unsigned_abs(),
        newest_at: Timestamp::from_ms(newest_at),
    })
}

/// The number of a hashtag's row, as it is stored.
pub(crate) fn row_number(table: &'static str, hashtag: i64) -> Result<HashtagRow, StoreError> {
    let wrong = |_| StoreError::Inconsistent { table, column: "hashtag", row: hashtag.to_string() };
    u32::try_from(hashtag).map(HashtagRow).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_the_order_of_their_columns() {
        assert!(trend_columns!().contains(&TREND_COLUMNS.join(", ")));
    }
}
