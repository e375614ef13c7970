//! The life of jobs: created once, claimed by one, extended, ended and cancelled, the same on each backend.

use domain::{AccountId, JobId, Timestamp};
use store::Store;
use store::idempotency::Fingerprint;
use store::jobs::{Claim, Job, JobCheckpoint, JobCreated, JobEnd, JobKind, JobState, Lease, NewJob};
use testkit::TestStore;

const ME: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);
const KINDS: [JobKind; 2] = [JobKind::Import, JobKind::Walk];

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000 + ms)
}

fn new_job(n: i64, account_id: AccountId, kind: JobKind) -> NewJob {
    let id = JobId::new(at(n), 7);
    let request = format!("{{\"n\":{n}}}");
    NewJob { id, account_id, kind, request, node: None, idempotency: None, at: at(n) }
}

fn with_key(job: NewJob, key: &str) -> NewJob {
    let fingerprint = Fingerprint::of(job.request.as_bytes());
    NewJob { idempotency: Some((key.parse().expect("a key"), fingerprint)), ..job }
}

async fn create(store: &Store, job: NewJob) -> Job {
    match store.create_job(job).await.expect("an answer") {
        JobCreated::Created(job) => job,
        other => panic!("{other:?}"),
    }
}

fn lease(from_ms: i64, until_ms: i64) -> Lease {
    Lease { from: at(from_ms), until: at(until_ms) }
}

/// Claims a job at a time, for 100 ms.
async fn claim(store: &Store, node: &str, ms: i64) -> Option<(Job, Claim)> {
    store.claim_job(&KINDS, node, lease(ms, ms + 100)).await.expect("an answer")
}

async fn read(store: &Store, id: JobId) -> Job {
    store.job(ME, id).await.expect("an answer").expect("a job")
}

