//! The store on a cluster of Citus: everything works as on one server, and frequent queries go to one shard.
#![cfg(unix)]

use domain::observation::{HashtagCounts, HashtagDetails, TagRef, VideoCounts};
use domain::video::VideoDetails;
use domain::{
    Count, Credits, HashtagId, HashtagObservation, JobId, Operation, RequestId, Source, Tag, TagKey,
    Timestamp, UtcDay, VideoId, fragment,
};
use std::collections::BTreeSet;
use store::Store;
use store::accounts::AccountCreated;
use store::hashtags::Changes;
use store::idempotency::{Fingerprint, Idempotent, StoredAnswer};
use store::jobs::{JobCheckpoint, JobEnd, JobKind, NewJob};
use store::ledger::{Charge, ChargeOutcome};
use store::record::{Prepared, PreparedVideo};
use store::upstream_calls::CallReservation;
use store::upstream_fetches::{Fetch, FetchKind, FetchOutcome, LastFetch};
use store::walk_runs::WalkRun;
use testkit::postgres::CitusCluster;

const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);
const VIDEOS: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_spread_once_whoever_starts_first() {
    let Some(cluster) = CitusCluster::start() else { return };
    let (one, other) = tokio::join!(cluster.open(), cluster.open());
    assert_eq!(one.identity().await.expect("an identity"), other.identity().await.expect("an identity"));
    let spread = "SELECT string_agg(c.relname || ' ' || coalesce(column_to_column_name(d.logicalrelid, d.partkey), '*'),
                                    ',' ORDER BY c.relname)
                  FROM pg_dist_partition d JOIN pg_class c ON c.oid = d.logicalrelid WHERE NOT c.relispartition";
    insta::assert_snapshot!(cluster.sql(spread).trim().replace(',', "\n"));
}

fn cat() -> TagRef {
    let id = HashtagId::try_from(7551).expect("an id");
    TagRef { tag: Tag::new("cat").expect("a tag"), id: Some(id) }
}

fn observations() -> Vec<Prepared> {
    let reading = HashtagObservation {
        tag: cat(),
        source: Source::WebChallenge,
        observed_at: Some(NOW),
        counts: HashtagCounts { views: Count::exact(1_000_000), ..HashtagCounts::default() },
        details: HashtagDetails::default(),
    };
    let video = |n: u64| {
        let id = VideoId::try_from(n + 1).expect("an id");
        let counts = VideoCounts { plays: Count::exact(n / 2), ..VideoCounts::default() };
        Prepared::Video(Box::new(PreparedVideo {
            id,
            digest: n + 1,
            source: Source::WebItem,
            observed_at: Some(NOW),
            author: Some((n % 7 + 1).try_into().expect("an id")),
            handle: None,
            create_time: None,
            region: None,
            tags: vec![cat()],
            counts,
            has_caption_tags: false,
            packed: fragment::pack(id, &VideoDetails::default(), &counts),
        }))
    };
    std::iter::once(Prepared::Hashtag(Box::new(reading))).chain((0..VIDEOS).map(video)).collect()
}

/// Looks up, walks and pays, each as a request does.
async fn queries_of_requests(store: &Store) {
    let key = TagKey::new("cat").expect("a tag");
    let cat = store.hashtag_by_key(&key).await.expect("an answer").expect("a hashtag");
    assert_eq!(store.hashtag_by_id(cat.id.expect("an id")).await.expect("an answer").as_ref(), Some(&cat));
    assert_eq!((cat.observed.videos, cat.observed.creators), (VIDEOS, 7));
    let ranking = store.ranking(cat.row, None).await.expect("a ranking");
    let plays: Vec<u64> = ranking.iter().map(|video| video.0).collect();
    assert_eq!(plays.len() as u64, VIDEOS);
    let written = store
        .write_generation(cat.row, None, cat.changed, NOW, Timestamp::from_ms(0), ranking.clone())
        .await
        .expect("a generation");
    assert_eq!(store.newest_generation(cat.row, None).await.expect("an answer"), Some(written));
    assert_eq!(store.generation(cat.row, written.slot).await.expect("an answer"), Some(written));
    assert_eq!(store.ranked(cat.row, written.slot, 30, 30).await.expect("a part"), ranking[30..]);
    let head = store.first_page(cat.row, written.slot, 30).await.expect("a head").expect("its videos");
    assert_eq!(head, store.shown(&ranking[..30]).await.expect("videos"));
    assert_eq!(store.hashtag_snapshots(cat.row, None, 10).await.expect("snapshots").len(), 1);
    let repeated = vec![ranking[0], ranking[59]];
    let extended = store.extend_generation(cat.row, written.slot, repeated).await.expect("an answer");
    assert_eq!(extended.map(|extended| (extended.appended, extended.generation)), Some((0, written)));
    let run =
        WalkRun { hashtag: cat.row, region: None, job_id: JobId::new(NOW, 1), at: NOW, videos: ranking };
    store.write_walk_run(run).await.expect("stored");
    let later = Timestamp::from_ms(NOW.as_ms() + 1);
    let run = store.previous_walk_run(cat.row, None, later).await.expect("an answer");
    assert_eq!(run.map(|run| run.videos.len() as u64), Some(VIDEOS));
}

