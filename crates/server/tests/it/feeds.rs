//! `/v1/feeds` and `/f/...`: links answer saved questions from stored data, free, capped, and until they are revoked.

use crate::campaigns::{ago, create as create_campaign, order, server};
use domain::{Clock, KeyScope, Timestamp};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::postgres::TestDatabase;
use testkit::upstream::ContractStandIn;
use testkit::{Answer, Description, Request, TestServer, hashtag, video};

const PATH: &str = "/v1/feeds";
const HISTORY: &str = "/v1/hashtags/drop/history?step=day";
/// Longer than a feed is served from memory.
const NEXT: Duration = Duration::from_secs(15 * 60);

async fn post(server: &TestServer, body: &Value) -> Answer {
    server.send(Request::post_json(PATH, body).key(&server.key)).await
}

async fn feed(server: &TestServer, question: &str) -> Value {
    let answer = post(server, &json!({"name": "Ours", "question": question})).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    answer.json()["data"].clone()
}

/// Returns the path of a link of a feed.
fn link(feed: &Value, form: &str) -> String {
    let url = feed["links"][form].as_str().expect("a link");
    url[url.find("/f/").expect("a path")..].to_owned()
}

/// Opens a link without any key.
async fn open(server: &TestServer, path: &str) -> Answer {
    server.send(Request::get(path)).await
}

async fn delete(server: &TestServer, feed: &Value) -> Answer {
    let path = format!("{PATH}/{}", feed["id"].as_str().expect("an id"));
    server.send(Request::get(path).method(Method::DELETE).key(&server.key)).await
}

#[tokio::test]
async fn a_feed_answers_as_the_paid_question_without_a_charge_or_an_upstream() {
    let upstream = ContractStandIn::start().await;
    upstream.hold_videos(7551, "cat", 20);
    let old = Timestamp::from_ms(ago(3).as_ms());
    let clip = video(7_622_263_851_152_706_848).handle("a.b").author(7_300_000_000_000_000_001).plays(5);
    let clip = clip.created_at(ago(4)).observed_at(ago(3)).tag("cat");
    let stored = hashtag("cat").id(7551).views(1_000).observed_at(old);
    let server = TestServer::builder()
        .holding([stored.into(), clip.into()])
        .upstream(&upstream)
        .credits(9)
        .start()
        .await;
    for question in [
        "/v1/hashtags/cat/history?step=day",
        "/v1/hashtags/cat",
        "/v1/hashtags/cat/videos?fields=creator,plays",
        "/v1/hashtags?query=cat",
        "/v1/hashtags/unheard/history",
    ] {
        let made = feed(&server, question).await;
        let answer = open(&server, &link(&made, "json")).await;
        let wanted = if question.contains("unheard") { 404 } else { 200 };
        assert_eq!(answer.status.as_u16(), wanted, "{question}: {}", answer.text());
        assert!(answer.json().get("billing").is_none(), "the balance is nobody's business");
    }
    let made = feed(&server, "/v1/hashtags/cat/videos").await;
    let sheet = open(&server, &link(&made, "sheets")).await.text().to_owned();
    assert!(
        sheet.contains(",https://www.tiktok.com/@a.b/video/7622263851152706848,https://www.tiktok.com/@a.b"),
        "{sheet}"
    );
    assert!(!sheet.contains(",7622263851152706848") && !sheet.contains("7300000000000000001"), "{sheet}");
    assert!(open(&server, &link(&made, "csv")).await.text().contains("7300000000000000001"));
    assert!(upstream.received().is_empty(), "no feed calls an upstream");
    assert_eq!(server.balance().await, 9, "no feed is charged");
    // The paid question, for comparison.
    let feed = feed(&server, "/v1/hashtags/cat/history?step=day").await;
    let free = open(&server, &link(&feed, "json")).await.json();
    let stored = Request::get("/v1/hashtags/cat/history?step=day").header("cache-control", "only-if-cached");
    let paid = server.send(stored.key(&server.key)).await;
    assert_eq!((&free["data"], server.balance().await), (&paid.json()["data"], 8));
}

