//! A full disk is transient: no receipts, and charges continue once there is room. A failing one stops the
//! ledger.

use crate::child::{ACCOUNTS, receipt, start};
use crate::support::{account, audited, charge, is_paid, open, request};
use std::io::{BufRead, Write};
use std::process::{Command, Stdio};
use store::probe::Probed;
use testkit::SmallDisk;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_gives_no_receipts_and_heals_without_a_restart() {
    let Some(disk) = SmallDisk::mount("8m") else { return };
    let store = open(&disk.path().join("data")).await;
    let id = account(&store, 0, 1 << 30).await;
    let (mut paid, mut failed, mut n) = (Vec::new(), 0, 0);
    for _ in 0..10 {
        disk.fill();
        let failed_before = failed;
        while failed < failed_before + 3 {
            let calls: Vec<_> = (n..n + 40)
                .map(|n| {
                    let store = store.clone();
                    tokio::spawn(async move { (n, store.charge(charge(id, n, 1)).await) })
                })
                .collect();
            n += 40;
            for call in calls {
                match call.await.expect("a call") {
                    (n, Ok(outcome)) if is_paid(&outcome) => paid.push(n),
                    (_, Ok(other)) => panic!("{other:?}"),
                    (_, Err(error)) => {
                        assert!(error.is_passing(), "{error}");
                        failed += 1;
                    }
                }
            }
        }
        assert!(store.balance(id).await.expect("reading goes on").is_some());
        disk.make_room();
        n += 1;
        assert!(is_paid(&store.charge(charge(id, n, 1)).await.expect("healed")), "healed");
        paid.push(n);
        n += 1;
    }
    // A call with an error was not charged, one with a receipt was.
    assert_eq!(audited(&store).await.charges, paid.len() as u64);
    for n in paid {
        assert!(store.charged(id, request(n)).await.expect("an answer").is_some());
    }
    assert!(failed >= 30);
}

/// The kernel limits the child's files to 768 KB: a real I/O error during a commit.
const LIMITED: [&str; 3] = ["sh", "-c", "trap '' XFSZ; ulimit -S -f 1536; exec \"$0\" \"$@\""];

#[tokio::test]
async fn a_failing_disk_stops_the_ledger_until_a_restart() {
    if !Command::new("prlimit").arg("--version").stdout(Stdio::null()).status().is_ok_and(|s| s.success()) {
        eprintln!("skipped: prlimit (util-linux) is not here");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, mut output) = start(folder.path(), &LIMITED);
    let mut receipts = Vec::new();
    let mut line = String::new();
    while line.trim() != "failed" {
        line.clear();
        assert!(output.read_line(&mut line).expect("a line") > 0, "the child ended early");
        receipts.extend(receipt(&line));
    }
    // The disk works again; its losses in between are unknown, so the ledger must not continue.
    let lifted =
        Command::new("prlimit").args(["--fsize=unlimited", "--pid", &child.id().to_string()]).status();
    assert!(lifted.is_ok_and(|status| status.success()));
    child.stdin.take().expect("its input").write_all(b"go on\n").expect("a word");
    let lines: Vec<_> = output.lines().map_while(Result::ok).collect();
    assert_eq!(lines.iter().filter(|line| *line == "stopped").count(), 4, "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("paid") || line == "other"), "{lines:?}");
    assert!(child.wait().expect("ended").success());

    let store = open(folder.path()).await;
    let mut ids = Vec::new();
    for n in 0..ACCOUNTS {
        ids.push(account(&store, n, 0).await);
    }
    assert!(receipts.len() > 100, "{}", receipts.len());
    for (which, request_id) in receipts {
        assert!(store.charged(ids[which], request_id).await.expect("an answer").is_some());
    }
    assert!(is_paid(&store.charge(charge(ids[0], u64::MAX, 1)).await.expect("a charge after the restart")));
    audited(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_of_each_file_sees_a_full_disk_and_that_there_is_room_again() {
    let Some(disk) = SmallDisk::mount("8m") else { return };
    let store = open(&disk.path().join("data")).await;
    for file in [Probed::Ledger, Probed::Catalog, Probed::Walks] {
        let probe = async || store.probe(file).await.expect("its writer is free");
        probe().await.expect("there is room");
        disk.fill();
        let error = probe().await.expect_err("the disk is full");
        assert!(error.is_passing() && !error.is_busy(), "{file:?}: {error}");
        disk.make_room();
        probe().await.expect("there is room again");
    }
}
