//! Readings of trackers. On a cluster the queue is distributed by hashtag; every other statement names the account,
//! except the one for the trackers of a hashtag, which reads all shards.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::jobs::Lease;
use crate::ledger::{limit, to_i64};
use crate::row;
use crate::tracked::{
    CLOCKS_APART_MS, ReadingClaim, ReadingReserved, Requeued, SPANS_MAX, SpanRow, SpansOf, Subscription,
    TrackedUpdate, month_after, span_columns, span_contents, spent_after,
};
use crate::trackers::{TrackedHashtag, TrackedRow, tracked_columns};
use domain::tracking::{Month, Slot, Span, TargetKey};
use domain::{AccountId, Credits, Timestamp, TrackerId};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

macro_rules! is_claimable {
    () => {
        "(lease_until_ms <= $1 OR lease_until_ms > $1 + lease_ms + $3)"
    };
}

/// Due times that were written while the clock was ahead.
const AHEAD: &str = concat!(
    "SELECT tag_key FROM tagmeter.reading_queue WHERE set_at_ms > $1 + $3 AND ",
    is_claimable!(),
    " LIMIT $2"
);
/// Nothing is locked: [`CLAIM`] checks again.
const DUE: &str = concat!(
    "SELECT tag_key FROM tagmeter.reading_queue WHERE due_at_ms <= $1 AND ",
    is_claimable!(),
    " ORDER BY due_at_ms LIMIT $2"
);
/// Locks the row: a later claim finds a valid lease.
const CLAIM: &str = concat!(
    "UPDATE tagmeter.reading_queue SET lease_until_ms = $4, lease_ms = $5, token = token + 1
     WHERE tag_key = $2 AND (due_at_ms <= $1 OR set_at_ms > $1 + $3) AND ",
    is_claimable!(),
    " RETURNING token, version"
);
const REQUEUE: &str = "UPDATE tagmeter.reading_queue
    SET due_at_ms = $4, set_at_ms = $5, lease_until_ms = 0 WHERE tag_key = $1 AND token = $2 AND version = $3";
const UNQUEUE: &str = "DELETE FROM tagmeter.reading_queue WHERE tag_key = $1 AND token = $2 AND version = $3";
const VERSION: &str = "SELECT version FROM tagmeter.reading_queue WHERE tag_key = $1 AND token = $2";
const UNDER: &str = concat!(
    "SELECT ",
    tracked_columns!(),
    " FROM tagmeter.tracker_hashtags WHERE tag_key = $1 ORDER BY account_id, tracker_id"
);
const SPANS: &str = concat!(
    "SELECT ",
    span_columns!(),
    " FROM tagmeter.tracker_spans WHERE account_id = $1 AND tracker_id = $2 AND tag_key = $3 AND from_ms < $4
        AND ($6 OR reason <> 'exempt')
      ORDER BY from_ms DESC LIMIT $5"
);
const ATTEMPT: &str = "UPDATE tagmeter.tracker_hashtags
    SET attempt_from_ms = $5, attempt_until_ms = $6, attempt_credits = $7, attempt_month = $8,
        version = version + 1
    WHERE account_id = $1 AND tracker_id = $2 AND tag_key = $3 AND version = $4";
const SPEND: &str = concat!(
    "UPDATE tagmeter.trackers SET spent = ",
    spent_after!("$3", "$4"),
    ", spent_month = ",
    month_after!("$4"),
    " WHERE account_id = $1 AND tracker_id = $2 AND (credits_max IS NULL OR ",
    spent_after!("$3", "$4"),
    " <= credits_max)"
);
const REFUND: &str = "UPDATE tagmeter.trackers SET spent = greatest(0, spent - $3)
    WHERE account_id = $1 AND tracker_id = $2 AND spent_month = $4";
const UPDATE: &str = "UPDATE tagmeter.tracker_hashtags
    SET is_paused = $5, slot_interval = $6, adapted_by = $7, since_ms = $8, due_at_ms = $9, attempt_from_ms = NULL,
        attempt_until_ms = NULL, attempt_credits = NULL, attempt_month = NULL, failed_from_ms = $10, failed_until_ms = $11,
        failed_reason = $12, readings = $13, gaps = $14, last_read_at_ms = $15, version = version + 1
    WHERE account_id = $1 AND tracker_id = $2 AND tag_key = $3 AND version = $4";
const CUT_SPANS: &str = "DELETE FROM tagmeter.tracker_spans
    WHERE account_id = $1 AND tracker_id = $2 AND tag_key = $3 AND until_ms > $4";
const ADD_SPAN: &str = "INSERT INTO tagmeter.tracker_spans
    (account_id, tracker_id, tag_key, from_ms, until_ms, readings, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)";