/// Records an upstream fetch, and runs a job.
async fn queries_of_upstreams_and_jobs(store: &Store) {
    let ask = Fetch::new(FetchKind::InfoByName, "cat");
    let fetched = LastFetch { at: NOW, outcome: FetchOutcome::Missing, cursor: None, has_more: false };
    store.note_fetch(&ask, fetched).await.expect("noted");
    assert_eq!(store.last_fetch(&ask).await.expect("an answer"), Some(fetched));
    let day = UtcDay::of(NOW);
    for want in [CallReservation::Reserved { calls: 1 }, CallReservation::UsedUp { calls: 1 }] {
        assert_eq!(store.reserve_upstream_call("original", day, Some(1)).await.expect("an answer"), want);
    }
    let job = NewJob {
        id: JobId::new(NOW, 1),
        account_id: domain::AccountId(1),
        kind: JobKind::Walk,
        request: "{}".to_owned(),
        node: None,
        idempotency: Some(("once".parse().expect("a key"), Fingerprint::of(b"{}"))),
        at: NOW,
    };
    store.create_job(job.clone()).await.expect("a job");
    store.create_job(job).await.expect("the same job");
    let account_id = domain::AccountId(1);
    assert_eq!(store.jobs(account_id, None, None, 9).await.expect("jobs").len(), 1);
    let lease = store::jobs::Lease { from: NOW, until: day.ends_at() };
    let claimed = store.claim_job(&[JobKind::Walk], "one", lease).await.expect("an answer");
    let (job, claim) = claimed.expect("a job");
    assert_eq!(
        store.checkpoint_job(&claim, "{}".to_owned(), lease).await.expect("an answer"),
        JobCheckpoint::Ours
    );
    assert!(
        store.cancel_job(account_id, job.id, NOW).await.expect("an answer").expect("a job").is_cancel_wanted
    );
    assert!(store.finish_job(&claim, JobEnd::Cancelled, "{}".to_owned(), NOW).await.expect("an answer"));
}

