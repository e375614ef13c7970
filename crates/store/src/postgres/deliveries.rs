//! Deliveries. On a cluster they are on the shard of their account; only what is due is read from all shards.

use super::Postgres;
use super::connection::Parameter;
use super::destinations::set_state;
use super::events::add_event;
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
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

/// The first due delivery of each destination of a lane that has no claim. Nothing is locked: [`CLAIM`] checks again.
const DELIVERABLE: &str = "SELECT d.account_id, d.destination_id, min(d.sequence) FROM tagmeter.deliveries d
    JOIN tagmeter.destinations t ON t.account_id = d.account_id AND t.destination_id = d.destination_id
    WHERE (d.due_at_ms <= $1 OR d.due_at_ms > $1 + $3) AND IN_LANE GROUP BY d.account_id, d.destination_id
    HAVING max(CASE WHEN d.lease_until_ms > $1 + $4 THEN 0 ELSE d.lease_until_ms END) <= $1
    ORDER BY min(d.due_at_ms) LIMIT $2";
const CLAIM: &str = concat!(
    "UPDATE tagmeter.deliveries SET lease_until_ms = $5, token = token + 1
     WHERE account_id = $1 AND destination_id = $2 AND sequence = $3 AND (due_at_ms <= $4 OR due_at_ms > $4 + $6)
         AND (lease_until_ms <= $4 OR lease_until_ms > $4 + $7)
     RETURNING ",
    claimed_columns!()
);
const LOG: &str = "INSERT INTO tagmeter.delivery_attempts
    (account_id, destination_id, sequence, attempt, at_ms, duration_ms, status, error)
    SELECT $1::bigint, destination_id, sequence, tries, $4, $5, $6, $7 FROM tagmeter.deliveries
    WHERE account_id = $1 AND destination_id = $2 AND sequence = $3";
const ENDED: &str =
    "UPDATE tagmeter.deliveries SET due_at_ms = $5, attempts = attempts + 1, tries = tries + 1,
        delivered_at_ms = coalesce($6, delivered_at_ms), lease_until_ms = 0
    WHERE account_id = $1 AND destination_id = $2 AND sequence = $3 AND token = $4";
const OTHERS_ENDED: &str =
    "UPDATE tagmeter.deliveries SET due_at_ms = $4, delivered_at_ms = coalesce($5, delivered_at_ms)
    WHERE account_id = $1 AND destination_id = $2 AND sequence = ANY($3) AND due_at_ms IS NOT NULL";
const LIST: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM (SELECT * FROM tagmeter.deliveries WHERE account_id = $1 AND destination_id = $2 AND sequence < $3
            ORDER BY sequence DESC LIMIT $4) d
      JOIN (SELECT * FROM tagmeter.events WHERE account_id = $1) e
        ON e.account_id = d.account_id AND e.sequence = d.sequence ORDER BY d.sequence DESC"
);
const ATTEMPTS: &str = concat!(
    "SELECT ",
    attempt_columns!(),
    " FROM tagmeter.delivery_attempts WHERE account_id = $1 AND destination_id = $2 AND sequence BETWEEN $3 AND $4
      ORDER BY sequence, attempt"
);
const REPLAY: &str = "UPDATE tagmeter.deliveries SET due_at_ms = $4, attempts = 0, delivered_at_ms = NULL
    WHERE account_id = $1 AND destination_id = $2 AND sequence = $3 AND due_at_ms IS NULL";
const REPLAY_SINCE: &str =
    "UPDATE tagmeter.deliveries SET due_at_ms = $4, attempts = 0, delivered_at_ms = NULL
    WHERE account_id = $1 AND destination_id = $2 AND due_at_ms IS NULL AND sequence IN
        (SELECT sequence FROM tagmeter.events WHERE account_id = $1 AND at_ms >= $3)";

impl Postgres {
    pub(crate) async fn claim_deliveries(
        &self,
        lane: Lane,
        lease: Lease,
        number: usize,
    ) -> Result<Vec<DeliveryClaim>, StoreError> {
        const DOING: &str = "claim deliveries";
        let (now, until) = (lease.from.as_ms(), lease.until.as_ms());
        let lease_ms = lease.ms().saturating_add(CLOCKS_APART_MS);
        let parameters: [Parameter<'_>; 4] = [
            (&now, Type::INT8),
            (&limit(number), Type::INT8),
            (&DUE_MS_MAX, Type::INT8),
            (&lease_ms, Type::INT8),
        ];
        let sql = DELIVERABLE.replace("IN_LANE", is_in(lane));
        let mut claims = Vec::new();
        for found in self.pool.query(DOING, &sql, &parameters).await? {
            let (account_id, destination, sequence): (i64, [u8; 16], i64) = row::read(&found).doing(DOING)?;
            let parameters: [Parameter<'_>; 7] = [
                (&account_id, Type::INT8),
                (&destination.as_slice(), Type::BYTEA),
                (&sequence, Type::INT8),
                (&now, Type::INT8),
                (&until, Type::INT8),
                (&DUE_MS_MAX, Type::INT8),
                (&lease_ms, Type::INT8),
            ];
            let Some(claimed) = self.pool.query_opt(DOING, CLAIM, &parameters).await? else { continue };
            let claimed: ClaimedRow = row::postgres(&claimed).doing(DOING)?;
            let (account_id, id) = (AccountId(account_id), DestinationId::from_bytes(destination));
            let destination = self.destination(account_id, id).await?;
            let event = self.event(account_id, sequence).await?;
            let Some((destination, event)) = destination.zip(event) else { continue };
            let attempts = claimed.attempts.unsigned_abs();
            claims.push(DeliveryClaim { destination, event, attempts, token: claimed.token });
        }
        Ok(claims)
    }

