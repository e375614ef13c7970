//! Compares every answer of a running server with the description that it serves.

use crate::measure::holdings;
use domain::{Clock, Timestamp};
use serde_json::json;
use std::collections::BTreeSet;
use testkit::upstream::ContractStandIn;
use testkit::{Description, FixedClock, Request, TestServer, hashtag};

/// Starts a server with data of every kind, and its upstream.
async fn server() -> (ContractStandIn, TestServer) {
    let upstream = ContractStandIn::start().await;
    upstream.hold_videos(7551, "cat", 40);
    let counted = hashtag("cat").id(7551).views(1_200_000).creators(7).videos(100);
    let mut fixture = holdings();
    let an_hour_ago = Timestamp::from_ms(FixedClock::default().now().as_ms() - 3_600_000);
    fixture.push(counted.observed_at(an_hour_ago).into());
    let server = TestServer::builder().holding(fixture).upstream(&upstream).start().await;
    server.fixture().measure().follow_trends().await.expect("trends");
    (upstream, server)
}

/// Requests that need no job: path as described, path as requested, and status.
const REQUESTS: &[(&str, &str, u16)] = &[
    ("/challenge-info-id/", "/challenge-info-id/?id=7551", 200),
    ("/challenge-info-id/", "/challenge-info-id/?id=123456", 404),
    ("/challenge-info-id/", "/challenge-info-id/?id=cat", 422),
    ("/challenge-info-name/", "/challenge-info-name?name=cat", 200),
    ("/challenge-info-name/", "/challenge-info-name/", 422),
    ("/challenge-posts/", "/challenge-posts/?challenge_id=7551&count=2", 200),
    ("/challenge-posts/", "/challenge-posts/?challenge_id=7551&count=99999999999999999999", 200),
    ("/challenge-posts/", "/challenge-posts/?challenge_id=7551&cursor=-1", 422),
    ("/search-challenge/", "/search-challenge/?keyword=cat&count=3", 200),
    ("/search-challenge/", "/search-challenge/", 422),
    ("/v1/hashtags", "/v1/hashtags?query=cat&limit=1", 200),
    ("/v1/hashtags", "/v1/hashtags?query=cat&sort=growth&fields=name,views", 200),
    ("/v1/hashtags", "/v1/hashtags?query=cat&limit=101", 422),
    ("/v1/hashtags", "/v1/hashtags?query=cat&min_views=9007199254740992", 422),
    ("/v1/hashtags/{ref}", "/v1/hashtags/cat", 200),
    ("/v1/hashtags/{ref}", "/v1/hashtags/cat?fields=name", 200),
    ("/v1/hashtags/{ref}", "/v1/hashtags/nosuchhashtag", 404),
    ("/v1/hashtags/{ref}", "/v1/hashtags/elsewhere", 200),
    ("/v1/hashtags/{ref}/videos", "/v1/hashtags/cat/videos?limit=2&sort=velocity", 200),
    ("/v1/hashtags/{ref}/videos", "/v1/hashtags/cat/videos?fields=id", 200),
    ("/v1/hashtags/{ref}/history", "/v1/hashtags/cat/history?points=3", 200),
    ("/v1/hashtags/{ref}/history", "/v1/hashtags/cat/history?mode=gain&step=raw&repair=false", 200),
    ("/v1/hashtags/{ref}/history", "/v1/hashtags/cat/history?fields=points", 200),
    ("/v1/hashtags/{ref}/history", "/v1/hashtags/elsewhere/history", 200),
    ("/v1/hashtags/{ref}/history.svg", "/v1/hashtags/cat/history.svg", 200),
    ("/v1/hashtags/{ref}/history.svg", "/v1/hashtags/cat/history.svg?index=0", 422),
    ("/v1/hashtags/{ref}/history.png", "/v1/hashtags/cat/history.png?theme=dark&width=100&height=100", 200),
    ("/v1/hashtags/{ref}/history.png", "/v1/hashtags/cat/history.png?width=99", 422),
    ("/v1/hashtags/{ref}/benchmark", "/v1/hashtags/cat/benchmark?plays=1000&engagement=0.05", 200),
    ("/v1/hashtags/{ref}/benchmark", "/v1/hashtags/cat/benchmark?fields=bands", 200),
    ("/v1/hashtags/{ref}/benchmark", "/v1/hashtags/cat/benchmark?window=1x", 422),
    ("/v1/hashtags/{ref}/related", "/v1/hashtags/cat/related?generic=true", 200),
    ("/v1/hashtags/{ref}/related", "/v1/hashtags/cat/related?fields=name", 200),
    ("/v1/hashtags/{ref}/creators", "/v1/hashtags/cat/creators?limit=1", 200),
    ("/v1/hashtags/{ref}/creators", "/v1/hashtags/cat/creators?fields=creators", 200),
    ("/v1/trending", "/v1/trending?limit=2", 200),
    ("/v1/trending", "/v1/trending?window=24h&sort=velocity&fields=name,trend", 200),
    ("/v1/trending", "/v1/trending?window=1y", 422),
    ("/v1/compare", "/v1/compare?tags=cat,dog&index=100", 200),
    ("/v1/compare", "/v1/compare?tags=cat,dog&fields=share_of_voice", 200),
    ("/v1/compare", "/v1/compare?tags=cat", 422),
    ("/v1/export", "/v1/export?of=hashtags", 200),
    ("/v1/export", "/v1/export", 422),
    ("/v1/me", "/v1/me", 200),
    ("/v1/balance", "/v1/balance", 200),
    ("/v1/status", "/v1/status", 200),
    ("/status", "/status", 200),
    ("/v1/usage", "/v1/usage?from=1d", 200),
    ("/v1/usage", "/v1/usage?from=yesterday", 422),
    ("/v1/metrics", "/v1/metrics", 200),
    ("/v1/alerts/templates", "/v1/alerts/templates?hashtag=cat", 200),
    ("/v1/alerts/templates", "/v1/alerts/templates?hashtag=elsewhere", 422),
    ("/v1/alerts/templates", "/v1/alerts/templates?hashtag=nosuchhashtag", 404),
    ("/v1/alerts", "/v1/alerts", 200),
    ("/v1/alerts", "/v1/alerts?cursor=1", 422),
    ("/v1/alerts/{id}", "/v1/alerts/alr_01kb3x8m7q0000000000000000", 404),
    ("/v1/webhooks", "/v1/webhooks", 200),
    ("/v1/webhooks/{id}", "/v1/webhooks/dst_01kb3x8m7q0000000000000000", 404),
    ("/mute/{token}", "/mute/0", 404),
    ("/v1/walks", "/v1/walks", 200),
    ("/v1/walks/{id}", "/v1/walks/job_01kb3x8m7q0000000000000000", 404),
    ("/v1/trackers", "/v1/trackers", 200),
    ("/v1/trackers", "/v1/trackers?cursor=1", 422),
    ("/v1/trackers/{id}", "/v1/trackers/trk_01kb3x8m7q0000000000000000", 404),
    ("/v1/trackers/{id}/gaps", "/v1/trackers/trk_01kb3x8m7q0000000000000000/gaps", 404),
    ("/v1/trackers/{id}/videos", "/v1/trackers/trk_01kb3x8m7q0000000000000000/videos", 404),
    ("/v1/annotations", "/v1/annotations", 200),
    ("/v1/annotations", "/v1/annotations?cursor=1", 422),
    ("/v1/annotations/{id}", "/v1/annotations/five_hashtags", 200),
    ("/v1/annotations/{id}", "/v1/annotations/ann_01kb3x8m7q0000000000000000", 404),
    ("/v1/campaigns", "/v1/campaigns", 200),
    ("/v1/campaigns", "/v1/campaigns?cursor=1", 422),
    ("/v1/campaigns/{id}", "/v1/campaigns/cmp_01kb3x8m7q0000000000000000", 404),
    ("/v1/campaigns/{id}", "/v1/campaigns/a%20b", 404),
    ("/v1/campaigns/{id}/report", "/v1/campaigns/nobody/report", 404),
    ("/v1/shares", "/v1/shares", 200),
    ("/v1/shares", "/v1/shares?cursor=1", 422),
    ("/v1/shares/{id}", "/v1/shares/shr_01kb3x8m7q0000000000000000", 404),
    ("/v1/schedules", "/v1/schedules", 200),
    ("/v1/schedules", "/v1/schedules?cursor=1", 422),
    ("/v1/schedules/{id}", "/v1/schedules/sch_01kb3x8m7q0000000000000000", 404),
    ("/unsubscribe/{token}", "/unsubscribe/0", 404),
    ("/v1/feeds", "/v1/feeds", 200),
    ("/v1/feeds", "/v1/feeds?cursor=1", 422),
    ("/v1/feeds/{id}", "/v1/feeds/fed_01kb3x8m7q0000000000000000", 404),
    ("/f/{file}", "/f/a.csv", 404),
    ("/share/{slug}/{token}", "/share/a/0", 404),
    ("/v1/imports", "/v1/imports", 403),
    ("/healthz", "/healthz", 200),
    ("/readyz", "/readyz", 200),
    ("/metrics", "/metrics", 200),
    ("/openapi.json", "/openapi.json", 200),
    ("/openapi-3.0.json", "/openapi-3.0.json", 200),
];