impl Postgres {
    pub(crate) async fn claim_readings(
        &self,
        lease: Lease,
        number: usize,
    ) -> Result<Vec<ReadingClaim>, StoreError> {
        const DOING: &str = "claim readings";
        let (now, until, ms) = (lease.from.as_ms(), lease.until.as_ms(), lease.ms());
        let mut claims = Vec::new();
        for sql in [AHEAD, DUE] {
            let rest = number.saturating_sub(claims.len());
            let parameters: [Parameter<'_>; 3] =
                [(&now, Type::INT8), (&limit(rest), Type::INT8), (&CLOCKS_APART_MS, Type::INT8)];
            for found in self.pool.query(DOING, sql, &parameters).await? {
                let text: &str = row::read(&found).doing(DOING)?;
                let parameters: [Parameter<'_>; 5] = [
                    (&now, Type::INT8),
                    (&text, Type::TEXT),
                    (&CLOCKS_APART_MS, Type::INT8),
                    (&until, Type::INT8),
                    (&ms, Type::INT8),
                ];
                let Some(claimed) = self.pool.query_opt(DOING, CLAIM, &parameters).await? else { continue };
                let (token, version) = row::read(&claimed).doing(DOING)?;
                let wrong = |_| StoreError::Inconsistent {
                    table: "reading_queue",
                    column: "tag_key",
                    row: text.to_owned(),
                };
                claims.push(ReadingClaim {
                    key: TargetKey::from_stored(text).map_err(wrong)?,
                    token,
                    version,
                });
            }
        }
        Ok(claims)
    }

    pub(crate) async fn subscriptions(&self, key: &TargetKey) -> Result<Vec<Subscription>, StoreError> {
        const DOING: &str = "read the trackers of a hashtag";
        let rows = self.pool.query(DOING, UNDER, &[(&key.as_str(), Type::TEXT)]).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let tracked = row::postgres::<TrackedRow>(&row).doing(DOING)?.read()?;
            let (account_id, id) = (tracked.account_id, tracked.tracker_id);
            let Some(tracker) = self.tracker(account_id, id).await? else { continue };
            let mut spans = self.tracker_spans(account_id, id, key, SpansOf::All, None, SPANS_MAX).await?;
            spans.reverse();
            found.push(Subscription { tracker, tracked, spans });
        }
        Ok(found)
    }

    pub(crate) async fn reserve_reading(
        &self,
        tracked: &TrackedHashtag,
        slot: Slot,
        credits: Credits,
        month: Month,
    ) -> Result<ReadingReserved, StoreError> {
        const DOING: &str = "reserve a reading";
        let (id, key) = (tracked.tracker_id.to_bytes(), tracked.target.key());
        let (account_id, credits) = (tracked.account_id.0, to_i64(credits));
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let parameters: [Parameter<'_>; 8] = [
            (&account_id, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&key.as_str(), Type::TEXT),
            (&tracked.version, Type::INT8),
            (&slot.from.as_ms(), Type::INT8),
            (&slot.until.as_ms(), Type::INT8),
            (&credits, Type::INT8),
            (&month.0, Type::INT8),
        ];
        if transaction.execute_typed(ATTEMPT, &parameters).await.doing(DOING)? == 0 {
            return Ok(ReadingReserved::Changed);
        }
        let parameters: [Parameter<'_>; 4] = [
            (&account_id, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&credits, Type::INT8),
            (&month.0, Type::INT8),
        ];
        if transaction.execute_typed(SPEND, &parameters).await.doing(DOING)? == 0 {
            return Ok(ReadingReserved::BudgetSpent);
        }
        transaction.commit().await.doing(DOING)?;
        Ok(ReadingReserved::Reserved)
    }

    pub(crate) async fn update_tracked(&self, update: &TrackedUpdate) -> Result<bool, StoreError> {
        const DOING: &str = "write a reading of a tracker";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let is_written = write(&transaction, update).await?;
        if is_written {
            transaction.commit().await.doing(DOING)?;
        }
        Ok(is_written)
    }

