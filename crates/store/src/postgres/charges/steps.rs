//! The statements of a group commit, each in two forms: for one account, which a cluster routes to one shard,
//! and for all accounts of a commit at once, on a single server. Both take the same parameters; where the first
//! takes a value of its account, the second takes a list of them.
//!
//! Calls are looked up row by row (`LATERAL ... LIMIT 1`), so that no query plan that was made while the ledger
//! was small ever reads all of it.

use super::super::{idempotency, ledger};
use crate::chain::Hash;
use crate::head::chain_columns;
use crate::idempotency::answer_columns;
use crate::row::row;
use tokio_postgres::types::Type;

/// The steps of a group commit.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Locks the rows of the accounts until the end, in ascending order, so that nodes cannot deadlock.
    Lock,
    /// Reads which of the calls were charged before, and by which entry.
    Charged,
    /// Reads the answers stored under keys of the calls.
    Answers,
    /// Takes the cost of an account's calls, if the row still has the sequence and hash that were seen, covers
    /// the cost, and none of the calls was charged or answered before. These conditions hold after the row is
    /// locked as they did before: a charge in between would have changed the sequence. Returns the accounts
    /// where it took.
    Debit,
    /// Writes the entries.
    Write,
    /// Stores answers.
    WriteAnswers,
}

/// Number of accounts that the statements of a commit are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    /// For one: `$1` is its number. Simple, so that Citus can route them.
    One,
    /// For any number: `$1` has the account of each row.
    Many,
}

impl Span {
    /// Lanes of one node, each with a connection: while one waits for the disk, others fill their next commit.
    /// The fewer, the more charges share a commit and its statements; where each account is a transaction,
    /// nothing is shared.
    pub(super) fn lanes(self) -> usize {
        match self {
            Self::One => 4,
            Self::Many => 2,
        }
    }

    /// Returns its statements, in the order of [`Step`].
    pub(super) fn statements(self) -> [&'static str; 6] {
        match self {
            Self::One => OF_ONE,
            Self::Many => OF_MANY,
        }
    }

    /// Returns the types of a statement's parameters.
    pub(super) fn types(self, step: Step) -> Vec<Type> {
        const NUMBER: Type = Type::INT8;
        const NUMBERS: Type = Type::INT8_ARRAY;
        const BYTES: Type = Type::BYTEA_ARRAY;
        const TEXTS: Type = Type::TEXT_ARRAY;
        let rest: &[Type] = match (step, self) {
            (Step::Lock, _) => &[],
            (Step::Charged, _) => &[BYTES],
            (Step::Answers, _) => &[TEXTS],
            (Step::Debit, Self::One) => &[NUMBER, NUMBER, Type::BYTEA, NUMBER, Type::BYTEA, BYTES, TEXTS],
            (Step::Debit, Self::Many) => {
                &[NUMBERS, NUMBERS, BYTES, NUMBERS, BYTES, BYTES, TEXTS, NUMBERS, NUMBERS]
            }
            (Step::Write, _) => &[NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, BYTES, NUMBERS, BYTES],
            (Step::WriteAnswers, _) => &[TEXTS, BYTES, BYTES, NUMBERS, NUMBERS, TEXTS, BYTES],
        };
        let account = if self == Self::One { NUMBER } else { NUMBERS };
        std::iter::once(account).chain(rest.iter().cloned()).collect()
    }
}

row! {
    /// A charge that is in the ledger.
    pub(super) struct ChargedRow: charged_columns {
        account_id: i64,
        request_id: [u8; 16],
        hash: Hash,
    }
}

const CHARGED: &str = concat!(
    "SELECT ",
    charged_columns!(),
    " FROM tagmeter.entries WHERE account_id = $1 AND request_id = ANY($2)"
);
const DEBIT: &str =
    "UPDATE tagmeter.balances SET balance = balance - $2, charged = charged + $2, sequence = $3, hash = $4
     WHERE account_id = $1 AND sequence = $5 AND hash = $6 AND balance >= $2
       AND NOT EXISTS (SELECT 1 FROM tagmeter.entries WHERE account_id = $1 AND request_id = ANY($7))
       AND NOT EXISTS (SELECT 1 FROM tagmeter.idempotency WHERE account_id = $1 AND idempotency_key = ANY($8))
     RETURNING account_id";
const WRITE: &str =
    "INSERT INTO tagmeter.entries (account_id, sequence, kind, credits, balance_after, at_ms, request_id, operation, hash)
     SELECT $1::bigint, taken.* FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
         $7::bytea[], $8::bigint[], $9::bytea[]) AS taken";
