//! `/v1/shares` and `/share/...`: links open what they were made for, to whom they were given, for as long as they may.

use crate::campaigns::{ago, create as create_campaign, order, readings, server};
use domain::{Clock, Handle, KeyScope, VideoId};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use testkit::{Answer, Description, Request, TestServer, hashtag, video};

const DAY: Duration = Duration::from_secs(86_400);
const PATH: &str = "/v1/shares";

/// A server with the campaign `summer`, of videos 1 to 24 by `maker1` to `maker24`.
async fn holding() -> TestServer {
    let server = server().await;
    create_campaign(&server, &order()).await;
    server
}

async fn post(server: &TestServer, body: &Value) -> Answer {
    server.send(Request::post_json(PATH, body).key(&server.key)).await
}

async fn share(server: &TestServer, order: Value) -> Value {
    let answer = post(server, &order).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    let data = answer.json()["data"].clone();
    let id = data["id"].as_str().expect("an id");
    assert!(answer.header("location").ends_with(&format!("{PATH}/{id}")), "{}", answer.header("location"));
    data
}

/// Opens a link without any key.
async fn open(server: &TestServer, path: &str) -> Answer {
    server.send(Request::get(path)).await
}

fn path_of(share: &Value) -> String {
    let url = share["url"].as_str().expect("a link");
    url[url.find("/share/").expect("a path")..].to_owned()
}

async fn get(server: &TestServer, share: &Value) -> Value {
    let id = share["id"].as_str().expect("an id");
    server.get(&format!("{PATH}/{id}")).await.json()["data"].clone()
}

#[tokio::test]
async fn a_frozen_share_shows_the_same_a_year_later_and_a_live_one_the_state_of_then() {
    let server = holding().await;
    let frozen = share(&server, json!({"campaign": "summer", "days": 3650})).await;
    let live =
        share(&server, json!({"campaign": "summer", "mode": "live", "title": "Live <b>", "days": 3650}))
            .await;
    assert_eq!((&frozen["mode"], &live["mode"]), (&json!("frozen"), &json!("live")));
    let first = open(&server, &path_of(&frozen)).await;
    assert_eq!(first.status.as_u16(), 200, "{}", first.text());
    assert!(first.text().contains("100,000") && first.text().contains("Frozen: shows the state of"));
    server.clock.advance(DAY * 365);
    let later = hashtag("drop").id(8_001).views(90_000_000).observed_at(server.clock.now());
    server.fixture().record([later.into()]).await;
    let id = "/v1/campaigns/summer";
    let longer = Request::post_json(id, &json!({"open": true})).method(Method::PATCH).key(&server.key);
    assert_eq!(server.send(longer).await.status.as_u16(), 200);
    assert_eq!(open(&server, &path_of(&frozen)).await.text(), first.text(), "byte for byte");
    let then = open(&server, &path_of(&live)).await;
    assert!(
        then.text().contains("Live: shows the state of") && then.text().contains("<h1>Live &lt;b&gt;</h1>")
    );
    assert!(then.text().contains("88,") && !then.text().contains("100,000 views"), "the growth since");
    let opened = get(&server, &frozen).await;
    assert_eq!((&opened["opened"], &opened["url"]), (&json!(2), &Value::Null));
    assert_eq!(opened["last_opened_at"], json!(server.clock.now().to_rfc3339()));
    // A campaign that is gone has nothing to measure; what is frozen stays.
    let gone = Request::get(id).method(Method::DELETE).key(&server.key);
    assert_eq!(server.send(gone).await.status.as_u16(), 200);
    assert_eq!(open(&server, &path_of(&live)).await.status.as_u16(), 404);
    assert_eq!(open(&server, &path_of(&frozen)).await.text(), first.text());
}

/// Ids of TikTok are this long: short ones could be other numbers of a table.
const IDS: u64 = 7_300_000_000_000_000_000;

