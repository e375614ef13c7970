//! The life of schedules: created, claimed, their reports recorded with their mails once, silenced, deleted, the same on each
//! backend.

use domain::{AccountId, Handle, ScheduleId, Timestamp};
use std::collections::HashSet;
use store::forget::Named;
use store::idempotency::Fingerprint;
use store::issues::{IssueKind, MailAttempted, MailClaim, NewIssue};
use store::jobs::Lease;
use store::schedules::{NewSchedule, Schedule, ScheduleChange, ScheduleCreated};
use store::{Store, StoreError};
use testkit::TestStore;

const ME: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);
const WEEK_MS: i64 = 7 * 86_400_000;
const LEASE_MS: i64 = 60_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000 + ms)
}

fn new(random: u128) -> NewSchedule {
    NewSchedule {
        id: ScheduleId::new(at(0), random),
        account_id: ME,
        settings: "{}".to_owned(),
        due_at: at(0),
        at: at(0),
        idempotency: None,
    }
}

async fn create(store: &Store, schedule: NewSchedule) -> Schedule {
    match store.create_schedule(schedule).await.expect("an answer") {
        ScheduleCreated::Created(schedule) => schedule,
        other => panic!("{other:?}"),
    }
}

fn issue(period: i64, recipients: &[&str]) -> NewIssue {
    NewIssue {
        period: at(period),
        kind: IssueKind::Due,
        at: at(period),
        facts: "{}".to_owned(),
        document: r#"{"report":{"sections":[{"notes":["by @ann","by @bob"]}]}}"#.to_owned(),
        token: Some([7; 16]),
        recipients: recipients.iter().map(|one| (*one).to_owned()).collect(),
        due_at: Some(at(period + WEEK_MS)),
        ended: None,
        prune_before: at(period - 10 * WEEK_MS),
    }
}

const fn lease(from: Timestamp) -> Lease {
    Lease { from, until: Timestamp::from_ms(from.as_ms() + LEASE_MS) }
}

async fn due(store: &Store, now: i64) -> Vec<MailClaim> {
    store.claim_issue_mails(lease(at(now)), 9).await.expect("claims")
}

async fn sent(store: &Store, claim: MailClaim, now: i64) -> Result<bool, StoreError> {
    let attempted = MailAttempted { next_at: None, delivered_at: Some(at(now)), error: None };
    store.write_issue_mail(claim, attempted).await
}

