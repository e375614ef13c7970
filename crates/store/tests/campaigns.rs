//! The life of campaigns: created once, named once, changed, listed and deleted, the same on each backend.

use domain::campaign::{Baseline, CampaignFilter, CampaignGoals, CampaignPlan, CampaignRef, CampaignSpan};
use domain::{AccountId, CampaignId, Tag, Timestamp};
use store::Store;
use store::campaigns::{
    CAMPAIGNS_MAX, Campaign, CampaignChanged, CampaignCreated, CampaignSettings, NewCampaign,
};
use store::idempotency::Fingerprint;
use testkit::TestStore;

const ME: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000 + ms)
}

fn settings(name: &str, own: &[&str]) -> CampaignSettings {
    let own = own.iter().map(|name| Tag::new(name).expect("a tag")).collect();
    let goals = CampaignGoals { views: Some(1_000_000), ..CampaignGoals::default() };
    let creators = vec!["@Cat.Lover".parse().expect("a creator")];
    let filter = CampaignFilter { not_tags: vec![Tag::new("bird").expect("a tag")], not_creators: creators };
    CampaignSettings {
        name: name.parse().expect("a name"),
        span: CampaignSpan::new(at(0), Some(at(86_400_000))).expect("a time"),
        baseline: Baseline::DEFAULT,
        plan: CampaignPlan::new(own, vec![Tag::new("rival").expect("a tag")], goals, filter).expect("a plan"),
        notes: "for a client".to_owned(),
    }
}

fn new(n: i64, account_id: AccountId, name: &str) -> NewCampaign {
    let settings = settings(name, &["OurSummer", "summerdrop"]);
    NewCampaign { id: CampaignId::new(at(n), 7), account_id, settings, idempotency: None, at: at(n) }
}

async fn create(store: &Store, campaign: NewCampaign) -> Campaign {
    match store.create_campaign(campaign).await.expect("an answer") {
        CampaignCreated::Created(campaign) => campaign,
        other => panic!("{other:?}"),
    }
}

async fn find(store: &Store, account_id: AccountId, which: &str) -> Option<Campaign> {
    let which: CampaignRef = which.parse().expect("a name or id");
    store.campaign(account_id, &which).await.expect("an answer")
}

testkit::on_each_backend! {
    async fn a_campaign_is_created_found_listed_and_deleted(fixture: &TestStore) {
        let store = fixture.store();
        let first = create(store, new(1, ME, "summer")).await;
        assert_eq!((first.version, first.created_at, first.updated_at), (0, at(1), at(1)));
        assert_eq!(first.settings, settings("summer", &["OurSummer", "summerdrop"]));
        let second = create(store, new(2, ME, "autumn")).await;
        let theirs = create(store, new(1, OTHER, "summer")).await;
        let again = fixture.again().await;
        assert_eq!(find(&again, ME, "Summer").await, Some(first.clone()));
        assert_eq!(find(&again, ME, &first.id.to_string()).await, Some(first.clone()));
        assert_eq!(find(&again, OTHER, "summer").await, Some(theirs));
        assert_eq!(find(&again, OTHER, "autumn").await, None, "it is not theirs");
        assert_eq!(find(&again, OTHER, &second.id.to_string()).await, None, "it is not theirs");
        let page = |before, limit| { let again = again.clone(); async move {
            let found = again.campaigns(ME, before, limit).await.expect("an answer");
            found.into_iter().map(|campaign| campaign.id).collect::<Vec<_>>()
        }};
        assert_eq!(page(None, 9).await, [second.id, first.id]);
        assert_eq!(page(None, 1).await, [second.id]);
        assert_eq!(page(Some(second.id), 9).await, [first.id]);
        assert!(!store.delete_campaign(OTHER, second.id).await.expect("an answer"));
        assert!(store.delete_campaign(ME, second.id).await.expect("an answer"));
        assert!(!store.delete_campaign(ME, second.id).await.expect("an answer"));
        assert_eq!(page(None, 9).await, [first.id]);
        // Its name is free again.
        create(store, new(3, ME, "autumn")).await;
    }

    async fn a_repeated_request_creates_one_campaign_and_a_name_is_taken_once(fixture: &TestStore) {
        let store = fixture.store();
        let with_key = |n: i64, name: &str| NewCampaign {
            idempotency: Some(("order-7".parse().expect("a key"), Fingerprint::of(name.as_bytes()))),
            ..new(n, ME, name)
        };
        let made = create(store, with_key(1, "summer")).await;
        let again = store.create_campaign(with_key(2, "summer")).await.expect("an answer");
        assert_eq!(again, CampaignCreated::Same(made));
        let other = store.create_campaign(with_key(3, "autumn")).await.expect("an answer");
        assert_eq!(other, CampaignCreated::OtherRequest);
        let taken = store.create_campaign(new(4, ME, "summer")).await.expect("an answer");
        assert_eq!(taken, CampaignCreated::NameTaken);
        let taken = store.create_campaign(new(1, ME, "winter")).await.expect("an answer");
        assert_eq!(taken, CampaignCreated::IdTaken);
        assert_eq!(store.campaigns(ME, None, 9).await.expect("an answer").len(), 1);
    }

    async fn a_change_of_an_older_state_changes_nothing(fixture: &TestStore) {
        let store = fixture.store();
        let first = create(store, new(1, ME, "summer")).await;
        create(store, new(2, ME, "autumn")).await;
        let mut wish = settings("Summer-2", &["cat"]);
        wish.span = CampaignSpan::new(at(5), None).expect("a time");
        wish.baseline = Baseline::of_days(7).expect("days");
        wish.notes = String::new();
        let changed = store.change_campaign(&first, wish.clone(), at(50)).await.expect("an answer");
        let CampaignChanged::Changed(changed) = changed else { panic!("{changed:?}") };
        assert_eq!((changed.version, changed.created_at, changed.updated_at), (1, at(1), at(50)));
        assert_eq!(changed.settings, wish);
        assert_eq!(find(store, ME, "summer").await, None);
        assert_eq!(find(store, ME, "summer-2").await, Some(changed.clone()));
        let stale = store.change_campaign(&first, wish.clone(), at(60)).await.expect("an answer");
        assert_eq!(stale, CampaignChanged::Stale);
        wish.name = "autumn".parse().expect("a name");
        let taken = store.change_campaign(&changed, wish.clone(), at(60)).await.expect("an answer");
        assert_eq!(taken, CampaignChanged::NameTaken);
        assert_eq!(find(store, ME, "summer-2").await, Some(changed.clone()), "nothing was changed");
        assert!(store.delete_campaign(ME, changed.id).await.expect("an answer"));
        wish.name = "summer-2".parse().expect("a name");
        let gone = store.change_campaign(&changed, wish, at(70)).await.expect("an answer");
        assert_eq!(gone, CampaignChanged::Stale);
    }

    async fn an_account_has_so_many_campaigns_at_most(fixture: &TestStore) {
        let store = fixture.store();
        for n in 0..CAMPAIGNS_MAX {
            create(store, new(n.cast_signed(), ME, &format!("campaign-{n}"))).await;
        }
        let more = store.create_campaign(new(-1, ME, "more")).await.expect("an answer");
        assert_eq!(more, CampaignCreated::TooMany);
        create(store, new(-1, OTHER, "more")).await;
    }
}
