//! Forgetting for good: no row, no frozen ranking and no stored answer is left, sums stay exact, and no old
//! file restores what was forgotten.

use domain::observation::{TagRef, VideoCounts};
use domain::video::{Author, VideoDetails};
use domain::{
    Count, Creator, Credits, Handle, Hashtag, Operation, RequestId, Source, Tag, TagKey, Timestamp, VideoId,
    fragment,
};
use std::collections::{BTreeSet, HashSet};
use store::accounts::AccountCreated;
use store::forget::{Forgettable, HandleOwner, Named};
use store::idempotency::{Fingerprint, Idempotent, StoredAnswer};
use store::ledger::{Charge, ChargeOutcome};
use store::record::{Prepared, PreparedRemoval, PreparedVideo, Recorded};
use store::transfer::transfer;
use store::videos::VideoRow;
use store::{Store, StoreOptions};
use testkit::TestStore;

const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);
/// A caption that occurs nowhere else.
const CAPTION: &str = "a caption of five words";

fn id(video: u64) -> VideoId {
    (7_000_000_000_000_000_000 + video).try_into().expect("an id")
}

fn handle(name: &str) -> Handle {
    Handle::new(name).expect("a handle")
}

/// Returns a reading of a video by the creator of this number and handle.
fn reading(video: u64, by: Option<u64>, name: &str, minute: i64) -> Prepared {
    let counts = VideoCounts { plays: Count::exact(video * 10), ..VideoCounts::default() };
    let details = VideoDetails {
        title: format!("{CAPTION} {video}"),
        author: Author { unique_id: name.to_owned(), ..Author::default() },
        ..VideoDetails::default()
    };
    let tags = ["cat", if video.is_multiple_of(2) { "even" } else { "odd" }];
    Prepared::Video(Box::new(PreparedVideo {
        id: id(video),
        digest: video * 100 + minute.unsigned_abs(),
        source: Source::WebItem,
        observed_at: Some(Timestamp::from_ms(1_700_000_000_000 + minute * 60_000)),
        author: by.map(|by| by.try_into().expect("an id")),
        handle: Handle::new(name),
        create_time: None,
        region: None,
        tags: tags.map(|tag| TagRef { tag: Tag::new(tag).expect("a tag"), id: None }).to_vec(),
        counts,
        has_caption_tags: false,
        packed: fragment::pack(id(video), &details, &counts),
    }))
}

async fn record(store: &Store, records: Vec<Prepared>) -> Recorded {
    store.record_all(records).await.expect("recorded")
}

async fn found(store: &Store, name: &str) -> Hashtag {
    let key = TagKey::new(name).expect("a tag");
    store.hashtag_by_key(&key).await.expect("an answer").expect("a hashtag")
}

async fn sums(store: &Store, name: &str) -> (u64, Option<u64>, u64) {
    let observed = found(store, name).await.observed;
    (observed.videos, observed.views, observed.creators)
}

/// Records ten videos by five creators, two each.
async fn filled(store: &Store) {
    let all = (1..=10).map(|video| reading(video, Some(video % 5 + 1), &format!("user{}", video % 5 + 1), 1));
    record(store, all.collect()).await;
}

async fn is_sound(store: &Store) {
    assert_eq!(store.check_sums().await.expect("a report").off, 0);
}

