//! The two ends of the power-cut test (`scripts/powercut.sh`):
//!
//! - `ledger_writer write FOLDER RECEIPTS [unsynced]` charges until it is killed and adds every receipt to the
//!   file RECEIPTS, which is on a disk that is not cut. `unsynced` breaks the ledger on purpose (needs the
//!   feature `seeded-bugs`), to prove that the test notices.
//! - `ledger_writer check FOLDER RECEIPTS` opens what the cut left, and prints the number of lost receipts.
#![expect(clippy::print_stdout, reason = "a test tool talks to its script")]

use domain::{AccountId, Credits, Email, Operation, RequestId, Timestamp};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::accounts::AccountCreated;
use store::ledger::{Charge, ChargeOutcome};
use store::{Store, StoreOptions};

const CALLERS: usize = 16;
const ACCOUNTS: usize = 20;
const AT: Timestamp = Timestamp::from_ms(1_800_000_000_000);

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["write", folder, receipts] => write(folder, receipts, false).await,
        ["write", folder, receipts, "unsynced"] => write(folder, receipts, true).await,
        ["check", folder, receipts] => check(folder, receipts).await,
        _ => Err("usage: ledger_writer write FOLDER RECEIPTS [unsynced] | check FOLDER RECEIPTS".into()),
    }
}

async fn accounts(store: &Store) -> Result<Vec<AccountId>, Failure> {
    let mut ids = Vec::new();
    for n in 0..ACCOUNTS {
        let email: Email = format!("caller-{n}@example.com").parse()?;
        let (AccountCreated::Created(id) | AccountCreated::EmailTaken(id)) =
            store.create_account(&email, Credits::new(1 << 40)?, AT).await?;
        ids.push(id);
    }
    Ok(ids)
}

async fn write(folder: &str, receipts: &str, unsynced: bool) -> Result<(), Failure> {
    let store = Store::open(&StoreOptions::in_folder(folder)).await?;
    let ids = accounts(&store).await?;
    if unsynced {
        #[cfg(feature = "seeded-bugs")]
        store.seed_bug_commits_are_not_synced().await?;
        #[cfg(not(feature = "seeded-bugs"))]
        return Err("`unsynced` needs a build with the feature `seeded-bugs`".into());
    }
    let file = Arc::new(std::fs::OpenOptions::new().create(true).append(true).open(receipts)?);
    // Above the ids of every writer before: each adds at most as many as there are charges.
    let first = store.audit().await?.charges * 2;
    let next = Arc::new(AtomicU64::new(first + 1_000_000 * u64::from(std::process::id())));
    let mut callers = Vec::new();
    for _ in 0..CALLERS {
        callers.push(tokio::spawn(charge_forever(
            store.clone(),
            ids.clone(),
            Arc::clone(&next),
            Arc::clone(&file),
        )));
    }
    for caller in callers {
        caller.await??;
    }
    Ok(())
}

async fn charge_forever(
    store: Store,
    ids: Vec<AccountId>,
    next: Arc<AtomicU64>,
    file: Arc<std::fs::File>,
) -> Result<(), Failure> {
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let account_id = ids[usize::try_from(n)? % ids.len()];
        let charge = Charge {
            account_id,
            request_id: RequestId::new(AT, u128::from(n)),
            credits: domain::credits::PRICE_OF_A_CALL,
            operation: Operation::ChallengeInfoId,
            idempotency: None,
            at: AT,
        };
        if let ChargeOutcome::Paid(receipt) = store.charge(charge).await? {
            // One write a line, appended: lines of several callers do not mix.
            (&*file).write_all(format!("{} {}\n", account_id.0, receipt.request_id()).as_bytes())?;
        }
    }
}

async fn check(folder: &str, receipts: &str) -> Result<(), Failure> {
    let store = Store::open(&StoreOptions::in_folder(folder)).await?;
    let (mut found, mut lost) = (0_u64, 0_u64);
    for line in std::fs::read_to_string(receipts)?.lines() {
        // The last line may be incomplete.
        let Some((account, request_id)) = line.split_once(' ') else { continue };
        let (Ok(account), Some(request_id)) = (account.parse(), RequestId::parse(request_id)) else {
            continue;
        };
        found += 1;
        lost += u64::from(store.charged(AccountId(account), request_id).await?.is_none());
    }
    let report = store.audit().await?;
    println!("receipts={found} lost={lost} audit={}", if report.ok() { "ok" } else { "NOT-OK" });
    for problem in report.problems.iter().take(10) {
        println!("{problem:?}");
    }
    Ok(())
}
