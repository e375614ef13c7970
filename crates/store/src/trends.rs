//! Trends of hashtags, computed when readings are recorded, so that a ranked list is read and not computed: one
//! row for each hashtag and window of time. All of it can be rebuilt from the readings.

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
    /// By [`Self::Pace`], or by the score of given weights.
    #[default]
    Emerging,
    /// The growth a day that has lasted a month.
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

/// Number of a trend's sort keys.
pub const SORT_KEYS: usize = 10;

impl TrendSort {
    /// Returns the name in requests and answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the column that it orders by.
    pub(crate) fn column_name(self) -> &'static str {
        if self == Self::Pace { Self::Emerging.name() } else { self.name() }
    }

    /// Returns its place in [`TrendRow::values`].
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
    /// The hashtag.
    pub hashtag: HashtagRow,
    /// Number of the window.
    pub window: u8,
    /// Time of the newest reading it is computed from.
    pub read_at: Timestamp,
    /// Number of readings it is computed from.
    pub readings: u64,
    /// Views at that reading.
    pub views: u64,
    /// Sort keys by [`TrendSort::column`]; `None` if unknown.
    pub values: [Option<f64>; SORT_KEYS],
    /// All facts, in the encoding of the computation.
    pub facts: Vec<u8>,
}

/// Progress of computing trends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrendState {
    /// Change sequence of the catalog up to which trends are computed.
    pub sequence: u64,
    /// Time of the newest reading of all.
    pub newest_at: Option<Timestamp>,
}

/// Query for a list of trends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrendsQuery {
    /// Number of the window.
    pub window: u8,
    /// Sort order.
    pub sort: TrendSort,
    /// Minimum number of views.
    pub views_min: u64,
    /// Minimum time of the newest reading.
    pub read_since: Timestamp,
    /// Place after which the list continues: value and hashtag.
    pub after: Option<(f64, HashtagRow)>,
    /// Maximum number of trends.
    pub limit: u32,
}

/// Summary of a hashtag's readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesFacts {
    /// The hashtag.
    pub hashtag: HashtagRow,
    /// Number of readings.
    pub readings: u64,
    /// Time of the newest one.
    pub newest_at: Timestamp,
}

/// All readings of a hashtag, in order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashtagReadings {
    /// The hashtag.
    pub hashtag: HashtagRow,
    /// Its readings; empty if it was never read.
    pub snapshots: Vec<Snapshot<HashtagCounts>>,
}

/// Plays under a hashtag by creator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatorPlays {
    /// The hashtag.
    pub hashtag: HashtagRow,
    /// The plays of each creator with known plays under it, 0 included. Sums are exact; they may be above
    /// [`domain::count::COUNT_MAX`].
    pub plays: Vec<u128>,
}

/// Peers that trends of a window are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrendPeers {
    /// Number of the window.
    pub window: u8,
    /// The peers, in the encoding of the computation.
    pub peers: Vec<u8>,
    /// Number of trends it was computed from.
    pub made_of: u64,
}

/// The turn to compute trends: of several processes with the same files, one does so at a time. It ends when
/// this is dropped, and with the process.
#[derive(Debug)]
pub struct TrendsTurn {
    _locked: Option<std::fs::File>,
}

impl Store {
    /// Waits until no other process computes trends. On PostgreSQL nodes do not wait for each other: they write
    /// the same.
    pub async fn trends_turn(&self) -> Result<TrendsTurn, StoreError> {
        let locked = match self {
            Self::Sqlite(sqlite) => Some(sqlite.walks.trends_turn().await?),
            Self::Postgres(_) => None,
        };
        Ok(TrendsTurn { _locked: locked })
    }

    /// Returns the readings of these hashtags (ascending), one after the other: of as many as have at most
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

    /// Returns plays by creator under these hashtags (ascending). Those without any are left out, and those
    /// with more than `videos_max` videos.
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

