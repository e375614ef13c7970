//! Readings that wait to be written, a row each.

use super::record_copy::{CopyRows, Staged, Staging};
use super::record_nonzero::number;
use crate::StoreError;
use crate::recording::{Point, Times, Waiting};
use std::collections::BTreeSet;
use tokio_postgres::{Row, Transaction};

/// Readings of a group of records, each of `N` counts.
#[derive(Debug)]
pub(super) struct PendingPoints<const N: usize> {
    waiting: Waiting<N>,
    table: PointsTable<N>,
}

/// Result of writing pending readings.
#[derive(Debug, Default)]
pub(super) struct Flushed {
    /// Readings that are new, less those that were removed.
    pub(super) new: i64,
    /// Rows whose readings are others now. Those that were written by [`Staging::put`] are left out.
    pub(super) changed: BTreeSet<u32>,
}

/// Target table.
#[derive(Debug)]
struct PointsTable<const N: usize> {
    copy: String,
    new_rows: Staged,
    fill: String,
    clear: Staged,
    remove: String,
}

/// Names and columns of the temporary tables of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct PointsNames<const N: usize> {
    /// `hashtag` or `video`.
    pub(super) whose: &'static str,
    /// The counts' columns.
    pub(super) counts: [&'static str; N],
    pub(super) new_rows: &'static str,
    pub(super) new_columns: &'static str,
    pub(super) clear: &'static str,
    /// The row and, for each count, two times: after the first, until the second.
    pub(super) clear_columns: &'static str,
}

impl<const N: usize> PointsTable<N> {
    fn new(names: PointsNames<N>) -> Self {
        let PointsNames { whose, counts, .. } = names;
        let table = format!("tagmeter.{whose}_snapshots");
        let columns = format!("{whose}, observed_at, source, rounded, {}", counts.join(", "));
        let times = |end: &str| counts.map(|c| format!("s.{c}_{end}")).join(", ");
        let within = format!(
            "p.{whose} = s.{whose} AND p.observed_at > least({}) AND p.observed_at <= greatest({})",
            times("after"),
            times("until"),
        );
        let is_hit =
            |c: &str| format!("p.{c} = 0 AND p.observed_at > s.{c}_after AND p.observed_at <= s.{c}_until");
        let is_zero = format!("greatest({}) = 0", counts.map(|c| format!("coalesce(p.{c}, 0)")).join(", "));
        let is_open =
            |c: &str| format!("coalesce(p.{c}, 0) = 0 AND s.{c} IS NOT NULL AND (s.{c} > 0 OR {is_zero})");
        let bit = |(n, c)| format!("CASE WHEN {} THEN {} ELSE 0 END", is_open(c), 1_u32 << n);
        let bits: Vec<String> = (0..).zip(counts).map(bit).collect();
        let bits = bits.join(" + ");
        let set = counts.map(|c| format!("{c} = CASE WHEN {} THEN NULL ELSE p.{c} END", is_hit(c)));
        Self {
            copy: format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)"),
            new_rows: Staged {
                name: names.new_rows,
                columns: names.new_columns,
                copied: columns.clone(),
                apply: format!(
                    "INSERT INTO {table} ({columns}) SELECT {columns} FROM {{staged}} ON CONFLICT DO NOTHING RETURNING {whose}"
                ),
            },
            fill: format!(
                "UPDATE {table} p SET rounded = (p.rounded & ~({bits})) | (s.rounded & ({bits})), {} FROM {{staged}} s
                 WHERE p.{whose} = s.{whose} AND p.observed_at = s.observed_at AND p.source = s.source AND ({})
                 RETURNING p.{whose}",
                counts.map(|c| format!("{c} = CASE WHEN {} THEN s.{c} ELSE p.{c} END", is_open(c))).join(", "),
                counts.map(|c| format!("{} AND p.{c} IS DISTINCT FROM s.{c}", is_open(c))).join(" OR "),
            ),
            clear: Staged {
                name: names.clear,
                columns: names.clear_columns,
                copied: format!("{whose}, {}", counts.map(|c| format!("{c}_after, {c}_until")).join(", ")),
                apply: format!(
                    "UPDATE {table} p SET {} FROM {{staged}} s WHERE {within} AND ({}) RETURNING p.{whose}",
                    set.join(", "),
                    counts.map(is_hit).join(" OR "),
                ),
            },
            remove: format!(
                "DELETE FROM {table} p USING {{staged}} s WHERE {within} AND coalesce({}) IS NULL RETURNING p.{whose}",
                counts.map(|c| format!("p.{c}")).join(", "),
            ),
        }
    }
}

