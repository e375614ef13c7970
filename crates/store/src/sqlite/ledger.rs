//! The ledger in `accounts.db`: grants, look-ups and quotes. (Charges are committed in [`super::charges`].)

use super::accounts::AccountsFile;
use crate::StoreError;
use crate::chain;
use crate::error::Doing;
use crate::head::{ChainRow, chain_columns};
use crate::ledger::{
    Cause, Charge, ChargeOutcome, Entry, EntryNumber, EntryRow, Granted, LedgerActivity, Receipt,
    entry_columns, inconsistent, to_credits, to_i64,
};
use crate::row;
use domain::{AccountId, Credits, RequestId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT entry_id, previous, ", entry_columns!(), " FROM entries ", $rest)
    };
}

/// Accounts whose last known balance is cached, about 100 bytes each.
const QUOTES_MAX: usize = 500_000;

/// The balances this process saw last, for refusing callers early without a query.
#[derive(Debug, Default)]
pub(crate) struct Quotes {
    known: RwLock<HashMap<i64, Arc<AtomicU64>>>,
}

impl Quotes {
    fn get(&self, account_id: AccountId) -> Option<u64> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&account_id.0).map(|balance| balance.load(Ordering::Relaxed))
    }

    /// Stores a balance; returns its place, for later updates.
    pub(super) fn publish(&self, account_id: i64, balance: Credits) -> Arc<AtomicU64> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= QUOTES_MAX {
            // The database is queried for the others.
            known.clear();
        }
        let place = known.entry(account_id).or_default();
        place.store(balance.get(), Ordering::Relaxed);
        Arc::clone(place)
    }
}

impl AccountsFile {
    pub(crate) async fn charge(&self, charge: Charge) -> Result<ChargeOutcome, StoreError> {
        let (account_id, request_id) = (charge.account_id, charge.request_id);
        match self.committer.charge(charge).await {
            Err(error) if !matches!(error, StoreError::Overloaded) => {
                self.paid_after_all(account_id, request_id).ok_or(error)
            }
            outcome => outcome,
        }
    }

    /// Looks up after an error if the charge was made before the answer was lost. What a look-up finds has been
    /// synced, as the WAL's index names a commit only afterwards. What it does not find was rolled back, with
    /// one exception: after a failed sync the disk's contents are unknown until the file is opened again. The
    /// ledger has then stopped, and a restart may find the charge.
    fn paid_after_all(&self, account_id: AccountId, request_id: RequestId) -> Option<ChargeOutcome> {
        // The first error is more informative than one of the look-up.
        let entry = self.charged(account_id, request_id).ok().flatten()?;
        Some(ChargeOutcome::Paid(Receipt {
            request_id,
            credits: entry.credits,
            balance_after: entry.balance_after,
            sequence: entry.sequence,
        }))
    }

    pub(crate) fn ledger_activity(&self) -> LedgerActivity {
        self.committer.activity()
    }

    pub(crate) async fn grant(
        &self,
        account_id: AccountId,
        credits: Credits,
        cause: &Cause,
        at: Timestamp,
    ) -> Result<Granted, StoreError> {
        let cause = cause.clone();
        let quotes = Arc::clone(&self.quotes);
        self.committer
            .run(move |connection| {
                let transaction = connection
                    .transaction_with_behavior(TransactionBehavior::Immediate)
                    .doing("begin a grant")?;
                let granted = grant_within(&transaction, account_id, credits, &cause, at)?;
                transaction.commit().doing("commit a grant")?;
                if let Granted::Granted { balance } = granted {
                    quotes.publish(account_id.0, balance);
                }
                Ok(granted)
            })
            .await
    }

    pub(crate) fn balance(&self, account_id: AccountId) -> Result<Option<Credits>, StoreError> {
        self.readers.with(|connection| {
            let balance: Option<i64> = connection
                .prepare_cached("SELECT balance FROM balances WHERE account_id = ?1")
                .and_then(|mut s| s.query_row([account_id.0], row::sqlite).optional())
                .doing("read a balance")?;
            balance.map(|b| to_credits(b, "balances", "balance", account_id.0)).transpose()
        })
    }

    pub(crate) fn quote(&self, account_id: AccountId) -> Result<Option<Credits>, StoreError> {
        match self.quotes.get(account_id).map(Credits::new) {
            Some(Ok(balance)) if balance != Credits::ZERO => Ok(Some(balance)),
            _ => self.balance(account_id),
        }
    }

    pub(crate) fn charged(
        &self,
        account_id: AccountId,
        request_id: RequestId,
    ) -> Result<Option<Entry>, StoreError> {
        self.readers.with(|connection| {
            const SQL: &str = select!("WHERE request_id = ?1 AND account_id = ?2");
            let mut statement = connection.prepare_cached(SQL).doing("look a charge up")?;
            let mut rows =
                statement.query((request_id.to_bytes(), account_id.0)).doing("look a charge up")?;
            rows.next().doing("look a charge up")?.map(|row| Ok(entry_of(row)?.0)).transpose()
        })
    }