#[tokio::test]
async fn links_that_open_nothing_look_alike() {
    let server = server().await;
    let made = feed(&server, HISTORY).await;
    let path = link(&made, "csv");
    let guessed = open(&server, "/f/0123456789abcdef0123456789abcdef.csv").await;
    assert_eq!(guessed.status.as_u16(), 404);
    let same = |answer: &Answer, why: &str| {
        assert_eq!((answer.status.as_u16(), answer.text()), (404, guessed.text()), "{why}");
        let headers = |answer: &Answer| {
            let varying = |name: &str| ["x-request-id", "date"].contains(&name);
            let headers = answer.headers.iter().filter(|(name, _)| !varying(name.as_str()));
            headers.map(|(name, value)| (name.clone(), value.clone())).collect::<Vec<_>>()
        };
        assert_eq!(headers(answer), headers(&guessed), "{why}");
    };
    assert_eq!(open(&server, &path).await.status.as_u16(), 200);
    let bare = path.trim_end_matches(".csv");
    for wrong in [
        bare.to_owned(),
        format!("{bare}.pdf"),
        format!("{bare}.csv?format=xml"),
        format!("{bare}.xlsx?format=sheets"),
        path.replace("/f/", "/f/0"),
        path.to_uppercase().replace("/F/", "/f/").replace(".CSV", ".csv"),
        "/f/x".to_owned(),
    ] {
        // An all-digit token is the same in capitals.
        if wrong != path {
            same(&open(&server, &wrong).await, &wrong);
        }
    }
    let id = made["id"].as_str().expect("an id");
    let rotated = server.send(Request::post(format!("{PATH}/{id}/rotate"), "").key(&server.key)).await;
    assert_eq!(rotated.status.as_u16(), 200, "{}", rotated.text());
    same(&open(&server, &path).await, "replaced, though it is in memory");
    let path = link(&rotated.json()["data"], "csv");
    assert_eq!(open(&server, &path).await.status.as_u16(), 200);
    assert_eq!(delete(&server, &made).await.json()["data"]["state"], "revoked");
    same(&open(&server, &path).await, "revoked, though it is in memory");
    for name in ["referrer-policy", "x-robots-tag", "x-content-type-options"] {
        assert!(!guessed.header(name).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_feed_is_rendered_once_in_a_quarter_of_an_hour() {
    let server = server().await;
    let made = feed(&server, HISTORY).await;
    let path = link(&made, "csv");
    let first = open(&server, &path).await;
    assert_eq!(first.header("cache-control"), "private, max-age=900");
    assert_eq!(
        (first.header("referrer-policy"), first.header("x-robots-tag")),
        ("no-referrer", "noindex, nofollow")
    );
    let tag = first.header("etag").to_owned();
    let known = || Request::get(path.clone()).header("if-none-match", &tag);
    let again = server.send(known()).await;
    assert_eq!((again.status.as_u16(), again.body.len(), again.header("etag")), (304, 0, &*tag));
    let head = server.send(Request::get(path.clone()).method(Method::HEAD)).await;
    assert_eq!((head.status.as_u16(), head.body.len(), head.header("etag")), (200, 0, &*tag));
    let now = server.clock.now();
    server.fixture().record([hashtag("drop").id(8_001).views(99_000_000).observed_at(now).into()]).await;
    server.clock.advance(NEXT - Duration::from_secs(1));
    let kept = open(&server, &path).await;
    assert_eq!((kept.text(), kept.header("cache-control")), (first.text(), "private, max-age=1"));
    server.clock.advance(Duration::from_secs(1));
    let later = server.send(known()).await;
    assert_eq!(later.status.as_u16(), 200);
    assert!(later.text().contains("99000000") && !first.text().contains("99000000"));
    let shown = server.get(&format!("{PATH}/{}", made["id"].as_str().expect("an id"))).await.json();
    assert_eq!(
        (&shown["data"]["opened"], &shown["data"]["links"]),
        (&json!(4), &Value::Null),
        "HEAD is not counted"
    );
    assert_eq!(shown["data"]["last_opened_at"], json!(server.clock.now().to_rfc3339()));
}

#[tokio::test]
async fn requests_and_renderings_are_capped() {
    let server = server().await;
    let made = feed(&server, HISTORY).await;
    let path = link(&made, "csv");
    for _ in 0..60 {
        assert_eq!(open(&server, &path).await.status.as_u16(), 200);
    }
    server.clock.advance(Duration::from_millis(10_500));
    let refused = open(&server, &path).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "50"), "{}", refused.text());
    assert_eq!(
        (&refused.json()["code"], refused.header("x-robots-tag")),
        (&json!("rate_limited"), "noindex, nofollow")
    );
    let other = feed(&server, "/v1/trending").await;
    assert_ne!(open(&server, &link(&other, "csv")).await.status.as_u16(), 429, "another feed");
    server.clock.advance(Duration::from_secs(50));
    assert_eq!(open(&server, &path).await.status.as_u16(), 200);
    // A new feed is measured again: an account has so many measurements in an hour.
    let mut refused = None;
    for _ in 0..240 {
        let made = feed(&server, HISTORY).await;
        let answer = open(&server, &link(&made, "csv")).await;
        if answer.status.as_u16() == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a cap");
    assert!(refused.text().contains("240 times an hour"), "{}", refused.text());
    server.clock.advance(NEXT);
    let old = open(&server, &path).await;
    assert_eq!(
        (old.status.as_u16(), old.header("cache-control")),
        (200, "private, max-age=0"),
        "old, and there"
    );
}

#[tokio::test]
async fn only_the_digest_of_a_token_is_stored() {
    let server = server().await;
    let path = link(&feed(&server, HISTORY).await, "json");
    let token = &path[3..35];
    let number = u128::from_str_radix(token, 16).expect("a number").to_be_bytes();
    let mut bytes = 0;
    for file in std::fs::read_dir(server.fixture().folder()).expect("a folder") {
        let file = std::fs::read(file.expect("a file").path()).unwrap_or_default();
        bytes += file.len();
        for secret in [token.as_bytes(), &number] {
            assert!(!file.windows(secret.len()).any(|window| window == secret));
        }
    }
    assert!(bytes > 100_000, "the database was read");
    assert!(!server.get(PATH).await.text().contains(token));
}

#[tokio::test]
async fn a_feed_is_of_its_account_and_described() {
    let server = server().await;
    let description = Description::of(&server).await;
    let order = json!({"name": "Ours", "question": HISTORY});
    let repeated = || Request::post_json(PATH, &order).header("idempotency-key", "once").key(&server.key);
    let first = server.send(repeated()).await;
    description.operation("post", PATH).assert_describes(&first);
    let again = server.send(repeated()).await;
    assert_eq!(
        (again.status.as_u16(), &again.json()["data"]),
        (201, &first.json()["data"]),
        "with its links"
    );
    let other = json!({"name": "Other", "question": HISTORY});
    let other = Request::post_json(PATH, &other).header("idempotency-key", "once").key(&server.key);
    assert_eq!(server.send(other).await.code(), "idempotency_key_reused");
    for (body, param) in [
        (json!({"name": "", "question": HISTORY}), "name"),
        (json!({"name": "a", "question": "/v1/balance"}), "question"),
        (json!({"name": "a", "question": "/v1/trending?fresh=true"}), "question"),
        (json!({"name": "a", "question": HISTORY, "days": 1}), "days"),
    ] {
        let refused = post(&server, &body).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["param"]), (422, &json!(param)), "{body}");
        description.operation("post", PATH).assert_describes(&refused);
    }
    let made = first.json()["data"].clone();
    let path = format!("{PATH}/{}", made["id"].as_str().expect("an id"));
    let one = description.operation("get", "/v1/feeds/{id}");
    one.assert_describes(&server.get(&path).await);
    let named = Request::post_json(path.clone(), &json!({"name": "Drops"})).method(Method::PATCH);
    let named = server.send(named.key(&server.key)).await;
    description.operation("patch", "/v1/feeds/{id}").assert_describes(&named);
    assert_eq!(named.json()["data"]["name"], "Drops");
    let (_, key) = server.other_account("you@example.com", KeyScope::Call).await;
    for request in [
        Request::get(path.clone()),
        Request::get(path.clone()).method(Method::DELETE),
        Request::post(format!("{path}/rotate"), ""),
    ] {
        let theirs = server.send(request.key(&key)).await;
        assert_eq!((theirs.status.as_u16(), &theirs.json()["code"]), (404, &json!("feed_not_found")));
    }
    let opening = description.operation("get", "/f/{file}");
    for form in ["csv", "sheets", "xlsx", "json", "rss"] {
        let answer = open(&server, &link(&made, form)).await;
        assert_eq!(answer.status.as_u16(), 200, "{form}: {}", answer.text());
        opening.assert_describes(&answer);
    }
    let revoked = delete(&server, &made).await;
    description.operation("delete", "/v1/feeds/{id}").assert_describes(&revoked);
    let rotated = server.send(Request::post(format!("{path}/rotate"), "").key(&server.key)).await;
    description.operation("post", "/v1/feeds/{id}/rotate").assert_describes(&rotated);
    assert_eq!((rotated.status.as_u16(), &rotated.json()["code"]), (409, &json!("feed_revoked")));
    opening.assert_describes(&open(&server, &link(&made, "csv")).await);
}

