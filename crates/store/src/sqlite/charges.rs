//! One group commit: the charges that waited together, in order of arrival, each admitted if its account still
//! covers it, then one conditional update per account, then one sync.

use super::idempotency;
use super::ledger::Quotes;
use crate::StoreError;
use crate::chain;
use crate::error::Doing;
use crate::head::{self, ChainRow, chain_columns};
use crate::idempotency::KeyLookup;
use crate::ledger::{Charge, ChargeOutcome, Receipt, to_i64};
use crate::row;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction, TransactionBehavior};
use std::collections::HashMap;
use std::collections::hash_map;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Accounts whose head is cached, about 150 bytes each.
const HEADS_MAX: usize = 200_000;

/// An account's chain in this transaction.
struct CachedHead {
    at: head::Head,
    last_entry: i64,
    /// Credits charged in this transaction and not yet written to the balance.
    spent: i64,
    /// The sequence that the row of `balances` still has.
    sequence_stored: i64,
    /// Balance that quotes read.
    quote: Arc<AtomicU64>,
}

/// Cache of accounts after the last commits. Valid as long as no other connection wrote.
pub(crate) struct HeadCache {
    known: HashMap<i64, CachedHead>,
    data_version: i64,
    quotes: Arc<Quotes>,
}

impl HeadCache {
    pub(crate) fn new(quotes: Arc<Quotes>) -> Self {
        Self { known: HashMap::new(), data_version: 0, quotes }
    }

    /// Drops the cache.
    pub(crate) fn forget(&mut self) {
        self.known.clear();
    }

    /// Drops the cache if another connection wrote since the last transaction.
    fn refresh(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut statement = transaction.prepare_cached("PRAGMA data_version")?;
        let data_version = statement.query_row([], row::sqlite)?;
        if data_version != self.data_version || self.known.len() > HEADS_MAX {
            self.known.clear();
            self.data_version = data_version;
        }
        Ok(())
    }
}

/// Commits `charges` and returns the outcome of each, in their order. No receipt exists before the commit is on
/// disk; after an error there is none at all, and `heads` must be dropped.
pub(crate) fn commit(
    connection: &mut Connection,
    heads: &mut HeadCache,
    charges: &[Charge],
) -> Result<Vec<ChargeOutcome>, StoreError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing("begin a commit of charges")?;
    #[cfg(all(feature = "seeded-panics", debug_assertions))]
    crate::poison::charges(charges.iter());
    heads.refresh(&transaction).doing("detect other writers")?;
    let mut group = Group::new(&transaction, heads).doing("prepare a commit of charges")?;
    let outcomes: Vec<_> = charges.iter().map(|charge| group.admit(charge)).collect::<Result<_, _>>()?;
    let changed = group.settle()?;
    transaction.commit().doing("commit charges")?;
    for account in changed {
        if let Some(head) = heads.known.get(&account) {
            head.quote.store(head.at.balance.get(), Ordering::Relaxed);
        }
    }
    Ok(outcomes)
}

struct Group<'a> {
    transaction: &'a Transaction<'a>,
    heads: &'a mut HeadCache,
    /// Accounts charged in this transaction.
    changed: Vec<i64>,
    read: CachedStatement<'a>,
    insert: CachedStatement<'a>,
}

impl<'a> Group<'a> {
    fn new(transaction: &'a Transaction<'a>, heads: &'a mut HeadCache) -> rusqlite::Result<Self> {
        let read = transaction.prepare_cached(concat!(
            "SELECT ",
            chain_columns!(),
            ", last_entry FROM balances WHERE account_id = ?1"
        ))?;
        let insert = transaction.prepare_cached(
            "INSERT INTO entries (account_id, sequence, previous, kind, credits, balance_after, at_ms, request_id,
                                  operation, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (request_id, account_id) WHERE request_id IS NOT NULL DO NOTHING",
        )?;
        Ok(Self { transaction, heads, changed: Vec::new(), read, insert })
    }

