//! How hashtags move, in `walks.db`: it can be made again, and a serving process writes it while an import may hold the
//! catalog's lock.

use super::walks::WalksFile;
use crate::StoreError;
use crate::error::Doing;
use crate::trends::{TrendColumns, TrendRow, TrendSort, TrendState, TrendsAsked};
use domain::{HashtagRow, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, Row, TransactionBehavior, params};

/// The columns of a trend, in the order [`read`] takes them.
macro_rules! select {
    ($($rest:tt)+) => {
        concat!(
            "SELECT hashtag, trend_window, read_at, readings, views, emerging, velocity, growth, zscore, acceleration, \
             facts FROM trends ",
            $($rest)+
        )
    };
}

/// `?1` window, `?2` least views, `?3` least time, `?4` and `?5` after what, `?6` how many.
macro_rules! ordered {
    ($by:literal) => {
        select!(
            "WHERE trend_window = ?1 AND ",
            $by,
            " IS NOT NULL AND views >= ?2 AND read_at >= ?3 AND (?4 IS NULL OR ",
            $by,
            " <= ?4) AND (?4 IS NULL OR ",
            $by,
            " < ?4 OR hashtag > ?5) ORDER BY ",
            $by,
            " DESC, hashtag LIMIT ?6"
        )
    };
}

const fn ordered_by(sort: TrendSort) -> &'static str {
    match sort {
        TrendSort::Emerging => ordered!("emerging"),
        TrendSort::Velocity => ordered!("velocity"),
        TrendSort::Growth => ordered!("growth"),
        TrendSort::Zscore => ordered!("zscore"),
        TrendSort::Acceleration => ordered!("acceleration"),
    }
}

impl WalksFile {
    pub(crate) fn trend_state(&self, store: u128) -> Result<TrendState, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT sequence, newest_at FROM trend_state WHERE store = ?1")
                .and_then(|mut statement| {
                    statement
                        .query_row([store.to_be_bytes()], |row| {
                            Ok(TrendState {
                                sequence: row.get::<_, i64>(0)?.unsigned_abs(),
                                newest_at: row.get::<_, Option<i64>>(1)?.map(Timestamp::from_ms),
                            })
                        })
                        .optional()
                })
                .map(Option::unwrap_or_default)
                .doing("see how far trends are worked out")
        })
    }

    pub(crate) async fn note_trend_state(&self, store: u128, state: TrendState) -> Result<(), StoreError> {
        self.writer.run(move |connection| note(connection, store, state)).await
    }

    pub(crate) async fn keep_trends(&self, rows: Vec<TrendRow>) -> Result<(), StoreError> {
        self.writer.run(move |connection| keep(connection, &rows)).await
    }

    pub(crate) async fn drop_trends_before(&self, window: u8, before: Timestamp) -> Result<u64, StoreError> {
        self.writer
            .run(move |connection| {
                connection
                    .prepare_cached("DELETE FROM trends WHERE trend_window = ?1 AND read_at < ?2")
                    .and_then(|mut statement| statement.execute((window, before.as_ms())))
                    .map(|dropped| dropped as u64)
                    .doing("drop old trends")
            })
            .await
    }

    pub(crate) fn trends(&self, asked: TrendsAsked) -> Result<Vec<TrendRow>, StoreError> {
        let (value, hashtag) = match asked.after {
            Some((value, hashtag)) => (Some(value), i64::from(hashtag.0)),
            None => (None, -1),
        };
        let views_min = i64::try_from(asked.views_min).unwrap_or(i64::MAX);
        let (window, since) = (asked.window, asked.read_since.as_ms());
        let parameters = params![window, views_min, since, value, hashtag, asked.limit];
        self.readers.with(|connection| all(connection, ordered_by(asked.sort), parameters))
    }

    pub(crate) fn trends_of(&self, hashtags: &[HashtagRow]) -> Result<Vec<TrendRow>, StoreError> {
        let mut sorted = hashtags.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        self.readers.with_snapshot(|connection| {
            let mut found = Vec::new();
            for hashtag in sorted {
                found.extend(all(
                    connection,
                    select!("WHERE hashtag = ?1 ORDER BY trend_window"),
                    [hashtag.0],
                )?);
            }
            Ok(found)
        })
    }

    pub(crate) fn trends_after(
        &self,
        window: u8,
        after: Option<HashtagRow>,
        limit: u32,
    ) -> Result<Vec<TrendRow>, StoreError> {
        const SQL: &str = select!("WHERE hashtag > ?1 AND trend_window = ?2 ORDER BY hashtag LIMIT ?3");
        let after = after.map_or(-1, |row| i64::from(row.0));
        self.readers.with(|connection| all(connection, SQL, (after, window, limit)))
    }

    pub(crate) fn trends_count(&self, window: u8) -> Result<u64, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT count(*) FROM trends WHERE trend_window = ?1")
                .and_then(|mut statement| statement.query_row([window], |row| row.get::<_, i64>(0)))
                .map(i64::unsigned_abs)
                .doing("count trends")
        })
    }

    pub(crate) fn trend_peers(&self, window: u8) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT peers, made_of FROM trend_peers WHERE trend_window = ?1")
                .and_then(|mut statement| {
                    statement
                        .query_row([window], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))
                        .optional()
                })
                .doing("read what trends are compared with")
        })
    }

    pub(crate) async fn keep_trend_peers(
        &self,
        window: u8,
        peers: Vec<u8>,
        made_of: u64,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |connection| {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO trend_peers (trend_window, peers, made_of) VALUES (?1, ?2, ?3)",
                    )
                    .and_then(|mut statement| statement.execute((window, peers, made_of.cast_signed())))
                    .map(|_| ())
                    .doing("keep what trends are compared with")
            })
            .await
    }
}

