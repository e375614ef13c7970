//! The three known callers of the contract: their exact requests, and the fields they read.

use crate::wire::holding;
use serde_json::Value;
use testkit::{Request, TestServer};

/// The official PHP client: fixed paths, `region=` sent empty, no redirect is followed, the body is taken as it is.
#[tokio::test]
async fn the_php_client_works() {
    let server = holding().start().await;
    for (path, field) in [
        ("/challenge-info-id/?id=7551", "cha_name"),
        ("/challenge-info-name/?name=cat", "cha_name"),
        ("/challenge-posts/?challenge_id=7551&count=10&cursor=0&region=", "videos"),
        ("/search-challenge/?keyword=cat&count=10&cursor=0", "challenge_list"),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: a redirect would not be followed");
        let body = answer.json();
        assert!(body.get(field).is_some(), "{path}: a bare object without envelope");
        assert!(body.get("data").is_none() && body.get("code").is_none(), "{path}");
    }
}

async fn python(server: &TestServer, path: &str) -> Value {
    let request =
        Request::get(path).key(&server.key).header("accept-encoding", "identity").header("accept", "*/*");
    let answer = server.send(request.header("user-agent", "python-requests/2.32.3")).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}");
    answer.json()
}

/// The Python crawler: finds the tag by search, then walks its posts as long as `hasMore`.
#[tokio::test]
async fn the_python_crawler_works() {
    let server = holding().start().await;
    let found = python(&server, "/search-challenge/?keyword=cat&count=5&cursor=0").await;
    let rows = found["challenge_list"].as_array().expect("an array");
    let exact = rows.iter().find(|row| row["cha_name"] == "cat").expect("the exact tag");
    let id = exact["id"].as_str().expect("digits");
    let (mut crawled, mut cursor) = (Vec::new(), 0);
    loop {
        let path = format!("/challenge-posts/?challenge_id={id}&count=35&cursor={cursor}&region=");
        let page = python(&server, &path).await;
        for video in page["videos"].as_array().expect("an array") {
            for count in ["play_count", "digg_count", "comment_count", "share_count", "collect_count"] {
                assert!(video[count].is_u64(), "{count} is never null");
            }
            assert!(video["title"].is_string() && video["cover"].is_string());
            assert_eq!(video["create_time"], 1_666_781_116);
            assert!(video["author"]["unique_id"].as_str().expect("a handle").starts_with("creator"));
            for text in ["id", "title", "author"] {
                assert!(video["music_info"][text].is_string());
            }
            crawled.push(video["video_id"].as_str().expect("digits").to_owned());
        }
        if !page["hasMore"].as_bool().expect("a flag") {
            break;
        }
        let next = page["cursor"].as_u64().expect("an integer");
        assert!(next > cursor, "the crawler stops at a cursor that does not grow");
        cursor = next;
    }
    crawled.sort();
    crawled.dedup();
    assert_eq!(crawled.len(), 80);
}

/// The TypeScript trend detector: needs both counts as numbers in every row.
#[tokio::test]
async fn the_typescript_detector_works() {
    let server = holding().start().await;
    for keyword in ["cat", "street%20comedy", "observedonly"] {
        let request = Request::get(format!("/search-challenge/?keyword={keyword}&count=10")).key(&server.key);
        let found = server.send(request.header("accept", "application/json")).await.json();
        let rows = found["challenge_list"].as_array().expect("an array");
        assert!(!rows.is_empty(), "{keyword}");
        for row in rows {
            assert!(
                row["view_count"].is_u64() && row["user_count"].is_u64() && row["cha_name"].is_string(),
                "{row}"
            );
        }
    }
}

/// Legacy mode is for clients that recognise account errors by their single member.
#[tokio::test]
async fn clients_that_branch_on_the_original_s_messages_work() {
    let server = holding().credits(0).options(|options| options.legacy_errors = true).start().await;
    let answer = server.get("/search-challenge/?keyword=cat&count=5").await;
    let body = answer.json();
    let fields: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!((answer.status.as_u16(), fields), (200, vec!["message"]));
    assert!(body["message"].as_str().expect("a text").contains("credit balance is exhausted"));
}
