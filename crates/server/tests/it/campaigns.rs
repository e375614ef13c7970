//! `/v1/campaigns`: created, measured, listed, changed and deleted, each for its account alone.

use domain::{Clock, KeyScope, Observation, Timestamp};
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Description, FixedClock, Request, TestServer, hashtag, video};

const DAY_MS: i64 = 86_400_000;
const PATH: &str = "/v1/campaigns";
/// Days that the campaign of these tests has lasted.
const DAYS: i64 = 20;

/// Returns the moment so many days and an hour before now.
pub(crate) fn ago(days: i64) -> Timestamp {
    Timestamp::from_ms(FixedClock::default().now().as_ms() - days * DAY_MS - 3_600_000)
}

/// Daily readings of a hashtag over 60 days: so many views a day before the campaign, and so many since.
pub(crate) fn readings(name: &str, id: u64, before: u64, since: u64) -> Vec<Observation> {
    let mut views = 1_000_000;
    let day = |days: i64| {
        views += if days >= DAYS { before + days.unsigned_abs() % 3 * 10 } else { since };
        hashtag(name).id(id).views(views).observed_at(ago(days)).into()
    };
    (0..60).rev().map(day).collect()
}

/// Videos of #drop and #rival: 24 creators with one video each in the campaign, one of them under both, one also before.
fn videos() -> Vec<Observation> {
    let drop = |id: u64, days: i64| {
        video(id)
            .handle(&format!("maker{id}"))
            .author(100 + id)
            .plays(1_000 * id)
            .counts(id, 2, 3, 4)
            .created_at(ago(days))
            .observed_at(ago(0))
            .tag("drop")
    };
    let mut all: Vec<Observation> = (1..=24).map(|id| drop(id, 2).into()).collect();
    all.push(drop(30, 5).tag("rival").into());
    all.push(drop(31, 40).author(101).into());
    all.push(drop(32, 3).tag("giveaway").into());
    all.push(drop(33, 3).handle("ourbrand").author(999).into());
    let rival = |id: u64| video(id).author(id).plays(500).created_at(ago(7)).observed_at(ago(0)).tag("rival");
    all.extend((50..55).map(|id| rival(id).into()));
    all
}

pub(crate) async fn server() -> TestServer {
    let holding = [readings("drop", 8_001, 1_000, 5_000), readings("rival", 8_002, 2_000, 2_000), videos()];
    TestServer::builder().holding(holding.concat()).start().await
}

fn day(days: i64) -> String {
    ago(days).to_rfc3339()[..10].to_owned()
}

pub(crate) fn order() -> Value {
    json!({
        "name": "Summer", "hashtags": ["#Drop"], "against": ["rival"], "from": ago(DAYS).to_rfc3339(), "to": day(-10),
        "goals": {"views": 200_000, "videos": 50}, "not_tags": ["giveaway"], "not_creators": ["@OurBrand"],
        "notes": "for a client",
    })
}

async fn post(server: &TestServer, body: &Value) -> Answer {
    server.send(Request::post_json(PATH, body).key(&server.key)).await
}

async fn patch(server: &TestServer, path: &str, body: &Value) -> Answer {
    server.send(Request::post_json(path, body).key(&server.key).method(Method::PATCH)).await
}

pub(crate) async fn create(server: &TestServer, body: &Value) -> Value {
    let answer = post(server, body).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    let data = answer.json()["data"].clone();
    let id = data["id"].as_str().expect("an id");
    assert!(answer.header("location").ends_with(&format!("{PATH}/{id}")), "{}", answer.header("location"));
    data
}

