//! Ids of every hashtag, and the headers for the basis and the time of the counts in an answer.

use domain::Timestamp;
use domain::assigned_id::ASSIGNED_ID_MIN;
use std::time::Duration;
use testkit::upstream::upstreams_at;
use testkit::{Answer, Place, Request, TestServer, hashtag, video};

/// Returns a day of December 2025.
fn day(day: u32) -> Timestamp {
    Timestamp::parse(&format!("2025-12-{day:02}T00:00:00Z")).expect("a time")
}

fn marks(answer: &Answer) -> [&str; 3] {
    ["x-count-basis", "x-observed-at", "age"].map(|name| answer.header(name))
}

async fn a_client_goes_from_a_search_to_the_posts_of_a_hashtag_without_an_id(place: &Place) {
    let videos = (1..=3).map(|id| video(id).tag("kitten").plays(id).into());
    let server = place.server().await.holding(videos).start().await;
    let found = server.get("/search-challenge/?keyword=kitten").await.json();
    let id = found["challenge_list"][0]["id"].as_str().expect("an id").to_owned();
    assert!(id.parse::<u64>().expect("digits") >= ASSIGNED_ID_MIN, "{id}");
    let by_id = server.get(&format!("/challenge-info-id/?id={id}")).await.json();
    let by_name = server.get("/challenge-info-name/?name=Kitten").await.json();
    assert_eq!((&by_id, &by_id["id"]), (&by_name, &found["challenge_list"][0]["id"]));
    let posts = format!("/challenge-posts/?challenge_id={id}&count=2");
    assert_eq!(server.get(&posts).await.json()["videos"].as_array().map(Vec::len), Some(2));
    for path in ["", "/history", "/videos", "/creators", "/related", "/benchmark"] {
        let answer = server.get(&format!("/v1/hashtags/{id}{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    let compared = server.get(&format!("/v1/compare?tags={id},kitten2")).await;
    assert_eq!(compared.status, 404, "the other one is missing: {}", compared.text());
    // TikTok's id becomes known: the answers show it, and the assigned one still finds the hashtag.
    server.fixture().record(vec![hashtag("kitten").id(42).views(9).into()]).await;
    for path in [format!("/challenge-info-id/?id={id}"), "/challenge-info-id/?id=42".to_owned()] {
        assert_eq!(server.get(&path).await.json()["id"], "42", "{path}");
    }
    assert_eq!(server.get(&posts).await.json()["videos"].as_array().map(Vec::len), Some(2));
}

async fn an_empty_id_is_refused_with_the_way_to_get_one(place: &Place) {
    let server = place.server().await.start().await;
    for path in ["/challenge-posts/?challenge_id=", "/challenge-info-id/?id="] {
        let answer = server.get(path).await;
        let detail = answer.json()["detail"].to_string();
        assert_eq!(answer.status, 422);
        assert!(detail.contains("is empty") && detail.contains("/search-challenge/"), "{detail}");
    }
    let unknown = server.get(&format!("/challenge-posts/?challenge_id={ASSIGNED_ID_MIN}")).await;
    assert_eq!((unknown.status.as_u16(), &*unknown.code()), (404, "hashtag_not_found"));
}

async fn every_answer_states_the_basis_and_the_time_of_its_counts(place: &Place) {
    let server = place.server().await.holding([
        hashtag("reported").id(1).views(151_200_000_000).observed_at(day(1)).into(),
        hashtag("both").id(2).views(900).creators(7).observed_at(day(2)).into(),
        hashtag("undated").id(3).views(5).into(),
        video(11).tag("reported").tag("observed").plays(30).author(5).observed_at(day(20)).into(),
        video(12).tag("reported").tag("observed").plays(12).author(6).observed_at(day(21)).into(),
    ]);
    let server = server.start().await;
    let read = async |name: &str| {
        let answer = server.get(&format!("/challenge-info-name/?name={name}")).await;
        let counts =
            ["view_count", "user_count"].map(|count| answer.json()[count].as_u64().expect("a number"));
        let marks = marks(&answer).map(str::to_owned);
        (counts, marks)
    };
    let marked = |basis: &str, at: &str, age: &str| [basis, at, age].map(str::to_owned);
    // 31 days until the clock's 2026-01-01.
    let (counts, said) = read("reported").await;
    assert_eq!(counts, [151_200_000_000, 0], "two stored creators are no total of TikTok's");
    let want = marked("view_count=reported; user_count=unknown", "2025-12-01T00:00:00Z", "2678400");
    assert_eq!(said, want);
    let want = marked("view_count=reported; user_count=reported", "2025-12-02T00:00:00Z", "2592000");
    assert_eq!(read("both").await, ([900, 7], want));
    let want = marked("view_count=observed; user_count=observed", "2025-12-21T00:00:00Z", "950400");
    assert_eq!(read("observed").await, ([42, 2], want));
    let want = marked("view_count=reported; user_count=unknown", "unknown", "");
    assert_eq!(read("undated").await, ([5, 0], want));
    // From the cache, and later.
    server.clock.advance(Duration::from_secs(100));
    assert_eq!(read("observed").await.1[2], "950500");
}

async fn lists_state_the_basis_of_all_their_rows_and_the_time_of_the_oldest(place: &Place) {
    let server = place.server().await.holding([
        hashtag("catty").id(1).views(900).creators(7).observed_at(day(2)).into(),
        hashtag("cattle").id(2).views(50).observed_at(day(9)).into(),
        video(11).tag("catty").tag("cats").plays(30).counts(1, 1, 1, 1).observed_at(day(20)).into(),
        video(12).tag("catty").plays(12).observed_at(day(21)).into(),
    ]);
    let server = server.start().await;
    for _ in 0..2 {
        let found = server.get("/search-challenge/?keyword=cat").await;
        assert_eq!(found.json()["challenge_list"].as_array().map(Vec::len), Some(3));
        assert_eq!(marks(&found)[..2], ["view_count=mixed; user_count=mixed", "2025-12-02T00:00:00Z"]);
        let posts = server.get("/challenge-posts/?challenge_id=1&count=1").await;
        let basis = "play_count=reported; digg_count=reported; comment_count=reported; share_count=reported; \
                     collect_count=reported; download_count=unknown";
        assert_eq!(marks(&posts), [basis, "2025-12-20T00:00:00Z", "1036800"]);
        let whole = server.get("/challenge-posts/?challenge_id=1").await;
        assert!(
            marks(&whole)[0].starts_with("play_count=reported; digg_count=mixed;"),
            "{:?}",
            marks(&whole)
        );
        assert_eq!(marks(&whole)[1], "2025-12-20T00:00:00Z");
    }
    let empty = server.get("/search-challenge/?keyword=zzzz").await;
    assert_eq!(marks(&empty), ["view_count=unknown; user_count=unknown", "unknown", ""]);
}

async fn a_tagmeter_behind_a_tagmeter_walks_hashtags_without_an_id(place: &Place) {
    let videos = (1..=40).map(|id| video(id).tag("kitten").plays(id).into());
    let behind = place.server().await.holding(videos).start().await;
    let upstreams = upstreams_at(&format!("http://{}", behind.address), &behind.key);
    let server = place.server().await.upstreams(upstreams).start().await;
    let found = server.get("/search-challenge/?keyword=kitten").await.json();
    let id = found["challenge_list"][0]["id"].as_str().expect("an id").to_owned();
    let page = server.get(&format!("/challenge-posts/?challenge_id={id}&count=35")).await.json();
    assert_eq!(page["videos"].as_array().map(Vec::len), Some(35), "{page}");
    assert_eq!(page["hasMore"], true);
    // The upstream's id is not TikTok's.
    let view = server.get("/v1/hashtags/kitten").await.json();
    assert_eq!((&view["data"]["id"], &view["data"]["assigned_id"]), (&serde_json::Value::Null, &id.into()));
}

async fn creators_known_by_handle_alone_are_counted_marked_and_joined(place: &Place) {
    let server = place.server().await.holding([
        video(1).tag("cat").handle("@Ann").plays(10).observed_at(day(20)).into(),
        video(2).tag("cat").handle("ann").plays(20).observed_at(day(20)).into(),
        video(3).tag("cat").handle("bob").plays(30).observed_at(day(20)).into(),
        video(4).tag("cat").author(9).plays(40).observed_at(day(20)).into(),
        hashtag("dog").id(2).views(7).into(),
    ]);
    let server = server.start().await;
    let read = async || {
        let answer = server.get("/v1/hashtags/cat/creators").await.json();
        let data = &answer["data"];
        let rows = data["creators"].as_array().expect("a list").iter().map(|creator| {
            let number = |name: &str| creator[name].as_u64().expect("a number");
            (
                creator["id"].as_str().map(str::to_owned),
                creator["by_handle"] == true,
                number("videos"),
                number("plays"),
            )
        });
        let caveats = answer["meta"]["caveats"].as_array().expect("a list");
        let is_said = caveats.iter().any(|caveat| caveat["code"] == "creators_by_handle");
        let counted = ["creators_count", "creators_by_handle"].map(|name| data[name].as_u64());
        (rows.collect::<Vec<_>>(), counted, is_said)
    };
    let own = |id: &str| Some(id.to_owned());
    let (rows, counted, is_said) = read().await;
    assert_eq!(rows, [(own("9"), false, 1, 40), (None, true, 2, 30), (None, true, 1, 30)]);
    assert_eq!((counted, is_said), ([Some(3), Some(2)], true));
    assert_eq!(server.get("/challenge-info-name/?name=cat").await.json()["user_count"], 3);
    let compared = server.get("/v1/compare?tags=cat,dog").await.json();
    let shares = |base: &str| {
        let all = compared["data"]["share_of_voice"].as_array().expect("a list");
        all.iter().find(|voice| voice["base"] == base).expect("a base")["shares"].clone()
    };
    assert_eq!(shares("creators"), serde_json::json!([1.0, null]), "nothing of #dog is stored");
    assert_eq!(compared["data"]["overlap"][0]["videos"], serde_json::Value::Null);
    // A record of another video has handle and id together: the earlier videos are joined.
    let both = video(5).tag("dog").handle("ANN").author(7).plays(1).observed_at(day(21));
    server.fixture().record(vec![both.into()]).await;
    let (rows, counted, _) = read().await;
    assert_eq!(rows, [(own("9"), false, 1, 40), (None, true, 1, 30), (own("7"), false, 2, 30)]);
    assert_eq!(counted, [Some(3), Some(1)]);
}

async fn a_creator_whose_name_became_known_later_has_it(place: &Place) {
    let of_ann = |id: u64| video(id).tag("cat").handle("ann").nickname("").plays(id).observed_at(day(20));
    let server = place.server().await.holding([of_ann(1).into()]).start().await;
    let read = async || {
        let answer = server.get("/v1/hashtags/cat/creators").await.json();
        assert_eq!(answer["data"]["creators_count"], 1, "{answer}");
        let creator = &answer["data"]["creators"][0];
        ["id", "unique_id", "nickname"].map(|name| creator[name].as_str().map(str::to_owned))
    };
    let named = |names: [Option<&str>; 3]| names.map(|name| name.map(str::to_owned));
    assert_eq!(read().await, named([None, Some("ann"), None]));
    server.fixture().record(vec![of_ann(2).author(7).nickname("Ann B.").into()]).await;
    assert_eq!(read().await, named([Some("7"), Some("ann"), Some("Ann B.")]));
    server.fixture().record(vec![of_ann(3).into()]).await;
    assert_eq!(read().await, named([Some("7"), Some("ann"), Some("Ann B.")]));
}

testkit::test_on_each_backend!(
    a_creator_whose_name_became_known_later_has_it,
    creators_known_by_handle_alone_are_counted_marked_and_joined,
    a_client_goes_from_a_search_to_the_posts_of_a_hashtag_without_an_id,
    an_empty_id_is_refused_with_the_way_to_get_one,
    every_answer_states_the_basis_and_the_time_of_its_counts,
    lists_state_the_basis_of_all_their_rows_and_the_time_of_the_oldest,
    a_tagmeter_behind_a_tagmeter_walks_hashtags_without_an_id,
);

/// An answer replayed for an `Idempotency-Key`, and a 304.
#[tokio::test]
async fn replayed_and_unchanged_answers_state_it_too() {
    let known = hashtag("cat").id(7551).views(900).observed_at(day(2));
    let server = TestServer::builder().holding([known.into()]).start().await;
    let request = Request::get("/challenge-info-id/?id=7551").key(&server.key);
    let first = server.send(request.clone()).await;
    let known = request.clone().header("if-none-match", first.header("etag"));
    let not_modified = server.send(known).await;
    assert_eq!((not_modified.status.as_u16(), marks(&not_modified)), (304, marks(&first)));
    let once = request.header("idempotency-key", "once");
    let paid = server.send(once.clone()).await;
    server.clock.advance(Duration::from_secs(10));
    let replayed = server.send(once).await;
    assert_eq!((paid.header("x-credits-charged"), replayed.header("x-credits-charged")), ("1", "0"));
    assert_eq!(marks(&replayed)[..2], marks(&first)[..2]);
    assert_eq!((marks(&first)[2], marks(&replayed)[2]), ("2592000", "2592010"));
}
