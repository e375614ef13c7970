//! Readings of trackers in `accounts.db`.

use super::accounts::{AccountsFile, begin};
use super::trackers::{one, tracked};
use crate::StoreError;
use crate::error::Doing;
use crate::jobs::Lease;
use crate::ledger::{limit, to_i64};
use crate::row;
use crate::tracked::{
    CLOCKS_APART_MS, ReadingClaim, ReadingReserved, Requeued, SPANS_MAX, SpanRow, SpansOf, Subscription,
    TrackedUpdate, month_after, span_columns, span_contents, spent_after,
};
use crate::trackers::{TrackedHashtag, tracked_columns};
use domain::tracking::{Month, Slot, Span, TargetKey};
use domain::{AccountId, Credits, Timestamp, TrackerId};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// Due times that were written while the clock was ahead, then due ones, each by its index.
const CLAIM: &str = "UPDATE reading_queue SET lease_until_ms = ?2, lease_ms = ?3, token = token + 1
    WHERE tag_key IN (
        SELECT tag_key FROM (SELECT tag_key FROM reading_queue
            WHERE set_at_ms > ?1 + ?5 AND (lease_until_ms <= ?1 OR lease_until_ms > ?1 + lease_ms + ?5) LIMIT ?4)
        UNION
        SELECT tag_key FROM (SELECT tag_key FROM reading_queue
            WHERE due_at_ms <= ?1 AND (lease_until_ms <= ?1 OR lease_until_ms > ?1 + lease_ms + ?5)
            ORDER BY due_at_ms LIMIT ?4)
        LIMIT ?4)
    RETURNING tag_key, token, version";
const UNDER: &str = concat!(
    "SELECT ",
    tracked_columns!(),
    " FROM tracker_hashtags WHERE tag_key = ?1 ORDER BY account_id, tracker_id"
);
const SPANS: &str = concat!(
    "SELECT ",
    span_columns!(),
    " FROM tracker_spans WHERE account_id = ?1 AND tracker_id = ?2 AND tag_key = ?3 AND from_ms < ?4
        AND (?6 OR reason <> 'exempt')
     ORDER BY from_ms DESC LIMIT ?5"
);
const ATTEMPT: &str = "UPDATE tracker_hashtags
    SET attempt_from_ms = ?5, attempt_until_ms = ?6, attempt_credits = ?7, attempt_month = ?8,
        version = version + 1
    WHERE account_id = ?1 AND tracker_id = ?2 AND tag_key = ?3 AND version = ?4";
const SPEND: &str = concat!(
    "UPDATE trackers SET spent = ",
    spent_after!("?3", "?4"),
    ", spent_month = ",
    month_after!("?4"),
    " WHERE account_id = ?1 AND tracker_id = ?2 AND (credits_max IS NULL OR ",
    spent_after!("?3", "?4"),
    " <= credits_max)"
);
const REFUND: &str = "UPDATE trackers SET spent = max(0, spent - ?3)
    WHERE account_id = ?1 AND tracker_id = ?2 AND spent_month = ?4";
const UPDATE: &str = "UPDATE tracker_hashtags
    SET is_paused = ?5, slot_interval = ?6, adapted_by = ?7, since_ms = ?8, due_at_ms = ?9, attempt_from_ms = NULL,
        attempt_until_ms = NULL, attempt_credits = NULL, attempt_month = NULL, failed_from_ms = ?10, failed_until_ms = ?11,
        failed_reason = ?12, readings = ?13, gaps = ?14, last_read_at_ms = ?15, version = version + 1
    WHERE account_id = ?1 AND tracker_id = ?2 AND tag_key = ?3 AND version = ?4";

