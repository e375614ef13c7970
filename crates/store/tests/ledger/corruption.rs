//! Deliberate damage to a good ledger: the audit finds all of it.

use crate::support::{account, audited, charge, open};
use rusqlite::Connection;
use std::path::Path;
use store::idempotency::{Fingerprint, Idempotent, StoredAnswer};
use store::ledger::{Charge, Entry};
use store::{Store, StoreOptions};

/// Fills a ledger with three accounts whose entries interleave: account 1 has 100 credits and 20 charges of 2.
pub(crate) async fn fill(store: &Store) {
    let ids = [account(store, 0, 100).await, account(store, 1, 100).await, account(store, 2, 0).await];
    for n in 0..20 {
        for id in &ids[..2] {
            store.charge(charge(*id, n, 2)).await.expect("a charge");
        }
    }
    let idempotency = Some(Box::new(Idempotent {
        key: "k".parse().expect("a key"),
        fingerprint: Fingerprint::of(b"/a"),
        answer: StoredAnswer::new(200, "text/plain", b"one".to_vec()).expect("an answer"),
    }));
    store.charge(Charge { idempotency, ..charge(ids[0], 99, 1) }).await.expect("a charge");
}

async fn good(folder: &Path) {
    let store = open(folder).await;
    fill(&store).await;
    audited(&store).await;
}

/// Returns the n-th entry of account 1.
macro_rules! entry {
    ($sequence:literal) => {
        concat!("account_id = 1 AND sequence = ", $sequence)
    };
}

