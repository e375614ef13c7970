//! The same observations leave the same rows on SQLite and on PostgreSQL, whatever the transactions, and both
//! give the same answers.
#![cfg(unix)]

use domain::fragment;
use domain::observation::{HashtagCounts, HashtagDetails, TagRef, VideoCounts, WindowObservation};
use domain::video::VideoDetails;
use domain::{Count, Handle, Hashtag, HashtagObservation, HashtagRow, Source, Tag, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::hash::{DefaultHasher, Hash, Hasher};
use store::forget::ForgottenVideos;
use store::record::{Prepared, PreparedRemoval, PreparedVideo, Recorded};
use store::videos::VideoRow;
use store::{Store, StoreOptions};
use testkit::postgres::TestDatabase;

const TAGS: [&str; 5] = ["Cat", "dog", "fyp", "καλό", "犬"];
const SOURCES: [Source; 3] = [Source::WebItem, Source::WebChallenge, Source::Series];
/// 2019, the turn to 2020 and later, and times outside the years with a table.
const TIMES_S: [i64; 8] = [
    1_577_836_799,
    1_577_836_800,
    1_700_000_000,
    1_700_000_001,
    1_700_000_002,
    1_900_000_000,
    -5,
    9_000_000_000,
];

/// Tables of both, with columns and order, without the links' ids of videos, which only PostgreSQL has.
const TABLES: [(&str, &str); 12] = [
    (
        "hashtags",
        "hashtag, name, id, changed, held_videos, held_views, held_creators, held_by_handle, held_at, held_sources, held_caveats, assigned_id, views, views_at, \
         creators, creators_at, videos, videos_at, rounded, description, #is_pgcshow, #is_commerce, #is_challenge, #is_strong_music, kind, \
         cover, details_at",
    ),
    ("hashtag_keys", "key, hashtag"),
    ("hashtag_ids", "id, hashtag"),
    ("handles", "handle, author"),
    ("video_ids", "id, video, digest"),
    (
        "videos",
        "video, id, author, create_time, region, observed_at, plays, likes, comments, shares, saves, downloads, \
         rounded, plays_at, likes_at, comments_at, shares_at, saves_at, downloads_at, tags, handle, removed_at",
    ),
    ("video_fragments", "video, packed"),
    ("links", "hashtag, author, video, plays, region"),
    (
        "hashtag_snapshots",
        "hashtag, observed_at, source, views, creators, videos, rounded, readings, last_at, later",
    ),
    ("hashtag_windows", "hashtag, observed_at, source, country, window_days, views, posts, rank, industry"),
    (
        "video_snapshots",
        "video, observed_at, source, plays, likes, comments, shares, saves, downloads, rounded",
    ),
    ("changes", "sequence, hashtags"),
];

/// A short form of an observation. Tags are numbers in [`TAGS`]; the id of a tag is optional.
#[derive(Debug, Clone, Hash)]
enum Observation {
    Video {
        id: u64,
        author: Option<u64>,
        /// 0 to 2: handles with several ids.
        handle: Option<u8>,
        at: Option<usize>,
        source: usize,
        counts: [Option<u64>; 3],
        tags: Vec<(usize, Option<u64>)>,
        region: Option<bool>,
        title: Option<u8>,
    },
    Hashtag {
        tag: (usize, Option<u64>),
        at: Option<usize>,
        source: usize,
        counts: [Option<u64>; 3],
        description: Option<u8>,
        kind: Option<i64>,
    },
    Removed {
        id: u64,
        at: Option<usize>,
    },
    Window {
        tag: (usize, Option<u64>),
        at: usize,
        country: bool,
        counts: [Option<u64>; 3],
        days: Option<u32>,
    },
}

fn tag_ref((tag, id): (usize, Option<u64>)) -> TagRef {
    let id = id.map(|id| id.try_into().expect("an id"));
    TagRef { tag: Tag::new(TAGS[tag]).expect("a tag"), id }
}

fn at(time: Option<usize>) -> Option<Timestamp> {
    time.map(|time| Timestamp::from_ms(TIMES_S[time] * 1000))
}

/// Returns a count; 3 becomes a rounded one.
fn count(known: Option<u64>) -> Option<Count> {
    known.and_then(|n| if n == 3 { Count::rounded(1_200_000) } else { Count::exact(n) })
}

fn prepared(observation: &Observation) -> Prepared {
    match observation.clone() {
        Observation::Video { id, author, handle, at: time, source, counts, tags, region, title } => {
            let id = id.try_into().expect("an id");
            let [plays, likes, downloads] = counts.map(count);
            let counts = VideoCounts { plays, likes, downloads, ..VideoCounts::default() };
            let region = region.and_then(|is_us| if is_us { "US" } else { "DE" }.parse().ok());
            let title = title.map_or_else(String::new, |n| format!("title {n}"));
            let details = VideoDetails { region, title, ..VideoDetails::default() };
            let mut hasher = DefaultHasher::new();
            observation.hash(&mut hasher);
            Prepared::Video(Box::new(PreparedVideo {
                id,
                digest: hasher.finish(),
                source: SOURCES[source],
                observed_at: at(time),
                author: author.map(|a| a.try_into().expect("an id")),
                handle: handle.and_then(|n| Handle::new(&format!("@Creator{n}"))),
                create_time: None,
                region,
                tags: tags.into_iter().map(tag_ref).collect(),
                counts,
                has_caption_tags: false,
                packed: fragment::pack(id, &details, &counts),
            }))
        }
        Observation::Hashtag { tag, at: time, source, counts, description, kind } => {
            let [views, creators, videos] = counts.map(count);
            // Some of them contain what PostgreSQL's text cannot.
            let description =
                description.map(|n| if n == 0 { "a\0b".to_owned() } else { format!("it's {n}") });
            Prepared::Hashtag(Box::new(HashtagObservation {
                tag: tag_ref(tag),
                source: SOURCES[source],
                observed_at: at(time),
                counts: HashtagCounts { views, creators, videos },
                details: HashtagDetails {
                    description,
                    kind,
                    is_commerce: kind.map(|kind| kind > 1),
                    ..HashtagDetails::default()
                },
            }))
        }
        // The current time means no time.
        Observation::Removed { id, at: time } => Prepared::Removed(PreparedRemoval {
            id: id.try_into().expect("an id"),
            at: at(time.or(Some(4))).expect("a time"),
            is_timed: time.is_some(),
        }),
        Observation::Window { tag, at: time, country, counts: [views, posts, rank], days } => {
            Prepared::Window(Box::new(WindowObservation {
                tag: tag_ref(tag),
                source: Source::CreativeCenter,
                observed_at: Timestamp::from_ms(TIMES_S[time] * 1000),
                country: if country { "Malaysia" } else { "" }.to_owned(),
                window_days: days,
                views,
                posts,
                rank,
                industry: views.map_or_else(String::new, |n| format!("branch {n}")),
            }))
        }
    }
}

fn any_counts() -> impl Strategy<Value = [Option<u64>; 3]> {
    proptest::array::uniform3(proptest::option::weighted(0.8, 0_u64..4))
}

fn any_time() -> impl Strategy<Value = Option<usize>> {
    proptest::option::weighted(0.9, 0..TIMES_S.len())
}

/// Tags have ids of their own, unless `shared`, so that the order of writes in a transaction does not matter.
fn any_tag(shared: bool) -> impl Strategy<Value = (usize, Option<u64>)> {
    (0..TAGS.len(), proptest::option::of(1_u64..3))
        .prop_map(move |(tag, id)| (tag, id.map(|id| if shared { id } else { 10 * (tag as u64 + 1) + id })))
}

fn any_observation(shared: bool) -> impl Strategy<Value = Observation> {
    let tags = proptest::collection::vec(any_tag(shared), 0..4).prop_map(|mut tags| {
        // Each key once, as from the sources.
        tags.sort_unstable();
        tags.dedup_by_key(|(tag, _)| *tag);
        tags
    });
    let video =
        (
            1_u64..6,
            (proptest::option::weighted(0.4, 1_u64..4), proptest::option::weighted(0.7, 0_u8..3)),
            any_time(),
            0..SOURCES.len(),
            any_counts(),
            tags,
            proptest::option::weighted(0.3, any::<bool>()),
            proptest::option::weighted(0.3, 0_u8..3),
        )
            .prop_map(|(id, (author, handle), at, source, counts, tags, region, title)| {
                Observation::Video { id, author, handle, at, source, counts, tags, region, title }
            });
    let hashtag = (
        any_tag(shared),
        any_time(),
        0..SOURCES.len(),
        any_counts(),
        proptest::option::weighted(0.3, 0_u8..3),
        proptest::option::weighted(0.3, 1_i64..3),
    )
        .prop_map(|(tag, at, source, counts, description, kind)| Observation::Hashtag {
            tag,
            at,
            source,
            counts,
            description,
            kind,
        });
    let window = (
        any_tag(shared),
        0..TIMES_S.len(),
        any::<bool>(),
        any_counts(),
        proptest::option::of(prop_oneof![Just(7), Just(30)]),
    )
        .prop_map(|(tag, at, country, counts, days)| Observation::Window {
            tag,
            at,
            country,
            counts,
            days,
        });
    let removed = (1_u64..6, any_time()).prop_map(|(id, at)| Observation::Removed { id, at });
    prop_oneof![6 => video, 4 => hashtag, 2 => window, 2 => removed]
}

async fn record(store: &Store, observations: &[Observation], cut: usize) -> Recorded {
    let mut recorded = Recorded::default();
    for part in observations.chunks(cut) {
        recorded.add(&store.record_all(part.iter().map(prepared).collect()).await.expect("recorded"));
    }
    recorded
}

/// Returns the rows of a SQLite file, formatted like `psql`'s.
fn rows_of_sqlite(catalog: &rusqlite::Connection, table: &str, columns: &str) -> Vec<String> {
    let columns = columns.replace('#', "");
    let sql = format!("SELECT {columns} FROM {table}");
    let mut statement = catalog.prepare(&sql).expect(&sql);
    let count = statement.column_count();
    let text = |row: &rusqlite::Row<'_>| {
        let values = (0..count).map(|n| match row.get_ref(n).expect("a value") {
            rusqlite::types::ValueRef::Null => String::new(),
            rusqlite::types::ValueRef::Integer(n) => n.to_string(),
            rusqlite::types::ValueRef::Real(n) => n.to_string(),
            rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            rusqlite::types::ValueRef::Blob(bytes) => {
                bytes.iter().fold("\\x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
            }
        });
        Ok(values.collect::<Vec<_>>().join("|"))
    };
    let rows = statement.query_map([], text).expect(&sql).map(|row| row.expect("a row"));
    let mut rows: Vec<String> = rows.collect();
    rows.sort_unstable();
    rows
}

fn rows_of_postgres(database: &TestDatabase, table: &str, columns: &str) -> Vec<String> {
    let columns: Vec<String> = columns
        .split(", ")
        .map(|column| {
            column.strip_prefix('#').map_or_else(|| column.to_owned(), |flag| format!("{flag}::int"))
        })
        .collect();
    let printed = database.sql(&format!("SELECT {} FROM tagmeter.{table}", columns.join(", ")));
    let mut rows: Vec<String> = printed.lines().map(str::to_owned).collect();
    rows.sort_unstable();
    rows
}

/// Returns all answers of the store, without `changed` if transactions differed.
async fn answers(store: &Store, with_changed: bool) -> Vec<String> {
    let mut answers = Vec::new();
    let size = store.catalog_size().await.expect("a size");
    answers.push(format!("{size:?}"));
    for hashtag in store.hashtags_after(None, 1000).await.expect("hashtags") {
        let row = hashtag.row;
        let changed = if with_changed { hashtag.changed } else { 0 };
        answers.push(format!("{:?}", Hashtag { changed, ..hashtag }));
        for region in [None, "US".parse().ok()] {
            answers.push(format!("{:?}", store.ranking(row, region).await.expect("a ranking")));
        }
        answers.push(format!("{:?}", store.hashtag_snapshots(row, None, 1000).await.expect("a series")));
        answers.push(format!("{:?}", store.hashtag_windows(row, 1000).await.expect("windows")));
    }
    let all = store.creators_of_rows(VideoRow(1)..=size.last_video).await.expect("videos");
    answers.push(format!("{all:?}"));
    let videos: Vec<VideoRow> = all.iter().map(|(row, ..)| *row).collect();
    for packed in store.packed(&videos).await.expect("videos") {
        answers.push(String::from_utf8(packed).expect("UTF-8"));
    }
    answers.push(format!("{:?}", store.videos_of_rows(VideoRow(1)..=size.last_video).await.expect("videos")));
    for id in 1_u64..6 {
        let id = id.try_into().expect("an id");
        answers.push(format!("{:?}", store.video_snapshots(id, None, 1000).await.expect("a series")));
    }
    if with_changed {
        let sequence = store.sequence().await.expect("a sequence");
        for after in 0..=sequence + 1 {
            answers.push(format!("{:?}", store.changes_since(after).await.expect("changes")));
        }
    }
    answers
}

async fn forget(store: &Store, videos: &[u64]) -> ForgottenVideos {
    let ids = videos.iter().map(|id| (*id).try_into().expect("an id")).collect();
    store.forget_videos(ids).await.expect("forgotten")
}

async fn both_store_the_same(
    observations: &[Observation],
    cut: usize,
    other_cut: Option<usize>,
    forgotten: &[u64],
) -> Result<(), TestCaseError> {
    let Some(database) = TestDatabase::create().await else { return Ok(()) };
    let postgres = database.open().await;
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
    let mut recorded = Vec::new();
    // Twice: the second time everything is stored already and nothing may change.
    for _ in 0..2 {
        let here = record(&sqlite, observations, cut).await;
        prop_assert_eq!(record(&postgres, observations, cut).await, here);
        recorded.push(here);
        prop_assert_eq!(forget(&postgres, forgotten).await, forget(&sqlite, forgotten).await);
    }
    prop_assert_eq!(sqlite.check_sums().await.expect("a report").off, 0);
    let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).expect("a file");
    for (table, columns) in TABLES {
        let here = rows_of_sqlite(&catalog, table, columns);
        prop_assert_eq!(rows_of_postgres(&database, table, columns), here, "{}", table);
    }
    let strays =
        "SELECT count(*) FROM tagmeter.links JOIN tagmeter.videos USING (video) WHERE links.id <> videos.id";
    let strays = database.sql(strays);
    prop_assert_eq!(strays.trim(), "0");
    prop_assert_eq!(answers(&postgres, true).await, answers(&sqlite, true).await);
    if let Some(cut) = other_cut {
        let database = TestDatabase::create().await.expect("PostgreSQL is here");
        let postgres = database.open().await;
        for _ in 0..2 {
            record(&postgres, observations, cut).await;
            forget(&postgres, forgotten).await;
        }
        prop_assert_eq!(answers(&postgres, false).await, answers(&sqlite, false).await);
    }
    Ok(())
}

