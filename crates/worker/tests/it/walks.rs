//! Walks through a stand-in for the original, with its habits: every counter and every charge is exact.

use crate::shared::{LEASE_OVER, data, ended, location};
use domain::assigned_id::ASSIGNED_ID_MIN;
use domain::{KeyScope, Operation};
use serde_json::{Value, json};
use std::time::Duration;
use store::ledger::Movement;
use testkit::upstream::{ContractStandIn, Fault, Habits, UpstreamHashtag, UpstreamVideo};
use testkit::{Answer, Place, Request, TestServer, hashtag, video};

/// A server whose upstream holds so many videos under #cat.
async fn with_cat(place: &Place, videos: u64, habits: Habits) -> (ContractStandIn, TestServer) {
    let upstream = ContractStandIn::start().await;
    upstream.hold_videos(7551, "cat", videos);
    upstream.habits(habits);
    let server = place.server().await.upstream(&upstream).start().await;
    (upstream, server)
}

async fn start_walk(server: &TestServer, body: Value) -> Answer {
    server.send(Request::post_json("/v1/walks", &body).key(&server.key)).await
}

/// Walks to the end, and checks that the ledger has what the walk says.
async fn walked(server: &TestServer, body: Value) -> Value {
    let before = server.balance().await;
    let worker = server.worker();
    let walk = ended(server, &server.key, &location(&start_walk(server, body).await)).await;
    worker.stopped().await;
    let charged = before - server.balance().await;
    assert_eq!(walk["credits_charged"], charged, "{walk}");
    assert_eq!(walk["counters"]["pages"], charged, "{walk}");
    walk
}

/// `pages`, `unique`, `duplicate`, `empty_page`, `rejects`.
fn counters(walk: &Value) -> [u64; 5] {
    let count = |name: &str| walk["counters"][name].as_u64().expect("a number");
    ["pages", "unique", "duplicate", "empty_page", "rejects"].map(count)
}

testkit::test_on_each_backend! {
    a_small_hashtag_is_walked_to_its_end,
    a_hashtag_is_walked_by_its_assigned_id,
    a_walk_without_tiktok_s_id_names_the_assigned_one,
    a_ceiling_of_five_thousand_is_reported_through_all_the_original_s_habits,
    an_upstream_that_always_has_more_is_left,
    pages_of_only_rejects_or_only_repeats_are_free,
    rejects_of_a_walk_are_shown_with_their_reasons,
    a_budget_is_never_exceeded,
    a_price_is_reported_and_nothing_is_done,
    two_walks_judge_how_much_there_is,
    a_walk_whose_worker_is_killed_again_and_again_is_charged_once_for_each_page,
    a_worker_that_is_asked_to_stop_hands_its_walk_back,
    an_upstream_that_refuses_ends_a_walk_with_what_it_has,
    a_hashtag_whose_record_cannot_be_used_ends_a_walk_at_once,
    a_walk_goes_on_after_its_upstream_was_down,
    what_cannot_be_walked_is_refused_by_name,
    walks_are_their_account_s_own_and_need_an_upstream,
}

async fn a_small_hashtag_is_walked_to_its_end(place: &Place) {
    let (_upstream, server) = with_cat(place, 100, Habits::default()).await;
    let walk = walked(&server, json!({"hashtag": "#cat"})).await;
    assert_eq!((walk["state"].as_str(), walk["stop_reason"].as_str()), (Some("done"), Some("end")), "{walk}");
    assert_eq!(counters(&walk), [3, 100, 0, 0, 0]);
    assert_eq!(walk["hashtag_id"], "7551");
    assert_eq!(walk["coverage"]["unique"], 100);
    assert_eq!(walk["coverage"]["share"], Value::Null);
    assert!(
        walk["coverage"]["share_missing"].is_string() && walk["coverage"]["estimate_missing"].is_string()
    );
    assert_eq!(server.fixture().store().catalog_size().await.expect("a size").videos, 100);
    let entries = server.fixture().store().entries(server.account_id, None, 10).await.expect("entries");
    let pages = entries
        .iter()
        .filter(|entry| matches!(entry.movement, Movement::Charge { operation, .. } if operation == Operation::WalkPage.number()));
    assert_eq!(pages.count(), 3);
}

