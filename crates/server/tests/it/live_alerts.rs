//! `/v1/alerts` and `/v1/webhooks`: created, evaluated and sent by the worker, shown, changed and deleted, each for its
//! account alone; and the link that mutes.

use domain::{KeyScope, Timestamp};
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Description, PUBLIC_URL, Request, TestServer, hashtag};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const DAY_MS: i64 = 86_400_000;

/// Returns the time of a reading, counted in days from the first.
fn day(number: i64) -> Timestamp {
    Timestamp::from_ms(1_764_000_000_000 + number * DAY_MS)
}

fn reading(name: &str, number: i64, views: u64) -> domain::Observation {
    hashtag(name).id(7_000 + name.len() as u64).views(views).observed_at(day(number)).into()
}

/// A server with thirty days of two hashtags, and three of a third.
async fn server(allowed: &str) -> TestServer {
    let steady = |name: &'static str, days: std::ops::Range<i64>| {
        days.map(move |number| reading(name, number, 1_000_000 + 1_000 * number.unsigned_abs()))
    };
    let readings = steady("cat", 0..30).chain(steady("horse", 0..30)).chain(steady("young", 27..30));
    let server = TestServer::builder().holding(readings).allowing([allowed]).start().await;
    server.clock.set(day(29));
    server
}

async fn send(server: &TestServer, method: Method, path: &str, body: &Value) -> Answer {
    let request = Request::post_json(path, body).key(&server.key);
    server.send(request.method(method)).await
}

async fn post(server: &TestServer, path: &str, body: &Value) -> Answer {
    send(server, Method::POST, path, body).await
}

fn order() -> Value {
    json!({"hashtags": ["cat", "#horse", "CAT"], "rule": "velocity", "above": 5_000, "window": "24h"})
}

/// Takes one request on this machine after another, and answers 204.
async fn receiver() -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let place = listener.local_addr().expect("an address").to_string();
    let (taken, received) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = String::new();
            let mut bytes = [0; 16_384];
            while !text.contains("\"left_out\"") && !text.trim_end().ends_with("}}") {
                let read = stream.read(&mut bytes).await.expect("a request");
                if read == 0 {
                    break;
                }
                text.push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("an answer");
            let _ = taken.send(text);
        }
    });
    (place, received)
}

#[tokio::test]
async fn an_alert_is_created_fires_and_its_message_is_sent() {
    let (place, mut received) = receiver().await;
    let server = server(&place).await;
    let description = Description::of(&server).await;
    let mut body = order();
    body["to"] = json!([format!("http://{place}/hook")]);
    body["name"] = json!("pets <3");
    let created = post(&server, "/v1/alerts", &body).await;
    description.operation("post", "/v1/alerts").assert_describes(&created);
    assert_eq!(created.status.as_u16(), 201, "{}", created.text());
    let data = created.json()["data"].clone();
    assert_eq!(
        (&data["name"], &data["hashtag_count"], &data["state"]),
        (&json!("pets <3"), &json!(2), &json!("active"))
    );
    assert_eq!(data["hashtags"][0]["sentence"], "views growing by more than 5,000 a day");
    assert!(data["secrets"][0]["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")));
    let path = format!("/v1/alerts/{}", data["id"].as_str().expect("an id"));
    let shown = server.get(&path).await;
    description.operation("get", "/v1/alerts/{id}").assert_describes(&shown);
    assert!(!shown.text().contains("whsec_") && !shown.text().contains("/hook"), "no secret is shown again");

    server.clock.set(day(30));
    server.fixture().record([reading("cat", 30, 1_100_000)]).await;
    let worker = server.worker();
    let message = received.recv().await.expect("a message");
    assert!(message.contains("webhook-signature: v1,") && message.contains("\"alert.fired\""), "{message}");
    let events = loop {
        let events = server.get(&format!("{path}/events")).await;
        if events.json()["data"].as_array().is_some_and(|events| !events.is_empty()) {
            break events;
        }
        tokio::task::yield_now().await;
    };
    description.operation("get", "/v1/alerts/{id}/events").assert_describes(&events);
    let event = events.json()["data"][0].clone();
    assert_eq!(
        (&event["type"], &event["data"]["hashtag"], &event["data"]["value"]),
        (&json!("alert.fired"), &json!("cat"), &json!(71_000.0))
    );
    let firing = server.get(&path).await.json()["data"]["hashtags"][0].clone();
    assert_eq!((&firing["state"], &firing["value"]), (&json!("firing"), &json!(71_000.0)));

    // The log has the attempt; a test and a replay are sent as well.
    let webhooks = server.get("/v1/webhooks").await;
    description.operation("get", "/v1/webhooks").assert_describes(&webhooks);
    let id = webhooks.json()["data"][0]["id"].as_str().expect("an id").to_owned();
    let log = loop {
        let log = server.get(&format!("/v1/webhooks/{id}/deliveries")).await;
        if log.json()["data"][0]["state"] == "delivered" {
            break log;
        }
        tokio::task::yield_now().await;
    };
    description.operation("get", "/v1/webhooks/{id}/deliveries").assert_describes(&log);
    assert_eq!(log.json()["data"][0]["attempts"][0]["status"], 204);
    let test = post(&server, &format!("/v1/webhooks/{id}/test"), &json!({})).await;
    description.operation("post", "/v1/webhooks/{id}/test").assert_describes(&test);
    assert!(received.recv().await.expect("a message").contains("\"webhook.test\""));
    let replay = post(&server, &format!("/v1/webhooks/{id}/replay"), &json!({"sequence": 1})).await;
    description.operation("post", "/v1/webhooks/{id}/replay").assert_describes(&replay);
    assert_eq!(replay.json()["data"]["replayed"], 1);
    assert!(received.recv().await.expect("a message").contains("\"alert.fired\""));
    worker.stopped().await;

    let link = event["data"]["link"]
        .as_str()
        .expect("a link")
        .strip_prefix(PUBLIC_URL)
        .expect("our link")
        .to_owned();
    let page = server.send(Request::get(&link)).await;
    description.operation("get", "/mute/{token}").assert_describes(&page);
    assert!(
        page.text().contains("Mute for a week")
            && page.header("content-security-policy").contains("default-src 'none'")
    );
    let named = "Your alert <b>pets &lt;3</b> on #cat, #horse: views growing by more than 5,000 a day.";
    assert!(page.text().contains(named), "{}", page.text());
    assert_eq!(server.get(&path).await.json()["data"]["state"], "active", "opening it mutes nothing");
    let muted = server.send(Request::new(Method::POST, link.clone())).await;
    description.operation("post", "/mute/{token}").assert_describes(&muted);
    assert_eq!(server.get(&path).await.json()["data"]["state"], "muted");
    let guessed = server.send(Request::new(Method::POST, format!("{}0", &link[..link.len() - 1]))).await;
    let unknown = server.send(Request::get("/mute/0")).await;
    assert!(guessed.status.as_u16() == 404 || link.ends_with('0'));
    assert_eq!(unknown.status.as_u16(), 404);
}

