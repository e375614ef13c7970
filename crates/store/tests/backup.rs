//! A backup during a storm of charges and an import: sound, and with every charge reported before it began.

use domain::{AccountId, Clock, Credits, Operation, RequestId};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use store::accounts::AccountCreated;
use store::backup::{BackupReport, backup};
use store::ledger::{Charge, ChargeOutcome};
use store::{Store, StoreError, StoreOptions};
use testkit::{FixedClock, TemporaryCatalog, video};

const CALLERS: u64 = 16;

async fn back_up(from: &Path, to: &Path) -> Result<BackupReport, StoreError> {
    backup(&StoreOptions::in_folder(from), to, Arc::new(|_, _| {})).await
}

async fn account(store: &Store, clock: &FixedClock) -> AccountId {
    let email = "me@example.com".parse().expect("an address");
    let credits = Credits::new(1_000_000).expect("credits");
    match store.create_account(&email, credits, clock.now()).await.expect("an account") {
        AccountCreated::Created(account_id) | AccountCreated::EmailTaken(account_id) => account_id,
    }
}

fn charge(account_id: AccountId, clock: &FixedClock, call: u64) -> Charge {
    Charge {
        account_id,
        request_id: RequestId::new(clock.now(), call.into()),
        credits: Credits::new(1).expect("credits"),
        operation: Operation::ChallengeInfoId,
        idempotency: None,
        at: clock.now(),
    }
}

/// Charges and imports until stopped; counts the reported charges.
struct Storm {
    is_over: Arc<AtomicBool>,
    reported: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Storm {
    fn begin(fixture: &Arc<TemporaryCatalog>, account_id: AccountId, clock: &FixedClock) -> Self {
        let (is_over, reported) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut tasks = Vec::new();
        for caller in 0..CALLERS {
            let (fixture, clock) = (Arc::clone(fixture), clock.clone());
            let (is_over, reported) = (Arc::clone(&is_over), Arc::clone(&reported));
            tasks.push(tokio::spawn(async move {
                for call in 0.. {
                    let charge = charge(account_id, &clock, call * CALLERS + caller);
                    let outcome = fixture.store().charge(charge).await.expect("an outcome");
                    assert!(matches!(outcome, ChargeOutcome::Paid(_)));
                    reported.fetch_add(1, Ordering::SeqCst);
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                }
            }));
        }
        let (fixture, over) = (Arc::clone(fixture), Arc::clone(&is_over));
        tasks.push(tokio::spawn(async move {
            for piece in 0.. {
                fixture.record((1..200).map(|n| video(piece * 1000 + n).tag("cat").plays(n).into())).await;
                if over.load(Ordering::SeqCst) {
                    return;
                }
            }
        }));
        Self { is_over, reported, tasks }
    }

    async fn end(self) {
        self.is_over.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.expect("no caller failed");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_in_a_storm_is_sound_and_has_every_charge_reported_before_it() {
    let (clock, home) = (FixedClock::default(), tempfile::tempdir().expect("a folder"));
    let fixture = Arc::new(TemporaryCatalog::open(&clock).await);
    fixture.record((1..5000).map(|n| video(n << 32).tag("cat").plays(n).into())).await;
    let account_id = account(fixture.store(), &clock).await;
    let storm = Storm::begin(&fixture, account_id, &clock);
    for round in 0..4 {
        let before = storm.reported.load(Ordering::SeqCst);
        let to = home.path().join(format!("deep/backup-{round}"));
        let report = back_up(fixture.folder(), &to).await.expect("a backup");
        assert!(report.audit.ok(), "{:#?}", report.audit.problems);
        let reported = storm.reported.load(Ordering::SeqCst);
        assert!(report.audit.charges >= before && report.audit.charges <= reported + CALLERS);
        assert!(reported > before, "the storm went on meanwhile");
        let mut names: Vec<_> =
            std::fs::read_dir(&to).expect("a folder").map(|e| e.expect("a file").file_name()).collect();
        names.sort();
        assert_eq!(names, ["accounts.db", "catalog.db"]);
        let copy = Store::open(&StoreOptions::in_folder(&to)).await.expect("the copy opens");
        let size = copy.catalog_size().await.expect("a size");
        assert_eq!((size.videos - 4999) % 199, 0, "an import is in the copy whole or not at all");
        assert_eq!(
            copy.identity().await.expect("an identity"),
            fixture.store().identity().await.expect("an identity")
        );
    }
    storm.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_goes_to_a_new_place_only() {
    let (clock, home) = (FixedClock::default(), tempfile::tempdir().expect("a folder"));
    let fixture = TemporaryCatalog::open(&clock).await;
    let to = home.path().join("backup");
    std::fs::create_dir(&to).expect("a folder");
    // The rest of an interrupted one.
    std::fs::create_dir(home.path().join("backup.unfinished")).expect("a folder");
    std::fs::write(home.path().join("backup.unfinished/catalog.db"), "half").expect("a file");
    back_up(fixture.folder(), &to).await.expect("an empty folder will do");
    assert!(!home.path().join("backup.unfinished").exists());
    let refused = back_up(fixture.folder(), &to).await.expect_err("it is full").to_string();
    assert!(refused.contains("is not an empty folder"), "{refused}");
    let refused = back_up(&home.path().join("nowhere"), &home.path().join("b")).await.expect_err("no source");
    assert!(refused.to_string().contains("there is no "), "{refused}");
    assert!(!home.path().join("b").exists());
}
