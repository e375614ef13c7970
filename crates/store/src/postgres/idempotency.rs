//! Answers stored under an `Idempotency-Key`. They are written in the transaction of the charge
//! ([`super::charges`]).

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::forget::Named;
use crate::idempotency::{
    AnswerRow, Fingerprint, IdempotencyKey, KeyLookup, Repeated, Spans, answer_columns,
};
use crate::ledger::limit;
use crate::row::{self, FromRow};
use domain::AccountId;
use tokio_postgres::types::Type;

/// Answers stored under some keys of an account.
pub(super) const ANSWER: &str = concat!(
    "SELECT account_id, idempotency_key, ",
    answer_columns!(),
    " FROM tagmeter.idempotency WHERE account_id = $1 AND idempotency_key = ANY($2)"
);
/// By age, on all shards: with [`SET_RIGHT`] the only statement for no single account.
const FORGET: &str = "DELETE FROM tagmeter.idempotency WHERE (account_id, idempotency_key) IN (
         SELECT account_id, idempotency_key FROM tagmeter.idempotency WHERE created_at_ms < $1
         ORDER BY created_at_ms LIMIT $2)
     RETURNING 1";
/// Answers that were stored while the clock was ahead.
const SET_RIGHT: &str = "UPDATE tagmeter.idempotency SET created_at_ms = $1 WHERE created_at_ms > $2";

/// All answers on all shards, in the order of their keys, to search for forgotten data.
const LOOK_THROUGH: &str = "SELECT account_id, idempotency_key, body FROM tagmeter.idempotency
     WHERE (account_id, idempotency_key) > ($1, $2) ORDER BY account_id, idempotency_key LIMIT $3";
const DROP_ONE: &str =
    "DELETE FROM tagmeter.idempotency WHERE account_id = $1 AND idempotency_key = $2 RETURNING 1";
/// Stored answers searched at once: a megabyte each at most.
const ANSWERS_AT_ONCE: i64 = 16;

impl Postgres {
    /// Returns the row of what was created under a key. `sql` selects it, and the fingerprint after it, of account `$1` and
    /// key `$2`.
    pub(super) async fn repeated<R: for<'r> FromRow<'r>>(
        &self,
        sql: &str,
        account_id: AccountId,
        idempotency: Option<&(IdempotencyKey, Fingerprint)>,
    ) -> Result<Option<Repeated<R>>, StoreError> {
        const DOING: &str = "look for the first request of a key";
        let Some((key, fingerprint)) = idempotency else { return Ok(None) };
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&key.as_str(), Type::TEXT)];
        let Some(found) = self.pool.query_opt(DOING, sql, &parameters).await? else { return Ok(None) };
        let (created, known): (R, Option<&[u8]>) = row::read(&found).doing(DOING)?;
        let is_same = known == Some(fingerprint.0.as_slice());
        Ok(Some(if is_same { Repeated::Same(created) } else { Repeated::Other }))
    }

    /// Implements `Store::forget_answers`.
    pub(crate) async fn forget_answers(&self, named: &Named) -> Result<u64, StoreError> {
        const DOING: &str = "search stored answers";
        let (mut account, mut key, mut forgotten) = (i64::MIN, String::new(), 0);
        loop {
            let parameters: [Parameter<'_>; 3] =
                [(&account, Type::INT8), (&key, Type::TEXT), (&ANSWERS_AT_ONCE, Type::INT8)];
            let rows = self.pool.query(DOING, LOOK_THROUGH, &parameters).await?;
            let Some(last) = rows.last() else { return Ok(forgotten) };
            for row in &rows {
                let (account, key, body): (i64, &str, &[u8]) = row::read(row).doing(DOING)?;
                if named.is_in(body) {
                    let parameters: [Parameter<'_>; 2] = [(&account, Type::INT8), (&key, Type::TEXT)];
                    let dropped = self.pool.query("delete stored answers", DROP_ONE, &parameters).await?;
                    forgotten += dropped.len() as u64;
                }
            }
            (account, key) = row::read(last).doing(DOING)?;
        }
    }

    pub(crate) async fn idempotent_answer(
        &self,
        account_id: AccountId,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<KeyLookup>, StoreError> {
        const DOING: &str = "look a stored answer up";
        let keys = [key.as_str()];
        let parameters = [(&account_id.0 as _, Type::INT8), (&keys.as_slice() as _, Type::TEXT_ARRAY)];
        let Some(row) = self.pool.query_opt(DOING, ANSWER, &parameters).await? else { return Ok(None) };
        let (_, _, row): (i64, &str, AnswerRow) = row::read(&row).doing(DOING)?;
        Ok(Some(row.matched(fingerprint)))
    }

    pub(crate) async fn forget_idempotent_answers(
        &self,
        spans: Spans,
        count: usize,
    ) -> Result<usize, StoreError> {
        let (now, ahead_from) = (spans.now.as_ms(), spans.ahead_from.as_ms());
        let parameters = [(&now as _, Type::INT8), (&ahead_from as _, Type::INT8)];
        self.pool.query("correct the time of stored answers", SET_RIGHT, &parameters).await?;
        let (before, limit) = (spans.before.as_ms(), limit(count));
        let parameters = [(&before as _, Type::INT8), (&limit as _, Type::INT8)];
        Ok(self.pool.query("delete old answers", FORGET, &parameters).await?.len())
    }
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 5] = [
    ("ANSWER", ANSWER),
    ("FORGET", FORGET),
    ("SET_RIGHT", SET_RIGHT),
    ("LOOK_THROUGH", LOOK_THROUGH),
    ("DROP_ONE", DROP_ONE),
];
