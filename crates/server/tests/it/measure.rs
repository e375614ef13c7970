//! Questions of `/v1` over the wire: the shape of each answer, pages, files, charges and errors.

use domain::{Clock, Observation, Timestamp};
use serde_json::Value;
use testkit::{Answer, FixedClock, Place, Request, TestServer, hashtag, video};

const DAY_MS: i64 = 86_400_000;

fn before(days: i64) -> Timestamp {
    Timestamp::from_ms(FixedClock::default().now().as_ms() - days * DAY_MS)
}

/// #cat and #dog with a reading a day for 20 days, and videos under both.
pub(crate) fn holdings() -> Vec<Observation> {
    let mut all: Vec<Observation> = Vec::new();
    for day in 0..=20_i64 {
        let grown = day.unsigned_abs();
        all.push(
            hashtag("cat").id(7551).views(1_000_000 + grown * 10_000).observed_at(before(20 - day)).into(),
        );
        all.push(
            hashtag("dog").id(9_001).views(500_000 + grown * 1_000).observed_at(before(20 - day)).into(),
        );
    }
    for n in 1..=30_u64 {
        let mut made = video(n).tag("cat").plays(n * 1_000).counts(n * 50, 0, 0, 0).observed_at(before(1));
        if n % 3 == 0 {
            made = made.tag("dog");
        }
        if n % 2 == 0 {
            made = made.tag("kitten");
        }
        all.push(made.tag("fyp").created_at(before(5)).into());
    }
    all.extend((31..=200_u64).map(|n| video(n).tag("elsewhere").plays(n).observed_at(before(1)).into()));
    all
}

async fn server(place: &Place) -> TestServer {
    let server = place.server().await.holding(holdings()).start().await;
    server.fixture().measure().follow_trends().await.expect("trends");
    server
}

/// Returns the parts of an answer that are the same every time.
fn shape(answer: &Answer) -> Value {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    let mut json = answer.json();
    // It decreases from call to call, and has tests of its own.
    json["billing"]["balance_remaining"] = Value::Null;
    // Sealed for a store that has another identity in each test.
    if let Some(cursor) = json["pagination"]["next_cursor"].as_str() {
        assert_eq!(cursor.len(), 64, "{cursor}");
        json["pagination"]["next_cursor"] = "(a cursor)".into();
    }
    json
}

async fn each_answer_has_its_shape(place: &Place) {
    let server = server(place).await;
    for (name, path) in [
        ("hashtag", "/v1/hashtags/cat"),
        ("hashtags", "/v1/hashtags?query=cat&limit=1"),
        ("videos", "/v1/hashtags/cat/videos?limit=1&also=dog"),
        ("history", "/v1/hashtags/7551/history?from=3d&mode=gain"),
        ("benchmark", "/v1/hashtags/%23cat/benchmark?plays=1000"),
        ("related", "/v1/hashtags/cat/related"),
        ("creators", "/v1/hashtags/cat/creators?limit=1"),
        ("trending", "/v1/trending?limit=1&sort=velocity"),
        ("compare", "/v1/compare?tags=cat,dog&from=2d&index=100"),
    ] {
        let shape = serde_json::to_string_pretty(&shape(&server.get(path).await)).expect("JSON");
        insta::assert_snapshot!(format!("measure_{name}"), shape);
    }
    assert_eq!(server.balance().await, 1_000_000 - 9, "one credit each");
}

async fn pages_follow_one_another_and_name_the_next(place: &Place) {
    let server = server(place).await;
    let (mut path, mut ids) = ("/v1/hashtags/cat/videos?limit=7&sort=newest".to_owned(), Vec::new());
    loop {
        let page = server.get(&path).await;
        let json = page.json();
        let rows = json["data"].as_array().expect("rows").clone();
        ids.extend(rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
        let link = page.header("link").to_owned();
        if json["pagination"]["has_more"] == false {
            assert_eq!((link.as_str(), &json["pagination"]["next_cursor"]), ("", &Value::Null));
            break;
        }
        let next =
            link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).expect("a link");
        assert!(next.contains(json["pagination"]["next_cursor"].as_str().expect("a cursor")), "{link}");
        path = next.to_owned();
    }
    assert_eq!(ids.len(), 30);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 30, "each once");
}

