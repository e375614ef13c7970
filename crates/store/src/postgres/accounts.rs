//! Accounts: who may call, and what they hold.

use super::{Postgres, unfinished};
use crate::StoreError;
use crate::accounts::{Account, AccountCreated};
use domain::{AccountId, Credits, Email, Timestamp};

impl Postgres {
    pub(crate) async fn create_account(
        &self,
        email: &Email,
        credits: Credits,
        at: Timestamp,
    ) -> Result<AccountCreated, StoreError> {
        let _ = (email, credits, at);
        Err(unfinished())
    }

    pub(crate) async fn account(&self, account_id: AccountId) -> Result<Option<Account>, StoreError> {
        let _ = (account_id,);
        Err(unfinished())
    }

    pub(crate) async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let _ = (email,);
        Err(unfinished())
    }

    pub(crate) async fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        let _ = (after, limit);
        Err(unfinished())
    }
}
