//! Trends of hashtags. On a cluster a trend is co-located with its hashtag; lists of trends query every shard,
//! and no look-up, walk or charge waits for one.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::trends::{TrendColumns, TrendRow, TrendSort, TrendState, TrendsQuery, trend_columns};
use domain::{HashtagRow, Timestamp};
use tokio_postgres::types::Type;

macro_rules! select {
    ($($rest:tt)+) => {
        concat!("SELECT ", trend_columns!(), " FROM tagmeter.trends ", $($rest)+)
    };
}

/// `$1` window, `$2` minimum views, `$3` minimum time, `$4` limit; after a place, `$5` is its value and `$6`
/// its hashtag. Two statements, so that the second begins at the place and does not count up to it.
macro_rules! ordered {
    ($by:literal) => {
        [
            ordered!($by, ""),
            ordered!($by, concat!("AND ", $by, " <= $5 AND (", $by, " < $5 OR hashtag > $6) ")),
        ]
    };
    ($by:literal, $behind:expr) => {
        select!(
            "WHERE trend_window = $1 AND ",
            $by,
            " IS NOT NULL AND views >= $2 AND read_at >= $3 ",
            $behind,
            "ORDER BY ",
            $by,
            " DESC, hashtag LIMIT $4"
        )
    };
}

/// Returns the statements from the beginning, and after a place.
const fn ordered_by(sort: TrendSort) -> [&'static str; 2] {
    match sort {
        TrendSort::Pace | TrendSort::Emerging => ordered!("emerging"),
        TrendSort::Surge => ordered!("surge"),
        TrendSort::Velocity => ordered!("velocity"),
        TrendSort::Growth => ordered!("growth"),
        TrendSort::Zscore => ordered!("zscore"),
        TrendSort::Acceleration => ordered!("acceleration"),
        TrendSort::Breadth => ordered!("breadth"),
        TrendSort::Novelty => ordered!("novelty"),
        TrendSort::Saturation => ordered!("saturation"),
        TrendSort::Concentration => ordered!("concentration"),
    }
}

/// Keeps a row that another node computed from later readings meanwhile.
const WRITE: &str = concat!(
    "INSERT INTO tagmeter.trends (",
    trend_columns!(),
    ")
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::float8[],
        $7::float8[], $8::float8[], $9::float8[], $10::float8[], $11::float8[], $12::float8[], $13::float8[],
        $14::float8[], $15::float8[], $16::bytea[])
    ON CONFLICT (hashtag, trend_window) DO UPDATE SET read_at = excluded.read_at, readings = excluded.readings,
        views = excluded.views, emerging = excluded.emerging, velocity = excluded.velocity, growth = excluded.growth,
        zscore = excluded.zscore, acceleration = excluded.acceleration, surge = excluded.surge,
        breadth = excluded.breadth, novelty = excluded.novelty, saturation = excluded.saturation,
        concentration = excluded.concentration, facts = excluded.facts
    WHERE (tagmeter.trends.read_at, tagmeter.trends.readings) <= (excluded.read_at, excluded.readings)"
);
const NOTE: &str = "INSERT INTO tagmeter.trend_state (one, sequence, newest_at) VALUES (1, $1, $2)
    ON CONFLICT (one) DO UPDATE SET sequence = excluded.sequence, newest_at = excluded.newest_at
    WHERE tagmeter.trend_state.sequence <= excluded.sequence";
const WRITE_PEERS: &str =
    "INSERT INTO tagmeter.trend_peers (trend_window, peers, made_of) VALUES ($1, $2, $3)
    ON CONFLICT (trend_window) DO UPDATE SET peers = excluded.peers, made_of = excluded.made_of";
/// Rows written by one statement.
const ROWS_MAX: usize = 5_000;

impl Postgres {
    pub(crate) async fn trend_state(&self) -> Result<TrendState, StoreError> {
        const DOING: &str = "read the sequence of the trends";
        const SQL: &str = "SELECT sequence, newest_at FROM tagmeter.trend_state";
        let Some(row) = self.pool.query_opt(DOING, SQL, &[]).await? else { return Ok(TrendState::default()) };
        let (sequence, newest_at): (i64, Option<i64>) = row::read(&row).doing(DOING)?;
        Ok(TrendState { sequence: sequence.unsigned_abs(), newest_at: newest_at.map(Timestamp::from_ms) })
    }

