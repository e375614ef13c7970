//! The connector to servers of the contract, against a stand-in: honest, with the original's habits, and hostile.

mod hostile;

use domain::observation::TagRef;
use domain::{HashtagId, Tag, TagKey, Timestamp};
use sources::upstream::contract::{COUNT_MAX, PostsRequest};
use sources::upstream::{ContractUpstream, Http, SettingError};
use testkit::upstream::{ContractStandIn, Habits, UpstreamHashtag, UpstreamVideo};

const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);
const CAT: u64 = 7551;

fn connector(stand_in: &ContractStandIn) -> ContractUpstream {
    let http = Http::new().expect("TLS");
    ContractUpstream::new("original", &stand_in.base_url(), stand_in.key(), http).expect("settings")
}

fn cat() -> (TagRef, HashtagId) {
    let id = HashtagId::try_from(CAT).expect("an id");
    (TagRef { tag: Tag::new("cat").expect("a tag"), id: Some(id) }, id)
}

fn page_at(cursor: u64) -> PostsRequest {
    PostsRequest { cursor, count: COUNT_MAX, region: None }
}

/// One that knows #cat with 90 videos, one of them without a title.
async fn stand_in(habits: Habits) -> ContractStandIn {
    let stand_in = ContractStandIn::start().await;
    let video = |n: u64| UpstreamVideo {
        id: 7_000_000_000_000_000_000 + n,
        plays: 1_000 + n,
        title: (n != 3).then(|| format!("number {n} #dog")),
    };
    let videos = (1..=90).map(video).collect();
    stand_in.hold_hashtag(UpstreamHashtag {
        id: CAT,
        name: "Cat".to_owned(),
        views: 503_200_000_017,
        creators: 12,
        videos,
    });
    stand_in.hold_videos(9, "caterpillar", 2);
    stand_in.habits(habits);
    stand_in
}

/// Every way in which the original may dress an answer.
fn dresses() -> impl Iterator<Item = Habits> {
    (0..8).map(|bits| Habits {
        errors_in_200: bits & 1 != 0,
        envelope: bits & 2 != 0,
        numbers_as_strings: bits & 4 != 0,
        ..Habits::default()
    })
}

#[tokio::test]
async fn a_hashtag_is_read_in_every_dress() {
    for habits in dresses() {
        let stand_in = stand_in(habits).await;
        let upstream = connector(&stand_in);
        let (tag, id) = cat();
        let by_id = upstream.hashtag_by_id(id, NOW).await.expect("an answer").expect("a hashtag");
        let by_name =
            upstream.hashtag_by_name(tag.tag.key(), NOW).await.expect("an answer").expect("a hashtag");
        assert_eq!(by_id, by_name, "{habits:?}");
        assert_eq!((by_id.tag.tag.name(), by_id.tag.id, by_id.observed_at), ("Cat", Some(id), Some(NOW)));
        let counts = by_id.counts;
        assert_eq!(
            counts.views.map(|c| (c.value(), c.is_rounded())),
            Some((503_200_000_017, false)),
            "{habits:?}"
        );
        assert_eq!(counts.creators.map(|c| c.value()), Some(12));
        let other = HashtagId::try_from(1_u64).expect("an id");
        assert_eq!(upstream.hashtag_by_id(other, NOW).await, Ok(None), "{habits:?}");
        let other = TagKey::new("nobody uses this").expect("a tag");
        assert_eq!(upstream.hashtag_by_name(&other, NOW).await, Ok(None), "{habits:?}");
    }
}

#[tokio::test]
async fn videos_are_paged_through_and_carry_the_hashtag_in_every_dress() {
    for habits in dresses() {
        let stand_in = stand_in(habits).await;
        let upstream = connector(&stand_in);
        let (tag, id) = cat();
        let (mut cursor, mut seen) = (0, Vec::new());
        loop {
            let page =
                upstream.posts(&tag, id, page_at(cursor), NOW).await.expect("an answer").expect("a hashtag");
            assert_eq!(page.rejects.count(), 0, "{habits:?}");
            assert!(page.cursor > cursor);
            seen.extend(page.records);
            cursor = page.cursor;
            if !page.has_more {
                break;
            }
        }
        assert_eq!((seen.len(), cursor), (90, 90), "{habits:?}");
        for video in &seen {
            assert!(
                video.tags.iter().any(|carried| carried.id == Some(id) && carried.tag.key() == tag.tag.key()),
                "{video:?}"
            );
        }
        let untitled =
            seen.iter().find(|video| video.id.get() == 7_000_000_000_000_000_003).expect("the one");
        assert_eq!((untitled.details.title.as_str(), untitled.tags.len()), ("", 1));
        assert_eq!(untitled.counts.plays.map(|c| c.value()), Some(1_003));
        let other = HashtagId::try_from(1_u64).expect("an id");
        assert_eq!(upstream.posts(&tag, other, page_at(0), NOW).await, Ok(None), "{habits:?}");
    }
}

