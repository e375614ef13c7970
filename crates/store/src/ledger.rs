//! The ledger: grants add credits, charges take them, each once, and a charge is durable before it is reported.
//!
//! Entries are never changed. Each has the account's balance after it and a hash over everything before it
//! ([`crate::audit`] recomputes all of it).

use crate::idempotency::{Idempotent, StoredAnswer};
use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, Credits, Operation, OperationNumber, RequestId, Timestamp};

/// Longest [`Cause`], in bytes.
const CAUSE_BYTES_MAX: usize = 200;

/// Cause of an account's first credits.
pub const SIGN_UP: &str = "sign-up";

/// Reason of a grant: a text that counts once per account, so that a repeated grant adds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cause(Box<str>);

/// A text that is not a valid cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cause of a grant is 1 to {CAUSE_BYTES_MAX} bytes of text without control characters")]
pub struct CauseError;

impl std::str::FromStr for Cause {
    type Err = CauseError;
    fn from_str(text: &str) -> Result<Self, CauseError> {
        let fits = (1..=CAUSE_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.into())) } else { Err(CauseError) }
    }
}

impl Cause {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A charge to make.
#[derive(Debug, Clone)]
pub struct Charge {
    /// Account that pays.
    pub account_id: AccountId,
    /// The call; charged once per account.
    pub request_id: RequestId,
    /// The price.
    pub credits: Credits,
    /// Charged operation.
    pub operation: Operation,
    /// The caller's `Idempotency-Key` and answer, if it sent one.
    pub idempotency: Option<Box<Idempotent>>,
    /// Time.
    pub at: Timestamp,
}

/// Proof that a charge is durable: only the ledger makes it, after the commit has reached the disk.
#[derive(Debug, PartialEq, Eq)]
pub struct Receipt {
    pub(crate) request_id: RequestId,
    pub(crate) credits: Credits,
    pub(crate) balance_after: Credits,
    pub(crate) sequence: u64,
}

impl Receipt {
    /// Returns the call that was paid for.
    pub const fn request_id(&self) -> RequestId {
        self.request_id
    }

    /// Returns the credits debited.
    pub const fn credits(&self) -> Credits {
        self.credits
    }

    /// Returns the balance just after it.
    pub const fn balance_after(&self) -> Credits {
        self.balance_after
    }

    /// Returns the number of the entry within the account, from 1.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// Outcome of a charge.
#[derive(Debug, PartialEq, Eq)]
pub enum ChargeOutcome {
    /// It is on disk.
    Paid(Receipt),
    /// The balance does not cover it; nothing was debited.
    Refused {
        /// Current balance.
        balance: Credits,
    },
    /// The same request was charged before under this `Idempotency-Key`: send this answer; nothing more was
    /// debited.
    Replayed {
        /// The answer of the first call.
        answer: StoredAnswer,
        /// The call that was charged.
        request_id: RequestId,
        /// Current balance.
        balance: Credits,
    },
    /// The `Idempotency-Key` was used for another request; nothing was debited.
    KeyOfOtherRequest,
    /// This request id was charged before (see [`Store::charged`]); nothing more was debited.
    AlreadyCharged,
    /// There is no such account.
    NoSuchAccount,
}

/// Outcome of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// The credits were added.
    Granted {
        /// New balance.
        balance: Credits,
    },
    /// Credits were granted for this cause before; nothing was added.
    Already {
        /// Credits granted then.
        credits: Credits,
    },
    /// The account would have been granted more than [`domain::credits::CREDITS_MAX`] in all.
    TooMany,
    /// There is no such account.
    NoSuchAccount,
}

/// Place of an entry in the ledger, for paging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryNumber(pub(crate) i64);

/// Reason of a movement of credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Movement {
    /// Credits were added.
    Grant {
        /// Why.
        cause: String,
    },
    /// Credits were debited.
    Charge {
        /// The call that was paid for.
        request_id: RequestId,
        /// Operation that was charged.
        operation: OperationNumber,
    },
}

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the ledger.
    pub number: EntryNumber,
    /// Account.
    pub account_id: AccountId,
    /// Number within the account, from 1.
    pub sequence: u64,
    /// Reason of the movement.
    pub movement: Movement,
    /// Amount.
    pub credits: Credits,
    /// Balance just after it.
    pub balance_after: Credits,
    /// Time.
    pub at: Timestamp,
}

/// Activity of this process's ledger since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LedgerActivity {
    /// Commits of charges that reached the disk.
    pub commits: u64,
    /// Charges paid by them.
    pub charges: u64,
    /// Commits of charges that failed; none of their callers got a receipt.
    pub commits_failed: u64,
    /// True if a disk fault stopped it: every charge is an error until a restart.
    pub stopped: bool,
}

row! {
    /// An entry's row.
    pub(crate) struct EntryRow: entry_columns {
        account_id: i64,
        sequence: i64,
        credits: i64,
        balance_after: i64,
        at_ms: i64,
        request_id: Option<[u8; 16]>,
        operation: Option<u16>,
        cause: Option<String>,
    }
}