testkit::on_each_backend! {
    async fn a_period_is_reported_once_however_many_try(fixture: &TestStore) {
        let (store, other) = (fixture.store(), fixture.again().await);
        let schedule = create(store, new(1)).await;
        assert_eq!(store.claim_schedules(lease(at(-1)), 9).await.expect("claims"), [], "it is not due");
        let claimed = store.claim_schedules(lease(at(0)), 9).await.expect("claims");
        assert_eq!(claimed, std::slice::from_ref(&schedule));
        assert_eq!(other.claim_schedules(lease(at(1)), 9).await.expect("claims"), [], "it is claimed");
        let after = at(LEASE_MS + 600_000);
        assert_eq!(other.claim_schedules(lease(after), 9).await.expect("claims").len(), 1, "its lease is over");
        // Both made the report: one is recorded, with its mails.
        assert!(store.record_issue(&schedule, issue(0, &["a@x.example", "b@x.example"])).await.expect("an answer"));
        assert!(!other.record_issue(&schedule, issue(0, &["a@x.example", "b@x.example"])).await.expect("an answer"));
        let mails = store.issue_mails(ME, schedule.id, at(0), at(0)).await.expect("mails");
        assert_eq!(mails.len(), 2);
        let now = store.schedule(ME, schedule.id).await.expect("an answer").expect("a schedule");
        assert_eq!((now.due_at, now.version), (Some(at(WEEK_MS)), schedule.version + 1));
        assert_eq!(store.schedule(OTHER, schedule.id).await.expect("an answer"), None);
        // The next one, and the pruning of those that are old.
        let late = NewIssue { prune_before: at(1), ..issue(WEEK_MS, &[]) };
        assert!(store.record_issue(&now, late).await.expect("an answer"));
        let listed = store.issues(ME, schedule.id, None, 9).await.expect("reports");
        assert_eq!(listed.iter().map(|issue| issue.period).collect::<Vec<_>>(), [at(WEEK_MS)]);
        assert_eq!(store.issue_mails(ME, schedule.id, at(0), at(0)).await.expect("mails"), []);
    }

    async fn a_mail_is_sent_by_one_and_its_report_goes_with_the_last(fixture: &TestStore) {
        let store = fixture.store();
        let schedule = create(store, new(1)).await;
        assert!(store.record_issue(&schedule, issue(0, &["a@x.example", "b@x.example"])).await.expect("recorded"));
        let mut first = due(store, 1).await;
        assert_eq!((first.len(), due(store, 2).await.len()), (2, 0), "claimed");
        assert!(first.iter().all(|claim| claim.document.is_some() && claim.share_token == Some([7; 16])));
        // The leases pass, and another sender has them.
        let later = LEASE_MS + 600_000;
        let mut again = due(store, later).await;
        assert_eq!(again.len(), 2);
        assert!(!sent(store, first.remove(0), later).await.expect("an answer"), "its lease is over");
        let failed = MailAttempted { next_at: Some(at(later + 5)), delivered_at: None, error: Some("no".to_owned()) };
        assert!(store.write_issue_mail(again.remove(0), failed).await.expect("written"));
        assert!(sent(store, again.remove(0), later).await.expect("written"));
        let third = due(store, later + 5).await.remove(0);
        assert_eq!((third.attempts, third.document.is_some()), (1, true), "it still waits");
        assert!(sent(store, third.clone(), later + 5).await.expect("written"));
        assert!(!sent(store, third, later + 5).await.expect("an answer"), "it is over");
        let mails = store.issue_mails(ME, schedule.id, at(0), at(0)).await.expect("mails");
        assert!(mails.iter().all(|mail| mail.due_at.is_none() && mail.delivered_at.is_some()), "{mails:?}");
        assert_eq!(due(store, later + WEEK_MS).await, []);
    }

    async fn whoever_is_silenced_gets_nothing_that_waits(fixture: &TestStore) {
        let store = fixture.store();
        let schedule = create(store, new(1)).await;
        assert!(store.record_issue(&schedule, issue(0, &["a@x.example", "b@x.example"])).await.expect("recorded"));
        let change = ScheduleChange {
            settings: schedule.settings.clone(),
            unsubscribed: r#"["a@x.example"]"#.to_owned(),
            due_at: schedule.due_at,
            ended: None,
            silenced: vec!["a@x.example".to_owned()],
        };
        let stale = store.change_schedule(&schedule, change.clone(), at(1)).await.expect("an answer");
        assert_eq!(stale, None, "a report was recorded since");
        let now = store.schedule(ME, schedule.id).await.expect("an answer").expect("a schedule");
        let changed = store.change_schedule(&now, change, at(1)).await.expect("an answer").expect("changed");
        assert_eq!((changed.unsubscribed.as_str(), changed.updated_at), (r#"["a@x.example"]"#, at(1)));
        let claims = due(store, 1).await;
        assert_eq!(claims.iter().map(|claim| claim.recipient.as_str()).collect::<Vec<_>>(), ["b@x.example"]);
    }

    async fn a_repeated_request_creates_one_and_a_deleted_one_leaves_nothing(fixture: &TestStore) {
        let store = fixture.store();
        let keyed = |random, request: &[u8]| NewSchedule {
            idempotency: Some(("key".parse().expect("a key"), Fingerprint::of(request))),
            ..new(random)
        };
        let first = create(store, keyed(1, b"order")).await;
        let same = store.create_schedule(keyed(2, b"order")).await.expect("an answer");
        assert_eq!(same, ScheduleCreated::Same(first.clone()));
        let other = store.create_schedule(keyed(3, b"other")).await.expect("an answer");
        assert_eq!(other, ScheduleCreated::OtherRequest);
        assert_eq!(store.create_schedule(new(1)).await.expect("an answer"), ScheduleCreated::Taken);
        let second = create(store, new(4)).await;
        let listed = store.schedules(ME, None, 9).await.expect("schedules");
        assert_eq!(listed, [second.clone(), first.clone()]);
        let older = store.schedules(ME, Some(second.id), 9).await.expect("schedules");
        assert_eq!(older, std::slice::from_ref(&first));
        assert!(store.record_issue(&first, issue(0, &["a@x.example"])).await.expect("recorded"));
        assert!(!store.delete_schedule(OTHER, first.id).await.expect("an answer"));
        assert!(store.delete_schedule(ME, first.id).await.expect("deleted"));
        assert!(!store.delete_schedule(ME, first.id).await.expect("an answer"));
        assert_eq!(due(store, 1).await, []);
        assert_eq!(store.issues(ME, first.id, None, 9).await.expect("reports"), []);
    }

    async fn what_is_forgotten_leaves_reports_on_their_way(fixture: &TestStore) {
        let store = fixture.store();
        let schedule = create(store, new(1)).await;
        assert!(store.record_issue(&schedule, issue(0, &["a@x.example"])).await.expect("recorded"));
        let named = Named { ids: HashSet::new(), handles: Handle::new("ann").into_iter().collect() };
        assert_eq!(store.forget_in_shares(named.clone()).await.expect("forgotten"), 1);
        let document = due(store, 1).await.remove(0).document.expect("a report");
        assert!(document.contains("@bob") && !document.contains("@ann"), "{document}");
        assert_eq!(store.forget_in_shares(named).await.expect("forgotten"), 0);
    }
}
