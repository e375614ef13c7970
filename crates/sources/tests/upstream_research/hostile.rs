//! Whatever the Research API answers, or something that stands in its way: an error that says what it is or a sound
//! page, and the next call is none the worse.

use super::{AMPLE, Scene};
use std::time::Duration;
use testkit::upstream::{Fault, Hostile, ResearchHabits, hostile_answers, hostile_silences};
use tokio::task::JoinSet;

/// Short for what is never answered.
const SHORT: Duration = Duration::from_millis(300);

async fn survives((name, fault, errors): Hostile, timeout: Duration) {
    let mut scene = Scene::start(ResearchHabits::default()).await;
    // The token is fetched while there is time.
    scene.upstream.check(scene.now()).await.expect("a token");
    scene.upstream = scene.upstream.with_timeout(timeout);
    scene.stand_in.always(Some(fault));
    let error = scene.first().await.expect_err(&name);
    assert!(errors.contains(&error.name()), "{name}: {error:?}");
    scene.stand_in.always(None);
    scene.upstream = scene.upstream.with_timeout(AMPLE);
    assert_eq!(scene.first().await.expect(&name).videos.len(), 80, "after {name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_answered_is_an_error_of_the_right_kind() {
    let mut running = JoinSet::new();
    hostile_answers().into_iter().for_each(|hostile| {
        running.spawn(survives(hostile, AMPLE));
    });
    hostile_silences().into_iter().for_each(|hostile| {
        running.spawn(survives(hostile, SHORT));
    });
    while let Some(done) = running.join_next().await {
        done.expect("it survived");
    }
}

#[tokio::test]
async fn a_page_is_read_soundly_or_not_at_all() {
    let scene = Scene::start(ResearchHabits::default()).await;
    let video = |more: &str| format!(r#"{{"id":7365000000000000001,"hashtag_names":["cat"]{more}}}"#);
    let end = r#""cursor":9,"has_more":false"#;
    let many = format!("[{}1]", "{\"id\":1},".repeat(100_000));
    let deep = format!(",\"video_description\":{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (videos, rest, wanted) in [
        (format!("[{}]", video("")), end, Ok((1, 0, 9, false))),
        (
            format!("[{}]", video(r#","view_count":-4,"like_count":"many","create_time":{}"#)),
            end,
            Ok((1, 0, 9, false)),
        ),
        (format!("[{}]", video(&deep)), end, Ok((1, 0, 9, false))),
        (format!("[{},{}]", video(r#","view_count":1e400"#), video("")), end, Ok((1, 1, 9, false))),
        (format!("[{}]", video(r#","username":"\ud800""#)), end, Ok((0, 1, 9, false))),
        (format!("[{}]", video(r#","id":5"#)), end, Ok((0, 1, 9, false))),
        (r#"[null,1,"x",[],{},{"id":7.3e18,"hashtag_names":["cat"]}]"#.to_owned(), end, Ok((0, 6, 9, false))),
        (r#"[{"id":9223372036854775808,"hashtag_names":["cat"]}]"#.to_owned(), end, Ok((0, 1, 9, false))),
        (r#"[{"id":7365000000000000001,"hashtag_names":["dog"]}]"#.to_owned(), end, Ok((0, 1, 9, false))),
        ("null".to_owned(), end, Ok((0, 0, 9, false))),
        ("[]".to_owned(), r#""has_more":false"#, Ok((0, 0, 0, false))),
        ("[]".to_owned(), r#""cursor":"200","has_more":"true""#, Ok((0, 0, 200, true))),
        ("[]".to_owned(), r#""cursor":-1,"has_more":false"#, Ok((0, 0, 0, false))),
        ("[]".to_owned(), r#""cursor":-1,"has_more":true"#, Err("malformed")),
        ("[]".to_owned(), r#""has_more":true"#, Err("malformed")),
        ("[]".to_owned(), r#""cursor":1e400,"has_more":true"#, Err("malformed")),
        ("{}".to_owned(), end, Err("malformed")),
        (many, end, Err("malformed")),
    ] {
        let body = format!(r#"{{"data":{{"videos":{videos},{rest}}},"error":{{"code":"ok","message":""}}}}"#);
        scene.stand_in.script([Some(Fault::body(&body))]);
        let page = scene.first().await.map_err(|error| error.name());
        let page = page.map(|page| (page.videos.len(), page.rejects.count(), page.cursor, page.has_more));
        assert_eq!(page, wanted, "{}", body.chars().take(200).collect::<String>());
    }
}

#[tokio::test]
async fn a_token_s_answer_may_be_anything() {
    for fault in [Fault::Hang, Fault::Abort, Fault::Noise, Fault::Endless] {
        let scene = Scene::start(ResearchHabits::default()).await;
        let there = sources::upstream::Http::new().expect("TLS");
        // A stand-in of the other kind plays the fault on every path.
        let other = testkit::upstream::ContractStandIn::start().await;
        other.always(Some(fault.clone()));
        let upstream =
            sources::upstream::ResearchUpstream::new("research", "k", "s", there).expect("settings");
        let upstream = upstream.with_base_url(&other.base_url()).expect("an address").with_timeout(SHORT);
        let error = upstream.check(scene.now()).await.expect_err("an error");
        assert!(["timeout", "connect", "too_large"].contains(&error.name()), "{fault:?}: {error:?}");
    }
}
