//! Every statement of the ledger that touches balances, entries or stored answers names the account, and so
//! does every one that touches jobs, so that on a cluster it is for one shard. Exceptions are deleting stored
//! answers by age, searching them and the documents of shares for forgotten data, looking for a job to run, the work that waits, the trackers and alerts of a hashtag, what is due or old, and the audit,
//! which reads everything. On a single server, statements of a group commit are for a list of accounts, and name that list.

use super::{
    alerts, annotations, campaigns, charges, deliveries, destinations, events, feeds, idempotency, issues,
    jobs, ledger, schedules, shares, tracked, trackers, work,
};

/// Statements by name.
type Statements = &'static [(&'static str, &'static str)];
/// A file, its text, its statements for one account, and those for a list.
type Module = (&'static str, &'static str, Statements, Statements);

/// The modules whose statements are listed.
const MODULES: [Module; 17] = [
    ("ledger.rs", include_str!("ledger.rs"), &ledger::STATEMENTS, &[]),
    (
        "charges/steps.rs",
        include_str!("charges/steps.rs"),
        &charges::STATEMENTS,
        &charges::STATEMENTS_OF_MANY,
    ),
    ("idempotency.rs", include_str!("idempotency.rs"), &idempotency::STATEMENTS, &[]),
    ("jobs.rs", include_str!("jobs.rs"), &jobs::STATEMENTS, &[]),
    ("trackers.rs", include_str!("trackers.rs"), &trackers::STATEMENTS, &[]),
    ("annotations.rs", include_str!("annotations.rs"), &annotations::STATEMENTS, &[]),
    ("campaigns.rs", include_str!("campaigns.rs"), &campaigns::STATEMENTS, &[]),
    ("shares.rs", include_str!("shares.rs"), &shares::STATEMENTS, &[]),
    ("schedules.rs", include_str!("schedules.rs"), &schedules::STATEMENTS, &[]),
    ("issues.rs", include_str!("issues.rs"), &issues::STATEMENTS, &[]),
    ("feeds.rs", include_str!("feeds.rs"), &feeds::STATEMENTS, &[]),
    ("tracked.rs", include_str!("tracked.rs"), &tracked::STATEMENTS, &[]),
    ("alerts.rs", include_str!("alerts.rs"), &alerts::STATEMENTS, &[]),
    ("events.rs", include_str!("events.rs"), &events::STATEMENTS, &[]),
    ("destinations.rs", include_str!("destinations.rs"), &destinations::STATEMENTS, &[]),
    ("deliveries.rs", include_str!("deliveries.rs"), &deliveries::STATEMENTS, &[]),
    ("work.rs", include_str!("work.rs"), &work::STATEMENTS, &[]),
];
/// Statements for no single account.
const FOR_ALL: [&str; 22] = [
    "FORGET",
    "SET_RIGHT",
    "CLAIMABLE",
    "LOOK_THROUGH",
    "NEXT_DOCUMENT",
    "UNDER",
    "WATCHERS",
    "WATCHED",
    "WATCHED_OF",
    "DUE",
    "PRUNABLE",
    "DELIVERABLE",
    "OPEN_JOBS",
    "ENDED_JOBS",
    "DUE_EVALUATIONS",
    "DUE_DELIVERIES",
    "DUE_REPORTS",
    "DUE_MAILS",
    "SENDING_MAILS",
    "RUNNING_DELIVERIES",
    "TRACKED_SUM",
    "OLD_JOBS",
];
/// The modules without statements of their own.
const WITHOUT: [(&str, &str); 6] = [
    ("charges.rs", include_str!("charges.rs")),
    ("charges/lane.rs", include_str!("charges/lane.rs")),
    ("charges/plan.rs", include_str!("charges/plan.rs")),
    ("charges/settle.rs", include_str!("charges/settle.rs")),
    ("charges/transaction.rs", include_str!("charges/transaction.rs")),
    ("charges/values.rs", include_str!("charges/values.rs")),
];
/// Tables distributed by account.
const TABLES: [&str; 23] = [
    "tagmeter.balances",
    "tagmeter.entries",
    "tagmeter.idempotency",
    "tagmeter.jobs",
    "tagmeter.campaigns",
    "tagmeter.annotations",
    "tagmeter.hidden_annotations",
    "tagmeter.shares",
    "tagmeter.share_documents",
    "tagmeter.schedules",
    "tagmeter.schedule_issues",
    "tagmeter.schedule_mails",
    "tagmeter.feeds",
    "tagmeter.trackers",
    "tagmeter.tracker_hashtags",
    "tagmeter.tracker_spans",
    "tagmeter.alerts",
    "tagmeter.alert_subjects",
    "tagmeter.events",
    "tagmeter.event_sequences",
    "tagmeter.destinations",
    "tagmeter.deliveries",
    "tagmeter.delivery_attempts",
];

