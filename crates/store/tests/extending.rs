//! Rankings that grow during a walk, the same on each backend.

use domain::observation::{TagRef, VideoCounts};
use domain::video::VideoDetails;
use domain::{Count, HashtagRow, Source, Tag, Timestamp, fragment};
use store::Store;
use store::record::{Prepared, PreparedVideo};
use store::videos::VideoRow;
use store::walks::Generation;
use testkit::TestStore;

const CAT: HashtagRow = HashtagRow(1);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn video(n: u64, plays: u64) -> Prepared {
    let id = n.try_into().expect("an id");
    let counts = VideoCounts { plays: Count::exact(plays), ..VideoCounts::default() };
    Prepared::Video(Box::new(PreparedVideo {
        id,
        digest: n,
        source: Source::WebItem,
        observed_at: Some(at(0)),
        author: None,
        handle: None,
        create_time: None,
        region: None,
        tags: vec![TagRef { tag: Tag::new("cat").expect("a tag"), id: None }],
        counts,
        has_caption_tags: false,
        packed: fragment::pack(id, &VideoDetails::default(), &counts),
    }))
}

/// Records so many videos under #cat and returns their rows.
async fn videos(store: &Store, count: u64) -> Vec<VideoRow> {
    let observations = (1..=count).map(|n| video(n, count - n)).collect();
    store.record_all(observations).await.expect("recorded");
    let videos = store.ranking(CAT, None).await.expect("a ranking");
    assert_eq!(videos.len() as u64, count);
    videos
}

async fn write(store: &Store, videos: &[VideoRow]) -> Generation {
    let written = store.write_generation(CAT, None, 1, at(100), at(0), videos.to_vec());
    written.await.expect("stored")
}

testkit::on_each_backend! {
    async fn new_videos_are_appended_and_others_keep_their_places(fixture: &TestStore) {
        let store = fixture.store();
        let all = videos(store, 700).await;
        let written = write(store, &all[..505]).await;
        let extend = async |slot, videos: &[VideoRow]| {
            store.extend_generation(CAT, slot, videos.to_vec()).await.expect("an answer")
        };
        let more = [all[3], all[600], all[504], all[505], all[600]];
        let extended = extend(written.slot, &more).await.expect("it exists");
        assert_eq!(extended.appended, 2);
        assert_eq!(extended.generation, Generation { videos: 507, ..written });
        let extended = extend(written.slot, &all).await.expect("it exists");
        assert_eq!((extended.appended, extended.generation.videos), (193, 700));
        assert_eq!(extend(written.slot, &all).await.expect("it exists").appended, 0);
        let again = fixture.again().await;
        let mut want = all[..505].to_vec();
        want.extend([all[600], all[505]]);
        want.extend(all[506..].iter().filter(|video| **video != all[600]));
        assert_eq!(again.ranked(CAT, written.slot, 0, 1_000).await.expect("all"), want);
        assert_eq!(again.generation(CAT, written.slot).await.expect("an answer"), Some(extended.generation));
        assert_eq!(extend(written.slot + 1, &all).await, None, "there is no such ranking");
        let other = store.extend_generation(HashtagRow(2), written.slot, all).await.expect("an answer");
        assert_eq!(other, None, "it is another hashtag's");
    }

    async fn a_head_that_was_short_is_filled_up(fixture: &TestStore) {
        let store = fixture.store();
        let all = videos(store, 80).await;
        let written = write(store, &all[..20]).await;
        let head = async || store.first_page(CAT, written.slot, 35).await.expect("an answer").expect("a head");
        assert_eq!(head().await, store.shown(&all[..20]).await.expect("videos"));
        for (until, in_head) in [(30, 30), (80, 35)] {
            store.extend_generation(CAT, written.slot, all[..until].to_vec()).await.expect("an answer");
            assert_eq!(head().await, store.shown(&all[..in_head]).await.expect("videos"));
        }
        let empty = write(store, &[]).await;
        store.extend_generation(CAT, empty.slot, all[..3].to_vec()).await.expect("an answer");
        let head = store.first_page(CAT, empty.slot, 35).await.expect("an answer");
        assert_eq!(head, Some(store.shown(&all[..3]).await.expect("videos")));
    }

    async fn nodes_that_extend_at_once_append_nothing_twice(fixture: &TestStore) {
        let store = fixture.store();
        let all = videos(store, 300).await;
        let written = write(store, &all[..10]).await;
        let mut tasks = Vec::new();
        for (n, node) in [fixture.again().await, fixture.again().await, fixture.again().await].into_iter().enumerate() {
            for page in 0..10 {
                // Each node has all pages, in an order of its own.
                let from = (page * 7 + n * 3) % 10 * 30;
                let (node, slot, videos) = (node.clone(), written.slot, all[from..from + 30].to_vec());
                tasks.push(tokio::spawn(async move {
                    let extended = node.extend_generation(CAT, slot, videos).await.expect("an answer");
                    extended.expect("it exists").appended
                }));
            }
        }
        let mut appended = 0;
        for task in tasks {
            appended += task.await.expect("a node");
        }
        assert_eq!(appended, 290);
        let mut ranked = store.ranked(CAT, written.slot, 0, 1_000).await.expect("all");
        assert_eq!(ranked[..10], all[..10]);
        ranked.sort_unstable();
        let mut want = all;
        want.sort_unstable();
        assert_eq!(ranked, want);
    }
}
