//! Writers that panic during their work: the call fails, nothing is charged, and the server continues or
//! reports that it does not.

use crate::wire::{PATIENCE, holding_at};
use testkit::upstream::{ContractStandIn, UpstreamHashtag};
use testkit::{Place, Request, TestServer, poison};

const CAT: &str = "/challenge-info-id/?id=7551";

testkit::test_on_each_backend! {
    an_upstream_page_that_panics_the_writer_affects_no_other,
    a_charge_that_panics_stops_the_ledger_or_affects_no_other,
}

async fn readiness(server: &TestServer) -> (u16, String) {
    let answer = server.send(Request::get("/readyz")).await;
    (answer.status.as_u16(), answer.text().to_owned())
}

async fn an_upstream_page_that_panics_the_writer_affects_no_other(place: &Place) {
    let upstream = ContractStandIn::start().await;
    upstream.hold_videos(7551, "cat", 20);
    upstream.hold_videos(7552, "dog", 20);
    let mut videos = upstream.held_videos(7551);
    videos[3].id = poison::VIDEO;
    let cat = UpstreamHashtag { id: 7551, name: "cat".to_owned(), views: 5, creators: 5, videos };
    upstream.hold_hashtag(cat);
    let server = place.server().await.upstream(&upstream).start().await;
    // The record of #cat is valid.
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
        assert!(!failed.text().contains("on purpose"), "the cause is not sent");
        assert_eq!(readiness(&server).await.0, 200, "its writer continues");
    }
    assert_eq!(server.balance().await, before);
    let dogs = server.get("/challenge-posts/?challenge_id=7552&count=35").await;
    assert_eq!(dogs.json()["videos"].as_array().map(Vec::len), Some(20), "{}", dogs.text());
    assert_eq!(server.get(CAT).await.status.as_u16(), 200);
}

async fn a_charge_that_panics_stops_the_ledger_or_affects_no_other(place: &Place) {
    let server = holding_at(place).await.start().await;
    assert_eq!(server.get(CAT).await.status.as_u16(), 200);
    let before = server.balance().await;
    let poisoned = Request::get(CAT).key(&server.key).header("idempotency-key", poison::KEY);
    let failed = server.send(poisoned).await;
    assert!(failed.status.is_server_error(), "{}", failed.text());
    assert_eq!(failed.header("x-credits-charged"), "0");
    assert_eq!(server.balance().await, before);
    if server.fixture().store().is_remote() {
        // Its lane restarts.
        assert_eq!(server.get(CAT).await.status.as_u16(), 200);
        assert_eq!((readiness(&server).await.0, server.balance().await), (200, before - 1));
    } else {
        // Only a restart can know the contents of the file, so the server is not ready.
        let unready = async {
            loop {
                let (status, text) = readiness(&server).await;
                if status == 503 {
                    return text;
                }
            }
        };
        let text = tokio::time::timeout(PATIENCE, unready).await.expect("it is not ready");
        assert!(text.contains("the ledger cannot be written"), "{text}");
        assert!(server.get(CAT).await.status.is_server_error());
        assert_eq!(server.balance().await, before);
    }
    let audit = server.fixture().store().audit().await.expect("an audit");
    assert!(audit.ok(), "{audit:?}");
}

/// On one backend: probing is the same on both, and waits for its interval.
#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_panics_is_reported_and_probing_restarts() {
    let server = holding_at(&Place::folders()).await.start().await;
    assert_eq!(readiness(&server).await.0, 200);
    // Without calls only the probe reads the clock.
    tokio::time::timeout(PATIENCE, server.clock.panic_once()).await.expect("it probes");
    let seen = async {
        let mut said = None;
        loop {
            match readiness(&server).await {
                // The first one: later ones no longer name what works again.
                (503, text) if said.is_none() => said = Some(text),
                (_, _) if said.is_some() => return said,
                _ => {}
            }
            tokio::task::yield_now().await;
        }
    };
    let said = tokio::time::timeout(PATIENCE, seen).await.expect("unready for a moment, then ready");
    assert!(said.is_some_and(|text| text.contains("the ledger cannot be written")));
}
