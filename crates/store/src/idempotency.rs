//! `Idempotency-Key`: a caller that repeats a call under the same key gets the answer it was charged for, byte
//! for byte, and is not charged again. Keys belong to an account; the answer is written in the transaction of
//! the charge.

use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, RequestId, Timestamp};
use sha2::{Digest, Sha256};

/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 255;
/// Longest stored answer, in bytes. A page of 35 videos has about 40 KB.
pub const BODY_BYTES_MAX: usize = 1 << 20;
/// Longest `Content-Type`, in bytes.
const CONTENT_TYPE_BYTES_MAX: usize = 100;

/// The text of an `Idempotency-Key` header: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Box<str>);

/// Why a call cannot be made idempotent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdempotencyError {
    /// The header is not a valid key.
    #[error("an Idempotency-Key is 1 to {KEY_BYTES_MAX} visible ASCII characters")]
    Key,
    /// The answer is no success, or is too large to store.
    #[error("only successful answers of at most {BODY_BYTES_MAX} bytes are stored for an Idempotency-Key")]
    Answer,
}

impl std::str::FromStr for IdempotencyKey {
    type Err = IdempotencyError;
    fn from_str(text: &str) -> Result<Self, IdempotencyError> {
        let fits = (1..=KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self(text.into())) } else { Err(IdempotencyError::Key) }
    }
}

impl IdempotencyKey {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// SHA-256 of a request, which distinguishes a repeated call from another one under the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub(crate) [u8; 32]);

impl Fingerprint {
    /// Returns the SHA-256 of everything that identifies a request (path and query).
    pub fn of(request: &[u8]) -> Self {
        Self(Sha256::digest(request).into())
    }
}

/// A request under a key that an earlier one had.
pub(crate) enum Repeated<T> {
    /// The same request: what it created.
    Same(T),
    /// Another request.
    Other,
}

/// An answer as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl StoredAnswer {
    /// Checks an answer: only successful ones are charged and stored.
    pub fn new(status: u16, content_type: &str, body: Vec<u8>) -> Result<Self, IdempotencyError> {
        let fits = (200..300).contains(&status)
            && content_type.len() <= CONTENT_TYPE_BYTES_MAX
            && body.len() <= BODY_BYTES_MAX;
        if fits {
            Ok(Self { status, content_type: content_type.to_owned(), body })
        } else {
            Err(IdempotencyError::Answer)
        }
    }

    /// Returns the HTTP status, 200 to 299.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Returns the `Content-Type`.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Returns the body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Converts into the body.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}

/// Idempotency of a charge.
#[derive(Debug, Clone)]
pub struct Idempotent {
    /// The caller's key.
    pub key: IdempotencyKey,
    /// Fingerprint of the request.
    pub fingerprint: Fingerprint,
    /// Answer to store if the charge succeeds.
    pub answer: StoredAnswer,
}

/// Answer stored under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyLookup {
    /// The same request was charged before, with this answer.
    Answer {
        /// The stored answer.
        answer: StoredAnswer,
        /// The call that was charged.
        request_id: RequestId,
    },
    /// The key was used for another request.
    OtherRequest,
}

row! {
    /// A stored answer's row.
    #[derive(Clone)]
    pub(crate) struct AnswerRow: answer_columns {
        fingerprint: [u8; 32],
        request_id: [u8; 16],
        status: u16,
        content_type: String,
        body: Vec<u8>,
    }
}

impl AnswerRow {
    /// Returns the outcome for a request of this fingerprint.
    pub(crate) fn matched(self, fingerprint: Fingerprint) -> KeyLookup {
        if self.fingerprint != fingerprint.0 {
            return KeyLookup::OtherRequest;
        }
        let answer = StoredAnswer { status: self.status, content_type: self.content_type, body: self.body };
        KeyLookup::Answer { answer, request_id: RequestId::from_bytes(self.request_id) }
    }
}

/// Age limits at a moment, for rows that are too old or from the future.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spans {
    pub(crate) now: Timestamp,
    /// Rows before this are too old.
    pub(crate) before: Timestamp,
    /// Rows after this were written while the clock was ahead.
    pub(crate) ahead_from: Timestamp,
}

impl Spans {
    fn of(now: Timestamp, retention_ms: i64) -> Self {
        let before = Timestamp::from_ms(now.as_ms().saturating_sub(retention_ms));
        Self { now, before, ahead_from: Timestamp::from_ms(now.as_ms().saturating_add(retention_ms)) }
    }
}

impl Store {
    /// Reads the answer stored under an account's key for a request of this fingerprint, to spare computing it
    /// again. [`Store::charge`] checks again, so that two calls at once are charged once.
    pub async fn idempotent_answer(
        &self,
        account_id: AccountId,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<KeyLookup>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.idempotent_answer(account_id, key, fingerprint),
            Self::Postgres(postgres) => postgres.idempotent_answer(account_id, key, fingerprint).await,
        }
    }

    /// Deletes up to `limit` answers older than `retention_ms`; returns their number. Retain them for 24 hours at
    /// least. One with a time more than `retention_ms` in the future was stored while the clock was ahead: it is
    /// retained like one stored now.
    pub async fn forget_idempotent_answers(
        &self,
        now: Timestamp,
        retention_ms: i64,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let spans = Spans::of(now, retention_ms);
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.forget_idempotent_answers(spans, limit).await,
            Self::Postgres(postgres) => postgres.forget_idempotent_answers(spans, limit).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        assert!("8e03978e-40d5-43dd-bc93-6894a57f9324".parse::<IdempotencyKey>().is_ok());
        assert!("k".repeat(255).parse::<IdempotencyKey>().is_ok());
        for text in ["", "a b", "a\n", "é", &"k".repeat(256)] {
            assert_eq!(text.parse::<IdempotencyKey>(), Err(IdempotencyError::Key), "{text:?}");
        }
    }

    #[test]
    fn only_successes_of_a_bounded_size_are_stored() {
        assert!(StoredAnswer::new(200, "application/json", vec![0; BODY_BYTES_MAX]).is_ok());
        assert!(StoredAnswer::new(404, "application/json", vec![]).is_err());
        assert!(StoredAnswer::new(200, "application/json", vec![0; BODY_BYTES_MAX + 1]).is_err());
        assert!(StoredAnswer::new(200, &"x".repeat(101), vec![]).is_err());
    }
}