#[tokio::test]
async fn what_is_forgotten_leaves_a_frozen_share_which_says_so() {
    let observations = readings("drop", 8_001, 1_000, 5_000).into_iter();
    let made = |n: u64| {
        let one = video(IDS + n).handle(&format!("maker{n}")).author(IDS + 100 + n).plays(1_000 * n);
        one.created_at(ago(2)).observed_at(ago(0)).tag("drop").into()
    };
    let server = TestServer::builder().holding(observations.chain((1..=12).map(made))).start().await;
    let order = json!({"name": "summer", "hashtags": ["drop"], "from": ago(20).to_rfc3339()});
    create_campaign(&server, &order).await;
    let made = share(&server, json!({"campaign": "summer"})).await;
    let before = open(&server, &path_of(&made)).await;
    assert!(before.text().contains("@maker12") && before.text().contains("@maker11"), "the top ones");
    let order = catalog::forget::ForgetOrder {
        handles: BTreeSet::from([Handle::new("maker12").expect("a handle")]),
        videos: vec![VideoId::try_from(IDS + 11).expect("an id")],
        ..catalog::forget::ForgetOrder::default()
    };
    let report = server.fixture().catalog().forget(order, &|_, _| ()).await.expect("forgotten");
    assert_eq!(report.shares, 1);
    let after = open(&server, &path_of(&made)).await;
    assert!(!after.text().contains("maker12"), "neither as a creator nor with a video");
    assert!(after.text().contains("@maker11"), "its video was forgotten, not its creator");
    assert!(!after.text().contains(&(IDS + 11).to_string()));
    let notice = "3 entries were left out: what they named was deleted here for good.";
    assert!(after.text().contains(notice), "{}", after.text());
    assert!(after.text().contains("100,000") && after.text().contains("@maker10"), "the rest stays");
}

#[tokio::test]
async fn what_is_forgotten_while_a_share_is_made_is_not_in_it() {
    let server = holding().await;
    let made = share(&server, json!({"campaign": "summer"})).await;
    assert!(open(&server, &path_of(&made)).await.text().contains("@maker24"));
    let account_id = server.account_id;
    let catalog = server.fixture().catalog().clone();
    let measure = measure::Measure::new(catalog.clone());
    // The token is drawn once the report is measured, before it is stored.
    let forget = move || {
        let catalog = catalog.clone();
        let work = move || {
            let order = catalog::forget::ForgetOrder {
                handles: Handle::new("maker24").into_iter().collect(),
                ..catalog::forget::ForgetOrder::default()
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(catalog.forget(order, &|_, _| ())).expect("forgotten")
        };
        std::thread::spawn(work).join().expect("it ends");
        Some([9; 32])
    };
    let sharing = sharing::Sharing::new(measure, std::sync::Arc::new(forget));
    let order = sharing::ShareOrder {
        subject: sharing::Subject::Campaign("summer".parse().expect("a name")),
        heading: None,
        brand: charts::report::Brand::default(),
        is_live: false,
        kind: store::shares::ShareKind::Page,
        sites: Vec::new(),
        passwords: Vec::new(),
        days: 7,
    };
    let made = sharing.create(account_id, order, None).await.expect("a share");
    let page = open(&server, &made.path.expect("a link")).await;
    assert!(page.text().contains("@maker23") && !page.text().contains("@maker24"), "{}", page.text());
}

#[tokio::test]
async fn a_report_on_hashtags_is_shared_and_gone_with_them_if_it_is_live() {
    let server = holding().await;
    let from = ago(30).to_rfc3339();
    let made = share(&server, json!({"hashtags": ["#Drop", "rival"], "from": from})).await;
    assert_eq!((&made["campaign"], &made["hashtags"]), (&Value::Null, &json!(["drop", "rival"])));
    let page = open(&server, &path_of(&made)).await;
    for part in ["<h1>#drop, #rival</h1>", "Side by side", "Frozen: shows the state of", "@maker24"] {
        assert!(page.text().contains(part), "{part}");
    }
    assert!(path_of(&made).starts_with("/share/drop-rival/"), "{made}");
    let live = share(&server, json!({"hashtags": ["drop"], "mode": "live"})).await;
    assert!(open(&server, &path_of(&live)).await.text().contains("Live: shows the state of"));
    for (order, param) in [
        (json!({"hashtags": ["drop", "#DROP"]}), "hashtags"),
        (json!({"hashtags": [""]}), "hashtags"),
        (json!({"hashtags": ["drop"], "campaign": "summer"}), "hashtags"),
        (json!({"campaign": "summer", "from": "30d"}), "from"),
        (json!({"hashtags": ["drop"], "from": "2026-01-02", "to": "2026-01-01"}), "to"),
        (json!({}), "campaign"),
    ] {
        let refused = post(&server, &order).await;
        let param = &json!(param);
        assert_eq!(
            (refused.code().as_str(), &refused.json()["param"]),
            ("invalid_parameter", param),
            "{order}"
        );
    }
    assert_eq!(post(&server, &json!({"hashtags": ["nobody"]})).await.code(), "hashtag_not_found");
}

#[tokio::test]
async fn only_the_digest_of_a_token_is_stored() {
    let server = holding().await;
    let passwords = json!([{"name": "client", "password": "correct horse"}]);
    let made = share(&server, json!({"campaign": "summer", "passwords": passwords})).await;
    let path = path_of(&made);
    let token = path.rsplit('/').next().expect("a token").to_owned();
    let number = u128::from_str_radix(&token, 16).expect("a number").to_be_bytes();
    let secrets = [token.as_bytes(), &number, b"correct horse"];
    let mut bytes = 0;
    for file in std::fs::read_dir(server.fixture().folder()).expect("a folder") {
        let file = std::fs::read(file.expect("a file").path()).unwrap_or_default();
        bytes += file.len();
        for secret in secrets {
            assert!(!file.windows(secret.len()).any(|window| window == secret));
        }
    }
    assert!(bytes > 100_000, "the database was read");
    let listed = server.get(PATH).await;
    for secret in [&*token, "correct", "argon2"] {
        assert!(!listed.text().contains(secret), "{}", listed.text());
    }
}

#[tokio::test]
async fn every_answer_under_a_link_is_private() {
    let server = holding().await;
    let page = share(&server, json!({"campaign": "summer"})).await;
    let locked = json!({"campaign": "summer", "passwords": [{"name": "a", "password": "correct horse"}]});
    let locked = share(&server, locked).await;
    let paths =
        [path_of(&page), format!("{}?format=pdf", path_of(&page)), path_of(&locked), "/share/a/b".to_owned()];
    for path in paths {
        let answer = open(&server, &path).await;
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex, nofollow"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.ends_with("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("script"), "{policy}");
        if answer.header("content-type").starts_with("text/html") {
            assert!(!answer.text().contains("<script"), "{path}");
        }
    }
    let order = json!({"campaign": "summer", "kind": "embed", "sites": ["https://www.example.com/", "http://localhost:8080"]});
    let embedded = share(&server, order).await;
    let answer = open(&server, &path_of(&embedded)).await;
    let policy = answer.header("content-security-policy");
    assert!(policy.ends_with("frame-ancestors https://www.example.com http://localhost:8080"), "{policy}");
    assert_eq!(answer.header("x-frame-options"), "");
}