#[tokio::test]
async fn an_alert_watches_a_campaign_of_its_account() {
    let server = server("hooks.example.com").await;
    let operation = Description::of(&server).await;
    let operation = operation.operation("post", "/v1/alerts");
    let campaign = json!({"name": "summer", "hashtags": ["cat"], "from": day(20).to_rfc3339()});
    let created = post(&server, "/v1/campaigns", &campaign).await;
    assert_eq!(created.status.as_u16(), 201, "{}", created.text());
    let id = created.json()["data"]["id"].clone();
    let order = |watched: Value| {
        let mut order = json!({"rule": "velocity", "above": 5_000, "window": "24h"});
        order.as_object_mut().expect("an object").extend(watched.as_object().cloned().expect("an object"));
        order
    };
    let answer = post(&server, "/v1/alerts", &order(json!({"campaign": "Summer"}))).await;
    operation.assert_describes(&answer);
    let data = answer.json()["data"].clone();
    assert_eq!(data["campaign"], json!({"id": id, "name": "summer", "reason": null}), "{data}");
    assert_eq!(
        (&data["hashtag_count"], &data["hashtags"][0]["hashtag"]),
        (&json!(1), &json!("cat")),
        "{data}"
    );
    for (wrong, param) in [
        (json!({"campaign": "winter"}), "campaign"),
        (json!({"campaign": "summer", "hashtags": ["cat"]}), "campaign"),
        (json!({"campaign": "summer", "account": {"rule": "credits_low", "below": 5}}), "campaign"),
        (json!({"campaign": "summer", "above": null}), "above"),
    ] {
        let refused = post(&server, "/v1/alerts", &order(wrong.clone())).await;
        operation.assert_describes(&refused);
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["param"]),
            (422, &json!(param)),
            "{}",
            refused.text()
        );
    }
    let path = format!("/v1/alerts/{}", data["id"].as_str().expect("an id"));
    let moved = send(&server, Method::PATCH, &path, &json!({"hashtags": ["horse"]})).await;
    assert_eq!((moved.status.as_u16(), &moved.json()["param"]), (422, &json!("hashtags")));
}

