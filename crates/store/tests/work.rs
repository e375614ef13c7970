//! Work that waits, runs and ended, counted over all accounts, and deleted once it is old, the same on each backend.

use domain::{AccountId, JobId, Timestamp, UtcDay};
use store::Store;
use store::jobs::{JobCreated, JobEnd, JobKind, Lease, NewJob};
use store::work::{TrackedSum, WorkKind, WorkQueue};
use testkit::TestStore;

const DAY_MS: i64 = 86_400_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000 + ms)
}

async fn create(store: &Store, n: i64, account: i64, kind: JobKind) -> JobId {
    let id = JobId::new(at(n), 7);
    let account_id = AccountId(account);
    let job =
        NewJob { id, account_id, kind, request: "{}".to_owned(), node: None, idempotency: None, at: at(n) };
    assert!(matches!(store.create_job(job).await.expect("an answer"), JobCreated::Created(_)));
    id
}

/// Runs the oldest job of a kind to its end.
async fn run(store: &Store, kind: JobKind, end: JobEnd, ms: i64) {
    let lease = Lease { from: at(ms), until: at(ms + 100) };
    let (_, claim) = store.claim_job(&[kind], "a", lease).await.expect("an answer").expect("a job");
    assert!(store.finish_job(&claim, end, "{}".to_owned(), at(ms + 10)).await.expect("an answer"));
}

async fn queue(store: &Store, kind: WorkKind, now: i64) -> WorkQueue {
    let status = store.work_status(at(now), at(now - DAY_MS)).await.expect("an answer");
    assert_eq!(status.queues.len(), 7);
    *status.queues.iter().find(|queue| queue.kind == kind).expect("a queue of each kind")
}

testkit::on_each_backend! {
    async fn work_is_counted_by_kind_over_all_accounts(fixture: &TestStore) {
        let store = fixture.store();
        let nothing = |kind| WorkQueue {
            kind, waiting: 0, running: 0, oldest_due_at: None, last_ended_at: None, failed: None,
        };
        let status = store.work_status(at(0), at(-DAY_MS)).await.expect("an answer");
        assert_eq!(status.queues, [
            WorkQueue { failed: Some(0), ..nothing(WorkKind::Imports) },
            WorkQueue { failed: Some(0), ..nothing(WorkKind::Walks) },
            nothing(WorkKind::Readings),
            nothing(WorkKind::Evaluations),
            nothing(WorkKind::Deliveries),
            nothing(WorkKind::Reports),
            nothing(WorkKind::ReportMails),
        ]);
        assert_eq!(status.tracked, TrackedSum::default());
        for (n, account) in [(1, 1), (2, 2), (3, 1)] {
            create(store, n, account, JobKind::Walk).await;
        }
        create(store, 4, 1, JobKind::Import).await;
        let lease = Lease { from: at(10), until: at(20) };
        store.claim_job(&[JobKind::Walk], "a", lease).await.expect("an answer").expect("a job");
        assert_eq!(queue(store, WorkKind::Walks, 50).await, WorkQueue {
            waiting: 2, running: 1, oldest_due_at: Some(at(2)), failed: Some(0), ..nothing(WorkKind::Walks)
        });
        assert_eq!(queue(store, WorkKind::Imports, 50).await, WorkQueue {
            waiting: 1, oldest_due_at: Some(at(4)), failed: Some(0), ..nothing(WorkKind::Imports)
        });
        run(store, JobKind::Import, JobEnd::Failed, 60).await;
        let failed = queue(store, WorkKind::Imports, 100).await;
        assert_eq!((failed.waiting, failed.last_ended_at, failed.failed), (0, Some(at(70)), Some(1)));
        let later = queue(store, WorkKind::Imports, DAY_MS + 71).await;
        assert_eq!((later.last_ended_at, later.failed), (Some(at(70)), Some(0)), "it failed more than a day ago");
    }

    async fn what_ended_long_ago_is_deleted_and_what_runs_is_not(fixture: &TestStore) {
        let store = fixture.store();
        let mut ids = Vec::new();
        for n in 0..4 {
            ids.push(create(store, n, 1 + n % 2, JobKind::Import).await);
        }
        for ms in [100, 200, 300] {
            run(store, JobKind::Import, JobEnd::Done, ms).await;
        }
        assert_eq!(store.prune_jobs(at(110), 10).await.expect("pruned"), 0, "the first ended at 110");
        assert_eq!(store.prune_jobs(at(311), 2).await.expect("pruned"), 2, "the oldest two");
        let exists = async |n: usize| {
            let account_id = AccountId(1 + i64::try_from(n % 2).expect("small"));
            store.job(account_id, ids[n]).await.expect("an answer").is_some()
        };
        assert_eq!([exists(0).await, exists(1).await, exists(2).await, exists(3).await], [false, false, true, true]);
        assert_eq!(store.prune_jobs(at(i64::from(i32::MAX)), 10).await.expect("pruned"), 1, "one still waits");
        assert!(exists(3).await);

        let today = UtcDay::of(at(0));
        let tomorrow = UtcDay::of(today.ends_at());
        for day in [today, tomorrow] {
            store.reserve_upstream_call("original", day, None).await.expect("an answer");
        }
        assert_eq!(store.prune_upstream_calls(tomorrow).await.expect("pruned"), 1);
        assert_eq!(store.upstream_calls("original", today).await.expect("a count"), 0);
        assert_eq!(store.upstream_calls("original", tomorrow).await.expect("a count"), 1);
    }
}