#[tokio::test]
async fn a_campaign_is_measured_in_one_call() {
    let server = server().await;
    let description = Description::of(&server).await;
    let balance = server.balance().await;
    let created = create(&server, &order()).await;
    assert_eq!((&created["name"], &created["state"]), (&json!("summer"), &json!("running")));
    assert_eq!(created["hashtags"], json!(["Drop"]));
    let answer = server.get(&format!("{PATH}/summer")).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    description.operation("get", "/v1/campaigns/{id}").assert_describes(&answer);
    assert_eq!((server.balance().await, answer.header("x-credits-charged")), (balance, "0"));
    let data = answer.json()["data"].clone();
    assert_eq!(data["campaign"], created);

    // 20 days with 5,000 views, of which about 1,010 were expected.
    let own = &data["hashtags"][0];
    assert_eq!((&own["name"], &own["side"]), (&json!("Drop"), &json!("own")));
    assert_eq!(own["views_gained"]["gain"], 100_000);
    let increment = &own["increment"];
    let expected = increment["expected"].as_u64().expect("a number");
    assert!((20_000..20_400).contains(&expected), "{increment}");
    assert_eq!(increment["value"].as_i64(), Some(100_000 - expected.cast_signed()));
    assert_eq!((&increment["clear"], &increment["kind"]), (&json!(true), &json!("mean")));
    assert!(increment["low"].as_i64() <= increment["value"].as_i64());
    let together = &data["increment"]["together"];
    assert_eq!((&together["value"], &together["hashtags"]), (&increment["value"], &json!(1)));
    let ratio = data["increment"]["controls"]["ratio"].as_f64().expect("a ratio");
    assert!((0.99..1.01).contains(&ratio), "{}", data["increment"]);

    // 25 videos of the campaign: those with #giveaway and of the brand are left out, one is from before.
    let seen = &data["participation"];
    assert_eq!((&seen["videos"], &seen["left_out"]), (&json!(25), &json!(2)), "{seen}");
    assert_eq!(
        (&seen["creators"], &seen["new_creators"]),
        (&json!(25), &json!(24)),
        "maker1 was there before"
    );
    let per_day = |name: &str| -> u64 {
        seen["days"].as_array().expect("days").iter().map(|day| day[name].as_u64().expect("a number")).sum()
    };
    assert_eq!((per_day("videos"), per_day("new_creators")), (25, 24));
    assert_eq!(seen["top_videos"][0]["id"], "30");
    assert_eq!(seen["top_creators"][0]["unique_id"], "maker30");
    assert_eq!(seen["concentration"]["count"], 25);

    let bases = data["share_of_voice"]["bases"].as_array().expect("bases");
    let own: Vec<_> = bases.iter().map(|base| (base["basis"].clone(), base["base"].clone())).collect();
    assert_eq!(own[0], (json!("reported"), json!("views")));
    let share = bases[0]["own"].as_f64().expect("a share");
    assert!((share - 100_000.0 / 140_000.0).abs() < 1e-9, "{}", bases[0]);
    let videos = bases.iter().find(|base| base["base"] == "videos").expect("videos");
    let share = videos["own"].as_f64().expect("a share");
    assert!((share - 24.5 / 30.0).abs() < 1e-9, "a video under both counts half: {share}");
    assert_eq!(data["share_of_voice"]["videos"], 30);
    assert_eq!(data["overlap"][0]["videos"], 1);
    assert_eq!(data["goals"][0]["value"], 100_000);
    assert_eq!(
        (&data["goals"][0]["basis"], &data["goals"][0]["state"]),
        (&json!("reported"), &json!("behind"))
    );
    assert_eq!((&data["goals"][1]["basis"], &data["goals"][1]["value"]), (&json!("observed"), &json!(25)));
    footnotes_answer_each_sentence(&data);
}

/// Each sentence has a footnote that exists.
fn footnotes_answer_each_sentence(data: &Value) {
    let notes: Vec<&Value> =
        data["footnotes"].as_array().expect("footnotes").iter().map(|note| &note["number"]).collect();
    let sentences = data["sentences"].as_array().expect("sentences");
    let about: Vec<&str> = sentences.iter().filter_map(|one| one["about"].as_str()).collect();
    for expected in
        ["increment", "controls", "participation", "concentration", "share_of_voice", "overlap", "goal"]
    {
        assert!(about.contains(&expected), "{expected}: {about:?}");
    }
    for sentence in sentences {
        let given = sentence["footnotes"].as_array().expect("numbers");
        assert!(!given.is_empty() && given.iter().all(|number| notes.contains(&number)), "{sentence}");
        let text = sentence["sentence"].as_str().expect("a sentence");
        assert!(text.ends_with('.') && !text.contains("NaN"), "{text}");
    }
}

