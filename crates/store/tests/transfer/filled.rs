//! A store with rows in every table.

use domain::campaign::{Baseline, CampaignFilter, CampaignGoals, CampaignPlan, CampaignSpan};
use domain::observation::{TagRef, WindowObservation};
use domain::own_annotation::{AnnotationSpan, AnnotationSubject};
use domain::tracking::{
    Cadence, GapReason, Interval, Keyword, Month, OnEmpty, Slot, Span, SpanKind, Target, TopVideos,
    TrackerSource,
};
use domain::{
    AccountId, AlertId, AnnotationId, ApiKey, CampaignId, Clock, Credits, DestinationId, EventId, FeedId,
    JobId, KeyId, KeyScope, Observation, Operation, RequestId, ScheduleId, ShareId, ShareToken, Slug, Source,
    Tag, TagKey, Timestamp, TrackerId, UtcDay,
};
use store::Store;
use store::accounts::AccountCreated;
use store::alerts::{AlertChange, NewAlert, NewSubject};
use store::annotations::{AnnotationCreated, AnnotationSettings, NewAnnotation};
use store::campaigns::{CampaignCreated, CampaignSettings, NewCampaign};
use store::deliveries::{Attempted, Lane};
use store::destinations::{DestinationCreated, DestinationState, NewDestination};
use store::events::NewEvent;
use store::feeds::{FeedCreated, NewFeed};
use store::idempotency::{Fingerprint, Idempotent, StoredAnswer};
use store::issues::{IssueKind, MailAttempted, NewIssue};
use store::jobs::{JobEnd, JobKind, Lease, NewJob};
use store::keys::NewKey;
use store::ledger::Charge;
use store::schedules::{NewSchedule, ScheduleCreated};
use store::shares::{NewShare, ShareCreated, ShareKind};
use store::tracked::{ReadingReserved, TrackedUpdate};
use store::trackers::{NewTracked, NewTracker, TrackerSettings};
use store::walk_runs::WalkRun;
use testkit::{FixedClock, TemporaryCatalog, example_hashtag, hashtag, video};

const YEAR_MS: i64 = 31_556_952_000;

/// Creates a store with rows in every table. Its clock runs backwards for one account.
pub(crate) async fn filled() -> TemporaryCatalog {
    let clock = FixedClock::default();
    let fixture = TemporaryCatalog::open(&clock).await;
    let now = clock.now();
    let year = |n: i64| Timestamp::from_ms(now.as_ms() - n * YEAR_MS);
    let mut observations: Vec<Observation> = vec![example_hashtag().observed_at(now).into()];
    for n in 0..40 {
        observations
            .push(hashtag(&format!("tag{n}")).views(n).observed_at(year(n.cast_signed() % 40)).into());
        let clip = video(n + 1).tag("cat").tag(&format!("tag{n}")).plays(n * 10).counts(n, 1, 2, 3);
        observations.push(clip.observed_at(year(n.cast_signed() % 3)).region("de").into());
        observations.push(video(n + 1000).tag("cat").into());
    }
    let hour = |n: i64| Timestamp::from_ms(now.as_ms() + n * 3_600_000);
    observations.extend((1..=3).map(|n| hashtag("tag1").views(7).observed_at(hour(n)).into()));
    fixture.record(observations).await;
    fixture.record([video(2000).into(), hashtag("tag1").creators(3).observed_at(hour(1)).into()]).await;
    let window = WindowObservation {
        tag: TagRef { tag: Tag::new("cat").expect("a tag"), id: None },
        source: Source::CreativeCenter,
        observed_at: now,
        country: "Malaysia".to_owned(),
        window_days: Some(7),
        views: Some(5),
        posts: None,
        rank: Some(1),
        industry: String::new(),
    };
    fixture.record([Observation::Window(Box::new(window))]).await;
    fixture.record([video(1).tag("cat").tag("dog").plays(77).version(2).observed_at(now).into()]).await;
    fixture.store().forget_videos(vec![1_039_u64.try_into().expect("an id")]).await.expect("forgotten");
    for n in 0..5 {
        fill_account(fixture.store(), n, now).await;
    }
    fill_work(fixture.store(), now).await;
    fill_trackers(fixture.store(), now).await;
    fill_alerts(fixture.store(), now).await;
    fill_campaigns(fixture.store(), now).await;
    fill_annotations(fixture.store(), now).await;
    fill_shares(fixture.store(), now).await;
    fill_schedules(fixture.store(), now).await;
    fill_feeds(fixture.store(), now).await;
    fixture
}