    pub(crate) fn entries(
        &self,
        account_id: AccountId,
        before: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.readers.with(|connection| {
            // Entries are stored in order of time, all accounts together: an account's are found by following
            // its chain back.
            let (sql, start) = match before {
                None => ("SELECT last_entry FROM balances WHERE account_id = ?1 AND ?2 = 0", 0),
                Some(EntryNumber(number)) => {
                    ("SELECT previous FROM entries WHERE account_id = ?1 AND entry_id = ?2", number)
                }
            };
            let first: Option<i64> = connection
                .prepare_cached(sql)
                .and_then(|mut s| s.query_row((account_id.0, start), row::sqlite).optional())
                .doing("find the newest entry")?;
            let mut next = first.unwrap_or(0);
            const SQL: &str = select!("WHERE entry_id = ?1 AND account_id = ?2");
            let mut statement = connection.prepare_cached(SQL).doing("list entries")?;
            let mut entries = Vec::new();
            while next != 0 && entries.len() < limit {
                let mut rows = statement.query((next, account_id.0)).doing("list entries")?;
                let Some(row) = rows.next().doing("list entries")? else {
                    return Err(inconsistent("entries", "previous", next));
                };
                let (entry, previous) = entry_of(row)?;
                // Following the chain must end, even in a damaged file.
                if previous >= next {
                    return Err(inconsistent("entries", "previous", next));
                }
                entries.push(entry);
                next = previous;
            }
            Ok(entries)
        })
    }

    #[cfg(feature = "seeded-bugs")]
    pub(crate) async fn seed_bug_commits_are_not_synced(&self) -> Result<(), StoreError> {
        self.committer
            .run(|connection| {
                connection.execute_batch("PRAGMA synchronous = NORMAL").doing("turn the ledger's syncs off")
            })
            .await
    }
}

/// Grants credits as part of a transaction.
pub(super) fn grant_within(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    credits: Credits,
    cause: &Cause,
    at: Timestamp,
) -> Result<Granted, StoreError> {
    const SQL: &str =
        concat!("SELECT ", chain_columns!(), ", granted, last_entry FROM balances WHERE account_id = ?1");
    let stored: Option<(ChainRow, i64, i64)> =
        transaction.query_row(SQL, [account_id.0], row::sqlite).optional().doing("read a balance")?;
    let Some((chain, granted, last_entry)) = stored else {
        return Ok(Granted::NoSuchAccount);
    };
    let before: Option<i64> = transaction
        .query_row(
            "SELECT credits FROM entries WHERE account_id = ?1 AND cause = ?2",
            (account_id.0, cause.as_str()),
            row::sqlite,
        )
        .optional()
        .doing("look for a grant of this cause")?;
    if let Some(before) = before {
        return Ok(Granted::Already { credits: to_credits(before, "entries", "credits", account_id.0)? });
    }
    let granted = to_credits(granted, "balances", "granted", account_id.0)?;
    let head = chain.head(account_id.0)?.grant(account_id, credits, cause, at);
    let (Some(head), Some(granted)) = (head, granted.checked_add(credits)) else {
        return Ok(Granted::TooMany);
    };
    transaction
        .execute(
            "INSERT INTO entries (account_id, sequence, previous, kind, credits, balance_after, at_ms, cause, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (
                account_id.0,
                head.sequence,
                last_entry,
                chain::KIND_GRANT,
                to_i64(credits),
                to_i64(head.balance),
                at.as_ms(),
                cause.as_str(),
                &head.hash,
            ),
        )
        .doing("write a grant")?;
    transaction
        .execute(
            "UPDATE balances SET balance = ?2, granted = ?3, sequence = ?4, last_entry = ?5, hash = ?6
             WHERE account_id = ?1",
            (
                account_id.0,
                to_i64(head.balance),
                to_i64(granted),
                head.sequence,
                transaction.last_insert_rowid(),
                &head.hash,
            ),
        )
        .doing("credit an account")?;
    Ok(Granted::Granted { balance: head.balance })
}

/// Returns true if a call was charged.
pub(super) fn is_charged(
    connection: &Connection,
    account_id: AccountId,
    request_id: RequestId,
) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM entries WHERE request_id = ?1 AND account_id = ?2)")
        .and_then(|mut s| s.query_row((request_id.to_bytes(), account_id.0), row::sqlite))
        .doing("look for a charge")
}

/// Decodes an entry, and the number of the one before it.
fn entry_of(row: &Row<'_>) -> Result<(Entry, i64), StoreError> {
    let (number, previous, entry): (i64, i64, EntryRow) = row::read(row).doing("read an entry")?;
    Ok((entry.entry(number)?, previous))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::AccountCreated;
    use crate::{Store, StoreOptions};
    use domain::Operation;

    #[tokio::test]
    async fn a_charge_whose_answer_got_lost_is_found_and_one_that_was_not_made_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
        let now = Timestamp::from_ms(1_800_000_000_000);
        let (email, ten) =
            ("me@example.com".parse().expect("an address"), Credits::new(10).expect("credits"));
        let created = store.create_account(&email, ten, now).await.expect("an account");
        let (AccountCreated::Created(account_id) | AccountCreated::EmailTaken(account_id)) = created;
        let request_id = RequestId::new(now, 7);
        let Store::Sqlite(sqlite) = &store else { panic!("a folder is SQLite") };
        assert_eq!(sqlite.accounts.paid_after_all(account_id, request_id), None);
        let credits = Credits::new(1).expect("credits");
        let charge = Charge {
            account_id,
            request_id,
            credits,
            operation: Operation::ChallengeInfoId,
            idempotency: None,
            at: now,
        };
        let paid = store.charge(charge).await.expect("an outcome");
        assert!(matches!(paid, ChargeOutcome::Paid(_)));
        assert_eq!(sqlite.accounts.paid_after_all(account_id, request_id), Some(paid));
        assert_eq!(sqlite.accounts.paid_after_all(AccountId(99), request_id), None, "of another account");
    }
}
