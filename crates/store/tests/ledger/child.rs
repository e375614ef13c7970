//! A process of its own that charges until it is killed, and prints each receipt on its standard output.
//!
//! It is this test program, started again for the one test below, which does nothing in an ordinary run.

use crate::support::{NOW, account, open};
use domain::{Operation, RequestId, Timestamp};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::StoreError;
use store::ledger::{Charge, ChargeOutcome};

/// Variable of the folder to work in.
const FOLDER: &str = "LEDGER_CHILD_FOLDER";
/// Concurrent callers.
const CALLERS: u64 = 16;
/// Accounts they call for.
pub(crate) const ACCOUNTS: usize = 3;

/// Starts the child. `wrapper` is a command that runs the command given after it, or nothing.
pub(crate) fn start(folder: &Path, wrapper: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let program = std::env::current_exe().expect("this program").into_os_string();
    let mut line: Vec<std::ffi::OsString> = wrapper.iter().map(Into::into).collect();
    line.push(program);
    let mut child = Command::new(&line[0])
        .args(&line[1..])
        .args(["--exact", "child::charges_until_it_is_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    (child, output)
}

/// Parses a receipt that the child printed.
pub(crate) fn receipt(line: &str) -> Option<(usize, RequestId)> {
    let (account, request_id) = line.trim().strip_prefix("paid ")?.split_once(' ')?;
    Some((account.parse().ok()?, RequestId::parse(request_id)?))
}

fn report(line: &str) {
    let mut out = std::io::stdout().lock();
    // One write a line: only complete lines count.
    if out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

#[test]
#[ignore = "started by the tests that kill it"]
fn charges_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    runtime.block_on(async {
        let store = open(&folder).await;
        let mut ids = Vec::new();
        for n in 0..ACCOUNTS {
            ids.push(account(&store, n, 1 << 40).await);
        }
        let done = store.audit().await.expect("an audit").charges;
        // Request ids of a run follow those of the runs before.
        let next = Arc::new(AtomicU64::new(done * 2 + 1_000 * u64::from(std::process::id())));
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (store, ids, next) = (store.clone(), ids.clone(), Arc::clone(&next));
                tokio::spawn(async move { charge_forever(&store, &ids, &next).await })
            })
            .collect();
        for caller in callers {
            caller.await.expect("a caller");
        }
        // Only a failing ledger gets here: does it stay stopped once the disk works again?
        report("failed");
        std::io::stdin().lock().read_line(&mut String::new()).expect("a word to go on");
        for _ in 0..3 {
            let error =
                charge_once(&store, &ids, &next).await.expect_err("no receipt after a fault of the disk");
            report(if matches!(error, StoreError::Stopped(_)) { "stopped" } else { "other" });
        }
        report(if store.ledger_activity().stopped { "stopped" } else { "other" });
    });
}

async fn charge_forever(store: &store::Store, ids: &[domain::AccountId], next: &AtomicU64) {
    while charge_once(store, ids, next).await.is_ok() {}
}

async fn charge_once(
    store: &store::Store,
    ids: &[domain::AccountId],
    next: &AtomicU64,
) -> Result<(), StoreError> {
    let n = next.fetch_add(1, Ordering::Relaxed);
    let which = usize::try_from(n).expect("64 bits") % ids.len();
    let charge = Charge {
        account_id: ids[which],
        request_id: RequestId::new(Timestamp::from_ms(NOW.as_ms() + (n >> 8).cast_signed()), u128::from(n)),
        credits: domain::credits::PRICE_OF_A_CALL,
        operation: Operation::ChallengeInfoId,
        idempotency: None,
        at: NOW,
    };
    match store.charge(charge).await? {
        ChargeOutcome::Paid(receipt) => report(&format!("paid {which} {}", receipt.request_id())),
        // Ids may repeat those of an earlier child.
        ChargeOutcome::AlreadyCharged => {}
        other => panic!("{other:?}"),
    }
    Ok(())
}
