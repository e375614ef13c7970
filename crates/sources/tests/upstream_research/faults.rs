//! Every fault that users of the Research API have reported.

use super::{Scene, may};
use sources::upstream::UpstreamError;
use std::collections::HashSet;
use std::time::Duration;
use testkit::upstream::{Fault, ResearchHabits};

#[tokio::test]
async fn errors_are_what_they_are_and_each_counts_as_sent() {
    let scene = Scene::start(ResearchHabits::default()).await;
    let scope = "The user did not authorize the scope required for completing this request.";
    let faults = [
        (
            Fault::research(400, "invalid_params", "Search Id 7378809778820092971 is invalid or expired"),
            "not_ready",
            true,
        ),
        (Fault::research(400, "invalid_params", "Invalid count or cursor"), "not_ready", true),
        (
            Fault::research(400, "invalid_params", "`username: x` is invalid: cannot find the user"),
            "invalid",
            false,
        ),
        (Fault::research(400, "scope_permission_missed", "voice_to_text"), "invalid", false),
        (Fault::research(401, "scope_not_authorized", scope), "refused", false),
        (Fault::research(429, "rate_limit_exceeded", "slow down"), "rate_limited", true),
        (Fault::research(429, "daily_quota_limit_exceeded", "enough"), "quota_used_up", false),
        (
            Fault::research(500, "internal_error", "Something is wrong. Please try again later."),
            "status",
            true,
        ),
        (Fault::research(500, "internal_error", "Server Internal Error"), "status", true),
        (Fault::research(504, "timeout", ""), "status", true),
        (Fault::gateway_timeout(), "status", true),
        (Fault::body(r#"{"data":{"videos":[{"id":72"#), "malformed", true),
        (Fault::body("<html>"), "malformed", true),
    ];
    // A new search that is refused is made once more, with fewer fields.
    let tries = |name: &str| if name == "invalid" { 2 } else { 1 };
    let count: u64 = faults.iter().map(|(_, name, _)| tries(name) as u64).sum();
    for (fault, name, is_passing) in faults {
        scene.stand_in.script(vec![Some(fault.clone()); tries(name)]);
        let error = scene.first().await.expect_err(name);
        assert_eq!((error.name(), error.is_passing()), (name, is_passing), "{fault:?}: {error}");
    }
    assert_eq!((scene.allowance.sends(), scene.stand_in.requests_today()), (count, count));
    scene.stand_in.script([Some(Fault::research(401, "scope_not_authorized", scope))]);
    let error = scene.first().await.expect_err("no access").to_string();
    assert!(error.contains("no access to the Research API"), "{error}");
    assert_eq!(scene.first().await.expect("a page").videos.len(), 80, "none of it leaves anything behind");
}

#[tokio::test]
async fn a_fresh_search_id_is_refused_for_a_while_and_then_taken() {
    let scene = Scene::start(ResearchHabits { search_id_refusals: 2, ..ResearchHabits::default() }).await;
    let first = scene.first().await.expect("a page");
    for _ in 0..2 {
        let error =
            scene.page(may(1, 30), first.cursor, first.search_id.as_deref()).await.expect_err("not yet");
        assert_eq!(error.name(), "not_ready", "{error}");
    }
    let second = scene.page(may(1, 30), first.cursor, first.search_id.as_deref()).await.expect("a page");
    assert_eq!((second.positions, second.cursor), (100, 200));
    scene.stand_in.forget_searches();
    let error = scene.page(may(1, 30), second.cursor, second.search_id.as_deref()).await.expect_err("gone");
    assert_eq!(error.name(), "not_ready");
    let error =
        scene.page(may(1, 29), first.cursor, first.search_id.as_deref()).await.expect_err("of other days");
    assert_eq!(error.name(), "not_ready");
}

#[tokio::test]
async fn search_ids_may_change_or_be_absent() {
    let scene = Scene::start(ResearchHabits { new_search_ids: true, ..ResearchHabits::default() }).await;
    let pages = scene.walk(may(1, 30)).await.expect("pages");
    let ids: HashSet<_> = pages.iter().filter_map(|page| page.search_id.as_deref()).collect();
    assert_eq!((ids.len(), pages.iter().map(|page| page.videos.len()).sum::<usize>()), (3, 200));
    scene.stand_in.habits(ResearchHabits { no_search_ids: true, ..ResearchHabits::default() });
    let pages = scene.walk(may(1, 30)).await.expect("pages");
    assert!(pages.len() == 3 && pages.iter().all(|page| page.search_id.is_none()));
}

#[tokio::test]
async fn a_cursor_that_does_not_move_is_an_error_and_no_endless_walk() {
    let scene = Scene::start(ResearchHabits { cursor_is_stuck: true, ..ResearchHabits::default() }).await;
    let error = scene.walk(may(1, 30)).await.expect_err("it stands");
    assert!(
        matches!(&error, UpstreamError::Malformed { reason } if reason.contains("does not move")),
        "{error}"
    );
    assert_eq!(scene.allowance.sends(), 1);
}

#[tokio::test]
async fn what_pages_repeat_or_leave_out_comes_through_as_it_is() {
    let scene = Scene::start(ResearchHabits { repeats: 10, ..ResearchHabits::default() }).await;
    let pages = scene.walk(may(1, 30)).await.expect("pages");
    let ids: Vec<_> = pages.iter().flat_map(|page| &page.videos).map(|video| video.id).collect();
    assert_eq!((ids.len(), ids.iter().collect::<HashSet<_>>().len()), (216, 200));
    scene.stand_in.habits(ResearchHabits { ends_early: true, ..ResearchHabits::default() });
    let pages = scene.walk(may(1, 30)).await.expect("pages");
    assert_eq!((pages.len(), pages[0].cursor), (1, 100), "which a later count of the same days shows");
    scene.stand_in.habits(ResearchHabits { drifts: true, ..ResearchHabits::default() });
    let (first, second) = (scene.walk(may(1, 30)).await, scene.walk(may(1, 30)).await);
    let places =
        |pages: Result<Vec<_>, _>| pages.expect("pages").last().map(|page: &super::WindowPage| page.cursor);
    assert!(places(first) > places(second), "fetching the same days later returns fewer");
}

#[tokio::test]
async fn keys_that_are_missing_are_not_reported_and_nul_characters_are_taken_out() {
    let habits = ResearchHabits { no_likes_every: Some(2), nul_in_names: true, ..ResearchHabits::default() };
    let scene = Scene::start(habits).await;
    let page = scene.first().await.expect("a page");
    let without = page.videos.iter().filter(|video| video.counts.likes.is_none()).count();
    assert!((30..=50).contains(&without), "{without} of {}", page.videos.len());
    assert!(page.videos.iter().all(|video| !video.details.author.unique_id.contains('\0')));
    assert!(page.videos.iter().all(|video| video.details.author.unique_id.starts_with("creator")));
}

#[tokio::test]
async fn the_quota_of_a_day_ends_at_midnight_utc_and_failures_use_it_up() {
    let scene = Scene::start(ResearchHabits { requests_a_day: 3, ..ResearchHabits::default() }).await;
    scene.stand_in.script([Some(Fault::gateway_timeout()), Some(Fault::Abort)]);
    assert_eq!(scene.first().await.expect_err("a gateway").name(), "status");
    assert_eq!(scene.first().await.expect_err("cut off").name(), "connect");
    scene.first().await.expect("the last of the day");
    assert_eq!(scene.first().await, Err(UpstreamError::QuotaUsedUp));
    scene.clock.advance(Duration::from_secs(12 * 3600 - 1));
    assert_eq!(scene.first().await, Err(UpstreamError::QuotaUsedUp));
    scene.clock.advance(Duration::from_secs(1));
    scene.first().await.expect("a new day");
    assert_eq!(scene.stand_in.requests_today(), 1);
}

#[tokio::test]
async fn too_many_at_once_is_another_thing_than_too_many_in_a_day() {
    let scene = Scene::start(ResearchHabits { burst: Some((2, 1_000)), ..ResearchHabits::default() }).await;
    scene.first().await.expect("a page");
    scene.first().await.expect("a page");
    assert_eq!(scene.first().await, Err(UpstreamError::RateLimited { retry_after_ms: None }));
    scene.clock.advance(Duration::from_secs(1));
    scene.first().await.expect("a page");
}
