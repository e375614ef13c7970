//! `kill -9` around calls to an upstream: each is counted durably before it is made, so a day's calls are never
//! exceeded, and hardly any of them is lost.

use domain::{Timestamp, UtcDay};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use store::upstream_calls::CallReservation;
use store::{Store, StoreOptions};

/// Variable of the folder that the child works in.
const FOLDER: &str = "UPSTREAM_CHILD_FOLDER";
const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);
const KILLS: usize = 300;
/// Calls of the day: enough that one for each kill is less than 5 % of them.
const CALLS_MAX: u64 = 7_200;

fn start(folder: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "calls_until_it_is_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    (child, output)
}

async fn open(folder: &Path) -> Store {
    Store::open(&StoreOptions::in_folder(folder)).await.expect("a store")
}

#[test]
#[ignore = "started by the test that kills it"]
fn calls_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let store = open(&folder).await;
        let mut out = std::io::stdout();
        loop {
            match store.reserve_upstream_call("original", UtcDay::of(NOW), Some(CALLS_MAX)).await {
                Ok(CallReservation::Reserved { .. }) => {
                    // The call itself: one write, which the parent sees completely or not at all.
                    if out.write_all(b"call\n").and_then(|()| out.flush()).is_err() {
                        return;
                    }
                }
                Ok(CallReservation::UsedUp { calls }) => {
                    assert_eq!(calls, CALLS_MAX);
                    return;
                }
                Err(error) => panic!("{error}"),
            }
        }
    });
}

/// Parses the calls on these lines.
fn calls(lines: &[String]) -> u64 {
    lines.iter().filter(|line| line.trim() == "call").count() as u64
}

#[tokio::test]
async fn the_calls_of_a_day_are_never_exceeded_over_hundreds_of_kills() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut dice = 88_172_645_463_325_252_u64;
    let mut made = 0;
    for _ in 0..KILLS {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let (mut child, mut output) = start(folder.path());
        let mut line = String::new();
        let mut seen = Vec::new();
        // A number of calls rather than a time: the same on a slow machine.
        let wanted = dice % 40;
        while calls(&seen) < wanted && output.read_line(&mut line).expect("a line") > 0 {
            seen.push(std::mem::take(&mut line));
        }
        child.kill().expect("killed");
        child.wait().expect("ended");
        // Calls made by then count, too.
        seen.extend(output.lines().map(|line| line.unwrap_or_default()));
        made += calls(&seen);
        assert!(made <= CALLS_MAX, "{made} calls");
    }
    let counted =
        open(folder.path()).await.upstream_calls("original", UtcDay::of(NOW)).await.expect("a number");
    assert!(made <= counted && counted - made <= KILLS as u64, "{made} made, {counted} counted");
    let (mut child, output) = start(folder.path());
    made += calls(&output.lines().map(|line| line.expect("a line")).collect::<Vec<_>>());
    assert!(child.wait().expect("ended").success());
    assert!((CALLS_MAX * 95 / 100..=CALLS_MAX).contains(&made), "{made} of {CALLS_MAX} calls could be made");
    let counted =
        open(folder.path()).await.upstream_calls("original", UtcDay::of(NOW)).await.expect("a number");
    assert_eq!(counted, CALLS_MAX);
    println!("{made} of {CALLS_MAX} calls were made over {KILLS} kills");
}
