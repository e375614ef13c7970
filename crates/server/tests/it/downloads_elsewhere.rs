//! Large answers and several servers: a download is resumed on the node that has the file, and no node charges
//! it again.

use crate::downloads::{EXPORT, HISTORY, ask, folder, holding, holdings, refusal, refused, second};
use testkit::postgres::TestDatabase;
use testkit::{Place, Request, TestServer};

/// Starts two nodes on a database, each with a folder of its own.
async fn two_nodes(database: &TestDatabase) -> (TestServer, TestServer) {
    let node = |name: &str| {
        let name = name.to_owned();
        TestServer::builder().database(database.url()).options(|options| options.downloads.node = name)
    };
    let first = node("node-a").holding(holdings()).start().await;
    (first, node("node-b").start().await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_names_the_one_that_has_the_file_and_charges_nothing() {
    let Some(database) = TestDatabase::create().await else { return };
    let (first, other) = two_nodes(&database).await;
    for path in [EXPORT, HISTORY, "/v1/hashtags/cat/history?step=raw&points=12000&format=csv"] {
        let whole = first.get(path).await;
        let etag = whole.header("etag").to_owned();
        assert_eq!(whole.header("x-download-node"), "node-a", "{path}");
        let balance = first.balance().await;
        let ranged = || ask(&other, path).header("range", "bytes=100-");
        for request in [
            ranged().header("if-range", &etag),
            ranged().header("if-match", &etag),
            ask(&other, path).header("range", "bytes=0-").header("if-range", &etag),
            ask(&other, path).header("if-match", &etag),
            ask(&other, path).header("if-match", &format!("\"other\", {etag}")),
        ] {
            let answer = other.send(request).await;
            assert_eq!(refusal(&answer), refused(421, "download_on_other_node"), "{path}");
            assert!(answer.text().contains("node-a"), "{}", answer.text());
        }
        // Nothing names the file: it may be anywhere.
        assert_eq!(refusal(&other.send(ranged()).await), refused(410, "download_expired"), "{path}");
        assert_eq!(first.balance().await, balance, "{path}");
        let rest = first.send(ranged().header("if-range", &etag)).await;
        assert!(rest.status.as_u16() == 206 && rest.body == whole.body.slice(100..), "{path}");
        assert_eq!(rest.header("x-download-node"), "node-a");
        // A client that has the answer needs no file.
        let known = other.send(ask(&other, path).header("if-none-match", &etag)).await;
        assert_eq!((known.status.as_u16(), known.header("x-credits-charged")), (304, "0"), "{path}");
        // A file of the other node is resumed there.
        let there = other.get(path).await;
        assert_eq!(there.header("x-download-node"), "node-b");
        let rest = other.send(ranged().header("if-range", there.header("etag"))).await;
        assert!(rest.status.as_u16() == 206 && rest.body == there.body.slice(100..), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_is_charged_once_whichever_node_it_is_sent_to() {
    let Some(database) = TestDatabase::create().await else { return };
    let (first, other) = two_nodes(&database).await;
    for (number, path) in [EXPORT, HISTORY].into_iter().enumerate() {
        let keyed = || ask(&first, path).header("idempotency-key", &format!("key-{number}"));
        let whole = first.send(keyed()).await;
        assert_eq!(whole.status.as_u16(), 200, "{path}");
        let balance = first.balance().await;
        for request in [keyed(), keyed().header("range", "bytes=100-")] {
            let answer = other.send(request).await;
            assert_eq!(refusal(&answer), refused(421, "download_on_other_node"), "{path}");
            assert!(answer.text().contains("node-a"), "{}", answer.text());
        }
        assert_eq!(first.balance().await, balance, "{path}");
        let again = first.send(keyed()).await;
        assert!(again.body == whole.body && again.header("x-credits-charged") == "0", "{path}");
    }
}

/// Servers on one machine may share a data folder.
async fn a_server_that_shares_the_folder_resumes_files_of_the_other(place: &Place) {
    let server = holding(place).await.start().await;
    let neighbour = second(&server, folder(&server)).await;
    let (_, stranger) = server.other_account("you@example.com", domain::KeyScope::Call).await;
    for path in [EXPORT, HISTORY] {
        let whole = server.send(ask(&server, path).header("idempotency-key", path)).await;
        let etag = whole.header("etag").to_owned();
        let balance = server.balance().await;
        let ranged = ask(&server, path).header("range", "bytes=100-").header("if-range", &etag);
        let stolen = Request::get(path).key(&stranger).header("if-match", &etag).send(neighbour).await;
        assert_eq!(refusal(&stolen), refused(412, "precondition_failed"), "{path}");
        let rest = ranged.send(neighbour).await;
        assert!(rest.status.as_u16() == 206 && rest.body == whole.body.slice(100..), "{}", rest.text());
        let again = ask(&server, path).header("idempotency-key", path).send(neighbour).await;
        assert!(again.status.as_u16() == 200 && again.body == whole.body, "{path}");
        assert_eq!(server.balance().await, balance, "{path}");
    }
}

testkit::test_on_each_backend!(a_server_that_shares_the_folder_resumes_files_of_the_other);
