//! Retention and disk space of stored answers.

use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_ms(1_781_028_995_250);
const RETENTION_MS: i64 = 60_000;

fn id(number: u64) -> RequestId {
    RequestId::new(NOW, u128::from(number))
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(NOW.as_ms() + ms)
}

fn spool(folder: &Path, bytes_max: u64, now: Timestamp) -> Arc<Spool> {
    Spool::open(Some(folder.to_owned()), bytes_max, RETENTION_MS, now).expect("a folder")
}

fn write(spool: &Arc<Spool>, number: u64, bytes: usize) -> io::Result<Arc<Stored>> {
    let mut draft = spool.draft(id(number))?;
    draft.write_all(&vec![7; bytes])?;
    draft.finish().map(|(stored, _)| stored)
}

fn record(number: u64, account: i64, stored: &Stored, paid_at: Timestamp) -> Record {
    Record {
        id: id(number).to_string(),
        account,
        question: "question".to_owned(),
        variant: "variant".to_owned(),
        tag: format!("tag{number}"),
        kind: "text/csv".to_owned(),
        coding: None,
        disposition: None,
        link: None,
        bytes: stored.bytes(),
        tail: String::new(),
        exported_at: None,
        paid_at_ms: paid_at.as_ms(),
        is_paid: true,
    }
}

fn retain(spool: &Arc<Spool>, number: u64, account: i64, bytes: usize, paid_at: Timestamp) {
    let stored = write(spool, number, bytes).expect("written");
    spool.retain(record(number, account, &stored, paid_at), stored).expect("retained");
}

fn numbers(spool: &Spool, account: i64, now: Timestamp, up_to: u64) -> Vec<u64> {
    let has = |number: &u64| {
        let id = id(*number).to_string();
        spool.find(AccountId(account), now, |record| record.id == id).is_some()
    };
    (0..up_to).filter(has).collect()
}

fn names(folder: &Path) -> usize {
    fs::read_dir(folder).expect("a folder").count()
}

#[test]
fn dropped_files_are_removed_and_release_their_space() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = spool(folder.path(), 100, NOW);
    let stored = write(&spool, 1, 100).expect("it fits");
    assert_eq!(write(&spool, 2, 1).expect_err("full").kind(), ErrorKind::StorageFull);
    assert_eq!(names(folder.path()), 1, "what did not fit is gone");
    drop(stored);
    assert_eq!((names(folder.path()), spool.room.taken.load(Relaxed)), (0, 0));
    retain(&spool, 3, 1, 100, NOW);
    assert_eq!(names(folder.path()), 2);
    spool.withdraw(AccountId(1), id(3));
    assert_eq!((names(folder.path()), spool.room.taken.load(Relaxed)), (0, 0));
}

#[test]
fn a_file_that_is_being_sent_stays_until_it_was_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = spool(folder.path(), 100, NOW);
    retain(&spool, 1, 1, 60, NOW);
    let sent = spool
        .find(AccountId(1), NOW, |_| true)
        .map(|retained| Arc::clone(&retained.stored))
        .expect("retained");
    // It is dropped to make room, but takes space until it was sent.
    assert_eq!(write(&spool, 2, 60).expect_err("full").kind(), ErrorKind::StorageFull);
    assert!(spool.find(AccountId(1), NOW, |_| true).is_none());
    assert!(sent.open().is_ok());
    drop(sent);
    write(&spool, 3, 60).expect("there is room again");
}

#[test]
fn another_process_loads_stored_answers_and_removes_abandoned_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = spool(folder.path(), 4_000, NOW);
    retain(&first, 1, 1, 100, NOW);
    retain(&first, 2, 2, 100, at(10));
    retain(&first, 3, 1, 100, at(-RETENTION_MS));
    let cut = write(&first, 4, 100).expect("written");
    let unpaid = Record { is_paid: false, ..record(4, 1, &cut, NOW) };
    first.retain(unpaid, cut).expect("retained");
    retain(&first, 5, 1, 100, NOW);
    fs::write(folder.path().join(id(5).to_string()), "shorter").expect("written");
    fs::write(folder.path().join("notes.txt"), "another's").expect("written");
    fs::write(folder.path().join(id(6).to_string()), "left").expect("written");
    // As if the process were killed.
    std::mem::forget(first);
    let again = spool(folder.path(), 4_000, NOW);
    assert_eq!(numbers(&again, 1, NOW, 9), [1, 4]);
    assert_eq!(numbers(&again, 2, NOW, 9), [2]);
    assert!(
        again.find(AccountId(1), NOW, |record| record.is_paid && record.id == id(4).to_string()).is_none()
    );
    assert_eq!(again.room.taken.load(Relaxed), 300);
    // Three answers with their records, the notes, and a file that may still be being written by another process.
    assert_eq!(names(folder.path()), 3 * 2 + 2);
    drop(again);
    let day_later = spool(folder.path(), 4_000, Timestamp::from_ms(i64::MAX / 2));
    assert_eq!((names(folder.path()), day_later.room.taken.load(Relaxed)), (1, 0));
}

