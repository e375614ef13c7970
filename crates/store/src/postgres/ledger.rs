//! Grants, look-ups and quotes.

use super::{Postgres, unfinished};
use crate::StoreError;
use crate::ledger::{Cause, Charge, ChargeOutcome, Entry, EntryNumber, Granted, LedgerActivity};
use domain::{AccountId, Credits, RequestId, Timestamp};

impl Postgres {
    pub(crate) fn ledger_activity(&self) -> LedgerActivity {
        LedgerActivity::default()
    }

    pub(crate) async fn charge(&self, charge: Charge) -> Result<ChargeOutcome, StoreError> {
        let _ = (charge,);
        Err(unfinished())
    }

    pub(crate) async fn grant(
        &self,
        account_id: AccountId,
        credits: Credits,
        cause: &Cause,
        at: Timestamp,
    ) -> Result<Granted, StoreError> {
        let _ = (account_id, credits, cause, at);
        Err(unfinished())
    }

    pub(crate) async fn balance(&self, account_id: AccountId) -> Result<Option<Credits>, StoreError> {
        let _ = (account_id,);
        Err(unfinished())
    }

    pub(crate) async fn quote(&self, account_id: AccountId) -> Result<Option<Credits>, StoreError> {
        let _ = (account_id,);
        Err(unfinished())
    }

    pub(crate) async fn charged(
        &self,
        account_id: AccountId,
        request_id: RequestId,
    ) -> Result<Option<Entry>, StoreError> {
        let _ = (account_id, request_id);
        Err(unfinished())
    }

    pub(crate) async fn entries(
        &self,
        account_id: AccountId,
        before: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let _ = (account_id, before, limit);
        Err(unfinished())
    }
}