#[tokio::test]
async fn links_that_open_nothing_look_alike() {
    let server = holding().await;
    let made = share(&server, json!({"campaign": "summer", "days": 1})).await;
    let path = path_of(&made);
    let guessed = open(&server, "/share/campaign-summer/0123456789abcdef0123456789abcdef").await;
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
    let (rest, token) = path.rsplit_once('/').expect("a token");
    same(&open(&server, &format!("{rest}/{}", token.to_uppercase())).await, "capital letters");
    same(&open(&server, &format!("{rest}/{}", &token[1..])).await, "a part of a token");
    same(&open(&server, &format!("/share/other/{token}")).await, "another slug");
    same(&open(&server, &format!("{path}?format=docx")).await, "no such format");
    let posted =
        Request::post(path.clone(), "password=x").header("content-type", "application/x-www-form-urlencoded");
    same(&server.send(posted).await, "a password where there is none");
    assert_eq!(open(&server, &path).await.status.as_u16(), 200);
    server.clock.advance(DAY);
    same(&open(&server, &path).await, "expired");
    assert_eq!(get(&server, &made).await["state"], "expired");
    let other = share(
        &server,
        json!({"campaign": "summer", "passwords": [{"name": "a", "password": "correct horse"}]}),
    )
    .await;
    let id = other["id"].as_str().expect("an id");
    let delete = Request::get(format!("{PATH}/{id}")).method(Method::DELETE);
    let revoked = server.send(delete.key(&server.key)).await;
    assert_eq!((revoked.status.as_u16(), &revoked.json()["data"]["state"]), (200, &json!("revoked")));
    same(&open(&server, &path_of(&other)).await, "revoked");
    let posted = Request::post(path_of(&other), "password=correct+horse");
    let posted = posted.header("content-type", "application/x-www-form-urlencoded");
    same(&server.send(posted).await, "the password of one that is revoked");
}

fn enter(path: &str, password: &str) -> Request {
    let body = format!("password={}", password.replace(' ', "+"));
    Request::post(path.to_owned(), body).header("content-type", "application/x-www-form-urlencoded")
}