impl AccountsFile {
    pub(crate) async fn claim_readings(
        &self,
        lease: Lease,
        count: usize,
    ) -> Result<Vec<ReadingClaim>, StoreError> {
        const DOING: &str = "claim readings";
        // A worker looks often, and there mostly is nothing: without a write there is nothing to sync.
        let is_due: bool = self.readers.with(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM reading_queue WHERE due_at_ms <= ?1)
                           OR EXISTS (SELECT 1 FROM reading_queue WHERE set_at_ms > ?1 + ?2)";
            let parameters = (lease.from.as_ms(), CLOCKS_APART_MS);
            let found = connection.prepare_cached(sql).and_then(|mut s| s.query_row(parameters, row::sqlite));
            found.doing("look for due readings")
        })?;
        if !is_due {
            return Ok(Vec::new());
        }
        self.committer
            .run(move |connection| {
                let (now, until) = (lease.from.as_ms(), lease.until.as_ms());
                let rows: Vec<(String, i64, i64)> = connection
                    .prepare_cached(CLAIM)
                    .and_then(|mut s| {
                        let parameters = (now, until, lease.ms(), limit(count), CLOCKS_APART_MS);
                        s.query_map(parameters, row::sqlite)?.collect()
                    })
                    .doing(DOING)?;
                rows.into_iter()
                    .map(|(key, token, version)| Ok(ReadingClaim { key: stored_key(&key)?, token, version }))
                    .collect()
            })
            .await
    }

    pub(crate) fn subscriptions(&self, key: &TargetKey) -> Result<Vec<Subscription>, StoreError> {
        self.readers.with_snapshot(|connection| {
            let mut found = Vec::new();
            for tracked in tracked(connection, UNDER, [key.as_str()])? {
                let Some(tracker) = one(connection, tracked.account_id, tracked.tracker_id)? else {
                    continue;
                };
                let of = (tracked.account_id, tracked.tracker_id);
                let mut spans = spans(connection, of, key, SpansOf::All, i64::MAX, SPANS_MAX)?;
                spans.reverse();
                found.push(Subscription { tracker, tracked, spans });
            }
            Ok(found)
        })
    }

    pub(crate) async fn reserve_reading(
        &self,
        tracked: TrackedHashtag,
        slot: Slot,
        credits: Credits,
        month: Month,
    ) -> Result<ReadingReserved, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let reserved = reserve(&transaction, &tracked, slot, credits, month)?;
                if reserved == ReadingReserved::Reserved {
                    transaction.commit().doing("reserve a reading")?;
                }
                Ok(reserved)
            })
            .await
    }

    pub(crate) async fn update_tracked(&self, update: TrackedUpdate) -> Result<bool, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let is_written = write(&transaction, &update)?;
                if is_written {
                    transaction.commit().doing("write a reading of a tracker")?;
                }
                Ok(is_written)
            })
            .await
    }

    pub(crate) async fn requeue_reading(
        &self,
        claim: ReadingClaim,
        due_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Requeued, StoreError> {
        const DOING: &str = "queue the next reading";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let key = claim.key.as_str();
                let version: Option<i64> = transaction
                    .prepare_cached("SELECT version FROM reading_queue WHERE tag_key = ?1 AND token = ?2")
                    .and_then(|mut s| s.query_row((key, claim.token), row::sqlite).optional())
                    .doing(DOING)?;
                match version {
                    None => return Ok(Requeued::Lost),
                    Some(version) if version != claim.version => {
                        return Ok(Requeued::Changed(ReadingClaim { version, ..claim }));
                    }
                    Some(_) => {}
                }
                match due_at {
                    Some(due_at) => transaction.execute(
                        "UPDATE reading_queue SET due_at_ms = ?2, set_at_ms = ?3, lease_until_ms = 0 WHERE tag_key = ?1",
                        (key, due_at.as_ms(), now.as_ms()),
                    ),
                    None => transaction.execute("DELETE FROM reading_queue WHERE tag_key = ?1", [key]),
                }
                .doing(DOING)?;
                transaction.commit().doing(DOING)?;
                Ok(Requeued::Done)
            })
            .await
    }

    pub(crate) fn tracker_spans(
        &self,
        account_id: AccountId,
        id: TrackerId,
        key: &TargetKey,
        of: SpansOf,
        before: Option<Timestamp>,
        count: usize,
    ) -> Result<Vec<Span>, StoreError> {
        let before = before.map_or(i64::MAX, Timestamp::as_ms);
        self.readers.with(|connection| spans(connection, (account_id, id), key, of, before, count))
    }
}

/// Reads a stored key, which is one of its own.
fn stored_key(key: &str) -> Result<TargetKey, StoreError> {
    TargetKey::from_stored(key).map_err(|_| StoreError::Inconsistent {
        table: "reading_queue",
        column: "tag_key",
        row: key.to_owned(),
    })
}

fn spans(
    connection: &Connection,
    (account_id, id): (AccountId, TrackerId),
    key: &TargetKey,
    of: SpansOf,
    before: i64,
    count: usize,
) -> Result<Vec<Span>, StoreError> {
    let rows: Vec<SpanRow> = connection
        .prepare_cached(SPANS)
        .and_then(|mut s| {
            let parameters =
                (account_id.0, id.to_bytes(), key.as_str(), before, limit(count), of == SpansOf::All);
            s.query_map(parameters, row::sqlite)?.collect()
        })
        .doing("read the spans of a tracker")?;
    rows.into_iter().map(|row| row.read(id)).collect()
}

