//! Removed videos: they leave rankings, lists, samples and sums, their readings stay, and a later reading
//! reinstates them. The order of records with times does not matter.

use domain::observation::{TagRef, VideoCounts};
use domain::video::VideoDetails;
use domain::{Count, Hashtag, Source, Tag, TagKey, Timestamp, VideoId, fragment};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use store::hashtags::Changes;
use store::record::{Prepared, PreparedRemoval, PreparedVideo, Recorded};
use store::samples::{CreatorsPart, SamplePart};
use store::videos::VideoRow;
use store::{Store, StoreOptions};

const TAGS: [&str; 2] = ["cat", "dog"];

fn id(video: u64) -> VideoId {
    video.try_into().expect("an id")
}

fn time(minute: i64) -> Timestamp {
    Timestamp::from_ms(1_700_000_000_000 + minute * 60_000)
}

fn reading(video: u64, minute: Option<i64>, plays: u64, tags: &[&str]) -> Prepared {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut digest = DefaultHasher::new();
    (video, minute, plays, tags).hash(&mut digest);
    let counts = VideoCounts { plays: Count::exact(plays), ..VideoCounts::default() };
    Prepared::Video(Box::new(PreparedVideo {
        id: id(video),
        digest: digest.finish(),
        source: Source::WebItem,
        observed_at: minute.map(time),
        author: Some((video % 3 + 1).try_into().expect("an id")),
        handle: None,
        create_time: None,
        region: None,
        tags: tags.iter().map(|tag| TagRef { tag: Tag::new(tag).expect("a tag"), id: None }).collect(),
        counts,
        has_caption_tags: false,
        packed: fragment::pack(id(video), &VideoDetails::default(), &counts),
    }))
}

fn removal(video: u64, minute: i64) -> Prepared {
    Prepared::Removed(PreparedRemoval { id: id(video), at: time(minute), is_timed: true })
}

fn untimed_removal(video: u64, now: i64) -> Prepared {
    Prepared::Removed(PreparedRemoval { id: id(video), at: time(now), is_timed: false })
}

async fn record(store: &Store, records: Vec<Prepared>) -> Recorded {
    store.record_all(records).await.expect("recorded")
}

async fn found(store: &Store, name: &str) -> Hashtag {
    let key = TagKey::new(name).expect("a tag");
    store.hashtag_by_key(&key).await.expect("an answer").expect("a hashtag")
}

/// Returns videos, views and creators of a hashtag.
async fn sums(store: &Store, name: &str) -> (u64, Option<u64>, u64) {
    let observed = found(store, name).await.observed;
    (observed.videos, observed.views, observed.creators)
}

/// Returns the rows of a hashtag's videos, checked to be the same in a ranking, a list, a sample and in
/// everything.
async fn shown(store: &Store, name: &str) -> Vec<VideoRow> {
    let row = found(store, name).await.row;
    let mut ranked = store.ranking(row, None).await.expect("a ranking");
    let under = store.videos_under(row, None, 100).await.expect("videos").videos;
    let mut under: Vec<VideoRow> = under.iter().map(|video| video.row).collect();
    let sample = store.sample(row, SamplePart::Creators(CreatorsPart::ALL)).await.expect("a sample");
    let last = store.catalog_size().await.expect("a size").last_video;
    let all = store.videos_of_rows(VideoRow(1)..=last).await.expect("videos");
    let mut of_all: Vec<VideoRow> =
        all.iter().filter(|video| video.tags.contains(&row)).map(|video| video.row).collect();
    ranked.sort_unstable();
    under.sort_unstable();
    of_all.sort_unstable();
    assert_eq!((&ranked, &ranked, ranked.len()), (&under, &of_all, sample.videos().len()), "{name}");
    ranked
}

