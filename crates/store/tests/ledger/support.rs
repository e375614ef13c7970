//! Helpers of the ledger's tests.

use domain::{AccountId, Credits, Email, Operation, RequestId, Timestamp};
use std::path::Path;
use store::accounts::AccountCreated;
use store::ledger::{Charge, ChargeOutcome};
use store::{Store, StoreOptions};

/// Default time in these tests.
pub(crate) const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

pub(crate) async fn open(folder: &Path) -> Store {
    Store::open(&StoreOptions::in_folder(folder)).await.expect("a store")
}

pub(crate) fn credits(amount: u64) -> Credits {
    Credits::new(amount).expect("credits")
}

/// Returns the n-th request.
pub(crate) fn request(n: u64) -> RequestId {
    RequestId::new(Timestamp::from_ms(NOW.as_ms() + (n / 16).cast_signed()), u128::from(n))
}

pub(crate) fn email(n: usize) -> Email {
    format!("caller-{n}@example.com").parse().expect("an address")
}

/// Returns the account of the n-th address, created if it does not exist.
pub(crate) async fn account(store: &Store, n: usize, amount: u64) -> AccountId {
    match store.create_account(&email(n), credits(amount), NOW).await.expect("an account") {
        AccountCreated::Created(id) | AccountCreated::EmailTaken(id) => id,
    }
}

/// Returns a charge without an `Idempotency-Key`.
pub(crate) fn charge(account_id: AccountId, n: u64, price: u64) -> Charge {
    Charge {
        account_id,
        request_id: request(n),
        credits: credits(price),
        operation: Operation::ChallengeInfoId,
        idempotency: None,
        at: NOW,
    }
}

pub(crate) fn is_paid(outcome: &ChargeOutcome) -> bool {
    matches!(outcome, ChargeOutcome::Paid(_))
}

/// Panics unless the ledger is sound.
pub(crate) async fn audited(store: &Store) -> store::audit::AuditReport {
    let report = store.audit().await.expect("an audit");
    assert!(report.ok(), "{:#?}", report.problems);
    assert_eq!(report.credits_held, report.credits_granted - report.credits_charged);
    report
}
