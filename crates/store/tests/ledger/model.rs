//! Random histories against a naive model: two stores on one folder, groups of charges, restarts.

use crate::support::{NOW, account, audited, charge, credits, request};
use domain::AccountId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use store::Store;
use store::ledger::{Cause, ChargeOutcome, Granted};
use testkit::TestStore;

#[derive(Debug, Clone)]
enum Step {
    /// Signs up, or tries it again.
    SignUp {
        account: usize,
        amount: u64,
    },
    Grant {
        account: usize,
        amount: u64,
        cause: u8,
    },
    /// Charges that wait together: account, request, price.
    Charges(Vec<(usize, u64, u64)>),
    /// Drops this store and opens it again.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let charges = prop::collection::vec((0..4_usize, 0..400_u64, 0..20_u64), 1..60);
    let step = prop_oneof![
        2 => (0..4_usize, 0..50_u64).prop_map(|(account, amount)| Step::SignUp { account, amount }),
        3 => (0..4_usize, 0..200_u64, 0..6_u8)
            .prop_map(|(account, amount, cause)| Step::Grant { account, amount, cause }),
        8 => charges.prop_map(Step::Charges),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec((0..2_usize, step), 1..40)
}

#[derive(Debug, Default)]
struct Model {
    /// Account number (1, 2, ...) by address, in order of signing up.
    numbers: BTreeMap<usize, i64>,
    balances: BTreeMap<i64, u64>,
    causes: BTreeMap<(i64, u8), u64>,
    charged: BTreeSet<(i64, u64)>,
}

impl Model {
    /// Returns the number of an address; an unused one if it did not sign up.
    fn id(&self, account: usize) -> AccountId {
        AccountId(self.numbers.get(&account).copied().unwrap_or(1_000))
    }

    fn charge(&mut self, id: AccountId, call: u64, price: u64) -> &'static str {
        let Some(balance) = self.balances.get_mut(&id.0) else { return "no account" };
        if self.charged.contains(&(id.0, call)) {
            return "already";
        }
        if *balance < price {
            return "refused";
        }
        *balance -= price;
        self.charged.insert((id.0, call));
        "paid"
    }

    fn grant(&mut self, id: AccountId, amount: u64, cause: u8) -> Granted {
        let Some(balance) = self.balances.get_mut(&id.0) else { return Granted::NoSuchAccount };
        if let Some(before) = self.causes.get(&(id.0, cause)) {
            return Granted::Already { credits: credits(*before) };
        }
        self.causes.insert((id.0, cause), amount);
        *balance += amount;
        Granted::Granted { balance: credits(*balance) }
    }
}

fn name(outcome: &ChargeOutcome) -> &'static str {
    match outcome {
        ChargeOutcome::Paid(_) => "paid",
        ChargeOutcome::Refused { .. } => "refused",
        ChargeOutcome::AlreadyCharged => "already",
        ChargeOutcome::NoSuchAccount => "no account",
        ChargeOutcome::Replayed { .. } | ChargeOutcome::KeyOfOtherRequest => "idempotent",
    }
}

async fn take(store: &Store, model: &mut Model, step: Step) {
    match step {
        Step::SignUp { account: n, amount } => {
            let id = account(store, n, amount).await;
            let next = model.numbers.len() as i64 + 1;
            assert_eq!(id.0, *model.numbers.entry(n).or_insert(next));
            model.balances.entry(id.0).or_insert(amount);
        }
        Step::Grant { account, amount, cause } => {
            let id = model.id(account);
            let text: Cause = format!("cause {cause}").parse().expect("a cause");
            let granted = store.grant(id, credits(amount), &text, NOW).await.expect("an answer");
            assert_eq!(granted, model.grant(id, amount, cause));
        }
        Step::Charges(calls) => {
            // On one thread tasks begin in order, so the calls queue in order and are committed in order.
            let tasks: Vec<_> = calls
                .iter()
                .map(|&(account, call, price)| {
                    let (store, charge) = (store.clone(), charge(model.id(account), call, price));
                    tokio::spawn(async move { store.charge(charge).await.expect("an answer") })
                })
                .collect();
            for ((account, call, price), task) in calls.into_iter().zip(tasks) {
                let outcome = task.await.expect("a call");
                let id = model.id(account);
                assert_eq!(name(&outcome), model.charge(id, call, price));
                if let ChargeOutcome::Paid(receipt) = outcome {
                    assert_eq!(receipt.balance_after().get(), model.balances[&id.0]);
                }
            }
        }
        Step::Restart => {}
    }
}

async fn run(fixture: TestStore, steps: Vec<(usize, Step)>) {
    let mut stores = [fixture.again().await, fixture.again().await];
    let mut model = Model::default();
    for (which, step) in steps {
        if matches!(step, Step::Restart) {
            stores[which] = fixture.again().await;
        }
        take(&stores[which], &mut model, step).await;
    }
    for (id, balance) in &model.balances {
        let stored = stores[0].balance(AccountId(*id)).await.expect("an answer");
        assert_eq!(stored, Some(credits(*balance)));
    }
    for (id, call) in &model.charged {
        assert!(stores[1].charged(AccountId(*id), request(*call)).await.expect("an answer").is_some());
    }
    let report = audited(&stores[0]).await;
    assert_eq!(report.charges, model.charged.len() as u64);
    assert_eq!(report.credits_held, model.balances.values().sum::<u64>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_ends_as_the_model_says_on_sqlite(steps in steps()) {
        runtime().block_on(async { run(TestStore::sqlite().await.expect("always here"), steps).await });
    }
}

proptest! {
    // A database is copied for each history.
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_ends_as_the_model_says_on_postgresql(steps in steps()) {
        runtime().block_on(async {
            if let Some(fixture) = TestStore::postgres().await {
                run(fixture, steps).await;
            }
        });
    }
}

/// One thread: tasks begin in order.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}
