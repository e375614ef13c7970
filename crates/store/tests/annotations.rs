//! The life of annotations: created once, read for the curves they are on, changed, hidden and deleted, the same on each
//! backend.

use domain::campaign::{Baseline, CampaignFilter, CampaignGoals, CampaignPlan, CampaignSpan};
use domain::own_annotation::{AnnotationSpan, AnnotationSubject};
use domain::{AccountId, AnnotationId, CampaignId, Tag, Timestamp};
use store::Store;
use store::annotations::{
    ANNOTATIONS_MAX, AnnotatedCurves, AnnotationCreated, AnnotationSettings, NewAnnotation, OwnAnnotation,
};
use store::campaigns::{CampaignSettings, NewCampaign};
use store::idempotency::Fingerprint;
use testkit::TestStore;

const ME: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000 + ms)
}

fn tag(name: &str) -> Tag {
    Tag::new(name).expect("a tag")
}

fn settings(subject: AnnotationSubject, from: i64, text: &str) -> AnnotationSettings {
    let span = AnnotationSpan::new(at(from), at(from + 10)).expect("a time");
    AnnotationSettings { subject, span, text: text.parse().expect("a text") }
}

fn new(n: i64, account_id: AccountId, settings: AnnotationSettings) -> NewAnnotation {
    NewAnnotation { id: AnnotationId::new(at(n), 7), account_id, settings, idempotency: None, at: at(n) }
}

async fn create(store: &Store, annotation: NewAnnotation) -> OwnAnnotation {
    match store.create_annotation(annotation).await.expect("an answer") {
        AnnotationCreated::Created(annotation) => annotation,
        other => panic!("{other:?}"),
    }
}

/// Returns the texts on some curves.
async fn on(
    store: &Store,
    account_id: AccountId,
    tags: &[&str],
    campaign: Option<CampaignId>,
) -> Vec<String> {
    let tags = tags.iter().map(|name| tag(name).key().clone()).collect();
    let found =
        store.annotations_on(account_id, &AnnotatedCurves { tags, campaign }).await.expect("an answer");
    found.iter().map(|annotation| annotation.settings.text.to_string()).collect()
}

