//! `/v1/annotations`: created, listed, changed and deleted, each for its account alone, and shown on its curves.

use domain::{KeyScope, Timestamp};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Answer, Description, Request, TestServer, hashtag};

const PATH: &str = "/v1/annotations";
const DAY_MS: i64 = 86_400_000;

/// Returns a time within the events of 2025, which moved between two counts.
fn day(number: i64) -> Timestamp {
    Timestamp::from_ms(1_753_920_000_000 + number * DAY_MS)
}

async fn server() -> TestServer {
    let readings = (0..40).flat_map(|number| {
        ["cat", "horse"].map(|name| {
            let views = 1_000_000 + 1_000 * u64::try_from(number).expect("a day");
            hashtag(name).id(7_000 + name.len() as u64).views(views).observed_at(day(number)).into()
        })
    });
    let server = TestServer::builder().holding(readings).credits(100).start().await;
    server.clock.set(day(40));
    server
}

async fn send(server: &TestServer, method: Method, path: &str, body: &Value) -> Answer {
    server.send(Request::post_json(path, body).key(&server.key).method(method)).await
}

/// Creates an annotation, later than the one before: they are listed by their time.
async fn create(server: &TestServer, body: &Value) -> String {
    server.clock.advance(Duration::from_secs(1));
    let answer = send(server, Method::POST, PATH, body).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    answer.json()["data"]["id"].as_str().expect("an id").to_owned()
}

