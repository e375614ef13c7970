//! Runs of hashtags' readings: the rows that taking readings in reads and writes, all of a month together.

use super::record::SqliteRows;
use crate::StoreError;
use crate::error::Doing;
use crate::recording::{self, HASHTAG_COLUMNS, Part, Points, Rewritten, Zeros};
use crate::row;
use crate::runs::{Arrived, Run, RunColumns, SPAN_MS, UNKNOWN, run_columns};
use rusqlite::{Statement, Transaction};
use std::collections::BTreeMap;

/// `?1` hashtag, begun from `?2` on and before `?3`.
const OF_PART: &str = concat!(
    "SELECT ",
    run_columns!(),
    " FROM hashtag_snapshots WHERE hashtag = ?1 AND observed_at >= ?2 AND observed_at < ?3
      ORDER BY observed_at, source"
);
/// Hashtags from `?1` to `?2`.
const OF_HASHTAGS: &str = concat!(
    "SELECT hashtag, ",
    run_columns!(),
    " FROM hashtag_snapshots WHERE hashtag BETWEEN ?1 AND ?2 ORDER BY hashtag, observed_at, source"
);

/// The statements that runs need, prepared once a transaction.
pub(super) struct RunStatements<'c> {
    of_part: Statement<'c>,
    write: Statement<'c>,
    supersede: Statement<'c>,
    remove: Statement<'c>,
    /// For each count, the runs that have it as 0 within some times.
    zeros: Vec<Statement<'c>>,
}

