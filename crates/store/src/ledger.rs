//! The ledger: grants give credits, charges take them, each once, and a charge is durable before it is reported.
//!
//! Entries are never changed. Each names the account's balance after it and a hash over everything before it
//! ([`crate::audit`] adds it all up again).

use crate::idempotency::{Idempotent, KeptAnswer};
use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, Credits, Operation, OperationNumber, RequestId, Timestamp};

/// Longest [`Cause`], in bytes.
const CAUSE_BYTES_MAX: usize = 200;

/// Cause of the credits an account starts with.
pub const SIGN_UP: &str = "sign-up";

/// Why credits are given: a text that is used once per account, so that a grant that is repeated is given once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cause(Box<str>);

/// A text that makes no cause.
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
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A charge to be made.
#[derive(Debug, Clone)]
pub struct Charge {
    /// Account that pays.
    pub account_id: AccountId,
    /// The call; charged once per account.
    pub request_id: RequestId,
    /// The price.
    pub credits: Credits,
    /// Operation that is paid for.
    pub operation: Operation,
    /// Under a caller's `Idempotency-Key`, if it sent one.
    pub idempotency: Option<Idempotent>,
    /// When.
    pub at: Timestamp,
}

/// Proof that a charge is durable: made by the ledger only, after the commit has reached the disk.
#[derive(Debug, PartialEq, Eq)]
pub struct Receipt {
    pub(crate) request_id: RequestId,
    pub(crate) credits: Credits,
    pub(crate) balance_after: Credits,
    pub(crate) sequence: u64,
}

impl Receipt {
    /// The call that was paid for.
    pub const fn request_id(&self) -> RequestId {
        self.request_id
    }

    /// Credits taken.
    pub const fn credits(&self) -> Credits {
        self.credits
    }

    /// Balance just after it.
    pub const fn balance_after(&self) -> Credits {
        self.balance_after
    }

    /// Number of the entry within the account, from 1.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// Outcome of a charge.
#[derive(Debug, PartialEq, Eq)]
pub enum ChargeOutcome {
    /// It is on the disk.
    Paid(Receipt),
    /// The balance does not cover it; nothing was taken.
    Refused {
        /// Current balance.
        balance: Credits,
    },
    /// The same request was charged before under this `Idempotency-Key`: give this answer; nothing more was taken.
    Replayed {
        /// The answer of the first call.
        answer: KeptAnswer,
        /// The call that was charged.
        request_id: RequestId,
        /// Current balance.
        balance: Credits,
    },
    /// The `Idempotency-Key` was used for another request; nothing was taken.
    KeyOfOtherRequest,
    /// This request id was charged before ([`Store::charged`] tells how); nothing more was taken.
    AlreadyCharged,
    /// There is no such account.
    NoSuchAccount,
}

/// Outcome of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// The credits are there.
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

/// Place of an entry in the ledger, to page by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryNumber(pub(crate) i64);

/// Reason of a movement of credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Movement {
    /// Credits were given.
    Grant {
        /// Why.
        cause: String,
    },
    /// Credits were taken.
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
    /// Its place.
    pub number: EntryNumber,
    /// Whose it is.
    pub account_id: AccountId,
    /// Its number within the account, from 1.
    pub sequence: u64,
    /// Reason of the movement.
    pub movement: Movement,
    /// Amount.
    pub credits: Credits,
    /// Balance just after it.
    pub balance_after: Credits,
    /// When.
    pub at: Timestamp,
}

/// Activity of this process's ledger since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LedgerActivity {
    /// Commits of charges that reached the disk.
    pub commits: u64,
    /// Charges paid by them.
    pub charges: u64,
    /// Commits of charges that failed; nobody in them got a receipt.
    pub commits_failed: u64,
    /// A fault of the disk ended it: every charge is an error until a restart.
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

/// A whole number of the database as credits.
pub(crate) fn to_credits(
    amount: i64,
    table: &'static str,
    column: &'static str,
    row: i64,
) -> Result<Credits, StoreError> {
    let credits = u64::try_from(amount).ok().and_then(|amount| Credits::new(amount).ok());
    credits.ok_or_else(|| inconsistent(table, column, row))
}

/// Credits as a whole number of the database.
pub(crate) fn to_i64(credits: Credits) -> i64 {
    i64::try_from(credits.get()).expect("CREDITS_MAX is far below i64::MAX")
}

/// A `LIMIT` for the database.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A number in a row that makes no sense.
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

    /// Takes credits for a call, once, if the balance covers them. Completes after the charge has reached the disk.
    ///
    /// Charges that wait together are committed together, in order of arrival. A charge whose future is dropped is made
    /// all the same. After an error no charge is stored, save where a sync failed ([`StoreError::Stopped`] from then on):
    /// then a restart may find that the charge stands. [`StoreError::is_passing`] tells whether trying again is of use.
    pub async fn charge(&self, charge: Charge) -> Result<ChargeOutcome, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.charge(charge).await,
            Self::Postgres(postgres) => postgres.charge(charge).await,
        }
    }

    /// Gives credits, once per cause.
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

    /// Returns the likely balance of an account: the one that this process last saw, or the database's when that is unknown or nil
    /// (another process may have granted since). Good for turning callers away early; only [`Store::charge`] decides.
    pub async fn quote(&self, account_id: AccountId) -> Result<Option<Credits>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.quote(account_id),
            Self::Postgres(postgres) => postgres.quote(account_id).await,
        }
    }

    /// The entry by which a call was charged.
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

    /// Up to `limit` entries of an account, newest first, beginning before the entry `before`. (An entry of another
    /// account gives nothing.)
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

    /// Makes the ledger lose its promise: commits are no longer synced. For the test that shows the power-cut test can
    /// see the difference; not in any build that is shipped.
    #[cfg(feature = "seeded-bugs")]
    pub async fn seed_bug_commits_are_not_synced(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.seed_bug_commits_are_not_synced().await,
            Self::Postgres(_) => Err(StoreError::Unusable("only SQLite's sync can be turned off".to_owned())),
        }
    }
}