/// Adds an alert that fired, with an attempt at the delivery of its event, and another event that waits.
async fn fill_alerts(store: &Store, now: Timestamp) {
    let account_id = AccountId(1);
    let destination = NewDestination {
        id: DestinationId::new(now, 1),
        account_id,
        address: "https://hooks.example.com/x".to_owned(),
        settings: "{}".to_owned(),
        secrets: "[]".to_owned(),
        at: now,
    };
    let destination = match store.create_destination(destination).await.expect("an answer") {
        DestinationCreated::Created(destination) => destination,
        other => panic!("{other:?}"),
    };
    let [subject, name, state] = ["cat", "cat", "{}"].map(str::to_owned);
    let subject = NewSubject { subject, name, state, due_at: Some(now) };
    let alert = NewAlert {
        id: AlertId::new(now, 2),
        account_id,
        settings: "{}".to_owned(),
        subjects: vec![subject],
        idempotency: Some(("alert".parse().expect("a key"), Fingerprint::of(b"alert"))),
        at: now,
    };
    store.create_alert(alert.clone()).await.expect("an alert");
    let muted = AlertChange { muted_until: Some(Some(now)), is_paused: Some(true), ..AlertChange::default() };
    store.change_alert(account_id, alert.id, muted, now).await.expect("an alert");
    for n in 1..=2 {
        let event = NewEvent {
            id: EventId::new(now, n),
            kind: "alert.fired".to_owned(),
            cause: n.to_string(),
            alert_id: (n == 1).then_some(alert.id),
            at: now,
            data: "{}".to_owned(),
            to: vec![destination.id],
            due_at: now,
            later: Vec::new(),
        };
        store.record_event(account_id, event).await.expect("an event");
    }
    let lease = Lease { from: now, until: Timestamp::from_ms(now.as_ms() + 1_000) };
    let claim = store.claim_deliveries(Lane::New, lease, 1).await.expect("a claim").remove(0);
    let attempted = Attempted {
        at: now,
        duration_ms: 5,
        status: Some(500),
        error: Some("500".to_owned()),
        next_at: Some(now),
        state: DestinationState::Failing { since: now, failures: 1 },
        notice: None,
        others: Vec::new(),
    };
    assert!(store.write_attempt(claim, attempted).await.expect("written"));
}

/// Adds a tracker of two hashtags and a keyword: one was read after a gap, one is being read.
async fn fill_trackers(store: &Store, now: Timestamp) {
    let keyword: Keyword = "street food".parse().expect("a keyword");
    let tag = |name| Target::Hashtag(Tag::new(name).expect("a tag"));
    let targets = [tag("cat"), tag("Dog"), Target::Keyword(keyword.clone())];
    let tracked =
        |target: &Target| NewTracked { target: target.clone(), interval: Interval::Day, since: now };
    let tracker = NewTracker {
        id: TrackerId::new(now, 7),
        account_id: AccountId(1),
        settings: TrackerSettings {
            source: TrackerSource::Upstream,
            cadence: Cadence::Adaptive,
            is_paused: false,
            notes: "notes".to_owned(),
            labels: "[]".to_owned(),
            credits_max: Some(Credits::new(9).expect("credits")),
            on_empty: OnEmpty::Slow,
            keyword: Some(keyword),
            accept_views: Some(5),
            videos: Some(TopVideos::new(20, 200).expect("top videos")),
        },
        hashtags: targets.iter().map(tracked).collect(),
        idempotency: Some(("tracker".parse().expect("a key"), Fingerprint::of(b"tracker"))),
        at: now,
    };
    store.create_tracker(tracker).await.expect("a tracker");
    let later = |days: i64| Timestamp::from_ms(now.as_ms() + days * 86_400_000);
    let slot = Slot { from: later(1), until: later(2) };
    let mut read = store.subscriptions(&targets[0].key()).await.expect("trackers").remove(0).tracked;
    (read.failed, read.last_read_at, read.readings) = (Some((slot, GapReason::NotFound)), Some(later(2)), 1);
    let gap = Span { from: now, until: later(2), kind: SpanKind::Gap(GapReason::NotFound) };
    let run = Span { from: later(2), until: later(3), kind: SpanKind::Read { readings: 1 } };
    let update = TrackedUpdate { tracked: read, spans_from: Some(now), spans: vec![gap, run], refund: None };
    assert!(store.update_tracked(update).await.expect("written"));
    let under_way = store.subscriptions(&targets[1].key()).await.expect("trackers").remove(0).tracked;
    let price = Credits::new(1).expect("credits");
    let reserved = store.reserve_reading(&under_way, slot, price, Month::of(now)).await.expect("reserved");
    assert_eq!(reserved, ReadingReserved::Reserved);
}

