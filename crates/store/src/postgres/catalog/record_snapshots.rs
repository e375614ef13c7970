//! Readings that wait to be written, of hashtags or of videos.

use super::record_background::Background;
use super::record_copy::{CopyRows, Staged, Staging};
use crate::StoreError;
use crate::error::Doing;
use crate::recording::Point;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

/// Readings of a group of records, each of `N` counts.
#[derive(Debug)]
pub(super) struct PendingPoints<const N: usize> {
    /// By the row they are of, in the order they came.
    points: BTreeMap<u32, Vec<Point<N>>>,
    /// For what the database holds: count n of readings after this time is not told where it is 0.
    untold: BTreeMap<u32, [Option<i64>; N]>,
    table: PointsTable<N>,
}

/// Where they go.
#[derive(Debug)]
struct PointsTable<const N: usize> {
    copy: String,
    keep: Staged,
    untell: Staged,
    earlier: [String; N],
}

/// What the temporary tables of a table are called, and what is in them.
#[derive(Debug, Clone, Copy)]
pub(super) struct PointsNames<const N: usize> {
    /// `hashtag` or `video`.
    pub(super) whose: &'static str,
    /// The counts' columns.
    pub(super) counts: [&'static str; N],
    pub(super) keep: &'static str,
    pub(super) keep_columns: &'static str,
    pub(super) untell: &'static str,
    pub(super) untell_columns: &'static str,
}

impl<const N: usize> PointsTable<N> {
    fn new(names: PointsNames<N>) -> Self {
        let PointsNames { whose, counts, .. } = names;
        let table = format!("tagmeter.{whose}_snapshots");
        let columns = format!("{whose}, observed_at, source, rounded, {}", counts.join(", "));
        let is_hit = |c: &str| format!("p.{c} = 0 AND p.observed_at > s.{c}");
        let set = counts.map(|c| format!("{c} = CASE WHEN {} THEN NULL ELSE p.{c} END", is_hit(c)));
        let hits = counts.map(is_hit);
        Self {
            copy: format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)"),
            keep: Staged {
                name: names.keep,
                columns: names.keep_columns,
                copied: columns.clone(),
                apply: format!(
                    "INSERT INTO {table} ({columns}) SELECT {columns} FROM {{staged}} ON CONFLICT DO NOTHING RETURNING 1"
                ),
            },
            untell: Staged {
                name: names.untell,
                columns: names.untell_columns,
                copied: format!("{whose}, {}", counts.join(", ")),
                apply: format!(
                    "UPDATE {table} p SET {} FROM {{staged}} s WHERE p.{whose} = s.{whose} AND ({})",
                    set.join(", "),
                    hits.join(" OR "),
                ),
            },
            earlier: counts.map(|c| {
                format!("SELECT 1 FROM {table} WHERE {whose} = $1 AND observed_at < $2 AND {c} > 0 LIMIT 1")
            }),
        }
    }
}

impl<const N: usize> PendingPoints<N> {
    pub(super) fn new(names: PointsNames<N>) -> Self {
        Self { points: BTreeMap::new(), untold: BTreeMap::new(), table: PointsTable::new(names) }
    }

    /// Keeps a reading, unless one of the same moment and source waits; one in the database is seen when it is written.
    pub(super) fn keep(&mut self, whose: u32, point: Point<N>) {
        let points = self.points.entry(whose).or_default();
        if !points.iter().any(|p| (p.at, p.source) == (point.at, point.source)) {
            points.push(point);
        }
    }

    /// See `VideoRows::untell_video`.
    pub(super) fn untell(&mut self, whose: u32, n: usize, at: i64) {
        for point in self.points.get_mut(&whose).into_iter().flatten() {
            if point.at > at && point.counts[n] == Some(0) {
                point.counts[n] = None;
            }
        }
        // What is in the database was there before all of these, so the earliest time says it all.
        let untold = &mut self.untold.entry(whose).or_insert([None; N])[n];
        *untold = Some(untold.map_or(at, |before| before.min(at)));
    }

    /// Writes what waits; gives how many readings were new. What is of rows in `made`, which the database has not seen
    /// before, is certainly new.
    pub(super) async fn flush(
        &mut self,
        transaction: &Transaction<'_>,
        staging: &mut Staging,
        made: &BTreeSet<u32>,
    ) -> Result<u64, StoreError> {
        const DOING: &str = "keep snapshots";
        let columns = i16::try_from(N).unwrap_or(i16::MAX) + 1;
        let mut untold = CopyRows::new(columns);
        for (whose, times) in std::mem::take(&mut self.untold) {
            untold.row().number(i64::from(whose)).each(&times);
        }
        staging.take(transaction, "mend later readings", &self.table.untell, &mut untold).await?;
        let (mut new, mut others) = (CopyRows::new(columns + 3), CopyRows::new(columns + 3));
        for (whose, mut points) in std::mem::take(&mut self.points) {
            // In the order of the table.
            points.sort_unstable_by_key(|point| (point.at, point.source));
            let rows = if made.contains(&whose) { &mut new } else { &mut others };
            for point in points {
                rows.row().number(i64::from(whose)).number(point.at).number(i64::from(point.source));
                rows.number(point.rounded).each(&point.counts);
            }
        }
        let copied = staging.put(DOING, self.table.copy.clone(), &mut new);
        Ok(copied + staging.take(transaction, DOING, &self.table.keep, &mut others).await?)
    }

    /// See `VideoRows::is_earlier_video`. No reading waits here when this is asked.
    pub(super) async fn is_earlier(
        &self,
        transaction: &Transaction<'_>,
        background: &mut Background,
        whose: u32,
        n: usize,
        at: i64,
    ) -> Result<bool, StoreError> {
        background.settle()?;
        let parameters: [super::super::connection::Parameter<'_>; 2] =
            [(&i64::from(whose), Type::INT8), (&at, Type::INT8)];
        let found = transaction.query_typed(&self.table.earlier[n], &parameters).await;
        Ok(!found.doing("look at earlier readings")?.is_empty())
    }
}