    /// Decides on one charge and writes its entry. A refused charge does not affect the others.
    fn admit(&mut self, charge: &Charge) -> Result<ChargeOutcome, StoreError> {
        let Some(head) =
            find(&mut self.heads.known, &self.heads.quotes, &mut self.read, charge.account_id.0)?
        else {
            return Ok(ChargeOutcome::NoSuchAccount);
        };
        if let Some(idempotent) = &charge.idempotency {
            let lookup = idempotency::read(
                self.transaction,
                charge.account_id,
                &idempotent.key,
                idempotent.fingerprint,
            )?;
            match lookup {
                Some(KeyLookup::Answer { answer, request_id }) => {
                    return Ok(ChargeOutcome::Replayed { answer, request_id, balance: head.at.balance });
                }
                Some(KeyLookup::OtherRequest) => return Ok(ChargeOutcome::KeyOfOtherRequest),
                None => {}
            }
        }
        let Some(after) = head.at.charge(charge) else {
            let known = super::ledger::is_charged(self.transaction, charge.account_id, charge.request_id)?;
            let balance = head.at.balance;
            return Ok(if known {
                ChargeOutcome::AlreadyCharged
            } else {
                ChargeOutcome::Refused { balance }
            });
        };
        let account_id = charge.account_id.0;
        let inserted = self
            .insert
            .execute((
                account_id,
                after.sequence,
                head.last_entry,
                chain::KIND_CHARGE,
                to_i64(charge.credits),
                to_i64(after.balance),
                charge.at.as_ms(),
                charge.request_id.to_bytes(),
                i64::from(charge.operation.number().0),
                &after.hash,
            ))
            .doing("write a charge")?;
        if inserted == 0 {
            return Ok(ChargeOutcome::AlreadyCharged);
        }
        if head.at.sequence == head.sequence_stored {
            self.changed.push(account_id);
        }
        head.at = after;
        head.spent += to_i64(charge.credits);
        head.last_entry = self.transaction.last_insert_rowid();
        if let Some(idempotent) = &charge.idempotency {
            idempotency::write(self.transaction, charge, idempotent)?;
        }
        Ok(ChargeOutcome::Paid(Receipt {
            request_id: charge.request_id,
            credits: charge.credits,
            balance_after: after.balance,
            sequence: after.sequence.unsigned_abs(),
        }))
    }

    /// Debits the balances: one update per account, conditional on the account covering it and being unchanged
    /// since it was read. Returns the accounts.
    fn settle(self) -> Result<Vec<i64>, StoreError> {
        let mut update = self
            .transaction
            .prepare_cached(
                "UPDATE balances SET balance = balance - ?2, charged = charged + ?2, sequence = ?3, last_entry = ?4,
                                     hash = ?5
                 WHERE account_id = ?1 AND sequence = ?6 AND balance >= ?2",
            )
            .doing("prepare a debit")?;
        for &account in &self.changed {
            let head =
                self.heads.known.get_mut(&account).expect("an account that was charged was found before");
            let updated = update
                .execute((
                    account,
                    head.spent,
                    head.at.sequence,
                    head.last_entry,
                    &head.at.hash,
                    head.sequence_stored,
                ))
                .doing("debit an account")?;
            if updated != 1 {
                return Err(StoreError::Inconsistent {
                    table: "balances",
                    column: "sequence",
                    row: account.to_string(),
                });
            }
            head.spent = 0;
            head.sequence_stored = head.at.sequence;
        }
        Ok(self.changed)
    }
}

/// Returns an account's head, from the cache or the database.
fn find<'h>(
    known: &'h mut HashMap<i64, CachedHead>,
    quotes: &Quotes,
    read: &mut CachedStatement<'_>,
    account_id: i64,
) -> Result<Option<&'h mut CachedHead>, StoreError> {
    let vacant = match known.entry(account_id) {
        hash_map::Entry::Occupied(head) => return Ok(Some(head.into_mut())),
        hash_map::Entry::Vacant(vacant) => vacant,
    };
    let row: Option<(ChainRow, i64)> =
        read.query_row([account_id], row::sqlite).optional().doing("read a balance")?;
    let Some((chain, last_entry)) = row else { return Ok(None) };
    let at = chain.head(account_id)?;
    let quote = quotes.publish(account_id, at.balance);
    Ok(Some(vacant.insert(CachedHead { at, last_entry, spent: 0, sequence_stored: at.sequence, quote })))
}