/// Before TikTok's id is known, and after.
async fn a_hashtag_is_walked_by_its_assigned_id(place: &Place) {
    let (_upstream, server) = with_cat(place, 100, Habits::default()).await;
    server.fixture().record(vec![video(1).tag("cat").plays(3).into()]).await;
    let find = async |name: &str| {
        let hashtag = server.fixture().measure().measured_hashtag(name).await.expect("a hashtag");
        (hashtag.public_id().to_string(), hashtag.id.map(|id| id.to_string()))
    };
    let (assigned, none) = find("cat").await;
    assert!(assigned.parse::<u64>().expect("digits") >= ASSIGNED_ID_MIN && none.is_none());
    for number in 0..2 {
        let walk = walked(&server, json!({"hashtag": assigned})).await;
        assert_eq!((&walk["state"], &walk["stop_reason"]), (&"done".into(), &"end".into()), "{walk}");
        assert_eq!((&walk["hashtag_id"], &walk["counters"]["unique"]), (&"7551".into(), &100.into()));
        assert_eq!(find("cat").await.1.as_deref(), Some("7551"), "{number}");
        assert_eq!(
            server.fixture().measure().measured_hashtag(&assigned).await.expect("it").tag.name(),
            "cat"
        );
    }
}

/// The upstream is a Tagmeter that does not know TikTok's id either.
async fn a_walk_without_tiktok_s_id_names_the_assigned_one(place: &Place) {
    let (upstream, server) = with_cat(place, 10, Habits::default()).await;
    server.fixture().record(vec![video(1).tag("kitten").plays(3).into()]).await;
    let hashtag = server.fixture().measure().measured_hashtag("kitten").await.expect("a hashtag");
    let id = hashtag.public_id().to_string();
    let video = UpstreamVideo { id: 7_000_000_000_000_000_001, plays: 10, title: Some("#kitten".to_owned()) };
    upstream.hold_hashtag(UpstreamHashtag {
        id: id.parse().expect("digits"),
        name: "kitten".to_owned(),
        views: 1_000,
        creators: 1,
        videos: vec![video],
    });
    let walk = walked(&server, json!({"hashtag": "kitten"})).await;
    assert_eq!((&walk["state"], &walk["counters"]["unique"]), (&"done".into(), &1.into()), "{walk}");
    assert_eq!((&walk["hashtag_id"], &walk["assigned_id"]), (&Value::Null, &id.into()), "{walk}");
}

async fn a_ceiling_of_five_thousand_is_reported_through_all_the_original_s_habits(place: &Place) {
    let habits = Habits {
        errors_in_200: true,
        envelope: true,
        numbers_as_strings: true,
        empty_page_every: Some(7),
        repeats: 3,
        short_by: 5,
        videos_max: Some(5_000),
        ..Habits::default()
    };
    let (upstream, server) = with_cat(place, 6_000, habits).await;
    let walk = walked(&server, json!({"hashtag": "cat"})).await;
    assert_eq!(walk["stop_reason"], "cap", "{walk}");
    // 30 new ones a page; every page but the first begins with three of the page before.
    let pages = 5_000_u64.div_ceil(30);
    let posts =
        upstream.received().iter().filter(|request| request.path == "/challenge-posts/").count() as u64;
    assert_eq!(counters(&walk), [pages, 5_000, (pages - 1) * 3, posts - pages, 0]);
    assert!(posts - pages >= pages / 7, "{posts}");
}