/// Adds an open campaign of a repeatable request, and one with an end.
async fn fill_annotations(store: &Store, now: Timestamp) {
    let tag = Tag::new("cat").expect("a tag");
    for (n, subject) in [(1, AnnotationSubject::All), (2, AnnotationSubject::Hashtag(tag))] {
        let span = AnnotationSpan::new(now, now).expect("a time");
        let settings = AnnotationSettings { subject, span, text: "launch".parse().expect("a text") };
        let id = AnnotationId::new(now, n);
        let new = NewAnnotation { id, account_id: AccountId(1), settings, idempotency: None, at: now };
        let created = store.create_annotation(new).await.expect("an answer");
        assert!(matches!(created, AnnotationCreated::Created(_)));
    }
    store.hide_annotation(AccountId(1), "five_hashtags", true, now).await.expect("hidden");
}

async fn fill_campaigns(store: &Store, now: Timestamp) {
    let key = Some(("campaign".parse().expect("a key"), Fingerprint::of(b"campaign")));
    let later = Timestamp::from_ms(now.as_ms() + 86_400_000);
    for (random, name, to, idempotency) in [(1, "summer", None, key), (2, "autumn", Some(later), None)] {
        let tags = |name| vec![Tag::new(name).expect("a tag")];
        let plan =
            CampaignPlan::new(tags("cat"), tags("Dog"), CampaignGoals::default(), CampaignFilter::default());
        let settings = CampaignSettings {
            name: name.parse().expect("a name"),
            span: CampaignSpan::new(now, to).expect("a time"),
            baseline: Baseline::DEFAULT,
            plan: plan.expect("a plan"),
            notes: "for a client".to_owned(),
        };
        let campaign = NewCampaign {
            id: CampaignId::new(now, random),
            account_id: AccountId(1),
            settings,
            idempotency,
            at: now,
        };
        let created = store.create_campaign(campaign).await.expect("an answer");
        assert!(matches!(created, CampaignCreated::Created(_)), "{created:?}");
    }
}

/// Adds a finished, a running and a waiting job, calls of two days, and what a walk saw.
async fn fill_work(store: &Store, now: Timestamp) {
    for n in 0..3_u8 {
        let idempotency =
            (n != 1).then(|| (format!("job-{n}").parse().expect("a key"), Fingerprint::of(&[n])));
        let job = NewJob {
            id: JobId::new(now, n.into()),
            account_id: AccountId(1),
            kind: JobKind::Walk,
            request: "{}".to_owned(),
            node: (n == 2).then(|| "elsewhere".to_owned()),
            idempotency,
            at: now,
        };
        store.create_job(job).await.expect("a job");
    }
    for n in 0..2 {
        let lease = Lease { from: now, until: UtcDay::of(now).ends_at() };
        let claimed = store.claim_job(&[JobKind::Walk], "here", lease).await;
        let (_, claim) = claimed.expect("an answer").expect("a job");
        store.checkpoint_job(&claim, "{}".to_owned(), lease).await.expect("ours");
        if n == 0 {
            assert!(store.finish_job(&claim, JobEnd::Done, "{}".to_owned(), now).await.expect("an answer"));
        }
    }
    for (upstream, day) in [("one", now), ("one", UtcDay::of(now).ends_at()), ("other", now)] {
        store.reserve_upstream_call(upstream, UtcDay::of(day), None).await.expect("a call");
    }
    let cat = store.hashtag_by_key(&TagKey::new("cat").expect("a tag")).await.expect("an answer");
    let hashtag = cat.expect("a hashtag").row;
    let videos = store.ranking(hashtag, None).await.expect("videos");
    let run = WalkRun { hashtag, region: None, job_id: JobId::new(now, 0), at: now, videos };
    store.write_walk_run(run).await.expect("stored");
}

