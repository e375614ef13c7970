//! Measures durable charges:
//! `ledger_bench [CALLERS] [ACCOUNTS] [CHARGES] [FOLDER or --database-url=postgres://...]`, then audits the
//! ledger.
//!
//! Each caller charges one credit to a random account, waits for the receipt, and continues. Prints charges a
//! second, charges a commit, and the waiting time of a caller.
#![expect(clippy::print_stdout, reason = "a measuring tool talks to whoever runs it")]
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the monotonic clock")]

use domain::{AccountId, Credits, Email, Operation, RequestId, Timestamp};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use store::accounts::AccountCreated;
use store::ledger::{Charge, ChargeOutcome};
use store::{Store, StoreOptions};

/// A random number generator of a few lines (xorshift), so that the bench measures the ledger.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    let (callers, accounts, charges) = (number(64)?, number(1_000)?, number(600_000)?);
    let own = tempfile::tempdir()?;
    let place = std::env::args().nth(4);
    let options = match place.as_deref().map(|place| (place, place.strip_prefix("--database-url="))) {
        None => StoreOptions::in_folder(own.path()),
        Some((_, Some(url))) => StoreOptions::at_url(own.path(), url.parse()?),
        Some((folder, None)) => StoreOptions::in_folder(PathBuf::from(folder)),
    };
    let store = Store::open(&options).await?;
    let at = Timestamp::from_ms(1_800_000_000_000);
    let mut ids = Vec::new();
    for account in 0..accounts {
        let email: Email = format!("caller-{account}@example.com").parse()?;
        let (AccountCreated::Created(id) | AccountCreated::EmailTaken(id)) =
            store.create_account(&email, Credits::new(1 << 40)?, at).await?;
        ids.push(id);
    }
    let began = Instant::now();
    let mut tasks = Vec::new();
    for caller in 0..callers {
        let share = charges / callers;
        tasks.push(tokio::spawn(charge_in_turn(store.clone(), ids.clone(), caller, share, at, began)));
    }
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await?);
    }
    let took = began.elapsed().as_secs_f64();
    waits.sort_unstable();
    let at_share = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "{callers} callers, {accounts} accounts: {:.0} durable charges/s; waited p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, longest {:.1} ms",
        waits.len() as f64 / took,
        at_share(0.5),
        at_share(0.99),
        at_share(0.999),
        at_share(1.0)
    );
    let activity = store.ledger_activity();
    println!(
        "{} charges in {} commits, {:.1} a commit",
        activity.charges,
        activity.commits,
        activity.charges as f64 / activity.commits.max(1) as f64
    );
    let began = Instant::now();
    let report = store.audit().await?;
    println!(
        "audit of {} entries of {} accounts: {} in {:.1} s",
        report.entries,
        report.accounts,
        if report.ok() { "ok" } else { "NOT OK" },
        began.elapsed().as_secs_f64()
    );
    for problem in report.problems.iter().take(10) {
        println!("{problem:?}");
    }
    Ok(())
}

async fn charge_in_turn(
    store: Store,
    ids: Vec<AccountId>,
    caller: u64,
    charges: u64,
    at: Timestamp,
    began: Instant,
) -> Vec<Duration> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (caller + 1).wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut waits = Vec::new();
    let price = Credits::new(1).expect("a credit");
    for _ in 0..charges {
        let sent = Instant::now();
        let now = Timestamp::from_ms(at.as_ms() + sent.duration_since(began).as_millis() as i64);
        let random = (u128::from(dice.roll()) << 64) | u128::from(dice.roll());
        let charge = Charge {
            account_id: ids[dice.roll() as usize % ids.len()],
            request_id: RequestId::new(now, random),
            credits: price,
            operation: Operation::ChallengeInfoId,
            idempotency: None,
            at: now,
        };
        let outcome = store.charge(charge).await.expect("a charge");
        assert!(matches!(outcome, ChargeOutcome::Paid(_)), "{outcome:?}");
        waits.push(sent.elapsed());
    }
    waits
}
