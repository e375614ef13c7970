//! Reports are made on time, late or never, and schedules end by themselves.

use crate::world::{WEEK, World, at};
use domain::campaign::CampaignRef;
use scheduling::{ScheduleError, SchedulePatch};
use testkit::TestStore;

testkit::on_each_backend! {
    async fn of_those_that_were_missed_the_newest_is_made_once_and_says_so(fixture: &TestStore) {
        let world = World::new(fixture).await;
        let other = world.another(fixture).await;
        let id = world.create(World::hashtags(), &["a@client.example"]).await;
        let planned = world.show(id).await.schedule.next_at;
        assert_eq!(planned, Some(at("2026-10-19T06:00:00Z")));
        // Nothing ran for five weeks.
        world.clock.set(at("2026-11-24T12:00:00Z"));
        assert_eq!((world.make().await, other.make().await), (1, 0));
        let shown = world.show(id).await;
        let [issue] = shown.issues.as_slice() else { panic!("{shown:?}") };
        assert_eq!((issue.due_at, issue.late), (at("2026-11-23T07:00:00Z"), true));
        assert_eq!(issue.period, "16 to 22 November 2026");
        let skipped = issue.skipped.as_ref().expect("some were missed");
        assert_eq!((skipped.reports, skipped.from), (5, at("2026-10-19T06:00:00Z")));
        assert_eq!(shown.schedule.next_at, Some(at("2026-11-30T07:00:00Z")));
    }

    async fn two_nodes_that_claimed_one_report_make_it_once(fixture: &TestStore) {
        let world = World::new(fixture).await;
        let other = world.another(fixture).await;
        let id = world.create(World::hashtags(), &["a@client.example", "b@client.example"]).await;
        world.clock.set(at("2026-10-19T06:00:00Z"));
        let claimed = world.measure.store().schedule(world.account, id).await.expect("an answer").expect("one");
        let both = tokio::join!(world.scheduling.make(&claimed), other.scheduling.make(&claimed));
        let (first, second) = (both.0.expect("made"), both.1.expect("made"));
        assert!(first != second, "{first} {second}");
        let shown = world.show(id).await;
        assert_eq!((shown.issues.len(), shown.issues[0].mails.len()), (1, 2), "{shown:?}");
        assert_eq!(shown.issues[0].skipped, None);
    }

    async fn a_campaign_that_ended_has_one_last_report_and_a_deleted_one_none(fixture: &TestStore) {
        let world = World::new(fixture).await;
        let subject = world.campaign(Some("2026-10-21")).await;
        let id = world.create(subject.clone(), &["a@client.example"]).await;
        for (moment, is_last) in [("2026-10-19T06:00:00Z", false), ("2026-10-26T07:00:00Z", true)] {
            world.clock.set(at(moment));
            assert_eq!(world.make().await, 1);
            assert_eq!(world.show(id).await.issues[0].last, is_last, "{moment}");
        }
        world.clock.advance(WEEK);
        assert_eq!(world.make().await, 0);
        let ended = world.show(id).await.schedule;
        assert_eq!((ended.state, ended.next_at), ("ended", None));
        assert!(ended.ended.expect("why").contains("the campaign has ended"));
        let gone = world.create(subject, &["a@client.example"]).await;
        let which: CampaignRef = "summer".parse().expect("a name");
        world.measure.delete_campaign(world.account, &which).await.expect("deleted");
        world.clock.advance(WEEK);
        assert_eq!(world.make().await, 1, "it ends");
        let ended = world.show(gone).await;
        assert_eq!((ended.schedule.state, ended.issues.len()), ("ended", 0));
        assert_eq!(ended.schedule.ended.as_deref(), Some("its campaign was deleted"));
        let on = SchedulePatch { is_paused: Some(false), ..SchedulePatch::default() };
        assert_eq!(world.scheduling.change(world.account, gone, on).await.expect("changed").state, "active");
    }

    async fn a_schedule_that_is_paused_or_moved_goes_on_with_the_next_report(fixture: &TestStore) {
        let world = World::new(fixture).await;
        let id = world.create(World::hashtags(), &["a@client.example"]).await;
        let paused = |is_paused| SchedulePatch { is_paused: Some(is_paused), ..SchedulePatch::default() };
        let off = world.scheduling.change(world.account, id, paused(true)).await.expect("changed");
        assert_eq!((off.state, off.next_at), ("paused", None));
        world.clock.set(at("2026-11-03T12:00:00Z"));
        assert_eq!(world.make().await, 0);
        let on = world.scheduling.change(world.account, id, paused(false)).await.expect("changed");
        assert_eq!((on.state, on.next_at), ("active", Some(at("2026-11-09T07:00:00Z"))));
        let monthly = SchedulePatch {
            rhythm_days: Some(domain::rhythm::Days::Monthly(31)),
            ..SchedulePatch::default()
        };
        let moved = world.scheduling.change(world.account, id, monthly).await.expect("changed");
        assert_eq!(moved.next_at, Some(at("2026-11-30T07:00:00Z")), "November has no 31st");
        assert_eq!(moved.when, "on the last day of every month at 08:00 (Europe/Berlin)");
    }
}

#[tokio::test]
async fn orders_that_cannot_work_are_refused_with_the_field() {
    let fixture = &TestStore::sqlite().await.expect("a store");
    let world = World::new(fixture).await;
    let many: Vec<String> = (0..21).map(|n| format!("u{n}@client.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for to in [vec![], vec!["nobody"], vec!["https://hooks.example.com/x"], many] {
        let order = World::order(World::hashtags(), &to);
        let refused = world.scheduling.create(world.account, order, None).await.expect_err("refused");
        assert!(refused.to_string().starts_with("to: "), "{to:?}: {refused}");
    }
    let mut order = World::order(World::hashtags(), &["a@client.example", "A@client.example"]);
    order.days = 0;
    let refused = world.scheduling.create(world.account, order, None).await.expect_err("refused");
    assert!(matches!(refused, ScheduleError::Field { field: "days", .. }), "{refused}");
    let order = World::order(World::hashtags(), &["a@client.example", "A@client.example"]);
    let plan = world.scheduling.plan(world.account, order).await.expect("a plan");
    assert_eq!((plan.to.len(), plan.first_period.as_str()), (1, "12 to 18 October 2026"));
    assert_eq!(plan.next[..2], [at("2026-10-19T06:00:00Z"), at("2026-10-26T07:00:00Z")]);
    assert_eq!(
        world.scheduling.list(world.account, None).await.expect("a page").schedules,
        [],
        "nothing is created"
    );
}
