//! 304 to a large answer: its `ETag` is that of a file that can be resumed, or of the data alone.

use crate::downloads::{EXPORT, HISTORY, ask, holding};
use testkit::Place;

async fn a_304_names_a_file_that_can_be_resumed_free_of_charge(place: &Place) {
    let server = holding(place).await.start().await;
    for path in [EXPORT, HISTORY] {
        let first = server.get(path).await;
        let etag = first.header("etag").to_owned();
        let (hash, _) = etag.trim_matches('"').split_once('-').expect("the tag of a file");
        let paid = server.balance().await;
        for known in
            [etag.as_str(), format!("\"another\", W/{etag}").as_str(), format!("W/\"{hash}\"").as_str(), "*"]
        {
            let same = server.send(ask(&server, path).header("if-none-match", known)).await;
            assert_eq!((same.status.as_u16(), same.header("etag")), (304, &*etag), "{path} {known}");
            let rest =
                ask(&server, path).header("range", "bytes=100-").header("if-range", same.header("etag"));
            let rest = server.send(rest).await;
            assert_eq!(
                (rest.status.as_u16(), rest.header("x-credits-charged")),
                (206, "0"),
                "{path} {known}"
            );
            assert!(rest.body == first.body.slice(100..), "{path} {known}");
        }
        assert_eq!(server.balance().await, paid);
        let second = server.get(path).await;
        assert_ne!(second.header("etag"), etag, "{path}: another file");
        let same = server.send(ask(&server, path).header("if-none-match", &etag)).await;
        assert_eq!(
            (same.status.as_u16(), same.header("etag")),
            (304, &*etag),
            "{path}: the one that was sent"
        );
    }
}

/// The tag of a 304 without a file does not look like that of a file.
async fn a_304_without_a_stored_file_names_the_data(place: &Place) {
    let server = holding(place).await.start().await;
    let same = server.send(ask(&server, EXPORT).header("if-none-match", "*")).await;
    assert_eq!((same.status.as_u16(), same.header("x-credits-charged")), (304, "0"));
    let etag = same.header("etag");
    assert!(etag.starts_with("W/\"") && !etag.contains('-'), "{etag}");
}

testkit::test_on_each_backend! {
    a_304_names_a_file_that_can_be_resumed_free_of_charge,
    a_304_without_a_stored_file_names_the_data,
}
