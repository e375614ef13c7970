//! `/v1/trackers`: created, read by the worker, shown, changed and deleted, each for its account alone.

use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::upstream::ContractStandIn;
use testkit::{Answer, Description, FixedClock, Request, TestServer, hashtag};

const DAY: Duration = Duration::from_secs(86_400);

async fn server() -> (ContractStandIn, TestServer) {
    let upstream = ContractStandIn::start().await;
    upstream.hold_videos(7551, "cat", 0);
    upstream.hold_videos(8000, "dog", 0);
    let server = TestServer::builder().upstream(&upstream).credits(100).start().await;
    (upstream, server)
}

async fn post(server: &TestServer, path: &str, body: &Value) -> Answer {
    server.send(Request::post_json(path, body).key(&server.key)).await
}

async fn patch(server: &TestServer, path: &str, body: &Value) -> Answer {
    let request = Request::post_json(path, body).key(&server.key);
    server.send(request.method(Method::PATCH)).await
}

async fn create(server: &TestServer, body: &Value) -> Value {
    let answer = post(server, "/v1/trackers", body).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    let data = answer.json()["data"].clone();
    let id = data["id"].as_str().expect("an id");
    assert!(
        answer.header("location").ends_with(&format!("/v1/trackers/{id}")),
        "{}",
        answer.header("location")
    );
    data
}