async fn a_cursor_of_another_list_is_refused_and_nothing_is_charged(place: &Place) {
    let server = server(place).await;
    let first = server.get("/v1/hashtags/cat/videos?limit=2").await.json();
    let cursor = first["pagination"]["next_cursor"].as_str().expect("a cursor").to_owned();
    let balance = server.balance().await;
    for path in [
        format!("/v1/hashtags/cat/videos?sort=newest&cursor={cursor}"),
        format!("/v1/hashtags/dog/videos?cursor={cursor}"),
        format!("/v1/hashtags/cat/creators?cursor={cursor}"),
        "/v1/hashtags/cat/videos?cursor=abc".to_owned(),
    ] {
        let refused = server.get(&path).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()["param"].as_str()),
            (422, Some("cursor")),
            "{path}"
        );
    }
    let other_page = server.get(&format!("/v1/hashtags/cat/videos?limit=5&fields=id&cursor={cursor}")).await;
    assert_eq!(other_page.status.as_u16(), 200, "limit and fields may change");
    assert_eq!(server.balance().await, balance - 1);
}

async fn errors_name_the_parameter(place: &Place) {
    let server = server(place).await;
    for (path, status, param) in [
        ("/v1/hashtags", 422, "query"),
        ("/v1/hashtags?query=%23", 422, "query"),
        ("/v1/hashtags/nosuch", 404, ""),
        ("/v1/hashtags/%23", 422, "ref"),
        ("/v1/hashtags/%ff", 422, "ref"),
        ("/v1/hashtags/cat/history?step=month", 422, "step"),
        ("/v1/hashtags/cat/history?from=2026-02-30", 422, "from"),
        ("/v1/hashtags/cat/history?from=2d&to=5d", 422, "to"),
        ("/v1/hashtags/cat/history?points=0", 422, "points"),
        ("/v1/hashtags/cat/history?limit=0", 422, "limit"),
        ("/v1/hashtags/cat/history?limit=10001", 422, "limit"),
        ("/v1/hashtags/cat/history.svg?width=50", 422, "width"),
        ("/v1/hashtags/cat/history?tz=Berlin", 422, "tz"),
        ("/v1/compare?tags=cat,dog&tz=%2B02:00", 422, "tz"),
        ("/v1/hashtags/cat/videos?limit=101", 422, "limit"),
        ("/v1/hashtags/cat/videos?fields=id,nosuch", 422, "fields"),
        ("/v1/hashtags/cat/videos?format=pdf", 422, "format"),
        ("/v1/hashtags/cat/benchmark?video_id=999", 422, "video_id"),
        ("/v1/hashtags/cat/benchmark?window=week", 422, "window"),
        ("/v1/trending?window=1h", 422, "window"),
        ("/v1/trending?weights=speed=2", 422, "weights"),
        ("/v1/compare?tags=cat", 422, "tags"),
        ("/v1/compare?tags=cat,CAT", 422, "tags"),
        ("/v1/compare?tags=cat,nosuch", 404, ""),
        ("/v1/export", 422, "of"),
        ("/v1/export?of=walks", 422, "of"),
        ("/v1/usage?from=tomorrow", 422, "from"),
    ] {
        let refused = server.get(path).await;
        let error = refused.json();
        assert_eq!(refused.status.as_u16(), status, "{path}: {error}");
        assert_eq!(error["param"].as_str().unwrap_or(""), param, "{path}: {error}");
        assert_eq!(refused.header("x-credits-charged"), "0", "{path}");
    }
    let unacceptable = Request::get("/v1/trending").key(&server.key).header("accept", "text/html");
    let unacceptable = server.send(unacceptable).await;
    assert_eq!((unacceptable.status.as_u16(), unacceptable.code().as_str()), (406, "not_acceptable"));
    let unknown = server.send(Request::get("/v1/trending")).await;
    assert_eq!(unknown.status.as_u16(), 401);
    assert_eq!(server.balance().await, 1_000_000);
}