/// Returns the annotations of a history.
async fn of_history(server: &TestServer, path: &str) -> Vec<String> {
    let answer = server.get(path).await.json();
    let marks = answer["data"]["annotations"].as_array().unwrap_or_else(|| panic!("{answer}"));
    marks.iter().map(|mark| mark["text"].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn annotations_are_on_the_curves_of_their_account() {
    let server = server().await;
    let description = Description::of(&server).await;
    let order = json!({"text": "TV <spot> & more", "from": "2025-08-10", "hashtag": "#Cat"});
    let created = send(&server, Method::POST, PATH, &order).await;
    description.operation("post", PATH).assert_describes(&created);
    let data = created.json()["data"].clone();
    let id = data["id"].as_str().expect("an id");
    assert!(created.header("location").ends_with(&format!("{PATH}/{id}")), "{}", created.header("location"));
    assert_eq!(
        (&data["hashtag"], &data["campaign_id"], &data["kind"]),
        (&json!("Cat"), &Value::Null, &json!("own"))
    );
    assert_eq!(
        (&data["from"], &data["until"]),
        (&json!("2025-08-10T00:00:00Z"), &json!("2025-08-10T23:59:59.999Z"))
    );
    create(&server, &json!({"text": "everywhere", "from": "2025-08-20T10:00:00Z"})).await;
    create(&server, &json!({"text": "long ago", "from": "2024-01-01", "until": "2024-02-01"})).await;
    let platform = "TikTok limited posts to five hashtags in August 2025: since then a post counts under fewer hashtags.";
    let cat = "/v1/hashtags/cat/history?step=day";
    assert_eq!(of_history(&server, cat).await, [platform, "TV <spot> & more", "everywhere"]);
    assert_eq!(of_history(&server, "/v1/hashtags/horse/history?step=day").await, [platform, "everywhere"]);
    assert_eq!(
        of_history(&server, &format!("{cat}&from=2025-08-19&to=2025-08-21")).await,
        [platform, "everywhere"]
    );
    let picture = server.get("/v1/hashtags/cat/history.svg?step=day").await;
    assert!(picture.text().contains("TV &lt;spot&gt; &amp; more"), "{}", picture.text());
    assert!(!picture.text().contains("long ago"), "{}", picture.text());

    let compared = server.get("/v1/compare?tags=cat,horse&step=day").await.json();
    let texts = |place: usize| {
        let marks = compared["data"]["hashtags"][place]["series"]["annotations"].as_array().expect("a list");
        marks.iter().map(|mark| mark["text"].as_str().expect("a text")).collect::<Vec<_>>()
    };
    assert_eq!(texts(0), [platform, "TV <spot> & more", "everywhere"]);
    assert_eq!(texts(1), [platform, "everywhere"]);

    let (_, theirs) = server.other_account("you@example.com", KeyScope::Call).await;
    let answer = server.send(Request::get(cat).key(&theirs)).await.json();
    assert_eq!(
        answer["data"]["annotations"].as_array().map(Vec::len),
        Some(1),
        "the platform's alone: {answer}"
    );
    for method in [Method::GET, Method::DELETE] {
        let answer = server.send(Request::new(method, format!("{PATH}/{id}")).key(&theirs)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "annotation_not_found"));
    }

    let hidden =
        send(&server, Method::PATCH, &format!("{PATH}/five_hashtags"), &json!({"hidden": true})).await;
    description.operation("patch", "/v1/annotations/{id}").assert_describes(&hidden);
    assert_eq!(
        (&hidden.json()["data"]["hidden"], &hidden.json()["data"]["kind"]),
        (&json!(true), &json!("platform"))
    );
    assert_eq!(of_history(&server, cat).await, ["TV <spot> & more", "everywhere"]);
    let list = server.get(PATH).await;
    description.operation("get", PATH).assert_describes(&list);
    let listed = list.json()["data"].as_array().expect("a list").clone();
    let shown: Vec<(&str, bool)> = listed
        .iter()
        .map(|one| (one["text"].as_str().expect("a text"), one["hidden"] == true))
        .filter(|(text, hidden)| *hidden || !text.ends_with('.'))
        .collect();
    assert_eq!(
        shown,
        [(platform, true), ("long ago", false), ("everywhere", false), ("TV <spot> & more", false)]
    );
    send(&server, Method::PATCH, &format!("{PATH}/five_hashtags"), &json!({"hidden": false})).await;
    assert_eq!(of_history(&server, cat).await.len(), 3);
}

#[tokio::test]
async fn a_tracker_and_a_campaign_show_them_too() {
    let server = server().await;
    let order = json!({"name": "summer", "hashtags": ["cat"], "from": "2025-08-15", "baseline": "7d"});
    let campaign = send(&server, Method::POST, "/v1/campaigns", &order).await;
    assert_eq!(campaign.status.as_u16(), 201, "{}", campaign.text());
    create(&server, &json!({"text": "first spot", "from": "2025-08-16", "campaign": "summer"})).await;
    create(&server, &json!({"text": "cat day", "from": "2025-08-17", "hashtag": "cat"})).await;
    create(&server, &json!({"text": "horse day", "from": "2025-08-17", "hashtag": "horse"})).await;
    let view = server.get("/v1/campaigns/summer").await.json()["data"].clone();
    let own = view["own_annotations"].as_array().unwrap_or_else(|| panic!("{view}"));
    let texts: Vec<&Value> = own.iter().map(|mark| &mark["text"]).collect();
    assert_eq!(texts, [&json!("first spot"), &json!("cat day")]);
    let report = server.get("/v1/campaigns/summer/report?format=html").await;
    assert_eq!(report.status.as_u16(), 200, "{}", report.text());
    for note in ["first spot", "cat day"] {
        assert!(report.text().contains(note), "{note} is on no chart");
    }
    assert!(!report.text().contains("horse day"));
    let tracker = json!({"hashtags": ["cat"], "source": "none"});
    let tracker = send(&server, Method::POST, "/v1/trackers", &tracker).await.json()["data"]["id"].clone();
    let path = format!("/v1/trackers/{}/series?from=2025-08-10", tracker.as_str().expect("an id"));
    let series = server.get(&path).await.json()["data"].clone();
    let marks = series["annotations"].as_array().unwrap_or_else(|| panic!("{series}"));
    assert!(marks.iter().any(|mark| mark["text"] == "cat day"), "{series}");
    assert!(marks.iter().all(|mark| mark["text"] != "horse day" && mark["text"] != "first spot"), "{series}");
}

#[tokio::test]
async fn annotations_are_changed_and_wrong_orders_are_refused_by_the_field() {
    let server = server().await;
    let description = Description::of(&server).await;
    let id = create(&server, &json!({"text": "launch", "from": "2025-08-10", "until": "2025-08-12"})).await;
    let path = format!("{PATH}/{id}");
    let shown = server.get(&path).await;
    description.operation("get", "/v1/annotations/{id}").assert_describes(&shown);
    let changed = send(&server, Method::PATCH, &path, &json!({"text": "relaunch", "hashtag": "horse"})).await;
    let data = changed.json()["data"].clone();
    assert_eq!((&data["text"], &data["hashtag"]), (&json!("relaunch"), &json!("horse")));
    assert_eq!(&data["until"], "2025-08-12T23:59:59.999Z");
    for (body, param) in [
        (json!({"text": ""}), "text"),
        (json!({"text": "two\nlines"}), "text"),
        (json!({"until": "2025-08-01"}), "until"),
        (json!({"from": "1999-01-01", "until": "2025-08-01"}), "from"),
        (json!({"hashtag": "#"}), "hashtag"),
        (json!({"campaign": "nosuch"}), "campaign"),
        (json!({"hashtag": "cat", "campaign": "summer"}), "campaign"),
        (json!({"hidden": true}), "hidden"),
        (json!({"hidden": true, "text": "x"}), "hidden"),
    ] {
        let answer = send(&server, Method::PATCH, &path, &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "invalid_parameter"), "{body}");
        assert_eq!(answer.json()["param"], param, "{body}: {}", answer.text());
    }
    for method in [Method::PATCH, Method::DELETE] {
        let answer = send(&server, method, &format!("{PATH}/five_hashtags"), &json!({"text": "x"})).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["param"]),
            (422, &json!("id")),
            "{}",
            answer.text()
        );
    }
    let key = |request: Request| request.key(&server.key).header("idempotency-key", "order-1");
    let order = json!({"text": "once", "from": "2025-08-10"});
    let first = server.send(key(Request::post_json(PATH, &order))).await.json()["data"].clone();
    let second = server.send(key(Request::post_json(PATH, &order))).await.json()["data"].clone();
    assert_eq!(first, second);
    let other = json!({"text": "twice", "from": "2025-08-10"});
    assert_eq!(server.send(key(Request::post_json(PATH, &other))).await.code(), "idempotency_key_reused");
    let deleted = server.send(Request::new(Method::DELETE, &path).key(&server.key)).await;
    description.operation("delete", "/v1/annotations/{id}").assert_describes(&deleted);
    assert_eq!(server.get(&path).await.code(), "annotation_not_found");
}
