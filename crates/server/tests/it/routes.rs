//! Rules of every path, checked on all paths of the description, so that a new path is covered when it is
//! added.

use crate::wire::{exchange, holding, status};
use http::Method;
use serde_json::Value;
use testkit::{Answer, Request, TestServer};

/// The origin that may read answers.
const ORIGIN: &str = "https://app.example.com";

/// A path of the description that can be called.
struct Path {
    template: String,
    /// With its required parameters.
    url: String,
    methods: Vec<String>,
    /// True if it needs a key.
    is_keyed: bool,
}

impl Path {
    fn is_v1(&self) -> bool {
        self.template.starts_with("/v1/")
    }

    /// Appends to the query of the URL.
    fn with(&self, query: &str) -> String {
        format!("{}{}{query}", self.url, if self.url.contains('?') { "&" } else { "?" })
    }
}

/// Returns every path, with the examples of its required parameters.
async fn paths(server: &TestServer) -> Vec<Path> {
    let description = server.send(Request::get("/openapi.json")).await.json();
    let all = description["paths"].as_object().expect("paths").iter().map(|(template, item)| {
        let operation = if item["get"].is_object() { &item["get"] } else { &item["post"] };
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let required = parameters.iter().filter(|one| one["in"] == "query" && one["required"] == true);
        let query: Vec<String> = required
            .map(|one| {
                let name = one["name"].as_str().expect("a name");
                let examples = [&one["example"], &one["schema"]["example"], &one["schema"]["default"]];
                let example = examples.into_iter().find(|example| !example.is_null()).expect("an example");
                let example = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
                format!("{name}={}", if name == "tags" { "cat,empty" } else { &example })
            })
            .collect();
        let path = template.replace("{ref}", "cat").replace("{id}", "job_01kb3x8m7q0000000000000000");
        let names =
            ["get", "post", "put", "patch", "delete"].into_iter().filter(|name| item[*name].is_object());
        Path {
            url: if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) },
            template: template.clone(),
            methods: names.map(str::to_uppercase).collect(),
            is_keyed: operation["security"].as_array().is_some_and(|keys| !keys.is_empty()),
        }
    });
    all.collect()
}

/// Starts a server, and returns it with a key for every path, and the paths.
async fn everywhere() -> (TestServer, String, Vec<Path>) {
    let server =
        holding().options(|options| options.cors_origins = ORIGIN.parse().expect("an origin")).start().await;
    let (key, paths) = (server.admin_key().await, paths(&server).await);
    assert!(paths.len() >= 28 && paths.iter().any(Path::is_v1));
    (server, key, paths)
}

fn gets(paths: &[Path]) -> impl Iterator<Item = &Path> {
    paths.iter().filter(|path| path.methods.iter().any(|method| method == "GET"))
}

async fn call(server: &TestServer, method: &str, url: &str, key: &str) -> Answer {
    server.send(Request::new(method.parse().expect("a method"), url).key(key)).await
}

#[tokio::test]
async fn head_is_get_without_its_body_and_free() {
    let (server, key, paths) = everywhere().await;
    for path in gets(&paths) {
        // Some answers have the balance: after the first call its number of digits stays.
        call(&server, "GET", "/challenge-info-id/?id=7551", &key).await;
        let get = call(&server, "GET", &path.url, &key).await;
        let before = server.balance().await;
        let head = call(&server, "HEAD", &path.url, &key).await;
        assert_eq!(head.status, get.status, "{}: {}", path.url, get.text());
        assert!(head.body.is_empty(), "{}", path.url);
        assert_eq!(head.header("x-credits-charged"), "0", "{}", path.url);
        assert_eq!(server.balance().await, before, "{}", path.url);
        // Files are not made for `HEAD`, and metrics differ each time.
        let is_made = !["/v1/export", "/metrics"].contains(&&*path.template);
        for name in
            ["content-length", "content-type", "etag", "link", "vary", "cache-control", "content-disposition"]
        {
            if is_made || name == "vary" {
                assert_eq!(head.header(name), get.header(name), "{} {name}", path.url);
            }
        }
        if path.is_keyed {
            let stranger = server.send(Request::new(Method::HEAD, path.url.clone())).await;
            assert_eq!(stranger.status.as_u16(), 401, "{}", path.url);
        }
    }
}