#[tokio::test]
async fn a_password_opens_for_an_hour() {
    let server = holding().await;
    let passwords = json!([{"name": "client", "password": "correct horse"}, {"name": "press", "password": "battery staple"}]);
    let made = share(&server, json!({"campaign": "summer", "passwords": passwords})).await;
    assert_eq!(made["passwords"], json!(["client", "press"]));
    let path = path_of(&made);
    let form = open(&server, &path).await;
    assert_eq!(form.status.as_u16(), 403);
    assert!(
        form.text().contains("<form method=\"post\">") && !form.text().contains("summer"),
        "{}",
        form.text()
    );
    assert_eq!(open(&server, &format!("{path}?format=pdf")).await.status.as_u16(), 403);
    for wrong in ["", "correct hors", "correct horse "] {
        let refused = server.send(enter(&path, wrong)).await;
        assert_eq!((refused.status.as_u16(), refused.header("set-cookie")), (403, ""), "{wrong:?}");
        assert!(refused.text().contains("That is not the password."));
    }
    assert_eq!(get(&server, &made).await["opened"], 0, "a form shows nothing");
    let entered = server.send(enter(&path, "battery staple")).await;
    assert_eq!(entered.status.as_u16(), 303);
    assert!(entered.header("location").ends_with(&path), "{}", entered.header("location"));
    let cookie = entered.header("set-cookie").to_owned();
    assert!(cookie.contains("; Max-Age=3600; HttpOnly; SameSite=Lax"), "{cookie}");
    let value = cookie.split(';').next().expect("a value").to_owned();
    let with_cookie = |path: String| Request::get(path).header("cookie", &value);
    assert_eq!(server.send(with_cookie(path.clone())).await.status.as_u16(), 200);
    assert_eq!(server.send(with_cookie(format!("{path}?format=xlsx"))).await.status.as_u16(), 200);
    let other = share(&server, json!({"campaign": "summer", "passwords": passwords})).await;
    let named = value.replace(made["id"].as_str().expect("an id"), other["id"].as_str().expect("an id"));
    let elsewhere = Request::get(path_of(&other)).header("cookie", &named);
    assert_eq!(server.send(elsewhere).await.status.as_u16(), 403, "it is the cookie of another share");
    server.clock.advance(Duration::from_secs(3_600));
    assert_eq!(server.send(with_cookie(path.clone())).await.status.as_u16(), 403, "it has expired");
}

#[tokio::test]
async fn tries_are_limited_and_new_passwords_close_what_old_ones_opened() {
    let server = holding().await;
    let order = json!({"campaign": "summer", "passwords": [{"name": "client", "password": "correct horse"}]});
    let made = share(&server, order).await;
    let path = path_of(&made);
    let entered = server.send(enter(&path, "correct horse")).await;
    let value = entered.header("set-cookie").split(';').next().expect("a value").to_owned();
    for _ in 0..10 {
        assert_eq!(server.send(enter(&path, "wrong horse")).await.status.as_u16(), 403);
    }
    let blocked = server.send(enter(&path, "correct horse")).await;
    assert_eq!(
        (blocked.status.as_u16(), blocked.header("retry-after"), blocked.header("set-cookie")),
        (429, "900", "")
    );
    let with_cookie = || Request::get(path.clone()).header("cookie", &value);
    assert_eq!(server.send(with_cookie()).await.status.as_u16(), 200, "who is in stays in");
    server.clock.advance(Duration::from_secs(900));
    assert_eq!(server.send(enter(&path, "correct horse")).await.status.as_u16(), 303);
    let id = made["id"].as_str().expect("an id");
    let change = json!({"passwords": [{"name": "press", "password": "battery staple"}], "days": 5});
    let changed = Request::post_json(format!("{PATH}/{id}"), &change).method(Method::PATCH);
    let changed = server.send(changed.key(&server.key)).await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.text());
    let expires = domain::Timestamp::from_ms(server.clock.now().as_ms() + 5 * 86_400_000);
    let data = changed.json()["data"].clone();
    assert_eq!((&data["passwords"], &data["expires_at"]), (&json!(["press"]), &json!(expires.to_rfc3339())));
    assert_eq!(server.send(with_cookie()).await.status.as_u16(), 403, "the password was changed");
    assert_eq!(server.send(enter(&path, "correct horse")).await.status.as_u16(), 403);
    assert_eq!(server.send(enter(&path, "battery staple")).await.status.as_u16(), 303);
}

#[tokio::test]
async fn files_are_downloaded_by_the_link() {
    let server = holding().await;
    let made = share(&server, json!({"campaign": "summer"})).await;
    for (format, begin) in [("pdf", &b"%PDF"[..]), ("xlsx", b"PK"), ("zip", b"PK"), ("html", b"<!DOCTYPE")] {
        let answer = open(&server, &format!("{}?format={format}", path_of(&made))).await;
        assert_eq!(answer.status.as_u16(), 200, "{format}");
        assert!(answer.body.starts_with(begin), "{format}");
        let name = format!("attachment; filename=\"campaign-summer.{format}\"");
        let expected = if format == "html" { "" } else { name.as_str() };
        assert_eq!(answer.header("content-disposition"), expected);
    }
    let page = open(&server, &path_of(&made)).await;
    assert!(page.text().contains("href=\"?format=pdf\""), "the page links them");
    let head = server.send(Request::get(path_of(&made)).method(Method::HEAD)).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(get(&server, &made).await["opened"], 5, "not for HEAD");
}

