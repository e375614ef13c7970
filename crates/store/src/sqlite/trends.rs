//! Trends of hashtags, in `walks.db`: they can be rebuilt, and a serving process writes it while an import may
//! hold the catalog's lock.

use super::walks::WalksFile;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::trends::{TrendColumns, TrendRow, TrendSort, TrendState, TrendsQuery, trend_columns};
use domain::{HashtagRow, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, TransactionBehavior, params};

const COLUMNS: &str = trend_columns!();

/// Maximum number of matching trends of a window that are read by views and then sorted.
const FEW: i64 = 500;

/// Returns the SQL of a list in its order, after a place or from the beginning. `?1` window, `?2` minimum
/// views, `?3` minimum time, `?4` limit; of the place `?5` its value, `?6` its hashtag. The plus signs keep the
/// planner, which has no statistics of values, from other indexes than that of the order.
fn ordered_by(sort: TrendSort, is_behind: bool) -> String {
    let (by, behind) = (sort.column_name(), behind(sort, is_behind));
    // The index covers all filters; only rows of the result are looked up.
    format!(
        "SELECT {COLUMNS} FROM (
             SELECT hashtag AS shown FROM trends
             WHERE trend_window = ?1 AND {by} IS NOT NULL AND +views >= ?2 AND +read_at >= ?3 {behind}
             ORDER BY {by} DESC, hashtag LIMIT ?4)
         CROSS JOIN trends ON hashtag = shown AND trend_window = ?1 ORDER BY {by} DESC, hashtag"
    )
}

/// Returns the SQL of the same list, for few trends: the plus signs leave only the index of the views. It is
/// not named, since rebuilt tables have indexes of other names.
fn picked_by(sort: TrendSort, is_behind: bool) -> String {
    let (by, behind) = (sort.column_name(), behind(sort, is_behind));
    format!(
        "SELECT {COLUMNS} FROM trends
         WHERE trend_window = ?1 AND +{by} IS NOT NULL AND views >= ?2 AND +read_at >= ?3 {behind}
         ORDER BY +{by} DESC, hashtag LIMIT ?4"
    )
}

fn behind(sort: TrendSort, is_behind: bool) -> String {
    let by = sort.column_name();
    if is_behind { format!("AND {by} <= ?5 AND ({by} < ?5 OR hashtag > ?6)") } else { String::new() }
}

/// Returns true if few trends of a window have so many views.
fn are_few(connection: &Connection, window: u8, views_min: i64) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT count(*) FROM
        (SELECT 1 FROM trends WHERE trend_window = ?1 AND views >= ?2 LIMIT ?3)";
    connection
        .prepare_cached(SQL)
        .and_then(|mut statement| statement.query_row((window, views_min, FEW), row::sqlite::<i64>))
        .map(|found| found < FEW)
        .doing("count trends")
}

impl WalksFile {
    pub(crate) fn trend_state(&self, store: u128) -> Result<TrendState, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT sequence, newest_at FROM trend_state WHERE store = ?1")
                .and_then(|mut statement| {
                    statement
                        .query_row([store.to_be_bytes()], |row| {
                            let (sequence, newest_at): (i64, Option<i64>) = row::read(row)?;
                            Ok(TrendState {
                                sequence: sequence.unsigned_abs(),
                                newest_at: newest_at.map(Timestamp::from_ms),
                            })
                        })
                        .optional()
                })
                .map(Option::unwrap_or_default)
                .doing("read the sequence of the trends")
        })
    }

    pub(crate) async fn note_trend_state(&self, store: u128, state: TrendState) -> Result<(), StoreError> {
        self.writer.run(move |connection| note(connection, store, state)).await
    }

    pub(crate) async fn write_trends(&self, rows: Vec<TrendRow>) -> Result<(), StoreError> {
        self.writer.run(move |connection| write(connection, "trends", &rows)).await
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

    pub(crate) fn trends(&self, query: TrendsQuery) -> Result<Vec<TrendRow>, StoreError> {
        let views_min = i64::try_from(query.views_min).unwrap_or(i64::MAX);
        let (window, since, limit) = (query.window, query.read_since.as_ms(), query.limit);
        self.readers.with_snapshot(|connection| {
            let is_behind = query.after.is_some();
            let sql = match views_min > 0 && are_few(connection, window, views_min)? {
                true => picked_by(query.sort, is_behind),
                false => ordered_by(query.sort, is_behind),
            };
            match query.after {
                None => all(connection, &sql, params![window, views_min, since, limit]),
                Some((value, hashtag)) => {
                    all(connection, &sql, params![window, views_min, since, limit, value, hashtag.0])
                }
            }
        })
    }

    pub(crate) fn trends_of(&self, hashtags: &[HashtagRow]) -> Result<Vec<TrendRow>, StoreError> {
        let mut sorted = hashtags.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        self.readers.with_snapshot(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM trends WHERE hashtag = ?1 ORDER BY trend_window");
            let mut found = Vec::new();
            for hashtag in sorted {
                found.extend(all(connection, &sql, [hashtag.0])?);
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
        // The plus sign: in the order of the table, not by an index of the window that would be sorted for each
        // page.
        let sql = format!(
            "SELECT {COLUMNS} FROM trends WHERE hashtag > ?1 AND +trend_window = ?2 ORDER BY hashtag LIMIT ?3"
        );
        let after = after.map_or(-1, |row| i64::from(row.0));
        self.readers.with(|connection| all(connection, &sql, (after, window, limit)))
    }

    pub(crate) fn trends_count(&self, window: u8) -> Result<u64, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT count(*) FROM trends WHERE trend_window = ?1")
                .and_then(|mut statement| statement.query_row([window], row::sqlite::<i64>))
                .map(i64::unsigned_abs)
                .doing("count trends")
        })
    }

    pub(crate) fn trends_read_since(&self, window: u8) -> Result<Option<Timestamp>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT min(read_at) FROM trends WHERE trend_window = ?1")
                .and_then(|mut statement| statement.query_row([window], row::sqlite::<Option<i64>>))
                .map(|at| at.map(Timestamp::from_ms))
                .doing("read the oldest trend")
        })
    }

    pub(crate) fn trend_peers(&self, window: u8) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT peers, made_of FROM trend_peers WHERE trend_window = ?1")
                .and_then(|mut statement| {
                    statement.query_row([window], row::sqlite::<(Vec<u8>, i64)>).optional()
                })
                .map(|found| found.map(|(peers, made_of)| (peers, made_of.unsigned_abs())))
                .doing("read the peers of trends")
        })
    }

    pub(crate) async fn write_trend_peers(
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
                    .doing("store the peers of trends")
            })
            .await
    }

    pub(crate) fn trend_odds(&self) -> Result<Option<String>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached("SELECT odds FROM trend_odds")
                .and_then(|mut statement| statement.query_row([], row::sqlite).optional())
                .doing("read probabilities")
        })
    }

    pub(crate) async fn store_trend_odds(&self, odds: Option<String>) -> Result<(), StoreError> {
        self.writer
            .run(move |connection| {
                match odds {
                    Some(odds) => connection
                        .execute("INSERT OR REPLACE INTO trend_odds (one, odds) VALUES (1, ?1)", [odds]),
                    None => connection.execute("DELETE FROM trend_odds", []),
                }
                .map(|_| ())
                .doing("store probabilities")
            })
            .await
    }
}

