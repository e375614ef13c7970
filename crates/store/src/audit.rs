//! The audit: recomputes every account from its entries and compares the result with the stored state.
//!
//! The rules are the same for every backend; a backend feeds them its rows, which may be invalid. Memory is
//! bounded by the number of accounts (about 150 bytes each), not of entries.

use crate::chain::{self, Hash, Link};
use crate::row::row;
use crate::{Store, StoreError};
use domain::AccountId;
use domain::credits::CREDITS_MAX;
use std::collections::HashMap;

/// Maximum number of problems that are listed; further ones are counted.
pub const PROBLEMS_LISTED_MAX: usize = 1_000;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The account, if known.
    pub account: Option<AccountId>,
    /// Description.
    pub what: String,
}

/// Result of an audit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Accounts audited.
    pub accounts: u64,
    /// Entries audited.
    pub entries: u64,
    /// Entries that are charges.
    pub charges: u64,
    /// Credits that went from the issuer's book to customers' books.
    pub credits_granted: u64,
    /// Credits that went from customers' books to the revenue.
    pub credits_charged: u64,
    /// Credits in customers' books. Always `credits_granted - credits_charged`, or there is a problem.
    pub credits_held: u64,
    /// The first [`PROBLEMS_LISTED_MAX`] problems.
    pub problems: Vec<Problem>,
    /// Number of all problems.
    pub problems_count: u64,
}

impl AuditReport {
    /// Returns true if the ledger is sound.
    pub const fn ok(&self) -> bool {
        self.problems_count == 0
    }
}

impl Store {
    /// Checks every invariant of the ledger against a snapshot, while charges go on. Ten million entries take
    /// tens of seconds, on a thread of their own.
    pub async fn audit(&self) -> Result<AuditReport, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.audit().await,
            Self::Postgres(postgres) => postgres.audit().await,
        }
    }
}

/// A stored entry.
#[derive(Debug)]
pub(crate) struct StoredEntry<'a> {
    /// Its place in the ledger.
    pub(crate) number: i64,
    /// Place of the account's entry before it.
    pub(crate) previous: i64,
    pub(crate) link: Link<'a>,
    pub(crate) hash: &'a [u8],
}

row! {
    /// An entry's row. Texts are bytes here: those of a damaged row are hashed, too.
    pub(crate) struct AuditedEntry<'r>: audited_columns {
        account_id: i64,
        sequence: i64,
        kind: i64,
        credits: i64,
        balance_after: i64,
        at_ms: i64,
        operation: Option<i64>,
        request_id: Option<&'r [u8]>,
        cause: Option<&'r [u8]>,
        hash: &'r [u8],
    }
}

impl<'r> AuditedEntry<'r> {
    /// Adds its place in the ledger and the place of the account's entry before it.
    pub(crate) fn at(&self, number: i64, previous: i64) -> StoredEntry<'r> {
        let link = Link {
            account_id: self.account_id,
            sequence: self.sequence,
            kind: self.kind,
            credits: self.credits,
            balance_after: self.balance_after,
            at_ms: self.at_ms,
            operation: self.operation.unwrap_or(0),
            reason: self.request_id.or(self.cause).unwrap_or_default(),
        };
        StoredEntry { number, previous, link, hash: self.hash }
    }
}

row! {
    /// An account's balance: a row of `balances AS b LEFT JOIN accounts AS a`.
    pub(crate) struct StoredBalance<'r>: balance_columns {
        account_id: i64 = "b.account_id",
        has_account: bool = "a.account_id IS NOT NULL",
        balance: i64,
        granted: i64,
        charged: i64,
        sequence: i64,
        hash: &'r [u8],
    }
}

/// Sum of an account's entries so far.
#[derive(Debug, Default)]
struct Sum {
    sequence: i64,
    last_entry: i64,
    balance: i64,
    granted: i128,
    charged: i128,
    hash: Hash,
    has_balance: bool,
}

/// Audits rows: first every entry in order of the ledger, then every balance.
#[derive(Debug, Default)]
pub(crate) struct Auditor {
    sums: HashMap<i64, Sum>,
    report: AuditReport,
    granted: i128,
    charged: i128,
    balances: i128,
}