#[tokio::test]
async fn shares_are_described_and_each_account_has_its_own() {
    let server = holding().await;
    let description = Description::of(&server).await;
    let order = json!({
        "campaign": "summer", "days": 7, "passwords": [{"name": "client", "password": "correct horse"}],
        "brand": {"color": "#004d40", "accent": "#00796b", "sender": "Example Agency"},
    });
    let keyed = || Request::post_json(PATH, &order).key(&server.key).header("idempotency-key", "once");
    let made = server.send(keyed()).await;
    description.operation("post", PATH).assert_describes(&made);
    let again = server.send(keyed()).await;
    assert_eq!(again.status.as_u16(), 201, "{}", again.text());
    assert_eq!(again.json()["data"], made.json()["data"], "with its link");
    let another = server.admin_key().await;
    let request = Request::post_json(PATH, &order).key(&another).header("idempotency-key", "once");
    let again = server.send(request).await;
    assert_eq!(
        (&again.json()["data"]["id"], &again.json()["data"]["url"]),
        (&made.json()["data"]["id"], &Value::Null),
        "the link is for the key that it was given to"
    );
    let other = json!({"campaign": "summer", "days": 8});
    let other = Request::post_json(PATH, &other).key(&server.key).header("idempotency-key", "once");
    assert_eq!(server.send(other).await.code(), "idempotency_key_reused");
    let listed = server.get(PATH).await;
    description.operation("get", PATH).assert_describes(&listed);
    assert_eq!(listed.json()["data"].as_array().map(Vec::len), Some(1));
    let id = made.json()["data"]["id"].as_str().expect("an id").to_owned();
    let path = format!("{PATH}/{id}");
    description.operation("get", "/v1/shares/{id}").assert_describes(&server.get(&path).await);
    let (_, key) = server.other_account("you@example.com", KeyScope::Call).await;
    for method in [Method::GET, Method::DELETE] {
        let theirs = server.send(Request::get(path.clone()).method(method).key(&key)).await;
        assert_eq!(theirs.code(), "share_not_found");
    }
    let delete = Request::get(path.clone()).method(Method::DELETE).key(&server.key);
    description.operation("delete", "/v1/shares/{id}").assert_describes(&server.send(delete).await);
    let change = Request::post_json(&path, &json!({"days": 9})).method(Method::PATCH).key(&server.key);
    let refused = server.send(change).await;
    description.operation("patch", "/v1/shares/{id}").assert_describes(&refused);
    assert_eq!(refused.code(), "share_revoked");
}

#[tokio::test]
async fn an_order_is_refused_with_what_would_be_right() {
    let server = holding().await;
    for (order, param) in [
        (json!({"campaign": "summer", "days": 0}), "days"),
        (json!({"campaign": "summer", "sites": ["https://a.example"]}), "sites"),
        (json!({"campaign": "summer", "kind": "embed"}), "sites"),
        (json!({"campaign": "summer", "kind": "embed", "sites": ["*"]}), "sites"),
        (json!({"campaign": "summer", "passwords": [{"name": "x", "password": "short"}]}), "passwords"),
        (json!({"campaign": "summer", "passwords": [{"name": " ", "password": "long enough"}]}), "passwords"),
        (
            json!({"campaign": "summer", "kind": "embed", "sites": ["https://a.example"],
                   "passwords": [{"name": "x", "password": "long enough"}]}),
            "passwords",
        ),
        (json!({"campaign": "summer", "brand": {"accent": "#ffff00"}}), "brand"),
        (json!({"campaign": "summer", "brand": {"logo": "PHN2Zy8+"}}), "brand"),
        (json!({"campaign": "summer", "mode": "melted"}), "mode"),
        (json!({"campaign": "summer", "title": "x".repeat(201)}), "title"),
    ] {
        let refused = post(&server, &order).await;
        let param = &json!(param);
        assert_eq!(
            (refused.code().as_str(), &refused.json()["param"]),
            ("invalid_parameter", param),
            "{order}"
        );
    }
    assert_eq!(post(&server, &json!({"campaign": "nobody"})).await.code(), "campaign_not_found");
    assert_eq!(server.get(PATH).await.json()["data"], json!([]));
}
