//! Destinations of messages: on a cluster on the shard of their account.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::destinations::{
    DESTINATIONS_MAX, Destination, DestinationChange, DestinationCreated, DestinationRow, DestinationState,
    NewDestination, destination_columns,
};
use crate::error::Doing;
use crate::row;
use domain::{AccountId, DestinationId, Timestamp};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const ONE: &str = concat!(
    "SELECT ",
    destination_columns!(),
    " FROM tagmeter.destinations WHERE account_id = $1 AND destination_id = $2"
);
const OF_ADDRESS: &str = concat!(
    "SELECT ",
    destination_columns!(),
    " FROM tagmeter.destinations WHERE account_id = $1 AND address = $2"
);
const ALL: &str = concat!(
    "SELECT ",
    destination_columns!(),
    " FROM tagmeter.destinations WHERE account_id = $1 ORDER BY destination_id"
);
const NUMBER: &str = "SELECT count(*) FROM tagmeter.destinations WHERE account_id = $1";
const CREATE: &str = "INSERT INTO tagmeter.destinations
    (account_id, destination_id, address, settings, secrets, failures, created_at_ms, updated_at_ms)
    VALUES ($1, $2, $3, $4, $5, 0, $6, $6) ON CONFLICT DO NOTHING";
const CHANGE: &str = "UPDATE tagmeter.destinations
    SET settings = coalesce($3, settings), secrets = coalesce($4, secrets),
        off_reason = CASE WHEN $5 THEN $6 ELSE off_reason END,
        failing_since_ms = CASE WHEN $5 AND $6 IS NULL THEN NULL ELSE failing_since_ms END,
        failures = CASE WHEN $5 AND $6 IS NULL THEN 0 ELSE failures END, updated_at_ms = $7
    WHERE account_id = $1 AND destination_id = $2";
const SET_STATE: &str = "UPDATE tagmeter.destinations
    SET off_reason = coalesce(off_reason, $3), failing_since_ms = $4, failures = $5,
        succeeded_at_ms = coalesce($6, succeeded_at_ms)
    WHERE account_id = $1 AND destination_id = $2";
const GIVE_UP: &str =
    "UPDATE tagmeter.deliveries SET due_at_ms = NULL WHERE account_id = $1 AND destination_id = $2";
const DELETE_ATTEMPTS: &str =
    "DELETE FROM tagmeter.delivery_attempts WHERE account_id = $1 AND destination_id = $2";
const DELETE_DELIVERIES: &str =
    "DELETE FROM tagmeter.deliveries WHERE account_id = $1 AND destination_id = $2";
const DELETE: &str = "DELETE FROM tagmeter.destinations WHERE account_id = $1 AND destination_id = $2";

