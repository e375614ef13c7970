//! What another process imports is found at once, by name, id and keyword.

use catalog::{Catalog, CatalogOptions, HashtagRef};
use domain::{Observation, TagKey, Timestamp};
use std::path::Path;
use std::sync::Arc;
use testkit::{FixedClock, TemporaryCatalog, hashtag};

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

/// A second store over the same folder stands for another process.
async fn another(folder: &Path, index: &str, clock: &FixedClock) -> Catalog {
    let store = store::Store::open(&store::StoreOptions::in_folder(folder)).await.expect("a store");
    let options = CatalogOptions {
        index_path: folder.join(index),
        ..CatalogOptions::in_folder(folder, Arc::new(clock.clone()))
    };
    Catalog::open(store, options).await.expect("a catalog")
}

#[tokio::test]
async fn a_new_and_a_grown_hashtag_are_found_at_once() {
    let clock = clock();
    let held = TemporaryCatalog::open(&clock).await;
    held.record([tag("catlover", 10), tag("blackcat", 20), tag("cats", 5)]).await;
    let serving = held.catalog();
    assert_eq!(names(serving, "cat").await, ["catlover", "cats", "blackcat"]);
    let importer = another(held.folder(), "other.idx", &clock).await;
    importer.record(vec![tag("cat", 1), tag("cats", 500)]).await.expect("recorded");
    assert_eq!(
        names(serving, "cat").await,
        ["cat", "cats", "catlover", "blackcat"],
        "new first, grown before"
    );
    assert_eq!(names(serving, "CAT").await.len(), 4);
    clock.advance(std::time::Duration::from_millis(5));
    let cats =
        serving.hashtag(&HashtagRef::Key(TagKey::new("cats").expect("a tag"))).await.expect("an answer");
    assert_eq!(
        cats.and_then(|h| h.views()).map(|t| t.value),
        Some(500),
        "the hot cache does not answer from before"
    );
}

#[tokio::test]
async fn an_index_that_is_lost_damaged_or_of_another_store_is_built_anew() {
    let clock = clock();
    let held = TemporaryCatalog::open(&clock).await;
    held.record([tag("cat", 10), tag("dog", 20)]).await;
    let foreign = TemporaryCatalog::open(&clock).await;
    foreign.record([tag("bird", 1)]).await;
    let of_foreign = another(foreign.folder(), "again.idx", &clock).await;
    assert_eq!(names(&of_foreign, "bird").await, ["bird"]);
    let foreign_index = std::fs::read(foreign.folder().join("again.idx")).expect("an index");
    for content in [None, Some(b"damaged".to_vec()), Some(foreign_index)] {
        if let Some(content) = &content {
            std::fs::write(held.folder().join("again.idx"), content).expect("a file");
        }
        let again = another(held.folder(), "again.idx", &clock).await;
        assert_eq!(names(&again, "cat").await, ["cat"], "{:?}", content.map(|c| c.len()));
        assert_eq!(names(&again, "bird").await, [""; 0]);
    }
}