impl EntryRow {
    /// Returns the entry at this place of the ledger.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] if an amount is out of range, or the row is neither a charge nor a grant.
    pub(crate) fn entry(self, number: i64) -> Result<Entry, StoreError> {
        let lacks = |column| inconsistent("entries", column, number);
        let movement = match self.request_id {
            Some(request_id) => Movement::Charge {
                request_id: RequestId::from_bytes(request_id),
                operation: OperationNumber(self.operation.ok_or_else(|| lacks("operation"))?),
            },
            None => Movement::Grant { cause: self.cause.ok_or_else(|| lacks("cause"))? },
        };
        Ok(Entry {
            number: EntryNumber(number),
            account_id: AccountId(self.account_id),
            sequence: self.sequence.unsigned_abs(),
            movement,
            credits: to_credits(self.credits, "entries", "credits", number)?,
            balance_after: to_credits(self.balance_after, "entries", "balance_after", number)?,
            at: Timestamp::from_ms(self.at_ms),
        })
    }
}

/// Converts a number of the database to credits.
pub(crate) fn to_credits(
    amount: i64,
    table: &'static str,
    column: &'static str,
    row: i64,
) -> Result<Credits, StoreError> {
    let credits = u64::try_from(amount).ok().and_then(|amount| Credits::new(amount).ok());
    credits.ok_or_else(|| inconsistent(table, column, row))
}

/// Converts credits to a number of the database.
pub(crate) fn to_i64(credits: Credits) -> i64 {
    i64::try_from(credits.get()).expect("CREDITS_MAX is far below i64::MAX")
}

/// Converts to a `LIMIT` of the database.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Returns the error of an invalid number in a row.
pub(crate) fn inconsistent(table: &'static str, column: &'static str, row: i64) -> StoreError {
    StoreError::Inconsistent { table, column, row: row.to_string() }
}

impl Store {
    /// Returns the activity of the ledger since it was opened here.
    pub fn ledger_activity(&self) -> LedgerActivity {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.ledger_activity(),
            Self::Postgres(postgres) => postgres.ledger_activity(),
        }
    }

    /// Takes credits for a call, once, if the balance covers them. Completes after the charge has reached the
    /// disk.
    ///
    /// Charges that wait together are committed together, in order of arrival. Dropping the future does not
    /// cancel a charge. After an error no charge is stored, unless a sync failed ([`StoreError::Stopped`] from
    /// then on): a restart may then find the charge. [`StoreError::is_passing`] is true if a retry may help.
    pub async fn charge(&self, charge: Charge) -> Result<ChargeOutcome, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.charge(charge).await,
            Self::Postgres(postgres) => postgres.charge(charge).await,
        }
    }

    /// Grants credits, once per cause.
    pub async fn grant(
        &self,
        account_id: AccountId,
        credits: Credits,
        cause: &Cause,
        at: Timestamp,
    ) -> Result<Granted, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.grant(account_id, credits, cause, at).await,
            Self::Postgres(postgres) => postgres.grant(account_id, credits, cause, at).await,
        }
    }

    /// Reads the balance of an account from the database. `None` if there is no such account.
    pub async fn balance(&self, account_id: AccountId) -> Result<Option<Credits>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.balance(account_id),
            Self::Postgres(postgres) => postgres.balance(account_id).await,
        }
    }

    /// Returns the likely balance of an account: the one that this process last saw, or the database's if that
    /// is unknown or zero (another process may have granted since). For refusing callers early; only
    /// [`Store::charge`] decides.
    pub async fn quote(&self, account_id: AccountId) -> Result<Option<Credits>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.quote(account_id),
            Self::Postgres(postgres) => Box::pin(postgres.quote(account_id)).await,
        }
    }

    /// Returns the entry by which a call was charged.
    pub async fn charged(
        &self,
        account_id: AccountId,
        request_id: RequestId,
    ) -> Result<Option<Entry>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.charged(account_id, request_id),
            Self::Postgres(postgres) => postgres.charged(account_id, request_id).await,
        }
    }

    /// Returns up to `limit` entries of an account, newest first, before the entry `before`. (None for an entry
    /// of another account.)
    pub async fn entries(
        &self,
        account_id: AccountId,
        before: Option<EntryNumber>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.entries(account_id, before, limit),
            Self::Postgres(postgres) => postgres.entries(account_id, before, limit).await,
        }
    }

    /// Breaks the ledger's durability: commits are no longer synced. For the test that proves the power-cut
    /// test; not in any release build.
    #[cfg(feature = "seeded-bugs")]
    pub async fn seed_bug_commits_are_not_synced(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.seed_bug_commits_are_not_synced().await,
            Self::Postgres(_) => Err(StoreError::Unusable("only SQLite's sync can be turned off".to_owned())),
        }
    }
}