fn run(case: impl Future<Output = Result<(), TestCaseError>>) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(case)
}

/// Number of random cases: more for `scripts/soak.sh differential`.
#[expect(clippy::disallowed_methods, reason = "a setting of this test")]
fn cases() -> u32 {
    std::env::var("TAGMETER_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]
    #[test]
    fn the_same_observations_leave_the_same_rows(
        observations in proptest::collection::vec(any_observation(false), 1..60),
        cut in 1_usize..30,
        other_cut in 1_usize..61,
        forgotten in proptest::collection::vec(1_u64..6, 0..3),
    ) {
        run(both_store_the_same(&observations, cut, Some(other_cut), &forgotten))?;
    }

    #[test]
    fn ids_of_several_tags_lead_to_the_same_one(
        observations in proptest::collection::vec(any_observation(true), 1..40),
        cut in 1_usize..20,
    ) {
        run(both_store_the_same(&observations, cut, None, &[]))?;
    }
}

/// Returns readings of videos `from..to`, two tags each, for tests with more than a group of records.
fn many(from: u64, to: u64, time: usize) -> Vec<Prepared> {
    let video = |id: u64| {
        prepared(&Observation::Video {
            id,
            author: (!id.is_multiple_of(3)).then_some(id % 7 + 1),
            handle: Some((id % 7) as u8),
            at: Some(time),
            source: 0,
            counts: [Some(id % 50 + time as u64), Some(id % 3), None],
            tags: vec![(id as usize % 5, Some(id % 5 + 1)), ((id as usize + 1) % 5, None)],
            region: None,
            title: None,
        })
    };
    (from..to).map(video).collect()
}

/// More than one group of records in a transaction, and videos that recur in another group.
#[tokio::test]
async fn transactions_of_several_groups_leave_the_same_rows() {
    let Some(database) = TestDatabase::create().await else { return };
    let postgres = database.open().await;
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
    for store in [&sqlite, &postgres] {
        let (send, chunks) = std::sync::mpsc::sync_channel(100);
        for part in [many(1, 6000, 2), many(3000, 9000, 4), many(1, 2000, 3), many(8000, 9000, 2)] {
            send.send(part).expect("room");
        }
        drop(send);
        let (recorded, _) = store.record(chunks, u64::MAX, Timestamp::from_ms(1)).await.expect("recorded");
        assert_eq!((recorded.video_records, recorded.videos_new), (14_998, 8_999));
    }
    let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).expect("a file");
    for (table, columns) in TABLES {
        let (there, here) =
            (rows_of_postgres(&database, table, columns), rows_of_sqlite(&catalog, table, columns));
        assert!(there == here, "{table}: {} and {} rows", there.len(), here.len());
    }
}