#[test]
fn an_answer_paid_while_the_clock_was_ahead_is_retained_as_long_as_any_other() {
    const YEAR_MS: i64 = 365 * 86_400_000;
    let folder = tempfile::tempdir().expect("a folder");
    let first = spool(folder.path(), 4_000, at(YEAR_MS));
    retain(&first, 1, 1, 100, at(YEAR_MS));
    // The clock is corrected.
    first.sweep(NOW);
    retain(&first, 2, 1, 100, at(10));
    assert_eq!(numbers(&first, 1, at(RETENTION_MS - 1), 9), [1, 2], "nothing that was paid is dropped");
    assert_eq!(numbers(&first, 1, at(RETENTION_MS), 9), [2], "nor retained for longer");
    assert_eq!(numbers(&first, 1, at(RETENTION_MS + 10), 9), [] as [u64; 0]);
    assert_eq!((names(folder.path()), first.room.taken.load(Relaxed)), (0, 0));
    // The same after restarts, each of which finds the record.
    retain(&first, 3, 1, 100, at(YEAR_MS));
    std::mem::forget(first);
    for ms in [0, RETENTION_MS / 2, RETENTION_MS - 1] {
        let again = spool(folder.path(), 4_000, at(ms));
        assert_eq!(numbers(&again, 1, at(ms), 9), [3]);
        std::mem::forget(again);
    }
    let last = spool(folder.path(), 4_000, at(RETENTION_MS));
    assert_eq!((numbers(&last, 1, at(RETENTION_MS), 9), names(folder.path())), (vec![], 0));
}

#[test]
fn a_file_abandoned_while_the_clock_was_ahead_is_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(id(1).to_string());
    fs::write(&path, "left").expect("written");
    let year_ahead = std::time::UNIX_EPOCH
        + std::time::Duration::from_millis((NOW.as_ms() + 365 * 86_400_000).unsigned_abs());
    File::open(&path).and_then(|file| file.set_modified(year_ahead)).expect("set");
    drop(spool(folder.path(), 100, NOW));
    assert!(path.exists(), "it may still be written");
    drop(spool(folder.path(), 100, at(ABANDONED_MS)));
    assert!(!path.exists());
}

#[test]
fn one_account_does_not_fill_the_room_of_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = spool(folder.path(), 400, NOW);
    retain(&spool, 0, 2, 100, at(-1));
    for number in 1..=3 {
        retain(&spool, number, 1, 50, NOW);
    }
    assert_eq!(numbers(&spool, 1, NOW, 9), [2, 3]);
    assert_eq!(numbers(&spool, 2, NOW, 9), [0]);
    retain(&spool, 4, 1, 200, NOW);
    assert_eq!(numbers(&spool, 1, NOW, 9), [4], "the newest stays, however large");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// The space taken is the size of the files, whatever is stored, dropped and swept.
    #[test]
    fn the_room_taken_is_that_of_the_files(
        steps in proptest::collection::vec((1_i64..4, 1_usize..120, 0_i64..40_000), 1..25),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let (spool, mut now) = (spool(folder.path(), 400, NOW), NOW);
        for (number, (account, bytes, later_ms)) in (0..).zip(steps) {
            now = Timestamp::from_ms(now.as_ms() + later_ms);
            retain(&spool, number, account, bytes, now);
            spool.sweep(now);
            let entries = fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry"));
            let files = entries.filter(|entry| entry.path().extension().is_none());
            let on_disk: u64 = files.map(|entry| entry.metadata().expect("a file").len()).sum();
            let taken = spool.room.taken.load(Relaxed);
            prop_assert_eq!(on_disk, taken);
            prop_assert!(taken <= 400);
            let newest = numbers(&spool, account, now, number + 1).pop();
            prop_assert_eq!(newest, Some(number), "the newest is retained");
        }
    }
}
