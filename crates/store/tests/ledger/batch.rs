//! Many accounts in one commit on PostgreSQL: each gets its own outcome, whatever the others' are.

use crate::support::{account, audited, charge, credits, is_paid, request};
use domain::AccountId;
use futures_util::future::join_all;
use store::idempotency::{Fingerprint, Idempotent, StoredAnswer};
use store::ledger::{Charge, ChargeOutcome};
use store::{Store, StoreOptions};
use testkit::postgres::{Cluster, Pooler, TestDatabase};

/// Accounts with the same remainder by this number are charged by the same lane.
const LANES: i64 = 4;

/// Creates so many accounts of one lane, each with ten credits.
async fn accounts_of_one_lane(store: &Store, count: usize) -> Vec<AccountId> {
    let mut ids: Vec<AccountId> = Vec::new();
    for n in 0.. {
        let id = account(store, n, 10).await;
        if id.0 % LANES == 0 {
            ids.push(id);
        }
        if ids.len() == count {
            break;
        }
    }
    ids
}

fn once(charge: Charge) -> Charge {
    let idempotency = Box::new(Idempotent {
        key: "once".parse().expect("a key"),
        fingerprint: Fingerprint::of(b"/a"),
        answer: StoredAnswer::new(200, "text/plain", charge.request_id.to_string().into())
            .expect("an answer"),
    });
    Charge { idempotency: Some(idempotency), ..charge }
}

/// Charges at once: on one thread all of these wait before a lane gets its turn, which makes them one round.
async fn at_once(store: &Store, charges: Vec<Charge>) -> Vec<Result<ChargeOutcome, store::StoreError>> {
    join_all(charges.into_iter().map(|charge| store.charge(charge))).await
}

async fn each_gets_its_own(store: &Store, other_node: &Store) {
    let ids = accounts_of_one_lane(store, 8).await;
    let [moved, poor, repeated, doubled] = [ids[0], ids[2], ids[4], ids[6]];
    let first = ids.iter().map(|id| charge(*id, 1, 1)).collect();
    assert!(at_once(store, first).await.into_iter().all(|outcome| is_paid(&outcome.expect("an answer"))));
    // Charges unknown to this node.
    assert!(is_paid(&other_node.charge(charge(moved, 2, 1)).await.expect("an answer")));
    assert!(is_paid(&other_node.charge(once(charge(repeated, 2, 1))).await.expect("an answer")));
    assert!(is_paid(&store.charge(charge(repeated, 3, 1)).await.expect("an answer")));

    let before = store.ledger_activity();
    let calls = ids.iter().map(|id| match *id {
        id if id == poor => charge(id, 4, 10),
        id if id == repeated => once(charge(id, 4, 1)),
        id if id == doubled => charge(id, 1, 1),
        id => charge(id, 4, 1),
    });
    let outcome = at_once(store, calls.chain([charge(AccountId(99_999 * LANES), 4, 1)]).collect()).await;
    let mut outcome = outcome.into_iter().map(|outcome| outcome.expect("an answer"));
    for id in ids {
        let outcome = outcome.next().expect("an answer each");
        match id {
            id if id == poor => assert_eq!(outcome, ChargeOutcome::Refused { balance: credits(9) }),
            id if id == doubled => assert_eq!(outcome, ChargeOutcome::AlreadyCharged),
            id if id == repeated => {
                let ChargeOutcome::Replayed { answer, request_id, balance } = outcome else {
                    panic!("{outcome:?}")
                };
                assert_eq!(answer.body(), request(2).to_string().as_bytes());
                assert_eq!((request_id, balance), (request(2), credits(7)));
            }
            id => {
                let ChargeOutcome::Paid(receipt) = outcome else { panic!("{outcome:?}") };
                let charges = if id == moved { 3 } else { 2 };
                assert_eq!(receipt.balance_after(), credits(10 - charges));
                assert_eq!(receipt.sequence(), charges + 1);
            }
        }
    }
    assert_eq!(outcome.next(), Some(ChargeOutcome::NoSuchAccount));
    let after = store.ledger_activity();
    assert_eq!(after.commits_failed, before.commits_failed);
    assert_eq!(after.commits - before.commits, 2, "those that were known, and those that were locked first");
    audited(store).await;
}

#[tokio::test]
async fn one_that_moved_one_not_covered_and_one_repeated_hold_up_no_other() {
    let Some(database) = TestDatabase::create().await else { return };
    each_gets_its_own(&database.open().await, &database.open().await).await;
}

#[tokio::test]
async fn so_it_is_through_a_pooler_of_transactions() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let Some(pooler) = Pooler::start(&cluster).await else { return };
    let open =
        async || Store::open(&StoreOptions::at_url("", pooler.url("postgres"))).await.expect("a store");
    each_gets_its_own(&open().await, &open().await).await;
}

#[tokio::test]
async fn an_account_that_cannot_be_written_fails_alone() {
    let Some(database) = TestDatabase::create().await else { return };
    let store = database.open().await;
    let ids = accounts_of_one_lane(&store, 4).await;
    database.sql(&format!(
        "CREATE TRIGGER spoilt BEFORE UPDATE ON tagmeter.balances FOR EACH ROW WHEN (old.account_id = {})
         EXECUTE FUNCTION tagmeter.refuse()",
        ids[2].0
    ));
    // Locked first, then from the cached heads of those that succeeded.
    for n in 1..=2 {
        let outcome = at_once(&store, ids.iter().map(|id| charge(*id, n, 1)).collect()).await;
        for (id, outcome) in ids.iter().zip(outcome) {
            match outcome {
                Ok(outcome) => assert!(is_paid(&outcome) && *id != ids[2], "{outcome:?}"),
                Err(error) => assert_eq!(*id, ids[2], "{error}"),
            }
        }
    }
    database.sql("DROP TRIGGER spoilt ON tagmeter.balances");
    assert_eq!(audited(&store).await.charges, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_charge_the_same_accounts_never_wait_in_a_circle() {
    const ROUNDS: u64 = 30;
    let Some(database) = TestDatabase::create().await else { return };
    let nodes = [database.open().await, database.open().await, database.open().await];
    let mut ids = Vec::new();
    for n in 0..40 {
        ids.push(account(&nodes[0], n, 1_000).await);
    }
    let work = (0..).zip(&nodes).map(|(node, store)| {
        let (store, mut ids) = (store.clone(), ids.clone());
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                // Each node in a different order.
                ids.rotate_left(7 + node);
                let calls = ids.iter().map(|id| charge(*id, node as u64 * ROUNDS + round, 1)).collect();
                for outcome in at_once(&store, calls).await {
                    assert!(is_paid(&outcome.expect("an answer")));
                }
            }
        })
    });
    for node in work.collect::<Vec<_>>() {
        node.await.expect("a node");
    }
    for store in &nodes {
        assert_eq!(store.ledger_activity().commits_failed, 0);
    }
    assert_eq!(audited(&nodes[0]).await.charges, 3 * ROUNDS * 40);
}
