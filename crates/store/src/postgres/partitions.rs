//! Partitions of the snapshots: one a year, created with the first reading of that year, and one on either side
//! for readings outside the expected years.
//!
//! A table is attached as a partition, not created as one, and there is no default partition: either would
//! block readers of snapshots until the import that needs it commits.

use crate::StoreError;
use crate::error::Doing;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

/// Years with a partition of their own. The few readings that claim another year are mistaken.
const YEARS: RangeInclusive<i64> = 2014..=2100;
const DAY_MS: i64 = 86_400_000;
/// Mean length of a year in the calendar's cycle of 400.
const MEAN_YEAR_MS: i64 = 31_556_952_000;

/// The tables that are partitioned by the time of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Snapshots {
    /// `tagmeter.hashtag_snapshots`
    OfHashtags,
    /// `tagmeter.video_snapshots`
    OfVideos,
}

impl Snapshots {
    fn table(self) -> &'static str {
        match self {
            Self::OfHashtags => "hashtag_snapshots",
            Self::OfVideos => "video_snapshots",
        }
    }
}

/// Creates the missing partitions for readings of these times (milliseconds since 1970). The caller has locked
/// the row of `tagmeter.store`, as every writer of the catalog does: two at once would create the same table.
pub(crate) async fn ensure_partitions(
    transaction: &Transaction<'_>,
    snapshots: Snapshots,
    times_ms: impl IntoIterator<Item = i64>,
) -> Result<(), StoreError> {
    let years: BTreeSet<i64> = times_ms.into_iter().map(year).collect();
    if years.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = years.iter().map(|year| name(snapshots, *year)).collect();
    let found = transaction
        .query_typed(
            "SELECT relname::text FROM pg_catalog.pg_class
             WHERE relnamespace = 'tagmeter'::regnamespace AND relname = ANY ($1)",
            &[(&names, Type::TEXT_ARRAY)],
        )
        .await
        .doing("look for partitions")?;
    let found: BTreeSet<String> = found.iter().map(|row| row.get(0)).collect();
    if found.len() < names.len() {
        // On a cluster a table is created on every node over the connections that rows are sent over
        // afterwards. (Elsewhere this setting has no effect.)
        let sequential = "SET LOCAL citus.multi_shard_modify_mode = 'sequential'";
        transaction.batch_execute(sequential).await.doing("create a partition")?;
    }
    for (year, name) in years.into_iter().zip(names) {
        if !found.contains(&name) {
            // One at a time: Citus sends its nodes the whole text of a command.
            for step in make(snapshots, year, &name) {
                transaction.batch_execute(&step).await.doing("create a partition")?;
            }
        }
    }
    Ok(())
}

fn make(snapshots: Snapshots, year: i64, name: &str) -> [String; 2] {
    let table = snapshots.table();
    let from = if year < *YEARS.start() { "MINVALUE".to_owned() } else { begin_ms(year).to_string() };
    let to = if year > *YEARS.end() { "MAXVALUE".to_owned() } else { begin_ms(year + 1).to_string() };
    [
        format!("CREATE TABLE tagmeter.{name} (LIKE tagmeter.{table} INCLUDING ALL)"),
        format!(
            "ALTER TABLE tagmeter.{table} ATTACH PARTITION tagmeter.{name} FOR VALUES FROM ({from}) TO ({to})"
        ),
    ]
}

fn name(snapshots: Snapshots, year: i64) -> String {
    let year = match year {
        _ if year < *YEARS.start() => "earlier".to_owned(),
        _ if year > *YEARS.end() => "later".to_owned(),
        _ => year.to_string(),
    };
    format!("{}_{year}", snapshots.table())
}

/// Returns the year of the partition; earlier years than the expected ones count as the one before them, later
/// ones as the one after.
pub(crate) fn year(at_ms: i64) -> i64 {
    let (earlier, later) = (YEARS.start() - 1, YEARS.end() + 1);
    if at_ms < begin_ms(*YEARS.start()) {
        return earlier;
    }
    let near = 1970 + at_ms.div_euclid(MEAN_YEAR_MS);
    let mut near = [near - 1, near, near + 1].into_iter().filter(|year| YEARS.contains(year));
    near.find(|year| at_ms < begin_ms(year + 1)).unwrap_or(later)
}

/// Returns the beginning of a year, in UTC.
fn begin_ms(year: i64) -> i64 {
    let before = year - 1;
    let leap_days = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 477;
    ((year - 1970) * 365 + leap_days) * DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_begin_at_their_first_moment() {
        for (year, begin) in
            [(1970, 0), (2000, 946_684_800_000), (2024, 1_704_067_200_000), (2100, 4_102_444_800_000)]
        {
            assert_eq!(begin_ms(year), begin, "{year}");
        }
        for of in YEARS {
            assert_eq!(year(begin_ms(of)), of);
            assert_eq!(year(begin_ms(of + 1) - 1), of);
        }
        for earlier in [i64::MIN, -1, 0, begin_ms(2014) - 1] {
            assert_eq!(year(earlier), 2013, "{earlier}");
        }
        for later in [begin_ms(2101), begin_ms(2102), i64::MAX] {
            assert_eq!(year(later), 2101, "{later}");
        }
    }

    #[tokio::test]
    async fn each_reading_finds_its_partition_and_none_is_made_twice() {
        let Some(database) = testkit::postgres::TestDatabase::create().await else { return };
        let url = database.url_text().parse().expect("an address");
        let pool = super::super::connection::Pool::new(&url).expect("a pool");
        let mut client = pool.get().await.expect("a connection");
        let times = [begin_ms(2024), begin_ms(2025) - 1, begin_ms(2025), 0, i64::MAX];
        for _ in 0..2 {
            let transaction = client.transaction().await.expect("a transaction");
            for snapshots in [Snapshots::OfHashtags, Snapshots::OfVideos] {
                ensure_partitions(&transaction, snapshots, times).await.expect("partitions");
            }
            // A reader does not wait meanwhile.
            database.sql(
                "SET lock_timeout = '1s'; SELECT * FROM tagmeter.hashtag_snapshots, tagmeter.video_snapshots",
            );
            transaction.commit().await.expect("a commit");
        }
        for at in times {
            database.sql(&format!("INSERT INTO tagmeter.hashtag_snapshots VALUES (1, {at}, 1, 1, 1, 1, 0)"));
        }
        let listed = database.sql(
            "SELECT tableoid::regclass::text, count(*) FROM tagmeter.hashtag_snapshots GROUP BY 1 ORDER BY 1",
        );
        let listed: Vec<_> =
            listed.lines().filter_map(|line| line.strip_prefix("tagmeter.hashtag_snapshots_")).collect();
        assert_eq!(listed, ["2024|2", "2025|1", "earlier|1", "later|1"]);
    }
}
