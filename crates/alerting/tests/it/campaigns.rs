//! Alerts on campaigns: their hashtags follow the campaign, and states of those that stay are kept.

use crate::world::{DAY, DAY_MS, World, day, rule};
use alerting::AlertingError;
use alerting::order::{AlertOrder, AlertPatch, Watches};
use alerting::view::AlertView;
use domain::campaign::CampaignRef;
use domain::{AlertId, CampaignId, Clock, Moment, Timestamp};
use measure::{CampaignOrder, CampaignPatch, MeasureError};
use serde_json::json;
use std::time::Duration;
use testkit::TestStore;

/// Time between two looks at a campaign.
const LOOK: Duration = Duration::from_secs(600);

/// Daily readings of 30 days of #cat, #dog and #owl up to day 30; #cat jumps on the last three.
async fn read(world: &World) {
    for number in 0..=30 {
        for (name, first) in [("cat", 1_000_000), ("dog", 2_000_000), ("owl", 500_000)] {
            let jump = if name == "cat" && number > 27 { (number - 27) * 50_000 } else { 0 };
            world.read(name, day(number), (first + number * 1_000 + jump).unsigned_abs()).await;
        }
    }
}

async fn campaign(world: &World, from: i64, to: i64) -> CampaignRef {
    let order = CampaignOrder {
        name: "summer".to_owned(),
        hashtags: vec!["cat".to_owned(), "dog".to_owned()],
        against: vec!["owl".to_owned()],
        from: Moment::At(day(from)),
        to: Some(Moment::At(day(to))),
        tz: domain::Zone::UTC,
        baseline: Default::default(),
        goals: Default::default(),
        not_tags: Vec::new(),
        not_creators: Vec::new(),
        notes: String::new(),
    };
    let order = world.measure.check_campaign(order).expect("an order");
    let id = CampaignId::new(world.clock.now(), 7);
    world.measure.create_campaign(world.account, id, order, None).await.expect("a campaign");
    CampaignRef::Id(id)
}

fn order(campaign: &str) -> AlertOrder {
    let rule = rule(&json!({"rule": "velocity", "window": "24h", "above": 20_000}));
    let watches = Watches::Campaign { campaign: campaign.to_owned(), rule };
    AlertOrder { name: String::new(), watches, to: Vec::new() }
}

/// Looks again, and returns the alert.
async fn look(world: &World, id: AlertId) -> AlertView {
    world.clock.advance(LOOK);
    world.follow().await;
    world.alerting.show(world.account, id).await.expect("an alert")
}

fn names(view: &AlertView) -> Vec<&str> {
    view.hashtags.iter().map(|hashtag| hashtag.hashtag.as_str()).collect()
}

async fn change(world: &World, which: &CampaignRef, patch: CampaignPatch) {
    world.measure.change_campaign(world.account, which, &patch).await.expect("changed");
}