/// Two nodes that import at the same time leave the same rows as one after the other, except for their order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_import_at_once_take_turns() {
    let Some(database) = TestDatabase::create().await else { return };
    let nodes = [database.open().await, database.open().await];
    let import = |store: Store, from: u64| async move {
        let mut recorded = Recorded::default();
        for part in 0..10 {
            let first = from + part * 40;
            recorded.add(&store.record_all(many(first, first + 60, 2)).await.expect("recorded"));
        }
        recorded
    };
    let [one, other] = nodes.clone();
    let tasks = [tokio::spawn(import(one, 1)), tokio::spawn(import(other, 201))];
    let mut videos_new = 0;
    for task in tasks {
        videos_new += task.await.expect("no panic").videos_new;
    }
    assert_eq!(videos_new, 620, "each video is new once");
    let folder = tempfile::tempdir().expect("a folder");
    let alone = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
    alone.record_all(many(1, 621, 2)).await.expect("recorded");
    let sums = |hashtags: Vec<Hashtag>| {
        let mut sums: Vec<_> =
            hashtags.into_iter().map(|h| (h.tag.name().to_owned(), h.id, h.observed)).collect();
        sums.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        sums
    };
    let fixture = nodes[0].hashtags_after(None, 100).await.expect("hashtags");
    assert_eq!(sums(fixture), sums(alone.hashtags_after(None, 100).await.expect("hashtags")));
    // Sequences are assigned one after the other and each is listed.
    let sequence = nodes[1].sequence().await.expect("a sequence");
    let all = (1..=5).map(HashtagRow).collect();
    let changes = nodes[1].changes_since(0).await.expect("changes");
    assert_eq!(changes, store::hashtags::Changes::Hashtags { hashtags: all, sequence });
}

/// Runs on a cluster of Citus, where each statement is planned for many shards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_gives_the_same_answers() {
    let Some(cluster) = testkit::postgres::CitusCluster::start() else { return };
    let citus = cluster.open().await;
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
    let mut chance = proptest::test_runner::TestRunner::deterministic();
    let any = proptest::collection::vec(any_observation(true), 200);
    let observations = any.new_tree(&mut chance).expect("observations").current();
    for _ in 0..2 {
        let here = record(&sqlite, &observations, 20).await;
        assert_eq!(record(&citus, &observations, 20).await, here);
    }
    assert_eq!(answers(&citus, true).await, answers(&sqlite, true).await);
}