impl<'c> RunStatements<'c> {
    pub(super) fn new(transaction: &'c Transaction<'_>) -> Result<Self, StoreError> {
        let prepare = |sql: &str| transaction.prepare(sql).doing("prepare to record readings");
        let zeros = HASHTAG_COLUMNS.iter().map(|column| {
            prepare(&format!(
                "SELECT observed_at FROM hashtag_snapshots
                 WHERE hashtag = ?1 AND observed_at > ?2 AND observed_at <= ?3
                   AND coalesce(last_at, observed_at) > ?4 AND {column} = 0"
            ))
        });
        Ok(Self {
            of_part: prepare(OF_PART)?,
            write: prepare(
                "INSERT OR REPLACE INTO hashtag_snapshots
                    (hashtag, observed_at, source, rounded, views, creators, videos, readings, last_at, later,
                     arrived)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?,
            supersede: prepare(
                "INSERT INTO hashtag_superseded
                    (hashtag, observed_at, source, superseded_at, arrived_at, rounded, views, creators, videos)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?,
            remove: prepare(
                "DELETE FROM hashtag_snapshots WHERE hashtag = ?1 AND observed_at = ?2 AND source = ?3",
            )?,
            zeros: zeros.collect::<Result<_, _>>()?,
        })
    }

    /// Returns the first readings of the stored runs with a zero that is to be cleared.
    fn hits(&mut self, zeros: &BTreeMap<u32, Zeros<3>>) -> Result<Vec<(u32, i64)>, StoreError> {
        const DOING: &str = "look for zeros";
        let mut hits = Vec::new();
        for (hashtag, of_counts) in zeros {
            for (statement, times) in self.zeros.iter_mut().zip(of_counts) {
                let Some(times) = times else { continue };
                let begun = times.after.saturating_sub(SPAN_MS);
                let within = (hashtag, begun, times.until, times.after);
                let found = statement.query_map(within, row::sqlite::<i64>).doing(DOING)?;
                for at in found {
                    hits.push((*hashtag, at.doing(DOING)?));
                }
            }
        }
        Ok(hits)
    }

    fn stored(&mut self, part: &Part, runs: &mut Vec<Run>) -> Result<(), StoreError> {
        const DOING: &str = "read stored readings";
        let mut rows = self.of_part.query((part.hashtag, part.from, part.until)).doing(DOING)?;
        while let Some(row) = rows.next().doing(DOING)? {
            runs.push(row::read::<RunColumns<'_>, _>(row).doing(DOING)?.stored()?);
        }
        Ok(())
    }

    fn change(&mut self, hashtag: u32, rewritten: &Rewritten, now: i64) -> Result<(), StoreError> {
        const DOING: &str = "write readings";
        for Arrived { point, at } in &rewritten.superseded {
            let [views, creators, videos] = point.counts;
            let arrived = Some(*at).filter(|at| *at != UNKNOWN);
            self.supersede
                .execute((
                    hashtag,
                    point.at,
                    point.source,
                    now,
                    arrived,
                    point.rounded,
                    views,
                    creators,
                    videos,
                ))
                .doing(DOING)?;
        }
        for (at, source) in &rewritten.gone {
            self.remove.execute((hashtag, at, source)).doing(DOING)?;
        }
        for Run { first, readings, last_at, later, arrived } in &rewritten.made {
            let [views, creators, videos] = first.counts;
            self.write
                .execute((
                    hashtag,
                    first.at,
                    first.source,
                    first.rounded,
                    views,
                    creators,
                    videos,
                    readings,
                    last_at,
                    later,
                    arrived,
                ))
                .doing(DOING)?;
        }
        Ok(())
    }
}

impl SqliteRows<'_> {
    /// Writes the readings that wait.
    pub(super) fn write_readings(&mut self) -> Result<(), StoreError> {
        let runs = &mut self.hashtags.runs;
        let (zeros, points) = (self.readings.take_zeros(), self.readings.take_points());
        let hits = runs.hits(&zeros)?;
        let (no_zeros, no_points) = (Zeros::default(), Points::new());
        let parts = recording::parts(&points, &hits);
        for of_hashtag in parts.chunk_by(|one, next| one.hashtag == next.hashtag) {
            let hashtag = of_hashtag[0].hashtag;
            let mut stored = Vec::new();
            for part in of_hashtag {
                runs.stored(part, &mut stored)?;
            }
            let zeros = zeros.get(&hashtag).unwrap_or(&no_zeros);
            let points = points.get(&hashtag).unwrap_or(&no_points);
            let rewritten = recording::rewrite(stored, zeros, points, self.now)?;
            runs.change(hashtag, &rewritten, self.now)?;
            self.snapshots_new += rewritten.new;
            if rewritten.is_changed {
                self.hashtags_read.insert(hashtag);
            }
        }
        Ok(())
    }

    /// See `BackfillRows::hashtag_below`.
    pub(super) fn hashtag_of_run(&self, last: u32, runs_max: u32) -> Result<Option<u32>, StoreError> {
        const SQL: &str = "SELECT hashtag FROM hashtag_snapshots WHERE hashtag <= ?1
            ORDER BY hashtag DESC LIMIT 1 OFFSET ?2";
        let found = self.transaction.prepare_cached(SQL).and_then(|mut statement| {
            let mut rows = statement.query_map((last, runs_max), row::sqlite)?;
            rows.next().transpose()
        });
        found.doing("read how many readings there are")
    }

    /// See `BackfillRows::stored_runs`.
    pub(super) fn runs_of_hashtags(&self, first: u32, last: u32) -> Result<Vec<(u32, Run)>, StoreError> {
        const DOING: &str = "read stored readings";
        let mut statement = self.transaction.prepare_cached(OF_HASHTAGS).doing(DOING)?;
        let mut rows = statement.query((first, last)).doing(DOING)?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next().doing(DOING)? {
            let (hashtag, run): (u32, RunColumns<'_>) = row::read(row).doing(DOING)?;
            runs.push((hashtag, run.stored()?));
        }
        Ok(runs)
    }

    /// See `BackfillRows::write_runs`.
    pub(super) fn change_runs(&mut self, rewritten: &[(u32, Rewritten)]) -> Result<(), StoreError> {
        for (hashtag, rewritten) in rewritten {
            self.hashtags.runs.change(*hashtag, rewritten, UNKNOWN)?;
        }
        Ok(())
    }
}