#[tokio::test]
async fn every_answer_is_as_described() {
    let (_upstream, server) = server().await;
    let description = Description::of(&server).await;
    let mut succeeded = BTreeSet::new();
    for &(path, request, status) in REQUESTS {
        let answer = server.get(request).await;
        assert_eq!(answer.status.as_u16(), status, "{request}: {}", String::from_utf8_lossy(&answer.body));
        description.operation("get", path).assert_describes(&answer);
        if status == 200 {
            succeeded.insert(path.to_owned());
        }
    }
    let operations = description.operations();
    let missed: Vec<&String> = operations
        .iter()
        .filter(|(method, path)| method == "get" && !succeeded.contains(path))
        .map(|(_, path)| path)
        .collect();
    let of_trackers = ["", "/candidates", "/gaps", "/hashtags", "/series", "/videos"]
        .map(|rest| format!("/v1/trackers/{{id}}{rest}"));
    let elsewhere = [
        ["/f/{file}", "/mute/{token}", "/share/{slug}/{token}", "/unsubscribe/{token}"]
            .map(str::to_owned)
            .to_vec(),
        ["/v1/alerts/{id}", "/v1/alerts/{id}/events"].map(str::to_owned).to_vec(),
        ["/v1/campaigns/{id}", "/v1/campaigns/{id}/report"].map(str::to_owned).to_vec(),
        vec!["/v1/feeds/{id}".to_owned()],
        ["/v1/imports", "/v1/imports/{id}"].map(str::to_owned).to_vec(),
        ["/v1/schedules/{id}", "/v1/shares/{id}"].map(str::to_owned).to_vec(),
        of_trackers.to_vec(),
        vec!["/v1/walks/{id}".to_owned()],
        ["/v1/webhooks/{id}", "/v1/webhooks/{id}/deliveries"].map(str::to_owned).to_vec(),
    ];
    assert_eq!(missed, elsewhere.concat().iter().collect::<Vec<_>>(), "the other tests cover these");
}