#[tokio::test]
async fn searches_and_checks_work_in_every_dress() {
    for habits in dresses() {
        let stand_in = stand_in(habits).await;
        let upstream = connector(&stand_in);
        let page = upstream.search("cat", 0, 10, NOW).await.expect("an answer");
        let names: Vec<_> = page.records.iter().map(|hashtag| hashtag.tag.tag.name()).collect();
        assert_eq!(
            (names, page.has_more, page.rejects.count()),
            (vec!["caterpillar", "Cat"], false, 0),
            "{habits:?}"
        );
        let page = upstream.search("cat", 0, 1, NOW).await.expect("an answer");
        assert_eq!((page.records.len(), page.cursor, page.has_more), (1, 1, true));
        let page = upstream.search("dinosaur", 0, 10, NOW).await.expect("an answer");
        assert!(page.records.is_empty() && !page.has_more);
        assert_eq!(upstream.check(NOW).await, Ok(()), "{habits:?}");
    }
}

#[tokio::test]
async fn a_refused_key_and_an_empty_account_are_said_to_be_that() {
    for habits in dresses() {
        let stand_in = stand_in(habits).await;
        let http = Http::new().expect("TLS");
        let stranger =
            ContractUpstream::new("original", &stand_in.base_url(), "another-key", http).expect("settings");
        let (tag, id) = cat();
        assert_eq!(stranger.check(NOW).await.map_err(|error| error.name()), Err("refused"), "{habits:?}");
        let error = stranger.posts(&tag, id, page_at(0), NOW).await.expect_err("refused");
        assert_eq!(error.name(), "refused");
        assert!(!format!("{error} {stranger:?}").contains("another-key"));
        stand_in.credits(0);
        let error = connector(&stand_in).hashtag_by_id(id, NOW).await.expect_err("nothing to pay with");
        assert_eq!(error.name(), "out_of_credits", "{habits:?}");
    }
}

#[tokio::test]
async fn the_habits_of_its_pages_come_through_as_they_are() {
    let habits = Habits {
        repeats: 5,
        short_by: 10,
        videos_max: Some(60),
        empty_page_every: Some(3),
        ..Habits::default()
    };
    let stand_in = stand_in(habits).await;
    let upstream = connector(&stand_in);
    let (tag, id) = cat();
    let mut pages = Vec::new();
    let mut cursor = 0;
    for _ in 0..4 {
        let page =
            upstream.posts(&tag, id, page_at(cursor), NOW).await.expect("an answer").expect("a hashtag");
        cursor = page.cursor;
        pages.push((page.records.len(), page.cursor, page.has_more));
    }
    assert_eq!(pages, [(25, 25, true), (30, 50, true), (0, 50, true), (15, 60, false)]);
}

#[tokio::test]
async fn what_is_requested_is_what_is_sent() {
    let stand_in = stand_in(Habits::default()).await;
    let upstream = connector(&stand_in);
    let (tag, id) = cat();
    let region = "de".parse().ok();
    let page = PostsRequest { cursor: 7, count: 1_000, region };
    upstream.posts(&tag, id, page, NOW).await.expect("an answer");
    upstream.search("two words & more", 0, 0, NOW).await.expect("an answer");
    let received = stand_in.received();
    let query = |n: usize| {
        received[n].query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
    };
    assert_eq!((received[0].method.as_str(), received[0].path.as_str()), ("GET", "/challenge-posts/"));
    assert_eq!(query(0), ["challenge_id=7551", "count=35", "cursor=7", "region=DE"]);
    assert_eq!(received[0].header("x-api-key"), stand_in.key());
    assert_eq!(query(1), ["keyword=two words & more", "count=1", "cursor=0"]);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let http = Http::new().expect("TLS");
    let new = |url: &str, key: &str| {
        ContractUpstream::new("x", url, key, http.clone()).map(|made| made.base_url().to_owned())
    };
    assert_eq!(new("https://api.example.com/v1/", "k").as_deref(), Ok("https://api.example.com/v1"));
    assert!(matches!(new("api.example.com", "k"), Err(SettingError::BaseUrl(_))));
    assert_eq!(new("https://api.example.com", "a b"), Err(SettingError::Secret { name: "api_key" }));
}