#[tokio::test]
async fn a_known_head_is_not_modified() {
    let server = holding().start().await;
    let get = server.get("/challenge-info-id/?id=7551").await;
    let head = Request::new(Method::HEAD, "/challenge-info-id/?id=7551").key(&server.key);
    let known = server.send(head.header("if-none-match", get.header("etag"))).await;
    assert_eq!((known.status.as_u16(), known.header("x-credits-charged")), (304, "0"));
    // `HEAD` does not use up an `Idempotency-Key`.
    let head = Request::new(Method::HEAD, "/challenge-info-id/?id=7551")
        .key(&server.key)
        .header("idempotency-key", "a");
    assert_eq!(server.send(head).await.status.as_u16(), 200);
    let get = Request::get("/challenge-info-id/?id=7551").key(&server.key).header("idempotency-key", "a");
    assert_eq!(server.send(get).await.header("x-credits-charged"), "1");
    let empty = holding().credits(0).start().await;
    let head = Request::new(Method::HEAD, "/challenge-info-id/?id=7551").key(&empty.key);
    assert_eq!(empty.send(head).await.status.as_u16(), 402, "as for GET");
}

#[tokio::test]
async fn options_returns_the_methods_that_are_answered() {
    let (server, key, paths) = everywhere().await;
    for path in &paths {
        let options = server.send(Request::new(Method::OPTIONS, path.url.clone())).await;
        assert_eq!((options.status.as_u16(), options.body.len()), (204, 0), "{}", path.url);
        let allowed: Vec<&str> = options.header("allow").split(", ").collect();
        let mut wanted: Vec<&str> = path.methods.iter().map(String::as_str).collect();
        wanted.push("OPTIONS");
        if wanted.contains(&"GET") {
            wanted.push("HEAD");
        }
        let sorted = |mut names: Vec<&'static str>| {
            names.sort_unstable();
            names
        };
        let leaked = |names: &[&str]| {
            names.iter().map(|name| &*name.to_string().leak()).collect::<Vec<&'static str>>()
        };
        assert_eq!(sorted(leaked(&allowed)), sorted(leaked(&wanted)), "{}", path.url);
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            let answer = call(&server, method, &path.url, &key).await;
            assert_eq!(
                answer.status.as_u16() == 405,
                !allowed.contains(&method),
                "{method} {}: {}",
                path.url,
                answer.status
            );
            if answer.status.as_u16() == 405 {
                assert_eq!(answer.header("allow"), options.header("allow"), "{method} {}", path.url);
                assert!(method == "HEAD" || answer.code() == "method_not_allowed", "{method} {}", path.url);
            }
        }
    }
    let server_wide = "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let read = exchange(server.address, server_wide.as_bytes()).await;
    assert!(
        status(&read) == 204 && read.contains("allow: GET, HEAD, POST, PATCH, DELETE, OPTIONS"),
        "{read}"
    );
    let unknown = server.send(Request::new(Method::OPTIONS, "/nothing")).await;
    assert_eq!((unknown.status.as_u16(), unknown.code().as_str()), (404, "unknown_path"));
}