impl Auditor {
    pub(crate) fn problem(&mut self, account: Option<i64>, what: impl Into<String>) {
        self.report.problems_count += 1;
        if self.report.problems.len() < PROBLEMS_LISTED_MAX {
            self.report.problems.push(Problem { account: account.map(AccountId), what: what.into() });
        }
    }

    pub(crate) fn entry(&mut self, entry: &StoredEntry<'_>) {
        let link = &entry.link;
        let sum = self.sums.entry(link.account_id).or_default();
        let change = i128::from(link.credits);
        let (change, known_kind) = match link.kind {
            chain::KIND_GRANT => {
                sum.granted += change;
                self.granted += change;
                (change, true)
            }
            chain::KIND_CHARGE => {
                sum.charged += change;
                self.charged += change;
                self.report.charges += 1;
                (-change, true)
            }
            _ => (0, false),
        };
        let in_range = (0..=CREDITS_MAX.cast_signed()).contains(&link.credits) && link.balance_after >= 0;
        let checks = [
            (known_kind, "is neither a grant nor a charge"),
            (in_range, "has an amount or balance out of range"),
            (link.sequence == sum.sequence + 1, "is out of sequence"),
            (entry.previous == sum.last_entry, "does not point to the entry before it"),
            (
                i128::from(link.balance_after) == i128::from(sum.balance) + change,
                "does not lead from the balance before to the balance after",
            ),
            (link.hash(&sum.hash) == entry.hash, "does not match its hash"),
        ];
        let wrong: Vec<_> = checks.iter().filter(|(holds, _)| !holds).map(|(_, what)| *what).collect();
        // Continue from the stored state, so that one wrong entry is reported once.
        sum.sequence = link.sequence;
        sum.last_entry = entry.number;
        sum.balance = link.balance_after;
        sum.hash = Hash::try_from(entry.hash).unwrap_or_default();
        self.report.entries += 1;
        for what in wrong {
            self.problem(Some(link.account_id), format!("entry {} {what}", link.sequence));
        }
    }

    pub(crate) fn balance(&mut self, stored: &StoredBalance<'_>, last_entry: i64) {
        let account_id = stored.account_id;
        let sum = self.sums.entry(account_id).or_default();
        sum.has_balance = true;
        let checks = [
            (stored.has_account, "the balance belongs to no account"),
            (stored.balance >= 0, "the balance is negative"),
            (
                i128::from(stored.balance) == i128::from(stored.granted) - i128::from(stored.charged),
                "the balance is not what was granted less what was charged",
            ),
            (stored.balance == sum.balance, "the balance is not that of the last entry"),
            (i128::from(stored.granted) == sum.granted, "the credits granted are not the sum of the grants"),
            (i128::from(stored.charged) == sum.charged, "the credits charged are not the sum of the charges"),
            (stored.sequence == sum.sequence, "the number of entries is not that of the last entry"),
            (last_entry == sum.last_entry, "the last entry is another one"),
            (stored.hash == sum.hash, "the hash is not that of the last entry"),
        ];
        let wrong: Vec<_> = checks.iter().filter(|(holds, _)| !holds).map(|(_, what)| *what).collect();
        self.report.accounts += 1;
        self.balances += i128::from(stored.balance);
        for what in wrong {
            self.problem(Some(account_id), what);
        }
    }

    pub(crate) fn finish(mut self) -> AuditReport {
        let orphans: Vec<i64> =
            self.sums.iter().filter(|(_, sum)| !sum.has_balance).map(|(account, _)| *account).collect();
        for account in orphans {
            self.problem(Some(account), "there are entries but no balance");
        }
        // The three books must add up to zero.
        if self.granted - self.charged != self.balances {
            self.problem(
                None,
                "the books do not balance: granted and charged credits do not add up to the balances",
            );
        }
        let unsigned = |credits: i128| u64::try_from(credits).unwrap_or(0);
        self.report.credits_granted = unsigned(self.granted);
        self.report.credits_charged = unsigned(self.charged);
        self.report.credits_held = unsigned(self.balances);
        self.report
    }
}
