//! Creators known by handle alone: their identity does not depend on the order of the records, their
//! transactions, or the backend. Compared with a model that reads all records at once.
#![cfg(unix)]

use domain::fragment;
use domain::observation::{TagRef, VideoCounts};
use domain::video::{Author, VideoDetails};
use domain::{AuthorId, Count, Creator, Handle, Source, Tag, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use store::record::{Prepared, PreparedVideo};
use store::samples::{CreatorsPart, SamplePart};
use store::{Store, StoreOptions};
use testkit::TestStore;
use testkit::postgres::TestDatabase;

const TAGS: [&str; 2] = ["cat", "dog"];
const HANDLES: [&str; 3] = ["@Ann", "ann.b", "BOB"];

/// A short form of a video's record. Its creator follows from its id, so that no two records contradict each
/// other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Record {
    video: u64,
    has_id: bool,
    handle: Option<usize>,
    tags: [bool; 2],
    plays: u64,
}

impl Record {
    fn owner(&self) -> Option<AuthorId> {
        self.has_id.then(|| (self.video % 3 + 1).try_into().expect("an id"))
    }

    fn handle(&self) -> Option<Handle> {
        self.handle.and_then(|n| Handle::new(HANDLES[n]))
    }

    fn tags(&self) -> impl Iterator<Item = &'static str> {
        TAGS.into_iter().zip(self.tags).filter(|(_, is_there)| *is_there).map(|(tag, _)| tag)
    }

    fn prepared(&self) -> Prepared {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut digest = DefaultHasher::new();
        self.hash(&mut digest);
        let id = self.video.try_into().expect("an id");
        let counts = VideoCounts { plays: Count::exact(self.plays), ..VideoCounts::default() };
        let name = self.handle.map_or("", |n| HANDLES[n].trim_start_matches('@'));
        let author = Author { unique_id: name.to_owned(), ..Author::default() };
        Prepared::Video(Box::new(PreparedVideo {
            id,
            digest: digest.finish(),
            source: Source::Apify,
            observed_at: Some(Timestamp::from_ms(1_700_000_000_000)),
            author: self.owner(),
            handle: self.handle(),
            create_time: None,
            region: None,
            tags: self.tags().map(|tag| TagRef { tag: Tag::new(tag).expect("a tag"), id: None }).collect(),
            counts,
            has_caption_tags: false,
            packed: fragment::pack(id, &VideoDetails { author, ..VideoDetails::default() }, &counts),
        }))
    }
}

/// For each hashtag: creators, those by handle, and the creator of each video.
type Facts = BTreeMap<&'static str, (u64, u64, BTreeMap<u64, Option<Creator>>)>;

/// Computes the facts from all records at once.
fn model(records: &[Record]) -> Facts {
    let mut owners: BTreeMap<Handle, BTreeSet<AuthorId>> = BTreeMap::new();
    for record in records {
        if let (Some(handle), Some(id)) = (record.handle(), record.owner()) {
            owners.entry(handle).or_default().insert(id);
        }
    }
    let creator = |video: u64| -> Option<Creator> {
        let of = || records.iter().filter(|record| record.video == video);
        if let Some(id) = of().find_map(Record::owner) {
            return Some(id.into());
        }
        let handle = of().filter_map(Record::handle).min()?;
        match owners.get(&handle).map(|ids| ids.iter().copied().collect::<Vec<_>>()).as_deref() {
            Some([id]) => Some((*id).into()),
            _ => Some(handle.into()),
        }
    };
    let mut facts = Facts::new();
    for record in records {
        for tag in record.tags() {
            facts.entry(tag).or_default().2.insert(record.video, creator(record.video));
        }
    }
    for (creators, by_handle, videos) in facts.values_mut() {
        let all: BTreeSet<Creator> = videos.values().copied().flatten().collect();
        *creators = all.len() as u64;
        *by_handle = all.iter().filter(|creator| creator.is_by_handle()).count() as u64;
    }
    facts
}

async fn facts(store: &Store) -> Facts {
    let mut facts = Facts::new();
    for hashtag in store.hashtags_after(None, 10).await.expect("hashtags") {
        let under = store.videos_under(hashtag.row, None, 100).await.expect("videos").videos;
        let videos: BTreeMap<u64, Option<Creator>> =
            under.iter().map(|video| (video.id.get(), video.author)).collect();
        let part = SamplePart::Creators(CreatorsPart::ALL);
        let sample = store.sample(hashtag.row, part).await.expect("a sample");
        let sampled = sample.videos().iter().map(|video| (video.id().get(), video.author()));
        assert_eq!(sampled.collect::<BTreeMap<_, _>>(), videos);
        let tag = TAGS.into_iter().find(|tag| *tag == hashtag.tag.name()).expect("one of them");
        facts.insert(tag, (hashtag.observed.creators, hashtag.observed.by_handle, videos));
    }
    facts
}