impl Postgres {
    pub(crate) async fn create_destination(
        &self,
        new: &NewDestination,
    ) -> Result<DestinationCreated, StoreError> {
        const DOING: &str = "create a destination";
        let of_address: [Parameter<'_>; 2] = [(&new.account_id.0, Type::INT8), (&new.address, Type::TEXT)];
        let known = self.pool.query_opt(DOING, OF_ADDRESS, &of_address).await?;
        if let Some(known) = known {
            let known: DestinationRow = row::postgres(&known).doing(DOING)?;
            return Ok(DestinationCreated::Known(known.into()));
        }
        let account: [Parameter<'_>; 1] = [(&new.account_id.0, Type::INT8)];
        let number = self.pool.query_opt(DOING, NUMBER, &account).await?;
        let number: i64 = number.as_ref().map(row::postgres).transpose().doing(DOING)?.unwrap_or(0);
        if number.unsigned_abs() >= DESTINATIONS_MAX {
            return Ok(DestinationCreated::TooMany);
        }
        let id = new.id.to_bytes();
        let parameters: [Parameter<'_>; 6] = [
            (&new.account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&new.address, Type::TEXT),
            (&new.settings, Type::TEXT),
            (&new.secrets, Type::TEXT),
            (&new.at.as_ms(), Type::INT8),
        ];
        let client = self.pool.get().await?;
        let made = client.object.execute_typed(CREATE, &parameters).await.doing(DOING)?;
        drop(client);
        if made == 0 {
            // Another node created it meanwhile, or the id is another destination's.
            let known = self.pool.query_opt(DOING, OF_ADDRESS, &of_address).await?;
            let known: Option<DestinationRow> = known.as_ref().map(row::postgres).transpose().doing(DOING)?;
            return Ok(
                known.map_or(DestinationCreated::IdTaken, |known| DestinationCreated::Known(known.into()))
            );
        }
        let made = self.destination(new.account_id, new.id).await?;
        Ok(made.map_or(DestinationCreated::IdTaken, DestinationCreated::Created))
    }

    pub(super) async fn destination(
        &self,
        account_id: AccountId,
        id: DestinationId,
    ) -> Result<Option<Destination>, StoreError> {
        const DOING: &str = "look a destination up";
        let id = id.to_bytes();
        let of: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
        let row = self.pool.query_opt(DOING, ONE, &of).await?;
        Ok(row.as_ref().map(row::postgres::<DestinationRow>).transpose().doing(DOING)?.map(Into::into))
    }

    pub(crate) async fn destinations(&self, account_id: AccountId) -> Result<Vec<Destination>, StoreError> {
        const DOING: &str = "list destinations";
        let rows = self.pool.query(DOING, ALL, &[(&account_id.0, Type::INT8)]).await?;
        rows.iter().map(|row| Ok(row::postgres::<DestinationRow>(row).doing(DOING)?.into())).collect()
    }

    pub(crate) async fn change_destination(
        &self,
        account_id: AccountId,
        id: DestinationId,
        change: &DestinationChange,
        at: Timestamp,
    ) -> Result<Option<Destination>, StoreError> {
        const DOING: &str = "change a destination";
        let bytes = id.to_bytes();
        let off_reason = change.off_reason.clone().flatten();
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let parameters: [Parameter<'_>; 7] = [
            (&account_id.0, Type::INT8),
            (&bytes.as_slice(), Type::BYTEA),
            (&change.settings, Type::TEXT),
            (&change.secrets, Type::TEXT),
            (&change.off_reason.is_some(), Type::BOOL),
            (&off_reason, Type::TEXT),
            (&at.as_ms(), Type::INT8),
        ];
        transaction.execute_typed(CHANGE, &parameters).await.doing(DOING)?;
        if off_reason.is_some() {
            give_up(&transaction, account_id, id).await?;
        }
        transaction.commit().await.doing(DOING)?;
        self.destination(account_id, id).await
    }

    pub(crate) async fn delete_destination(
        &self,
        account_id: AccountId,
        id: DestinationId,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "delete a destination";
        let id = id.to_bytes();
        let of: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        for sql in [DELETE_ATTEMPTS, DELETE_DELIVERIES] {
            transaction.execute_typed(sql, &of).await.doing(DOING)?;
        }
        let deleted = transaction.execute_typed(DELETE, &of).await.doing(DOING)?;
        transaction.commit().await.doing(DOING)?;
        Ok(deleted == 1)
    }
}

/// Writes the state of a destination after an attempt.
pub(super) async fn set_state(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: DestinationId,
    state: &DestinationState,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (off, since, failures, succeeded) = match state {
        DestinationState::Working => (None, None, 0, Some(at.as_ms())),
        DestinationState::Failing { since, failures } => {
            (None, Some(since.as_ms()), failures.cast_signed(), None)
        }
        DestinationState::Off(reason) => (Some(reason), Some(at.as_ms()), 0, None),
    };
    let bytes = id.to_bytes();
    let parameters: [Parameter<'_>; 6] = [
        (&account_id.0, Type::INT8),
        (&bytes.as_slice(), Type::BYTEA),
        (&off, Type::TEXT),
        (&since, Type::INT8),
        (&failures, Type::INT8),
        (&succeeded, Type::INT8),
    ];
    transaction.execute_typed(SET_STATE, &parameters).await.doing("write the state of a destination")?;
    if off.is_some() {
        give_up(transaction, account_id, id).await?;
    }
    Ok(())
}

async fn give_up(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: DestinationId,
) -> Result<(), StoreError> {
    let id = id.to_bytes();
    let of: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
    transaction.execute_typed(GIVE_UP, &of).await.doing("give up deliveries")?;
    Ok(())
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 11] = [
    ("ONE", ONE),
    ("OF_ADDRESS", OF_ADDRESS),
    ("ALL", ALL),
    ("NUMBER", NUMBER),
    ("CREATE", CREATE),
    ("CHANGE", CHANGE),
    ("SET_STATE", SET_STATE),
    ("GIVE_UP", GIVE_UP),
    ("DELETE_ATTEMPTS", DELETE_ATTEMPTS),
    ("DELETE_DELIVERIES", DELETE_DELIVERIES),
    ("DELETE", DELETE),
];