/// Reads RSS as a reader does: title, guid, date and text of each item.
fn items(answer: &Answer) -> Vec<[String; 4]> {
    assert_eq!(answer.header("content-type"), "application/rss+xml; charset=utf-8", "{}", answer.text());
    let channel = rss::Channel::read_from(&*answer.body).expect("RSS");
    let of = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let items = channel.items().iter().map(|item| {
        let guid = item.guid().expect("a guid");
        assert!(!guid.permalink);
        [of(item.title()), guid.value.clone(), of(item.pub_date()), of(item.description())]
    });
    items.collect()
}

#[tokio::test]
async fn rss_has_an_item_for_each_past_day_and_its_guids_stay() {
    let server = server().await;
    let made = feed(&server, HISTORY).await;
    let before = items(&open(&server, &link(&made, "rss")).await);
    let [title, guid, date, text] = before.first().expect("items");
    assert!(title.starts_with("#drop has 1,") && title.contains(" views on 20"), "{title}");
    assert!(
        guid.starts_with("tagmeter:point:drop:views:day:total:") && date.ends_with(" GMT"),
        "{guid} {date}"
    );
    assert!(text.starts_with("As reported, exact; read ") && text.contains(" from "), "{text}");
    server.clock.advance(Duration::from_secs(86_400 * 3));
    let now = server.clock.now();
    let reading = |days: i64, views| {
        let at = Timestamp::from_ms(now.as_ms() - days * 86_400_000);
        hashtag("drop").id(8_001).views(views).observed_at(at).into()
    };
    server.fixture().record([reading(1, 2_000_000), reading(0, 3_000_000)]).await;
    let after = items(&open(&server, &link(&made, "rss")).await);
    let guids = |items: &[[String; 4]]| items.iter().map(|item| item[1].clone()).collect::<Vec<_>>();
    let new: Vec<&[String; 4]> = after.iter().filter(|item| !guids(&before).contains(&item[1])).collect();
    let titles: Vec<&str> = new.iter().map(|item| &*item[0]).collect();
    let day = Timestamp::from_ms(now.as_ms() - 86_400_000).to_rfc3339()[..10].to_owned();
    assert!(titles.contains(&&*format!("#drop has 2,000,000 views on {day}")), "{titles:?}");
    assert!(titles.contains(&"#drop: a gap in its readings"), "{titles:?}");
    assert!(!after.iter().any(|item| item[0].contains("3,000,000")), "today is not over");
    let stayed = guids(&before).iter().filter(|guid| guids(&after).contains(guid)).count();
    assert!(stayed >= before.len() - new.len(), "{stayed} of {}", before.len());
    let compared = feed(&server, "/v1/compare?tags=drop,rival&step=week").await;
    let compared = items(&open(&server, &link(&compared, "rss")).await);
    assert!(compared.iter().any(|item| item[0].starts_with("#rival has")), "{compared:?}");
    let none = feed(&server, "/v1/hashtags/drop/creators").await;
    let none = open(&server, &link(&none, "rss")).await;
    assert_eq!(none.status.as_u16(), 406);
    assert!(none.text().contains("RSS is of histories, comparisons, series of trackers"), "{}", none.text());
}

