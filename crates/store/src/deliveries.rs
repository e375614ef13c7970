//! The outbox: what is to be sent to whom, who sends it, the log of attempts, and replays.
//!
//! A delivery is claimed under a lease with a fencing token, and a destination has one claim at a time, so that one that
//! hangs takes no more than a place. Its attempts are at least once: a sender that is killed after the receiver accepted
//! sends the same message, with the same id, again.

use crate::destinations::{Destination, DestinationState};
use crate::events::{Event, NewEvent};
use crate::jobs::Lease;
use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, DestinationId, Timestamp};

/// Which destinations to send to: those that work must not wait for those that do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Accepted a message before, and did not fail since.
    Working,
    /// Was never sent anything.
    New,
    /// Failed since its last success.
    Failing,
}

impl Lane {
    /// All lanes.
    pub const ALL: [Self; 3] = [Self::Working, Self::New, Self::Failing];
}

/// The right to send one message until the lease expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryClaim {
    /// The destination.
    pub destination: Destination,
    /// The event.
    pub event: Event,
    /// Attempts of this round before this one.
    pub attempts: u64,
    pub(crate) token: i64,
}

/// The result of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// When it began.
    pub at: Timestamp,
    /// Duration, in milliseconds.
    pub duration_ms: u64,
    /// Status of the answer; `None` without one.
    pub status: Option<u16>,
    /// Why it failed; `None` after a success.
    pub error: Option<String>,
    /// When the next attempt is due; `None` if there is none.
    pub next_at: Option<Timestamp>,
    /// State of the destination.
    pub state: DestinationState,
    /// An event that the attempt makes: a destination was turned off.
    pub notice: Option<NewEvent>,
    /// Numbers of further events that the message has: their deliveries to the destination end as this one.
    pub others: Vec<u64>,
}

/// A delivery as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event.
    pub event: Event,
    /// When the next attempt is due; `None` once it is over.
    pub due_at: Option<Timestamp>,
    /// When it was accepted.
    pub delivered_at: Option<Timestamp>,
    /// Attempts in all.
    pub attempts: u64,
}

/// An attempt in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedAttempt {
    /// Number of the event.
    pub sequence: u64,
    /// Number of the attempt, the first is 1.
    pub attempt: u64,
    /// When it began.
    pub at: Timestamp,
    /// Duration, in milliseconds.
    pub duration_ms: u64,
    /// Status of the answer; `None` without one.
    pub status: Option<u16>,
    /// Why it failed; `None` after a success.
    pub error: Option<String>,
}

/// Which deliveries to send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// The one of an event.
    One(u64),
    /// All of events since a moment.
    Since(Timestamp),
}

impl Store {
    /// Claims up to `limit` due deliveries of a lane, at most one of each destination, those due longest first. On a cluster
    /// this reads every shard's index.
    pub async fn claim_deliveries(
        &self,
        lane: Lane,
        lease: Lease,
        limit: usize,
    ) -> Result<Vec<DeliveryClaim>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.claim_deliveries(lane, lease, limit).await,
            Self::Postgres(postgres) => postgres.claim_deliveries(lane, lease, limit).await,
        }
    }

    /// Writes the result of an attempt: log, delivery, destination and notice. Returns `false`, without writing, if another
    /// sender has the delivery, or it is gone.
    pub async fn write_attempt(
        &self,
        claim: DeliveryClaim,
        attempted: Attempted,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.write_attempt(claim, attempted).await,
            Self::Postgres(postgres) => postgres.write_attempt(&claim, &attempted).await,
        }
    }

    /// Returns up to `limit` deliveries to a destination, newest event first, before the event `before`.
    pub async fn deliveries(
        &self,
        account_id: AccountId,
        id: DestinationId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.deliveries(account_id, id, before, limit),
            Self::Postgres(postgres) => postgres.deliveries(account_id, id, before, limit).await,
        }
    }

    /// Returns the attempts at deliveries to a destination of events numbered `from` to `to`, in order.
    pub async fn delivery_attempts(
        &self,
        account_id: AccountId,
        id: DestinationId,
        from: u64,
        to: u64,
    ) -> Result<Vec<LoggedAttempt>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.delivery_attempts(account_id, id, from, to),
            Self::Postgres(postgres) => postgres.delivery_attempts(account_id, id, from, to).await,
        }
    }

    /// Sends deliveries again, from the first attempt of the schedule. Returns how many; those under way are left alone.
    pub async fn replay_deliveries(
        &self,
        account_id: AccountId,
        id: DestinationId,
        replay: Replay,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.replay_deliveries(account_id, id, replay, now).await,
            Self::Postgres(postgres) => postgres.replay_deliveries(account_id, id, replay, now).await,
        }
    }
}

row! {
    /// The row of a claimed delivery.
    pub(crate) struct ClaimedRow: claimed_columns {
        attempts: i64,
        token: i64,
    }
}

row! {
    /// The state of a delivery, beside the columns of its event.
    pub(crate) struct DeliveryRow: delivery_columns {
        due_at_ms: Option<i64> = "d.due_at_ms",
        delivered_at_ms: Option<i64> = "d.delivered_at_ms",
        tries: i64 = "d.tries",
        account_id: i64 = "e.account_id",
        sequence: i64 = "e.sequence",
        event_id: [u8; 16] = "e.event_id",
        kind: String = "e.kind",
        alert_id: Option<[u8; 16]> = "e.alert_id",
        at_ms: i64 = "e.at_ms",
        data: String = "e.data",
    }
}

row! {
    /// The row of an attempt.
    pub(crate) struct AttemptRow: attempt_columns {
        sequence: i64,
        attempt: i64,
        at_ms: i64,
        duration_ms: i64,
        status: Option<i64>,
        error: Option<String>,
    }
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        let event = crate::events::EventRow {
            account_id: row.account_id,
            sequence: row.sequence,
            event_id: row.event_id,
            kind: row.kind,
            alert_id: row.alert_id,
            at_ms: row.at_ms,
            data: row.data,
        };
        Self {
            event: event.into(),
            due_at: row.due_at_ms.map(Timestamp::from_ms),
            delivered_at: row.delivered_at_ms.map(Timestamp::from_ms),
            attempts: row.tries.unsigned_abs(),
        }
    }
}

impl From<AttemptRow> for LoggedAttempt {
    fn from(row: AttemptRow) -> Self {
        Self {
            sequence: row.sequence.unsigned_abs(),
            attempt: row.attempt.unsigned_abs(),
            at: Timestamp::from_ms(row.at_ms),
            duration_ms: row.duration_ms.unsigned_abs(),
            status: row.status.and_then(|status| u16::try_from(status).ok()),
            error: row.error,
        }
    }
}

/// SQL condition of a destination `t` that is in a lane.
pub(crate) const fn is_in(lane: Lane) -> &'static str {
    match lane {
        Lane::Working => {
            "t.off_reason IS NULL AND t.failing_since_ms IS NULL AND t.succeeded_at_ms IS NOT NULL"
        }
        Lane::New => "t.off_reason IS NULL AND t.failing_since_ms IS NULL AND t.succeeded_at_ms IS NULL",
        Lane::Failing => "t.off_reason IS NULL AND t.failing_since_ms IS NOT NULL",
    }
}

/// Milliseconds after which any next attempt is due: a later time was written while the clock was ahead. Digests of a week
/// are due within eight days.
pub(crate) const DUE_MS_MAX: i64 = 9 * 86_400_000;
