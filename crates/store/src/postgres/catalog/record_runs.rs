//! Runs of hashtags' readings: the rows that taking readings in reads and writes, all of a month together.
//!
//! Runs that change are deleted and copied again, which costs PostgreSQL no more than an update, and new ones are copied
//! straight into their table.

use super::record_copy::{CopyRows, Staged, Staging};
use super::record_snapshots::Flushed;
use crate::StoreError;
use crate::error::Doing;
use crate::recording::{self, HASHTAG_COLUMNS, Points, Rewritten, Waiting, Zeros};
use crate::row;
use crate::runs::{Arrived, Run, RunColumns, SPAN_MS, UNKNOWN, run_columns};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio_postgres::types::Type;
use tokio_postgres::{Row, Transaction};

const COPY: &str = "COPY tagmeter.hashtag_snapshots
    (hashtag, observed_at, source, rounded, views, creators, videos, readings, last_at, later, arrived)
    FROM STDIN (FORMAT binary)";
/// Columns of [`COPY`].
const COLUMNS: i16 = 11;
const COPY_SUPERSEDED: &str = "COPY tagmeter.hashtag_superseded
    (hashtag, observed_at, source, superseded_at, arrived_at, rounded, views, creators, videos)
    FROM STDIN (FORMAT binary)";
/// Columns of [`COPY_SUPERSEDED`].
const COLUMNS_SUPERSEDED: i16 = 9;

/// Writes the readings that wait, which have come in at `now`.
pub(super) async fn write_readings(
    transaction: &Transaction<'_>,
    staging: &mut Staging,
    waiting: &mut Waiting<3>,
    now: i64,
) -> Result<Flushed, StoreError> {
    let (zeros, points) = (waiting.take_zeros(), waiting.take_points());
    let hits = hits(transaction, staging, &zeros).await?;
    let mut stored = stored(transaction, staging, &points, &hits).await?;
    let (no_zeros, no_points) = (Zeros::default(), Points::new());
    let mut flushed = Flushed::default();
    let mut all = Vec::new();
    let hashtags = points.keys().chain(hits.iter().map(|(hashtag, _)| hashtag));
    let hashtags: BTreeSet<u32> = hashtags.copied().collect();
    for hashtag in hashtags {
        let runs = stored.remove(&hashtag).unwrap_or_default();
        let zeros = zeros.get(&hashtag).unwrap_or(&no_zeros);
        let points = points.get(&hashtag).unwrap_or(&no_points);
        let rewritten = recording::rewrite(runs, zeros, points, now)?;
        flushed.new += rewritten.new;
        if rewritten.is_changed {
            flushed.changed.insert(hashtag);
            all.push((hashtag, rewritten));
        }
    }
    change_runs(transaction, staging, &all, now).await?;
    Ok(flushed)
}

/// Returns the first readings of the stored runs with a zero that is to be cleared.
async fn hits(
    transaction: &Transaction<'_>,
    staging: &mut Staging,
    zeros: &BTreeMap<u32, Zeros<3>>,
) -> Result<Vec<(u32, i64)>, StoreError> {
    const DOING: &str = "look for zeros";
    let mut rows = CopyRows::new(5);
    for (hashtag, of_counts) in zeros {
        for (n, times) in (0..).zip(of_counts) {
            let Some(times) = times else { continue };
            rows.row().number(i64::from(*hashtag)).number(n);
            rows.number(times.after.saturating_sub(SPAN_MS)).number(times.after).number(times.until);
        }
    }
    let count: Vec<String> =
        (0..).zip(HASHTAG_COLUMNS).map(|(n, column): (u8, _)| format!("WHEN {n} THEN p.{column}")).collect();
    let staged = Staged {
        name: "hashtag_snapshots_zeros",
        columns: "hashtag bigint, n bigint, begun bigint, after bigint, until bigint",
        copied: "hashtag, n, begun, after, until".to_owned(),
        apply: format!(
            "SELECT p.hashtag, p.observed_at FROM {{staged}} s JOIN tagmeter.hashtag_snapshots p
                 ON p.hashtag = s.hashtag AND p.observed_at > s.begun AND p.observed_at <= s.until
             WHERE coalesce(p.last_at, p.observed_at) > s.after AND CASE s.n {} END = 0",
            count.join(" ")
        ),
    };
    let found = staging.take(transaction, DOING, &staged, &mut rows).await?;
    found.iter().map(|row| row::postgres(row).doing(DOING)).collect()
}