fn keep(connection: &mut Connection, rows: &[TrendRow]) -> Result<(), StoreError> {
    const DOING: &str = "keep trends";
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
    {
        let mut statement = transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO trends (hashtag, trend_window, read_at, readings, views, emerging, velocity,
                     growth, zscore, acceleration, facts)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )
            .doing(DOING)?;
        for row in rows {
            let [emerging, velocity, growth, zscore, acceleration] = row.values;
            statement
                .execute(params![
                    row.hashtag.0,
                    row.window,
                    row.read_at.as_ms(),
                    row.readings.cast_signed(),
                    row.views.cast_signed(),
                    emerging,
                    velocity,
                    growth,
                    zscore,
                    acceleration,
                    row.facts
                ])
                .doing(DOING)?;
        }
    }
    transaction.commit().doing(DOING)
}

fn note(connection: &mut Connection, store: u128, state: TrendState) -> Result<(), StoreError> {
    const DOING: &str = "note how far trends are worked out";
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
    let store = store.to_be_bytes();
    let known: Option<i64> = transaction
        .query_row("SELECT sequence FROM trend_state WHERE store = ?1", [store], |row| row.get(0))
        .optional()
        .doing(DOING)?;
    if known.is_none() {
        transaction
            .execute_batch("DELETE FROM trend_state; DELETE FROM trends; DELETE FROM trend_peers")
            .doing(DOING)?;
    }
    if known.is_none_or(|known| known.unsigned_abs() <= state.sequence) {
        transaction
            .execute(
                "INSERT OR REPLACE INTO trend_state (one, store, sequence, newest_at) VALUES (1, ?1, ?2, ?3)",
                params![store, state.sequence.cast_signed(), state.newest_at.map(Timestamp::as_ms)],
            )
            .doing(DOING)?;
    }
    transaction.commit().doing(DOING)
}

fn all(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<TrendRow>, StoreError> {
    const DOING: &str = "read trends";
    let mut statement = connection.prepare_cached(sql).doing(DOING)?;
    let mut rows = statement.query(parameters).doing(DOING)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().doing(DOING)? {
        found.push(read(row).doing(DOING)?.into_row()?);
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> rusqlite::Result<TrendColumns> {
    let mut values = [None; 5];
    for (n, value) in values.iter_mut().enumerate() {
        *value = row.get(5 + n)?;
    }
    Ok(TrendColumns {
        hashtag: row.get(0)?,
        window: row.get(1)?,
        read_at: row.get(2)?,
        readings: row.get(3)?,
        views: row.get(4)?,
        values,
        facts: row.get(10)?,
    })
}