testkit::on_each_backend! {
    async fn a_job_is_created_claimed_extended_and_done(fixture: &TestStore) {
        let store = fixture.store();
        let made = create(store, new_job(1, ME, JobKind::Import)).await;
        assert_eq!((made.state, made.request.as_str(), made.attempts), (JobState::Queued, "{\"n\":1}", 0));
        assert_eq!((made.progress.as_ref(), made.result.as_ref(), made.started_at), (None, None, None));
        assert_eq!(store.job(ME, made.id).await.expect("an answer"), Some(made.clone()));
        assert_eq!(store.job(OTHER, made.id).await.expect("an answer"), None, "it is not theirs");

        let (claimed, ours) = claim(store, "a", 10).await.expect("a job");
        assert_eq!((claimed.id, claimed.state, claimed.attempts), (made.id, JobState::Running, 1));
        assert_eq!(claimed.started_at, Some(at(10)));
        assert!(claim(store, "b", 20).await.is_none(), "it is claimed");
        let outcome = store.checkpoint_job(&ours, "{\"done\":5}".to_owned(), lease(0, 200)).await.expect("an answer");
        assert_eq!(outcome, JobCheckpoint::Ours);
        assert!(claim(store, "b", 150).await.is_none(), "the lease goes on");
        let result = "{\"rejects\":0}".to_owned();
        assert!(store.finish_job(&ours, JobEnd::Done, result, at(160)).await.expect("an answer"));
        let done = read(&fixture.again().await, made.id).await;
        assert_eq!((done.state, done.finished_at), (JobState::Done, Some(at(160))));
        assert_eq!(done.progress.as_deref(), Some("{\"done\":5}"));
        assert_eq!(done.result.as_deref(), Some("{\"rejects\":0}"));
        assert!(done.state.is_ended() && claim(store, "b", 9_999).await.is_none());
    }

    async fn who_lost_a_job_cannot_speak_for_it_any_more(fixture: &TestStore) {
        let store = fixture.store();
        let id = create(store, new_job(1, ME, JobKind::Walk)).await.id;
        let (_, first) = claim(store, "a", 0).await.expect("a job");
        store.checkpoint_job(&first, "{\"page\":3}".to_owned(), lease(0, 100)).await.expect("an answer");
        assert!(claim(store, "b", 99).await.is_none());
        let (job, second) = claim(&fixture.again().await, "b", 100).await.expect("the lease expired");
        assert_eq!((job.attempts, job.started_at), (2, Some(at(0))));
        assert_eq!(job.progress.as_deref(), Some("{\"page\":3}"), "from there it goes on");
        let text = || "{}".to_owned();
        assert_eq!(store.checkpoint_job(&first, text(), lease(0, 900)).await.expect("an answer"), JobCheckpoint::Lost);
        assert!(!store.finish_job(&first, JobEnd::Failed, text(), at(101)).await.expect("an answer"));
        assert_eq!(read(store, id).await, job, "nothing was written");
        assert!(store.finish_job(&second, JobEnd::Failed, text(), at(150)).await.expect("an answer"));
        assert_eq!(store.checkpoint_job(&second, text(), lease(0, 900)).await.expect("an answer"), JobCheckpoint::Lost);
        assert!(!store.finish_job(&second, JobEnd::Done, text(), at(160)).await.expect("an answer"));
        assert_eq!(read(store, id).await.state, JobState::Failed);
    }

    async fn a_lease_that_is_over_late_is_still_ours_until_another_claims_the_job(fixture: &TestStore) {
        let store = fixture.store();
        create(store, new_job(1, ME, JobKind::Walk)).await;
        let (_, ours) = claim(store, "a", 0).await.expect("a job");
        let outcome = store.checkpoint_job(&ours, "{}".to_owned(), lease(0, 5_000)).await.expect("an answer");
        assert_eq!(outcome, JobCheckpoint::Ours);
        assert!(claim(store, "b", 4_999).await.is_none());
        // Released.
        store.checkpoint_job(&ours, "{}".to_owned(), lease(0, 4_999)).await.expect("an answer");
        assert!(claim(store, "b", 4_999).await.is_some());
    }

    async fn a_lease_taken_while_the_clock_stood_ahead_is_over(fixture: &TestStore) {
        const YEAR_MS: i64 = 365 * 86_400_000;
        let store = fixture.store();
        let id = create(store, new_job(1, ME, JobKind::Import)).await.id;
        let (_, ahead) = claim(store, "a", YEAR_MS).await.expect("a job");
        store.checkpoint_job(&ahead, "{}".to_owned(), lease(YEAR_MS, YEAR_MS + 100)).await.expect("an answer");
        // A node whose clock is slightly behind does not take a running job.
        assert!(claim(store, "b", YEAR_MS - 1_000).await.is_none());
        let (job, _) = claim(&fixture.again().await, "b", 10).await.expect("that lease expired");
        assert_eq!((job.id, job.attempts), (id, 2));
        assert!(claim(store, "c", 20).await.is_none(), "this one is not");
        // A cancelled one ends at once, as no worker runs it.
        let other = create(store, new_job(2, ME, JobKind::Import)).await.id;
        claim(store, "a", YEAR_MS).await.expect("a job");
        let ended = store.cancel_job(ME, other, at(30)).await.expect("an answer").expect("a job");
        assert_eq!(ended.state, JobState::Cancelled);
    }

    async fn attempts_of_which_nothing_is_heard_are_counted_before_the_work_begins(fixture: &TestStore) {
        let store = fixture.store();
        let id = create(store, new_job(1, ME, JobKind::Import)).await.id;
        // Killed: nothing is reported, and the lease expires.
        for n in 1..=3 {
            let (job, _) = claim(&fixture.again().await, "a", n * 1_000).await.expect("a job");
            assert_eq!((job.unheard, job.failures, job.failure), (n.unsigned_abs(), 0, None));
        }
        let (job, ours) = claim(store, "a", 4_000).await.expect("a job");
        assert_eq!((job.unheard, job.attempts), (4, 4));
        assert!(store.job_got_further(&ours).await.expect("an answer"));
        assert_eq!(read(store, id).await.unheard, 0, "it had got further");
    }

    async fn only_failures_of_one_reason_add_up(fixture: &TestStore) {
        let store = fixture.store();
        let id = create(store, new_job(1, ME, JobKind::Import)).await.id;
        let mut ms = 0;
        let mut next = async || {
            ms += 1_000;
            (claim(store, "a", ms).await.expect("a job"), ms)
        };
        let failed = async |claim: &Claim, why: &str, ms| {
            store.job_failed(claim, why.to_owned(), lease(ms, ms)).await.expect("an answer")
        };
        // Two processes end, then it fails: another reason.
        next().await;
        next().await;
        let ((_, first), at) = next().await;
        assert_eq!(failed(&first, "one", at + 1).await, Some(1));
        let ((job, second), at) = next().await;
        assert_eq!((job.failures, job.failure.as_deref(), job.unheard), (1, Some("one"), 1));
        assert_eq!(failed(&second, "one", at + 1).await, Some(2));
        assert_eq!(failed(&first, "one", at + 1).await, None, "it is another's");
        // A process that ends in between changes nothing.
        next().await;
        let ((job, third), at) = next().await;
        assert_eq!((job.failures, job.unheard), (2, 2));
        assert_eq!(failed(&third, "another", at + 1).await, Some(1), "another way");
        let ((_, fourth), at) = next().await;
        assert_eq!(failed(&fourth, "another", at + 1).await, Some(2));
        let ((_, fifth), at) = next().await;
        assert!(store.job_got_further(&fifth).await.expect("an answer"));
        assert_eq!(failed(&fifth, "another", at + 1).await, Some(1), "it had got further");
        let job = read(store, id).await;
        assert_eq!((job.failures, job.failure.as_deref(), job.unheard), (1, Some("another"), 0));
    }

    async fn an_attempt_that_is_interrupted_does_not_count(fixture: &TestStore) {
        let store = fixture.store();
        let id = create(store, new_job(1, ME, JobKind::Walk)).await.id;
        let interrupted = async |claim: &Claim, progress: Option<&str>, from, until| {
            let progress = progress.map(str::to_owned);
            store.job_interrupted(claim, progress, lease(from, until)).await.expect("an answer")
        };
        for n in 1..=20 {
            let (job, ours) = claim(store, "a", n * 1_000).await.expect("a job");
            assert_eq!((job.unheard, job.attempts), (1, n.unsigned_abs()));
            assert!(interrupted(&ours, None, n * 1_000 + 10, n * 1_000 + 20).await);
            assert_eq!(read(store, id).await.unheard, 0);
            assert!(claim(store, "b", n * 1_000 + 19).await.is_none(), "not before the pause is over");
        }
        // Reported progress stays, until new progress replaces it.
        let (_, ours) = claim(store, "a", 30_000).await.expect("a job");
        store.checkpoint_job(&ours, "{\"page\":3}".to_owned(), lease(30_000, 30_100)).await.expect("an answer");
        assert!(interrupted(&ours, None, 30_010, 30_020).await);
        assert_eq!(read(store, id).await.progress.as_deref(), Some("{\"page\":3}"));
        let (_, ours) = claim(store, "a", 31_000).await.expect("a job");
        assert!(interrupted(&ours, Some("{\"page\":4}"), 31_010, 31_020).await);
        assert_eq!(read(store, id).await.progress.as_deref(), Some("{\"page\":4}"));
        // An earlier failure still counts.
        let (_, ours) = claim(store, "a", 32_000).await.expect("a job");
        store.job_failed(&ours, "one".to_owned(), lease(32_000, 32_000)).await.expect("an answer");
        let (_, ours) = claim(store, "a", 33_000).await.expect("a job");
        assert!(interrupted(&ours, None, 33_010, 33_020).await);
        let job = read(store, id).await;
        assert_eq!((job.failures, job.failure.as_deref(), job.unheard), (1, Some("one"), 0));
    }

    async fn who_lost_a_job_takes_the_attempt_back_and_nothing_else(fixture: &TestStore) {
        let store = fixture.store();
        let id = create(store, new_job(1, ME, JobKind::Walk)).await.id;
        let (_, lost) = claim(store, "a", 1_000).await.expect("a job");
        let (_, crashed) = claim(store, "b", 2_000).await.expect("the lease expired");
        let (job, ours) = claim(store, "c", 3_000).await.expect("the lease expired");
        assert_eq!(job.unheard, 3);
        let interrupted = async |claim: &Claim| {
            let progress = Some("{\"page\":9}".to_owned());
            store.job_interrupted(claim, progress, lease(3_010, 3_010)).await.expect("an answer")
        };
        assert!(!interrupted(&lost).await, "it is another's");
        assert_eq!(read(store, id).await, Job { unheard: 2, ..job }, "the lease and the progress are another's");
        assert!(claim(store, "d", 3_099).await.is_none());
        assert!(store.job_got_further(&ours).await.expect("an answer"));
        assert!(!interrupted(&crashed).await);
        assert_eq!(read(store, id).await.unheard, 0, "never below none");
        assert!(store.finish_job(&ours, JobEnd::Done, "{}".to_owned(), at(3_050)).await.expect("an answer"));
        assert!(!interrupted(&ours).await, "it has ended");
    }

    async fn the_oldest_job_that_a_node_can_do_comes_first(fixture: &TestStore) {
        let store = fixture.store();
        let bound = NewJob { node: Some("b".to_owned()), ..new_job(1, OTHER, JobKind::Import) };
        let bound = create(store, bound).await;
        assert_eq!(bound.node.as_deref(), Some("b"));
        for n in [4, 2, 3] {
            create(store, new_job(n, ME, if n == 2 { JobKind::Import } else { JobKind::Walk })).await;
        }
        let only_walks = store.claim_job(&[JobKind::Walk], "a", lease(10, 20)).await.expect("an answer");
        assert_eq!(only_walks.map(|(job, _)| job.created_at), Some(at(3)));
        assert!(store.claim_job(&[], "a", lease(10, 20)).await.expect("an answer").is_none());
        let mut order = Vec::new();
        while let Some((job, _)) = claim(store, "a", 10).await {
            order.push(job.created_at);
        }
        assert_eq!(order, [at(2), at(4)], "not that of the other node");
        let (job, _) = claim(store, "b", 10).await.expect("its own");
        assert_eq!((job.id, job.account_id), (bound.id, OTHER));
    }

    async fn of_many_workers_each_job_is_had_by_one(fixture: &TestStore) {
        const JOBS: usize = 40;
        let store = fixture.store();
        for n in 0..JOBS as i64 {
            create(store, new_job(n, AccountId(n % 5 + 1), JobKind::Walk)).await;
        }
        let mut workers = Vec::new();
        for node in [fixture.again().await, fixture.again().await, fixture.again().await] {
            for _ in 0..4 {
                let node = node.clone();
                workers.push(tokio::spawn(async move {
                    let mut had = Vec::new();
                    while let Some((job, claim)) = claim(&node, "a", 1_000).await {
                        let ended = node.finish_job(&claim, JobEnd::Done, "{}".to_owned(), at(1_001)).await;
                        assert!(ended.expect("an answer") && job.attempts == 1);
                        had.push(job.id);
                    }
                    had
                }));
            }
        }
        let mut had = Vec::new();
        for worker in workers {
            had.extend(worker.await.expect("a worker"));
        }
        had.sort_unstable();
        assert_eq!(had.len(), JOBS);
        had.dedup();
        assert_eq!(had.len(), JOBS);
    }

    async fn a_job_is_called_off_by_its_account(fixture: &TestStore) {
        let store = fixture.store();
        let [queued, running, lost, done] = [1, 2, 3, 4].map(|n| new_job(n, ME, JobKind::Walk));
        for job in [&running, &lost, &done, &queued] {
            create(store, job.clone()).await;
            if job.id == queued.id {
                break;
            }
            let lease = lease(50, if job.id == lost.id { 60 } else { 500 });
            let (claimed, claim) =
                store.claim_job(&KINDS, "a", lease).await.expect("an answer").expect("a job");
            assert_eq!(claimed.id, job.id);
            if job.id == done.id {
                assert!(store.finish_job(&claim, JobEnd::Done, "{}".to_owned(), at(51)).await.expect("an answer"));
            }
        }
        let cancel = async |account_id, job: &NewJob| {
            store.cancel_job(account_id, job.id, at(100)).await.expect("an answer")
        };
        assert_eq!(cancel(OTHER, &queued).await, None, "it is not theirs");
        assert!(!read(store, queued.id).await.is_cancel_wanted);
        for job in [&queued, &lost] {
            let cancelled = cancel(ME, job).await.expect("a job");
            assert_eq!((cancelled.state, cancelled.finished_at), (JobState::Cancelled, Some(at(100))));
        }
        let wanted = cancel(ME, &running).await.expect("a job");
        assert_eq!((wanted.state, wanted.is_cancel_wanted, wanted.finished_at), (JobState::Running, true, None));
        let ended = cancel(ME, &done).await.expect("a job");
        assert_eq!((ended.state, ended.is_cancel_wanted), (JobState::Done, false));
        assert_eq!(cancel(ME, &queued).await.map(|job| job.finished_at), Some(Some(at(100))), "as it was");
        assert!(claim(store, "a", 400).await.is_none());
        // The worker learns of it, or the next one.
        let (job, claim) = claim(store, "b", 500).await.expect("the lease expired");
        assert!(job.id == running.id && job.is_cancel_wanted);
        let outcome = store.checkpoint_job(&claim, "{}".to_owned(), lease(0, 900)).await.expect("an answer");
        assert_eq!(outcome, JobCheckpoint::CancelWanted);
        assert!(store.finish_job(&claim, JobEnd::Cancelled, "{}".to_owned(), at(600)).await.expect("an answer"));
        assert_eq!(read(store, running.id).await.state, JobState::Cancelled);
    }

    async fn jobs_are_listed_newest_first_in_pages(fixture: &TestStore) {
        let store = fixture.store();
        for n in 1..=7 {
            create(store, new_job(n, ME, KINDS[n as usize % 2])).await;
        }
        create(store, new_job(8, OTHER, JobKind::Walk)).await;
        let times = |jobs: &[Job]| jobs.iter().map(|job| job.created_at).collect::<Vec<_>>();
        let first = store.jobs(ME, None, None, 3).await.expect("jobs");
        assert_eq!(times(&first), [7, 6, 5].map(at));
        let rest = store.jobs(ME, None, first.last().map(|job| job.id), 10).await.expect("jobs");
        assert_eq!(times(&rest), [4, 3, 2, 1].map(at));
        let imports = store.jobs(ME, Some(JobKind::Import), Some(rest[0].id), 10).await.expect("jobs");
        assert_eq!(times(&imports), [at(2)]);
        assert_eq!(store.jobs(AccountId(3), None, None, 10).await.expect("nothing"), []);
    }

    async fn the_same_request_makes_one_job(fixture: &TestStore) {
        let nodes = [fixture.again().await, fixture.again().await, fixture.again().await];
        let first = create(&nodes[0], with_key(new_job(1, ME, JobKind::Import), "once")).await;
        let again = |n, request: &str| {
            let job = NewJob { request: request.to_owned(), ..new_job(n, ME, JobKind::Import) };
            nodes[1].create_job(with_key(job, "once"))
        };
        assert_eq!(again(2, "{\"n\":1}").await.expect("an answer"), JobCreated::Same(first.clone()));
        assert_eq!(again(3, "{\"n\":2}").await.expect("an answer"), JobCreated::OtherRequest);
        let others = create(&nodes[0], with_key(new_job(4, OTHER, JobKind::Import), "once")).await;
        assert_eq!(others.account_id, OTHER, "another account's key is another key");
        let taken = NewJob { id: first.id, ..new_job(5, ME, JobKind::Walk) };
        assert_eq!(nodes[0].create_job(taken).await.expect("an answer"), JobCreated::IdTaken);

        let mut tasks = Vec::new();
        for n in 0..30 {
            let job = NewJob { request: "{}".to_owned(), ..new_job(100 + n, ME, JobKind::Walk) };
            let (node, job) = (nodes[n as usize % 3].clone(), with_key(job, "many"));
            tasks.push(tokio::spawn(async move { node.create_job(job).await.expect("an answer") }));
        }
        let (mut created, mut ids) = (0, Vec::new());
        for task in tasks {
            match task.await.expect("a caller") {
                JobCreated::Created(job) => {
                    created += 1;
                    ids.push(job.id);
                }
                JobCreated::Same(job) => ids.push(job.id),
                other => panic!("{other:?}"),
            }
        }
        ids.dedup();
        assert_eq!((created, ids.len()), (1, 1));
        assert_eq!(nodes[0].jobs(ME, None, None, 100).await.expect("jobs").len(), 2);
    }
}
