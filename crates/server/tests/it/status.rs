//! `/v1/status`, `/status` and the series of `/metrics` on work in the background.

use serde_json::json;
use std::time::Duration;
use testkit::upstream::ContractStandIn;
use testkit::{Description, Request, TestServer};

/// Longer than a status is cached.
const NEXT: Duration = Duration::from_secs(16);

#[tokio::test]
async fn late_work_is_named_on_the_page_in_the_answer_and_in_the_series() {
    let upstream = ContractStandIn::start().await;
    upstream.hold_videos(7551, "cat", 0);
    let server = TestServer::builder().upstream(&upstream).credits(100).start().await;
    let description = Description::of(&server).await;
    let fresh = server.get("/v1/status").await;
    description.operation("get", "/v1/status").assert_describes(&fresh);
    let data = &fresh.json()["data"];
    assert_eq!((&data["state"], &data["problems"]), (&json!("ok"), &json!([])), "{data}");
    assert_eq!(fresh.header("x-credits-charged"), "0");
    let page = server.send(Request::get("/status")).await;
    description.operation("get", "/status").assert_describes(&page);
    assert_eq!((page.status.as_u16(), page.header("cache-control")), (200, "public, max-age=15"));
    assert!(page.text().contains("<h1>All is well</h1>"), "{}", page.text());

    let order = json!({"hashtags": ["cat"], "every": "hour"});
    let created = server.send(Request::post_json("/v1/trackers", &order).key(&server.key)).await;
    assert_eq!(created.status.as_u16(), 201, "{}", created.text());
    let cached = server.get("/v1/status").await.json()["data"]["trackers"]["hashtags"].clone();
    assert_eq!(cached, 0, "it is read every 15 seconds");
    // Nobody works: the reading waits.
    server.clock.advance(Duration::from_secs(900));
    let late = server.get("/v1/status").await.json()["data"].clone();
    assert_eq!((&late["state"], &late["trackers"]["hashtags"]), (&json!("late"), &json!(1)), "{late}");
    let readings = late["work"].as_array().expect("work").iter().find(|work| work["kind"] == "readings");
    let readings = readings.expect("readings");
    assert_eq!((&readings["waiting"], &readings["running"]), (&json!(1), &json!(0)), "{readings}");
    let lag_ms = readings["lag_ms"].as_i64().expect("a lag");
    assert!((600_000..=900_000).contains(&lag_ms), "{readings}");
    let problem = late["problems"][0].as_str().expect("a problem");
    assert!(problem.starts_with("1 readings wait, the oldest since 20"), "{problem}");
    let page = server.send(Request::get("/status")).await;
    assert!(page.text().contains("<h1>Late</h1>") && page.text().contains(problem), "{}", page.text());
    assert!(
        !page.text().contains("#cat") && !page.text().contains("original"),
        "it names nothing: {}",
        page.text()
    );
    let series = server.send(Request::get("/metrics")).await.text().to_owned();
    for line in [
        "tagmeter_work_waiting{kind=\"readings\"} 1".to_owned(),
        format!("tagmeter_work_lag_seconds{{kind=\"readings\"}} {:?}", lag_ms as f64 / 1000.0),
        "tagmeter_jobs_failed_in_a_day{kind=\"walks\"} 0".to_owned(),
        "tagmeter_tracked_hashtags 1".to_owned(),
    ] {
        assert!(series.contains(&line), "{line} is not in\n{series}");
    }

    let worker = server.worker();
    let read = loop {
        server.clock.advance(NEXT);
        let data = server.get("/v1/status").await.json()["data"].clone();
        // The reading is noted before the next one is put on the list.
        if data["trackers"]["readings"].as_u64() >= Some(1) && data["state"] == "ok" {
            break data;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(read["upstreams"][0]["name"], "original", "{read}");
    assert!(read["upstreams"][0]["calls_today"].as_u64() >= Some(1), "{read}");
    assert!(read["trackers"]["last_read_at"].is_string(), "{read}");
    let source = &read["sources"][0];
    assert_eq!((&source["source"], source["arrived_at"].is_string()), (&json!("contract"), true), "{read}");
    assert_eq!(source["observed_at"], read["trackers"]["last_read_at"], "{read}");
    server.clock.advance(Duration::from_secs(3 * 3_600));
    let page = server.send(Request::get("/status")).await;
    assert!(page.text().contains("<th scope=\"row\">contract<td>"), "{}", page.text());
    assert!(page.text().contains("<td>3 h<td>"), "{}", page.text());
    let series = server.send(Request::get("/metrics")).await.text().to_owned();
    let age = series
        .lines()
        .find_map(|line| line.strip_prefix("tagmeter_reading_age_seconds{source=\"contract\"} "));
    let age: f64 = age.expect("a series").parse().expect("seconds");
    assert!((3.0 * 3_600.0..4.0 * 3_600.0).contains(&age), "{age}");
    worker.stopped().await;
}