async fn an_upstream_that_always_has_more_is_left(place: &Place) {
    let (_upstream, server) = with_cat(place, 70, Habits { always_more: true, ..Habits::default() }).await;
    let walk = walked(&server, json!({"hashtag": "cat"})).await;
    assert_eq!(walk["stop_reason"], "stall", "{walk}");
    assert_eq!(counters(&walk), [2, 70, 0, 4, 0]);
    let habits = Habits { always_more: true, repeats: 2, ..Habits::default() };
    let (_upstream, server) = with_cat(place, 70, habits).await;
    let walk = walked(&server, json!({"hashtag": "cat"})).await;
    assert_eq!(walk["stop_reason"], "repeat", "{walk}");
    // Three pages of nothing but repeats end it, and cost nothing.
    assert_eq!(counters(&walk), [2, 70, 8, 0, 0]);
    assert_eq!(walk["counters"]["idle_page"], 3, "{walk}");
}

async fn pages_of_only_rejects_or_only_repeats_are_free(place: &Place) {
    // The second page of four cannot be read at all, and of the third only the last video can.
    let habits = Habits { unreadable: Some((35, 104)), ..Habits::default() };
    let (_upstream, server) = with_cat(place, 140, habits).await;
    let walk = walked(&server, json!({"hashtag": "cat"})).await;
    assert_eq!(counters(&walk), [3, 71, 0, 0, 69], "{walk}");
    assert_eq!(
        (walk["counters"]["idle_page"].as_u64(), walk["credits_charged"].as_u64()),
        (Some(1), Some(3))
    );
    // A free page does not use up the budget either.
    let (_upstream, server) = with_cat(place, 140, habits).await;
    let walk = walked(&server, json!({"hashtag": "cat", "max_credits": 2})).await;
    assert_eq!(
        (walk["stop_reason"].as_str(), counters(&walk)),
        (Some("budget"), [2, 36, 0, 0, 69]),
        "{walk}"
    );
    let (_upstream, server) =
        with_cat(place, 30, Habits { unreadable: Some((0, 30)), ..Habits::default() }).await;
    let walk = walked(&server, json!({"hashtag": "cat"})).await;
    assert_eq!((walk["state"].as_str(), counters(&walk)), (Some("done"), [0, 0, 0, 0, 30]), "{walk}");
    // What was seen by an earlier walk is new to this one.
    let (_upstream, server) = with_cat(place, 70, Habits::default()).await;
    for _ in 0..2 {
        let walk = walked(&server, json!({"hashtag": "cat"})).await;
        assert_eq!(counters(&walk), [2, 70, 0, 0, 0], "{walk}");
    }
}