fn mentions(text: &str) -> usize {
    TABLES.iter().map(|table| text.matches(table).count()).sum()
}

/// Splits SQL into the parts from each mention of a table to the next.
fn parts(sql: &str) -> Vec<&str> {
    let starts: Vec<usize> =
        TABLES.iter().flat_map(|table| sql.match_indices(table).map(|(at, _)| at)).collect();
    let mut starts: Vec<usize> = starts.into_iter().chain([sql.len()]).collect();
    starts.sort_unstable();
    starts.windows(2).map(|pair| &sql[pair[0]..pair[1]]).collect()
}

/// Returns true if each mention of a table is followed by its account before the next one.
fn is_pinned(sql: &str) -> bool {
    parts(sql).into_iter().all(|part| {
        part.contains("WHERE account_id = $1")
            || (part.contains("(account_id,")
                && (part.contains("VALUES ($1,") || part.contains("SELECT $1::bigint,")))
    })
}

/// Returns the names of lists of parameters with an account in each row: `unnest(...) AS name (account_id`.
fn lists(sql: &str) -> Vec<&str> {
    let of_list = sql.split("unnest($").skip(1).filter_map(|rest| {
        let (_, after) = rest.split_once(')')?;
        let (name, columns) = after.trim_start().strip_prefix("AS ")?.split_once(' ')?;
        columns.starts_with("(account_id").then_some(name)
    });
    of_list.collect()
}

/// Returns true if each mention of a table is followed, before the next one, by the list of its rows' accounts.
fn is_pinned_to_a_list(sql: &str) -> bool {
    let lists = lists(sql);
    parts(sql).into_iter().all(|part| {
        part.contains("WHERE account_id = ANY($1)")
            || lists.iter().any(|list| {
                part.contains(&format!("account_id = {list}.account_id"))
                    || (part.contains("(account_id,") && part.contains(&format!("SELECT {list}.*")))
            })
    })
}

#[test]
fn every_statement_names_the_account() {
    for (module, _, of_one, of_many) in MODULES {
        for (name, sql) in of_one {
            assert!(is_pinned(sql) || FOR_ALL.contains(name), "{module}, {name}: {sql}");
        }
        for (name, sql) in of_many {
            assert!(is_pinned_to_a_list(sql), "{module}, {name}: {sql}");
        }
    }
}

#[test]
fn every_statement_is_listed() {
    for (module, source, of_one, of_many) in MODULES {
        let listed: usize = of_one.iter().chain(of_many).map(|(_, sql)| mentions(sql)).sum();
        assert_eq!(mentions(source), listed, "{module} has a statement that is not listed");
    }
    for (module, source) in WITHOUT {
        assert_eq!(mentions(source), 0, "{module} has a statement of its own");
    }
}

#[test]
fn a_statement_for_all_accounts_is_noticed() {
    for is_pinned in [is_pinned, is_pinned_to_a_list] {
        assert!(!is_pinned("SELECT sum(balance) FROM tagmeter.balances"));
        assert!(!is_pinned(
            "UPDATE tagmeter.balances SET balance = 0 WHERE account_id = $1
                            AND NOT EXISTS (SELECT 1 FROM tagmeter.entries WHERE request_id = $2)"
        ));
    }
}

#[test]
fn a_list_that_is_joined_by_anything_but_the_account_is_noticed() {
    let joined = |by: &str| {
        format!(
            "SELECT entry.hash FROM unnest($1::bigint[], $2::bytea[]) AS wanted (account_id, request_id)
             JOIN tagmeter.entries AS entry ON {by}"
        )
    };
    let both = "entry.account_id = wanted.account_id AND entry.request_id = wanted.request_id";
    assert!(is_pinned_to_a_list(&joined(both)));
    assert!(!is_pinned(&joined(both)), "it is for several shards");
    assert!(!is_pinned_to_a_list(&joined("entry.request_id = wanted.request_id")));
    assert!(!is_pinned_to_a_list(&joined("entry.account_id = other.account_id")));
    let unnamed = joined(both).replace("(account_id, request_id)", "(request_id, account_id)");
    assert!(!is_pinned_to_a_list(&unnamed), "a list begins with its accounts");
}
