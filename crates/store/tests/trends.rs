//! Trends are stored, listed in order and dropped when old, the same on each backend; and the readings for
//! their computation are found.

use domain::fragment;
use domain::observation::{HashtagCounts, HashtagDetails, TagRef, VideoCounts};
use domain::video::VideoDetails;
use domain::{Count, Creator, HashtagObservation, HashtagRow, Source, Tag, Timestamp, VideoId};
use store::Store;
use store::record::{Prepared, PreparedVideo};
use store::trends::{SeriesFacts, TrendRow, TrendSort, TrendState, TrendsQuery};
use testkit::TestStore;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_700_000_000_000 + ms)
}

fn trend(hashtag: u32, window: u8, emerging: Option<f64>, read_at: i64) -> TrendRow {
    TrendRow {
        hashtag: HashtagRow(hashtag),
        window,
        read_at: at(read_at),
        readings: 2,
        views: 1_000 * u64::from(hashtag),
        values: [
            emerging,
            Some(f64::from(hashtag)),
            None,
            Some(-1.5),
            Some(0.0),
            Some(f64::from(hashtag % 3)),
            None,
            Some(-f64::from(hashtag)),
            Some(7.0),
            (hashtag > 2).then_some(0.5),
        ],
        facts: format!("facts of {hashtag}").into_bytes(),
    }
}

fn query(sort: TrendSort, limit: u32) -> TrendsQuery {
    TrendsQuery { window: 2, sort, views_min: 0, read_since: at(0), after: None, limit }
}

async fn hashtags(store: &Store, wanted: TrendsQuery) -> Vec<u32> {
    store.trends(wanted).await.expect("trends").iter().map(|row| row.hashtag.0).collect()
}

fn reading(name: &str, at_ms: i64, views: Option<u64>) -> Prepared {
    let creators = if views.is_none() { Count::exact(5) } else { None };
    Prepared::Hashtag(Box::new(HashtagObservation {
        tag: TagRef { tag: Tag::new(name).expect("a tag"), id: None },
        source: Source::Series,
        observed_at: Some(at(at_ms)),
        counts: HashtagCounts { views: views.and_then(Count::exact), creators, videos: None },
        details: HashtagDetails::default(),
    }))
}

fn video(id: u64, author: Option<u64>, plays: u64, tags: &[&str]) -> Prepared {
    let id = VideoId::try_from(id).expect("an id");
    let counts =
        VideoCounts { plays: Count::exact(plays), likes: Count::rounded(12_300), ..VideoCounts::default() };
    Prepared::Video(Box::new(PreparedVideo {
        id,
        digest: plays,
        source: Source::WebItem,
        observed_at: Some(at(7)),
        author: author.map(|author| author.try_into().expect("an id")),
        handle: None,
        create_time: Some(1_699_000_000),
        region: "DE".parse().ok(),
        tags: tags.iter().map(|name| TagRef { tag: Tag::new(name).expect("a tag"), id: None }).collect(),
        counts,
        has_caption_tags: false,
        packed: fragment::pack(id, &VideoDetails::default(), &counts),
    }))
}