async fn rejects_of_a_walk_are_shown_with_their_reasons(place: &Place) {
    let upstream = ContractStandIn::start().await;
    upstream.hold_videos(7551, "cat", 60);
    let mut videos = upstream.held_videos(7551);
    for (number, plays) in [(2, (1 << 53) + 1), (3, 1 << 53), (37, u64::MAX)] {
        videos[number].plays = plays;
    }
    let (id, name) = (7551, "cat".to_owned());
    upstream.hold_hashtag(UpstreamHashtag { id, name, views: 1_000_000, creators: 1_000, videos });
    let server = place.server().await.upstream(&upstream).start().await;
    let walk = walked(&server, json!({"hashtag": "cat"})).await;
    assert_eq!(counters(&walk), [2, 58, 0, 0, 2], "{walk}");
    let reason =
        |plays: u64| format!("play_count: {plays} is above 9007199254740992 (2^53), the largest count");
    let rejects = json!([
        {"cursor": 0, "record": 3, "reason": reason((1 << 53) + 1)},
        {"cursor": 35, "record": 3, "reason": reason(u64::MAX)},
    ]);
    assert_eq!(walk["first_rejects"], rejects);
    let answer = server.get("/metrics").await;
    let metrics = answer.text();
    assert!(metrics.contains(r#"tagmeter_upstream_rejects_total{upstream="original"} 2"#), "{metrics}");
    // What is the largest count is no reject, and a sum above it is unknown.
    let cat = server.get("/v1/hashtags/cat/videos").await.json();
    assert_eq!(cat["data"][0]["plays"], 1_u64 << 53, "{cat}");
}

async fn a_budget_is_never_exceeded(place: &Place) {
    let (_upstream, server) = with_cat(place, 100, Habits::default()).await;
    let walk = walked(&server, json!({"hashtag": "cat", "max_credits": 2})).await;
    assert_eq!(walk["stop_reason"], "budget", "{walk}");
    assert_eq!(counters(&walk), [2, 70, 0, 0, 0]);
    assert!(walk["coverage"]["estimate_missing"].is_string());
    let upstream = ContractStandIn::start().await;
    upstream.hold_videos(7551, "cat", 100);
    let server = place.server().await.credits(1).upstream(&upstream).start().await;
    let walk = walked(&server, json!({"hashtag": "cat"})).await;
    assert_eq!((walk["stop_reason"].as_str(), counters(&walk)), (Some("budget"), [1, 35, 0, 0, 0]), "{walk}");
    let refused = start_walk(&server, json!({"hashtag": "cat"})).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (402, "insufficient_credits"));
}

async fn a_price_is_reported_and_nothing_is_done(place: &Place) {
    let upstream = ContractStandIn::start().await;
    let reported = hashtag("cat").id(7551).videos(100).views(5).creators(1);
    let server = place.server().await.holding([reported.into()]).upstream(&upstream).start().await;
    let balance = server.balance().await;
    let price = |body: Value| async { start_walk(&server, body).await.json()["data"].clone() };
    let cat = price(json!({"hashtag": "cat", "dry_run": true})).await;
    assert_eq!((cat["pages"].as_u64(), cat["credits"].as_u64()), (Some(3), Some(3)), "{cat}");
    let capped = price(json!({"hashtag": "7551", "dry_run": true, "max_credits": 2.0})).await;
    assert_eq!((capped["pages"].as_u64(), capped["credits"].as_u64()), (Some(3), Some(2)));
    let unknown = price(json!({"hashtag": "dog", "dry_run": true})).await;
    assert_eq!((&unknown["credits"], unknown["max_credits"].as_u64()), (&Value::Null, Some(10_000)));
    assert!(unknown["basis"].as_str().is_some_and(|basis| basis.contains("the cost is unknown")));
    assert_eq!(server.balance().await, balance);
    assert_eq!(upstream.received().len(), 0);
    let listed = server.get("/v1/walks").await.json();
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(0));
}

async fn two_walks_judge_how_much_there_is(place: &Place) {
    let upstream = ContractStandIn::start().await;
    upstream.hold_videos(7551, "cat", 200);
    upstream.habits(Habits { videos_max: Some(120), ..Habits::default() });
    let reported = hashtag("cat").id(7551).videos(200).views(5).creators(1);
    let server = place.server().await.holding([reported.into()]).upstream(&upstream).start().await;
    let first = walked(&server, json!({"hashtag": "cat"})).await;
    assert_eq!(first["stop_reason"], "cap", "120 of 200: {first}");
    let coverage = &first["coverage"];
    assert_eq!(coverage["reported"], json!({"value": 200, "basis": "reported", "rounded": false, "step": 1}));
    assert_eq!(coverage["share"]["value"], 0.6);
    assert_eq!(coverage["estimate"], Value::Null);
    server.clock.advance(Duration::from_secs(3600));
    upstream.habits(Habits { videos_max: Some(160), ..Habits::default() });
    let second = walked(&server, json!({"hashtag": "cat"})).await;
    let estimate = &second["coverage"]["estimate"];
    assert_eq!(
        (estimate["both"].as_u64(), estimate["earlier_unique"].as_u64()),
        (Some(120), Some(120)),
        "{second}"
    );
    assert_eq!(
        (estimate["earlier_walk"].as_str(), &estimate["is_firm"]),
        (first["id"].as_str(), &Value::Bool(true))
    );
    // (120 + 1)(160 + 1) / (120 + 1) - 1
    assert_eq!(estimate["videos"], 160.0);
    assert_eq!(second["coverage"]["share"]["value"], 0.8);
}

