//! Deliveries in `accounts.db`.

use super::accounts::{AccountsFile, begin};
use super::destinations;
use super::events::{add_event, event};
use crate::StoreError;
use crate::deliveries::{
    AttemptRow, Attempted, ClaimedRow, DUE_MS_MAX, Delivery, DeliveryClaim, DeliveryRow, Lane, LoggedAttempt,
    Replay, attempt_columns, claimed_columns, delivery_columns, is_in,
};
use crate::destinations::DestinationState;
use crate::error::Doing;
use crate::events::before;
use crate::jobs::Lease;
use crate::ledger::limit;
use crate::row;
use crate::tracked::CLOCKS_APART_MS;
use domain::{AccountId, DestinationId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// Claims one delivery, if nobody else did.
const CLAIM: &str = concat!(
    "UPDATE deliveries SET lease_until_ms = ?5, token = token + 1
     WHERE account_id = ?1 AND destination_id = ?2 AND sequence = ?3 AND (due_at_ms <= ?4 OR due_at_ms > ?4 + ?6)
         AND (lease_until_ms <= ?4 OR lease_until_ms > ?4 + ?7)
     RETURNING ",
    claimed_columns!()
);
const LOG: &str = "INSERT INTO delivery_attempts
    (account_id, destination_id, sequence, attempt, at_ms, duration_ms, status, error)
    SELECT account_id, destination_id, sequence, tries, ?4, ?5, ?6, ?7 FROM deliveries
    WHERE account_id = ?1 AND destination_id = ?2 AND sequence = ?3";
const ENDED: &str = "UPDATE deliveries SET due_at_ms = ?5, attempts = attempts + 1, tries = tries + 1,
        delivered_at_ms = coalesce(?6, delivered_at_ms), lease_until_ms = 0
    WHERE account_id = ?1 AND destination_id = ?2 AND sequence = ?3 AND token = ?4";
const OTHERS_ENDED: &str =
    "UPDATE deliveries SET due_at_ms = ?4, delivered_at_ms = coalesce(?5, delivered_at_ms)
    WHERE account_id = ?1 AND destination_id = ?2 AND sequence = ?3 AND due_at_ms IS NOT NULL";
const LIST: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries d JOIN events e ON e.account_id = d.account_id AND e.sequence = d.sequence
      WHERE d.account_id = ?1 AND d.destination_id = ?2 AND d.sequence < ?3 ORDER BY d.sequence DESC LIMIT ?4"
);
const ATTEMPTS: &str = concat!(
    "SELECT ",
    attempt_columns!(),
    " FROM delivery_attempts WHERE account_id = ?1 AND destination_id = ?2 AND sequence BETWEEN ?3 AND ?4
      ORDER BY sequence, attempt"
);
const REPLAY: &str = "UPDATE deliveries SET due_at_ms = ?4, attempts = 0, delivered_at_ms = NULL
    WHERE account_id = ?1 AND destination_id = ?2 AND sequence = ?3 AND due_at_ms IS NULL";
const REPLAY_SINCE: &str = "UPDATE deliveries SET due_at_ms = ?4, attempts = 0, delivered_at_ms = NULL
    WHERE account_id = ?1 AND destination_id = ?2 AND due_at_ms IS NULL AND EXISTS (SELECT 1 FROM events e
        WHERE e.account_id = ?1 AND e.sequence = deliveries.sequence AND e.at_ms >= ?3)";

/// The first due delivery of each destination that has no claim.
fn claimable(lane: Lane) -> String {
    format!(
        "SELECT d.account_id, d.destination_id, min(d.sequence) FROM deliveries d
         JOIN destinations t ON t.account_id = d.account_id AND t.destination_id = d.destination_id
         WHERE (d.due_at_ms <= ?1 OR d.due_at_ms > ?1 + ?3) AND {} GROUP BY d.account_id, d.destination_id
         HAVING max(CASE WHEN d.lease_until_ms > ?1 + ?4 THEN 0 ELSE d.lease_until_ms END) <= ?1
         ORDER BY min(d.due_at_ms) LIMIT ?2",
        is_in(lane)
    )
}

