//! The four challenge endpoints over the wire.

use crate::wire::{CAT_VIDEOS, holding_at};
use serde_json::Value;
use std::collections::HashSet;
use testkit::{Answer, Place, Request, TestServer, video};

/// Renders status, headers in order of name, and body, without the date.
fn whole(answer: &Answer) -> String {
    let mut lines: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {}", value.to_str().expect("ASCII")))
        .collect();
    lines.sort();
    format!("{}\n{}\n\n{}", answer.status, lines.join("\n"), answer.text())
}

async fn the_example_record_comes_back_field_for_field_by_id_and_by_name(place: &Place) {
    let server = holding_at(place).await.key_limit(6000).start().await;
    let by_id = server.get("/challenge-info-id/?id=7551").await;
    insta::assert_snapshot!("the_example_record_comes_back_field_for_field_by_id_and_by_name", whole(&by_id));
    for path in [
        "/challenge-info-id?id=7551",
        "/challenge-info-name/?name=cat",
        "/challenge-info-name?name=%23Cat",
        "/challenge-info-name/?name=+CAT+",
        "/challenge-info-name/?name=cat&unknown=1",
    ] {
        let answer = server.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, by_id.text()), "{path}");
    }
    assert_eq!(server.balance().await, 1_000_000 - 6);
}

async fn a_hashtag_nobody_reported_answers_with_observed_counts(place: &Place) {
    let server = holding_at(place).await.start().await;
    insta::assert_snapshot!(
        "a_hashtag_nobody_reported_answers_with_observed_counts",
        server.get("/challenge-info-name/?name=ObservedOnly").await.text()
    );
}

async fn a_page_of_videos(place: &Place) {
    let server = holding_at(place).await.key_limit(6000).start().await;
    insta::assert_snapshot!(
        "a_page_of_videos",
        whole(&server.get("/challenge-posts/?challenge_id=7551&count=2&cursor=0&region=").await)
    );
}

fn ids(page: &Value) -> Vec<String> {
    let videos = page["videos"].as_array().expect("an array");
    videos.iter().map(|video| video["video_id"].as_str().expect("digits").to_owned()).collect()
}

async fn walk(server: &TestServer, query: &str) -> (Vec<String>, Vec<usize>) {
    let (mut seen, mut sizes, mut cursor) = (Vec::new(), Vec::new(), 0);
    loop {
        let path = format!("/challenge-posts/?challenge_id=7551&cursor={cursor}&{query}");
        let page = server.get(&path).await.json();
        seen.extend(ids(&page));
        sizes.push(ids(&page).len());
        let next = page["cursor"].as_u64().expect("an integer");
        if !page["hasMore"].as_bool().expect("a flag") {
            return (seen, sizes);
        }
        assert!(next > cursor && next < 1 << 53);
        cursor = next;
    }
}

async fn a_walk_sees_every_video_once_and_pages_are_full_until_the_last(place: &Place) {
    let server = holding_at(place).await.start().await;
    for (query, want, sizes) in [
        ("", CAT_VIDEOS, vec![10; 8]),
        ("count=30", CAT_VIDEOS, vec![30, 30, 20]),
        ("count=1000", CAT_VIDEOS, vec![35, 35, 10]),
        ("count=15&region=de", 20, vec![15, 5]),
        ("region=FR", 0, vec![0]),
    ] {
        let (seen, seen_sizes) = walk(&server, query).await;
        assert_eq!(seen_sizes, sizes, "{query}");
        assert_eq!(seen.iter().collect::<HashSet<_>>().len() as u64, want, "{query}");
        assert!(seen.is_sorted_by(|a, b| a >= b), "most plays first");
    }
}

async fn a_walk_is_exact_while_videos_come_in(place: &Place) {
    let server = holding_at(place).await.start().await;
    let first = server.get("/challenge-posts/?challenge_id=7551&count=35").await.json();
    let mut seen = ids(&first);
    let mut cursor = first["cursor"].clone();
    for round in 0_u64..2 {
        // New videos above everything, and an old one that overtakes all.
        let more = (0..50).map(|n| {
            video(7_100_000_000_000_000_000 + round * 100 + n).tag_with_id("cat", 7551).plays(1 << 40)
        });
        server.fixture().record(more.map(Into::into)).await;
        let risen = video(7_000_000_000_000_000_001)
            .tag_with_id("cat", 7551)
            .plays((1 << 41) + round)
            .version(round + 1);
        server.fixture().record([risen.into()]).await;
        let path = format!("/challenge-posts/?challenge_id=7551&count=35&cursor={cursor}");
        let page = server.get(&path).await.json();
        seen.extend(ids(&page));
        cursor = page["cursor"].clone();
        assert_eq!(page["hasMore"], round == 0);
    }
    assert_eq!(seen.len() as u64, CAT_VIDEOS);
    assert_eq!(seen.iter().collect::<HashSet<_>>().len() as u64, CAT_VIDEOS);
}

async fn a_known_hashtag_without_videos_is_an_empty_page(place: &Place) {
    let server = holding_at(place).await.start().await;
    let answer = server.get("/challenge-posts/?challenge_id=8003").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, r#"{"videos":[],"cursor":0,"hasMore":false}"#));
}