/// Kinds of damage, each for a fresh copy.
const DAMAGE: &[(&str, &str)] = &[
    ("a price is lowered", concat!("UPDATE entries SET credits = 1 WHERE ", entry!(5))),
    ("a price is raised", concat!("UPDATE entries SET credits = 3 WHERE ", entry!(5))),
    ("a price is negative", concat!("UPDATE entries SET credits = -2 WHERE ", entry!(5))),
    ("a price is absurd", concat!("UPDATE entries SET credits = 9223372036854775807 WHERE ", entry!(5))),
    (
        "a price is moved from one charge to the next",
        "UPDATE entries SET credits = iif(sequence = 5, 1, 3), balance_after = balance_after + (sequence = 5)
         WHERE account_id = 1 AND sequence IN (5, 6)",
    ),
    ("a grant is raised", "UPDATE entries SET credits = 200 WHERE account_id = 1 AND sequence = 1"),
    (
        "a grant is raised, and every balance with it",
        "UPDATE entries SET credits = credits + 100 WHERE account_id = 1 AND sequence = 1;
         UPDATE entries SET balance_after = balance_after + 100 WHERE account_id = 1;
         UPDATE balances SET balance = balance + 100, granted = granted + 100 WHERE account_id = 1",
    ),
    ("a balance in between is changed", concat!("UPDATE entries SET balance_after = 7 WHERE ", entry!(5))),
    ("a charge is dropped", concat!("DELETE FROM entries WHERE ", entry!(5))),
    ("the last charge is dropped", "DELETE FROM entries WHERE account_id = 1 AND sequence = 22"),
    (
        "the last charge is dropped and given back",
        "DELETE FROM entries WHERE account_id = 1 AND sequence = 22;
         UPDATE balances SET balance = balance + 1, charged = charged - 1, sequence = 21 WHERE account_id = 1",
    ),
    ("the grant is dropped", "DELETE FROM entries WHERE account_id = 1 AND sequence = 1"),
    ("all entries are dropped", "DELETE FROM entries"),
    ("all entries of an account are dropped", "DELETE FROM entries WHERE account_id = 1"),
    (
        "two charges are swapped",
        "UPDATE entries SET sequence = 0 - sequence WHERE account_id = 1 AND sequence IN (5, 6);
         UPDATE entries SET sequence = iif(sequence = -5, 6, 5) WHERE account_id = 1 AND sequence < 0",
    ),
    (
        "two charges change places",
        "UPDATE entries SET entry_id = -1 WHERE account_id = 1 AND sequence = 5;
         UPDATE entries SET entry_id = entry_id - 2 WHERE account_id = 1 AND sequence = 6;
         UPDATE entries SET entry_id = (SELECT entry_id + 2 FROM entries WHERE account_id = 1 AND sequence = 6)
         WHERE entry_id = -1",
    ),
    ("a sequence number is used twice", concat!("UPDATE entries SET sequence = 4 WHERE ", entry!(5))),
    ("a charge is moved to another account", concat!("UPDATE entries SET account_id = 2, request_id = zeroblob(16) WHERE ", entry!(5))),
    ("a charge is moved to nobody", concat!("UPDATE entries SET account_id = 77 WHERE ", entry!(5))),
    ("a request id is exchanged", concat!("UPDATE entries SET request_id = zeroblob(16) WHERE ", entry!(5))),
    (
        "a request id is used twice",
        "DROP INDEX entries_by_request;
         UPDATE entries SET request_id = (SELECT request_id FROM entries WHERE account_id = 1 AND sequence = 4)
         WHERE account_id = 1 AND sequence = 5",
    ),
    (
        "the index that keeps request ids apart no longer does",
        "DROP INDEX entries_by_request;
         CREATE INDEX entries_by_request ON entries (request_id, account_id) WHERE request_id IS NOT NULL",
    ),
    ("what was called is changed", concat!("UPDATE entries SET operation = 2 WHERE ", entry!(5))),
    ("a charge is dated back", concat!("UPDATE entries SET at_ms = at_ms - 1 WHERE ", entry!(5))),
    ("the cause of a grant is changed", "UPDATE entries SET cause = 'gift' WHERE account_id = 1 AND sequence = 1"),
    ("a charge becomes a grant", concat!("UPDATE entries SET kind = 1, cause = 'gift', request_id = NULL WHERE ", entry!(5))),
    ("an entry is of no kind", concat!("UPDATE entries SET kind = 3 WHERE ", entry!(5))),
    ("a hash is changed", concat!("UPDATE entries SET hash = zeroblob(32) WHERE ", entry!(5))),
    ("the way back is changed", concat!("UPDATE entries SET previous = 1 WHERE ", entry!(5))),
    (
        "a charge is made up",
        "INSERT INTO entries (account_id, sequence, previous, kind, credits, balance_after, at_ms, request_id, operation, hash)
         SELECT account_id, 23, last_entry, 2, 1, balance - 1, 0, zeroblob(16), 1, hash FROM balances WHERE account_id = 1;
         UPDATE balances SET balance = balance - 1, charged = charged + 1, sequence = 23,
                last_entry = (SELECT max(entry_id) FROM entries) WHERE account_id = 1",
    ),
    ("a balance is raised", "UPDATE balances SET balance = balance + 5 WHERE account_id = 1"),
    (
        "a balance is raised, and what was granted with it",
        "UPDATE balances SET balance = balance + 5, granted = granted + 5 WHERE account_id = 1",
    ),
    (
        "credits go from one balance to another",
        "UPDATE balances SET balance = balance + 5, charged = charged - 5 WHERE account_id = 1;
         UPDATE balances SET balance = balance - 5, charged = charged + 5 WHERE account_id = 2",
    ),
    ("an empty account is given credits", "UPDATE balances SET balance = 5, granted = 5 WHERE account_id = 3"),
    ("a balance is negative", "UPDATE balances SET balance = -1 WHERE account_id = 3"),
    ("the head's hash is changed", "UPDATE balances SET hash = zeroblob(32) WHERE account_id = 1"),
    ("the head points elsewhere", "UPDATE balances SET last_entry = 1 WHERE account_id = 1"),
    ("a balance is dropped", "DELETE FROM balances WHERE account_id = 3"),
    ("an account is dropped", "DELETE FROM accounts WHERE account_id = 1"),
    ("an answer is kept for a call that was not charged", "UPDATE idempotency SET request_id = zeroblob(16)"),
    ("entries may be changed", "DROP TRIGGER entries_are_not_changed"),
    ("a trigger takes its share", "CREATE TRIGGER share AFTER INSERT ON entries BEGIN DELETE FROM keys; END"),
    (
        "a row is missing from an index",
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = sql || ' AND sequence <> 5' WHERE name = 'entries_by_request';
         PRAGMA writable_schema = RESET;
         REINDEX entries_by_request;
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, ' AND sequence <> 5', '') WHERE name = 'entries_by_request'",
    ),
];

