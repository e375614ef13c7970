//! Many callers and several processes on few credits: every credit is spent once.

use crate::support::{NOW, account, audited, charge, credits, is_paid, open};
use store::Store;
use store::ledger::{Cause, ChargeOutcome, Granted};
use testkit::postgres::TestDatabase;
use testkit::{TestStore, on_each_backend};

/// `tasks` calls at `price` on an account with `held` credits, distributed over `processes` stores on one
/// folder.
struct Storm {
    fixture: u64,
    price: u64,
    tasks: u64,
    processes: usize,
}

impl Storm {
    async fn rage(&self, stores: &[Store], n: usize) {
        let id = account(&stores[0], n, self.fixture).await;
        let mut calls = Vec::new();
        for call in 0..self.tasks {
            let store = stores[call as usize % self.processes].clone();
            let charge = charge(id, call, self.price);
            calls.push(tokio::spawn(async move { store.charge(charge).await.expect("an answer") }));
        }
        let mut paid = 0;
        for call in calls {
            match call.await.expect("a call") {
                ChargeOutcome::Paid(_) => paid += 1,
                ChargeOutcome::Refused { balance } => assert!(balance < credits(self.price)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(paid, (self.fixture / self.price).min(self.tasks));
        let left = stores[0].balance(id).await.expect("an answer").expect("a balance");
        assert_eq!(left, credits(self.fixture - paid * self.price));
    }
}

const STORMS: [Storm; 8] = [
    Storm { fixture: 1, price: 1, tasks: 1_000, processes: 1 },
    Storm { fixture: 1, price: 1, tasks: 1_000, processes: 3 },
    Storm { fixture: 0, price: 1, tasks: 200, processes: 2 },
    Storm { fixture: 100, price: 7, tasks: 300, processes: 3 },
    Storm { fixture: 1_000, price: 1, tasks: 1_500, processes: 3 },
    Storm { fixture: 1_000, price: 1, tasks: 500, processes: 2 },
    Storm { fixture: 49, price: 50, tasks: 100, processes: 3 },
    Storm { fixture: 777, price: 50, tasks: 400, processes: 1 },
];

on_each_backend! {
    async fn accepted_calls_are_exactly_what_the_credits_cover(fixture: &TestStore) {
        let stores = [fixture.again().await, fixture.again().await, fixture.again().await];
        for round in 0..3 {
            for (n, storm) in STORMS.iter().enumerate() {
                storm.rage(&stores, round * STORMS.len() + n).await;
            }
        }
        audited(&stores[0]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn so_they_are_on_sqlite_without_its_own_check() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(open(folder.path()).await);
    let file = rusqlite::Connection::open(folder.path().join("accounts.db")).expect("the file");
    file.execute_batch(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (balance >= 0)', '') WHERE name = 'balances';",
    )
    .expect("an edited schema");
    drop(file);
    let stores = [open(folder.path()).await, open(folder.path()).await, open(folder.path()).await];
    for (n, storm) in STORMS.iter().enumerate() {
        storm.rage(&stores, n).await;
    }
    let report = stores[0].audit().await.expect("an audit");
    assert_eq!(report.problems_count, 1, "{:?}", report.problems);
    assert!(report.problems[0].what.contains("table balances"), "{:?}", report.problems);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn so_they_are_on_postgresql_without_its_own_check() {
    let Some(database) = TestDatabase::create().await else { return };
    database.sql("ALTER TABLE tagmeter.balances DROP CONSTRAINT balances_balance_check");
    let stores = [database.open().await, database.open().await, database.open().await];
    for (n, storm) in STORMS.iter().enumerate() {
        storm.rage(&stores, n).await;
    }
    let report = stores[0].audit().await.expect("an audit");
    assert_eq!(report.problems_count, 1, "{:?}", report.problems);
    assert!(report.problems[0].what.contains("balance >= 0"), "{:?}", report.problems);
}

on_each_backend! {
    async fn mixed_prices_and_grants_in_between_lose_nothing(fixture: &TestStore) {
        let stores = [fixture.again().await, fixture.again().await];
        let id = account(&stores[0], 0, 100).await;
        let mut calls = Vec::new();
        for n in 0..400_u64 {
            let store = stores[n as usize % 2].clone();
            let charge = charge(id, n, n % 50 + 1);
            calls.push(tokio::spawn(async move {
                let price = charge.credits.get();
                if is_paid(&store.charge(charge).await.expect("an answer")) { price } else { 0 }
            }));
        }
        let mut grants = Vec::new();
        for n in 0..40_u64 {
            // Each cause is granted from both processes at once.
            for store in &stores {
                let (store, cause) = (store.clone(), format!("gift {n}").parse::<Cause>().expect("a cause"));
                grants.push(tokio::spawn(async move {
                    store.grant(id, credits(25), &cause, NOW).await.expect("an answer")
                }));
            }
        }
        let (mut spent, mut given) = (0, 0);
        for call in calls {
            spent += call.await.expect("a call");
        }
        for grant in grants {
            given += u64::from(matches!(grant.await.expect("a grant"), Granted::Granted { .. }));
        }
        assert_eq!(given, 40);
        let left = stores[1].balance(id).await.expect("an answer");
        assert_eq!(left, Some(credits(100 + 40 * 25 - spent)));
        assert_eq!(audited(&stores[1]).await.credits_charged, spent);
    }

    async fn one_bad_call_spoils_none_of_those_it_is_committed_with(fixture: &TestStore) {
        let store = fixture.store().clone();
        let id = account(&store, 0, 10_000).await;
        let poor = account(&store, 1, 0).await;
        let mut calls = Vec::new();
        for n in 0..2_000_u64 {
            let charge = match n % 4 {
                0 => charge(id, n, 1),
                // The request id of the previous call.
                1 => charge(id, n - 1, 1),
                2 => charge(poor, n, 1),
                _ => charge(domain::AccountId(99), n, 1),
            };
            let store = store.clone();
            calls.push(tokio::spawn(async move { (n, store.charge(charge).await.expect("an answer")) }));
        }
        let (mut paid, mut doubles) = (0, 0);
        for call in calls {
            match call.await.expect("a call") {
                (n, ChargeOutcome::Paid(_)) if n % 4 < 2 => paid += 1,
                (n, ChargeOutcome::AlreadyCharged) if n % 4 < 2 => doubles += 1,
                (n, ChargeOutcome::Refused { .. }) if n % 4 == 2 => {}
                (n, ChargeOutcome::NoSuchAccount) if n % 4 == 3 => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((paid, doubles), (500, 500));
        assert_eq!(audited(&store).await.charges, 500);
    }

    async fn a_caller_that_hangs_up_is_charged_once_and_others_are_served(fixture: &TestStore) {
        let store = fixture.store().clone();
        let id = account(&store, 0, 1_000).await;
        let calls: Vec<_> = (0..500)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move { store.charge(charge(id, n, 1)).await })
            })
            .collect();
        for call in calls.iter().step_by(2) {
            call.abort();
        }
        let mut paid = Vec::new();
        for (n, call) in (0..).zip(calls) {
            if let Ok(outcome) = call.await {
                assert!(is_paid(&outcome.expect("an answer")));
                paid.push(n);
            }
        }
        let report = audited(&store).await;
        assert!(report.charges >= paid.len() as u64 && report.charges <= 500);
        for n in paid {
            assert!(store.charged(id, crate::support::request(n)).await.expect("an answer").is_some());
        }
        assert_eq!(store.ledger_activity().charges, report.charges);
    }
}