/// Writes trends to their table, or to one like it.
pub(super) fn write(connection: &mut Connection, table: &str, rows: &[TrendRow]) -> Result<(), StoreError> {
    const DOING: &str = "store trends";
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
    {
        let mut statement = transaction
            .prepare_cached(&format!(
                "INSERT OR REPLACE INTO {table} ({COLUMNS})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
            ))
            .doing(DOING)?;
        for row in rows {
            let [emerging, velocity, growth, zscore, acceleration, rest @ ..] = row.values;
            let [surge, breadth, novelty, saturation, concentration] = rest;
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
                    surge,
                    breadth,
                    novelty,
                    saturation,
                    concentration,
                    row.facts
                ])
                .doing(DOING)?;
        }
    }
    transaction.commit().doing(DOING)
}

fn note(connection: &mut Connection, store: u128, state: TrendState) -> Result<(), StoreError> {
    const DOING: &str = "store the sequence of the trends";
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
    let store = store.to_be_bytes();
    let known: Option<i64> = transaction
        .query_row("SELECT sequence FROM trend_state WHERE store = ?1", [store], row::sqlite)
        .optional()
        .doing(DOING)?;
    if known.is_none() {
        transaction
            .execute_batch(
                "DELETE FROM trend_state; DELETE FROM trends; DELETE FROM trend_peers; DELETE FROM standings",
            )
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
        found.push(row::sqlite::<TrendColumns>(row).doing(DOING)?.into_row()?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    fn plan(connection: &Connection, sql: &str) -> String {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a statement");
        let steps = statement.raw_query().mapped(|row| row.get::<_, String>("detail"));
        steps.collect::<rusqlite::Result<Vec<_>>>().expect("a plan").join("; ")
    }

    #[tokio::test]
    async fn lists_are_read_from_the_index_of_their_order_also_after_a_rebuild() {
        let folder = tempfile::tempdir().expect("a folder");
        let walks = WalksFile::open(&folder.path().join("walks.db")).expect("a file");
        for suffix in ["", "_other", "", "_other"] {
            // Only a statement that runs notices a changed schema.
            assert_eq!(walks.trends_count(1).expect("a count"), 0);
            let check = |connection: &Connection| {
                for (sort, is_behind) in
                    TrendSort::VARIANTS.iter().copied().flat_map(|sort| [(sort, false), (sort, true)])
                {
                    let ordered = plan(connection, &ordered_by(sort, is_behind));
                    let index = format!("USING COVERING INDEX trends_by_{}{suffix} ", sort.column_name());
                    assert!(ordered.contains(&index), "{ordered}");
                    let picked = plan(connection, &picked_by(sort, is_behind));
                    let index = format!("USING INDEX trends_by_views{suffix} (trend_window=? AND views>?)");
                    assert!(picked.contains(&index), "{picked}");
                }
                Ok(())
            };
            walks.readers.with(check).expect("plans");
            walks.begin_trends_rebuild().await.expect("begun");
            walks.end_trends_rebuild(1, Vec::new(), TrendState::default()).await.expect("ended");
        }
    }
}
