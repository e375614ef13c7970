//! Accounts and their credits. On a cluster every node has the accounts and balances are distributed, so the
//! two are read one after the other.

use super::Postgres;
use super::connection::Parameter;
use super::ledger;
use crate::StoreError;
use crate::accounts::{Account, AccountCreated, AccountRow, CreditsRow, account_columns, credits_columns};
use crate::chain;
use crate::error::Doing;
use crate::ledger::{Cause, Granted, SIGN_UP, limit};
use crate::row;
use domain::{AccountId, Credits, Email, Timestamp};
use std::collections::HashMap;
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", account_columns!(), " FROM tagmeter.accounts ", $rest)
    };
}

const BALANCES: &str =
    concat!("SELECT account_id, ", credits_columns!(), " FROM tagmeter.balances WHERE account_id = ANY($1)");

impl Postgres {
    /// Writes once, durably, to check that this works. The row is one that is read often and seldom changed.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE tagmeter.keys_version SET version = version";
        self.pool.query("write to the database", SQL, &[]).await.map(|_| ())
    }

    pub(crate) async fn create_account(
        &self,
        email: &Email,
        credits: Credits,
        at: Timestamp,
    ) -> Result<AccountCreated, StoreError> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing("begin an account")?;
        let Some(account_id) = insert(&transaction, email, at).await? else {
            drop(transaction);
            drop(client);
            let taken = self.account_by_email(email).await?;
            return taken.map(|account| AccountCreated::EmailTaken(account.account_id)).ok_or_else(|| {
                StoreError::Inconsistent { table: "accounts", column: "email", row: email.to_string() }
            });
        };
        transaction
            .execute_typed(
                "INSERT INTO tagmeter.balances (account_id, balance, granted, charged, sequence, hash)
                 VALUES ($1, 0, 0, 0, 0, $2)",
                &[(&account_id.0, Type::INT8), (&chain::NO_ENTRY.as_slice(), Type::BYTEA)],
            )
            .await
            .doing("create a balance")?;
        if credits != Credits::ZERO {
            let cause: Cause = SIGN_UP.parse().expect("signing up is a cause");
            let granted = ledger::grant_within(&transaction, account_id, credits, &cause, at).await?;
            debug_assert!(
                matches!(granted, Granted::Granted { .. }),
                "a new account can be granted anything"
            );
        }
        transaction.commit().await.doing("commit an account")?;
        Ok(AccountCreated::Created(account_id))
    }

    pub(crate) async fn account(&self, account_id: AccountId) -> Result<Option<Account>, StoreError> {
        let found =
            self.accounts_by(select!("WHERE account_id = $1"), &[(&account_id.0, Type::INT8)]).await?;
        Ok(found.into_iter().next())
    }

    pub(crate) async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let found = self.accounts_by(select!("WHERE email = $1"), &[(&email.as_str(), Type::TEXT)]).await?;
        Ok(found.into_iter().next())
    }

    pub(crate) async fn accounts(
        &self,
        after: Option<AccountId>,
        count: usize,
    ) -> Result<Vec<Account>, StoreError> {
        let after = after.map_or(0, |id| id.0);
        self.accounts_by(
            select!("WHERE account_id > $1 ORDER BY account_id LIMIT $2"),
            &[(&after, Type::INT8), (&limit(count), Type::INT8)],
        )
        .await
    }

    async fn accounts_by(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Account>, StoreError> {
        let client = self.pool.get().await?;
        let found = client.query("look accounts up", sql, parameters).await?;
        let found: Vec<AccountRow> =
            found.iter().map(row::postgres).collect::<Result<_, _>>().doing("read an account")?;
        let numbers: Vec<i64> = found.iter().map(|account| account.account_id).collect();
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let balances = client.query("look balances up", BALANCES, &[(&numbers, Type::INT8_ARRAY)]).await?;
        let balances: HashMap<i64, CreditsRow> =
            balances.iter().map(row::postgres).collect::<Result<_, _>>().doing("read a balance")?;
        let with_balance =
            found.into_iter().filter_map(|account| Some((balances.get(&account.account_id)?, account)));
        with_balance.map(|(credits, account)| account.account(credits)).collect()
    }
}

/// Returns the number of a new account; `None` if the address has one.
async fn insert(
    transaction: &Transaction<'_>,
    email: &Email,
    at: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    const DOING: &str = "create an account";
    // Looked up first, so that a repeated call uses up no number.
    let known = transaction
        .query_typed("SELECT 1 FROM tagmeter.accounts WHERE email = $1", &[(&email.as_str(), Type::TEXT)])
        .await
        .doing(DOING)?;
    if !known.is_empty() {
        return Ok(None);
    }
    let made = transaction
        .query_typed(
            "INSERT INTO tagmeter.accounts (email, created_at_ms) VALUES ($1, $2)
             ON CONFLICT (email) DO NOTHING RETURNING account_id",
            &[(&email.as_str(), Type::TEXT), (&at.as_ms(), Type::INT8)],
        )
        .await
        .doing(DOING)?;
    made.first().map(|row| row::postgres(row).map(AccountId)).transpose().doing(DOING)
}
