//! Leftovers of uploads are swept, and nothing that is still needed.

use catalog::jobs::Spool;
use domain::{AccountId, Clock, Credits, JobId, Timestamp};
use std::fs::File;
use std::time::{Duration, SystemTime};
use store::accounts::AccountCreated;
use store::jobs::{JobCreated, JobKind, NewJob};
use testkit::{FixedClock, Place, TemporaryCatalog};

/// Longer than the age of any leftover.
const DAYS: Duration = Duration::from_secs(2 * 24 * 3600);

async fn account(fixture: &TemporaryCatalog, clock: &FixedClock) -> AccountId {
    let email = "me@example.com".parse().expect("an address");
    let created =
        fixture.store().create_account(&email, Credits::ZERO, clock.now()).await.expect("an account");
    let AccountCreated::Created(account) = created else { panic!("{created:?}") };
    account
}

async fn job(fixture: &TemporaryCatalog, clock: &FixedClock, account_id: AccountId, number: u128) -> JobId {
    let at = clock.now();
    let (id, request) = (JobId::new(at, number), "{}".to_owned());
    let new = NewJob { id, account_id, kind: JobKind::Import, request, node: None, idempotency: None, at };
    let made = fixture.store().create_job(new).await.expect("a job");
    assert!(matches!(made, JobCreated::Created(_)), "{made:?}");
    id
}

/// Returns the time of its last write: now, by the clock of the file system.
fn now_of(file: &File) -> SystemTime {
    file.metadata().expect("metadata").modified().expect("a time")
}

fn put(spool: &Spool, name: &str, age: Duration) {
    std::fs::create_dir_all(spool.folder()).expect("a folder");
    let file = File::create(spool.path(name)).expect("a file");
    file.set_modified(now_of(&file) - age).expect("a time");
}

async fn what_nobody_wants_goes_and_the_rest_stays(place: &Place) {
    let now = now_of(&tempfile::tempfile().expect("a file"));
    let now = now.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let now_ms = i64::try_from(now.as_millis()).expect("before the year 292 million");
    let clock = FixedClock::at(Timestamp::from_ms(now_ms));
    let fixture = place.catalog(&clock).await;
    let spool = Spool::of(fixture.folder());
    let account_id = account(&fixture, &clock).await;
    spool.sweep(fixture.store(), clock.now()).await.expect("nothing to sweep");
    let waiting = Spool::name(account_id, job(&fixture, &clock, account_id, 1).await);
    let over = job(&fixture, &clock, account_id, 2).await;
    fixture.store().cancel_job(account_id, over, clock.now()).await.expect("an answer").expect("the job");
    let over = Spool::name(account_id, over);
    let of_no_job = |number| Spool::name(account_id, JobId::new(clock.now(), number));
    let (unborn, orphan) = (of_no_job(3), of_no_job(4));
    let [part, old_part] = [5, 6].map(|number| format!(".part-{}", of_no_job(number)));
    for (name, age) in [
        (&waiting, DAYS),
        (&over, Duration::ZERO),
        (&unborn, Duration::ZERO),
        (&orphan, DAYS),
        (&part, Duration::ZERO),
        (&old_part, DAYS),
        (&"notes.txt".to_owned(), DAYS),
    ] {
        put(&spool, name, age);
    }
    spool.sweep(fixture.store(), clock.now()).await.expect("swept");
    let entries = std::fs::read_dir(spool.folder()).expect("a folder");
    let mut left: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    let mut wanted = vec![waiting, unborn, part, "notes.txt".to_owned()];
    left.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(left, wanted);
}

testkit::test_on_each_backend! { what_nobody_wants_goes_and_the_rest_stays }