#[tokio::test]
async fn what_cannot_be_known_is_null_with_its_reason() {
    let server = server().await;
    let description = Description::of(&server).await;
    let operation = description.operation("post", PATH);
    let mut body = order();
    body["dry_run"] = json!(true);
    for (hashtags, from, reason) in [
        (json!(["nobody"]), day(DAYS), "not_stored"),
        (json!(["drop"]), day(-3), "not_begun"),
        (json!(["drop"]), day(70), "no_baseline"),
        (json!(["drop"]), day(55), "baseline_too_short"),
    ] {
        (body["hashtags"], body["from"]) = (hashtags, json!(from));
        let answer = post(&server, &body).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        operation.assert_describes(&answer);
        let data = answer.json()["data"].clone();
        assert_eq!(data["campaign"]["id"], Value::Null);
        assert_eq!(
            (&data["increment"]["together"], &data["hashtags"][0]["increment"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(data["increment"]["no_increment"]["code"], reason, "{}", data["increment"]);
        assert_eq!(data["hashtags"][0]["no_increment"]["code"], reason);
        let unknown = data["unknown"].as_array().expect("sentences");
        assert!(unknown.iter().any(|one| one["code"] == reason), "{unknown:?}");
        assert_eq!(data["participation"].is_null(), reason == "not_begun");
    }
    assert_eq!(server.get(PATH).await.json()["data"], json!([]), "nothing was created");
}

#[tokio::test]
async fn a_campaign_is_listed_changed_and_deleted_by_its_owner_alone() {
    let server = server().await;
    let description = Description::of(&server).await;
    let created = create(&server, &order()).await;
    let second = create(&server, &json!({"name": "autumn", "hashtags": ["drop"], "from": "30d"})).await;
    let list = server.get(PATH).await;
    description.operation("get", PATH).assert_describes(&list);
    assert_eq!(list.json()["data"], json!([second, created]));
    let id = created["id"].as_str().expect("an id");
    let path = format!("{PATH}/{id}");

    let wish =
        json!({"name": "summer-2", "open": true, "against": [], "goals": {"creators": 9}, "baseline": "8w"});
    let changed = patch(&server, &path, &wish).await;
    description.operation("patch", "/v1/campaigns/{id}").assert_describes(&changed);
    let data = changed.json()["data"].clone();
    assert_eq!(
        (&data["name"], &data["to"], &data["baseline_days"]),
        (&json!("summer-2"), &Value::Null, &json!(56))
    );
    assert_eq!((&data["against"], &data["hashtags"]), (&json!([]), &json!(["Drop"])));
    assert_eq!((&data["goals"]["creators"], &data["goals"]["views"]), (&json!(9), &Value::Null));
    assert_eq!((&data["not_tags"], &data["notes"]), (&json!(["giveaway"]), &json!("for a client")));
    for (body, status, code, param) in [
        (json!({"name": "autumn"}), 409, "campaign_exists", None),
        (json!({"open": true, "to": "2030-01-01"}), 422, "invalid_parameter", Some("open")),
        (json!({"to": "2020-01-01"}), 422, "invalid_parameter", Some("to")),
        (json!({"against": ["DROP"]}), 422, "invalid_parameter", Some("against")),
        (json!({"hashtags": []}), 422, "invalid_parameter", Some("hashtags")),
    ] {
        let answer = patch(&server, &path, &body).await;
        let param = param.map_or(Value::Null, Value::from);
        let given = answer.json();
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{body}: {given}");
        assert_eq!(given.get("param").cloned().unwrap_or_default(), param, "{body}");
        description.operation("patch", "/v1/campaigns/{id}").assert_describes(&answer);
    }

    let (_, theirs) = server.other_account("you@example.com", KeyScope::Call).await;
    for method in [Method::GET, Method::DELETE] {
        let answer = server.send(Request::new(method, &path).key(&theirs)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "campaign_not_found"));
    }
    assert_eq!(server.send(Request::get(PATH).key(&theirs)).await.json()["data"], json!([]));
    let deleted = server.send(Request::new(Method::DELETE, &path).key(&server.key)).await;
    description.operation("delete", "/v1/campaigns/{id}").assert_describes(&deleted);
    assert_eq!(deleted.json()["data"]["name"], "summer-2");
    let gone = server.get(&path).await;
    assert_eq!((gone.status.as_u16(), gone.code().as_str()), (404, "campaign_not_found"));
    description.operation("get", "/v1/campaigns/{id}").assert_describes(&gone);
}

#[tokio::test]
async fn an_order_is_refused_with_what_would_be_right() {
    let server = server().await;
    let description = Description::of(&server).await;
    let with = |field: &str, value: Value| {
        let mut body = order();
        body[field] = value;
        body
    };
    for (body, param) in [
        (with("name", json!("a b")), "name"),
        (with("name", json!("cmp_x")), "name"),
        (with("hashtags", json!([])), "hashtags"),
        (with("hashtags", json!(["#"])), "hashtags"),
        (with("against", json!(["drop"])), "against"),
        (with("not_tags", json!(["rival"])), "not_tags"),
        (with("not_creators", json!(["a b"])), "not_creators"),
        (with("from", json!("soon")), "from"),
        (with("from", json!("1999-01-01")), "from"),
        (with("to", json!(day(DAYS + 5))), "to"),
        (with("baseline", json!("3d")), "baseline"),
        (with("baseline", json!("1mo")), "baseline"),
        (with("goals", json!({"views": 0})), "goals"),
        (with("notes", json!("x".repeat(2_001))), "notes"),
        (with("tz", json!("Mars/Olympus")), "tz"),
        (with("budget", json!(1)), "budget"),
    ] {
        let answer = post(&server, &body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "invalid_parameter"), "{body}");
        assert!(
            answer.json()["param"].as_str().is_some_and(|given| given.starts_with(param)),
            "{}",
            answer.text()
        );
        description.operation("post", PATH).assert_describes(&answer);
    }
    create(&server, &order()).await;
    let taken = post(&server, &order()).await;
    assert_eq!((taken.status.as_u16(), taken.code().as_str()), (409, "campaign_exists"));
    description.operation("post", PATH).assert_describes(&taken);
}

#[tokio::test]
async fn days_are_local_and_stay_days_in_another_zone() {
    let server = server().await;
    let mut body = order();
    body["tz"] = json!("America/New_York");
    body["from"] = json!("2026-03-08");
    body["to"] = json!("2026-10-31");
    let created = create(&server, &body).await;
    let span = |data: &Value| ["from", "to", "tz"].map(|field| data[field].as_str().unwrap_or("").to_owned());
    assert_eq!(span(&created), ["2026-03-08T05:00:00Z", "2026-11-01T03:59:59.999Z", "America/New_York"]);
    let path = format!("{PATH}/summer");
    let moved = patch(&server, &path, &json!({"tz": "Europe/Berlin"})).await.json()["data"].clone();
    assert_eq!(span(&moved), ["2026-03-07T23:00:00Z", "2026-10-31T22:59:59.999Z", "Europe/Berlin"]);
    // A beginning within a day is a moment, and stays.
    let moved = patch(&server, &path, &json!({"from": "2026-03-08T12:00:00Z"})).await.json()["data"].clone();
    assert_eq!(span(&moved)[0], "2026-03-08T12:00:00Z");
    let moved = patch(&server, &path, &json!({"tz": "UTC", "to": "2026-10-30"})).await.json()["data"].clone();
    assert_eq!(span(&moved), ["2026-03-08T12:00:00Z", "2026-10-30T23:59:59.999Z", "UTC"]);
    let kept = patch(&server, &path, &json!({"notes": "x"})).await.json()["data"].clone();
    assert_eq!(span(&kept), span(&moved));
    let refused = patch(&server, &path, &json!({"tz": "Mars"})).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "invalid_parameter"));
    assert!(refused.text().contains("Europe/Berlin"), "{}", refused.text());
}

#[tokio::test]
async fn a_request_repeated_under_its_key_creates_one_campaign() {
    let server = server().await;
    let send = async |body: Value| {
        let request = Request::post_json(PATH, &body).key(&server.key).header("idempotency-key", "order-7");
        server.send(request).await
    };
    let first = send(order()).await.json()["data"].clone();
    let again = send(order()).await;
    assert_eq!((again.status.as_u16(), &again.json()["data"]), (201, &first));
    let other = send(json!({"name": "other", "hashtags": ["drop"], "from": "30d"})).await;
    assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "idempotency_key_reused"));
}
