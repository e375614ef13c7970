//! Accounts: callers and their credits.

use crate::ledger::to_credits;
use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, Credits, Email, Timestamp};

/// An account with its balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Number.
    pub account_id: AccountId,
    /// Address.
    pub email: Email,
    /// Time of sign-up.
    pub created_at: Timestamp,
    /// Credits left: `granted` less `charged`.
    pub balance: Credits,
    /// Credits granted in all.
    pub granted: Credits,
    /// Credits charged in all.
    pub charged: Credits,
}

/// Outcome of signing up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountCreated {
    /// A new account was created.
    Created(AccountId),
    /// The address has an account already, which was not changed.
    EmailTaken(AccountId),
}

impl Store {
    /// Creates an account with `credits`, granted for the cause [`crate::ledger::SIGN_UP`].
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

    /// Returns the account of this number.
    pub async fn account(&self, account_id: AccountId) -> Result<Option<Account>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.account(account_id),
            Self::Postgres(postgres) => postgres.account(account_id).await,
        }
    }

    /// Returns the account of this address.
    pub async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.account_by_email(email),
            Self::Postgres(postgres) => postgres.account_by_email(email).await,
        }
    }

    /// Returns up to `limit` accounts after `after`, in order of their numbers.
    pub async fn accounts(&self, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.accounts(after, limit),
            Self::Postgres(postgres) => postgres.accounts(after, limit).await,
        }
    }
}

row! {
    /// An account's row.
    pub(crate) struct AccountRow: account_columns {
        account_id: i64,
        email: String,
        created_at_ms: i64,
    }
}

row! {
    /// The credits of an account, of its row of `balances`.
    pub(crate) struct CreditsRow: credits_columns {
        balance: i64,
        granted: i64,
        charged: i64,
    }
}

impl AccountRow {
    /// Returns the account with its credits.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] if the address is invalid, or an amount is out of range.
    pub(crate) fn account(self, credits: &CreditsRow) -> Result<Account, StoreError> {
        let number = self.account_id;
        let wrong =
            |_| StoreError::Inconsistent { table: "accounts", column: "email", row: number.to_string() };
        let amount = |amount, column| to_credits(amount, "balances", column, number);
        Ok(Account {
            account_id: AccountId(number),
            email: self.email.parse().map_err(wrong)?,
            created_at: Timestamp::from_ms(self.created_at_ms),
            balance: amount(credits.balance, "balance")?,
            granted: amount(credits.granted, "granted")?,
            charged: amount(credits.charged, "charged")?,
        })
    }
}