    pub(crate) async fn requeue_reading(
        &self,
        claim: &ReadingClaim,
        due_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Requeued, StoreError> {
        const DOING: &str = "queue the next reading";
        let key = claim.key.as_str();
        let of: [Parameter<'_>; 3] =
            [(&key, Type::TEXT), (&claim.token, Type::INT8), (&claim.version, Type::INT8)];
        let client = self.pool.get().await?;
        let done = match due_at {
            Some(due_at) => {
                let (due_at, now) = (due_at.as_ms(), now.as_ms());
                let [key, token, version] = of;
                let parameters = [key, token, version, (&due_at, Type::INT8), (&now, Type::INT8)];
                client.object.execute_typed(REQUEUE, &parameters).await
            }
            None => client.object.execute_typed(UNQUEUE, &of).await,
        }
        .doing(DOING)?;
        if done == 1 {
            return Ok(Requeued::Done);
        }
        let parameters: [Parameter<'_>; 2] = [(&key, Type::TEXT), (&claim.token, Type::INT8)];
        let rows = client.query(DOING, VERSION, &parameters).await?;
        let version: Option<i64> = rows.first().map(row::postgres).transpose().doing(DOING)?;
        Ok(version
            .map_or(Requeued::Lost, |version| Requeued::Changed(ReadingClaim { version, ..claim.clone() })))
    }

    pub(crate) async fn tracker_spans(
        &self,
        account_id: AccountId,
        id: TrackerId,
        key: &TargetKey,
        of: SpansOf,
        before: Option<Timestamp>,
        number: usize,
    ) -> Result<Vec<Span>, StoreError> {
        const DOING: &str = "read the spans of a tracker";
        let bytes = id.to_bytes();
        let parameters: [Parameter<'_>; 6] = [
            (&account_id.0, Type::INT8),
            (&bytes.as_slice(), Type::BYTEA),
            (&key.as_str(), Type::TEXT),
            (&before.map_or(i64::MAX, Timestamp::as_ms), Type::INT8),
            (&limit(number), Type::INT8),
            (&(of == SpansOf::All), Type::BOOL),
        ];
        let rows = self.pool.query(DOING, SPANS, &parameters).await?;
        rows.iter().map(|row| row::postgres::<SpanRow>(row).doing(DOING)?.read(id)).collect()
    }
}

async fn write(transaction: &Transaction<'_>, update: &TrackedUpdate) -> Result<bool, StoreError> {
    const DOING: &str = "write a reading of a tracker";
    let tracked = &update.tracked;
    let key = tracked.target.key();
    let (account_id, id, key) = (tracked.account_id.0, tracked.tracker_id.to_bytes(), key.as_str());
    let parameters: [Parameter<'_>; 15] = [
        (&account_id, Type::INT8),
        (&id.as_slice(), Type::BYTEA),
        (&key, Type::TEXT),
        (&tracked.version, Type::INT8),
        (&tracked.is_paused, Type::BOOL),
        (&tracked.interval.name(), Type::TEXT),
        (&tracked.adapted_by.map(domain::tracking::AdaptedBy::name), Type::TEXT),
        (&tracked.since.as_ms(), Type::INT8),
        (&tracked.due_at.map(Timestamp::as_ms), Type::INT8),
        (&tracked.failed.map(|(slot, _)| slot.from.as_ms()), Type::INT8),
        (&tracked.failed.map(|(slot, _)| slot.until.as_ms()), Type::INT8),
        (&tracked.failed.map(|(_, reason)| reason.name()), Type::TEXT),
        (&tracked.readings.cast_signed(), Type::INT8),
        (&tracked.gaps.cast_signed(), Type::INT8),
        (&tracked.last_read_at.map(Timestamp::as_ms), Type::INT8),
    ];
    if transaction.execute_typed(UPDATE, &parameters).await.doing(DOING)? == 0 {
        return Ok(false);
    }
    if let Some(from) = update.spans_from {
        let parameters: [Parameter<'_>; 4] = [
            (&account_id, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&key, Type::TEXT),
            (&from.as_ms(), Type::INT8),
        ];
        transaction.execute_typed(CUT_SPANS, &parameters).await.doing(DOING)?;
    }
    for span in &update.spans {
        let (readings, reason) = span_contents(span.kind);
        let parameters: [Parameter<'_>; 7] = [
            (&account_id, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&key, Type::TEXT),
            (&span.from.as_ms(), Type::INT8),
            (&span.until.as_ms(), Type::INT8),
            (&readings, Type::INT8),
            (&reason, Type::TEXT),
        ];
        transaction.execute_typed(ADD_SPAN, &parameters).await.doing(DOING)?;
    }
    if let Some((month, credits)) = update.refund {
        let parameters: [Parameter<'_>; 4] = [
            (&account_id, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&to_i64(credits), Type::INT8),
            (&month.0, Type::INT8),
        ];
        transaction.execute_typed(REFUND, &parameters).await.doing(DOING)?;
    }
    Ok(true)
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 8] = [
    ("UNDER", UNDER),
    ("SPANS", SPANS),
    ("ATTEMPT", ATTEMPT),
    ("SPEND", SPEND),
    ("REFUND", REFUND),
    ("UPDATE", UPDATE),
    ("CUT_SPANS", CUT_SPANS),
    ("ADD_SPAN", ADD_SPAN),
];