async fn pay(store: &Store) {
    let credits = |n| Credits::new(n).expect("credits");
    let email = "me@example.com".parse().expect("an address");
    let created = store.create_account(&email, credits(10), NOW).await.expect("an account");
    let (AccountCreated::Created(account_id) | AccountCreated::EmailTaken(account_id)) = created;
    let (key, fingerprint) = ("once".parse().expect("a key"), Fingerprint::of(b"GET /"));
    let answer = StoredAnswer::new(200, "application/json", b"{}".to_vec()).expect("an answer");
    for (n, idempotency) in [(1, None), (2, Some(Box::new(Idempotent { key, fingerprint, answer })))] {
        let request_id = RequestId::new(NOW, n);
        let charge = Charge {
            account_id,
            request_id,
            credits: credits(1),
            operation: Operation::ChallengeInfoId,
            idempotency,
            at: NOW,
        };
        let outcome = store.charge(charge).await.expect("an outcome");
        assert!(matches!(outcome, ChargeOutcome::Paid(_)), "{outcome:?}");
        assert!(store.charged(account_id, request_id).await.expect("an answer").is_some());
    }
    let again = store.idempotent_answer(account_id, &"once".parse().expect("a key"), fingerprint).await;
    assert!(again.expect("an answer").is_some());
    assert_eq!(store.balance(account_id).await.expect("a balance"), Some(credits(8)));
    assert_eq!(store.entries(account_id, None, 10).await.expect("entries").len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_of_requests_go_to_one_shard_each() {
    let Some(cluster) = CitusCluster::start() else { return };
    let store = cluster.open().await;
    let recorded = store.record_all(observations()).await.expect("recorded");
    assert_eq!((recorded.videos_new, recorded.hashtags_new), (VIDEOS, 1));
    cluster.note_plans();
    let store = cluster.open().await;
    let before = cluster.plans().len();
    queries_of_requests(&store).await;
    pay(&store).await;
    queries_of_upstreams_and_jobs(&store).await;
    let plans: BTreeSet<_> = cluster.plans().split_off(before).into_iter().collect();
    let seen = |table: &str| plans.iter().any(|plan| plan.statement.contains(table) && plan.shards == 1);
    for table in [
        "hashtags",
        "hashtag_keys",
        "hashtag_ids",
        "links",
        "generations",
        "balances",
        "entries",
        "jobs",
        "asks",
        "upstream_calls",
        "walk_runs",
    ] {
        assert!(seen(&format!("tagmeter.{table}")), "{table} was not queried: {plans:#?}");
    }
    let wide: Vec<_> = plans.iter().filter(|plan| plan.shards > 1).collect();
    // Videos are read by their ids, on any shard: the second step of a walk.
    let is_by_ids = |statement: &str| {
        statement.contains("tagmeter.video_fragments JOIN tagmeter.videos USING (video) WHERE video = ANY")
    };
    // A worker looks for jobs on all shards.
    let is_for_work = |statement: &str| statement.contains("ORDER BY job_id LIMIT");
    let may = |statement: &str| is_by_ids(statement) || is_for_work(statement);
    assert!(wide.iter().all(|plan| may(&plan.statement)), "{wide:#?}");
    assert_eq!(store.forget_fetches_before(UtcDay::of(NOW).ends_at(), 10).await.expect("a number"), 1);
    let message = cluster.sql(
        "DO $$ BEGIN TRUNCATE tagmeter.entries; RAISE EXCEPTION 'it went through';
         EXCEPTION WHEN raise_exception THEN PERFORM set_config('t.message', SQLERRM, false); END $$;
         SELECT current_setting('t.message')",
    );
    assert!(message.contains("never"), "entries may be emptied: {message}");
    let audit = store.audit().await.expect("an audit");
    assert!(audit.ok() && audit.charges == 2, "{:#?}", audit.problems);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_read_what_every_server_committed_and_missed_announcements_are_made_later() {
    let Some(cluster) = CitusCluster::start() else { return };
    let store = cluster.open().await;
    let recorded = store.record_all(observations()).await.expect("recorded");
    assert_eq!((recorded.sequence, store.sequence().await.expect("a sequence")), (1, 1));
    // The state after a writer was interrupted between its commit and the notification.
    cluster.sql("UPDATE tagmeter.told SET sequence = 0");
    assert_eq!(store.sequence().await.expect("a sequence"), 0);
    let none = Changes::Hashtags { hashtags: Vec::new(), sequence: 0 };
    assert_eq!(store.changes_since(0).await.expect("changes"), none);
    let started = cluster.open().await;
    assert_eq!(started.sequence().await.expect("a sequence"), 1);
    let Changes::Hashtags { hashtags, sequence: 1 } = store.changes_since(0).await.expect("changes") else {
        panic!("a list")
    };
    assert_eq!(hashtags.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_among_charges_of_many_accounts_finds_nothing_wrong() {
    let Some(cluster) = CitusCluster::start() else { return };
    let store = cluster.open().await;
    let credits = |n| Credits::new(n).expect("credits");
    let mut accounts = Vec::new();
    for n in 0..12 {
        let email = format!("caller-{n}@example.com").parse().expect("an address");
        let created = store.create_account(&email, credits(1_000), NOW).await.expect("an account");
        let (AccountCreated::Created(account_id) | AccountCreated::EmailTaken(account_id)) = created;
        accounts.push(account_id);
    }
    let pay = async |n: u128| {
        let account_id = accounts[usize::try_from(n % 12).expect("an index")];
        let request_id = RequestId::new(NOW, n);
        let charge = Charge {
            account_id,
            request_id,
            credits: credits(1),
            operation: Operation::ChallengeInfoId,
            idempotency: None,
            at: NOW,
        };
        let outcome = store.charge(charge).await.expect("an outcome");
        assert!(matches!(outcome, ChargeOutcome::Paid(_)), "{outcome:?}");
    };
    let charges = async {
        for round in 0..40_u128 {
            futures_util::future::join_all((0..36).map(|n| pay(round * 36 + n))).await;
        }
    };
    let audits = async {
        for _ in 0..10 {
            let report = store.audit().await.expect("an audit");
            assert!(report.ok(), "{:#?}", report.problems);
        }
    };
    tokio::join!(charges, audits);
    let report = store.audit().await.expect("an audit");
    assert!(report.ok() && report.charges == 40 * 36, "{} {:#?}", report.charges, report.problems);
}
