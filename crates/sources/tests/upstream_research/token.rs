//! The access token, and what may be sent.

use super::{AMPLE, Counted, Scene};
use sources::upstream::{Http, ResearchUpstream, SettingError, UpstreamError};
use std::time::Duration;
use testkit::upstream::{Fault, ResearchHabits};

fn token_calls(scene: &Scene) -> usize {
    scene.stand_in.received().iter().filter(|received| received.path == "/v2/oauth/token/").count()
}

#[tokio::test]
async fn a_token_is_renewed_a_minute_before_its_end() {
    let scene = Scene::start(ResearchHabits::default()).await;
    scene.first().await.expect("a page");
    scene.clock.advance(Duration::from_secs(7_139));
    scene.first().await.expect("a page");
    assert_eq!(token_calls(&scene), 1);
    scene.clock.advance(Duration::from_secs(1));
    scene.first().await.expect("a page");
    assert_eq!((token_calls(&scene), scene.allowance.sends()), (2, 3));
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_page_requested_once_more() {
    let scene = Scene::start(ResearchHabits::default()).await;
    scene.first().await.expect("a page");
    scene.stand_in.forget_tokens();
    let page = scene.first().await.expect("a page");
    assert_eq!((page.videos.len(), token_calls(&scene)), (80, 2));
    assert_eq!((scene.allowance.sends(), scene.stand_in.requests_today()), (3, 3), "a replay is a send");
    let invalid = || Some(Fault::research(401, "access_token_invalid", "Access token is invalid"));
    scene.stand_in.script([invalid(), invalid()]);
    let error = scene.first().await.expect_err("refused twice");
    assert_eq!((error.name(), scene.allowance.sends()), ("refused", 5));
    assert_eq!(scene.first().await.expect("a page").videos.len(), 80);
}

#[tokio::test]
async fn a_token_is_fetched_once_for_all_who_wait_for_it() {
    let scene = Scene::start(ResearchHabits::default()).await;
    let pages = tokio::join!(scene.first(), scene.first(), scene.first());
    assert!(pages.0.is_ok() && pages.1.is_ok() && pages.2.is_ok());
    assert_eq!(token_calls(&scene), 1);
}

#[tokio::test]
async fn a_wrong_secret_is_refused_before_anything_is_sent() {
    let mut scene = Scene::start(ResearchHabits::default()).await;
    let new = |secret| {
        ResearchUpstream::new("research", scene.stand_in.client_key(), secret, Http::new().expect("TLS"))
    };
    let upstream = new("another-secret").and_then(|it| it.with_base_url(&scene.stand_in.base_url()));
    assert_eq!(new("").err(), Some(SettingError::Secret { name: "client_secret" }));
    assert_eq!(scene.upstream.check(scene.now()).await, Ok(()));
    scene.upstream = upstream.expect("settings").with_timeout(AMPLE);
    for outcome in [scene.first().await.map(|_| ()), scene.upstream.check(scene.now()).await] {
        let error = outcome.expect_err("refused");
        assert!(
            matches!(&error, UpstreamError::Refused { reason } if reason.contains("incorrect")),
            "{error}"
        );
        assert!(!format!("{error} {:?}", scene.upstream).contains("another-secret"));
    }
    assert_eq!((scene.allowance.sends(), scene.stand_in.requests_today()), (0, 0), "tokens do not count");
}

#[tokio::test]
async fn nothing_is_sent_that_is_not_allowed() {
    let mut scene = Scene::start(ResearchHabits::default()).await;
    scene.allowance = Counted::up_to(2);
    scene.first().await.expect("a page");
    scene.stand_in.forget_tokens();
    assert_eq!(scene.first().await, Err(UpstreamError::QuotaUsedUp), "the replay is one too many");
    assert_eq!(scene.first().await, Err(UpstreamError::QuotaUsedUp));
    assert_eq!((scene.allowance.sends(), scene.stand_in.requests_today()), (2, 2));
}