testkit::on_each_backend! {
    async fn trends_are_found_in_order_and_page_by_page(fixture: &TestStore) {
        let store = fixture.store();
        let rows = vec![
            trend(1, 2, Some(50.0), 10),
            trend(2, 2, Some(90.5), 20),
            trend(3, 2, Some(50.0), 30),
            trend(4, 2, None, 40),
            trend(2, 1, Some(1.0), 20),
        ];
        store.write_trends(rows.clone()).await.expect("stored");
        assert_eq!(store.trends(query(TrendSort::Emerging, 1)).await.expect("trends"), [rows[1].clone()]);
        assert_eq!(hashtags(store, query(TrendSort::Emerging, 9)).await, [2, 1, 3], "equals by row");
        assert_eq!(hashtags(store, query(TrendSort::Velocity, 9)).await, [4, 3, 2, 1]);
        assert_eq!(hashtags(store, query(TrendSort::Zscore, 9)).await, [1, 2, 3, 4]);
        assert_eq!(hashtags(store, query(TrendSort::Acceleration, 2)).await, [1, 2]);
        assert_eq!(hashtags(store, query(TrendSort::Growth, 9)).await, Vec::<u32>::new(), "not known of any");
        let behind = |value, row| TrendsQuery { after: Some((value, HashtagRow(row))), ..query(TrendSort::Emerging, 9) };
        assert_eq!(hashtags(store, behind(90.5, 2)).await, [1, 3]);
        assert_eq!(hashtags(store, behind(50.0, 1)).await, [3]);
        assert_eq!(hashtags(store, behind(50.0, 3)).await, Vec::<u32>::new());
        let large = TrendsQuery { views_min: 2_000, ..query(TrendSort::Emerging, 9) };
        assert_eq!(hashtags(store, large).await, [2, 3]);
        let lately = TrendsQuery { read_since: at(20), ..query(TrendSort::Emerging, 9) };
        assert_eq!(hashtags(store, lately).await, [2, 3]);
    }

    async fn lists_of_few_and_of_many_are_in_the_same_order(fixture: &TestStore) {
        let store = fixture.store();
        let rows: Vec<TrendRow> = (1..=700_u32).map(|row| trend(row, 2, Some(f64::from(row * 37 % 100)), 10)).collect();
        store.write_trends(rows.clone()).await.expect("stored");
        let mut wanted: Vec<(f64, u32)> = rows.iter().filter_map(|row| Some((row.values[0]?, row.hashtag.0))).collect();
        wanted.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for first in [1, 2, 150, 201, 202, 690] {
            let views_min = 1_000 * u64::from(first);
            let large: Vec<(f64, u32)> = wanted.iter().copied().filter(|(_, row)| *row >= first).collect();
            let list = TrendsQuery { views_min, ..query(TrendSort::Emerging, 5) };
            let shown: Vec<u32> = large.iter().take(5).map(|(_, row)| *row).collect();
            assert_eq!(hashtags(store, list).await, shown, "from {first}");
            let (value, row) = large[4];
            let behind = TrendsQuery { after: Some((value, HashtagRow(row))), ..list };
            let shown: Vec<u32> = large.iter().skip(5).take(5).map(|(_, row)| *row).collect();
            assert_eq!(hashtags(store, behind).await, shown, "behind the first five from {first}");
        }
    }

    async fn every_order_has_its_column(fixture: &TestStore) {
        let store = fixture.store();
        let rows: Vec<TrendRow> = (1..=5).map(|row| trend(row, 2, Some(f64::from(row)), 10)).collect();
        store.write_trends(rows).await.expect("stored");
        assert_eq!(hashtags(store, query(TrendSort::Pace, 9)).await, [5, 4, 3, 2, 1]);
        assert_eq!(hashtags(store, query(TrendSort::Emerging, 9)).await, [5, 4, 3, 2, 1], "by pace too");
        assert_eq!(hashtags(store, query(TrendSort::Surge, 9)).await, [2, 5, 1, 4, 3]);
        assert_eq!(hashtags(store, query(TrendSort::Breadth, 9)).await, Vec::<u32>::new());
        assert_eq!(hashtags(store, query(TrendSort::Novelty, 9)).await, [1, 2, 3, 4, 5]);
        assert_eq!(hashtags(store, query(TrendSort::Saturation, 9)).await, [1, 2, 3, 4, 5]);
        assert_eq!(hashtags(store, query(TrendSort::Concentration, 9)).await, [3, 4, 5]);
        let behind = TrendsQuery { after: Some((2.0, HashtagRow(5))), ..query(TrendSort::Surge, 9) };
        assert_eq!(hashtags(store, behind).await, [1, 4, 3]);
    }

    async fn probabilities_are_stored_replaced_and_removed(fixture: &TestStore) {
        let store = fixture.store();
        assert_eq!(store.trend_odds().await.expect("an answer"), None);
        for odds in ["{}", "{\"of\":1}"] {
            store.store_trend_odds(Some(odds.to_owned())).await.expect("stored");
            assert_eq!(fixture.again().await.trend_odds().await.expect("an answer").as_deref(), Some(odds));
        }
        store.store_trend_odds(None).await.expect("removed");
        assert_eq!(store.trend_odds().await.expect("an answer"), None);
    }

    async fn a_trend_is_replaced_and_goes_when_it_is_old(fixture: &TestStore) {
        let store = fixture.store();
        store.write_trends(vec![trend(1, 2, Some(1.0), 10), trend(1, 1, None, 10)]).await.expect("stored");
        store.write_trends(vec![trend(1, 2, None, 50), trend(2, 2, Some(2.0), 5)]).await.expect("stored");
        store.write_trends(Vec::new()).await.expect("nothing to keep");
        assert_eq!(store.trends_count(2).await.expect("a count"), 2);
        let of_both = store.trends_of(&[HashtagRow(2), HashtagRow(1), HashtagRow(9)]).await.expect("trends");
        assert_eq!(of_both, [trend(1, 1, None, 10), trend(1, 2, None, 50), trend(2, 2, Some(2.0), 5)]);
        assert_eq!(store.trends_after(2, None, 1).await.expect("trends"), [trend(1, 2, None, 50)]);
        let rest = store.trends_after(2, Some(HashtagRow(1)), 9).await.expect("trends");
        assert_eq!(rest, [trend(2, 2, Some(2.0), 5)]);
        assert_eq!(store.drop_trends_before(2, at(50)).await.expect("a number"), 1);
        assert_eq!(store.trends_count(2).await.expect("a count"), 1);
        assert_eq!(store.trends_count(1).await.expect("a count"), 1, "another window's");
    }

    async fn how_far_it_came_never_goes_back(fixture: &TestStore) {
        let store = fixture.store();
        assert_eq!(store.trend_state().await.expect("a state"), TrendState::default());
        let state = |sequence, ms: Option<i64>| TrendState { sequence, newest_at: ms.map(at) };
        store.note_trend_state(state(3, None)).await.expect("noted");
        store.write_trends(vec![trend(1, 2, Some(1.0), 10)]).await.expect("stored");
        store.note_trend_state(state(5, Some(9))).await.expect("noted");
        store.note_trend_state(state(4, Some(8))).await.expect("noted");
        assert_eq!(store.trend_state().await.expect("a state"), state(5, Some(9)));
        assert_eq!(fixture.again().await.trend_state().await.expect("a state"), state(5, Some(9)));
        assert_eq!(store.trends_count(2).await.expect("a count"), 1);
        assert_eq!(store.trend_peers(2).await.expect("an answer"), None);
        store.write_trend_peers(2, vec![1, 2], 7).await.expect("stored");
        store.write_trend_peers(2, vec![3], 8).await.expect("stored");
        assert_eq!(store.trend_peers(2).await.expect("an answer"), Some((vec![3], 8)));
        assert_eq!(store.trend_peers(1).await.expect("an answer"), None);
    }

    async fn series_of_two_readings_of_views_and_more_are_found(fixture: &TestStore) {
        let store = fixture.store();
        let readings = vec![
            reading("one", 1, Some(5)),
            reading("two", 1, Some(5)),
            reading("two", 9, Some(6)),
            reading("creators", 1, None),
            reading("creators", 2, None),
        ];
        store.record_all(readings).await.expect("recorded");
        let all = [3, 2, 1, 2, 8].map(HashtagRow);
        let two = SeriesFacts { hashtag: HashtagRow(2), readings: 2, newest_at: at(9) };
        assert_eq!(store.series_facts(&all).await.expect("facts"), [two]);
        assert_eq!(store.series_facts(&[]).await.expect("facts"), []);
    }

    async fn videos_under_a_hashtag_come_part_by_part(fixture: &TestStore) {
        let store = fixture.store();
        let videos = vec![
            video(30, Some(9), 5, &["cat", "dog"]),
            video(10, None, 6, &["cat"]),
            video(20, Some(7), 7, &["dog", "cat"]),
            video(40, Some(7), 8, &["dog"]),
        ];
        store.record_all(videos).await.expect("recorded");
        let all = store.videos_under(HashtagRow(1), None, 10).await.expect("videos");
        assert_eq!(all.next, None);
        let ids: Vec<u64> = all.videos.iter().map(|video| video.id.get()).collect();
        assert_eq!(ids, [10, 20, 30], "by author; unknown comes first");
        let [first, second, _] = &all.videos[..] else { panic!("{all:?}") };
        assert_eq!((first.author, second.author.map(Creator::to_i64)), (None, Some(7)));
        assert_eq!(second.tags, [HashtagRow(2), HashtagRow(1)]);
        assert_eq!(second.counts.plays, Count::exact(7));
        assert_eq!(second.counts.likes.map(|likes| (likes.value(), likes.is_rounded())), Some((12_300, true)));
        assert_eq!(second.counts.shares, None);
        assert_eq!(second.created_at, Some(Timestamp::from_ms(1_699_000_000_000)));
        assert_eq!((second.observed_at, second.region), (Some(at(7)), "DE".parse().ok()));
        let mut parts = Vec::new();
        let mut after = None;
        loop {
            let part = store.videos_under(HashtagRow(1), after, 1).await.expect("a part");
            parts.extend(part.videos);
            match part.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(parts, all.videos);
        let nobody = store.videos_under(HashtagRow(9), None, 5).await.expect("an answer");
        assert_eq!((nobody.videos.len(), nobody.next), (0, None));
    }
}