#[tokio::test]
async fn trackers_alerts_and_campaigns_are_feeds_too() {
    let server = server().await;
    create_campaign(&server, &order()).await;
    let tracker = json!({"hashtags": ["drop", "rival"], "every": "day", "source": "none"});
    let tracker = server.send(Request::post_json("/v1/trackers", &tracker).key(&server.key)).await;
    assert_eq!(tracker.status.as_u16(), 201, "{}", tracker.text());
    let id = tracker.json()["data"]["id"].as_str().expect("an id").to_owned();
    let series = feed(&server, &format!("/v1/trackers/{id}/series?from=10d")).await;
    let csv = open(&server, &link(&series, "csv")).await.text().to_owned();
    assert!(csv.starts_with("hashtag,at,views,views_step,"), "{csv}");
    assert!(csv.contains("\ndrop,") && csv.contains("\nrival,"), "both hashtags: {csv}");
    let items = items(&open(&server, &link(&series, "rss")).await);
    assert!(items.iter().any(|item| item[1].starts_with("tagmeter:reading:rival:")), "{items:?}");
    let campaign = feed(&server, "/v1/campaigns/summer").await;
    let json = open(&server, &link(&campaign, "json")).await;
    assert_eq!(json.json()["data"]["campaign"]["name"], "summer", "{}", json.text());
    let workbook = open(&server, &link(&campaign, "xlsx")).await;
    assert!(workbook.body.starts_with(b"PK"), "a workbook");
    assert_eq!(open(&server, &link(&campaign, "csv")).await.status.as_u16(), 406);
    let (_, key) = server.other_account("you@example.com", KeyScope::Call).await;
    let order = json!({"name": "Theirs", "question": format!("/v1/trackers/{id}/series")});
    let theirs = server.send(Request::post_json(PATH, &order).key(&key)).await.json()["data"].clone();
    assert_eq!(open(&server, &link(&theirs, "csv")).await.status.as_u16(), 404, "it is not theirs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_revoked_on_one_node_opens_nothing_on_the_other() {
    let Some(database) = TestDatabase::create().await else { return };
    let stored = hashtag("drop").id(8_001).views(1_000).observed_at(ago(2));
    let first = TestServer::builder().database(database.url()).holding([stored.into()]).start().await;
    let second = TestServer::builder().database(database.url()).start().await;
    let made = feed(&first, HISTORY).await;
    let path = link(&made, "csv");
    for node in [&first, &second] {
        assert_eq!(open(node, &path).await.status.as_u16(), 200);
    }
    assert_eq!(delete(&first, &made).await.status.as_u16(), 200);
    assert_eq!(open(&second, &path).await.status.as_u16(), 404, "though it is in its memory");
}