#[tokio::test]
async fn an_alert_watches_the_account() {
    let server = server("hooks.example.com").await;
    let description = Description::of(&server).await;
    let operation = description.operation("post", "/v1/alerts");
    for (rule, sentence) in [
        (json!({"rule": "credits_low", "below": 1_000}), "fewer than 1,000 credits left"),
        (json!({"rule": "days_left", "below": 7}), "credits for fewer than 7 days"),
        (json!({"rule": "budget_low", "below": 3}), "a tracker's budget of the month used up within 3 days"),
        (json!({"rule": "tracker_failing", "missed": 3}), "a tracker that missed 3 slots in a row"),
    ] {
        let created = post(&server, "/v1/alerts", &json!({"account": rule})).await;
        operation.assert_describes(&created);
        let data = created.json()["data"].clone();
        assert_eq!((&data["rule"], &data["account"]["sentence"]), (&rule, &json!(sentence)), "{data}");
    }
    for wrong in [
        json!(5),
        json!({}),
        json!({"rule": "credits_low"}),
        json!({"rule": "credits_low", "below": 0}),
        json!({"rule": "credits_low", "below": "x"}),
        json!({"rule": "credits_low", "below": 5, "missed": 5}),
        json!({"rule": "growth", "below": 5}),
    ] {
        let refused = post(&server, "/v1/alerts", &json!({"account": wrong})).await;
        operation.assert_describes(&refused);
        let param = refused.json()["param"].as_str().unwrap_or_default().to_owned();
        assert!(
            refused.status.as_u16() == 422 && param.starts_with("account"),
            "{wrong}: {}",
            refused.text()
        );
    }
}

#[tokio::test]
async fn an_alert_is_changed_listed_and_deleted() {
    let server = server("hooks.example.com").await;
    let description = Description::of(&server).await;
    let created = post(&server, "/v1/alerts", &order()).await.json()["data"].clone();
    let path = format!("/v1/alerts/{}", created["id"].as_str().expect("an id"));
    let change = json!({
        "name": "horses", "hashtags": ["horse"], "about": "1/week", "muted_until": "2026-03-10",
        "to": ["https://hooks.example.com/x"],
    });
    let changed = send(&server, Method::PATCH, &path, &change).await;
    description.operation("patch", "/v1/alerts/{id}").assert_describes(&changed);
    let data = changed.json()["data"].clone();
    assert_eq!(
        (&data["name"], &data["state"], &data["rule"]["about"]),
        (&json!("horses"), &json!("muted"), &json!("1/week"))
    );
    assert_eq!(
        (&data["hashtags"][0]["hashtag"], data["hashtags"].as_array().map(Vec::len)),
        (&json!("horse"), Some(1))
    );
    assert_eq!(data["to"][0]["address"], "https://hooks.example.com/...");
    let change = json!({"unmute": true, "paused": true});
    let paused = send(&server, Method::PATCH, &path, &change).await.json()["data"].clone();
    assert_eq!((&paused["state"], &paused["muted_until"]), (&json!("paused"), &json!(null)));
    let list = server.get("/v1/alerts").await;
    description.operation("get", "/v1/alerts").assert_describes(&list);
    assert_eq!(list.json()["data"][0]["name"], "horses");
    let deleted = server.send(Request::new(Method::DELETE, path.clone()).key(&server.key)).await;
    description.operation("delete", "/v1/alerts/{id}").assert_describes(&deleted);
    assert_eq!(server.get(&path).await.code(), "alert_not_found");
    assert_eq!(server.get("/v1/alerts").await.json()["data"], json!([]));
}

