//! Grants, look-ups and quotes. (Charges are committed in [`super::charges`].)

use super::Postgres;
use crate::StoreError;
use crate::chain;
use crate::error::Doing;
use crate::head::{ChainRow, chain_columns};
use crate::ledger::{
    Cause, Charge, ChargeOutcome, Entry, EntryNumber, EntryRow, Granted, LedgerActivity, entry_columns,
    inconsistent, limit, to_credits, to_i64,
};
use crate::row;
use domain::{AccountId, Credits, RequestId, Timestamp};
use tokio_postgres::types::Type;
use tokio_postgres::{Row, Transaction};

const BALANCE: &str = "SELECT balance FROM tagmeter.balances WHERE account_id = $1";
const CHARGED: &str =
    concat!("SELECT ", entry_columns!(), " FROM tagmeter.entries WHERE account_id = $1 AND request_id = $2");
const ENTRIES: &str = concat!(
    "SELECT ",
    entry_columns!(),
    " FROM tagmeter.entries WHERE account_id = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3"
);
/// Locks the row of an account until the transaction ends.
pub(super) const LOCK: &str = concat!(
    "SELECT account_id, ",
    chain_columns!(),
    ", granted FROM tagmeter.balances WHERE account_id = $1 FOR UPDATE"
);
const OF_CAUSE: &str = "SELECT credits FROM tagmeter.entries WHERE account_id = $1 AND cause = $2";
const GRANT: &str =
    "INSERT INTO tagmeter.entries (account_id, sequence, kind, credits, balance_after, at_ms, cause, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const CREDIT: &str =
    "UPDATE tagmeter.balances SET balance = balance + $2, granted = granted + $2, sequence = $3, hash = $4
     WHERE account_id = $1 AND sequence = $3 - 1";

impl Postgres {
    pub(crate) fn ledger_activity(&self) -> LedgerActivity {
        self.charges.activity()
    }

    pub(crate) async fn charge(&self, charge: Charge) -> Result<ChargeOutcome, StoreError> {
        self.charges.charge(charge).await
    }

    pub(crate) async fn grant(
        &self,
        account_id: AccountId,
        credits: Credits,
        cause: &Cause,
        at: Timestamp,
    ) -> Result<Granted, StoreError> {
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing("begin a grant")?;
        let granted = grant_within(&transaction, account_id, credits, cause, at).await?;
        transaction.commit().await.doing("commit a grant")?;
        if let Granted::Granted { balance } = granted {
            self.charges.quotes.publish(account_id, balance);
        }
        Ok(granted)
    }

    pub(crate) async fn balance(&self, account_id: AccountId) -> Result<Option<Credits>, StoreError> {
        let row = self.pool.query_opt("read a balance", BALANCE, &[(&account_id.0, Type::INT8)]).await?;
        let balance: Option<i64> = row.as_ref().map(row::postgres).transpose().doing("read a balance")?;
        balance.map(|balance| to_credits(balance, "balances", "balance", account_id.0)).transpose()
    }

    pub(crate) async fn quote(&self, account_id: AccountId) -> Result<Option<Credits>, StoreError> {
        if let Some(balance) = self.charges.quotes.get(account_id) {
            return Ok(Some(balance));
        }
        let balance = self.balance(account_id).await?;
        if let Some(balance) = balance {
            self.charges.quotes.publish(account_id, balance);
        }
        Ok(balance)
    }

    pub(crate) async fn charged(
        &self,
        account_id: AccountId,
        request_id: RequestId,
    ) -> Result<Option<Entry>, StoreError> {
        let request_id = request_id.to_bytes();
        let parameters = [(&account_id.0 as _, Type::INT8), (&request_id.as_slice() as _, Type::BYTEA)];
        let row = self.pool.query_opt("look a charge up", CHARGED, &parameters).await?;
        row.as_ref().map(entry_of).transpose()
    }

    pub(crate) async fn entries(
        &self,
        account_id: AccountId,
        before: Option<EntryNumber>,
        count: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let before = before.map_or(i64::MAX, |number| number.0);
        let parameters =
            [(&account_id.0 as _, Type::INT8), (&before as _, Type::INT8), (&limit(count) as _, Type::INT8)];
        let rows = self.pool.query("list entries", ENTRIES, &parameters).await?;
        rows.iter().map(entry_of).collect()
    }
}

/// Grants credits as part of a transaction.
pub(super) async fn grant_within(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    credits: Credits,
    cause: &Cause,
    at: Timestamp,
) -> Result<Granted, StoreError> {
    const DOING: &str = "lock a balance";
    let account = (&account_id.0 as _, Type::INT8);
    let locked = transaction.query_typed(LOCK, std::slice::from_ref(&account)).await.doing(DOING)?;
    let Some(locked) = locked.first() else { return Ok(Granted::NoSuchAccount) };
    let (_, chain, granted): (i64, ChainRow, i64) = row::read(locked).doing(DOING)?;
    let before = transaction
        .query_typed(OF_CAUSE, &[account.clone(), (&cause.as_str(), Type::TEXT)])
        .await
        .doing("look for a grant of this cause")?;
    if let Some(before) = before.first() {
        let credits = row::postgres(before).doing("look for a grant of this cause")?;
        return Ok(Granted::Already { credits: to_credits(credits, "entries", "credits", account_id.0)? });
    }
    let granted = to_credits(granted, "balances", "granted", account_id.0)?;
    let after = chain.head(account_id.0)?.grant(account_id, credits, cause, at);
    let (Some(after), Some(_)) = (after, granted.checked_add(credits)) else {
        return Ok(Granted::TooMany);
    };
    let (sequence, hash) = ((&after.sequence as _, Type::INT8), (&after.hash.as_slice() as _, Type::BYTEA));
    transaction
        .execute_typed(
            GRANT,
            &[
                account.clone(),
                sequence.clone(),
                (&chain::KIND_GRANT, Type::INT8),
                (&to_i64(credits), Type::INT8),
                (&to_i64(after.balance), Type::INT8),
                (&at.as_ms(), Type::INT8),
                (&cause.as_str(), Type::TEXT),
                hash.clone(),
            ],
        )
        .await
        .doing("write a grant")?;
    let credited = transaction
        .execute_typed(CREDIT, &[account, (&to_i64(credits), Type::INT8), sequence, hash])
        .await
        .doing("credit an account")?;
    if credited != 1 {
        return Err(inconsistent("balances", "sequence", account_id.0));
    }
    Ok(Granted::Granted { balance: after.balance })
}

fn entry_of(row: &Row) -> Result<Entry, StoreError> {
    let entry: EntryRow = row::read(row).doing("read an entry")?;
    let number = entry.sequence;
    entry.entry(number)
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 7] = [
    ("BALANCE", BALANCE),
    ("CHARGED", CHARGED),
    ("ENTRIES", ENTRIES),
    ("LOCK", LOCK),
    ("OF_CAUSE", OF_CAUSE),
    ("GRANT", GRANT),
    ("CREDIT", CREDIT),
];