testkit::on_each_backend! {
    async fn a_removed_video_leaves_everything_but_its_history(fixture: &testkit::TestStore) {
        let store = fixture.store();
        let both = &TAGS;
        record(store, vec![reading(1, Some(1), 10, both), reading(2, Some(1), 5, both), reading(4, Some(1), 7, &["cat"])]).await;
        assert_eq!((sums(store, "cat").await, sums(store, "dog").await), ((3, Some(22), 2), (2, Some(15), 2)));
        let before = store.sequence().await.expect("a sequence");

        let recorded = record(store, vec![removal(1, 5), removal(9, 5), removal(1, 5)]).await;
        assert_eq!((recorded.removal_records, recorded.videos_removed, recorded.removals_unknown), (3, 1, 1));
        // Videos 1 and 4 are of one creator.
        assert_eq!((sums(store, "cat").await, sums(store, "dog").await), ((2, Some(12), 2), (1, Some(5), 1)));
        assert_eq!(shown(store, "cat").await, [VideoRow(2), VideoRow(3)]);
        assert_eq!(shown(store, "dog").await, [VideoRow(2)]);
        assert_eq!(store.video_snapshots(id(1), None, 10).await.expect("a series").len(), 1);
        assert_eq!(store.video_rows(&[id(1), id(9)]).await.expect("rows"), [VideoRow(1)], "it is still stored");
        assert_eq!(store.check_sums().await.expect("a report").off, 0);
        let size = store.catalog_size().await.expect("a size");
        assert_eq!((size.videos, size.removed, size.last_video), (2, 1, VideoRow(3)));
        let changes = store.changes_since(before).await.expect("changes");
        let Changes::Hashtags { hashtags, .. } = changes else { panic!("{changes:?}") };
        assert_eq!(hashtags, [found(store, "cat").await.row, found(store, "dog").await.row], "caches hear of both");

        // A repeat, also in a transaction of its own, changes nothing.
        let sequence = store.sequence().await.expect("a sequence");
        assert_eq!(record(store, vec![removal(1, 5), removal(1, 3)]).await.videos_removed, 0);
        assert_eq!(store.sequence().await.expect("a sequence"), sequence);

        // An earlier reading does not reinstate it, and is stored.
        let recorded = record(store, vec![reading(1, Some(4), 40, both)]).await;
        assert_eq!((recorded.videos_reinstated, recorded.snapshots_new), (0, 1));
        assert_eq!(shown(store, "cat").await, [VideoRow(2), VideoRow(3)]);
        // Nor does one without a time or of the same moment.
        record(store, vec![reading(1, None, 41, both), reading(1, Some(5), 42, both)]).await;
        assert_eq!(sums(store, "dog").await, (1, Some(5), 1));
        // A later one reinstates it, with a hashtag that it got meanwhile.
        let recorded = record(store, vec![reading(1, Some(6), 50, &["dog", "new"])]).await;
        assert_eq!(recorded.videos_reinstated, 1);
        assert_eq!((sums(store, "cat").await, sums(store, "dog").await), ((3, Some(62), 2), (2, Some(55), 2)));
        assert_eq!((sums(store, "new").await, shown(store, "new").await), ((1, Some(50), 1), vec![VideoRow(1)]));
        assert_eq!(store.check_sums().await.expect("a report").off, 0);
        assert_eq!(store.catalog_size().await.expect("a size").removed, 0);
    }

    async fn a_removal_without_a_time_counts_once(fixture: &testkit::TestStore) {
        let store = fixture.store();
        record(store, vec![reading(1, Some(1), 10, &["cat"]), reading(2, None, 1, &["cat"])]).await;
        let recorded = record(store, vec![untimed_removal(1, 100), untimed_removal(2, 100)]).await;
        assert_eq!(recorded.videos_removed, 2);
        assert_eq!(sums(store, "cat").await, (0, Some(0), 0));
        assert_eq!(record(store, vec![reading(1, Some(200), 11, &["cat"])]).await.videos_reinstated, 1);
        // The same file is imported again, later.
        assert_eq!(record(store, vec![untimed_removal(1, 300)]).await.videos_removed, 0);
        assert_eq!(sums(store, "cat").await, (1, Some(11), 1));
        // A removal with a time counts.
        assert_eq!(record(store, vec![removal(1, 250)]).await.videos_removed, 1);
        assert_eq!(sums(store, "cat").await, (0, Some(0), 0));
    }

    async fn removed_videos_move_with_their_creator_and_heal(fixture: &testkit::TestStore) {
        let store = fixture.store();
        record(store, vec![reading(1, Some(1), 10, &["cat"]), reading(2, Some(1), 20, &["cat"]), removal(2, 2)]).await;
        assert_eq!(sums(store, "cat").await, (1, Some(10), 1));
        fixture.sql("UPDATE tagmeter.hashtags SET held_videos = 2, held_views = 30");
        assert_eq!(store.check_sums().await.expect("a report").off, 1);
        store.heal_sums().await.expect("healed");
        assert_eq!(sums(store, "cat").await, (1, Some(10), 1), "the removed one stays out");
    }
}

/// Events of a video.
#[derive(Debug, Clone, Copy)]
enum Event {
    Read { minute: i64, plays: u64, tags: [bool; 2] },
    Removed { minute: i64 },
}

