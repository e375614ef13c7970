//! Imports of another process are found at once, by name, id and keyword.

use catalog::{Catalog, HashtagRef};
use domain::{Observation, TagKey, Timestamp};
use testkit::{FixedClock, Place, hashtag};

fn clock() -> FixedClock {
    FixedClock::at(Timestamp::from_ms(1_790_000_000_000))
}

fn tag(name: &str, views: u64) -> Observation {
    hashtag(name).views(views).observed_at(Timestamp::from_ms(1_780_000_000_000 + views.cast_signed())).into()
}

async fn names(catalog: &Catalog, keyword: &str) -> Vec<String> {
    let page = catalog.search(keyword, 0, 10).await.expect("a page");
    page.hashtags.iter().map(|h| h.tag.name().to_owned()).collect()
}

async fn a_new_and_a_grown_hashtag_are_found_at_once(place: &Place) {
    let clock = clock();
    let fixture = place.catalog(&clock).await;
    fixture.record([tag("catlover", 10), tag("blackcat", 20), tag("cats", 5)]).await;
    let serving = fixture.catalog();
    assert_eq!(names(serving, "cat").await, ["catlover", "cats", "blackcat"]);
    let importer = fixture.again("other.idx", &clock).await;
    importer.record(vec![tag("cat", 1), tag("cats", 500)]).await.expect("recorded");
    assert_eq!(
        names(serving, "cat").await,
        ["cat", "cats", "catlover", "blackcat"],
        "new first, grown before"
    );
    assert_eq!(names(serving, "CAT").await.len(), 4);
    // Longer than the cache is trusted without a query on any backend.
    clock.advance(std::time::Duration::from_millis(150));
    let cats =
        serving.hashtag(&HashtagRef::Key(TagKey::new("cats").expect("a tag"))).await.expect("an answer");
    assert_eq!(
        cats.and_then(|h| h.views()).map(|t| t.value),
        Some(500),
        "the hot cache does not answer from before"
    );
}

async fn an_index_that_is_lost_damaged_or_of_another_store_is_rebuilt(place: &Place) {
    let clock = clock();
    let fixture = place.catalog(&clock).await;
    fixture.record([tag("cat", 10), tag("dog", 20)]).await;
    let foreign = place.catalog(&clock).await;
    foreign.record([tag("bird", 1)]).await;
    let of_foreign = foreign.again("again.idx", &clock).await;
    assert_eq!(names(&of_foreign, "bird").await, ["bird"]);
    let foreign_index = std::fs::read(foreign.folder().join("again.idx")).expect("an index");
    for content in [None, Some(b"damaged".to_vec()), Some(foreign_index)] {
        if let Some(content) = &content {
            std::fs::write(fixture.folder().join("again.idx"), content).expect("a file");
        }
        let again = fixture.again("again.idx", &clock).await;
        assert_eq!(names(&again, "cat").await, ["cat"], "{:?}", content.map(|c| c.len()));
        assert_eq!(names(&again, "bird").await, [""; 0]);
    }
}

testkit::test_on_each_backend!(
    a_new_and_a_grown_hashtag_are_found_at_once,
    an_index_that_is_lost_damaged_or_of_another_store_is_rebuilt,
);
