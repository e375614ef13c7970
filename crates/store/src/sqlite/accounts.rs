//! `accounts.db`: opening it, and its accounts.

use super::committer::Committer;
use super::connection::{self, Settings};
use super::ledger::{self, Quotes};
use super::migrations;
use super::readers::Readers;
use crate::StoreError;
use crate::accounts::{Account, AccountCreated, AccountRow, CreditsRow, account_columns, credits_columns};
use crate::chain;
use crate::error::Doing;
use crate::ledger::{Cause, Granted, SIGN_UP};
use crate::row;
use domain::{AccountId, Credits, Email, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior};
use std::path::Path;
use std::sync::Arc;

/// Page cache of the writer: the pages that every commit touches are few.
const CACHE_KIB: u32 = 8 * 1024;
/// The committer runs checkpoints itself, so that it sees their failures.
const SETTINGS: Settings = Settings { cache_kib: CACHE_KIB, autocheckpoint_pages: 0, durable: true };

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            account_columns!(),
            ", ",
            credits_columns!(),
            " FROM accounts JOIN balances USING (account_id) ",
            $rest
        )
    };
}

/// The open `accounts.db`.
#[derive(Debug)]
pub(crate) struct AccountsFile {
    pub(super) committer: Committer,
    pub(super) readers: Readers,
    pub(super) quotes: Arc<Quotes>,
}

impl AccountsFile {
    /// Opens or creates the file and migrates its schema.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = connection::open_writer(path, SETTINGS)?;
        migrations::apply(&mut connection, crate::schema::ACCOUNTS.sqlite)?;
        sync_folders_of(path);
        let quotes = Arc::new(Quotes::default());
        Ok(Self {
            committer: Committer::start(connection, Arc::clone(&quotes))?,
            readers: Readers::new(path),
            quotes,
        })
    }

    /// Writes once, durably, to check that this works.
    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        self.committer.run(super::writer::write_once).await
    }

    pub(crate) async fn create_account(
        &self,
        email: &Email,
        credits: Credits,
        at: Timestamp,
    ) -> Result<AccountCreated, StoreError> {
        let email = email.clone();
        self.committer.run(move |connection| create_account(connection, &email, credits, at)).await
    }

    pub(crate) fn account(&self, account_id: AccountId) -> Result<Option<Account>, StoreError> {
        self.readers.with(|connection| {
            const SQL: &str = select!("WHERE account_id = ?1");
            one(connection, SQL, [account_id.0])
        })
    }

    pub(crate) fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        self.readers.with(|connection| {
            const SQL: &str = select!("WHERE email = ?1");
            one(connection, SQL, [email.as_str()])
        })
    }

    pub(crate) fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        let after = after.map_or(0, |id| id.0);
        self.readers.with(|connection| {
            const SQL: &str = select!("WHERE account_id > ?1 ORDER BY account_id LIMIT ?2");
            let mut statement = connection.prepare_cached(SQL).doing("list accounts")?;
            let mut rows = statement.query((after, crate::ledger::limit(limit))).doing("list accounts")?;
            let mut accounts = Vec::new();
            while let Some(row) = rows.next().doing("list accounts")? {
                accounts.push(account_of(row)?);
            }
            Ok(accounts)
        })
    }
}

fn one(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Option<Account>, StoreError> {
    let mut statement = connection.prepare_cached(sql).doing("look an account up")?;
    let mut rows = statement.query(params).doing("look an account up")?;
    rows.next().doing("look an account up")?.map(account_of).transpose()
}

fn account_of(row: &Row<'_>) -> Result<Account, StoreError> {
    let (account, credits): (AccountRow, CreditsRow) = row::read(row).doing("read an account")?;
    account.account(&credits)
}

fn create_account(
    connection: &mut Connection,
    email: &Email,
    credits: Credits,
    at: Timestamp,
) -> Result<AccountCreated, StoreError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("begin an account")?;
    let known: Option<i64> = transaction
        .query_row("SELECT account_id FROM accounts WHERE email = ?1", [email.as_str()], row::sqlite)
        .optional()
        .doing("look for an account of this address")?;
    if let Some(known) = known {
        return Ok(AccountCreated::EmailTaken(AccountId(known)));
    }
    transaction
        .execute("INSERT INTO accounts (email, created_at_ms) VALUES (?1, ?2)", (email.as_str(), at.as_ms()))
        .doing("create an account")?;
    let account_id = AccountId(transaction.last_insert_rowid());
    transaction
        .execute(
            "INSERT INTO balances (account_id, balance, granted, charged, sequence, last_entry, hash)
             VALUES (?1, 0, 0, 0, 0, 0, ?2)",
            (account_id.0, &chain::NO_ENTRY),
        )
        .doing("create a balance")?;
    if credits != Credits::ZERO {
        let cause: Cause = SIGN_UP.parse().expect("signing up is a cause");
        let granted = ledger::grant_within(&transaction, account_id, credits, &cause, at)?;
        debug_assert!(matches!(granted, Granted::Granted { .. }), "a new account can be granted anything");
    }
    transaction.commit().doing("commit an account")?;
    Ok(AccountCreated::Created(account_id))
}

/// Begins a change. Its caller commits it.
pub(super) fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .doing("begin a change of accounts.db")
}

/// Syncs the names of a new file and of its folder: SQLite syncs the file, and the folder for its WAL.
fn sync_folders_of(path: &Path) {
    let folder = path.parent();
    for folder in [folder, folder.and_then(Path::parent)].into_iter().flatten() {
        // A folder that may not be opened for reading cannot be synced; it existed before.
        let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
}
