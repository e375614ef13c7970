//! Destinations in `accounts.db`.

use super::accounts::{AccountsFile, begin};
use crate::StoreError;
use crate::destinations::{
    DESTINATIONS_MAX, Destination, DestinationChange, DestinationCreated, DestinationRow, DestinationState,
    NewDestination, destination_columns,
};
use crate::error::Doing;
use crate::row;
use domain::{AccountId, DestinationId, Timestamp};
use rusqlite::{Connection, Params, Transaction, params};

const ONE: &str = concat!(
    "SELECT ",
    destination_columns!(),
    " FROM destinations WHERE account_id = ?1 AND destination_id = ?2"
);
const OF_ADDRESS: &str =
    concat!("SELECT ", destination_columns!(), " FROM destinations WHERE account_id = ?1 AND address = ?2");
const ALL: &str = concat!(
    "SELECT ",
    destination_columns!(),
    " FROM destinations WHERE account_id = ?1 ORDER BY destination_id"
);
const CREATE: &str = "INSERT INTO destinations
    (account_id, destination_id, address, settings, secrets, failures, created_at_ms, updated_at_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?6) ON CONFLICT DO NOTHING";
const CHANGE: &str =
    "UPDATE destinations SET settings = coalesce(?3, settings), secrets = coalesce(?4, secrets),
        off_reason = CASE WHEN ?5 THEN ?6 ELSE off_reason END,
        failing_since_ms = CASE WHEN ?5 AND ?6 IS NULL THEN NULL ELSE failing_since_ms END,
        failures = CASE WHEN ?5 AND ?6 IS NULL THEN 0 ELSE failures END, updated_at_ms = ?7
    WHERE account_id = ?1 AND destination_id = ?2";
const SET_STATE: &str = "UPDATE destinations
    SET off_reason = coalesce(off_reason, ?3), failing_since_ms = ?4, failures = ?5,
        succeeded_at_ms = coalesce(?6, succeeded_at_ms)
    WHERE account_id = ?1 AND destination_id = ?2";
const GIVE_UP: &str = "UPDATE deliveries SET due_at_ms = NULL WHERE account_id = ?1 AND destination_id = ?2";

impl AccountsFile {
    pub(crate) async fn create_destination(
        &self,
        new: NewDestination,
    ) -> Result<DestinationCreated, StoreError> {
        const DOING: &str = "create a destination";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let of_address = (new.account_id.0, new.address.as_str());
                if let Some(known) = many(&transaction, OF_ADDRESS, of_address)?.pop() {
                    return Ok(DestinationCreated::Known(known));
                }
                let number: i64 = transaction
                    .query_row(
                        "SELECT count(*) FROM destinations WHERE account_id = ?1",
                        [new.account_id.0],
                        row::sqlite,
                    )
                    .doing(DOING)?;
                if number.unsigned_abs() >= DESTINATIONS_MAX {
                    return Ok(DestinationCreated::TooMany);
                }
                let (account_id, id) = (new.account_id.0, new.id.to_bytes());
                let values = params![account_id, id, new.address, new.settings, new.secrets, new.at.as_ms()];
                if transaction.execute(CREATE, values).doing(DOING)? == 0 {
                    return Ok(DestinationCreated::IdTaken);
                }
                let made = one(&transaction, new.account_id, new.id)?;
                transaction.commit().doing(DOING)?;
                Ok(made.map_or(DestinationCreated::IdTaken, DestinationCreated::Created))
            })
            .await
    }

    pub(crate) fn destinations(&self, account_id: AccountId) -> Result<Vec<Destination>, StoreError> {
        self.readers.with(|connection| many(connection, ALL, [account_id.0]))
    }

    pub(crate) async fn change_destination(
        &self,
        account_id: AccountId,
        id: DestinationId,
        change: DestinationChange,
        at: Timestamp,
    ) -> Result<Option<Destination>, StoreError> {
        const DOING: &str = "change a destination";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let is_switched = change.off_reason.is_some();
                let off_reason = change.off_reason.flatten();
                let is_off = off_reason.is_some();
                transaction
                    .execute(
                        CHANGE,
                        params![
                            account_id.0,
                            id.to_bytes(),
                            change.settings,
                            change.secrets,
                            is_switched,
                            off_reason,
                            at.as_ms()
                        ],
                    )
                    .doing(DOING)?;
                if is_off {
                    give_up(&transaction, account_id, id)?;
                }
                let changed = one(&transaction, account_id, id)?;
                transaction.commit().doing(DOING)?;
                Ok(changed)
            })
            .await
    }

    pub(crate) async fn delete_destination(
        &self,
        account_id: AccountId,
        id: DestinationId,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "delete a destination";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let of = (account_id.0, id.to_bytes());
                for sql in [
                    "DELETE FROM delivery_attempts WHERE account_id = ?1 AND destination_id = ?2",
                    "DELETE FROM deliveries WHERE account_id = ?1 AND destination_id = ?2",
                ] {
                    transaction.execute(sql, of).doing(DOING)?;
                }
                let deleted = transaction
                    .execute("DELETE FROM destinations WHERE account_id = ?1 AND destination_id = ?2", of)
                    .doing(DOING)?;
                transaction.commit().doing(DOING)?;
                Ok(deleted == 1)
            })
            .await
    }
}

pub(super) fn one(
    connection: &Connection,
    account_id: AccountId,
    id: DestinationId,
) -> Result<Option<Destination>, StoreError> {
    Ok(many(connection, ONE, (account_id.0, id.to_bytes()))?.pop())
}

/// Writes the state of a destination after an attempt.
pub(super) fn set_state(
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
    transaction
        .prepare_cached(SET_STATE)
        .and_then(|mut s| s.execute(params![account_id.0, id.to_bytes(), off, since, failures, succeeded]))
        .doing("write the state of a destination")?;
    if off.is_some() {
        give_up(transaction, account_id, id)?;
    }
    Ok(())
}

fn give_up(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: DestinationId,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(GIVE_UP)
        .and_then(|mut s| s.execute((account_id.0, id.to_bytes())))
        .doing("give up deliveries")?;
    Ok(())
}

fn many(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<Destination>, StoreError> {
    let rows: Vec<DestinationRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read destinations")?;
    Ok(rows.into_iter().map(Destination::from).collect())
}