async fn a_walk_whose_worker_is_killed_again_and_again_is_charged_once_for_each_page(place: &Place) {
    let (upstream, server) = with_cat(place, 400, Habits { repeats: 1, ..Habits::default() }).await;
    let before = server.balance().await;
    let location = location(&start_walk(&server, json!({"hashtag": "cat"})).await);
    for _ in 0..8 {
        let calls = upstream.received().len();
        let worker = server.worker();
        upstream.has_received(calls + 2).await;
        worker.killed().await;
        server.clock.advance(LEASE_OVER);
    }
    let worker = server.worker();
    let walk = ended(&server, &server.key, &location).await;
    worker.stopped().await;
    let pages = 400_u64.div_ceil(35);
    assert_eq!(counters(&walk), [pages, 400, pages - 1, 0, 0], "{walk}");
    assert_eq!(walk["stop_reason"], "end");
    assert_eq!(before - server.balance().await, pages);
    let listed = server.get("/v1/walks").await.json();
    assert!(listed["data"][0]["attempts"].as_u64().is_some_and(|attempts| attempts >= 2), "{listed}");
}

async fn a_worker_that_is_asked_to_stop_hands_its_walk_back(place: &Place) {
    let (upstream, server) = with_cat(place, 100, Habits::default()).await;
    let location = location(&start_walk(&server, json!({"hashtag": "cat"})).await);
    upstream.script([None, None]);
    let worker = server.worker();
    upstream.has_received(2).await;
    worker.stopped().await;
    // No lease stands in the way of the next one.
    let worker = server.worker();
    let walk = ended(&server, &server.key, &location).await;
    worker.stopped().await;
    assert_eq!(counters(&walk), [3, 100, 0, 0, 0], "{walk}");
}