#[tokio::test]
async fn every_path_that_needs_a_key_says_so_and_no_other_requires_one() {
    let (_upstream, server) = server().await;
    let description = Description::of(&server).await;
    let document = server.send(Request::get("/openapi.json")).await.json();
    for (method, path) in description.operations() {
        let request =
            Request::new(method.to_uppercase().parse().expect("a method"), path.replace(['{', '}'], ""));
        let answer = server.send(request).await;
        let security = document["paths"][&path][&method]["security"].as_array().expect("security");
        if security.is_empty() {
            // No link ends in the name of its parameter.
            let expected = if path.ends_with("/{token}") || path == "/f/{file}" { 404 } else { 200 };
            assert_eq!(answer.status.as_u16(), expected, "{path}");
        } else {
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "missing_api_key"), "{path}");
        }
        description.operation(&method, &path).assert_describes(&answer);
    }
}

#[tokio::test]
async fn every_format_that_a_path_names_is_answered_and_described() {
    let (_upstream, server) = server().await;
    let description = Description::of(&server).await;
    let mut kinds = BTreeSet::new();
    for path in REQUESTS.iter().filter(|(_, request, status)| !request.contains("fields=") && *status == 200)
    {
        let operation = description.operation("get", path.0);
        let mut media_types = operation.media_types("200");
        for format in operation.words("format") {
            let joint = if path.1.contains('?') { '&' } else { '?' };
            let answer = server.get(&format!("{}{joint}format={format}", path.1)).await;
            assert_eq!(answer.status.as_u16(), 200, "{} as {format}", path.1);
            operation.assert_describes(&answer);
            let kind = answer.header("content-type").split(';').next().expect("a type").to_owned();
            let by_accept = server.send(Request::get(path.1).key(&server.key).header("accept", &kind)).await;
            operation.assert_describes(&by_accept);
            media_types.retain(|described| *described != kind);
            kinds.insert(kind);
        }
        if !operation.words("format").is_empty() {
            assert!(media_types.is_empty(), "{} never answers with {media_types:?}", path.0);
        }
    }
    assert_eq!(kinds.len(), 5);
    let refused =
        server.send(Request::get("/v1/trending").key(&server.key).header("accept", "image/png")).await;
    assert_eq!(refused.status.as_u16(), 406);
    description.operation("get", "/v1/trending").assert_describes(&refused);
}

