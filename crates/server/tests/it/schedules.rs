//! `/v1/schedules` and `/unsubscribe/...`: created, changed, tested and left over HTTP, each for its account alone.

use crate::campaigns::{create as create_campaign, order, server};
use domain::KeyScope;
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Description, Request, TestServer};

const PATH: &str = "/v1/schedules";

async fn post(server: &TestServer, path: &str, body: &Value) -> Answer {
    server.send(Request::post_json(path, body).key(&server.key)).await
}

fn wanted() -> Value {
    json!({
        "campaign": "summer", "weekly": "monday", "hour": 8, "tz": "Europe/Berlin",
        "to": ["client@example.com"], "attach": ["xlsx", "pdf"], "brand": {"sender": "Example Agency"},
    })
}

#[tokio::test]
async fn a_schedule_is_created_once_changed_tested_and_deleted() {
    let server = server().await;
    create_campaign(&server, &order()).await;
    let description = Description::of(&server).await;
    let mut dry = wanted();
    dry["dry_run"] = true.into();
    let plan = post(&server, PATH, &dry).await;
    assert_eq!(plan.status.as_u16(), 200, "{}", plan.text());
    description.operation("post", PATH).assert_describes(&plan);
    assert_eq!(plan.json()["data"]["next"].as_array().map(Vec::len), Some(5));
    assert_eq!(server.get(PATH).await.json()["data"], json!([]), "nothing is created");
    let keyed = || Request::post_json(PATH, &wanted()).key(&server.key).header("idempotency-key", "once");
    let made = server.send(keyed()).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text());
    description.operation("post", PATH).assert_describes(&made);
    let data = made.json()["data"].clone();
    let id = data["id"].as_str().expect("an id").to_owned();
    assert!(made.header("location").ends_with(&format!("{PATH}/{id}")));
    assert_eq!(server.send(keyed()).await.json()["data"]["id"], data["id"]);
    assert_eq!(data["attach"], json!(["pdf", "xlsx"]));
    assert_eq!(data["when"], "every Monday at 08:00 (Europe/Berlin)");
    let path = format!("{PATH}/{id}");
    let change = json!({"monthly": 31, "to": ["client@example.com", "other@example.com"], "attach": []});
    let changed =
        server.send(Request::post_json(&path, &change).method(Method::PATCH).key(&server.key)).await;
    description.operation("patch", "/v1/schedules/{id}").assert_describes(&changed);
    assert_eq!(changed.json()["data"]["monthly"], 31, "{}", changed.text());
    let test = post(&server, &format!("{path}/run"), &json!({"to": "recipients"})).await;
    description.operation("post", "/v1/schedules/{id}/run").assert_describes(&test);
    let mails = test.json()["data"]["mails"].clone();
    assert_eq!(mails.as_array().map(Vec::len), Some(2), "{}", test.text());
    let shown = server.get(&path).await;
    description.operation("get", "/v1/schedules/{id}").assert_describes(&shown);
    assert_eq!(shown.json()["data"]["issues"][0]["kind"], "test", "{}", shown.text());
    let listed = server.get(PATH).await;
    description.operation("get", PATH).assert_describes(&listed);
    let (_, key) = server.other_account("you@example.com", KeyScope::Call).await;
    for method in [Method::GET, Method::DELETE] {
        let theirs = server.send(Request::get(path.clone()).method(method).key(&key)).await;
        assert_eq!(theirs.code(), "schedule_not_found");
    }
    let delete = || Request::get(path.clone()).method(Method::DELETE).key(&server.key);
    description.operation("delete", "/v1/schedules/{id}").assert_describes(&server.send(delete()).await);
    assert_eq!(server.send(delete()).await.code(), "schedule_not_found");
}

#[tokio::test]
async fn orders_are_refused_with_the_field() {
    let server = server().await;
    create_campaign(&server, &order()).await;
    for (field, value, param) in [
        ("weekly", json!(null), "weekly"),
        ("monthly", json!(1), "monthly"),
        ("hashtags", json!(["drop"]), "hashtags"),
        ("campaign", json!(null), "campaign"),
        ("to", json!([]), "to"),
        ("to", json!(["nobody"]), "to"),
        ("attach", json!(["doc"]), "attach"),
    ] {
        let mut body = wanted();
        body[field] = value;
        let refused = post(&server, PATH, &body).await;
        let param = &json!(param);
        assert_eq!(
            (refused.code().as_str(), &refused.json()["param"]),
            ("invalid_parameter", param),
            "{body}"
        );
    }
    let mut body = wanted();
    body["campaign"] = "nobody".into();
    assert_eq!(post(&server, PATH, &body).await.code(), "campaign_not_found");
    body["tz"] = "Mars/Olympus".into();
    assert!(post(&server, PATH, &body).await.status.is_client_error());
}

#[tokio::test]
async fn the_page_of_a_link_asks_before_its_recipient_leaves() {
    let server = server().await;
    create_campaign(&server, &order()).await;
    let made = post(&server, PATH, &wanted()).await;
    let id = made.json()["data"]["id"].as_str().expect("an id").to_owned();
    let scheduling = testkit::scheduling(server.fixture().measure(), testkit::policy([]));
    let link = scheduling.link_of(server.account_id, id.parse().expect("an id"), "client@example.com").await;
    let link = link.expect("an answer").expect("a link");
    let path = link.strip_prefix(testkit::PUBLIC_URL).expect("a path").to_owned();
    let unsubscribed =
        async || server.get(&format!("{PATH}/{id}")).await.json()["data"]["unsubscribed"].clone();
    let page = server.send(Request::get(path.clone())).await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text());
    assert!(page.text().contains("Unsubscribe?") && page.text().contains("client@example.com"));
    assert_eq!(unsubscribed().await, json!([]), "opening it changes nothing");
    let left = server.send(Request::post(path.clone(), "List-Unsubscribe=One-Click")).await;
    assert!(left.status.as_u16() == 200 && left.text().contains("gets no more mails"), "{}", left.text());
    assert_eq!(unsubscribed().await, json!(["client@example.com"]));
    let again = server.send(Request::get(path.clone())).await;
    assert!(again.text().contains("<h1>Unsubscribed</h1>"), "{}", again.text());
    let guessed = server.send(Request::post(format!("{}0", &path[..path.len() - 1]), "")).await;
    assert!(guessed.status.as_u16() == 404 || path.ends_with('0'), "{}", guessed.text());
}
