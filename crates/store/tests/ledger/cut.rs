//! A connection lost around a `COMMIT`: the charge is looked up, never retried.

use crate::proxy::{Cut, Proxy};
use crate::support::{account, audited, charge, credits, is_paid, request};
use store::ledger::{ChargeOutcome, Granted};
use store::{Store, StoreOptions};
use testkit::postgres::Cluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_settled_by_looking_the_charge_up() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let proxy = Proxy::start(cluster.folder().join(format!(".s.PGSQL.{}", cluster.port()))).await;
    let url = proxy.url("postgres").parse().expect("an address");
    let store = Store::open(&StoreOptions::at_url("", url)).await.expect("a store");
    let id = account(&store, 0, 100).await;
    for round in 0..20_u64 {
        let (lost, cut, after) = (10 * round, 10 * round + 1, 10 * round + 2);
        proxy.cut_next(Cut::After);
        let settled = store.charge(charge(id, lost, 1)).await.expect("looked up");
        let ChargeOutcome::Paid(receipt) = settled else { panic!("{settled:?}") };
        assert_eq!(receipt.balance_after(), credits(100 - 2 * round - 1));
        assert_eq!(receipt.sequence(), 2 * round + 2);

        proxy.cut_next(Cut::Before);
        let error = store.charge(charge(id, cut, 1)).await.expect_err("it was not charged");
        assert!(error.is_passing(), "{error}");
        assert_eq!(store.charged(id, request(cut)).await.expect("an answer"), None);
        // A call under a request id that was charged before is not mistaken for the interrupted one.
        assert_eq!(
            store.charge(charge(id, lost, 1)).await.expect("an answer"),
            ChargeOutcome::AlreadyCharged
        );
        assert!(is_paid(&store.charge(charge(id, after, 1)).await.expect("an answer")));
    }
    assert_eq!(proxy.cuts(), 40);
    let report = audited(&store).await;
    assert_eq!((report.charges, report.credits_held), (40, 60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_of_the_same_request_id_is_not_taken_for_the_one_that_was_cut() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let proxy = Proxy::start(cluster.folder().join(format!(".s.PGSQL.{}", cluster.port()))).await;
    let url = proxy.url("postgres").parse().expect("an address");
    let store = Store::open(&StoreOptions::at_url("", url)).await.expect("a store");
    let id = account(&store, 0, 100).await;
    assert!(is_paid(&store.charge(charge(id, 1, 1)).await.expect("an answer")));
    for cut in [Cut::Before, Cut::After] {
        proxy.cut_next(cut);
        // It was charged before and is not charged now, whatever the outcome of this transaction: no receipt.
        match store.charge(charge(id, 1, 1)).await {
            Ok(outcome) => assert_eq!(outcome, ChargeOutcome::AlreadyCharged),
            Err(error) => assert!(error.is_passing(), "{error}"),
        }
    }
    assert_eq!(audited(&store).await.charges, 1);
    let granted = store.grant(id, credits(1), &"gift".parse().expect("a cause"), crate::support::NOW).await;
    assert_eq!(granted.expect("a grant"), Granted::Granted { balance: credits(100) });
}