fn reserve(
    transaction: &Transaction<'_>,
    tracked: &TrackedHashtag,
    slot: Slot,
    credits: Credits,
    month: Month,
) -> Result<ReadingReserved, StoreError> {
    const DOING: &str = "reserve a reading";
    let (account_id, id) = (tracked.account_id.0, tracked.tracker_id.to_bytes());
    let is_ours = transaction
        .prepare_cached(ATTEMPT)
        .and_then(|mut s| {
            s.execute(params![
                account_id,
                id,
                tracked.target.key().as_str(),
                tracked.version,
                slot.from.as_ms(),
                slot.until.as_ms(),
                to_i64(credits),
                month.0
            ])
        })
        .doing(DOING)?;
    if is_ours == 0 {
        return Ok(ReadingReserved::Changed);
    }
    let is_covered = transaction
        .prepare_cached(SPEND)
        .and_then(|mut s| s.execute((account_id, id, to_i64(credits), month.0)))
        .doing(DOING)?;
    Ok(if is_covered == 1 { ReadingReserved::Reserved } else { ReadingReserved::BudgetSpent })
}

fn write(transaction: &Transaction<'_>, update: &TrackedUpdate) -> Result<bool, StoreError> {
    const DOING: &str = "write a reading of a tracker";
    let tracked = &update.tracked;
    let key = tracked.target.key();
    let (account_id, id, key) = (tracked.account_id.0, tracked.tracker_id.to_bytes(), key.as_str());
    let written = transaction
        .prepare_cached(UPDATE)
        .and_then(|mut s| {
            s.execute(params![
                account_id,
                id,
                key,
                tracked.version,
                tracked.is_paused,
                tracked.interval.name(),
                tracked.adapted_by.map(domain::tracking::AdaptedBy::name),
                tracked.since.as_ms(),
                tracked.due_at.map(Timestamp::as_ms),
                tracked.failed.map(|(slot, _)| slot.from.as_ms()),
                tracked.failed.map(|(slot, _)| slot.until.as_ms()),
                tracked.failed.map(|(_, reason)| reason.name()),
                tracked.readings.cast_signed(),
                tracked.gaps.cast_signed(),
                tracked.last_read_at.map(Timestamp::as_ms),
            ])
        })
        .doing(DOING)?;
    if written == 0 {
        return Ok(false);
    }
    if let Some(from) = update.spans_from {
        transaction
            .prepare_cached(
                "DELETE FROM tracker_spans
                 WHERE account_id = ?1 AND tracker_id = ?2 AND tag_key = ?3 AND until_ms > ?4",
            )
            .and_then(|mut s| s.execute((account_id, id, key, from.as_ms())))
            .doing(DOING)?;
    }
    for span in &update.spans {
        let (readings, reason) = span_contents(span.kind);
        transaction
            .prepare_cached(
                "INSERT INTO tracker_spans (account_id, tracker_id, tag_key, from_ms, until_ms, readings, reason)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )
            .and_then(|mut s| {
                s.execute(params![account_id, id, key, span.from.as_ms(), span.until.as_ms(), readings, reason])
            })
            .doing(DOING)?;
    }
    if let Some((month, credits)) = update.refund {
        transaction
            .prepare_cached(REFUND)
            .and_then(|mut s| s.execute((account_id, id, to_i64(credits), month.0)))
            .doing(DOING)?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::migrations;

    #[test]
    fn due_hashtags_are_found_by_their_indexes() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrations::apply(&mut connection, crate::schema::ACCOUNTS.sqlite).expect("a schema");
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {CLAIM}")).expect("a statement");
        let plan: Vec<String> = statement
            .query_map((0, 0, 0, 8, CLOCKS_APART_MS), |row| row.get("detail"))
            .and_then(Iterator::collect)
            .expect("a plan");
        for index in ["reading_queue_by_set (set_at_ms>?)", "reading_queue_by_due (due_at_ms<?)"] {
            assert!(
                plan.iter().any(|step| step.starts_with("SEARCH") && step.contains(index)),
                "{index}: {plan:#?}"
            );
        }
        assert!(!plan.iter().any(|step| step.starts_with("SCAN reading_queue")), "{plan:#?}");
    }
}