testkit::on_each_backend! {
    async fn hashtags_follow_the_campaign_and_keep_their_states(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        read(&world).await;
        let which = campaign(&world, 20, 60).await;
        let id = world.create(&order("summer")).await.expect("an alert").alert.id;
        let view = look(&world, id).await;
        assert_eq!(names(&view), ["cat", "dog"]);
        assert_eq!(view.campaign.as_ref().and_then(|one| one.name.as_deref()), Some("summer"));
        // #cat was above the threshold before: its state is that of the preview.
        let cat = view.hashtags[0].clone();
        assert_eq!((cat.state, cat.last_fired_at.is_some()), ("firing", true));

        let own = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        change(&world, &which, CampaignPatch { hashtags: own(&["cat", "newtag"]), ..CampaignPatch::default() }).await;
        let view = look(&world, id).await;
        assert_eq!(names(&view), ["cat", "newtag"]);
        assert_eq!(view.hashtags[0], cat, "the state is kept");
        assert_eq!(view.hashtags[1].state, "waiting", "it is not stored yet");

        // It still fires and recovers like any other.
        for number in 31..=33 {
            world.read("cat", day(number), 1_180_000 + number.unsigned_abs()).await;
            world.follow().await;
        }
        let events = world.events().await;
        assert_eq!(events.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>(), ["alert.recovered"]);

        change(&world, &which, CampaignPatch { to: Some(Some(Moment::At(day(33)))), ..CampaignPatch::default() }).await;
        world.clock.advance(DAY);
        let view = look(&world, id).await;
        assert_eq!((names(&view).len(), view.campaign.and_then(|one| one.reason)), (0, Some("the campaign is over".to_owned())));
        change(&world, &which, CampaignPatch { to: Some(None), ..CampaignPatch::default() }).await;
        assert_eq!(names(&look(&world, id).await), ["cat", "newtag"], "it runs again");

        world.measure.delete_campaign(world.account, &which).await.expect("deleted");
        let view = look(&world, id).await;
        let gone = view.campaign.as_ref().expect("a campaign");
        assert_eq!((names(&view).len(), gone.name.as_deref()), (0, None));
        assert_eq!(gone.reason.as_deref(), Some("the campaign was deleted"));
    }

    async fn two_nodes_follow_a_campaign_once(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        let other = world.another(fixture).await;
        read(&world).await;
        let which = campaign(&world, 29, 60).await;
        let id = world.create(&order("summer")).await.expect("an alert").alert.id;
        let own = Some(vec!["dog".to_owned(), "owl".to_owned()]);
        let patch = CampaignPatch { hashtags: own, against: Some(Vec::new()), ..CampaignPatch::default() };
        change(&world, &which, patch).await;
        world.clock.advance(LOOK);
        tokio::join!(world.follow(), other.follow());
        for node in [&world, &other] {
            assert_eq!(names(&look(node, id).await), ["dog", "owl"]);
        }
        assert_eq!(world.events().await.len(), 0);
    }

    async fn a_campaign_is_watched_from_its_beginning_on(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        read(&world).await;
        campaign(&world, 31, 60).await;
        let id = world.create(&order("SUMMER")).await.expect("an alert").alert.id;
        let reason = |view: &AlertView| view.campaign.as_ref().and_then(|one| one.reason.clone());
        let view = look(&world, id).await;
        assert_eq!(names(&view), [""; 0]);
        assert_eq!(reason(&view).as_deref(), Some("the campaign begins at 2026-02-01T06:00:00Z"));
        world.clock.set(Timestamp::from_ms(day(31).as_ms() + DAY_MS / 24));
        let view = look(&world, id).await;
        assert_eq!((names(&view).len(), reason(&view)), (2, None));
    }

    async fn an_order_is_refused_with_what_would_be_right(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        read(&world).await;
        campaign(&world, 20, 60).await;
        let refused = world.create(&order("winter")).await.expect_err("unknown");
        assert_eq!(refused.to_string(), "campaign: this account has no such campaign");
        let mut wrong = order("summer");
        wrong.watches = Watches::Campaign { campaign: "summer".to_owned(), rule: rule(&json!({})) };
        let refused = world.create(&wrong).await.expect_err("without a threshold");
        assert!(matches!(refused, AlertingError::Measure(MeasureError::Parameter { param: "above", .. })), "{refused}");
        let id = world.create(&order("summer")).await.expect("an alert").alert.id;
        let hashtags = AlertPatch { hashtags: Some(vec!["owl".to_owned()]), ..AlertPatch::default() };
        let refused = world.alerting.change(world.account, id, hashtags).await.expect_err("it follows");
        assert!(refused.to_string().starts_with("hashtags: the alert follows a campaign"), "{refused}");
        let rule = AlertPatch { rule: Some(rule(&json!({"rule": "velocity", "above": 5}))), ..AlertPatch::default() };
        world.alerting.change(world.account, id, rule).await.expect("changed");
        let view = look(&world, id).await;
        assert_eq!((names(&view), view.hashtags[0].above), (vec!["cat", "dog"], Some(5.0)));
    }
}
