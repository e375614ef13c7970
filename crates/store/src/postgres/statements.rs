//! Every statement of the ledger that touches balances, entries or kept answers names the account, and so does every one
//! that touches jobs, so that on a cluster it is for one shard. Forgetting kept answers by age and looking for a job to do
//! are the exceptions, and so is the audit, which reads everything.

use super::{charges, idempotency, jobs, ledger};

/// A file, its text, and its statements by name.
type Room = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The rooms whose statements are listed.
const ROOMS: [Room; 4] = [
    ("ledger.rs", include_str!("ledger.rs"), &ledger::STATEMENTS),
    ("charges/transaction.rs", include_str!("charges/transaction.rs"), &charges::STATEMENTS),
    ("idempotency.rs", include_str!("idempotency.rs"), &idempotency::STATEMENTS),
    ("jobs.rs", include_str!("jobs.rs"), &jobs::STATEMENTS),
];
/// Statements that are for no single account.
const FOR_ALL: [&str; 2] = ["FORGET", "CLAIMABLE"];
/// The rooms that have no statements of their own.
const WITHOUT: [(&str, &str); 4] = [
    ("charges.rs", include_str!("charges.rs")),
    ("charges/lane.rs", include_str!("charges/lane.rs")),
    ("charges/plan.rs", include_str!("charges/plan.rs")),
    ("charges/settle.rs", include_str!("charges/settle.rs")),
];
/// Tables that are spread by account.
const TABLES: [&str; 4] = ["tagmeter.balances", "tagmeter.entries", "tagmeter.idempotency", "tagmeter.jobs"];

fn mentions(text: &str) -> usize {
    TABLES.iter().map(|table| text.matches(table).count()).sum()
}

/// Whether each mention of a table is followed by its account before the next one.
fn is_pinned(sql: &str) -> bool {
    let starts: Vec<usize> =
        TABLES.iter().flat_map(|table| sql.match_indices(table).map(|(at, _)| at)).collect();
    let mut starts: Vec<usize> = starts.into_iter().chain([sql.len()]).collect();
    starts.sort_unstable();
    starts.windows(2).all(|pair| {
        let part = &sql[pair[0]..pair[1]];
        part.contains("WHERE account_id = $1")
            || (part.contains("(account_id,")
                && (part.contains("VALUES ($1,") || part.contains("SELECT $1::bigint,")))
    })
}

#[test]
fn every_statement_names_the_account() {
    for (room, _, statements) in ROOMS {
        for (name, sql) in statements {
            assert!(is_pinned(sql) || FOR_ALL.contains(name), "{room}, {name}: {sql}");
        }
    }
}

#[test]
fn every_statement_is_listed() {
    for (room, source, statements) in ROOMS {
        let listed: usize = statements.iter().map(|(_, sql)| mentions(sql)).sum();
        assert_eq!(mentions(source), listed, "{room} has a statement that is not listed");
    }
    for (room, source) in WITHOUT {
        assert_eq!(mentions(source), 0, "{room} has a statement of its own");
    }
}

#[test]
fn a_statement_for_all_accounts_is_noticed() {
    assert!(!is_pinned("SELECT sum(balance) FROM tagmeter.balances"));
    assert!(!is_pinned(
        "UPDATE tagmeter.balances SET balance = 0 WHERE account_id = $1
                        AND NOT EXISTS (SELECT 1 FROM tagmeter.entries WHERE request_id = $2)"
    ));
}
