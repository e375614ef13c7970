//! `kill -9` under load: no reported charge is lost, and the file opens again without repair.

use crate::child::{ACCOUNTS, receipt, start};
use crate::support::{account, audited, open};
use std::io::BufRead;

/// Default number of kills.
const KILLS: usize = 20;

#[tokio::test]
async fn no_receipt_is_lost_by_kill_9() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut dice = 88_172_645_463_325_252_u64;
    let mut reported = 0;
    for _ in 0..KILLS {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let (mut child, mut output) = start(folder.path(), &[]);
        let mut receipts = Vec::new();
        let mut line = String::new();
        // A number of receipts rather than a time: the same on a slow machine. Some kills hit the first commit.
        let wanted = usize::try_from(dice % 400).expect("small");
        while receipts.len() < wanted && output.read_line(&mut line).expect("a line") > 0 {
            receipts.extend(receipt(&line));
            line.clear();
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
        // Receipts printed by then count, too.
        for rest in output.lines() {
            receipts.extend(receipt(&rest.unwrap_or_default()));
        }
        let store = open(folder.path()).await;
        let mut ids = Vec::new();
        for n in 0..ACCOUNTS {
            ids.push(account(&store, n, 1 << 40).await);
        }
        for (which, request_id) in &receipts {
            let charged = store.charged(ids[*which], *request_id).await.expect("an answer");
            assert!(charged.is_some(), "a receipt was lost: {request_id}");
        }
        reported += receipts.len();
        assert!(audited(&store).await.charges >= reported as u64);
    }
    assert!(reported > KILLS, "the child did charge");
}
