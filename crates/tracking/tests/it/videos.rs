//! Top videos of trackers: walks once a slot, a credit a page, and gains between readings.

use crate::world::{HOUR, World, order};
use domain::tracking::Interval;
use domain::{AccountId, Credits, TrackerId};
use testkit::TestStore;
use testkit::upstream::{Fault, UpstreamHashtag};
use tracking::TrackingError;
use tracking::order::{TrackerOrder, TrackerPatch};
use tracking::videos::VideosView;

fn walking(names: &[&str], interval: Interval, videos: (u32, u32)) -> TrackerOrder {
    TrackerOrder { videos: Some(videos), ..order(names, interval) }
}

async fn shown(world: &World, account: AccountId, tracker: TrackerId) -> VideosView {
    world.tracking(0).videos(account, tracker, Some("cat")).await.expect("videos")
}

/// Adds plays to the videos of #cat.
fn gain(world: &World, plays: u64) {
    let mut videos = world.upstream.held_videos(1);
    for video in &mut videos {
        video.plays += plays;
    }
    let name = "cat".to_owned();
    world.upstream.hold_hashtag(UpstreamHashtag { id: 1, name, views: 1_000_000, creators: 1_000, videos });
}

fn pages(world: &World) -> usize {
    world.upstream.received().iter().filter(|call| call.path.contains("posts")).count()
}

