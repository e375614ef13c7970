//! The hash chain of an account's entries: each entry's hash covers the hash before it and the whole entry, so
//! that recomputing the chain reveals a row that was changed, dropped, added or moved later.
//!
//! Numbers are those of the database, because the audit hashes rows that may be invalid.

use sha2::{Digest, Sha256};

/// A link of the chain.
pub(crate) type Hash = [u8; 32];

/// Hash before an account's first entry.
pub(crate) const NO_ENTRY: Hash = [0; 32];

/// Kind of an entry that adds credits.
pub(crate) const KIND_GRANT: i64 = 1;
/// Kind of an entry that debits credits.
pub(crate) const KIND_CHARGE: i64 = 2;

/// Content of an entry, without its place in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link<'a> {
    pub(crate) account_id: i64,
    pub(crate) sequence: i64,
    pub(crate) kind: i64,
    pub(crate) credits: i64,
    pub(crate) balance_after: i64,
    pub(crate) at_ms: i64,
    /// Operation that was charged; 0 for a grant.
    pub(crate) operation: i64,
    /// The request id of a charge, the cause of a grant.
    pub(crate) reason: &'a [u8],
}

impl Link<'_> {
    /// Returns the entry's hash. Every field but the last has a fixed width, so that no two entries give the
    /// same bytes.
    pub(crate) fn hash(&self, previous: &Hash) -> Hash {
        let fields = [
            self.account_id,
            self.sequence,
            self.kind,
            self.credits,
            self.balance_after,
            self.at_ms,
            self.operation,
        ];
        let mut hasher = Sha256::new();
        hasher.update(previous);
        for field in fields {
            hasher.update(field.to_be_bytes());
        }
        hasher.update(self.reason);
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: Link<'_> = Link {
        account_id: 1,
        sequence: 2,
        kind: KIND_CHARGE,
        credits: 3,
        balance_after: 4,
        at_ms: 5,
        operation: 6,
        reason: b"0123456789abcdef",
    };

    #[test]
    fn every_field_is_covered() {
        let other_previous = [1; 32];
        let hashes = [
            LINK.hash(&NO_ENTRY),
            LINK.hash(&other_previous),
            Link { account_id: 9, ..LINK }.hash(&NO_ENTRY),
            Link { sequence: 9, ..LINK }.hash(&NO_ENTRY),
            Link { kind: 9, ..LINK }.hash(&NO_ENTRY),
            Link { credits: 9, ..LINK }.hash(&NO_ENTRY),
            Link { balance_after: 9, ..LINK }.hash(&NO_ENTRY),
            Link { at_ms: 9, ..LINK }.hash(&NO_ENTRY),
            Link { operation: 9, ..LINK }.hash(&NO_ENTRY),
            Link { reason: b"0123456789abcdeg", ..LINK }.hash(&NO_ENTRY),
        ];
        let different: std::collections::HashSet<_> = hashes.iter().collect();
        assert_eq!(different.len(), hashes.len());
    }

    #[test]
    fn the_hash_is_the_same_on_every_machine_and_in_every_version() {
        let hex: String = LINK.hash(&NO_ENTRY).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "4c54bb2a13e7ab89777a1757dd1a59fb240afa154a0c9204e7029431a26150d4");
    }
}
