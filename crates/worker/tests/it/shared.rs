//! Helpers of the stories: polling a job until it has ended, and the time after which a lease expires.

use serde_json::Value;
use std::time::Duration;
use testkit::{Answer, Description, Request, TestServer};

/// Far longer than anything here takes; whoever reaches it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// A lease is over by then.
pub(crate) const LEASE_OVER: Duration = Duration::from_secs(61);

/// Returns the `data` of a job once it has ended. Its answer, and the list that has it, are checked against
/// the API description.
pub(crate) async fn ended(server: &TestServer, key: &str, location: &str) -> Value {
    let ending = async {
        loop {
            let data = data(server, key, location).await;
            if ["done", "failed", "cancelled"].contains(&data["state"].as_str().expect("a state")) {
                return data;
            }
        }
    };
    let data = tokio::time::timeout(PATIENCE, ending).await.expect("the job ends");
    assert_described(server, key, location).await;
    data
}

async fn assert_described(server: &TestServer, key: &str, location: &str) {
    let description = Description::of(server).await;
    let (list, _) = location.rsplit_once('/').expect("the path of a job");
    for (path, template) in [(location, format!("{list}/{{id}}")), (list, list.to_owned())] {
        let answer = server.send(Request::get(path).key(key)).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        description.operation("get", &template).assert_describes(&answer);
    }
}

/// `data` of a job as it is.
pub(crate) async fn data(server: &TestServer, key: &str, location: &str) -> Value {
    let answer = server.send(Request::get(location).key(key)).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    answer.json()["data"].clone()
}

/// Returns the location of a created job.
pub(crate) fn location(made: &Answer) -> String {
    assert_eq!(made.status.as_u16(), 202, "{}", made.text());
    let location = made.header("location").to_owned();
    assert!(location.ends_with(made.json()["data"]["id"].as_str().expect("an id")), "{location}");
    location
}