/// Returns a successful request of a path without this parameter, to which another parameter can be appended.
fn request_without(path: &str, parameter: &str) -> String {
    let (_, request, _) =
        REQUESTS.iter().find(|(of, _, status)| *of == path && *status == 200).expect("a request");
    let (path, query) = request.split_once('?').unwrap_or((request, ""));
    let begin = format!("{parameter}=");
    let rest: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(&begin)).collect();
    format!("{path}?{}&", rest.join("&")).replace("?&", "?")
}

#[tokio::test]
async fn bounds_defaults_and_words_of_parameters_are_the_server_s() {
    let (_upstream, server) = server().await;
    let description = Description::of(&server).await;
    let answer = async |path: &str, name: &str, value: &str| {
        server.get(&format!("{}{name}={value}", request_without(path, name))).await
    };
    let (mut bounds, mut words) = (0, 0);
    let is_requested = |path: &str| REQUESTS.iter().any(|(of, _, status)| *of == path && *status == 200);
    let operations = description.operations().into_iter();
    for (method, path) in operations.filter(|(method, path)| method == "get" && is_requested(path)) {
        for (name, schema) in description.operation(&method, &path).query_parameters() {
            let is_clamped = name == "count";
            let (least, most) = (schema["minimum"].as_u64(), schema["maximum"].as_u64());
            if schema["type"] == "integer" && name != "cursor" {
                let (least, most) = (least.expect("a minimum"), most.expect("a maximum"));
                for within in [least, most, schema["default"].as_u64().unwrap_or(least)] {
                    let answer = answer(&path, name, &within.to_string()).await;
                    assert_eq!(answer.status.as_u16(), 200, "{path} {name}={within}");
                }
                let outside =
                    [most.to_string() + "0", (most + 1).to_string(), format!("{}", least as i64 - 1)];
                for outside in outside.into_iter().chain(["99999999999999999999".to_owned()]) {
                    let answer = answer(&path, name, &outside).await;
                    let want = if is_clamped { (200, None) } else { (422, Some(name.to_owned())) };
                    let param = answer.json()["param"].as_str().map(str::to_owned);
                    assert_eq!((answer.status.as_u16(), param), want, "{path} {name}={outside}");
                }
                bounds += 1;
            }
            for word in schema["enum"].as_array().into_iter().flatten() {
                let answer = answer(&path, name, word.as_str().expect("a word")).await;
                let text = String::from_utf8_lossy(&answer.body);
                assert_eq!(answer.status.as_u16(), 200, "{path} {name}={word}: {text}");
                words += 1;
            }
            if schema["enum"].is_array() || schema["type"] == "boolean" || !schema["pattern"].is_null() {
                let answer = answer(&path, name, "no,such%20word%01!=").await;
                let param = answer.json()["param"].as_str().map(str::to_owned);
                let takes_tags = schema["pattern"].as_str().is_some_and(|pattern| pattern.contains("[^"));
                assert!(takes_tags || param.as_deref() == Some(name), "{path} {name}: {}", answer.text());
            }
        }
    }
    assert!(bounds > 15 && words > 80, "{bounds} bounds, {words} words");
}