testkit::on_each_backend! {
    async fn a_walk_is_made_once_a_day_and_each_account_pays_for_its_pages(fixture: &TestStore) {
        let mut world = World::new(fixture, &["cat"]).await;
        world.add_node(fixture).await;
        world.upstream.hold_videos(1, "cat", 100);
        let mine = world.create(world.me, walking(&["cat"], Interval::Hour, (3, 70))).await;
        let theirs = world.create(world.other, walking(&["Cat"], Interval::Hour, (3, 70))).await;
        tokio::join!(world.work(0), world.work(1));
        assert_eq!(pages(&world), 2, "70 videos of two accounts are two pages");
        for account in [world.me, world.other] {
            assert_eq!(world.spent(account).await, 1 + 2);
        }
        let view = shown(&world, world.me, mine).await;
        let plays: Vec<u64> = view.videos.iter().map(|video| video.plays).collect();
        assert_eq!((plays, view.depth), (vec![1_000, 990, 980], Some(70)));
        assert!(view.videos.iter().all(|video| video.gain.is_none() && video.read_at == Some(world.now())));

        gain(&world, 25);
        for _ in 0..24 {
            world.clock.advance(HOUR);
            tokio::join!(world.work(0), world.work(1));
        }
        assert_eq!(pages(&world), 4);
        let view = shown(&world, world.other, theirs).await;
        let walks = view.walks.as_ref().expect("it walks");
        assert_eq!((walks.walks, walks.gaps, walks.interval), (2, 0, "day"));
        assert!(walks.next_walk_at.is_some_and(|at| at > world.now()));
        assert!(view.videos.iter().all(|video| video.gain == Some(25) && !video.rounded), "{view:?}");
        let tracker = world.show(world.me, &mine).await;
        assert_eq!((tracker.readings, tracker.gaps, tracker.hashtag_count), (Some(25), Some(0), 1));
        assert_eq!(tracker.keyword, None);
        assert_eq!(world.spent(world.me).await, 25 + 4);
        assert_eq!(tracker.spent_this_month, 25 + 4);
    }

    async fn a_walk_costs_the_pages_that_are_there(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        world.upstream.hold_videos(1, "cat", 40);
        let order = TrackerOrder {
            credits_max: Some(Credits::new(10).expect("credits")),
            ..walking(&["cat"], Interval::Day, (20, 200))
        };
        let tracker = world.create(world.me, order).await;
        world.work(0).await;
        // Six are reserved, four given back.
        assert_eq!((world.spent(world.me).await, world.show(world.me, &tracker).await.spent_this_month), (3, 3));
        world.clock.advance(HOUR * 24);
        world.work(0).await;
        assert_eq!(world.spent(world.me).await, 6);
        // What is left covers no whole walk.
        world.clock.advance(HOUR * 24);
        world.work(0).await;
        assert_eq!(world.spent(world.me).await, 7, "the reading alone");
        let walks = shown(&world, world.me, tracker).await.walks.expect("it walks");
        assert_eq!((walks.walks, walks.failing), (2, Some("budget")));
    }

    async fn a_walk_that_is_missed_is_a_gap_with_its_reason(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        world.upstream.hold_videos(1, "cat", 80);
        let tracker = world.create(world.me, walking(&["cat"], Interval::Day, (2, 70))).await;
        world.work(0).await;
        world.clock.advance(HOUR * 24);
        // The first page comes, the second does not: nothing is charged, and the walk is made again.
        world.upstream.always(Some(Fault::reply(500, "")));
        world.work(0).await;
        world.clock.advance(HOUR * 24);
        world.upstream.always(None);
        world.work(0).await;
        let view = shown(&world, world.me, tracker).await;
        assert_eq!(view.gaps.iter().map(|gap| (gap.reason, gap.hours)).collect::<Vec<_>>(), [("source_down", 24.0)]);
        assert_eq!(view.walks.map(|walks| (walks.walks, walks.gaps)), Some((2, 1)));
        assert_eq!(world.spent(world.me).await, 2 * (1 + 2));
    }

    async fn a_kill_at_any_point_leaves_one_charge_for_a_walk(fixture: &TestStore) {
        let world = World::new(fixture, &[]).await;
        for polls in (0..150).step_by(5) {
            let (id, name) = (100 + polls, format!("cat{polls}"));
            world.upstream.hold_videos(id, &name, 40);
            let before = world.spent(world.me).await;
            let tracker = world.create(world.me, walking(&[&name], Interval::Week, (2, 70))).await;
            world.killed_after(0, u32::try_from(polls).expect("polls")).await;
            world.clock.advance(HOUR / 6);
            world.work(0).await;
            world.work(0).await;
            let view = world.show(world.me, &tracker).await;
            let walks = view.hashtags[0].top_videos.as_ref().expect("it walks");
            assert_eq!((walks.walks, walks.gaps), (1, 0), "{polls} polls");
            assert_eq!((world.spent(world.me).await - before, view.spent_this_month), (3, 3), "{polls} polls");
            world.tracking(0).delete(world.me, tracker).await.expect("deleted");
        }
    }

    async fn hashtags_come_and_go_with_their_top_videos(fixture: &TestStore) {
        let world = World::new(fixture, &["cat", "dog"]).await;
        let tracker = world.create(world.me, walking(&["cat"], Interval::Week, (20, 35))).await;
        let add = TrackerPatch { add: vec!["dog".to_owned()], ..TrackerPatch::default() };
        world.tracking(0).change(world.me, tracker, add).await.expect("changed");
        world.work(0).await;
        let view = world.show(world.me, &tracker).await;
        assert_eq!((view.hashtag_count, view.hashtags.len(), view.readings), (2, 2, Some(2)));
        assert_eq!((view.estimate.readings_per_month, view.estimate.walks_per_month), (9, Some(9)));
        assert_eq!(view.estimate.credits_per_month, 18);
        let walks = view.hashtags[1].top_videos.as_ref().expect("it walks");
        assert_eq!((walks.interval, walks.walks), ("week", 1), "a hashtag without videos is walked through, too");
        assert_eq!(world.spent(world.me).await, 2, "no page brought a video");
        let remove = TrackerPatch { remove: vec!["cat".to_owned()], ..TrackerPatch::default() };
        let left = world.tracking(0).change(world.me, tracker, remove).await.expect("changed");
        assert_eq!((left.hashtags, left.hashtag_count()), (2, 1));
    }
}

#[tokio::test]
async fn top_videos_need_an_upstream_and_numbers_that_fit() {
    let fixture = TestStore::sqlite().await.expect("always here");
    let world = World::without_upstream(&fixture).await;
    let refused = world.tracking(0).check(walking(&["cat"], Interval::Day, (20, 200)));
    assert!(
        matches!(refused, Err(TrackingError::NoUpstream { instead: "leave them out", .. })),
        "{refused:?}"
    );
    let tracker = world.create(world.me, order(&["cat"], Interval::Day)).await;
    let view = shown(&world, world.me, tracker).await;
    assert_eq!((view.depth, view.walks, view.videos.len()), (None, None, 0));

    let fixture = TestStore::sqlite().await.expect("always here");
    let world = World::new(&fixture, &["cat"]).await;
    for wrong in [(0, 35), (36, 35), (20, 701)] {
        let refused = world.tracking(0).check(walking(&["cat"], Interval::Day, wrong));
        assert!(matches!(refused, Err(TrackingError::Field { field: "top_videos", .. })), "{refused:?}");
    }
}