/// Waits until a tracker has so many readings.
async fn until_read(server: &TestServer, path: &str, readings: u64) -> Value {
    loop {
        let shown = server.get(path).await.json()["data"].clone();
        if shown["readings"] == readings {
            return shown;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_tracker_is_priced_created_read_and_shown() {
    let (upstream, server) = server().await;
    let description = Description::of(&server).await;
    let order =
        json!({"hashtags": ["cat", "#Dog", "CAT"], "every": "day", "dry_run": true, "labels": ["pets"]});
    let priced = post(&server, "/v1/trackers", &order).await;
    description.operation("post", "/v1/trackers").assert_describes(&priced);
    let data = priced.json()["data"].clone();
    assert_eq!(data["hashtags"], json!(["cat", "Dog"]));
    assert_eq!(
        data["estimate"],
        json!({"readings_per_month": 61, "walks_per_month": null, "credits_per_month": 61, "days_until_empty": 50})
    );
    assert_eq!(server.get("/v1/trackers").await.json()["data"], json!([]));

    let order = json!({"hashtags": ["cat", "#Dog"], "labels": ["pets"], "notes": "for a client"});
    let created = create(&server, &order).await;
    assert_eq!(
        (&created["source"], &created["every"], &created["readings"]),
        (&json!("upstream"), &json!("day"), &json!(0))
    );
    let path = format!("/v1/trackers/{}", created["id"].as_str().expect("an id"));
    let worker = server.worker();
    let shown = until_read(&server, &path, 2).await;
    assert_eq!(
        (&shown["gaps"], &shown["spent_this_month"], &shown["hashtags"][1]["hashtag"]),
        (&json!(0), &json!(2), &json!("Dog"))
    );
    assert_eq!((server.balance().await, upstream.received().len()), (98, 2));
    server.clock.advance(DAY * 3);
    until_read(&server, &path, 4).await;
    worker.stopped().await;

    for (of, rest) in [
        ("", ""),
        ("/candidates", ""),
        ("/series", "?hashtag=dog"),
        ("/gaps", "?hashtag=cat"),
        ("/hashtags", ""),
    ] {
        let answer = server.get(&format!("{path}{of}{rest}")).await;
        assert_eq!(answer.status.as_u16(), 200, "{of}: {}", answer.text());
        description.operation("get", &format!("/v1/trackers/{{id}}{of}")).assert_describes(&answer);
        assert_eq!(answer.json()["billing"]["credits_charged"], 0);
    }
    let series = server.get(&format!("{path}/series?hashtag=dog")).await.json()["data"].clone();
    assert_eq!(
        (&series["readings"][0]["late"], &series["readings"][1]["late"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        (&series["readings"][1]["views"], &series["gaps"][0]["reason"]),
        (&json!(1_000_000), &json!("asleep"))
    );
    let recent = server.get(&format!("{path}/series?hashtag=dog&from=1d")).await.json();
    assert_eq!(recent["data"]["readings"].as_array().map(Vec::len), Some(1));
    let usage = server.get("/v1/usage").await.json();
    assert!(
        usage["data"]["days"]
            .as_array()
            .expect("days")
            .iter()
            .any(|day| day["operation"] == "tracker_reading"),
        "{usage}"
    );
}

#[tokio::test]
async fn a_tracker_is_changed_run_and_deleted() {
    let (_upstream, server) = server().await;
    let description = Description::of(&server).await;
    let created =
        create(&server, &json!({"hashtags": ["cat"], "every": "hour", "max_credits_per_month": 9})).await;
    let path = format!("/v1/trackers/{}", created["id"].as_str().expect("an id"));
    let change = json!({"every": "week", "paused": true, "notes": "n", "no_budget": true, "on_empty": "slow", "add": ["dog"], "remove": ["cat"]});
    let changed = patch(&server, &path, &change).await;
    description.operation("patch", "/v1/trackers/{id}").assert_describes(&changed);
    let data = changed.json()["data"].clone();
    assert_eq!(
        (&data["every"], &data["state"], &data["notes"]),
        (&json!("week"), &json!("paused"), &json!("n"))
    );
    assert_eq!((&data["max_credits_per_month"], &data["on_empty"]), (&Value::Null, &json!("slow")));
    assert_eq!((&data["hashtag_count"], &data["hashtags"][0]["hashtag"]), (&json!(1), &json!("dog")));
    let same = patch(&server, &path, &json!({})).await.json()["data"].clone();
    assert_eq!(
        (&same["every"], &same["state"], &same["hashtag_count"]),
        (&json!("week"), &json!("paused"), &json!(1))
    );

    let run = post(&server, &format!("{path}/run"), &json!({})).await;
    description.operation("post", "/v1/trackers/{id}/run").assert_describes(&run);
    let delete = Request::new(Method::DELETE, path.clone()).key(&server.key);
    let deleted = server.send(delete.clone()).await;
    description.operation("delete", "/v1/trackers/{id}").assert_describes(&deleted);
    assert_eq!(deleted.json()["data"]["id"], created["id"]);
    assert_eq!(server.send(delete).await.code(), "tracker_not_found");
}

#[tokio::test]
async fn wrong_orders_are_refused_and_create_nothing() {
    let (_upstream, server) = server().await;
    for (body, param) in [
        (json!({}), "hashtags"),
        (json!({"hashtags": []}), "hashtags"),
        (json!({"hashtags": ["#"]}), "hashtags"),
        (json!({"hashtags": ["cat"], "every": "2h"}), "every"),
        (json!({"hashtags": ["cat"], "source": "web"}), "source"),
        (json!({"hashtags": ["cat"], "on_empty": "stop"}), "on_empty"),
        (json!({"hashtags": ["cat"], "max_credits_per_month": -1}), "max_credits_per_month"),
        (json!({"hashtags": ["cat"], "notes": "x".repeat(2_001)}), "notes"),
        (json!({"hashtags": ["cat"], "labels": [""]}), "labels"),
        (json!({"hashtags": ["cat"], "auto_accept_views": 5}), "auto_accept_views"),
        (json!({"keyword": "#"}), "keyword"),
        (json!({"hashtags": ["cat"], "name": "x"}), "name"),
    ] {
        let refused = post(&server, "/v1/trackers", &body).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["param"]),
            (422, &json!(param)),
            "{body}: {}",
            refused.text()
        );
    }
    let both = json!({"no_budget": true, "max_credits_per_month": 5});
    let created = create(&server, &json!({"hashtags": ["cat", "dog"]})).await;
    let path = format!("/v1/trackers/{}", created["id"].as_str().expect("an id"));
    assert_eq!(patch(&server, &path, &both).await.json()["param"], "no_budget");
    assert_eq!(server.get(&format!("{path}/gaps")).await.json()["param"], "hashtag");
    assert_eq!(server.get(&format!("{path}/series?hashtag=bird")).await.json()["param"], "hashtag");
    assert_eq!(
        server.get(&format!("{path}/series?hashtag=cat&from=2026-01-02&to=2026-01-01")).await.json()["param"],
        "to"
    );
    let large = json!({"hashtags": vec!["x".repeat(100); 11_000]});
    assert_eq!(post(&server, "/v1/trackers", &large).await.code(), "body_too_large");
    let many: Vec<String> = (0..10_001).map(|n| format!("t{n}")).collect();
    assert_eq!(post(&server, "/v1/trackers", &json!({"hashtags": many})).await.json()["param"], "hashtags");
    assert_eq!(server.get("/v1/trackers").await.json()["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_tracker_is_its_accounts_alone_and_a_repeated_request_creates_one() {
    let (_upstream, server) = server().await;
    let (_, other) = server.other_account("other@example.com", domain::KeyScope::Call).await;
    let order = json!({"hashtags": ["cat"]});
    let with_key = |body: &Value, key: &str| {
        Request::post_json("/v1/trackers", body).key(key).header("idempotency-key", "order-1")
    };
    let first = server.send(with_key(&order, &server.key)).await.json()["data"]["id"].clone();
    server.clock.advance(DAY);
    assert_eq!(server.send(with_key(&order, &server.key)).await.json()["data"]["id"], first);
    let changed = with_key(&json!({"hashtags": ["dog"]}), &server.key);
    assert_eq!(server.send(changed).await.code(), "idempotency_key_reused");
    let theirs = server.send(with_key(&order, &other)).await.json()["data"]["id"].clone();
    assert_ne!(theirs, first);
    let path = format!("/v1/trackers/{}", first.as_str().expect("an id"));
    for (method, rest) in [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::GET, "/series"),
        (Method::GET, "/gaps"),
        (Method::GET, "/hashtags"),
        (Method::GET, "/candidates"),
        (Method::POST, "/run"),
    ] {
        let request = Request::new(method.clone(), format!("{path}{rest}"));
        assert_eq!(server.send(request.clone()).await.code(), "missing_api_key", "{method} {rest}");
        assert_eq!(server.send(request.key(&other)).await.code(), "tracker_not_found", "{method} {rest}");
    }
    let request = Request::post_json(path.clone(), &json!({"paused": true})).method(Method::PATCH);
    assert_eq!(server.send(request.key(&other)).await.code(), "tracker_not_found");
    assert_eq!(server.get(&path).await.json()["data"]["state"], "active");
    assert_eq!(server.get("/v1/trackers").await.json()["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_server_without_an_upstream_watches_imports() {
    use domain::{Clock, Timestamp};
    let now = FixedClock::default().now().as_ms();
    let reading =
        |day: i64| hashtag("cat").views(5_000).observed_at(Timestamp::from_ms(now - day * 86_400_000));
    let server = TestServer::builder().holding([reading(4).into(), reading(1).into()]).start().await;
    let refused = post(&server, "/v1/trackers", &json!({"hashtags": ["cat"], "source": "upstream"})).await;
    assert_eq!((refused.status.as_u16(), &*refused.code()), (409, "no_upstream"));
    let created = create(&server, &json!({"hashtags": ["cat"]})).await;
    assert_eq!(
        (&created["source"], &created["readings"], &created["gaps"]),
        (&json!("none"), &json!(2), &json!(1))
    );
    let path = format!("/v1/trackers/{}/gaps", created["id"].as_str().expect("an id"));
    let gaps = server.get(&path).await.json()["data"].clone();
    assert_eq!((&gaps[0]["reason"], &gaps[0]["hours"]), (&json!("no_reading"), &json!(48.0)));
}

#[tokio::test]
async fn a_keyword_finds_candidates() {
    let (_upstream, server) = server().await;
    let order = json!({"keyword": "Ca", "auto_accept_views": 5_000_000, "every": "week"});
    let created = create(&server, &order).await;
    assert_eq!((&created["keyword"]["keyword"], &created["hashtag_count"]), (&json!("ca"), &json!(0)));
    let path = format!("/v1/trackers/{}", created["id"].as_str().expect("an id"));
    let worker = server.worker();
    loop {
        let shown = server.get(&path).await.json();
        if shown["data"]["keyword"]["searches"] == 1 {
            break;
        }
        tokio::task::yield_now().await;
    }
    worker.stopped().await;
    let candidates = server.get(&format!("{path}/candidates")).await.json()["data"].clone();
    assert_eq!(candidates, json!([{"hashtag": "cat", "views": 1_000_000, "views_step": 1}]));
    let accepted = patch(&server, &path, &json!({"add": ["cat"], "no_auto_accept": true})).await.json();
    assert_eq!(accepted["data"]["hashtags"][0]["hashtag"], "cat");
    assert_eq!(accepted["data"]["keyword"]["auto_accept_views"], Value::Null);
    assert_eq!(server.get(&format!("{path}/candidates")).await.json()["data"], json!([]));
}

#[tokio::test]
async fn lists_are_paged() {
    let (_upstream, server) = server().await;
    for n in 0..21 {
        server.clock.advance(Duration::from_secs(1));
        create(&server, &json!({"hashtags": [format!("t{n}")], "paused": true})).await;
    }
    let first = server.get("/v1/trackers").await.json();
    assert_eq!(
        (first["data"].as_array().map(Vec::len), &first["data"][0]["hashtags"][0]["hashtag"]),
        (Some(20), &json!("t20"))
    );
    let cursor = first["pagination"]["next_cursor"].as_str().expect("a cursor").to_owned();
    let second = server.get(&format!("/v1/trackers?cursor={cursor}")).await.json();
    assert_eq!(
        (&second["data"][0]["hashtags"][0]["hashtag"], &second["pagination"]["has_more"]),
        (&json!("t0"), &json!(false))
    );
    let names: Vec<String> = (0..150).map(|n| format!("n{n:03}")).collect();
    let many = create(&server, &json!({"hashtags": names})).await;
    let path = format!("/v1/trackers/{}/hashtags", many["id"].as_str().expect("an id"));
    let page = server.get(&path).await.json();
    let cursor = page["pagination"]["next_cursor"].as_str().expect("a cursor").to_owned();
    assert_eq!((page["data"].as_array().map(Vec::len), cursor.as_str()), (Some(100), "n099"));
    let rest = server.get(&format!("{path}?cursor={cursor}")).await.json();
    assert_eq!(
        (rest["data"].as_array().map(Vec::len), &rest["data"][49]["hashtag"]),
        (Some(50), &json!("n149"))
    );
}

#[tokio::test]
async fn top_videos_are_priced_walked_through_and_shown() {
    let (upstream, server) = server().await;
    upstream.hold_videos(7551, "cat", 40);
    let description = Description::of(&server).await;
    let order = json!({"hashtags": ["cat"], "top_videos": {"show": 2, "depth": 200}, "dry_run": true});
    let priced = post(&server, "/v1/trackers", &order).await;
    description.operation("post", "/v1/trackers").assert_describes(&priced);
    let data = priced.json()["data"].clone();
    assert_eq!(data["top_videos"], json!({"show": 2, "depth": 200, "credits_max": 6}));
    assert_eq!(data["estimate"]["walks_per_month"], 30);
    assert_eq!(
        (&data["estimate"]["credits_per_month"], &data["estimate"]["days_until_empty"]),
        (&json!(210), &json!(14))
    );

    let made = create(&server, &json!({"hashtags": ["cat"], "top_videos": {"show": 2}})).await;
    assert_eq!(made["top_videos"]["depth"], 35);
    let path = format!("/v1/trackers/{}", made["id"].as_str().expect("an id"));
    let _worker = server.worker();
    let shown = loop {
        let answer = server.get(&format!("{path}/videos")).await;
        description.operation("get", "/v1/trackers/{id}/videos").assert_describes(&answer);
        let shown = answer.json()["data"].clone();
        assert_eq!(shown["walks"]["failing"], Value::Null, "{shown}");
        if shown["walks"]["walks"] == 1 {
            break shown;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&shown["hashtag"], &shown["depth"], &shown["gaps"]), (&json!("cat"), &json!(35), &json!([])));
    let videos = shown["videos"].as_array().expect("videos");
    let plays: Vec<_> = videos.iter().map(|video| (video["plays"].as_u64(), video["gain"].clone())).collect();
    assert_eq!(plays, [(Some(400), Value::Null), (Some(390), Value::Null)]);
    let wrong =
        post(&server, "/v1/trackers", &json!({"hashtags": ["cat"], "top_videos": {"show": 40, "depth": 35}}))
            .await;
    assert_eq!(wrong.status.as_u16(), 422);
    assert!(wrong.text().contains("top_videos"), "{}", wrong.text());
}