impl AccountsFile {
    pub(crate) async fn claim_deliveries(
        &self,
        lane: Lane,
        lease: Lease,
        count: usize,
    ) -> Result<Vec<DeliveryClaim>, StoreError> {
        const DOING: &str = "claim deliveries";
        let (now, lease_ms) = (lease.from.as_ms(), lease.ms().saturating_add(CLOCKS_APART_MS));
        // A worker looks often, and there mostly is nothing: without a write there is nothing to sync.
        let found: Vec<(i64, [u8; 16], i64)> = self.readers.with(|connection| {
            let rows = connection.prepare_cached(&claimable(lane)).and_then(|mut s| {
                s.query_map((now, limit(count), DUE_MS_MAX, lease_ms), row::sqlite)?.collect()
            });
            rows.doing(DOING)
        })?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let mut claims = Vec::with_capacity(found.len());
                for (account_id, destination, sequence) in found {
                    let claimed: Option<ClaimedRow> = transaction
                        .prepare_cached(CLAIM)
                        .and_then(|mut s| {
                            let until = lease.until.as_ms();
                            let of = (account_id, destination, sequence, now, until, DUE_MS_MAX, lease_ms);
                            s.query_row(of, row::sqlite).optional()
                        })
                        .doing(DOING)?;
                    let (account_id, id) = (AccountId(account_id), DestinationId::from_bytes(destination));
                    let Some(claimed) = claimed else { continue };
                    let destination = destinations::one(&transaction, account_id, id)?;
                    let event = event(&transaction, account_id, sequence)?;
                    let Some((destination, event)) = destination.zip(event) else { continue };
                    let attempts = claimed.attempts.unsigned_abs();
                    claims.push(DeliveryClaim { destination, event, attempts, token: claimed.token });
                }
                transaction.commit().doing(DOING)?;
                Ok(claims)
            })
            .await
    }

    pub(crate) async fn write_attempt(
        &self,
        claim: DeliveryClaim,
        attempted: Attempted,
    ) -> Result<bool, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let is_written = write(&transaction, &claim, &attempted)?;
                if is_written {
                    transaction.commit().doing("write an attempt at a delivery")?;
                }
                Ok(is_written)
            })
            .await
    }

    pub(crate) fn deliveries(
        &self,
        account_id: AccountId,
        id: DestinationId,
        before_number: Option<u64>,
        count: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let read = |connection: &Connection| -> rusqlite::Result<Vec<DeliveryRow>> {
            let of = (account_id.0, id.to_bytes(), before(before_number), limit(count));
            connection.prepare_cached(LIST)?.query_map(of, row::sqlite)?.collect()
        };
        let rows = self.readers.with(|connection| read(connection).doing("list deliveries"))?;
        Ok(rows.into_iter().map(Delivery::from).collect())
    }

    pub(crate) fn delivery_attempts(
        &self,
        account_id: AccountId,
        id: DestinationId,
        from: u64,
        to: u64,
    ) -> Result<Vec<LoggedAttempt>, StoreError> {
        let read = |connection: &Connection| -> rusqlite::Result<Vec<AttemptRow>> {
            let of = (account_id.0, id.to_bytes(), from.cast_signed(), to.cast_signed());
            connection.prepare_cached(ATTEMPTS)?.query_map(of, row::sqlite)?.collect()
        };
        let rows =
            self.readers.with(|connection| read(connection).doing("read the attempts at deliveries"))?;
        Ok(rows.into_iter().map(LoggedAttempt::from).collect())
    }

    pub(crate) async fn replay_deliveries(
        &self,
        account_id: AccountId,
        id: DestinationId,
        replay: Replay,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.committer
            .run(move |connection| {
                let (sql, which) = match replay {
                    Replay::One(sequence) => (REPLAY, sequence.cast_signed()),
                    Replay::Since(at) => (REPLAY_SINCE, at.as_ms()),
                };
                let of = (account_id.0, id.to_bytes(), which, now.as_ms());
                let replayed = connection.execute(sql, of).doing("replay deliveries")?;
                Ok(replayed as u64)
            })
            .await
    }
}

fn write(
    transaction: &Transaction<'_>,
    claim: &DeliveryClaim,
    attempted: &Attempted,
) -> Result<bool, StoreError> {
    const DOING: &str = "write an attempt at a delivery";
    let DeliveryClaim { destination, event, token, .. } = claim;
    let (account_id, id, sequence) =
        (destination.account_id, destination.id.to_bytes(), event.sequence.cast_signed());
    let ended_ms = attempted.at.as_ms().saturating_add_unsigned(attempted.duration_ms);
    let is_delivered = attempted.state == DestinationState::Working;
    let ended = transaction
        .prepare_cached(ENDED)
        .and_then(|mut s| {
            s.execute(params![
                account_id.0,
                id,
                sequence,
                token,
                attempted.next_at.map(Timestamp::as_ms),
                is_delivered.then_some(ended_ms)
            ])
        })
        .doing(DOING)?;
    if ended == 0 {
        return Ok(false);
    }
    transaction
        .prepare_cached(LOG)
        .and_then(|mut s| {
            s.execute(params![
                account_id.0,
                id,
                sequence,
                attempted.at.as_ms(),
                attempted.duration_ms.cast_signed(),
                attempted.status.map(i64::from),
                attempted.error
            ])
        })
        .doing(DOING)?;
    let next_ms = attempted.next_at.map(Timestamp::as_ms);
    let mut others_ended = transaction.prepare_cached(OTHERS_ENDED).doing(DOING)?;
    for other in &attempted.others {
        let of = (account_id.0, id, other.cast_signed(), next_ms, is_delivered.then_some(ended_ms));
        others_ended.execute(of).doing(DOING)?;
    }
    let ended_at = Timestamp::from_ms(ended_ms);
    destinations::set_state(transaction, account_id, destination.id, &attempted.state, ended_at)?;
    if let Some(notice) = &attempted.notice {
        add_event(transaction, account_id, notice)?;
    }
    Ok(true)
}