async fn fill_account(store: &Store, n: u8, now: Timestamp) {
    let email = format!("me{n}@example.com").parse().expect("an address");
    let credits = Credits::new(u64::from(n) * 100).expect("credits");
    let created = store.create_account(&email, credits, now).await.expect("an account");
    let (AccountCreated::Created(account_id) | AccountCreated::EmailTaken(account_id)) = created;
    let key = ApiKey::new(KeyId::new(u32::from(n)), [n; 16]);
    let (key_id, digest) = (key.id(), key.digest());
    let key = NewKey {
        key_id,
        digest,
        name: "laptop".to_owned(),
        requests_per_minute: Some(60),
        scope: [KeyScope::Call, KeyScope::Admin][usize::from(n % 2)],
    };
    store.create_key(account_id, key, now).await.expect("a key");
    if n == 2 {
        store.revoke_key(key_id, now).await.expect("no key any more");
    }
    for call in 0..20_i64 {
        let at = Timestamp::from_ms(now.as_ms() + if n == 3 { -call } else { call });
        let idempotency = (call % 7 == 0).then(|| {
            Box::new(Idempotent {
                key: format!("key-{call}").parse().expect("a key"),
                fingerprint: Fingerprint::of(b"request"),
                answer: StoredAnswer::new(200, "application/json", vec![n; 30]).expect("an answer"),
            })
        });
        let request_id = RequestId::new(at, u128::from(n) << 32 | u128::from(call.unsigned_abs()));
        let credits = Credits::new(1).expect("credits");
        let charge = Charge {
            account_id,
            request_id,
            credits,
            operation: Operation::ChallengeInfoId,
            idempotency,
            at,
        };
        store.charge(charge).await.expect("an outcome");
    }
}

/// Adds a frozen share of a repeatable request, and a revoked one.
async fn fill_shares(store: &Store, now: Timestamp) {
    let key = Some(("share".parse().expect("a key"), Fingerprint::of(b"share")));
    for (random, idempotency) in [(1, key), (2, None)] {
        let share = NewShare {
            id: ShareId::new(now, random),
            account_id: AccountId(1),
            digest: ShareToken::new(random).digest(),
            kind: ShareKind::Page,
            slug: Slug::of_title("summer"),
            title: "Summer".to_owned(),
            settings: "{}".to_owned(),
            is_frozen: true,
            document: "{}".to_owned(),
            at: now,
            expires_at: Timestamp::from_ms(now.as_ms() + 86_400_000),
            idempotency,
        };
        let created = store.create_share(share).await.expect("an answer");
        assert!(matches!(created, ShareCreated::Created(_)), "{created:?}");
    }
    store.count_opening(AccountId(1), ShareId::new(now, 1), now).await.expect("counted");
    store.revoke_share(AccountId(1), ShareId::new(now, 2), now).await.expect("an answer").expect("a share");
}

/// Adds a schedule of a repeatable request, with a report that one of two recipients got.
async fn fill_schedules(store: &Store, now: Timestamp) {
    let later = |ms: i64| Timestamp::from_ms(now.as_ms() + ms);
    let schedule = NewSchedule {
        id: ScheduleId::new(now, 1),
        account_id: AccountId(1),
        settings: "{}".to_owned(),
        due_at: now,
        at: now,
        idempotency: Some(("schedule".parse().expect("a key"), Fingerprint::of(b"schedule"))),
    };
    let created = store.create_schedule(schedule).await.expect("an answer");
    let ScheduleCreated::Created(seen) = created else { panic!("{created:?}") };
    let issue = NewIssue {
        period: now,
        kind: IssueKind::Due,
        at: now,
        facts: "{}".to_owned(),
        document: "{}".to_owned(),
        token: Some([7; 16]),
        recipients: ["me@example.com", "you@example.com"].map(str::to_owned).to_vec(),
        due_at: Some(later(1_000)),
        ended: Some("over".to_owned()),
        prune_before: later(-1_000),
    };
    assert!(store.record_issue(&seen, issue).await.expect("an answer"));
    let lease = Lease { from: now, until: later(1_000) };
    let claim = store.claim_issue_mails(lease, 1).await.expect("claims").pop().expect("a mail");
    let attempted = MailAttempted { next_at: None, delivered_at: Some(now), error: None };
    assert!(store.write_issue_mail(claim, attempted).await.expect("an answer"));
}

/// Adds a feed of a repeatable request, and a revoked one.
async fn fill_feeds(store: &Store, now: Timestamp) {
    let key = Some(("feed".parse().expect("a key"), Fingerprint::of(b"feed")));
    for (random, idempotency) in [(1, key), (2, None)] {
        let feed = NewFeed {
            id: FeedId::new(now, random),
            account_id: AccountId(1),
            name: "Cats".parse().expect("a name"),
            question: "/v1/trending".to_owned(),
            digest: ShareToken::new(random).digest(),
            idempotency,
            at: now,
        };
        let created = store.create_feed(feed).await.expect("an answer");
        assert!(matches!(created, FeedCreated::Created(_)), "{created:?}");
    }
    store.count_feed_opening(AccountId(1), FeedId::new(now, 1), now).await.expect("counted");
    store.revoke_feed(AccountId(1), FeedId::new(now, 2), now).await.expect("an answer").expect("a feed");
}