    pub(crate) async fn note_trend_state(&self, state: TrendState) -> Result<(), StoreError> {
        let parameters: [Parameter<'_>; 2] = [
            (&state.sequence.cast_signed(), Type::INT8),
            (&state.newest_at.map(Timestamp::as_ms), Type::INT8),
        ];
        self.pool.query("store the sequence of the trends", NOTE, &parameters).await.map(|_| ())
    }

    pub(crate) async fn write_trends(&self, rows: &[TrendRow]) -> Result<(), StoreError> {
        for rows in rows.chunks(ROWS_MAX) {
            let integers = |of: fn(&TrendRow) -> i64| rows.iter().map(of).collect::<Vec<i64>>();
            let reals = |n: usize| rows.iter().map(|row| row.values[n]).collect::<Vec<Option<f64>>>();
            let facts: Vec<&[u8]> = rows.iter().map(|row| row.facts.as_slice()).collect();
            let parameters: [Parameter<'_>; 16] = [
                (&integers(|row| row.hashtag.0.into()), Type::INT8_ARRAY),
                (&integers(|row| row.window.into()), Type::INT8_ARRAY),
                (&integers(|row| row.read_at.as_ms()), Type::INT8_ARRAY),
                (&integers(|row| row.readings.cast_signed()), Type::INT8_ARRAY),
                (&integers(|row| row.views.cast_signed()), Type::INT8_ARRAY),
                (&reals(0), Type::FLOAT8_ARRAY),
                (&reals(1), Type::FLOAT8_ARRAY),
                (&reals(2), Type::FLOAT8_ARRAY),
                (&reals(3), Type::FLOAT8_ARRAY),
                (&reals(4), Type::FLOAT8_ARRAY),
                (&reals(5), Type::FLOAT8_ARRAY),
                (&reals(6), Type::FLOAT8_ARRAY),
                (&reals(7), Type::FLOAT8_ARRAY),
                (&reals(8), Type::FLOAT8_ARRAY),
                (&reals(9), Type::FLOAT8_ARRAY),
                (&facts, Type::BYTEA_ARRAY),
            ];
            self.pool.query("store trends", WRITE, &parameters).await?;
        }
        Ok(())
    }

    pub(crate) async fn drop_trends_before(&self, window: u8, before: Timestamp) -> Result<u64, StoreError> {
        const DOING: &str = "drop old trends";
        const SQL: &str = "WITH gone AS (DELETE FROM tagmeter.trends WHERE trend_window = $1 AND read_at < $2
            RETURNING 1) SELECT count(*) FROM gone";
        let parameters: [Parameter<'_>; 2] =
            [(&i64::from(window), Type::INT8), (&before.as_ms(), Type::INT8)];
        let row = self.pool.query_one(DOING, SQL, &parameters).await?;
        row::postgres(&row).map(i64::unsigned_abs).doing(DOING)
    }

    pub(crate) async fn trends(&self, query: TrendsQuery) -> Result<Vec<TrendRow>, StoreError> {
        let [first, behind] = ordered_by(query.sort);
        let (value, hashtag) = query.after.map_or((0.0, 0), |(value, row)| (value, i64::from(row.0)));
        let parameters: [Parameter<'_>; 6] = [
            (&i64::from(query.window), Type::INT8),
            (&i64::try_from(query.views_min).unwrap_or(i64::MAX), Type::INT8),
            (&query.read_since.as_ms(), Type::INT8),
            (&i64::from(query.limit), Type::INT8),
            (&value, Type::FLOAT8),
            (&hashtag, Type::INT8),
        ];
        match query.after {
            None => self.read_trends(first, &parameters[..4]).await,
            Some(_) => self.read_trends(behind, &parameters).await,
        }
    }

    pub(crate) async fn trends_of(&self, hashtags: &[HashtagRow]) -> Result<Vec<TrendRow>, StoreError> {
        const SQL: &str = select!("WHERE hashtag = ANY($1) ORDER BY hashtag, trend_window");
        self.read_trends(SQL, &[(&numbers(hashtags), Type::INT8_ARRAY)]).await
    }

