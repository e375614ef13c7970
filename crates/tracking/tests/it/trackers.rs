//! Trackers at work: against a real upstream over HTTP, on each backend, with one node or several, under a clock that the test
//! moves.

use crate::world::{HOUR, World, order};
use domain::tracking::{Cadence, Interval, OnEmpty, TrackerSource};
use domain::{Credits, Timestamp};
use std::time::Duration;
use testkit::upstream::Fault;
use testkit::{TestStore, hashtag};
use tracking::TrackingError;
use tracking::order::{TrackerOrder, TrackerPatch};
use tracking::series::SeriesRange;

testkit::on_each_backend! {
    async fn a_daily_tracker_reads_each_day_once_and_pays_for_each_reading(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        let tracker = world.create(world.me, order(&["cat"], Interval::Day)).await;
        for _ in 0..5 * 24 {
            world.work(0).await;
            world.clock.advance(HOUR);
        }
        let view = world.show(world.me, &tracker).await;
        // Five days have parts of six slots.
        assert_eq!((view.readings, view.gaps), (Some(6), Some(0)));
        assert_eq!(world.upstream.received().len(), 6);
        assert_eq!(world.spent(world.me).await, 6);
        assert_eq!(view.spent_this_month, 6);
        let series = world.series(world.me, &tracker).await;
        assert_eq!(series.readings.len(), 6);
        assert!(series.readings.iter().all(|reading| !reading.late && reading.source == "contract"));
        assert_eq!(view.last_reading_at, series.readings.last().map(|reading| reading.at));
        assert!(view.next_reading_at.is_some_and(|at| at > world.now()));
    }

    async fn time_that_passed_unread_is_one_gap_and_the_next_reading_is_late(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        let tracker = world.create(world.me, order(&["cat"], Interval::Day)).await;
        world.work(0).await;
        world.clock.advance(HOUR * 24 * 366);
        world.work(0).await;
        world.work(0).await;
        let gaps = world.gaps(world.me, &tracker).await;
        assert_eq!(gaps.iter().map(|gap| gap.reason).collect::<Vec<_>>(), ["asleep"]);
        assert!((gaps[0].hours - 365.0 * 24.0).abs() < f64::EPSILON, "{gaps:?}");
        let series = world.series(world.me, &tracker).await;
        assert_eq!(series.readings.iter().map(|reading| reading.late).collect::<Vec<_>>(), [false, true]);
        assert_eq!(series.gaps, gaps);
        assert_eq!((world.spent(world.me).await, world.upstream.received().len()), (2, 2));
    }

    async fn two_accounts_and_two_nodes_make_one_call_and_two_charges(fixture: &TestStore) {
        let mut world = World::new(fixture, &["cat"]).await;
        world.add_node(fixture).await;
        let mine = world.create(world.me, order(&["cat"], Interval::Day)).await;
        let theirs = world.create(world.other, order(&["#Cat"], Interval::Day)).await;
        for _ in 0..3 {
            tokio::join!(world.work(0), world.work(1));
            world.clock.advance(HOUR * 24);
        }
        assert_eq!(world.upstream.received().len(), 3);
        for (account, tracker) in [(world.me, mine), (world.other, theirs)] {
            assert_eq!((world.spent(account).await, world.show(account, &tracker).await.readings), (3, Some(3)));
        }
        let hidden = world.tracking(0).show(world.other, mine).await;
        assert!(matches!(hidden, Err(TrackingError::NotFound)), "{hidden:?}");
    }

    async fn a_slot_has_the_reading_that_anybody_made_in_it(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        let hourly = world.create(world.me, order(&["cat"], Interval::Hour)).await;
        world.work(0).await;
        world.create(world.other, order(&["cat"], Interval::Day)).await;
        world.work(0).await;
        assert_eq!(world.upstream.received().len(), 1, "the hour is part of the day");
        assert_eq!((world.spent(world.me).await, world.spent(world.other).await), (1, 1));
        world.clock.advance(HOUR);
        world.work(0).await;
        assert_eq!((world.spent(world.me).await, world.spent(world.other).await), (2, 1));
        assert_eq!(world.show(world.me, &hourly).await.readings, Some(2));
    }

    async fn a_kill_at_any_point_leaves_one_reading_and_one_charge(fixture: &TestStore) {
        for polls in 0..60 {
            let world = World::new(fixture, &["cat"]).await;
            let name = format!("cat{polls}");
            world.hold(100 + polls, &name);
            let before = (world.spent(world.me).await, world.upstream.received().len());
            let tracker = world.create(world.me, order(&[&name], Interval::Day)).await;
            world.killed_after(0, u32::try_from(polls).expect("polls")).await;
            // Whoever comes next claims it when the lease is over.
            world.clock.advance(Duration::from_secs(600));
            world.work(0).await;
            world.work(0).await;
            let view = world.show(world.me, &tracker).await;
            assert_eq!((view.readings, view.gaps, view.spent_this_month), (Some(1), Some(0), 1), "{polls} polls");
            assert_eq!(world.spent(world.me).await - before.0, 1, "{polls} polls");
            let series = world.series(world.me, &tracker).await;
            assert!(series.readings.len() <= 2, "{polls} polls: {series:?}");
            world.tracking(0).delete(world.me, tracker).await.expect("deleted");
        }
    }

    async fn a_clock_that_is_set_back_reads_nothing_twice(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        let tracker = world.create(world.me, order(&["cat"], Interval::Hour)).await;
        world.work(0).await;
        world.clock.advance(HOUR);
        world.work(0).await;
        world.clock.set(Timestamp::from_ms(world.now().as_ms() - 3_600_000));
        world.work(0).await;
        assert_eq!((world.upstream.received().len(), world.spent(world.me).await), (2, 2));
        world.clock.advance(HOUR);
        world.work(0).await;
        world.clock.advance(HOUR);
        world.work(0).await;
        let view = world.show(world.me, &tracker).await;
        assert_eq!((view.readings, view.gaps, world.spent(world.me).await), (Some(3), Some(0), 3));
        // A year ahead and back: what the clock then said is no gap, and nothing waits for a year.
        world.clock.advance(HOUR * 24 * 400);
        world.work(0).await;
        world.clock.set(Timestamp::from_ms(world.now().as_ms() - 400 * 86_400_000 + 3_600_000));
        world.work(0).await;
        let view = world.show(world.me, &tracker).await;
        assert_eq!((view.readings, world.spent(world.me).await), (Some(5), 5));
        assert!(view.next_reading_at.is_some_and(|at| at.as_ms() - world.now().as_ms() <= 3_600_000));
    }

    async fn an_answer_that_comes_after_its_slot_counts_for_the_slot_of_its_call(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        let tracker = world.create(world.me, order(&["cat"], Interval::Hour)).await;
        let called_at = world.now();
        world.upstream.pause(true);
        let late = async {
            world.upstream.has_received(1).await;
            world.clock.advance(HOUR);
            world.upstream.pause(false);
        };
        tokio::join!(world.work(0), late);
        world.work(0).await;
        let series = world.series(world.me, &tracker).await;
        let times: Vec<_> = series.readings.iter().map(|reading| reading.at).collect();
        assert_eq!(times, [called_at, world.now()]);
        assert!(series.gaps.is_empty() && series.readings.iter().all(|reading| !reading.late), "{series:?}");
        assert_eq!((world.spent(world.me).await, world.upstream.received().len()), (2, 2));
    }

    async fn a_source_that_fails_is_tried_again_in_the_slot_and_is_a_gap_after_it(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        let tracker = world.create(world.me, order(&["cat", "unknown"], Interval::Hour)).await;
        world.upstream.always(Some(Fault::reply(503, "down")));
        world.work(0).await;
        assert_eq!(world.show(world.me, &tracker).await.hashtags[0].failing, Some("source_down"));
        let calls = world.upstream.received().len();
        world.work(0).await;
        assert_eq!(world.upstream.received().len(), calls, "not before a while");
        world.upstream.always(None);
        world.clock.advance(Duration::from_secs(301));
        world.work(0).await;
        let view = world.show(world.me, &tracker).await;
        assert_eq!((view.hashtags[0].failing, view.hashtags[0].readings), (None, 1));
        assert_eq!((view.hashtags[1].failing, view.hashtags[1].readings), (Some("not_found"), 0));
        assert_eq!((world.spent(world.me).await, view.spent_this_month), (1, 1), "failures are free");

        world.clock.advance(HOUR);
        world.upstream.always(Some(Fault::reply(503, "down")));
        world.work(0).await;
        world.clock.advance(HOUR);
        world.upstream.always(None);
        world.work(0).await;
        let gaps = world.tracking(0).gaps(world.me, tracker, Some("cat"), None).await.expect("gaps");
        assert_eq!(gaps.gaps.iter().map(|gap| (gap.reason, gap.hours)).collect::<Vec<_>>(), [("source_down", 1.0)]);
        let gaps = world.tracking(0).gaps(world.me, tracker, Some("unknown"), None).await.expect("gaps");
        assert_eq!(gaps.gaps.iter().map(|gap| gap.reason).collect::<Vec<_>>(), ["source_down", "not_found"]);
        let unclear = world.tracking(0).gaps(world.me, tracker, None, None).await;
        assert!(matches!(unclear, Err(TrackingError::Field { field: "hashtag", .. })), "{unclear:?}");
    }

    async fn a_budget_is_never_passed_and_balance_and_budget_leave_gaps(fixture: &TestStore) {
        let mut world = World::new(fixture, &["cat", "dog", "bird"]).await;
        world.add_node(fixture).await;
        let budget = TrackerOrder {
            credits_max: Some(Credits::new(4).expect("credits")),
            ..order(&["cat", "dog", "bird"], Interval::Hour)
        };
        let tracker = world.create(world.me, budget).await;
        for _ in 0..4 {
            tokio::join!(world.work(0), world.work(1));
            world.clock.advance(HOUR);
        }
        assert_eq!((world.spent(world.me).await, world.show(world.me, &tracker).await.spent_this_month), (4, 4));
        let month = world.clock.clone();
        month.set(Timestamp::parse("2026-02-01T00:30:00Z").expect("a time"));
        world.work(0).await;
        assert_eq!(world.spent(world.me).await, 7, "a new month");
        let cat = world.tracking(0).gaps(world.me, tracker, Some("cat"), None).await.expect("gaps").gaps;
        assert!(cat.iter().any(|gap| gap.reason == "budget"), "{cat:?}");

        // An account without credits reads nothing, and its tracker says why.
        let poor = world.account("poor@example.com", 0).await;
        let broke = world.create(poor, order(&["cat"], Interval::Hour)).await;
        world.work(0).await;
        let view = world.show(poor, &broke).await;
        assert_eq!((view.readings, view.hashtags[0].failing), (Some(0), Some("budget")));
        assert_eq!(view.estimate.days_until_empty, Some(0));
    }

    async fn a_budget_that_slows_lasts_until_the_month_ends(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        let slow = TrackerOrder {
            credits_max: Some(Credits::new(40).expect("credits")),
            on_empty: OnEmpty::Slow,
            ..order(&["cat"], Interval::Hour)
        };
        let tracker = world.create(world.me, slow).await;
        for _ in 0..30 * 24 {
            world.work(0).await;
            world.clock.advance(HOUR);
        }
        let view = world.show(world.me, &tracker).await;
        assert_eq!((view.every, view.gaps), ("hour", Some(0)));
        assert!((30..=40).contains(&world.spent(world.me).await), "{view:?}");
    }

    async fn a_pause_is_a_gap_of_its_own(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        let tracker = world.create(world.me, order(&["cat"], Interval::Day)).await;
        world.work(0).await;
        let pause = |is_paused| TrackerPatch { is_paused: Some(is_paused), ..TrackerPatch::default() };
        world.tracking(0).change(world.me, tracker, pause(true)).await.expect("paused");
        world.work(0).await;
        let view = world.show(world.me, &tracker).await;
        assert_eq!((view.state, view.next_reading_at, view.estimate.readings_per_month), ("paused", None, 0));
        world.clock.advance(HOUR * 24 * 10);
        world.work(0).await;
        world.tracking(0).change(world.me, tracker, pause(false)).await.expect("resumed");
        world.work(0).await;
        let gaps = world.gaps(world.me, &tracker).await;
        assert_eq!(gaps.iter().map(|gap| (gap.reason, gap.hours)).collect::<Vec<_>>(), [("disabled", 9.0 * 24.0)]);
        assert_eq!(world.spent(world.me).await, 2);
    }

    async fn a_change_of_the_cadence_misses_nothing(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        let tracker = world.create(world.me, order(&["cat"], Interval::Week)).await;
        world.upstream.always(Some(Fault::reply(503, "down")));
        world.work(0).await;
        // A slot of the week has no reading yet, and is not over.
        world.clock.advance(HOUR * 5);
        let every = |interval| TrackerPatch { every: Some(Cadence::Every(interval)), ..TrackerPatch::default() };
        world.tracking(0).change(world.me, tracker, every(Interval::Hour)).await.expect("changed");
        world.upstream.always(None);
        world.work(0).await;
        let view = world.show(world.me, &tracker).await;
        assert_eq!((view.readings, view.gaps), (Some(1), Some(0)), "{:?}", world.gaps(world.me, &tracker).await);
        // Two hours pass unread; the day that follows has a reading.
        world.clock.advance(HOUR * 3);
        world.tracking(0).change(world.me, tracker, every(Interval::Day)).await.expect("changed");
        world.work(0).await;
        world.clock.advance(HOUR * 24);
        world.work(0).await;
        let hours: Vec<f64> = world.gaps(world.me, &tracker).await.iter().map(|gap| gap.hours).collect();
        assert_eq!(hours, [2.0]);
    }

    async fn an_adaptive_tracker_reads_as_often_as_the_numbers_move(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        let adaptive = TrackerOrder { every: Cadence::Adaptive, ..order(&["cat"], Interval::Day) };
        let tracker = world.create(world.me, adaptive).await;
        world.hold_views(1, "cat", 1_200_000_000);
        for _ in 0..30 * 24 {
            world.work(0).await;
            world.clock.advance(HOUR);
        }
        let cat = &world.show(world.me, &tracker).await.hashtags[0];
        assert_eq!(cat.interval, "week");
        let reason = "weekly: in a week it moves by less than 2 rounding steps";
        assert_eq!((cat.interval_reason.as_deref(), cat.gaps), (Some(reason), 0));
        assert_eq!(cat.saved_per_month, Some(726));
        assert!(world.spent(world.me).await < 10, "{cat:?}");
    }

    async fn a_tracker_without_an_upstream_shows_the_days_that_no_import_brought(fixture: &TestStore) {
        let world = World::without_upstream(fixture).await;
        let refused = world.tracking(0).check(TrackerOrder {
            source: Some(TrackerSource::Upstream),
            ..order(&["cat"], Interval::Day)
        });
        assert!(matches!(refused, Err(TrackingError::NoUpstream { .. })), "{refused:?}");
        let tracker = world.create(world.me, order(&["cat"], Interval::Day)).await;
        let day = |n: i64| Timestamp::from_ms(world.now().as_ms() + n * 86_400_000);
        let read = |at| hashtag("cat").views(1_234).observed_at(at).into();

        let readings = [-3, -2, 0, 3].map(|n| read(day(n))).to_vec();
        world.clock.advance(HOUR * 24 * 5);
        world.catalog(0).record(readings).await.expect("recorded");
        world.work(0).await;
        let gaps = world.gaps(world.me, &tracker).await;
        let hours: Vec<_> = gaps.iter().map(|gap| (gap.reason, gap.hours)).collect();
        assert_eq!(hours, [("no_reading", 24.0), ("no_reading", 48.0), ("no_reading", 24.0)]);
        let view = world.show(world.me, &tracker).await;
        assert_eq!((view.source, view.readings, view.gaps, view.next_reading_at), ("none", Some(4), Some(3), None));
        let lates: Vec<bool> = world.series(world.me, &tracker).await.readings.iter().map(|one| one.late).collect();
        assert_eq!(lates, [false, false, true, true]);
        assert_eq!(world.spent(world.me).await, 0);
        // A later import closes them.
        let before = Timestamp::from_ms(world.now().as_ms() - 5 * 86_400_000);
        let missing = [-1, 1, 2, 4].map(|n| read(Timestamp::from_ms(before.as_ms() + n * 86_400_000)));
        world.catalog(0).record(missing.to_vec()).await.expect("recorded");
        assert_eq!(world.gaps(world.me, &tracker).await, []);
    }

    async fn a_keyword_is_searched_once_a_slot_and_adds_what_has_enough_views(fixture: &TestStore) {
        let world = World::new(fixture, &["street food", "cat"]).await;
        world.hold_views(7, "streetfood", 5_000_000);
        world.hold_views(8, "streetfoodie", 20_000);
        let keyword = TrackerOrder {
            keyword: Some("Street".to_owned()),
            accept_views: Some(1_000_000),
            ..order(&[], Interval::Day)
        };
        let tracker = world.create(world.me, keyword.clone()).await;
        let theirs = world.create(world.other, TrackerOrder { accept_views: None, ..keyword }).await;
        world.work(0).await;
        let names = async |account, tracker| {
            let view = world.show(account, tracker).await;
            view.hashtags.into_iter().map(|hashtag| hashtag.hashtag).collect::<Vec<_>>()
        };
        let mut accepted = names(world.me, &tracker).await;
        accepted.sort();
        assert!(accepted.contains(&"streetfood".to_owned()), "{accepted:?}");
        assert!(!accepted.contains(&"streetfoodie".to_owned()) && !accepted.contains(&"cat".to_owned()));
        assert_eq!(names(world.other, &theirs).await, [""; 0]);
        let searches = || world.upstream.received().iter().filter(|one| one.path.contains("search")).count();
        assert_eq!(searches(), 1, "one search for both accounts");
        let candidates = world.tracking(0).candidates(world.me, tracker).await.expect("candidates");
        assert!(candidates.iter().any(|found| found.hashtag == "streetfoodie" && found.views == Some(20_000)));
        let theirs_found = world.tracking(0).candidates(world.other, theirs).await.expect("candidates");
        assert!(theirs_found.iter().any(|found| found.hashtag == "streetfood"), "{theirs_found:?}");
        assert_eq!(world.spent(world.other).await, 1);

        world.clock.advance(HOUR * 24 * 3);
        world.work(0).await;
        let keyword = world.show(world.me, &tracker).await.keyword.expect("a keyword");
        assert_eq!((keyword.searches, keyword.gaps, keyword.keyword.as_str()), (2, 1, "street"));
        assert_eq!(searches(), 2);
        let gaps = world.tracking(0).gaps(world.me, tracker, Some("street"), None).await.expect("gaps").gaps;
        assert_eq!(gaps.iter().map(|gap| gap.reason).collect::<Vec<_>>(), ["asleep"]);
        let refused = world.tracking(0).check(TrackerOrder { keyword: Some("#".to_owned()), ..order(&[], Interval::Day) });
        assert!(matches!(refused, Err(TrackingError::Field { field: "keyword", .. })), "{refused:?}");
        let refused = world.tracking(0).check(TrackerOrder { accept_views: Some(1), ..order(&["cat"], Interval::Day) });
        assert!(matches!(refused, Err(TrackingError::Field { field: "auto_accept_views", .. })), "{refused:?}");
    }

    async fn a_series_is_paged_by_time(fixture: &TestStore) {
        let world = World::new(fixture, &["cat"]).await;
        let tracker = world.create(world.me, order(&["cat"], Interval::Hour)).await;
        for _ in 0..5 {
            world.work(0).await;
            world.clock.advance(HOUR);
        }
        let all = world.series(world.me, &tracker).await;
        let (second, fourth) = (all.readings[1].at, all.readings[3].at);
        let range = SeriesRange { from: Some(second), until: Some(fourth), as_of: None };
        let part = world.tracking(0).series(world.me, tracker, Some("#CAT"), range).await.expect("a series");
        assert_eq!(part.readings, all.readings[1..3]);
        assert_eq!((part.hashtag.as_str(), part.next), ("cat", None));
    }
}