#[tokio::test]
async fn pages_of_allowed_origins_may_read_answers_and_others_may_not() {
    let (server, key, paths) = everywhere().await;
    for path in &paths {
        let method = path.methods.first().expect("a method");
        let preflight = |origin: &str| {
            Request::new(Method::OPTIONS, path.url.clone())
                .header("origin", origin)
                .header("access-control-request-method", method)
                .header("access-control-request-headers", "x-api-key")
        };
        let allowed = server.send(preflight(ORIGIN)).await;
        assert_eq!(
            (allowed.status.as_u16(), allowed.header("access-control-allow-origin")),
            (204, ORIGIN),
            "{}",
            path.url
        );
        assert!(allowed.header("access-control-allow-methods").contains(method.as_str()), "{}", path.url);
        for name in
            ["x-api-key", "authorization", "content-type", "idempotency-key", "if-none-match", "range"]
        {
            assert!(allowed.header("access-control-allow-headers").contains(name), "{name}");
        }
        let other = server.send(preflight("https://evil.example")).await;
        assert_eq!(other.header("access-control-allow-origin"), "", "{}", path.url);
        for (origin, want) in [(ORIGIN, ORIGIN), ("https://evil.example", ""), ("", "")] {
            let mut request = Request::new(method.parse().expect("a method"), path.url.clone()).key(&key);
            if !origin.is_empty() {
                request = request.header("origin", origin);
            }
            let answer = server.send(request).await;
            assert_eq!(answer.header("access-control-allow-origin"), want, "{} {}", path.url, answer.status);
            assert!(answer.header("vary").contains("origin"), "{}: {:?}", path.url, answer.headers);
            let exposed = answer.header("access-control-expose-headers");
            assert_eq!(exposed.is_empty(), want.is_empty());
            for name in answer.headers.keys().filter(|_| !want.is_empty()) {
                let is_always_shown = [
                    "cache-control",
                    "content-type",
                    "content-length",
                    "transfer-encoding",
                    "date",
                    "connection",
                ]
                .contains(&name.as_str());
                // No script needs what the browser itself obeys.
                let is_of_pages = [
                    "content-security-policy",
                    "referrer-policy",
                    "x-robots-tag",
                    "x-content-type-options",
                    "x-frame-options",
                ]
                .contains(&name.as_str());
                let is_always_shown = is_always_shown || is_of_pages;
                let is_ours = name.as_str().starts_with("access-control");
                assert!(
                    is_always_shown || is_ours || exposed.split(", ").any(|one| one == name.as_str()),
                    "{name}"
                );
            }
        }
    }
    let silent = holding().start().await;
    let answer = silent.send(Request::get("/healthz").header("origin", ORIGIN)).await;
    assert_eq!(
        (answer.header("access-control-allow-origin"), answer.header("vary")),
        ("", ""),
        "no origin unless set"
    );
    let any = holding().options(|options| options.cors_origins = "*".parse().expect("any")).start().await;
    let answer = any.send(Request::get("/healthz").header("origin", ORIGIN)).await;
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), ("*", ""));
}

#[tokio::test]
async fn unknown_and_repeated_parameters_are_refused_under_v1_and_ignored_elsewhere() {
    let (server, key, paths) = everywhere().await;
    for path in gets(&paths) {
        let before = server.balance().await;
        let unknown = call(&server, "GET", &path.with("no_such_parameter=1"), &key).await;
        if !path.is_v1() {
            let usual = call(&server, "GET", &path.url, &key).await;
            assert_eq!(unknown.status, usual.status, "{}", path.url);
            continue;
        }
        let error = |answer: &Answer| (answer.status.as_u16(), answer.code(), answer.json()["param"].clone());
        let want = |name: &str| (422, "invalid_parameter".to_owned(), Value::from(name));
        assert_eq!(error(&unknown), want("no_such_parameter"), "{}", path.url);
        let twice = path.with("fields=a&fields=a");
        let param = call(&server, "GET", &twice, &key).await;
        assert_eq!(error(&param), want("fields"), "{}", path.url);
        assert_eq!(server.balance().await, before, "{}", path.url);
    }
    for (url, near) in [
        ("/v1/hashtags/cat/history?metrics=views", "metric"),
        ("/v1/hashtags/cat/videos?min_play=5", "min_plays"),
        ("/v1/trending?Window=7d", "window"),
        ("/v1/usage?form=7d", "from"),
        ("/v1/walks?curser=x", "cursor"),
    ] {
        let refused = call(&server, "GET", url, &key).await;
        let detail = refused.json()["detail"].as_str().expect("a text").to_owned();
        assert_eq!(
            (refused.status.as_u16(), detail.contains(&format!("did you mean {near}?"))),
            (422, true),
            "{url}: {detail}"
        );
    }
    for (method, url) in
        [("POST", "/v1/walks?dry=1"), ("POST", "/v1/imports?filename=a"), ("DELETE", "/v1/walks/job_1?x=1")]
    {
        assert_eq!(call(&server, method, url, &key).await.status.as_u16(), 422, "{method} {url}");
    }
}

#[tokio::test]
async fn accept_is_weighed_everywhere() {
    let (server, key, paths) = everywhere().await;
    let accepting = |url: &str, name: &'static str, value: &str| {
        server.send(Request::get(url).key(&key).header(name, value))
    };
    for path in gets(&paths) {
        let before = server.balance().await;
        for value in ["identity;q=0", "*;q=0", "br;q=1, identity;q=0", "gzip;q=0, zstd;q=0, *;q=0"] {
            let none = accepting(&path.url, "accept-encoding", value).await;
            assert_eq!(
                (none.status.as_u16(), none.code().as_str()),
                (406, "not_acceptable"),
                "{} {value}",
                path.url
            );
        }
        if path.template != "/v1/export" {
            let none = accepting(&path.url, "accept", "*/*;q=0").await;
            assert_eq!((none.status.as_u16(), none.code().as_str()), (406, "not_acceptable"), "{}", path.url);
        }
        assert_eq!(server.balance().await, before, "{}", path.url);
        let usual = call(&server, "GET", &path.url, &key).await;
        let squeezed = accepting(&path.url, "accept-encoding", "identity;q=0, gzip").await;
        if path.template == "/v1/export" {
            assert_eq!(squeezed.status.as_u16(), 406, "a file is sent uncompressed");
            continue;
        }
        assert_eq!(
            (squeezed.status, squeezed.header("content-encoding")),
            (usual.status, "gzip"),
            "{}",
            path.url
        );
        assert!(squeezed.header("vary").contains("accept-encoding"), "{}", path.url);
    }
}

