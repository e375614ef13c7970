//! The same `Idempotency-Key`, the same answer, one charge: in one process, in two, and after a restart.

use crate::support::{NOW, account, audited, charge, credits, open, request};
use domain::{AccountId, Timestamp};
use store::idempotency::{Fingerprint, Idempotent, KeyLookup, StoredAnswer};
use store::ledger::{Charge, ChargeOutcome};
use testkit::{TestStore, on_each_backend};

/// Returns a call under a key, for a request, with its answer.
fn call(id: AccountId, n: u64, key: &str, request: &str, body: &str) -> Charge {
    let idempotency = Box::new(Idempotent {
        key: key.parse().expect("a key"),
        fingerprint: Fingerprint::of(request.as_bytes()),
        answer: StoredAnswer::new(200, "application/json", body.into()).expect("an answer"),
    });
    Charge { idempotency: Some(idempotency), ..charge(id, n, 1) }
}

on_each_backend! {
    async fn pairs_of_calls_get_the_same_bytes_for_one_charge(fixture: &TestStore) {
        const PAIRS: u64 = 1_000;
        let stores = [fixture.again().await, fixture.again().await];
        let id = account(&stores[0], 0, 2 * PAIRS).await;
        let mut pairs = Vec::new();
        for n in 0..PAIRS {
            let [first, second] = [0, 1].map(|half| {
                let store = stores[usize::try_from((n / 2 + half) % 2).expect("0 or 1")].clone();
                let call = call(id, 2 * n + half, &format!("key-{n}"), "/a", &format!("answer {n} of {half}"));
                tokio::spawn(async move { store.charge(call).await.expect("an answer") })
            });
            pairs.push((first, second));
        }
        for (n, (first, second)) in (0..).zip(pairs) {
            let outcomes = (first.await.expect("a call"), second.await.expect("a call"));
            let (receipt, answer, request_id) = match outcomes {
                (ChargeOutcome::Paid(receipt), ChargeOutcome::Replayed { answer, request_id, .. })
                | (ChargeOutcome::Replayed { answer, request_id, .. }, ChargeOutcome::Paid(receipt)) => {
                    (receipt, answer, request_id)
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(receipt.request_id(), request_id);
            let half = u64::from(request_id == request(2 * n + 1));
            assert_eq!(answer.body(), format!("answer {n} of {half}").as_bytes());
        }
        assert_eq!(audited(&stores[0]).await.charges, PAIRS);
    }

    async fn many_accounts_charged_by_three_nodes_at_once_pay_once_for_a_key(fixture: &TestStore) {
        const ACCOUNTS: u64 = 24;
        const KEYS: u64 = 10;
        let stores = [fixture.again().await, fixture.again().await, fixture.again().await];
        let mut ids = Vec::new();
        for n in 0..ACCOUNTS {
            // The last of them cannot pay for all its keys.
            ids.push(account(&stores[0], n as usize, if n + 1 == ACCOUNTS { KEYS - 1 } else { KEYS }).await);
        }
        let mut calls = Vec::new();
        for n in 0..ACCOUNTS * KEYS {
            let (which, key) = (n % ACCOUNTS, n / ACCOUNTS);
            for (node, store) in stores.iter().enumerate() {
                let call = call(ids[which as usize], 3 * n + node as u64, &format!("key-{key}"), "/a", "answer");
                let store = store.clone();
                calls.push((which, key, tokio::spawn(async move { store.charge(call).await.expect("an answer") })));
            }
        }
        let mut paid = std::collections::BTreeMap::<(u64, u64), u64>::new();
        for (which, key, call) in calls {
            match call.await.expect("a call") {
                ChargeOutcome::Paid(_) => *paid.entry((which, key)).or_default() += 1,
                ChargeOutcome::Replayed { answer, .. } => assert_eq!(answer.body(), b"answer"),
                ChargeOutcome::Refused { balance } => assert_eq!((which, balance), (ACCOUNTS - 1, credits(0))),
                other => panic!("{other:?}"),
            }
        }
        assert!(paid.values().all(|times| *times == 1), "{paid:?}");
        assert_eq!(paid.len() as u64, ACCOUNTS * KEYS - 1);
        let report = audited(&stores[0]).await;
        assert_eq!((report.charges, report.credits_held), (ACCOUNTS * KEYS - 1, 0));
    }

    async fn a_key_outlives_restart_and_poverty_but_not_its_request(fixture: &TestStore) {
        let store = fixture.again().await;
        let (id, other) = (account(&store, 0, 1).await, account(&store, 1, 1).await);
        let first = store.charge(call(id, 1, "k", "/a", "one")).await.expect("an answer");
        assert!(matches!(first, ChargeOutcome::Paid(_)));
        drop(store);
        let store = fixture.again().await;
        let replayed = store.charge(call(id, 2, "k", "/a", "two")).await.expect("an answer");
        let ChargeOutcome::Replayed { answer, request_id, balance } = replayed else { panic!("{replayed:?}") };
        assert_eq!((answer.status(), answer.content_type()), (200, "application/json"));
        assert_eq!((answer.body(), request_id, balance), (&b"one"[..], request(1), credits(0)));
        let reused = store.charge(call(id, 3, "k", "/b", "two")).await.expect("an answer");
        assert_eq!(reused, ChargeOutcome::KeyOfOtherRequest);
        // A key belongs to its account.
        let others = store.charge(call(other, 4, "k", "/b", "two")).await.expect("an answer");
        assert!(matches!(others, ChargeOutcome::Paid(_)));

        let key = "k".parse().expect("a key");
        let ask = async |request: &str| {
            store.idempotent_answer(id, &key, Fingerprint::of(request.as_bytes())).await.expect("an answer")
        };
        assert!(matches!(ask("/a").await, Some(KeyLookup::Answer { request_id, .. }) if request_id == request(1)));
        assert_eq!(ask("/b").await, Some(KeyLookup::OtherRequest));
        const RETENTION_MS: i64 = 86_400_000;
        let later = |ms: i64| Timestamp::from_ms(NOW.as_ms() + ms);
        let forget = async |now, limit| {
            store.forget_idempotent_answers(now, RETENTION_MS, limit).await.expect("a number")
        };
        assert_eq!(forget(later(RETENTION_MS), 10).await, 0);
        assert_eq!(forget(later(RETENTION_MS + 1), 1).await, 1);
        assert_eq!(forget(later(RETENTION_MS + 1), 10).await, 1);
        assert_eq!(ask("/a").await, None);
        audited(&store).await;
    }

    async fn an_answer_stored_while_the_clock_was_ahead_is_retained_as_long_as_any_other(fixture: &TestStore) {
        const RETENTION_MS: i64 = 86_400_000;
        let store = fixture.store();
        let id = account(store, 0, 3).await;
        let paid = store.charge(call(id, 1, "k", "/a", "one")).await.expect("an answer");
        assert!(matches!(paid, ChargeOutcome::Paid(_)));
        // The clock is corrected by a year.
        let right = |ms: i64| Timestamp::from_ms(NOW.as_ms() - 365 * RETENTION_MS + ms);
        let forget = async |now| store.forget_idempotent_answers(now, RETENTION_MS, 10).await.expect("a number");
        for ms in [0, 1, RETENTION_MS] {
            assert_eq!(forget(right(ms)).await, 0);
            let again = store.charge(call(id, 2, "k", "/a", "two")).await.expect("an answer");
            assert!(matches!(again, ChargeOutcome::Replayed { .. }), "nothing is paid twice: {again:?}");
        }
        assert_eq!(forget(right(RETENTION_MS + 1)).await, 1);
        audited(store).await;
    }

    async fn a_call_that_is_not_covered_stores_nothing(fixture: &TestStore) {
        let store = fixture.store().clone();
        let id = account(&store, 0, 0).await;
        let refused = store.charge(call(id, 1, "k", "/a", "one")).await.expect("an answer");
        assert_eq!(refused, ChargeOutcome::Refused { balance: credits(0) });
        let key = "k".parse().expect("a key");
        assert_eq!(store.idempotent_answer(id, &key, Fingerprint::of(b"/a")).await.expect("an answer"), None);
        audited(&store).await;
    }
}

#[tokio::test]
async fn the_write_ahead_log_stays_bounded() {
    const ANSWERS: u64 = 120;
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).await;
    let id = account(&store, 0, ANSWERS).await;
    let body = "x".repeat(1 << 20);
    let mut largest = 0;
    for n in 0..ANSWERS {
        let call = call(id, n, &format!("key-{n}"), "/a", &body);
        assert!(matches!(store.charge(call).await, Ok(ChargeOutcome::Paid(_))));
        let log = std::fs::metadata(folder.path().join("accounts.db-wal")).expect("the log");
        largest = largest.max(log.len());
    }
    // Without checkpoints it would grow to 120 MB; they run every 10,000 pages of 4 KB.
    assert!((30 << 20..48 << 20).contains(&largest), "{largest}");
    audited(&store).await;
}
