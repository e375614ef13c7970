//! Stored answers in `accounts.db`.

use super::accounts::AccountsFile;
use super::catalog::forget::{overwriting, wipe};
use crate::StoreError;
use crate::error::Doing;
use crate::forget::Named;
use crate::idempotency::{
    AnswerRow, Fingerprint, IdempotencyKey, Idempotent, KeyLookup, Repeated, Spans, answer_columns,
};
use crate::ledger::Charge;
use crate::row;
use domain::AccountId;
use rusqlite::{Connection, OptionalExtension};

/// Stored answers searched at once: a megabyte each at most.
const ANSWERS_AT_ONCE: i64 = 16;

/// Returns the id of what was created under a key. `sql` selects id and fingerprint of account `?1` and key `?2`.
pub(super) fn repeated(
    connection: &Connection,
    sql: &str,
    account_id: AccountId,
    idempotency: Option<&(IdempotencyKey, Fingerprint)>,
) -> Result<Option<Repeated<[u8; 16]>>, StoreError> {
    let Some((key, fingerprint)) = idempotency else { return Ok(None) };
    let found: Option<([u8; 16], [u8; 32])> = connection
        .prepare_cached(sql)
        .and_then(|mut s| s.query_row((account_id.0, key.as_str()), row::sqlite).optional())
        .doing("look for the first request of a key")?;
    Ok(found.map(|(id, known)| if known == fingerprint.0 { Repeated::Same(id) } else { Repeated::Other }))
}

impl AccountsFile {
    pub(crate) fn idempotent_answer(
        &self,
        account_id: AccountId,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<KeyLookup>, StoreError> {
        self.readers.with(|connection| read(connection, account_id, key, fingerprint))
    }

    /// Implements `Store::forget_answers`. Answers are read concurrently with charges, and deleted between
    /// them.
    pub(crate) async fn forget_answers(&self, named: Named) -> Result<u64, StoreError> {
        let (mut after, mut forgotten) = (i64::MIN, 0);
        while let Some((last, rowids)) = self.readers.with(|connection| naming(connection, after, &named))? {
            after = last;
            if rowids.is_empty() {
                continue;
            }
            forgotten += self
                .committer
                .run(move |connection| {
                    overwriting(connection, |connection| {
                        let mut deleted = 0;
                        for rowid in &rowids {
                            let one = connection.execute("DELETE FROM idempotency WHERE rowid = ?1", [rowid]);
                            deleted += one.doing("delete stored answers")? as u64;
                        }
                        Ok(deleted)
                    })
                })
                .await?;
        }
        Ok(forgotten)
    }

    /// Empties the log. Returns true if it is empty.
    pub(crate) async fn wipe(&self) -> Result<bool, StoreError> {
        self.committer.run(|connection| wipe(connection, false)).await
    }

    pub(crate) async fn forget_idempotent_answers(
        &self,
        spans: Spans,
        limit: usize,
    ) -> Result<usize, StoreError> {
        self.committer
            .run(move |connection| {
                let limit = crate::ledger::limit(limit);
                connection
                    .execute(
                        "UPDATE idempotency SET created_at_ms = ?1 WHERE rowid IN (
                             SELECT rowid FROM idempotency WHERE created_at_ms > ?2 LIMIT ?3)",
                        (spans.now.as_ms(), spans.ahead_from.as_ms(), limit),
                    )
                    .doing("correct the time of stored answers")?;
                connection
                    .execute(
                        "DELETE FROM idempotency WHERE rowid IN (
                             SELECT rowid FROM idempotency WHERE created_at_ms < ?1 ORDER BY created_at_ms LIMIT ?2)",
                        (spans.before.as_ms(), limit),
                    )
                    .doing("delete old answers")
            })
            .await
    }
}

/// Returns the last row searched after a row, and the rowids of answers with any of the names.
fn naming(connection: &Connection, after: i64, named: &Named) -> Result<Option<(i64, Vec<i64>)>, StoreError> {
    const DOING: &str = "search stored answers";
    let mut statement = connection
        .prepare_cached("SELECT rowid, body FROM idempotency WHERE rowid > ?1 ORDER BY rowid LIMIT ?2")
        .doing(DOING)?;
    let mut rows = statement.query((after, ANSWERS_AT_ONCE)).doing(DOING)?;
    let (mut last, mut found) = (None, Vec::new());
    while let Some(row) = rows.next().doing(DOING)? {
        let (rowid, body): (i64, &[u8]) = row::read(row).doing(DOING)?;
        if named.is_in(body) {
            found.push(rowid);
        }
        last = Some(rowid);
    }
    Ok(last.map(|last| (last, found)))
}

/// Reads the answer stored under a key for a request of this fingerprint.
pub(super) fn read(
    connection: &Connection,
    account_id: AccountId,
    key: &IdempotencyKey,
    fingerprint: Fingerprint,
) -> Result<Option<KeyLookup>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        answer_columns!(),
        " FROM idempotency WHERE account_id = ?1 AND idempotency_key = ?2"
    );
    let row: Option<AnswerRow> = connection
        .prepare_cached(SQL)
        .and_then(|mut s| s.query_row((account_id.0, key.as_str()), row::sqlite).optional())
        .doing("look a stored answer up")?;
    Ok(row.map(|row| row.matched(fingerprint)))
}

/// Stores the answer that a charge of the same transaction pays for.
pub(super) fn write(
    connection: &Connection,
    charge: &Charge,
    idempotent: &Idempotent,
) -> Result<(), StoreError> {
    let answer = &idempotent.answer;
    connection
        .prepare_cached(
            "INSERT INTO idempotency (account_id, idempotency_key, fingerprint, request_id, created_at_ms, status,
                                      content_type, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .and_then(|mut insert| {
            insert.execute((
                charge.account_id.0,
                idempotent.key.as_str(),
                &idempotent.fingerprint.0,
                charge.request_id.to_bytes(),
                charge.at.as_ms(),
                answer.status,
                &answer.content_type,
                &answer.body,
            ))
        })
        .map(|_| ())
        .doing("store an answer")
}
