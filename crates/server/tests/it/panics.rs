//! Writers that panic in the middle of their work: the call fails, nothing is charged, and the server goes on or says that it
//! does not.

use crate::wire::{PATIENCE, holding_at};
use testkit::upstream::{ContractStandIn, HeldHashtag};
use testkit::{Place, Request, TestServer, poison};

const CAT: &str = "/challenge-info-id/?id=7551";

testkit::tell_on_each_backend! {
    a_page_of_an_upstream_that_panics_the_writer_harms_no_other,
    a_charge_that_panics_stops_the_ledger_or_harms_no_other,
}

async fn readiness(server: &TestServer) -> (u16, String) {
    let answer = server.send(Request::get("/readyz")).await;
    (answer.status.as_u16(), answer.text().to_owned())
}

async fn a_page_of_an_upstream_that_panics_the_writer_harms_no_other(place: &Place) {
    let upstream = ContractStandIn::start().await;
    upstream.hold_videos(7551, "cat", 20);
    upstream.hold_videos(7552, "dog", 20);
    let mut videos = upstream.held_videos(7551);
    videos[3].id = poison::VIDEO;
    let cat = HeldHashtag { id: 7551, name: "cat".to_owned(), views: 5, creators: 5, videos };
    upstream.hold_hashtag(cat);
    let server = place.server().await.upstream(&upstream).start().await;
    // The record of #cat is sound.
    assert_eq!(server.get(CAT).await.status.as_u16(), 200);
    let before = server.balance().await;
    for _ in 0..3 {
        let failed = server.get("/challenge-posts/?challenge_id=7551").await;
        assert_eq!(
            (failed.status.as_u16(), failed.header("x-credits-charged")),
            (500, "0"),
            "{}",
            failed.text()
        );
        assert!(!failed.text().contains("on purpose"), "causes stay inside");
        assert_eq!(readiness(&server).await.0, 200, "its writer goes on");
    }
    assert_eq!(server.balance().await, before);
    let dogs = server.get("/challenge-posts/?challenge_id=7552&count=35").await;
    assert_eq!(dogs.json()["videos"].as_array().map(Vec::len), Some(20), "{}", dogs.text());
    assert_eq!(server.get(CAT).await.status.as_u16(), 200);
}

async fn a_charge_that_panics_stops_the_ledger_or_harms_no_other(place: &Place) {
    let server = holding_at(place).await.start().await;
    assert_eq!(server.get(CAT).await.status.as_u16(), 200);
    let before = server.balance().await;
    let poisoned = Request::get(CAT).key(&server.key).header("idempotency-key", poison::KEY);
    let failed = server.send(poisoned).await;
    assert!(failed.status.is_server_error(), "{}", failed.text());
    assert_eq!(failed.header("x-credits-charged"), "0");
    assert_eq!(server.balance().await, before);
    if server.held().store().is_remote() {
        // Its lane begins afresh.
        assert_eq!(server.get(CAT).await.status.as_u16(), 200);
        assert_eq!((readiness(&server).await.0, server.balance().await), (200, before - 1));
    } else {
        // What the file holds is known to a fresh start alone, and that is said.
        let told = async {
            loop {
                let (status, text) = readiness(&server).await;
                if status == 503 {
                    return text;
                }
            }
        };
        let text = tokio::time::timeout(PATIENCE, told).await.expect("it is said");
        assert!(text.contains("the ledger cannot be written"), "{text}");
        assert!(server.get(CAT).await.status.is_server_error());
        assert_eq!(server.balance().await, before);
    }
    let audit = server.held().store().audit().await.expect("an audit");
    assert!(audit.ok(), "{audit:?}");
}

/// In one place: looking is the same on both backends, and waits for its pace.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_after_the_store_that_panics_is_said_and_begins_again() {
    let server = holding_at(&Place::folders()).await.start().await;
    assert_eq!(readiness(&server).await.0, 200);
    // Nothing but the look reads the clock while nobody calls.
    tokio::time::timeout(PATIENCE, server.clock.panic_once()).await.expect("it looks");
    let seen = async {
        let mut said = None;
        loop {
            match readiness(&server).await {
                // The first: what works again is no longer named.
                (503, text) if said.is_none() => said = Some(text),
                (_, _) if said.is_some() => return said,
                _ => {}
            }
            tokio::task::yield_now().await;
        }
    };
    let said =
        tokio::time::timeout(PATIENCE, seen).await.expect("nothing is known for a moment, and then it is");
    assert!(said.is_some_and(|text| text.contains("the ledger cannot be written")));
}