    pub(crate) async fn trends_after(
        &self,
        window: u8,
        after: Option<HashtagRow>,
        limit: u32,
    ) -> Result<Vec<TrendRow>, StoreError> {
        const SQL: &str = select!("WHERE hashtag > $1 AND trend_window = $2 ORDER BY hashtag LIMIT $3");
        let after = after.map_or(-1, |row| i64::from(row.0));
        let parameters: [Parameter<'_>; 3] =
            [(&after, Type::INT8), (&i64::from(window), Type::INT8), (&i64::from(limit), Type::INT8)];
        self.read_trends(SQL, &parameters).await
    }

    pub(crate) async fn trends_count(&self, window: u8) -> Result<u64, StoreError> {
        const DOING: &str = "count trends";
        const SQL: &str = "SELECT count(*) FROM tagmeter.trends WHERE trend_window = $1";
        let row = self.pool.query_one(DOING, SQL, &[(&i64::from(window), Type::INT8)]).await?;
        row::postgres(&row).map(i64::unsigned_abs).doing(DOING)
    }

    pub(crate) async fn trends_read_since(&self, window: u8) -> Result<Option<Timestamp>, StoreError> {
        const DOING: &str = "read the oldest trend";
        const SQL: &str = "SELECT min(read_at) FROM tagmeter.trends WHERE trend_window = $1";
        let row = self.pool.query_one(DOING, SQL, &[(&i64::from(window), Type::INT8)]).await?;
        let at: Option<i64> = row::postgres(&row).doing(DOING)?;
        Ok(at.map(Timestamp::from_ms))
    }

    pub(crate) async fn trend_peers(&self, window: u8) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        const DOING: &str = "read the peers of trends";
        const SQL: &str = "SELECT peers, made_of FROM tagmeter.trend_peers WHERE trend_window = $1";
        let row = self.pool.query_opt(DOING, SQL, &[(&i64::from(window), Type::INT8)]).await?;
        let Some(row) = row else { return Ok(None) };
        let (peers, made_of): (Vec<u8>, i64) = row::read(&row).doing(DOING)?;
        Ok(Some((peers, made_of.unsigned_abs())))
    }

    pub(crate) async fn write_trend_peers(
        &self,
        window: u8,
        peers: &[u8],
        made_of: u64,
    ) -> Result<(), StoreError> {
        let parameters: [Parameter<'_>; 3] =
            [(&i64::from(window), Type::INT8), (&peers, Type::BYTEA), (&made_of.cast_signed(), Type::INT8)];
        self.pool.query("store the peers of trends", WRITE_PEERS, &parameters).await.map(|_| ())
    }

    pub(crate) async fn trend_odds(&self) -> Result<Option<String>, StoreError> {
        const DOING: &str = "read probabilities";
        let row = self.pool.query_opt(DOING, "SELECT odds FROM tagmeter.trend_odds", &[]).await?;
        row.map(|row| row::postgres(&row).doing(DOING)).transpose()
    }

    pub(crate) async fn store_trend_odds(&self, odds: Option<&str>) -> Result<(), StoreError> {
        const DOING: &str = "store probabilities";
        const STORE: &str = "INSERT INTO tagmeter.trend_odds (one, odds) VALUES (1, $1)
            ON CONFLICT (one) DO UPDATE SET odds = excluded.odds";
        match odds {
            Some(odds) => self.pool.query(DOING, STORE, &[(&odds, Type::TEXT)]).await,
            None => self.pool.query(DOING, "DELETE FROM tagmeter.trend_odds", &[]).await,
        }
        .map(|_| ())
    }

    async fn read_trends(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<TrendRow>, StoreError> {
        const DOING: &str = "read trends";
        let rows = self.pool.query(DOING, sql, parameters).await?;
        rows.iter().map(|row| row::postgres::<TrendColumns>(row).doing(DOING)?.into_row()).collect()
    }
}

fn numbers(hashtags: &[HashtagRow]) -> Vec<i64> {
    hashtags.iter().map(|row| i64::from(row.0)).collect()
}
