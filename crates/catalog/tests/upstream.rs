//! A catalog with an upstream: stale data is fetched once for all callers, under the upstream's rules, and
//! stored.

use catalog::upstream::Allowed;
use catalog::{
    Answers, CachedResponse, CatalogError, FreshnessRequirement, HashtagRef, Renderers, SearchPage,
    UpstreamFault, WalkPage, WalkRequest,
};
use domain::{Clock, Hashtag, TagKey, UtcDay, WalkCursor};
use std::collections::BTreeSet;
use std::time::Duration;
use testkit::upstream::{ContractStandIn, Fault, Habits, UpstreamHashtag, UpstreamVideo};
use testkit::{FixedClock, TemporaryCatalog, hashtag};
use tokio::task::JoinSet;

const NO_LIMIT: Allowed = Allowed { requests_per_minute: 0, daily_requests: None };
/// Time limit of a call, so that one that hangs ends soon.
const CALL: Duration = Duration::from_millis(300);
const HOUR: Duration = Duration::from_secs(3600);
const RENDERERS: Renderers = Renderers { hashtag: views, posts: page, search: names };

struct Scene {
    upstream: ContractStandIn,
    clock: FixedClock,
    fixture: TemporaryCatalog,
    answers: Answers,
}

async fn scene(allowed: Allowed) -> Scene {
    let (upstream, clock) = (ContractStandIn::start().await, FixedClock::default());
    let fixture = TemporaryCatalog::live(&clock, upstream.upstreams(allowed, CALL)).await;
    let answers = Answers::new(fixture.catalog().clone(), RENDERERS);
    Scene { upstream, clock, fixture, answers }
}

fn key(name: &str) -> HashtagRef {
    HashtagRef::Key(TagKey::new(name).expect("a tag"))
}

fn views(hashtag: &Hashtag) -> Vec<u8> {
    hashtag.views().map_or(0, |total| total.value).to_string().into_bytes()
}

fn text(answered: &CachedResponse) -> &str {
    std::str::from_utf8(&answered.ready.body).expect("UTF-8")
}

impl Scene {
    async fn look_up(
        &self,
        name: &str,
        wanted: FreshnessRequirement,
    ) -> Result<Option<CachedResponse>, CatalogError> {
        self.answers.hashtag(&key(name), wanted).await
    }

    async fn fault(&self, name: &str) -> UpstreamFault {
        match self.look_up(name, FreshnessRequirement::default()).await {
            Err(CatalogError::Upstream { fault, .. }) => fault,
            other => panic!("{other:?}"),
        }
    }

    fn calls(&self) -> usize {
        self.upstream.received().len()
    }
}