    /// Stores trends, in place of older ones of the same hashtags and windows.
    pub async fn write_trends(&self, rows: Vec<TrendRow>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.write_trends(rows).await,
            Self::Postgres(postgres) => postgres.write_trends(&rows).await,
        }
    }

    /// Begins to rebuild all trends, with [`Self::add_rebuilt_trends`] and [`Self::end_trends_rebuild`]; the
    /// caller must have the turn. On SQLite they are staged, without indexes, and the stored ones stay until
    /// the end; rows staged by an interrupted rebuild are dropped. On PostgreSQL, whose tables are distributed,
    /// they replace the stored ones one by one.
    pub async fn begin_trends_rebuild(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.begin_trends_rebuild().await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Returns true if rebuilt trends are staged and indexed at the end: for many of them that is a fraction of
    /// the work of replacing them one by one.
    pub fn sets_trends_aside(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Adds rebuilt trends; fastest in order of hashtag and window.
    pub async fn add_rebuilt_trends(&self, rows: Vec<TrendRow>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.add_rebuilt_trends(rows).await,
            Self::Postgres(postgres) => postgres.write_trends(&rows).await,
        }
    }

    /// Replaces all trends by the rebuilt ones, with their peers, and stores the state. If the stored state is
    /// further, nothing changes.
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
                    postgres.write_trend_peers(window, &peers, made_of).await?;
                }
                postgres.note_trend_state(state).await
            }
        }
    }

    /// Stores the state. A stored one that is further stays; without one (or with that of another store) all
    /// trends are dropped first.
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

    /// Returns trends in order, highest first; among equals lower hashtag rows first.
    pub async fn trends(&self, query: TrendsQuery) -> Result<Vec<TrendRow>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.trends(query),
            Self::Postgres(postgres) => postgres.trends(query).await,
        }
    }

    /// Returns the trends of these hashtags, by hashtag and window; those without are left out.
    pub async fn trends_of(&self, hashtags: &[HashtagRow]) -> Result<Vec<TrendRow>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.trends_of(hashtags),
            Self::Postgres(postgres) => postgres.trends_of(hashtags).await,
        }
    }

    /// Returns the next trends of a window after a hashtag, ascending, to iterate over all of them.
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

    /// Returns the oldest time of a newest reading among the trends of a window; `None` without trends.
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

    /// Stores the peers of a window.
    pub async fn write_trend_peers(
        &self,
        window: u8,
        peers: Vec<u8>,
        made_of: u64,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.write_trend_peers(window, peers, made_of).await,
            Self::Postgres(postgres) => postgres.write_trend_peers(window, &peers, made_of).await,
        }
    }

    /// Returns the probabilities learned on the outcomes of this store, as stored by
    /// [`Self::store_trend_odds`].
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
    /// A trend's row. The values are in the order of [`TrendSort::column`].
    pub(crate) struct TrendColumns: trend_columns {
        hashtag: i64,
        window: i64 = "trend_window",
        read_at: i64,
        readings: i64,
        views: i64,
        values: [Option<f64>; SORT_KEYS] = [
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

/// Decodes the summary of a hashtag's readings: hashtag, number, time of the newest.
pub(crate) fn facts_of(columns: (i64, i64, i64)) -> Result<SeriesFacts, StoreError> {
    let (hashtag, readings, newest_at) = columns;
    Ok(SeriesFacts {
        hashtag: row_number("hashtag_snapshots", hashtag)?,
        readings: readings.max(0).unsigned_abs(),
        newest_at: Timestamp::from_ms(newest_at),
    })
}

/// Decodes the number of a hashtag's row.
pub(crate) fn row_number(table: &'static str, hashtag: i64) -> Result<HashtagRow, StoreError> {
    let wrong = |_| StoreError::Inconsistent { table, column: "hashtag", row: hashtag.to_string() };
    u32::try_from(hashtag).map(HashtagRow).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_the_order_of_their_columns() {
        let columns: Vec<&str> = trend_columns!().split(", ").collect();
        let first = columns.iter().position(|name| *name == "emerging").expect("the first sort key");
        for sort in TrendSort::VARIANTS {
            assert_eq!(columns[first + sort.column()], sort.column_name());
        }
    }
}