/// Applies damage with triggers, checks and references off, and restores these.
fn damage(file: &Path, sql: &str) {
    let file = Connection::open(file).expect("the file");
    let triggers: Vec<String> = file
        .prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'")
        .and_then(|mut s| s.query_map([], |row| row.get(0))?.collect())
        .expect("triggers");
    file.execute_batch(
        "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA recursive_triggers = OFF;",
    )
    .expect("settings");
    let about_triggers = sql.contains("TRIGGER");
    if !about_triggers {
        file.execute_batch("DROP TRIGGER entries_are_not_changed; DROP TRIGGER entries_are_not_deleted;")
            .expect("no triggers");
    }
    let before = file.total_changes();
    file.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    if !about_triggers {
        assert!(sql.contains("INDEX") || file.total_changes() > before, "{sql}: touched nothing");
        for trigger in triggers {
            file.execute_batch(&trigger).expect("the trigger again");
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from.join("accounts.db"), to.join("accounts.db")).expect("a copy");
}

#[tokio::test]
async fn every_damage_is_found() {
    let original = tempfile::tempdir().expect("a folder");
    good(original.path()).await;
    assert!(DAMAGE.len() >= 30);
    let sound = tempfile::tempdir().expect("a folder");
    copy(original.path(), sound.path());
    damage(&sound.path().join("accounts.db"), "UPDATE accounts SET created_at_ms = 1");
    audited(&open(sound.path()).await).await;
    for (name, sql) in DAMAGE {
        let folder = tempfile::tempdir().expect("a folder");
        copy(original.path(), folder.path());
        damage(&folder.path().join("accounts.db"), sql);
        let report = open(folder.path()).await.audit().await.expect("an audit");
        assert!(!report.ok(), "not found: {name}");
    }
}

#[tokio::test]
async fn entries_cannot_be_changed_by_mistake() {
    let folder = tempfile::tempdir().expect("a folder");
    good(folder.path()).await;
    let file = Connection::open(folder.path().join("accounts.db")).expect("the file");
    for sql in [
        "UPDATE entries SET credits = 1",
        "DELETE FROM entries",
        "REPLACE INTO entries SELECT * FROM entries",
    ] {
        let refused = file.execute_batch(&format!("PRAGMA recursive_triggers = ON; {sql}")).expect_err(sql);
        assert!(refused.to_string().contains("never"), "{sql}: {refused}");
    }
    audited(&open(folder.path()).await).await;
}

/// Returns the part of the ledger that an owner can see.
async fn seen(store: &Store) -> Result<Vec<Vec<Entry>>, store::StoreError> {
    let mut all = Vec::new();
    for account in store.accounts(None, 10).await? {
        all.push(store.entries(account.account_id, None, 1_000).await?);
    }
    Ok(all)
}

#[tokio::test]
async fn a_flipped_bit_never_changes_the_ledger_silently() {
    const FLIPS: usize = 100;
    let original = tempfile::tempdir().expect("a folder");
    good(original.path()).await;
    let bytes = std::fs::read(original.path().join("accounts.db")).expect("the file");
    let wanted = seen(&open(original.path()).await).await.expect("entries");
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut found = 0;
    for _ in 0..FLIPS {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bit = usize::try_from(dice >> 20).expect("64 bits") % (bytes.len() * 8);
        let folder = tempfile::tempdir().expect("a folder");
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(folder.path().join("accounts.db"), flipped).expect("a damaged copy");
        let Ok(store) = Store::open(&StoreOptions::in_folder(folder.path())).await else {
            found += 1;
            continue;
        };
        match store.audit().await {
            Ok(report) if report.ok() => {
                // Free space, or a column outside the ledger.
                assert_eq!(seen(&store).await.expect("entries"), wanted, "bit {bit}");
            }
            _ => found += 1,
        }
    }
    assert!(found > 0, "some of {FLIPS} flips must hit something");
}