#[tokio::test]
async fn an_upstream_is_called_for_stale_data_and_not_before() {
    let scene = scene(NO_LIMIT).await;
    scene.upstream.hold_videos(7551, "cat", 0);
    let first =
        scene.look_up("cat", FreshnessRequirement::default()).await.expect("an answer").expect("a hashtag");
    assert_eq!((text(&first), first.stale, first.observed_at), ("1000000", false, Some(scene.clock.now())));
    scene.clock.advance(HOUR - Duration::from_millis(1));
    scene.look_up("CAT", FreshnessRequirement::default()).await.expect("an answer").expect("a hashtag");
    assert_eq!(scene.calls(), 1, "younger than an hour");
    let impatient = FreshnessRequirement { age_ms_max: Some(60_000), only_stored: false };
    scene.look_up("cat", impatient).await.expect("an answer").expect("a hashtag");
    assert_eq!(scene.calls(), 2, "older than this caller accepts");
    scene.look_up("cat", FreshnessRequirement::FRESH).await.expect("an answer").expect("a hashtag");
    assert_eq!(scene.calls(), 3);
    scene.clock.advance(HOUR);
    let stored = FreshnessRequirement { age_ms_max: None, only_stored: true };
    scene.look_up("cat", stored).await.expect("an answer").expect("a hashtag");
    assert_eq!(scene.calls(), 3);
    scene.look_up("cat", FreshnessRequirement::default()).await.expect("an answer").expect("a hashtag");
    assert_eq!(scene.calls(), 4);
    let series = scene.fixture.store();
    let cat = scene.fixture.catalog().find("cat").await.expect("an answer").expect("a hashtag");
    let kept = series.hashtag_snapshots_count(cat.row).await.expect("a count");
    assert_eq!(kept, 3, "every reading of another moment is stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_who_miss_the_same_make_one_call() {
    let scene = std::sync::Arc::new(scene(NO_LIMIT).await);
    scene.upstream.hold_videos(7551, "cat", 0);
    scene.upstream.pause(true);
    let mut callers = JoinSet::new();
    for _ in 0..1_000 {
        let scene = std::sync::Arc::clone(&scene);
        callers.spawn(async move { scene.look_up("cat", FreshnessRequirement::default()).await });
    }
    scene.upstream.has_received(1).await;
    scene.upstream.pause(false);
    for answered in callers.join_all().await {
        assert_eq!(text(&answered.expect("an answer").expect("a hashtag")), "1000000");
    }
    assert_eq!(scene.calls(), 1);
}

#[tokio::test]
async fn a_miss_is_remembered_for_a_while() {
    let scene = scene(NO_LIMIT).await;
    for _ in 0..3 {
        assert!(scene.look_up("cat", FreshnessRequirement::default()).await.expect("an answer").is_none());
    }
    assert_eq!(scene.calls(), 1);
    scene.upstream.hold_videos(7551, "cat", 0);
    assert!(scene.look_up("cat", FreshnessRequirement::FRESH).await.expect("an answer").is_some());
    scene.clock.advance(Duration::from_secs(601));
    assert!(scene.look_up("dog", FreshnessRequirement::default()).await.expect("an answer").is_none());
    assert_eq!(scene.calls(), 3);
}

#[tokio::test]
async fn what_is_stored_goes_out_as_stale_while_the_upstream_is_down() {
    let scene = scene(NO_LIMIT).await;
    scene.upstream.hold_videos(7551, "cat", 0);
    let fresh =
        scene.look_up("cat", FreshnessRequirement::default()).await.expect("an answer").expect("a hashtag");
    for fault in [Fault::reply(500, "{}"), Fault::Hang, Fault::body("<html>"), Fault::Abort, Fault::GzipBomb]
    {
        scene.upstream.always(Some(fault.clone()));
        scene.clock.advance(HOUR);
        let answered = scene
            .look_up("cat", FreshnessRequirement::default())
            .await
            .expect("an answer")
            .expect("a hashtag");
        assert!(answered.stale, "{fault:?}");
        assert_eq!((answered.observed_at, text(&answered)), (fresh.observed_at, text(&fresh)), "{fault:?}");
    }
    scene.upstream.always(None);
    scene.clock.advance(HOUR);
    let again =
        scene.look_up("cat", FreshnessRequirement::default()).await.expect("an answer").expect("a hashtag");
    assert!(!again.stale && again.observed_at == Some(scene.clock.now()));
}

#[tokio::test]
async fn where_nothing_is_stored_it_is_said_why() {
    let scene = scene(NO_LIMIT).await;
    for (name, fault, reported) in [
        ("a", Fault::reply(418, "{}"), UpstreamFault::Error),
        ("b", Fault::body("{\"id\":\"1\",\"cha_name\":\"another\"}"), UpstreamFault::Error),
        ("c", Fault::Hang, UpstreamFault::Timeout),
        ("d", Fault::too_many(Some("30")), UpstreamFault::Unavailable),
    ] {
        scene.upstream.always(Some(fault));
        assert_eq!(scene.fault(name).await, reported, "{name}");
    }
    let calls = scene.calls();
    assert_eq!(scene.fault("e").await, UpstreamFault::Unavailable, "it requested half a minute");
    assert_eq!(scene.calls(), calls);
    assert_eq!(
        scene.fixture.store().catalog_size().await.expect("a size").hashtags,
        0,
        "nothing was poisoned"
    );
}

#[tokio::test]
async fn an_hour_of_failure_leaves_answers_from_the_store_and_the_upstream_alone() {
    let scene = scene(NO_LIMIT).await;
    scene.fixture.record([hashtag("cat").id(7551).views(5).into()]).await;
    scene.upstream.always(Some(Fault::reply(503, "{}")));
    for _ in 0..3_600 {
        scene.clock.advance(Duration::from_secs(1));
        let answered =
            scene.look_up("cat", FreshnessRequirement::FRESH).await.expect("an answer").expect("a hashtag");
        assert!(answered.stale && text(&answered) == "5");
    }
    assert!((100..400).contains(&scene.calls()), "{} calls in an hour", scene.calls());
    scene.upstream.always(None);
    scene.upstream.hold_videos(7551, "cat", 0);
    scene.clock.advance(Duration::from_secs(30));
    let answered =
        scene.look_up("cat", FreshnessRequirement::FRESH).await.expect("an answer").expect("a hashtag");
    assert!(!answered.stale && text(&answered) == "1000000", "half a minute after it works again");
}

#[tokio::test]
async fn the_calls_of_a_day_are_counted_before_they_are_made_and_never_exceeded() {
    let scene = scene(Allowed { requests_per_minute: 0, daily_requests: Some(5) }).await;
    for n in 0..5 {
        assert!(
            scene
                .look_up(&format!("t{n}"), FreshnessRequirement::default())
                .await
                .expect("an answer")
                .is_none()
        );
    }
    assert_eq!(scene.fault("t5").await, UpstreamFault::Unavailable);
    let day = UtcDay::of(scene.clock.now());
    assert_eq!(scene.fixture.store().upstream_calls("original", day).await.expect("a number"), 5);
    assert_eq!(scene.calls(), 5);
    scene.clock.advance(24 * HOUR);
    assert!(
        scene.look_up("t6", FreshnessRequirement::default()).await.expect("an answer").is_none(),
        "a new day"
    );
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again_within_a_tenth() {
    let scene = scene(NO_LIMIT).await;
    for n in 0..40 {
        assert!(
            scene
                .look_up(&format!("t{n}"), FreshnessRequirement::default())
                .await
                .expect("an answer")
                .is_none()
        );
    }
    scene.upstream.hold_videos(7551, "cat", 0);
    scene.upstream.script([Some(Fault::reply(500, "")), Some(Fault::Abort), None]);
    assert!(
        scene.look_up("cat", FreshnessRequirement::default()).await.expect("an answer").is_some(),
        "the third try"
    );
    assert_eq!(scene.calls(), 43);
    scene.upstream.always(Some(Fault::reply(500, "")));
    scene.fault("dog").await;
    assert_eq!(scene.calls(), 46, "two tries more are left of a tenth of 42 calls");
    scene.fault("bird").await;
    assert_eq!(scene.calls(), 47, "and then none");
}

fn names(page: &SearchPage) -> Vec<u8> {
    page.hashtags.iter().map(|found| found.tag.name()).collect::<Vec<_>>().join(",").into_bytes()
}

#[tokio::test]
async fn a_search_takes_in_what_the_upstream_finds() {
    let scene = scene(NO_LIMIT).await;
    scene.upstream.hold_videos(7551, "cat", 0);
    scene.upstream.hold_videos(9026, "cattok", 0);
    let answers = &scene.answers;
    for _ in 0..2 {
        let found = answers.search("Cat", 0, 10, FreshnessRequirement::default()).await.expect("an answer");
        assert_eq!((text(&found), found.stale), ("cat,cattok", false));
    }
    assert_eq!(scene.calls(), 1);
    scene.upstream.always(Some(Fault::Abort));
    scene.clock.advance(25 * HOUR);
    let stored = answers.search("cat", 0, 10, FreshnessRequirement::default()).await.expect("an answer");
    assert_eq!((text(&stored), stored.stale), ("cat,cattok", true));
    let nothing = answers.search("zebra", 0, 10, FreshnessRequirement::default()).await;
    assert!(matches!(nothing, Err(CatalogError::Upstream { .. })), "{nothing:?}");
}

/// Renders the ids on a page, and the next cursor if there is one.
fn page(page: &WalkPage) -> Vec<u8> {
    let mut line = format!("{} {}", page.cursor.to_wire(), page.has_more);
    for video in &page.videos {
        let video: serde_json::Value = serde_json::from_slice(video).expect("JSON");
        line.push(' ');
        line.push_str(video["aweme_id"].as_str().expect("an id"));
    }
    line.into_bytes()
}

/// Walks to the end; returns the size of each page and all ids in order.
async fn walk(scene: &Scene, count: u32) -> (Vec<usize>, Vec<String>) {
    let (mut cursor, mut sizes, mut ids) = (WalkCursor::START, Vec::new(), Vec::new());
    let id = HashtagRef::Id(7551_u64.try_into().expect("an id"));
    loop {
        let request = WalkRequest { cursor, count, region: None };
        let answered = scene.answers.posts(&id, request, FreshnessRequirement::default()).await;
        let answered = answered.expect("an answer").expect("a hashtag");
        let words: Vec<&str> = text(&answered).split(' ').collect();
        let next = WalkCursor::from_wire(words[0].parse().expect("a cursor")).expect("a cursor");
        assert!(next.to_wire() > cursor.to_wire() || words[1] == "false", "cursors grow");
        cursor = next;
        sizes.push(words.len() - 2);
        ids.extend(words[2..].iter().map(|id| (*id).to_owned()));
        if words[1] == "false" {
            return (sizes, ids);
        }
    }
}

#[tokio::test]
async fn a_walk_sees_each_video_once_whatever_the_habits_of_the_upstream() {
    let habits = [
        Habits::default(),
        Habits { repeats: 7, ..Habits::default() },
        Habits { short_by: 20, numbers_as_strings: true, ..Habits::default() },
        Habits { empty_page_every: Some(3), envelope: true, ..Habits::default() },
        Habits { always_more: true, errors_in_200: true, ..Habits::default() },
    ];
    for habits in habits {
        let scene = scene(NO_LIMIT).await;
        scene.upstream.hold_videos(7551, "cat", 100);
        scene.upstream.habits(habits);
        let (sizes, ids) = walk(&scene, 30).await;
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 100, "{habits:?}");
        assert_eq!(ids.len(), 100, "{habits:?}");
        assert_eq!(sizes, [30, 30, 30, 10], "full until the last: {habits:?}");
        let calls = scene.calls();
        let (_, again) = walk(&scene, 35).await;
        assert_eq!((again.len(), scene.calls()), (100, calls), "from the store: {habits:?}");
    }
}

#[tokio::test]
async fn what_is_stored_grows_beyond_what_an_upstream_gives_at_once() {
    let scene = scene(NO_LIMIT).await;
    scene.upstream.habits(Habits { videos_max: Some(50), ..Habits::default() });
    scene.upstream.hold_videos(7551, "cat", 50);
    assert_eq!(walk(&scene, 35).await.1.len(), 50);
    scene.clock.advance(24 * HOUR);
    // The same hashtag a day later: the feed shows other videos, and some of those before.
    let shown = |n: u64| UpstreamVideo { id: 8_000 + n, plays: n, title: None };
    let before = scene.upstream.held_videos(7551);
    let videos = (0..40).map(shown).chain(before.into_iter().take(10)).collect();
    scene.upstream.hold_hashtag(UpstreamHashtag {
        id: 7551,
        name: "cat".to_owned(),
        views: 1,
        creators: 1,
        videos,
    });
    let (_, ids) = walk(&scene, 35).await;
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 90);
    assert_eq!(ids.len(), 90);
    let cat = scene.fixture.catalog().find("cat").await.expect("an answer").expect("a hashtag");
    assert_eq!(cat.observed.videos as usize, ids.len());
}

#[tokio::test]
async fn a_video_under_a_hashtag_carries_it_whatever_its_caption_says() {
    let scene = scene(NO_LIMIT).await;
    let silent = |id, title: Option<&str>| UpstreamVideo { id, plays: 5, title: title.map(str::to_owned) };
    scene.upstream.hold_hashtag(UpstreamHashtag {
        id: 7551,
        name: "cat".to_owned(),
        views: 1,
        creators: 1,
        videos: vec![silent(9, None), silent(10, Some("no tag"))],
    });
    assert_eq!(walk(&scene, 35).await.1, ["10", "9"]);
}