const WRITE_ANSWERS: &str =
    "INSERT INTO tagmeter.idempotency (account_id, idempotency_key, fingerprint, request_id, created_at_ms, status,
                                       content_type, body)
     SELECT $1::bigint, stored.* FROM unnest($2::text[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bigint[],
         $7::text[], $8::bytea[]) AS stored";

const LOCK_MANY: &str = concat!(
    "SELECT account_id, ",
    chain_columns!(),
    ", granted FROM tagmeter.balances WHERE account_id = ANY($1) ORDER BY account_id FOR UPDATE"
);
const CHARGED_MANY: &str = concat!(
    "SELECT entry.* FROM unnest($1::bigint[], $2::bytea[]) AS wanted (account_id, request_id),
         LATERAL (SELECT ",
    charged_columns!(),
    " FROM tagmeter.entries
             WHERE account_id = wanted.account_id AND request_id = wanted.request_id LIMIT 1) AS entry"
);
const ANSWERS_MANY: &str = concat!(
    "SELECT stored.* FROM unnest($1::bigint[], $2::text[]) AS wanted (account_id, idempotency_key),
         LATERAL (SELECT account_id, idempotency_key, ",
    answer_columns!(),
    " FROM tagmeter.idempotency
             WHERE account_id = wanted.account_id AND idempotency_key = wanted.idempotency_key LIMIT 1) AS stored"
);
const DEBIT_MANY: &str =
    "UPDATE tagmeter.balances AS b SET balance = b.balance - wanted.credits, charged = b.charged + wanted.credits,
            sequence = wanted.sequence, hash = wanted.hash
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bytea[])
         AS wanted (account_id, credits, sequence, hash, sequence_before, hash_before)
     WHERE b.account_id = wanted.account_id AND b.sequence = wanted.sequence_before AND b.hash = wanted.hash_before
       AND b.balance >= wanted.credits
       AND b.account_id <> ALL (ARRAY(
           SELECT entry.account_id FROM unnest($9::bigint[], $7::bytea[]) AS wanted (account_id, request_id),
               LATERAL (SELECT account_id FROM tagmeter.entries
                   WHERE account_id = wanted.account_id AND request_id = wanted.request_id LIMIT 1) AS entry))
       AND b.account_id <> ALL (ARRAY(
           SELECT stored.account_id FROM unnest($10::bigint[], $8::text[]) AS wanted (account_id, idempotency_key),
               LATERAL (SELECT account_id FROM tagmeter.idempotency
                   WHERE account_id = wanted.account_id AND idempotency_key = wanted.idempotency_key LIMIT 1) AS stored))
     RETURNING b.account_id";
const WRITE_MANY: &str =
    "INSERT INTO tagmeter.entries (account_id, sequence, kind, credits, balance_after, at_ms, request_id, operation, hash)
     SELECT taken.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
         $7::bytea[], $8::bigint[], $9::bytea[]) AS taken (account_id)";
const WRITE_ANSWERS_MANY: &str =
    "INSERT INTO tagmeter.idempotency (account_id, idempotency_key, fingerprint, request_id, created_at_ms, status,
                                       content_type, body)
     SELECT stored.* FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bigint[],
         $7::text[], $8::bytea[]) AS stored (account_id)";

const OF_ONE: [&str; 6] = [ledger::LOCK, CHARGED, idempotency::ANSWER, DEBIT, WRITE, WRITE_ANSWERS];
const OF_MANY: [&str; 6] =
    [LOCK_MANY, CHARGED_MANY, ANSWERS_MANY, DEBIT_MANY, WRITE_MANY, WRITE_ANSWERS_MANY];

/// Statements of this module for one account; see [`super::super::statements`].
#[cfg(test)]
pub(in super::super) const STATEMENTS: [(&str, &str); 4] =
    [("CHARGED", CHARGED), ("DEBIT", DEBIT), ("WRITE", WRITE), ("WRITE_ANSWERS", WRITE_ANSWERS)];

/// Statements for many accounts.
#[cfg(test)]
pub(in super::super) const STATEMENTS_OF_MANY: [(&str, &str); 6] = [
    ("LOCK_MANY", LOCK_MANY),
    ("CHARGED_MANY", CHARGED_MANY),
    ("ANSWERS_MANY", ANSWERS_MANY),
    ("DEBIT_MANY", DEBIT_MANY),
    ("WRITE_MANY", WRITE_MANY),
    ("WRITE_ANSWERS_MANY", WRITE_ANSWERS_MANY),
];