    pub(crate) async fn write_attempt(
        &self,
        claim: &DeliveryClaim,
        attempted: &Attempted,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "write an attempt at a delivery";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let is_written = write(&transaction, claim, attempted).await?;
        if is_written {
            transaction.commit().await.doing(DOING)?;
        }
        Ok(is_written)
    }

    pub(crate) async fn deliveries(
        &self,
        account_id: AccountId,
        id: DestinationId,
        before_number: Option<u64>,
        number: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        const DOING: &str = "list deliveries";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 4] = [
            (&account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&before(before_number), Type::INT8),
            (&limit(number), Type::INT8),
        ];
        let rows = self.pool.query(DOING, LIST, &parameters).await?;
        rows.iter().map(|row| Ok(row::postgres::<DeliveryRow>(row).doing(DOING)?.into())).collect()
    }

    pub(crate) async fn delivery_attempts(
        &self,
        account_id: AccountId,
        id: DestinationId,
        from: u64,
        to: u64,
    ) -> Result<Vec<LoggedAttempt>, StoreError> {
        const DOING: &str = "read the attempts at deliveries";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 4] = [
            (&account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&from.cast_signed(), Type::INT8),
            (&to.cast_signed(), Type::INT8),
        ];
        let rows = self.pool.query(DOING, ATTEMPTS, &parameters).await?;
        rows.iter().map(|row| Ok(row::postgres::<AttemptRow>(row).doing(DOING)?.into())).collect()
    }

    pub(crate) async fn replay_deliveries(
        &self,
        account_id: AccountId,
        id: DestinationId,
        replay: Replay,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let id = id.to_bytes();
        let (sql, which) = match replay {
            Replay::One(sequence) => (REPLAY, sequence.cast_signed()),
            Replay::Since(at) => (REPLAY_SINCE, at.as_ms()),
        };
        let parameters: [Parameter<'_>; 4] = [
            (&account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&which, Type::INT8),
            (&now.as_ms(), Type::INT8),
        ];
        let client = self.pool.get().await?;
        client.object.execute_typed(sql, &parameters).await.doing("replay deliveries")
    }
}

async fn write(
    transaction: &Transaction<'_>,
    claim: &DeliveryClaim,
    attempted: &Attempted,
) -> Result<bool, StoreError> {
    const DOING: &str = "write an attempt at a delivery";
    let DeliveryClaim { destination, event, token, .. } = claim;
    let (account_id, id) = (destination.account_id, destination.id.to_bytes());
    let ended_ms = attempted.at.as_ms().saturating_add_unsigned(attempted.duration_ms);
    let delivered_ms = (attempted.state == DestinationState::Working).then_some(ended_ms);
    let parameters: [Parameter<'_>; 6] = [
        (&account_id.0, Type::INT8),
        (&id.as_slice(), Type::BYTEA),
        (&event.sequence.cast_signed(), Type::INT8),
        (token, Type::INT8),
        (&attempted.next_at.map(Timestamp::as_ms), Type::INT8),
        (&delivered_ms, Type::INT8),
    ];
    if transaction.execute_typed(ENDED, &parameters).await.doing(DOING)? == 0 {
        return Ok(false);
    }
    let parameters: [Parameter<'_>; 7] = [
        (&account_id.0, Type::INT8),
        (&id.as_slice(), Type::BYTEA),
        (&event.sequence.cast_signed(), Type::INT8),
        (&attempted.at.as_ms(), Type::INT8),
        (&attempted.duration_ms.cast_signed(), Type::INT8),
        (&attempted.status.map(i64::from), Type::INT8),
        (&attempted.error, Type::TEXT),
    ];
    transaction.execute_typed(LOG, &parameters).await.doing(DOING)?;
    if !attempted.others.is_empty() {
        let others: Vec<i64> = attempted.others.iter().map(|other| other.cast_signed()).collect();
        let parameters: [Parameter<'_>; 5] = [
            (&account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&others, Type::INT8_ARRAY),
            (&attempted.next_at.map(Timestamp::as_ms), Type::INT8),
            (&delivered_ms, Type::INT8),
        ];
        transaction.execute_typed(OTHERS_ENDED, &parameters).await.doing(DOING)?;
    }
    let ended_at = Timestamp::from_ms(ended_ms);
    set_state(transaction, account_id, destination.id, &attempted.state, ended_at).await?;
    if let Some(notice) = &attempted.notice {
        add_event(transaction, account_id, notice).await?;
    }
    Ok(true)
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 9] = [
    ("DELIVERABLE", DELIVERABLE),
    ("CLAIM", CLAIM),
    ("LOG", LOG),
    ("ENDED", ENDED),
    ("OTHERS_ENDED", OTHERS_ENDED),
    ("LIST", LIST),
    ("ATTEMPTS", ATTEMPTS),
    ("REPLAY", REPLAY),
    ("REPLAY_SINCE", REPLAY_SINCE),
];