fn events() -> impl Strategy<Value = Vec<Vec<(u64, Event)>>> {
    let read = (0_i64..20, 1_u64..1_000, any::<[bool; 2]>()).prop_map(|(minute, plays, tags)| Event::Read {
        minute,
        plays,
        tags,
    });
    let event = prop_oneof![3 => read, 2 => (0_i64..20).prop_map(|minute| Event::Removed { minute })];
    prop::collection::vec(prop::collection::vec((1_u64..8, event), 1..8), 1..8)
}

fn prepared((video, event): (u64, Event)) -> Prepared {
    match event {
        Event::Read { minute, plays, tags } => {
            let tags: Vec<&str> =
                TAGS.into_iter().zip(tags).filter(|(_, has)| *has).map(|(tag, _)| tag).collect();
            reading(video, Some(minute), plays, &tags)
        }
        Event::Removed { minute } => removal(video, minute),
    }
}

/// The expected state of a video, computed the simple way.
#[derive(Debug, Default)]
struct Known {
    /// The newest reading; of one moment the one with most plays.
    newest: (i64, u64),
    tags: [bool; 2],
    removed_at: Option<i64>,
}

#[derive(Debug, Default)]
struct Model(BTreeMap<u64, Known>);

impl Model {
    fn take(&mut self, (video, event): (u64, Event)) {
        match event {
            Event::Read { minute, plays, tags } => {
                let known = self.0.entry(video).or_default();
                known.newest = known.newest.max((minute, plays));
                known.tags = [known.tags[0] || tags[0], known.tags[1] || tags[1]];
            }
            Event::Removed { minute } => {
                if let Some(known) = self.0.get_mut(&video) {
                    known.removed_at = known.removed_at.max(Some(minute));
                }
            }
        }
    }

    fn sums(&self, tag: usize) -> (u64, Option<u64>, u64) {
        let there = |known: &&Known| known.removed_at.is_none_or(|at| known.newest.0 > at);
        let under: Vec<(u64, u64)> = self
            .0
            .iter()
            .filter(|(_, known)| known.tags[tag] && there(known))
            .map(|(video, known)| (*video, known.newest.1))
            .collect();
        let creators: BTreeSet<u64> = under.iter().map(|(video, _)| video % 3).collect();
        (under.len() as u64, Some(under.iter().map(|(_, plays)| plays).sum()), creators.len() as u64)
    }
}

async fn is_as_the_model(store: &Store, model: &Model) {
    for (n, tag) in TAGS.into_iter().enumerate() {
        let key = TagKey::new(tag).expect("a tag");
        let Some(hashtag) = store.hashtag_by_key(&key).await.expect("an answer") else {
            assert_eq!(model.sums(n).0, 0);
            continue;
        };
        let observed = hashtag.observed;
        assert_eq!((observed.videos, observed.views, observed.creators), model.sums(n), "#{tag}: {model:?}");
        assert_eq!(shown(store, tag).await.len() as u64, observed.videos);
    }
    assert_eq!(store.check_sums().await.expect("a report").off, 0);
}

#[tokio::test]
async fn sums_are_those_of_a_simple_model() {
    let mut chance = TestRunner::deterministic();
    for _ in 0..60 {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
        let batches = events().new_tree(&mut chance).expect("events").current();
        let mut model = Model::default();
        for batch in batches {
            batch.iter().for_each(|event| model.take(*event));
            record(&store, batch.into_iter().map(prepared).collect()).await;
            is_as_the_model(&store, &model).await;
        }
    }
}

/// Once the videos are stored, the order of records with times does not matter.
#[tokio::test]
async fn the_order_of_timed_records_does_not_matter() {
    let mut chance = TestRunner::deterministic();
    for _ in 0..30 {
        let all: Vec<(u64, Event)> = events().new_tree(&mut chance).expect("events").current().concat();
        let shuffled = Just(all.clone()).prop_shuffle().new_tree(&mut chance).expect("an order").current();
        let mut states: Vec<Vec<String>> = Vec::new();
        for order in [all, shuffled] {
            let folder = tempfile::tempdir().expect("a folder");
            let store = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
            record(&store, (1..8).map(|video| reading(video, Some(-1), 1, &TAGS)).collect()).await;
            for part in order.chunks(3) {
                record(&store, part.iter().copied().map(prepared).collect()).await;
            }
            let mut all = Vec::new();
            for tag in TAGS {
                let hashtag = found(&store, tag).await;
                all.push(format!("{:?} {:?}", hashtag.observed, shown(&store, tag).await));
            }
            states.push(all);
        }
        assert_eq!(states[0], states[1]);
    }
}