#[tokio::test]
async fn a_repeated_order_makes_one_alert() {
    let server = server("hooks.example.com").await;
    let keyed = |body: &Value| {
        Request::post_json("/v1/alerts", body).key(&server.key).header("idempotency-key", "alert-1")
    };
    let first = server.send(keyed(&order())).await.json()["data"]["id"].clone();
    assert_eq!(server.send(keyed(&order())).await.json()["data"]["id"], first);
    let other = json!({"hashtags": ["cat"], "above": 1});
    assert_eq!(server.send(keyed(&other)).await.code(), "idempotency_key_reused");
    assert_eq!(server.get("/v1/alerts").await.json()["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn wrong_orders_are_refused_by_the_field_and_store_nothing() {
    let server = server("hooks.example.com").await;
    let with = |field: &str, value: Value| {
        let mut body = order();
        body[field] = value;
        body
    };
    for (body, code, param) in [
        (with("hashtags", json!([])), "invalid_parameter", "hashtags"),
        (with("hashtags", json!(["nosuchhashtag"])), "hashtag_not_found", ""),
        (with("hashtags", json!(["young"])), "insufficient_history", ""),
        (with("above", json!(null)), "invalid_parameter", "above"),
        (with("about", json!("1/week")), "invalid_parameter", "about"),
        (with("rule", json!("speed")), "invalid_parameter", "rule"),
        (with("to", json!(["http://127.0.0.1/"])), "invalid_parameter", "to"),
        (with("to", json!(["dst_01kb3x8m7q0000000000000000"])), "webhook_not_found", ""),
        (with("name", json!("x".repeat(101))), "invalid_parameter", "name"),
        (with("also", json!(1)), "invalid_parameter", "also"),
    ] {
        let refused = post(&server, "/v1/alerts", &body).await;
        assert_eq!(refused.code(), code, "{body}: {}", refused.text());
        if !param.is_empty() {
            assert_eq!(refused.json()["param"], param, "{}", refused.text());
        }
    }
    let internal = post(&server, "/v1/webhooks", &json!({"to": "https://10.0.0.7/x"})).await;
    let detail = internal.json()["detail"].to_string();
    assert!(detail.contains("webhooks.allow") && !detail.contains("/x"), "{detail}");
    assert_eq!(server.get("/v1/alerts").await.json()["data"], json!([]));
    assert_eq!(server.get("/v1/webhooks").await.json()["data"], json!([]));
}

#[tokio::test]
async fn webhooks_are_managed_by_their_account_alone() {
    let server = server("hooks.example.com").await;
    let description = Description::of(&server).await;
    let created =
        post(&server, "/v1/webhooks", &json!({"to": "https://hooks.example.com/x", "description": "team"}))
            .await;
    description.operation("post", "/v1/webhooks").assert_describes(&created);
    let data = created.json()["data"].clone();
    let (id, first) = (data["id"].as_str().expect("an id").to_owned(), data["secret"].clone());
    let path = format!("/v1/webhooks/{id}");
    let shown = server.get(&path).await;
    description.operation("get", "/v1/webhooks/{id}").assert_describes(&shown);
    assert!(!shown.text().contains("whsec_"));
    let again =
        post(&server, "/v1/webhooks", &json!({"to": "https://hooks.example.com/x"})).await.json()["data"]
            .clone();
    assert_eq!(
        (&again["id"], &again["secret"]),
        (&json!(id), &json!(null)),
        "it is there, and its secret is not shown again"
    );

    let key = server.admin_key().await;
    let by_admin = async |method: Method, path: String, body: &Value| {
        server.send(Request::post_json(&path, body).key(&key).method(method)).await
    };
    assert_eq!(post(&server, &format!("{path}/rotate"), &json!({})).await.code(), "forbidden");
    let rotated = by_admin(Method::POST, format!("{path}/rotate"), &json!({})).await;
    description.operation("post", "/v1/webhooks/{id}/rotate").assert_describes(&rotated);
    assert_ne!(rotated.json()["data"]["secret"], first);
    assert_eq!(send(&server, Method::PATCH, &path, &json!({"on": false})).await.code(), "forbidden");
    let off = by_admin(Method::PATCH, path.clone(), &json!({"on": false, "events": ["alert.fired"]})).await;
    description.operation("patch", "/v1/webhooks/{id}").assert_describes(&off);
    assert_eq!(
        (&off.json()["data"]["state"], &off.json()["data"]["events"]),
        (&json!("off"), &json!(["alert.fired"]))
    );

    // Another account sees none of it: what is another's is as unknown as what never was.
    let alert =
        post(&server, "/v1/alerts", &order()).await.json()["data"]["id"].as_str().expect("an id").to_owned();
    let (_, other) = server.other_account("other@example.com", KeyScope::Admin).await;
    for (method, path, body) in [
        (Method::GET, path.clone(), json!({})),
        (Method::PATCH, path.clone(), json!({"on": true})),
        (Method::DELETE, path.clone(), json!({})),
        (Method::POST, format!("{path}/rotate"), json!({})),
        (Method::POST, format!("{path}/test"), json!({})),
        (Method::POST, format!("{path}/replay"), json!({"since": "7d"})),
        (Method::GET, format!("{path}/deliveries"), json!({})),
        (Method::GET, format!("/v1/alerts/{alert}"), json!({})),
        (Method::PATCH, format!("/v1/alerts/{alert}"), json!({"paused": true})),
        (Method::DELETE, format!("/v1/alerts/{alert}"), json!({})),
        (Method::GET, format!("/v1/alerts/{alert}/events"), json!({})),
    ] {
        let request = if method == Method::GET || method == Method::DELETE {
            Request::new(method.clone(), path.clone())
        } else {
            Request::post_json(&path, &body).method(method.clone())
        };
        let refused = server.send(request.key(&other)).await;
        assert_eq!(refused.status.as_u16(), 404, "{method} {path}: {}", refused.text());
    }
    let deleted = server.send(Request::new(Method::DELETE, path.clone()).key(&key)).await;
    description.operation("delete", "/v1/webhooks/{id}").assert_describes(&deleted);
    assert_eq!(server.get(&path).await.code(), "webhook_not_found");
}