#[tokio::test]
async fn a_key_may_be_sent_in_three_ways_and_only_one_key_may_be_sent() {
    let (server, key, paths) = everywhere().await;
    let basic = |pair: String| format!("Basic {}", base64(&pair));
    let (_, other) = server.other_account("other@example.com", domain::KeyScope::Admin).await;
    for path in paths.iter().filter(|path| path.is_keyed) {
        let method: Method = path.methods.first().expect("a method").parse().expect("a method");
        let request = || Request::new(method.clone(), path.url.clone());
        let usual = server.send(request().key(&key)).await.status;
        for value in [format!("Bearer {key}"), basic(format!(":{key}")), basic(format!("anybody:{key}"))] {
            assert_eq!(
                server.send(request().header("authorization", &value)).await.status,
                usual,
                "{} {value}",
                path.url
            );
            let both = server.send(request().key(&key).header("authorization", &value)).await;
            assert_eq!(both.status, usual, "{}", path.url);
            let two = server.send(request().key(&other).header("authorization", &value)).await;
            assert_eq!(
                (two.status.as_u16(), two.code().as_str()),
                (400, "conflicting_api_keys"),
                "{}",
                path.url
            );
        }
        let none = server.send(request()).await;
        assert_eq!(none.status.as_u16(), 401, "{}", path.url);
    }
    for second in [&key, &other] {
        let sent = format!(
            "GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\nX-Api-Key: {second}\r\nConnection: close\r\n\r\n"
        );
        let read = exchange(server.address, sent.as_bytes()).await;
        assert_eq!(status(&read), if *second == key { 200 } else { 400 }, "{read}");
    }
}

/// Standard base64, for a header.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| char::from(DIGITS[(bits & 63) as usize]);
    let encode = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let digits = [18, 12, 6, 0].map(|shift| digit(bits >> shift));
        let filled = chunk.len() + 1;
        digits.into_iter().take(filled).chain(std::iter::repeat_n('=', 4 - filled)).collect::<String>()
    };
    text.as_bytes().chunks(3).map(encode).collect()
}

#[tokio::test]
async fn every_link_begins_with_the_public_url() {
    let base = "https://api.example.com/tagmeter";
    let server = holding().options(|options| options.public_url = base.parse().expect("a URL")).start().await;
    let page = server.get("/v1/hashtags/cat/videos?limit=2").await;
    let link = page.header("link").to_owned();
    assert!(link.starts_with(&format!("<{base}/v1/hashtags/cat/videos?limit=2&cursor=")), "{link}");
    let path = link
        .trim_start_matches('<')
        .split('>')
        .next()
        .and_then(|link| link.strip_prefix(base))
        .expect("a link");
    assert_eq!(
        server.get(path).await.status.as_u16(),
        200,
        "the link without its prefix leads to the next page"
    );
    for url in ["/v1/nothing", "/challenge-info-id/?id=x", "/v1/hashtags/nosuch", "/healthz?"] {
        let answer = server.send(Request::new(Method::DELETE, url)).await;
        let kind = answer.json()["type"].as_str().expect("a type").to_owned();
        assert!(kind.starts_with(&format!("{base}/openapi.json#/")), "{kind}");
    }
    let description = server.send(Request::get("/openapi.json")).await.json();
    assert_eq!(description["servers"], serde_json::json!([{"url": base}]));
    let admin = server.admin_key().await;
    let made = server.send(Request::post("/v1/imports", "{}").key(&admin)).await;
    assert!(made.header("location").starts_with(&format!("{base}/v1/imports/job_")), "{:?}", made.headers);
    let malformed = exchange(server.address, b"GET / HTTP/1.1\r\nno colon\r\n\r\n").await;
    assert!(malformed.contains(base), "{malformed}");
}