async fn files_have_the_same_rows(place: &Place) {
    let server = server(place).await;
    let json = server.get("/v1/hashtags/cat/videos?limit=100&fields=id,plays").await.json();
    let rows = json["data"].as_array().expect("rows");
    let csv = server.get("/v1/hashtags/cat/videos?limit=100&fields=id,plays&format=csv").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert!(csv.header("content-disposition").contains("videos.csv"));
    let lines: Vec<String> =
        rows.iter().map(|row| format!("{},{}", row["id"].as_str().expect("an id"), row["plays"])).collect();
    assert_eq!(csv.text(), format!("id,plays\r\n{}\r\n", lines.join("\r\n")));
    let accepted = Request::get("/v1/hashtags/cat/videos?limit=100&fields=id,plays").key(&server.key);
    let ndjson = server.send(accepted.header("accept", "application/x-ndjson")).await;
    let lines: Vec<Value> =
        ndjson.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(&lines, rows);
    for (format, begins) in [("xlsx", &b"PK"[..]), ("parquet", b"PAR1")] {
        let file = server.get(&format!("/v1/trending?format={format}")).await;
        assert!(file.body.starts_with(begins), "{format}");
        assert_eq!(file.header("x-credits-charged"), "1");
    }
}

fn integers(json: &Value, found: &mut Vec<i128>) {
    match json {
        Value::Number(number) => {
            found.extend(number.as_i64().map(i128::from).or(number.as_u64().map(i128::from)))
        }
        Value::Array(list) => list.iter().for_each(|one| integers(one, found)),
        Value::Object(object) => object.values().for_each(|one| integers(one, found)),
        _ => {}
    }
}

async fn no_integer_is_above_2_to_the_53(place: &Place) {
    const MOST: u64 = i64::MAX.unsigned_abs();
    let huge: Vec<Observation> = vec![
        hashtag("huge").id(5).views(MOST - 1_000).creators(MOST).videos(MOST).observed_at(before(9)).into(),
        hashtag("huge").id(5).views(MOST).creators(MOST).videos(MOST).observed_at(before(1)).into(),
        video(1).tag("huge").plays(MOST / 4).counts(MOST, MOST, MOST, MOST).observed_at(before(1)).into(),
        video(2).tag("huge").tag("other").plays(MOST / 4).observed_at(before(1)).into(),
    ];
    let server = place.server().await.holding(huge).start().await;
    server.fixture().measure().follow_trends().await.expect("trends");
    for path in [
        "/v1/hashtags/huge",
        "/v1/hashtags?query=huge",
        "/v1/hashtags/huge/videos",
        "/v1/hashtags/huge/history?mode=gain",
        "/v1/hashtags/huge/history?step=raw",
        "/v1/hashtags/huge/benchmark?plays=9007199254740991",
        "/v1/hashtags/huge/related",
        "/v1/hashtags/huge/creators",
        "/v1/trending",
        "/v1/compare?tags=huge,other",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
        let mut found = Vec::new();
        integers(&answer.json(), &mut found);
        assert!(found.iter().all(|number| number.abs() < 1 << 53), "{path}: {}", answer.text());
    }
}

async fn pictures_are_drawn(place: &Place) {
    let server = server(place).await;
    let svg = server.get("/v1/hashtags/cat/history.svg?theme=dark&log=true&index=100&width=600").await;
    assert_eq!(svg.header("content-type"), "image/svg+xml");
    assert!(
        svg.text().starts_with("<svg") && svg.text().contains("#cat") && svg.text().contains("width=\"600\"")
    );
    let local = server.get("/v1/hashtags/cat/history.svg?tz=America/New_York").await;
    assert!(local.text().contains(">America/New_York<") && !local.text().contains("UTC"), "{}", local.text());
    let png = server.get("/v1/hashtags/cat/history.png?mode=gain").await;
    assert_eq!(png.header("content-type"), "image/png");
    assert!(png.body.starts_with(b"\x89PNG"));
    let again = Request::get("/v1/hashtags/cat/history.png?mode=gain").key(&server.key);
    let again = server.send(again.header("if-none-match", png.header("etag"))).await;
    assert_eq!((again.status.as_u16(), again.header("x-credits-charged")), (304, "0"));
}