#[tokio::test]
async fn jobs_are_as_described_while_queued_and_when_cancelled() {
    let (_upstream, server) = server().await;
    let description = Description::of(&server).await;
    let admin = server.admin_key().await;
    let walk = |body| server.send(Request::post_json("/v1/walks", &body).key(&server.key));
    let upload = |path: &str| server.send(Request::post(path, "{\"id\":\"1\"}\n").key(&admin));
    let walks = description.operation("post", "/v1/walks");
    let imports = description.operation("post", "/v1/imports");
    walks.assert_describes(&walk(json!({"hashtag": "cat", "dry_run": true})).await);
    walks.assert_describes(&walk(json!({"hashtag": "cat", "max_credits": 0})).await);
    walks.assert_describes(&server.send(Request::post("/v1/walks", "{}").key(&server.key)).await);
    let empty = server.send(Request::post("/v1/imports", "").key(&admin)).await;
    assert_eq!((empty.status.as_u16(), empty.code().as_str()), (400, "invalid_body"));
    imports.assert_describes(&empty);
    for (kind, key, made, of_list) in [
        ("walks", &server.key, walk(json!({"hashtag": "cat"})).await, walks),
        ("imports", &admin, upload("/v1/imports?file_name=a.json").await, imports),
    ] {
        assert_eq!(made.status.as_u16(), 202, "{}", made.text());
        of_list.assert_describes(&made);
        let list = server.send(Request::get(format!("/v1/{kind}")).key(key)).await;
        assert_eq!(list.json()["data"].as_array().map(Vec::len), Some(1));
        description.operation("get", &format!("/v1/{kind}")).assert_describes(&list);
        let location = made.header("location").to_owned();
        let path = format!("/v1/{kind}/{{id}}");
        description
            .operation("get", &path)
            .assert_describes(&server.send(Request::get(&location).key(key)).await);
        let cancelled = server.send(Request::new(http::Method::DELETE, &location).key(key)).await;
        assert_eq!(cancelled.json()["data"]["state"], "cancelled");
        description.operation("delete", &path).assert_describes(&cancelled);
    }
}

#[tokio::test]
async fn unchanged_answers_and_limits_are_as_described() {
    let (_upstream, server) = server().await;
    let description = Description::of(&server).await;
    for (described, path) in
        [("/challenge-info-name/", "/challenge-info-name/?name=cat"), ("/v1/trending", "/v1/trending")]
    {
        let etag = server.get(path).await.header("etag").to_owned();
        let same = server.send(Request::get(path).key(&server.key).header("if-none-match", &etag)).await;
        assert_eq!(same.status.as_u16(), 304);
        description.operation("get", described).assert_describes(&same);
    }
    let limited = TestServer::builder().holding(holdings()).key_limit(1).credits(1).start().await;
    let operation = description.operation("get", "/v1/trending");
    for status in [200, 429] {
        let answer = limited.get("/v1/trending").await;
        assert_eq!(answer.status.as_u16(), status);
        operation.assert_describes(&answer);
    }
    let poor = TestServer::builder().holding(holdings()).credits(0).start().await;
    let refused = poor.get("/v1/trending").await;
    assert_eq!(refused.status.as_u16(), 402);
    operation.assert_describes(&refused);
}
