//! Accounts: who may call, and what they hold.

use crate::{Store, StoreError};
use domain::{AccountId, Credits, Email, Timestamp};

/// An account with its balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub account_id: AccountId,
    /// Its address.
    pub email: Email,
    /// When it signed up.
    pub created_at: Timestamp,
    /// Credits it can still spend: `granted` less `charged`.
    pub balance: Credits,
    /// Credits it was ever given.
    pub granted: Credits,
    /// Credits it was ever charged.
    pub charged: Credits,
}

/// What came of signing up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountCreated {
    /// There is a new account.
    Created(AccountId),
    /// The address has an account already; nothing was done to it.
    EmailTaken(AccountId),
}

impl Store {
    /// Makes an account that holds `credits`, granted for the cause [`crate::ledger::SIGN_UP`].
    pub async fn create_account(
        &self,
        email: &Email,
        credits: Credits,
        at: Timestamp,
    ) -> Result<AccountCreated, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_account(email, credits, at).await,
            Self::Postgres(postgres) => postgres.create_account(email, credits, at).await,
        }
    }

    /// The account of this number.
    pub async fn account(&self, account_id: AccountId) -> Result<Option<Account>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.account(account_id),
            Self::Postgres(postgres) => postgres.account(account_id).await,
        }
    }

    /// The account of this address.
    pub async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.account_by_email(email),
            Self::Postgres(postgres) => postgres.account_by_email(email).await,
        }
    }

    /// Up to `limit` accounts in order of their number, beginning behind `after`.
    pub async fn accounts(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.accounts(after, limit),
            Self::Postgres(postgres) => postgres.accounts(after, limit).await,
        }
    }
}