testkit::on_each_backend! {
    async fn an_annotation_is_on_its_curves_alone_and_in_order_of_time(fixture: &TestStore) {
        let store = fixture.store();
        let campaign = CampaignId::new(at(0), 1);
        let subject = |name: &str| AnnotationSubject::Hashtag(tag(name));
        let cat = create(store, new(1, ME, settings(subject("Cat"), 30, "cats"))).await;
        create(store, new(2, ME, settings(subject("dog"), 20, "dogs"))).await;
        create(store, new(3, ME, settings(AnnotationSubject::All, 25, "all"))).await;
        create(store, new(4, ME, settings(AnnotationSubject::Campaign(campaign), 10, "summer"))).await;
        create(store, new(1, OTHER, settings(AnnotationSubject::All, 1, "theirs"))).await;
        assert_eq!((cat.created_at, cat.updated_at), (at(1), at(1)));
        assert_eq!(cat.settings, settings(subject("Cat"), 30, "cats"));
        let again = fixture.again().await;
        assert_eq!(on(&again, ME, &[], None).await, ["all"]);
        assert_eq!(on(&again, ME, &["CAT"], None).await, ["all", "cats"]);
        assert_eq!(on(&again, ME, &["cat", "dog"], Some(campaign)).await, ["summer", "dogs", "all", "cats"]);
        assert_eq!(on(&again, ME, &["bird"], Some(CampaignId::new(at(0), 2))).await, ["all"]);
        assert_eq!(on(&again, OTHER, &["cat", "dog"], Some(campaign)).await, ["theirs"]);
        assert_eq!(again.annotation(ME, cat.id).await.expect("an answer"), Some(cat.clone()));
        let theirs = again.annotation(OTHER, cat.id).await.expect("an answer").expect("their own of this id");
        assert_eq!(theirs.settings.text.as_str(), "theirs");
        let page = async |before, limit| {
            let found = again.annotations(ME, before, limit).await.expect("an answer");
            found.iter().map(|annotation| annotation.settings.text.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(page(None, 9).await, ["summer", "all", "dogs", "cats"]);
        assert_eq!(page(None, 2).await, ["summer", "all"]);
        assert_eq!(page(Some(AnnotationId::new(at(3), 7)), 9).await, ["dogs", "cats"]);
    }

    async fn an_annotation_is_changed_and_deleted_by_its_owner(fixture: &TestStore) {
        let store = fixture.store();
        let first = create(store, new(1, ME, settings(AnnotationSubject::All, 0, "launch"))).await;
        let wish = settings(AnnotationSubject::Hashtag(tag("cat")), 50, "relaunch");
        let changed = store.change_annotation(OTHER, first.id, wish.clone(), at(60)).await.expect("an answer");
        assert_eq!(changed, None, "it is not theirs");
        let changed = store.change_annotation(ME, first.id, wish.clone(), at(60)).await.expect("an answer");
        let expected = OwnAnnotation { settings: wish, updated_at: at(60), ..first.clone() };
        assert_eq!(changed, Some(expected.clone()));
        assert_eq!(store.annotation(ME, first.id).await.expect("an answer"), Some(expected));
        assert_eq!(on(store, ME, &[], None).await, [""; 0]);
        assert!(!store.delete_annotation(OTHER, first.id).await.expect("an answer"));
        assert!(store.delete_annotation(ME, first.id).await.expect("an answer"));
        assert!(!store.delete_annotation(ME, first.id).await.expect("an answer"));
        assert_eq!(store.annotation(ME, first.id).await.expect("an answer"), None);
    }

    async fn a_repeated_request_creates_one_annotation(fixture: &TestStore) {
        let store = fixture.store();
        let with_key = |n: i64, text: &str| NewAnnotation {
            idempotency: Some(("order-7".parse().expect("a key"), Fingerprint::of(text.as_bytes()))),
            ..new(n, ME, settings(AnnotationSubject::All, 0, text))
        };
        let made = create(store, with_key(1, "launch")).await;
        let again = store.create_annotation(with_key(2, "launch")).await.expect("an answer");
        assert_eq!(again, AnnotationCreated::Same(made));
        let other = store.create_annotation(with_key(3, "end")).await.expect("an answer");
        assert_eq!(other, AnnotationCreated::OtherRequest);
        let taken = store.create_annotation(new(1, ME, settings(AnnotationSubject::All, 0, "x"))).await;
        assert_eq!(taken.expect("an answer"), AnnotationCreated::IdTaken);
        assert_eq!(store.annotations(ME, None, 9).await.expect("an answer").len(), 1);
    }

    async fn events_of_the_platform_are_hidden_for_an_account(fixture: &TestStore) {
        let store = fixture.store();
        for name in ["five_hashtags", "all_public", "five_hashtags"] {
            store.hide_annotation(ME, name, true, at(1)).await.expect("hidden");
        }
        let hidden = async |account_id| store.hidden_annotations(account_id).await.expect("an answer");
        assert_eq!(hidden(ME).await, ["all_public", "five_hashtags"]);
        assert_eq!(hidden(OTHER).await, [""; 0]);
        store.hide_annotation(ME, "five_hashtags", false, at(2)).await.expect("shown");
        store.hide_annotation(ME, "five_hashtags", false, at(3)).await.expect("shown");
        assert_eq!(hidden(ME).await, ["all_public"]);
    }

    async fn annotations_of_a_campaign_go_with_it(fixture: &TestStore) {
        let store = fixture.store();
        let filter = CampaignFilter { not_tags: Vec::new(), not_creators: Vec::new() };
        let plan = CampaignPlan::new(vec![tag("cat")], Vec::new(), CampaignGoals::default(), filter);
        let of_campaign = CampaignSettings {
            name: "summer".parse().expect("a name"),
            span: CampaignSpan::new(at(0), None).expect("a time"),
            baseline: Baseline::DEFAULT,
            plan: plan.expect("a plan"),
            notes: String::new(),
        };
        let id = CampaignId::new(at(0), 1);
        let campaign = NewCampaign { id, account_id: ME, settings: of_campaign, idempotency: None, at: at(0) };
        store.create_campaign(campaign).await.expect("a campaign");
        create(store, new(1, ME, settings(AnnotationSubject::Campaign(id), 0, "launch"))).await;
        create(store, new(1, OTHER, settings(AnnotationSubject::Campaign(id), 0, "theirs"))).await;
        create(store, new(2, ME, settings(AnnotationSubject::All, 0, "all"))).await;
        assert!(!store.delete_campaign(OTHER, id).await.expect("an answer"), "it is not theirs");
        assert_eq!(on(store, ME, &[], Some(id)).await, ["launch", "all"]);
        assert!(store.delete_campaign(ME, id).await.expect("an answer"));
        assert_eq!(on(store, ME, &[], Some(id)).await, ["all"]);
    }

    async fn an_account_has_so_many_annotations_at_most(fixture: &TestStore) {
        let store = fixture.store();
        for n in 0..ANNOTATIONS_MAX.cast_signed() {
            create(store, new(n, ME, settings(AnnotationSubject::All, 0, "note"))).await;
        }
        let more = store.create_annotation(new(-1, ME, settings(AnnotationSubject::All, 0, "more"))).await;
        assert_eq!(more.expect("an answer"), AnnotationCreated::TooMany);
        create(store, new(-1, OTHER, settings(AnnotationSubject::All, 0, "more"))).await;
    }
}
