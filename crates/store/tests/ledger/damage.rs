//! Deliberate damage to a good ledger on PostgreSQL: the audit finds all of it. (For SQLite's file, see
//! `corruption`.)

use crate::corruption::fill;
use crate::support::audited;
use store::Store;
use testkit::postgres::TestDatabase;

/// Kinds of damage; the ledger is restored after each.
const DAMAGE: &[(&str, &str)] = &[
    ("a price is lowered", "UPDATE entries SET credits = 1 WHERE account_id = 1 AND sequence = 5"),
    ("a price is raised", "UPDATE entries SET credits = 3 WHERE account_id = 1 AND sequence = 5"),
    ("a price is absurd", "UPDATE entries SET credits = 9223372036854775807 WHERE account_id = 1 AND sequence = 5"),
    (
        "a price is moved from one charge to the next",
        "UPDATE entries SET credits = CASE sequence WHEN 5 THEN 1 ELSE 3 END,
                            balance_after = balance_after + CASE sequence WHEN 5 THEN 1 ELSE 0 END
         WHERE account_id = 1 AND sequence IN (5, 6)",
    ),
    ("a grant is raised", "UPDATE entries SET credits = 200 WHERE account_id = 1 AND sequence = 1"),
    (
        "a grant is raised, and every balance with it",
        "UPDATE entries SET credits = credits + 100 WHERE account_id = 1 AND sequence = 1;
         UPDATE entries SET balance_after = balance_after + 100 WHERE account_id = 1;
         UPDATE balances SET balance = balance + 100, granted = granted + 100 WHERE account_id = 1",
    ),
    ("a balance in between is changed", "UPDATE entries SET balance_after = 7 WHERE account_id = 1 AND sequence = 5"),
    ("a charge is dropped", "DELETE FROM entries WHERE account_id = 1 AND sequence = 5"),
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
        "UPDATE entries SET sequence = sequence + 1000 WHERE account_id = 1 AND sequence IN (5, 6);
         UPDATE entries SET sequence = CASE sequence WHEN 1005 THEN 6 ELSE 5 END
         WHERE account_id = 1 AND sequence > 1000",
    ),
    (
        "a charge is moved to another account",
        "UPDATE entries SET account_id = 2, sequence = 99, request_id = decode(repeat('00', 16), 'hex')
         WHERE account_id = 1 AND sequence = 5",
    ),
    ("a charge is moved to nobody", "UPDATE entries SET account_id = 77 WHERE account_id = 1 AND sequence = 5"),
    (
        "a request id is exchanged",
        "UPDATE entries SET request_id = decode(repeat('00', 16), 'hex') WHERE account_id = 1 AND sequence = 5",
    ),
    (
        "a request id is used twice",
        "DROP INDEX entries_by_request;
         UPDATE entries SET request_id = (SELECT request_id FROM entries WHERE account_id = 1 AND sequence = 4)
         WHERE account_id = 1 AND sequence = 5",
    ),
    ("what was called is changed", "UPDATE entries SET operation = 2 WHERE account_id = 1 AND sequence = 5"),
    ("a charge is dated back", "UPDATE entries SET at_ms = at_ms - 1 WHERE account_id = 1 AND sequence = 5"),
    ("the cause of a grant is changed", "UPDATE entries SET cause = 'gift' WHERE account_id = 1 AND sequence = 1"),
    (
        "a charge becomes a grant",
        "UPDATE entries SET kind = 1, cause = 'gift', request_id = NULL, operation = NULL
         WHERE account_id = 1 AND sequence = 5",
    ),
    (
        "a hash is changed",
        "UPDATE entries SET hash = decode(repeat('00', 32), 'hex') WHERE account_id = 1 AND sequence = 5",
    ),
    (
        "a charge is made up",
        "INSERT INTO entries (account_id, sequence, kind, credits, balance_after, at_ms, request_id, operation, hash)
         SELECT account_id, 23, 2, 1, balance - 1, 0, decode(repeat('00', 16), 'hex'), 1, hash FROM balances
         WHERE account_id = 1;
         UPDATE balances SET balance = balance - 1, charged = charged + 1, sequence = 23 WHERE account_id = 1",
    ),
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
    (
        "a balance is negative",
        "ALTER TABLE balances DROP CONSTRAINT balances_balance_check;
         UPDATE balances SET balance = -1, charged = granted + 1 WHERE account_id = 3",
    ),
    (
        "the head's hash is changed",
        "UPDATE balances SET hash = decode(repeat('00', 32), 'hex') WHERE account_id = 1",
    ),
    ("the head points elsewhere", "UPDATE balances SET sequence = 1 WHERE account_id = 1"),
    ("a balance is dropped", "DELETE FROM balances WHERE account_id = 3"),
    ("an account is dropped", "DELETE FROM accounts WHERE account_id = 1"),
    ("a key belongs to nobody", "INSERT INTO keys VALUES (1, 77, '', decode(repeat('00', 32), 'hex'), 1, NULL, 0, NULL)"),
    (
        "an answer is stored for a call that was not charged",
        "UPDATE idempotency SET request_id = decode(repeat('00', 16), 'hex')",
    ),
    ("request ids are no longer kept apart", "DROP INDEX entries_by_request"),
    ("causes are no longer kept apart", "DROP INDEX entries_by_cause"),
    ("keys are no longer kept apart", "ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey"),
    ("entries may be changed", "DROP TRIGGER entries_are_never_changed ON entries"),
    ("entries may be emptied", "DROP TRIGGER entries_are_never_emptied ON entries"),
    ("the trigger is off", "ALTER TABLE entries DISABLE TRIGGER entries_are_never_changed"),
    (
        "a trigger takes its share",
        "CREATE TRIGGER share BEFORE UPDATE ON balances FOR EACH ROW EXECUTE FUNCTION refuse()",
    ),
    ("balances may be negative", "ALTER TABLE balances DROP CONSTRAINT balances_balance_check"),
];