async fn record(store: &Store, records: &[Record], cut: usize) {
    for part in records.chunks(cut) {
        store.record_all(part.iter().map(Record::prepared).collect()).await.expect("recorded");
    }
}

fn any_record() -> impl Strategy<Value = Record> {
    let handle = proptest::option::weighted(0.8, 0..HANDLES.len());
    (1_u64..7, proptest::bool::weighted(0.35), handle, [any::<bool>(), any::<bool>()], 0_u64..3)
        .prop_map(|(video, has_id, handle, tags, plays)| Record { video, has_id, handle, tags, plays })
}

fn any_records() -> impl Strategy<Value = (Vec<Record>, Vec<Record>)> {
    proptest::collection::vec(any_record(), 1..24)
        .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle()))
}

fn run<T>(case: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(case)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn creators_are_the_same_in_whatever_order_records_come((records, other) in any_records(), cut in 1_usize..25) {
        run(async {
            let want = model(&records);
            for order in [records, other] {
                let folder = tempfile::tempdir().expect("a folder");
                let store = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
                record(&store, &order, cut).await;
                prop_assert_eq!(&facts(&store).await, &want);
            }
            Ok(())
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn and_so_they_are_on_postgres((records, other) in any_records(), cut in 1_usize..25) {
        run(async {
            let want = model(&records);
            for order in [records, other] {
                let Some(database) = TestDatabase::create().await else { return Ok(()) };
                let store = database.open().await;
                record(&store, &order, cut).await;
                prop_assert_eq!(&facts(&store).await, &want);
            }
            Ok(())
        })?;
    }
}

fn by(video: u64, has_id: bool, handle: Option<usize>) -> Record {
    Record { video, has_id, handle, tags: [true, false], plays: 10 }
}

async fn counted(store: &Store) -> (u64, u64) {
    let facts = facts(store).await;
    (facts["cat"].0, facts["cat"].1)
}

testkit::on_each_backend! {
    async fn a_handle_joins_the_id_that_comes_with_it_later_and_leaves_it_when_a_second_one_does(fixture: &TestStore) {
        let store = fixture.store();
        // Videos 3 and 6 are of creator 1, and 1 and 4 of creator 2.
        record(store, &[by(3, false, Some(0)), by(6, false, Some(0)), by(1, true, Some(1))], 9).await;
        assert_eq!(counted(store).await, (2, 1), "two videos of one handle are of one creator");
        record(store, &[by(9, true, Some(0))], 9).await;
        assert_eq!(counted(store).await, (2, 0), "the handle is that of creator 1");
        record(store, &[by(4, true, Some(0))], 9).await;
        assert_eq!(counted(store).await, (3, 1), "it was given with two ids: it is joined to neither");
        record(store, &[by(3, true, None), by(6, true, None)], 9).await;
        assert_eq!(counted(store).await, (2, 0), "both videos have their own id now");
    }

    async fn videos_from_before_get_their_creators_when_they_are_opened(fixture: &TestStore) {
        let store = fixture.store();
        let records = [by(3, false, Some(0)), by(6, false, Some(0)), by(2, false, Some(2)), by(1, true, Some(1)), by(5, false, None)];
        record(store, &records, 9).await;
        record(store, &[by(7, false, Some(1))], 9).await;
        let want = facts(store).await;
        assert_eq!(counted(store).await, (3, 2));
        // The state before handles were read: they are in the videos' JSON alone.
        fixture.sql("DELETE FROM tagmeter.handles");
        fixture.sql("UPDATE tagmeter.links SET author = 0 WHERE author < 0");
        fixture.sql("UPDATE tagmeter.links SET author = 0 WHERE video = 6");
        fixture.sql("UPDATE tagmeter.videos SET author = NULL, handle = NULL WHERE handle IS NOT NULL");
        fixture.sql("UPDATE tagmeter.hashtags SET held_creators = 1, held_by_handle = 0, held_at = NULL");
        fixture.sql("UPDATE tagmeter.store SET backfill_video = 6");
        let again = fixture.again().await;
        assert_eq!(facts(&again).await, want);
        let cat = again.hashtags_after(None, 1).await.expect("hashtags").remove(0);
        assert_eq!(cat.observed.read_at, Some(Timestamp::from_ms(1_700_000_000_000)));
        assert_eq!(facts(&fixture.again().await).await, want);
    }
}