async fn search_has_the_exact_tag_first_and_pages_to_its_end(place: &Place) {
    let server = holding_at(place).await.key_limit(6000).start().await;
    insta::assert_snapshot!(
        "search_has_the_exact_tag_first_and_pages_to_its_end",
        whole(&server.get("/search-challenge/?keyword=cat&count=10&cursor=0").await)
    );
    let first = server.get("/search-challenge?keyword=CAT&count=1").await.json();
    assert_eq!(
        (first["challenge_list"][0]["cha_name"].as_str(), first["hasMore"].as_bool()),
        (Some("cat"), Some(true))
    );
    let path = format!("/search-challenge/?keyword=cat&count=1&cursor={}", first["cursor"]);
    let second = server.get(&path).await.json();
    assert_eq!(second["challenge_list"][0]["cha_name"], "catsoftiktok");
    for path in ["/search-challenge/?keyword=street+comedy", "/search-challenge/?keyword=street%20comedy"] {
        assert_eq!(server.get(path).await.json()["challenge_list"][0]["cha_name"], "streetcomedy", "{path}");
    }
    let nothing = server.get("/search-challenge/?keyword=zzzzzz").await;
    assert_eq!(
        (nothing.status.as_u16(), nothing.text()),
        (200, r#"{"challenge_list":[],"cursor":0,"hasMore":false}"#)
    );
}

async fn an_answer_the_caller_has_is_not_sent_and_not_charged(place: &Place) {
    let server = holding_at(place).await.start().await;
    let first = server.get("/challenge-info-id/?id=7551").await;
    let request = Request::get("/challenge-info-id/?id=7551")
        .key(&server.key)
        .header("if-none-match", first.header("etag"));
    let again = server.send(request.clone()).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!((again.header("x-credits-charged"), again.header("x-credits-remaining")), ("0", "999999"));
    assert_eq!(again.header("etag"), first.header("etag"));
    server
        .fixture()
        .record([testkit::hashtag("cat").id(7551).views(1_000_681_687_999).version_at(&server)])
        .await;
    assert_eq!(server.send(request).await.status.as_u16(), 200);
    assert_eq!(server.balance().await, 999_998);
}

/// A later reading.
trait Later {
    fn version_at(self, server: &TestServer) -> domain::Observation;
}

impl Later for testkit::HashtagFixture {
    fn version_at(self, server: &TestServer) -> domain::Observation {
        use domain::Clock;
        self.observed_at(server.clock.now()).into()
    }
}

async fn pages_are_compressed_if_accepted_and_small_answers_are_not(place: &Place) {
    use std::io::Read;
    let server = holding_at(place).await.start().await;
    let page = "/challenge-posts/?challenge_id=7551&count=30";
    let plain = server.get(page).await;
    assert_eq!(
        (plain.header("content-encoding"), plain.header("vary")),
        ("", "accept-encoding, authorization, x-api-key")
    );
    let gzip =
        server.send(Request::get(page).key(&server.key).header("accept-encoding", "gzip, deflate")).await;
    assert_eq!((gzip.header("content-encoding"), gzip.header("etag")), ("gzip", plain.header("etag")));
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&gzip.body[..]).read_to_end(&mut unpacked).expect("gzip");
    assert!(unpacked == plain.body && gzip.body.len() * 4 < plain.body.len());
    let zstd = server.send(Request::get(page).key(&server.key).header("accept-encoding", "zstd, gzip")).await;
    assert_eq!(zstd.header("content-encoding"), "zstd");
    assert_eq!(zstd::bulk::decompress(&zstd.body, 1 << 20).expect("zstd"), plain.body);
    let small =
        Request::get("/challenge-info-id/?id=7551").key(&server.key).header("accept-encoding", "gzip");
    assert_eq!(server.send(small).await.header("content-encoding"), "");
}

fn integers(value: &Value, found: &mut Vec<u64>) {
    match value {
        Value::Number(number) => found.extend(number.as_u64()),
        Value::Array(items) => items.iter().for_each(|item| integers(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| integers(field, found)),
        _ => {}
    }
}

async fn no_integer_is_above_what_a_double_holds_and_ids_are_strings(place: &Place) {
    let huge = i64::MAX.unsigned_abs();
    // The largest that is not an assigned one.
    let id = domain::assigned_id::ASSIGNED_ID_MIN - 1;
    let server = place
        .server()
        .await
        .holding([
            testkit::hashtag("huge").id(id).views(huge).creators(huge).into(),
            video(id).tag_with_id("huge", id).plays(huge).counts(huge, huge, huge, huge).into(),
        ])
        .start()
        .await;
    for path in [
        format!("/challenge-info-id/?id={id}"),
        format!("/challenge-posts/?challenge_id={id}"),
        "/search-challenge/?keyword=huge".to_owned(),
    ] {
        let answer = server.get(&path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
        assert!(answer.text().contains(&format!("\"{id}\"")), "{path}");
        let mut found = Vec::new();
        integers(&answer.json(), &mut found);
        assert!(found.iter().all(|number| *number < 1 << 53), "{path}: {found:?}");
    }
}

testkit::test_on_each_backend!(
    the_example_record_comes_back_field_for_field_by_id_and_by_name,
    a_hashtag_nobody_reported_answers_with_observed_counts,
    a_page_of_videos,
    a_walk_sees_every_video_once_and_pages_are_full_until_the_last,
    a_walk_is_exact_while_videos_come_in,
    a_known_hashtag_without_videos_is_an_empty_page,
    search_has_the_exact_tag_first_and_pages_to_its_end,
    an_answer_the_caller_has_is_not_sent_and_not_charged,
    pages_are_compressed_if_accepted_and_small_answers_are_not,
    no_integer_is_above_what_a_double_holds_and_ids_are_strings,
);