impl<const N: usize> PendingPoints<N> {
    pub(super) fn new(names: PointsNames<N>) -> Self {
        Self { waiting: Waiting::default(), table: PointsTable::new(names) }
    }

    /// Keeps a reading. If one of the same moment and source waits, that is filled; one in the database is filled when this
    /// is written.
    pub(super) fn add(&mut self, whose: u32, point: Point<N>) {
        self.waiting.add(whose, point);
    }

    /// See `VideoRows::clear_zeros_video`.
    pub(super) fn clear_zeros(&mut self, whose: u32, n: usize, times: Times) {
        self.waiting.clear_zeros(whose, n, times);
    }

    /// Writes what waits. What is of rows in `made`, which the database has not seen before, is certainly new.
    pub(super) async fn flush(
        &mut self,
        transaction: &Transaction<'_>,
        staging: &mut Staging,
        made: &BTreeSet<u32>,
    ) -> Result<Flushed, StoreError> {
        const DOING: &str = "write snapshots";
        let mut flushed = Flushed::default();
        self.flush_zeros(transaction, staging, &mut flushed).await?;
        let columns = i16::try_from(N).unwrap_or(i16::MAX) + 4;
        let (mut new, mut others) = (CopyRows::new(columns), CopyRows::new(columns));
        for (whose, points) in self.waiting.take_points() {
            let rows = if made.contains(&whose) { &mut new } else { &mut others };
            for point in points.values() {
                rows.row().number(i64::from(whose)).number(point.at).number(i64::from(point.source));
                rows.number(point.rounded).each(&point.counts);
            }
        }
        flushed.new += staging.put(DOING, self.table.copy.clone(), &mut new).cast_signed();
        let staged = others.rows();
        let written = staging.take(transaction, DOING, &self.table.new_rows, &mut others).await?;
        flushed.new += count(&written);
        flushed.note(&written, DOING)?;
        if count(&written).cast_unsigned() < staged {
            let filled = staging.again(transaction, DOING, &self.table.new_rows, &self.table.fill).await?;
            flushed.note(&filled, DOING)?;
        }
        Ok(flushed)
    }

    async fn flush_zeros(
        &mut self,
        transaction: &Transaction<'_>,
        staging: &mut Staging,
        flushed: &mut Flushed,
    ) -> Result<(), StoreError> {
        const DOING: &str = "clear zeros";
        let columns = i16::try_from(2 * N).unwrap_or(i16::MAX) + 1;
        let mut rows = CopyRows::new(columns);
        for (whose, zeros) in self.waiting.take_zeros() {
            let row = rows.row().number(i64::from(whose));
            for times in zeros {
                row.maybe(times.map(|times| times.after)).maybe(times.map(|times| times.until));
            }
        }
        let cleared = staging.take(transaction, DOING, &self.table.clear, &mut rows).await?;
        if cleared.is_empty() {
            return Ok(());
        }
        flushed.note(&cleared, DOING)?;
        let removed = staging.again(transaction, DOING, &self.table.clear, &self.table.remove).await?;
        flushed.new -= count(&removed);
        Ok(())
    }
}

impl Flushed {
    /// Notes the rows that statements returned.
    fn note(&mut self, rows: &[Row], doing: &'static str) -> Result<(), StoreError> {
        for row in rows {
            self.changed.insert(number(row, doing)?);
        }
        Ok(())
    }
}

fn count(rows: &[Row]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