async fn an_upstream_that_refuses_ends_a_walk_with_what_it_has(place: &Place) {
    let (upstream, server) = with_cat(place, 100, Habits::default()).await;
    let refused = Fault::reply(401, r#"{"message":"Api-Key is not available"}"#);
    upstream.script([None, None, Some(refused)]);
    let walk = walked(&server, json!({"hashtag": "cat"})).await;
    assert_eq!(
        (walk["state"].as_str(), walk["stop_reason"].as_str()),
        (Some("failed"), Some("upstream")),
        "{walk}"
    );
    assert_eq!(counters(&walk), [1, 35, 0, 0, 0]);
    assert!(
        walk["problem"]
            .as_str()
            .is_some_and(|problem| problem.contains("cannot be asked") || problem.contains("cannot be used")),
        "{walk}"
    );
}

async fn a_hashtag_whose_record_cannot_be_used_ends_a_walk_at_once(place: &Place) {
    let (upstream, server) = with_cat(place, 100, Habits::default()).await;
    let videos = upstream.held_videos(7551);
    let views = u64::try_from(i64::MAX).expect("positive");
    upstream.hold_hashtag(UpstreamHashtag {
        id: 7551,
        name: "cat".to_owned(),
        views,
        creators: 1_000,
        videos,
    });
    for hashtag in ["7551", "cat"] {
        let walk = walked(&server, json!({"hashtag": hashtag})).await;
        assert_eq!(
            (walk["state"].as_str(), walk["stop_reason"].as_str()),
            (Some("failed"), Some("upstream")),
            "{walk}"
        );
        assert_eq!((&walk["attempts"], counters(&walk)), (&1.into(), [0; 5]), "{walk}");
        let problem = walk["problem"].as_str().expect("a problem");
        assert!(
            problem.starts_with("the upstream's record of the hashtag cannot be used: ")
                && problem.contains("view_count")
                && problem.contains("9223372036854775807"),
            "{problem}"
        );
    }
}

async fn a_walk_goes_on_after_its_upstream_was_down(place: &Place) {
    let (upstream, server) = with_cat(place, 100, Habits::default()).await;
    let location = location(&start_walk(&server, json!({"hashtag": "cat"})).await);
    upstream.script([None, None]);
    upstream.always(Some(Fault::Abort));
    let worker = server.worker();
    upstream.has_received(3).await;
    let is_put_off = async { while data(&server, &server.key, &location).await["counters"]["pages"] != 1 {} };
    tokio::time::timeout(crate::shared::PATIENCE, is_put_off).await.expect("the first page is kept");
    upstream.always(None);
    let going_on = async {
        loop {
            let walk = data(&server, &server.key, &location).await;
            if walk["state"] != "running" {
                return walk;
            }
            // Pauses of walks, and of the rules of upstreams, go by this clock.
            server.clock.advance(Duration::from_secs(1));
        }
    };
    let walk = tokio::time::timeout(crate::shared::PATIENCE, going_on).await.expect("the walk ends");
    worker.stopped().await;
    assert_eq!((walk["stop_reason"].as_str(), counters(&walk)), (Some("end"), [3, 100, 0, 0, 0]), "{walk}");
}

async fn what_cannot_be_walked_is_refused_by_name(place: &Place) {
    let (_upstream, server) = with_cat(place, 10, Habits::default()).await;
    for (body, param) in [
        (json!({}), "hashtag"),
        (json!({"hashtag": " # "}), "hashtag"),
        (json!({"hashtag": 5}), "hashtag"),
        (json!({"hashtag": "cat", "region": "USA"}), "region"),
        (json!({"hashtag": "cat", "max_credits": 0}), "max_credits"),
        (json!({"hashtag": "cat", "max_credits": 1.5}), "max_credits"),
        (json!({"hashtag": "cat", "max_credits": 100_001}), "max_credits"),
        (json!({"hashtag": "cat", "dry_run": "yes"}), "dry_run"),
        (json!({"hashtag": "cat", "max_credit": 5}), "max_credit"),
    ] {
        let refused = start_walk(&server, body.clone()).await;
        assert_eq!(refused.status.as_u16(), 422, "{body}");
        assert_eq!(refused.json()["param"], param, "{body}");
    }
    let untyped = server.send(Request::post("/v1/walks", "{}").key(&server.key)).await;
    assert_eq!((untyped.status.as_u16(), untyped.code().as_str()), (415, "unsupported_media_type"));
    let large = json!({"hashtag": "x".repeat(20_000)});
    assert_eq!(start_walk(&server, large).await.code(), "body_too_large");
    let worker = server.worker();
    let made = start_walk(&server, json!({"hashtag": "nosuchtag"})).await;
    let walk = ended(&server, &server.key, &location(&made)).await;
    worker.stopped().await;
    assert_eq!((walk["state"].as_str(), &walk["stop_reason"]), (Some("failed"), &Value::Null), "{walk}");
    assert!(walk["problem"].as_str().is_some_and(|problem| problem.contains("nosuchtag")));
}

async fn walks_are_their_account_s_own_and_need_an_upstream(place: &Place) {
    let (_upstream, server) = with_cat(place, 10, Habits::default()).await;
    let location = location(&start_walk(&server, json!({"hashtag": "cat"})).await);
    let (_, other) = server.other_account("other@example.com", KeyScope::Call).await;
    for method in ["GET", "DELETE"] {
        let request = Request::new(method.parse().expect("a method"), location.clone());
        let absent = server.send(request.key(&other)).await;
        assert_eq!((absent.status.as_u16(), absent.code().as_str()), (404, "walk_not_found"));
    }
    let cancel = Request::new("DELETE".parse().expect("a method"), location.clone()).key(&server.key);
    assert_eq!(server.send(cancel).await.json()["data"]["state"], "cancelled");
    let alone = place.server().await.start().await;
    let refused = start_walk(&alone, json!({"hashtag": "cat"})).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (409, "no_upstream"));
    let put = Request::new("PUT".parse().expect("a method"), "/v1/walks").key(&server.key);
    let refused = server.send(put).await;
    assert_eq!(refused.status.as_u16(), 405);
    assert!(refused.header("allow").contains("POST"), "{:?}", refused.headers);
}
