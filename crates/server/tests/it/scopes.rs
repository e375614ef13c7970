//! Scopes of keys: every operation of the description refuses a key whose scope is too narrow, and charges nothing.

use crate::wire::holding;
use domain::KeyScope;
use testkit::Request;

/// Free calls that read and are no `GET`: their question has a body.
const READING_POSTS: [&str; 1] = ["/v1/alerts/preview"];
/// Free calls that need `admin` although they are a `GET`: names of uploaded files.
const ADMIN_GETS: [&str; 2] = ["/v1/imports", "/v1/imports/{id}"];

#[tokio::test]
async fn a_key_that_only_reads_spends_and_changes_nothing() {
    let server = holding().start().await;
    let (account_id, key) = server.other_account("reader@example.com", KeyScope::Read).await;
    let balance = async || {
        let balance = server.fixture().store().balance(account_id).await.expect("an answer");
        balance.expect("an account")
    };
    let before = balance().await;
    let description = server.send(Request::get("/openapi.json")).await.json();
    let (mut allowed, mut refused) = (0, 0);
    for (template, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            if operation["security"].as_array().is_none_or(Vec::is_empty) {
                continue;
            }
            let is_paid = operation["responses"]["402"].is_object() && method == "get";
            let reads = (method == "get" && !is_paid && !ADMIN_GETS.contains(&template.as_str()))
                || READING_POSTS.contains(&template.as_str());
            let path = template.replace("{ref}", "cat").replace("{id}", "job_01kb3x8m7q0000000000000000");
            let method: http::Method = method.to_uppercase().parse().expect("a method");
            let answer = server.send(Request::new(method.clone(), path).key(&key)).await;
            let is_forbidden = answer.code() == "forbidden";
            assert_eq!(is_forbidden, !reads, "{method} {template}: {} {}", answer.status, answer.text());
            if is_forbidden {
                assert_eq!(answer.status.as_u16(), 403, "{method} {template}");
                assert!(answer.text().contains("this one has `read`"), "{}", answer.text());
                refused += 1;
            } else {
                allowed += 1;
            }
            if method == http::Method::GET && is_paid {
                let head = Request::new(http::Method::HEAD, template.replace("{ref}", "cat")).key(&key);
                assert_eq!(server.send(head).await.status.as_u16(), 403, "HEAD {template}");
            }
        }
    }
    assert!(allowed >= 18 && refused >= 35, "{allowed} {refused}");
    assert_eq!(balance().await, before, "nothing was charged");
    let me = server.send(Request::get("/v1/me").key(&key)).await.json();
    assert_eq!(me["data"]["key"]["scope"], "read", "{me}");
}