testkit::on_each_backend! {
    async fn no_row_of_a_forgotten_video_is_left(fixture: &TestStore) {
        let store = fixture.store();
        filled(store).await;
        record(store, vec![reading(9, Some(5), "user5", 2)]).await;
        let before = store.sequence().await.expect("a sequence");
        let wanted = [id(9), id(10), id(77)];
        let plan = store.forgettable(&wanted).await.expect("a plan");
        assert_eq!(plan, Forgettable { videos: 2, snapshots: 3 });
        assert_eq!(sums(store, "cat").await.0, 10, "a plan changes nothing");

        let forgotten = store.forget_videos(wanted.to_vec()).await.expect("forgotten");
        assert_eq!((forgotten.videos, forgotten.snapshots), (2, 3));
        let creator = |id: u64| Creator::from(domain::AuthorId::try_from(id).expect("an id"));
        assert_eq!(forgotten.creators, BTreeSet::from([creator(5), creator(1)]));
        assert_eq!(forgotten.hashtags.len(), 3);
        assert_eq!(sums(store, "cat").await, (8, Some(360), 5));
        assert_eq!((sums(store, "odd").await, sums(store, "even").await), ((4, Some(160), 4), (4, Some(200), 4)));
        assert_eq!(store.video_rows(&wanted).await.expect("rows"), []);
        for id in wanted {
            assert_eq!(store.video_snapshots(id, None, 10).await.expect("a series"), [], "{id}");
        }
        assert_eq!(store.ranking(found(store, "cat").await.row, None).await.expect("a ranking").len(), 8);
        let size = store.catalog_size().await.expect("a size");
        assert_eq!((size.videos, size.removed, size.last_video), (8, 0, VideoRow(10)));
        assert!(store.sequence().await.expect("a sequence") > before);
        is_sound(store).await;

        // The old file again: forgotten data is skipped, and its row is not reassigned.
        let again = (1..=11).map(|video| reading(video, Some(video % 5 + 1), &format!("user{}", video % 5 + 1), 3));
        let recorded = record(store, again.chain([reading(77, Some(1), "user1", 1)]).collect()).await;
        assert_eq!((recorded.videos_forgotten, recorded.videos_new, recorded.video_records), (3, 1, 12));
        assert_eq!(store.video_rows(&[id(11)]).await.expect("rows"), [VideoRow(11)]);
        assert_eq!(sums(store, "cat").await, (9, Some(470), 5));
        // The second time it finds nothing.
        assert_eq!(store.forget_videos(wanted.to_vec()).await.expect("forgotten").videos, 0);

        assert_eq!(store.allow_again(&[id(9), id(3)], &BTreeSet::new()).await.expect("lifted"), 1);
        let recorded = record(store, vec![reading(9, Some(5), "user5", 1), reading(10, Some(1), "user1", 4)]).await;
        assert_eq!((recorded.videos_new, recorded.videos_forgotten), (1, 1));
        assert_eq!(sums(store, "cat").await, (10, Some(560), 5));
        is_sound(store).await;
    }

    async fn removed_videos_can_be_forgotten(fixture: &TestStore) {
        let store = fixture.store();
        filled(store).await;
        let at = Timestamp::from_ms(1_800_000_000_000);
        record(store, vec![Prepared::Removed(PreparedRemoval { id: id(1), at, is_timed: true })]).await;
        assert_eq!(store.catalog_size().await.expect("a size").removed, 1);
        let forgotten = store.forget_videos(vec![id(1), id(1)]).await.expect("forgotten");
        assert_eq!((forgotten.videos, forgotten.hashtags.len()), (1, 2));
        let size = store.catalog_size().await.expect("a size");
        assert_eq!((size.videos, size.removed), (9, 0));
        assert_eq!(sums(store, "cat").await, (9, Some(540), 5));
        let recorded = record(store, vec![Prepared::Removed(PreparedRemoval { id: id(1), at, is_timed: true })]).await;
        assert_eq!(recorded.removals_unknown, 1);
        is_sound(store).await;
    }

    async fn imports_skip_forgotten_creators_and_all_their_videos(fixture: &TestStore) {
        let store = fixture.store();
        filled(store).await;
        record(store, vec![reading(20, None, "byname", 1), reading(21, Some(8), "twice", 1), reading(22, Some(9), "twice", 1)]).await;
        let handles = ["user2", "byname", "twice", "nobody"].map(handle);
        let owners = store.owners_of(&handles).await.expect("owners");
        let two = Creator::from(domain::AuthorId::try_from(2).expect("an id"));
        assert_eq!(owners[&handles[0]], HandleOwner::Creator(two));
        assert_eq!(owners[&handles[1]], HandleOwner::Unknown);
        assert_eq!(owners[&handles[2]], HandleOwner::Several);
        assert_eq!(owners[&handles[3]], HandleOwner::Unknown);

        let creators = BTreeSet::from([handles[0].into(), two, handles[1].into()]);
        assert_eq!(store.forget_creators(&creators).await.expect("forgotten"), 1, "one handle had an owner");
        let last = store.catalog_size().await.expect("a size").last_video;
        let rows = store.creators_of_rows(VideoRow(1)..=last).await.expect("rows");
        let theirs = rows.iter().filter(|(_, _, by)| by.is_some_and(|by| creators.contains(&by)));
        let theirs: Vec<VideoId> = theirs.map(|(_, id, _)| *id).collect();
        assert_eq!(theirs, [id(1), id(6), id(20)]);
        store.forget_videos(theirs).await.expect("forgotten");
        assert_eq!(sums(store, "cat").await, (10, Some(910), 6));
        // By either name, and with videos that were never stored.
        let more = vec![
            reading(30, Some(2), "renamed", 1),
            reading(31, None, "@User2", 1),
            reading(32, None, "byname", 1),
            reading(33, Some(3), "user3", 1),
        ];
        let recorded = record(store, more).await;
        assert_eq!((recorded.videos_forgotten, recorded.videos_new), (3, 1));
        assert_eq!(store.owners_of(&handles[..1]).await.expect("owners")[&handles[0]], HandleOwner::Unknown);
        assert_eq!(store.allow_again(&[], &creators).await.expect("lifted"), 3);
        assert_eq!(record(store, vec![reading(30, Some(2), "renamed", 1)]).await.videos_new, 1);
        is_sound(store).await;
    }

    async fn handles_go_with_the_last_video_of_their_owner(fixture: &TestStore) {
        let store = fixture.store();
        filled(store).await;
        let forgotten = store.forget_videos(vec![id(1), id(6), id(2)]).await.expect("forgotten");
        // User 2 has none left, user 3 has one.
        assert_eq!(store.drop_idle_handles(&forgotten.creators).await.expect("dropped"), 1);
        let owners = store.owners_of(&[handle("user2"), handle("user3")]).await.expect("owners");
        assert_eq!(owners[&handle("user2")], HandleOwner::Unknown);
        assert_ne!(owners[&handle("user3")], HandleOwner::Unknown);
        assert_eq!(store.drop_idle_handles(&BTreeSet::new()).await.expect("dropped"), 0);
    }

    async fn frozen_rankings_of_the_hashtags_go(fixture: &TestStore) {
        let store = fixture.store();
        filled(store).await;
        let (even, odd) = (found(store, "even").await, found(store, "odd").await);
        let write = async |hashtag: &Hashtag| {
            let ranking = store.ranking(hashtag.row, None).await.expect("a ranking");
            let before = Timestamp::from_ms(0);
            store.write_generation(hashtag.row, None, hashtag.changed, NOW, before, ranking).await.expect("stored")
        };
        let (of_even, of_odd) = (write(&even).await, write(&odd).await);
        assert_eq!(store.first_page(even.row, of_even.slot, 5).await.expect("a head").map(|head| head.len()), Some(5));
        store.forget_videos(vec![id(2)]).await.expect("forgotten");
        assert_eq!(store.first_page(even.row, of_even.slot, 5).await.expect("a head"), None);
        assert_eq!(store.ranked(even.row, of_even.slot, 0, 5).await.expect("rows"), []);
        assert_eq!(store.ranked(odd.row, of_odd.slot, 0, 5).await.expect("rows").len(), 5, "others go on");
        assert_eq!(store.first_page(odd.row, of_odd.slot, 5).await.expect("a head").map(|head| head.len()), Some(5));
        // The next one has a new number.
        let next = write(&found(store, "even").await).await;
        assert!(next.slot != of_even.slot && next.slot != of_odd.slot);
        store.drop_generations(None).await.expect("dropped");
        assert_eq!(store.ranked(odd.row, of_odd.slot, 0, 5).await.expect("rows"), []);
    }

    async fn stored_answers_that_name_any_of_it_are_deleted(fixture: &TestStore) {
        let store = fixture.store();
        let email = "caller@example.com".parse().expect("an address");
        let made = store.create_account(&email, Credits::new(100).expect("credits"), NOW).await.expect("an account");
        let AccountCreated::Created(account_id) = made else { panic!("{made:?}") };
        let call = |n: u64, body: String| Charge {
            account_id,
            request_id: RequestId::new(NOW, n.into()),
            credits: Credits::new(1).expect("credits"),
            operation: Operation::ChallengeInfoId,
            idempotency: Some(Box::new(Idempotent {
                key: format!("key-{n}").parse().expect("a key"),
                fingerprint: Fingerprint::of(b"/a"),
                answer: StoredAnswer::new(200, "application/json", body.into_bytes()).expect("an answer"),
            })),
            at: NOW,
        };
        let body = |n: u64| match n {
            3 => format!(r#"{{"videos":[{{"aweme_id":"{}"}}]}}"#, id(5)),
            30 => r#"{"creators":[{"handle":"User2"}]}"#.to_owned(),
            _ => format!(r#"{{"videos":[{{"aweme_id":"{}"}}]}}"#, id(1000 + n)),
        };
        for n in 0..40 {
            let paid = store.charge(call(n, body(n))).await.expect("an answer");
            assert!(matches!(paid, ChargeOutcome::Paid(_)), "{paid:?}");
        }
        let named = Named { ids: HashSet::from([id(5).get()]), handles: HashSet::from([handle("user2")]) };
        assert_eq!(store.forget_answers(named.clone()).await.expect("forgotten"), 2);
        assert_eq!(store.forget_answers(named).await.expect("forgotten"), 0);
        let again = store.charge(call(3, "{}".to_owned())).await.expect("an answer");
        assert!(!matches!(again, ChargeOutcome::Replayed { .. }), "{again:?}");
        let again = store.charge(call(4, "{}".to_owned())).await.expect("an answer");
        assert!(matches!(again, ChargeOutcome::Replayed { .. }), "{again:?}");
    }

    async fn forgetting_is_under_way_until_it_ends(fixture: &TestStore) {
        let store = fixture.store();
        filled(store).await;
        assert!(!store.is_forgetting().await.expect("an answer"));
        store.forget_videos(vec![id(1)]).await.expect("forgotten");
        assert!(fixture.again().await.is_forgetting().await.expect("an answer"));
        store.end_forgetting(false).await.expect("ended");
        store.end_forgetting(true).await.expect("ended");
        assert!(!store.is_forgetting().await.expect("an answer"));
        assert_eq!(sums(store, "cat").await.0, 9);
    }
}

/// Returns the bytes of every file of a data folder.
fn bytes_of(folder: &std::path::Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).expect("a folder");
    files.flat_map(|file| std::fs::read(file.expect("a file").path()).unwrap_or_default()).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn the_bytes_are_deleted_from_the_files_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
    record(&store, (1..=200).map(|video| reading(video, Some(video), "someone", 1)).collect()).await;
    let cat = found(&store, "cat").await;
    let ranking = store.ranking(cat.row, None).await.expect("a ranking");
    store
        .write_generation(cat.row, None, cat.changed, NOW, Timestamp::from_ms(0), ranking)
        .await
        .expect("stored");
    assert!(holds(&bytes_of(folder.path()), CAPTION));
    store.forget_videos((1..=200).map(id).collect()).await.expect("forgotten");
    let wiped = store.end_forgetting(false).await.expect("ended");
    assert_eq!(wiped.are_logs_empty, Some(true));
    assert!(!holds(&bytes_of(folder.path()), CAPTION));
}

#[tokio::test]
async fn imports_to_a_copy_skip_what_its_source_forgot() {
    let (from, to) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let [from, to] = [from.path(), to.path()].map(StoreOptions::in_folder);
    let source = Store::open(&from).await.expect("a store");
    filled(&source).await;
    source.forget_videos(vec![id(10)]).await.expect("forgotten");
    drop(source);
    transfer(&from, &to, &|_| {}).await.expect("copied");
    let copy = Store::open(&to).await.expect("a store");
    let recorded =
        record(&copy, vec![reading(10, Some(1), "user1", 5), reading(11, Some(1), "user1", 1)]).await;
    assert_eq!((recorded.videos_forgotten, recorded.videos_new), (1, 1));
    let size = copy.catalog_size().await.expect("a size");
    assert_eq!((size.videos, size.last_video), (10, VideoRow(11)), "row 10 is given to nobody");
}
