//! The story of hashtags and videos in the store: what is recorded is found, in whatever order it was recorded.

use domain::fragment;
use domain::observation::{HashtagCounts, HashtagDetails, TagRef, VideoCounts, WindowObservation};
use domain::video::VideoDetails;
use domain::{Caveat, Count, Hashtag, HashtagObservation, HashtagRow, Source, Tag, TagKey, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use store::Store;
use store::hashtags::Changes;
use store::record::{Prepared, PreparedVideo};
use testkit::TestStore;

/// A short form of a video's reading.
#[derive(Debug, Clone, PartialEq)]
struct Reading {
    id: u64,
    author: Option<u64>,
    at_s: Option<i64>,
    plays: Option<u64>,
    tags: Vec<(&'static str, Option<u64>)>,
}

fn tag(name: &str, id: Option<u64>) -> TagRef {
    TagRef { tag: Tag::new(name).expect("a tag"), id: id.map(|id| id.try_into().expect("an id")) }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(1_700_000_000_000 + seconds * 1000)
}

fn video(reading: &Reading) -> Prepared {
    let id = reading.id.try_into().expect("an id");
    let counts = VideoCounts { plays: reading.plays.and_then(Count::exact), ..VideoCounts::default() };
    Prepared::Video(Box::new(PreparedVideo {
        id,
        digest: xxhash(reading),
        source: Source::WebItem,
        observed_at: reading.at_s.map(at),
        author: reading.author.map(|a| a.try_into().expect("an id")),
        handle: None,
        create_time: None,
        region: None,
        tags: reading.tags.iter().map(|(name, id)| tag(name, *id)).collect(),
        counts,
        has_caption_tags: false,
        packed: fragment::pack(id, &VideoDetails::default(), &counts),
    }))
}

fn xxhash(reading: &Reading) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    format!("{reading:?}").hash(&mut hasher);
    hasher.finish()
}

fn hashtag(name: &str, id: Option<u64>, at_s: Option<i64>, views: Option<u64>) -> Prepared {
    Prepared::Hashtag(Box::new(HashtagObservation {
        tag: tag(name, id),
        source: Source::WebChallenge,
        observed_at: at_s.map(at),
        counts: HashtagCounts { views: views.and_then(Count::rounded), ..HashtagCounts::default() },
        details: HashtagDetails::default(),
    }))
}

fn window(country: &str, at_s: i64, views: u64) -> Prepared {
    Prepared::Window(Box::new(WindowObservation {
        tag: tag("cat", Some(7551)),
        source: Source::CreativeCenter,
        observed_at: at(at_s),
        country: country.to_owned(),
        window_days: Some(7),
        views: Some(views),
        posts: None,
        rank: Some(3),
        industry: "Pets\0".to_owned(),
    }))
}

fn key(name: &str) -> TagKey {
    TagKey::new(name).expect("a tag")
}

async fn found(store: &Store, name: &str) -> Hashtag {
    store.hashtag_by_key(&key(name)).await.expect("an answer").expect("a hashtag")
}

fn reading(id: u64, plays: u64, tags: &[(&'static str, Option<u64>)]) -> Reading {
    Reading { id, author: Some(id % 3 + 1), at_s: Some(0), plays: Some(plays), tags: tags.to_vec() }
}

testkit::on_each_backend! {
    async fn rows_of_videos_are_found_by_their_ids(fixture: &TestStore) {
        let store = fixture.store();
        let reading = |id| Reading { id, author: None, at_s: Some(1), plays: Some(1), tags: vec![("cat", None)] };
        let readings = [30, 10, 20].map(|id| video(&reading(id)));
        store.record_all(readings.into()).await.expect("recorded");
        let rows = async |ids: &[u64]| {
            let ids: Vec<_> = ids.iter().map(|id| (*id).try_into().expect("an id")).collect();
            store.video_rows(&ids).await.expect("rows").iter().map(|row| row.0).collect::<Vec<_>>()
        };
        assert_eq!(rows(&[]).await, Vec::<u64>::new());
        assert_eq!(rows(&[99]).await, Vec::<u64>::new(), "it is not stored");
        assert_eq!(rows(&[20, 99, 30, 20]).await, [1, 3], "each once, in order of arrival");
        assert_eq!(rows(&[10, 20, 30]).await, [1, 2, 3]);
    }

    async fn sums_say_where_they_came_from_and_what_is_to_be_said_of_them(fixture: &TestStore) {
        let store = fixture.store();
        let of = async |name: &str| {
            let key = TagKey::new(name).expect("a tag");
            store.hashtag_by_key(&key).await.expect("an answer").expect("a hashtag").observed
        };
        let reading = |id, source, plays, tags| {
            let reading = Reading { id, author: None, at_s: Some(1), plays: Some(plays), tags };
            let Prepared::Video(mut video) = video(&reading) else { panic!("a video") };
            video.source = source;
            Prepared::Video(video)
        };
        let tags = || vec![("cat", None)];
        store.record_all(vec![reading(1, Source::WebItem, 5, tags())]).await.expect("recorded");
        let web = of("cat").await;
        assert_eq!(web.sources.iter().collect::<Vec<_>>(), [Source::WebItem]);
        assert!(web.caveats.is_empty());
        let both = vec![("cat", None), ("dog", None)];
        store.record_all(vec![reading(2, Source::ResearchApi, 5, both)]).await.expect("recorded");
        for (name, sources) in
            [("cat", vec![Source::WebItem, Source::ResearchApi]), ("dog", vec![Source::ResearchApi])]
        {
            let observed = of(name).await;
            assert_eq!(observed.sources.iter().collect::<Vec<_>>(), sources, "{name}");
            let caveats: Vec<Caveat> = observed.caveats.iter().collect();
            // Read in 1970, before the Research API changed.
            let expected = [Caveat::AdultsOnly, Caveat::SurvivorsOnly, Caveat::CanadaMissing, Caveat::FeedOnly];
            assert_eq!(caveats, expected, "{name}");
        }
        store.record_all(vec![reading(2, Source::Apify, 9, vec![("dog", None)])]).await.expect("recorded");
        let dog = of("dog").await;
        assert_eq!(dog.sources.iter().collect::<Vec<_>>(), [Source::Apify, Source::ResearchApi]);
        assert!(dog.caveats.contains(Caveat::AdultsOnly), "it stays true of the stored videos");
    }

    async fn what_is_recorded_is_found_by_every_spelling_and_id(fixture: &TestStore) {
        let store = fixture.store();
        let recorded = store
            .record_all(vec![
                video(&reading(1, 10, &[("Cat", Some(7551)), ("fyp", None)])),
                video(&reading(2, 20, &[("CAT", None), ("fyp", Some(229_207))])),
                video(&reading(3, 30, &[("cat", Some(7551)), ("#fyp", None)])),
            ])
            .await
            .expect("recorded");
        assert_eq!((recorded.videos_new, recorded.hashtags_new, recorded.snapshots_new), (3, 2, 3));
        let cat = found(store, "cAt").await;
        assert_eq!((cat.tag.name(), cat.id.map(|i| i.get())), ("Cat", Some(7551)), "the first spelling stays");
        assert_eq!((cat.observed.videos, cat.observed.views, cat.observed.creators), (3, Some(60), 3));
        assert_eq!(
            found(store, "fyp").await.id.map(|i| i.get()),
            Some(229_207),
            "joined when the id became known"
        );
        let by_id = store.hashtag_by_id(7551.try_into().expect("an id")).await.expect("an answer");
        assert_eq!(by_id, Some(cat));
        assert_eq!(store.hashtag_by_key(&key("dog")).await.expect("an answer"), None);
    }

    async fn an_id_reported_later_joins_and_a_second_id_leads_to_the_same_hashtag(fixture: &TestStore) {
        let store = fixture.store();
        store.record_all(vec![video(&reading(1, 5, &[("comedy", None)]))]).await.expect("recorded");
        assert_eq!(found(store, "comedy").await.id, None);
        let later = vec![hashtag("comedy", Some(7888), None, None), hashtag("comedy", Some(1_606), None, None)];
        store.record_all(later).await.expect("recorded");
        let comedy = found(store, "comedy").await;
        assert_eq!((comedy.id.map(|i| i.get()), comedy.observed.videos), (Some(7888), 1));
        for id in [7888_u64, 1606] {
            let row = store.hashtag_by_id(id.try_into().expect("an id")).await.expect("an answer").map(|h| h.row);
            assert_eq!(row, Some(comedy.row), "{id}");
        }
        // A renamed tag reported with the id of another stays a hashtag of its own and does not take the id.
        store.record_all(vec![hashtag("funny", Some(7888), None, None)]).await.expect("recorded");
        assert_eq!(found(store, "funny").await.id, None);
    }

    async fn a_reported_total_wins_over_what_is_added_up_and_the_newest_over_older_ones(fixture: &TestStore) {
        let store = fixture.store();
        store.record_all(vec![video(&reading(1, 500, &[("cat", None)]))]).await.expect("recorded");
        assert_eq!(found(store, "cat").await.views().map(|t| t.basis.name()), Some("observed"));
        store.record_all(vec![hashtag("cat", None, Some(10), Some(16_400_000))]).await.expect("recorded");
        store.record_all(vec![hashtag("cat", None, Some(5), Some(16_300_000))]).await.expect("recorded");
        let views = found(store, "cat").await.views().expect("a total");
        assert_eq!((views.value, views.basis.name(), views.rounded), (16_400_000, "reported", true));
        let series = store.hashtag_snapshots(found(store, "cat").await.row, None, 10).await.expect("a series");
        let values: Vec<_> = series.iter().map(|s| s.counts.views.map(Count::value)).collect();
        assert_eq!(values, [Some(16_300_000), Some(16_400_000)], "both readings are stored, oldest first");
    }

    async fn a_zero_between_numbers_is_unknown_in_whatever_order(fixture: &TestStore) {
        let store = fixture.store();
        let orders = [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0], [0, 2, 1], [2, 0, 1]];
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
        // Each order in three transactions and in one.
        for (case, name) in names.into_iter().enumerate() {
            let (order, id) = (orders[case % 6], case as u64 + 1);
            let readings = [(0, 7_150_000), (1, 0), (2, 7_160_000)];
            let observations = order.map(|n| {
                let (at_s, plays) = readings[n];
                let r = Reading { at_s: Some(at_s), ..reading(id, plays, &[(name, None)]) };
                vec![video(&r), hashtag(name, None, Some(at_s), Some(plays))]
            });
            let transactions =
                if case < 6 { observations.into() } else { vec![observations.into_iter().flatten().collect()] };
            for observations in transactions {
                store.record_all(observations).await.expect("recorded");
            }
            let series = store.video_snapshots(id.try_into().expect("an id"), None, 10).await.expect("a series");
            let plays: Vec<_> = series.iter().filter_map(|s| s.counts.plays.map(Count::value)).collect();
            assert_eq!(plays, [7_150_000, 7_160_000], "{order:?}");
            let hashtag = found(store, name).await;
            assert_eq!((hashtag.observed.views, hashtag.reach()), (Some(7_160_000), 7_160_000), "{order:?}");
            let series = store.hashtag_snapshots(hashtag.row, None, 10).await.expect("a series");
            let views: Vec<_> = series.iter().filter_map(|s| s.counts.views.map(Count::value)).collect();
            assert_eq!(views, [7_150_000, 7_160_000], "{order:?}");
        }
    }

    async fn the_same_again_changes_nothing(fixture: &TestStore) {
        let store = fixture.store();
        let again = || {
            vec![
                video(&reading(1, 10, &[("cat", Some(7551))])),
                video(&Reading { at_s: Some(9), ..reading(1, 12, &[("dog", None)]) }),
                hashtag("cat", Some(7551), Some(1), Some(100)),
            ]
        };
        let first = store.record_all(again()).await.expect("recorded");
        let second = store.record_all(again()).await.expect("recorded");
        assert_eq!(
            (second.videos_new, second.videos_changed, second.hashtags_new, second.hashtags_changed),
            (0, 0, 0, 0)
        );
        assert_eq!((second.snapshots_new, second.sequence), (0, first.sequence));
        assert_eq!(
            store.changes_since(0).await.expect("changes"),
            Changes::Hashtags { hashtags: vec![HashtagRow(1), HashtagRow(2)], sequence: 1 }
        );
        assert_eq!(store.changes_since(7).await.expect("changes"), Changes::Gap, "a follower from another store");
    }

    async fn sums_over_a_window_are_separate_from_totals(fixture: &TestStore) {
        let store = fixture.store();
        let windows = || vec![window("Malaysia", 1, 500), window("Malaysia", 2, 400), window("", 2, 9), window("", 2, 8)];
        let first = store.record_all(windows()).await.expect("recorded");
        assert_eq!((first.window_records, first.hashtags_new, first.snapshots_new), (4, 1, 3));
        let again = store.record_all(windows()).await.expect("recorded");
        assert_eq!((again.hashtags_new, again.hashtags_changed, again.snapshots_new), (0, 0, 0));
        let cat = found(store, "cat").await;
        assert_eq!((cat.views(), cat.videos(), cat.id.map(domain::HashtagId::get)), (None, None, Some(7551)));
        assert_eq!(store.hashtag_snapshots_count(cat.row).await.expect("a count"), 0);
        let windows = store.hashtag_windows(cat.row, 10).await.expect("windows");
        let shown: Vec<_> = windows.iter().map(|w| (w.country.as_str(), w.views, w.rank, w.window_days)).collect();
        let of = |country, views| (country, Some(views), Some(3), Some(7));
        assert_eq!(shown, [of("", 9), of("Malaysia", 400), of("Malaysia", 500)], "newest first, the first of equals");
        assert_eq!((&*windows[0].industry, windows[0].posts), ("Pets", None));
        assert_eq!(store.hashtag_windows(cat.row, 1).await.expect("windows").len(), 1);
    }

    async fn videos_rank_by_plays_then_by_id_and_region_narrows(fixture: &TestStore) {
        let store = fixture.store();
        let plays = [(4, 10), (9, 30), (2, 10), (7, 10), (5, 20)];
        let videos = plays.iter().map(|(id, plays)| video(&reading(*id, *plays, &[("cat", None)]))).collect();
        store.record_all(videos).await.expect("recorded");
        let ranking = store.ranking(found(store, "cat").await.row, None).await.expect("a ranking");
        let packed = store.packed(&ranking).await.expect("videos");
        let ids: Vec<u64> = packed.iter().map(|f| id_of(f)).collect();
        assert_eq!(ids, [9, 5, 7, 4, 2]);
        let nowhere = store.ranking(found(store, "cat").await.row, "US".parse().ok()).await.expect("a ranking");
        assert_eq!(nowhere, []);
    }
}

fn id_of(packed: &[u8]) -> u64 {
    let text = std::str::from_utf8(packed).expect("UTF-8");
    let digits = text.strip_prefix("[\"").expect("a packed video");
    digits[..digits.find('"').expect("an end")].parse().expect("an id")
}

/// Computes the expected state the slow way, from all readings at once.
fn naive(readings: &[Reading]) -> BTreeMap<String, (u64, u64, u64)> {
    let mut videos: BTreeMap<u64, Vec<&Reading>> = BTreeMap::new();
    for reading in readings {
        videos.entry(reading.id).or_default().push(reading);
    }
    let mut sums: BTreeMap<String, (u64, u64, BTreeSet<u64>)> = BTreeMap::new();
    for readings in videos.values() {
        let known = readings.iter().filter_map(|r| r.plays.map(|p| (p > 0, r.at_s, p)));
        let plays = known.max().map_or(0, |(_, _, plays)| plays);
        let author = readings.iter().find_map(|r| r.author);
        let tags: BTreeSet<&str> =
            readings.iter().flat_map(|r| r.tags.iter().map(|(name, _)| *name)).collect();
        for name in tags {
            let sum = sums.entry(name.to_lowercase()).or_default();
            sum.0 += 1;
            sum.1 += plays;
            sum.2.extend(author);
        }
    }
    sums.into_iter()
        .map(|(name, (videos, views, authors))| (name, (videos, views, authors.len() as u64)))
        .collect()
}

fn any_reading() -> impl Strategy<Value = Reading> {
    let tags = proptest::collection::btree_set(prop_oneof![Just("a"), Just("b"), Just("c"), Just("d")], 0..3);
    (1_u64..6, any::<bool>(), proptest::option::of(0_i64..4), proptest::option::of(0_u64..4), tags).prop_map(
        |(id, has_author, at_s, plays, tags)| Reading {
            id,
            // A video has one author, known or not.
            author: has_author.then_some(id % 2 + 1),
            at_s,
            plays,
            tags: tags.into_iter().map(|name| (name, None)).collect(),
        },
    )
}

async fn sums(store: &Store) -> BTreeMap<String, (u64, u64, u64)> {
    let all = store.hashtags_after(None, 100).await.expect("hashtags");
    let sum = |h: Hashtag| {
        (
            h.tag.name().to_owned(),
            (h.observed.videos, h.observed.views.expect("a small sum"), h.observed.creators),
        )
    };
    all.into_iter().map(sum).collect()
}

async fn sums_are_the_same_in_any_order(
    stores: [TestStore; 2],
    readings: &[Reading],
    cut: usize,
    seed: u64,
) -> Result<(), TestCaseError> {
    let [in_order, shuffled] = stores;
    for part in readings.chunks(cut) {
        in_order.store().record_all(part.iter().map(video).collect()).await.expect("recorded");
    }
    prop_assert_eq!(sums(in_order.store()).await, naive(readings));
    let mut order: Vec<&Reading> = readings.iter().collect();
    order.sort_by_key(|r| xxhash(r) ^ seed);
    shuffled.store().record_all(order.into_iter().map(video).collect()).await.expect("recorded");
    prop_assert_eq!(sums(shuffled.store()).await, naive(readings));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn sums_equal_the_naive_model_in_any_order_and_any_transactions(
        readings in proptest::collection::vec(any_reading(), 1..24),
        cut in 1_usize..6,
        seed: u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (one, other) = (TestStore::sqlite().await, TestStore::sqlite().await);
            let stores = [one, other].map(|store| store.expect("always here"));
            sums_are_the_same_in_any_order(stores, &readings, cut, seed).await
        })?;
    }
}

#[cfg(unix)]
proptest! {
    // A database takes longer to create than a file.
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn sums_equal_the_naive_model_on_postgres_too(
        readings in proptest::collection::vec(any_reading(), 1..24),
        cut in 1_usize..6,
        seed: u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let Some(one) = TestStore::postgres().await else { return Ok(()) };
            let other = TestStore::postgres().await.expect("PostgreSQL is here");
            sums_are_the_same_in_any_order([one, other], &readings, cut, seed).await
        })?;
    }
}