/// Applies damage with triggers and references off.
fn damage(database: &TestDatabase, sql: &str) {
    // The internal triggers of references are off, too.
    database.sql(&format!("SET search_path = tagmeter; SET session_replication_role = replica; {sql}"));
}

/// Tables restored after damage to rows.
const TABLES: [&str; 5] = ["accounts", "keys", "balances", "entries", "idempotency"];

async fn good() -> Option<(TestDatabase, Store)> {
    let database = TestDatabase::create().await?;
    let store = database.open().await;
    fill(&store).await;
    audited(&store).await;
    Some((database, store))
}

fn is_of_schema(sql: &str) -> bool {
    ["DROP ", "ALTER ", "CREATE "].iter().any(|word| sql.contains(word))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_damage_to_rows_is_found() {
    assert!(DAMAGE.len() >= 40);
    let Some((database, store)) = good().await else { return };
    for table in TABLES {
        database.sql(&format!("CREATE TABLE public.{table} AS TABLE tagmeter.{table}"));
    }
    let put_back: String =
        TABLES.iter().map(|table| format!("INSERT INTO {table} TABLE public.{table};")).collect();
    let put_back = format!("TRUNCATE {}; {put_back}", TABLES.join(", "));
    damage(&database, "UPDATE accounts SET created_at_ms = 1");
    audited(&store).await;
    for (name, sql) in DAMAGE.iter().filter(|(_, sql)| !is_of_schema(sql)) {
        damage(&database, sql);
        let report = store.audit().await.expect("an audit");
        assert!(!report.ok(), "not found: {name}");
        damage(&database, &put_back);
    }
    audited(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_damage_to_the_schema_is_found() {
    for (name, sql) in DAMAGE.iter().filter(|(_, sql)| is_of_schema(sql)) {
        let Some((database, store)) = good().await else { return };
        damage(&database, sql);
        let report = store.audit().await.expect("an audit");
        assert!(!report.ok(), "not found: {name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_cannot_be_changed_by_mistake() {
    let Some((database, store)) = good().await else { return };
    for sql in [
        "UPDATE tagmeter.entries SET credits = 1",
        "DELETE FROM tagmeter.entries",
        "TRUNCATE tagmeter.entries",
        "TRUNCATE tagmeter.balances, tagmeter.entries CASCADE",
    ] {
        let refused = database.sql(&format!(
            "DO $$ BEGIN {sql}; RAISE EXCEPTION 'it went through';
             EXCEPTION WHEN raise_exception THEN RAISE NOTICE '%', SQLERRM; PERFORM set_config('t.message', SQLERRM, false); END $$;
             SELECT current_setting('t.message')"
        ));
        assert!(refused.contains("never"), "{sql}: {refused}");
    }
    audited(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_unique_key_of_a_spread_table_holds_what_it_is_spread_by() {
    let Some(database) = TestDatabase::create().await else { return };
    let keys = database.sql(
        "SELECT c.relname, string_agg(a.attname, ',') FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
         WHERE c.relnamespace = 'tagmeter'::regnamespace AND i.indisunique
           AND c.relname IN ('balances', 'entries', 'idempotency') GROUP BY c.relname, i.indexrelid",
    );
    let keys: Vec<(&str, &str)> = keys.lines().filter_map(|line| line.split_once('|')).collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    for (table, columns) in keys {
        assert!(columns.split(',').any(|column| column == "account_id"), "{table}: {columns}");
    }
}