/// Reads the stored runs of the months that readings and zeros touch, by hashtag.
async fn stored(
    transaction: &Transaction<'_>,
    staging: &mut Staging,
    points: &BTreeMap<u32, Points<3>>,
    hits: &[(u32, i64)],
) -> Result<HashMap<u32, Vec<Run>>, StoreError> {
    const DOING: &str = "read stored readings";
    let mut rows = CopyRows::new(3);
    for part in recording::parts(points, hits) {
        rows.row().number(i64::from(part.hashtag)).number(part.from).number(part.until);
    }
    let staged = Staged {
        name: "hashtag_snapshots_parts",
        columns: "hashtag bigint, begun bigint, until bigint",
        copied: "hashtag, begun, until".to_owned(),
        apply: concat!(
            "SELECT p.hashtag, ",
            run_columns!(),
            " FROM {staged} s JOIN tagmeter.hashtag_snapshots p
                ON p.hashtag = s.hashtag AND p.observed_at >= s.begun AND p.observed_at < s.until"
        )
        .to_owned(),
    };
    let mut runs: HashMap<u32, Vec<Run>> = HashMap::new();
    for row in staging.take(transaction, DOING, &staged, &mut rows).await? {
        let (hashtag, run) = run_of(&row, DOING)?;
        runs.entry(hashtag).or_default().push(run);
    }
    Ok(runs)
}

fn run_of(row: &Row, doing: &'static str) -> Result<(u32, Run), StoreError> {
    let (hashtag, run): (u32, RunColumns<'_>) = row::read(row).doing(doing)?;
    Ok((hashtag, run.stored()?))
}

/// Writes the changes of hashtags' runs.
pub(super) async fn change_runs(
    transaction: &Transaction<'_>,
    staging: &mut Staging,
    rewritten: &[(u32, Rewritten)],
    now: i64,
) -> Result<(), StoreError> {
    const DOING: &str = "write readings";
    let (mut gone, mut made) = (CopyRows::new(3), CopyRows::new(COLUMNS));
    let mut superseded = CopyRows::new(COLUMNS_SUPERSEDED);
    for (hashtag, rewritten) in rewritten {
        let hashtag = i64::from(*hashtag);
        for (at, source) in rewritten.gone.iter().chain(&rewritten.replaced) {
            gone.row().number(hashtag).number(*at).number(i64::from(*source));
        }
        for Arrived { point, at } in &rewritten.superseded {
            superseded.row().number(hashtag).number(point.at).number(i64::from(point.source)).number(now);
            superseded.maybe(Some(*at).filter(|at| *at != UNKNOWN)).number(point.rounded).each(&point.counts);
        }
        for Run { first, readings, last_at, later, arrived } in &rewritten.made {
            made.row().number(hashtag).number(first.at).number(i64::from(first.source));
            made.number(first.rounded).each(&first.counts).number(*readings).maybe(*last_at);
            made.maybe_bytes(later.as_deref()).maybe_bytes(arrived.as_deref());
        }
    }
    let staged = Staged {
        name: "hashtag_snapshots_gone",
        columns: "hashtag bigint, observed_at bigint, source bigint",
        copied: "hashtag, observed_at, source".to_owned(),
        apply: "DELETE FROM tagmeter.hashtag_snapshots p USING {staged} s
            WHERE p.hashtag = s.hashtag AND p.observed_at = s.observed_at AND p.source = s.source"
            .to_owned(),
    };
    staging.take(transaction, DOING, &staged, &mut gone).await?;
    staging.put(DOING, COPY_SUPERSEDED, &mut superseded);
    staging.put(DOING, COPY, &mut made);
    Ok(())
}

/// See `BackfillRows::hashtag_below`.
pub(super) async fn hashtag_of_run(
    transaction: &Transaction<'_>,
    last: u32,
    runs_max: u32,
) -> Result<Option<u32>, StoreError> {
    const DOING: &str = "read how many readings there are";
    const SQL: &str = "SELECT hashtag FROM tagmeter.hashtag_snapshots WHERE hashtag <= $1
        ORDER BY hashtag DESC LIMIT 1 OFFSET $2";
    let parameters = [(&i64::from(last) as _, Type::INT8), (&i64::from(runs_max) as _, Type::INT8)];
    let found = transaction.query_typed_opt(SQL, &parameters).await.doing(DOING)?;
    found.as_ref().map(row::postgres).transpose().doing(DOING)
}

/// See `BackfillRows::stored_runs`.
pub(super) async fn runs_of_hashtags(
    transaction: &Transaction<'_>,
    first: u32,
    last: u32,
) -> Result<Vec<(u32, Run)>, StoreError> {
    const DOING: &str = "read stored readings";
    const SQL: &str = concat!(
        "SELECT hashtag, ",
        run_columns!(),
        " FROM tagmeter.hashtag_snapshots WHERE hashtag BETWEEN $1 AND $2 ORDER BY hashtag"
    );
    let parameters = [(&i64::from(first) as _, Type::INT8), (&i64::from(last) as _, Type::INT8)];
    let found = transaction.query_typed(SQL, &parameters).await.doing(DOING)?;
    found.iter().map(|row| run_of(row, DOING)).collect()
}