async fn billing_states_a_charge_once(place: &Place) {
    let server = server(place).await;
    let ask = || Request::get("/v1/trending?limit=1").key(&server.key).header("idempotency-key", "one");
    let first = server.send(ask()).await.json();
    assert_eq!(
        (first["billing"]["credits_charged"].as_u64(), first["billing"]["balance_remaining"].as_u64()),
        (Some(1), Some(999_999))
    );
    let second = server.send(ask()).await.json();
    assert_eq!(second["billing"]["credits_charged"], 0, "paid before");
    assert_eq!(second["data"], first["data"]);
    let other = Request::get("/v1/trending?limit=2").key(&server.key).header("idempotency-key", "one");
    assert_eq!(server.send(other).await.code(), "idempotency_key_reused");
    assert_eq!(server.balance().await, 999_999);
}

async fn an_export_is_paid_by_its_rows(place: &Place) {
    let server = server(place).await;
    let hashtags = server.get("/v1/export?of=hashtags").await;
    let names: Vec<Value> =
        hashtags.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(names.len(), 5);
    assert_eq!(hashtags.header("x-credits-charged"), "1");
    let history = server.get("/v1/export?of=history&format=csv").await;
    assert_eq!(history.text().lines().count(), 1 + 42);
    assert!(history.header("content-disposition").contains("tagmeter-history.csv"));
    let videos = server.get("/v1/export?of=videos&hashtag=cat&format=parquet").await;
    assert!(videos.body.starts_with(b"PAR1") && videos.body.ends_with(b"PAR1"));
    let all = server.get("/v1/export?of=videos").await;
    assert_eq!(all.text().lines().count(), 200, "each once");
    let poor = place.server().await.holding(holdings()).credits(0).start().await;
    let refused = poor.get("/v1/export?of=hashtags").await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (402, "insufficient_credits"));
}

async fn account_endpoints_are_free(place: &Place) {
    let server = server(place).await;
    server.get("/v1/hashtags/cat").await;
    server.get("/v1/hashtags/cat").await;
    server.get("/challenge-info-id/?id=7551").await;
    let usage = server.get("/v1/usage").await.json();
    assert_eq!(
        (usage["data"]["calls"].as_u64(), usage["data"]["credits_charged"].as_u64()),
        (Some(3), Some(3))
    );
    assert_eq!(usage["data"]["credits_granted"], 1_000_000);
    let days = usage["data"]["days"].as_array().expect("days");
    let of = |name: &str| days.iter().find(|day| day["operation"] == name).map(|day| day["calls"].clone());
    assert_eq!((of("show_hashtag"), of("challenge_info_id")), (Some(2.into()), Some(1.into())));
    let me = server.get("/v1/me").await.json();
    assert_eq!(
        (me["data"]["email"].as_str(), me["data"]["credits"].as_u64()),
        (Some("me@example.com"), Some(999_997))
    );
    assert_eq!(server.get("/v1/balance").await.json()["data"]["credits"], 999_997);
    let metrics = server.get("/v1/metrics").await.json();
    let names: Vec<&str> =
        metrics["data"].as_array().expect("metrics").iter().filter_map(|m| m["name"].as_str()).collect();
    for name in ["velocity", "growth", "zscore", "emerging", "coverage"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    assert_eq!(server.balance().await, 999_997);
}

testkit::test_on_each_backend! {
    each_answer_has_its_shape,
    pages_follow_one_another_and_name_the_next,
    a_cursor_of_another_list_is_refused_and_nothing_is_charged,
    errors_name_the_parameter,
    files_have_the_same_rows,
    no_integer_is_above_2_to_the_53,
    pictures_are_drawn,
    billing_states_a_charge_once,
    an_export_is_paid_by_its_rows,
    account_endpoints_are_free,
}
