//! Samples of the videos under a hashtag are the same on each backend: all of them, a part of the creators, the
//! most played.

use domain::metrics::engagement::VideoFigures;
use domain::observation::{TagRef, VideoCounts};
use domain::video::VideoDetails;
use domain::{Count, Creator, HashtagRow, Source, Tag, Timestamp, fragment};
use std::collections::BTreeSet;
use store::record::{Prepared, PreparedVideo};
use store::samples::{CreatorsPart, SamplePart, VideoSample};
use testkit::TestStore;

const CAT: HashtagRow = HashtagRow(1);
const ALL: SamplePart = SamplePart::Creators(CreatorsPart::ALL);

fn video(id: u64, author: Option<u64>, plays: Option<u64>, tags: &[&str]) -> Prepared {
    let id = id.try_into().expect("an id");
    let counts = VideoCounts {
        plays: plays.and_then(Count::exact),
        likes: Count::rounded(12_300),
        ..VideoCounts::default()
    };
    Prepared::Video(Box::new(PreparedVideo {
        id,
        digest: 1,
        source: Source::WebItem,
        observed_at: plays.map(|_| Timestamp::from_ms(1_700_000_000_007)),
        author: author.map(|author| author.try_into().expect("an id")),
        handle: None,
        create_time: plays.map(|_| 1_699_000_000),
        region: plays.and_then(|_| "DE".parse().ok()),
        tags: tags.iter().map(|name| TagRef { tag: Tag::new(name).expect("a tag"), id: None }).collect(),
        counts,
        has_caption_tags: false,
        packed: fragment::pack(id, &VideoDetails::default(), &counts),
    }))
}

fn ids(sample: &VideoSample) -> Vec<u64> {
    sample.videos().iter().map(|video| video.id().get()).collect()
}

testkit::on_each_backend! {
    async fn a_sample_has_the_stored_videos_in_their_order(fixture: &TestStore) {
        let store = fixture.store();
        let videos = vec![
            video(30, Some(9), Some(5), &["cat", "dog"]),
            video(10, None, None, &["cat"]),
            video(20, Some(7), Some(7), &["dog", "cat"]),
            video(40, Some(7), Some(8), &["dog"]),
        ];
        store.record_all(videos).await.expect("recorded");
        let all = store.sample(CAT, ALL).await.expect("a sample");
        assert_eq!(ids(&all), [30, 10, 20]);
        let [known, unknown, _] = all.videos() else { panic!("{all:?}") };
        assert_eq!(all.tags(known), [CAT, HashtagRow(2)]);
        assert_eq!(all.tags(unknown), [CAT]);
        let counts = VideoCounts { likes: Count::rounded(12_300), ..VideoCounts::default() };
        let expected = VideoFigures {
            video_id: 30.try_into().expect("an id"),
            author: Creator::from_i64(9),
            created: Some(Timestamp::from_ms(1_699_000_000_000)),
            observed_at: Some(Timestamp::from_ms(1_700_000_000_007)),
            region: "DE".parse().ok(),
            counts: VideoCounts { plays: Count::exact(5), ..counts },
        };
        assert_eq!((known.figures(), known.plays(), known.row().0), (expected, Some(5), 1));
        let nothing = VideoFigures {
            video_id: 10.try_into().expect("an id"),
            author: None,
            created: None,
            observed_at: None,
            region: None,
            counts,
        };
        assert_eq!((unknown.figures(), unknown.plays()), (nothing, None));
        let under: Vec<_> = all.videos().iter().map(|video| video.to_video(all.tags(video))).collect();
        let mut parts = store.videos_under(CAT, None, 10).await.expect("videos").videos;
        parts.sort_unstable_by_key(|video| video.row);
        assert_eq!(under, parts, "the same as one by one");
        let nobody = store.sample(HashtagRow(9), ALL).await.expect("an answer");
        assert_eq!((nobody.videos().len(), all.bytes() > nobody.bytes()), (0, true));
    }

    async fn a_part_has_its_creators_with_all_of_their_videos(fixture: &TestStore) {
        let store = fixture.store();
        let author = |n: u64| if n.is_multiple_of(10) { None } else { Some(6_800_000_000_000_000_000 + n / 2 * 977) };
        let videos = (1..=2_000).map(|n| video(n, author(n), Some(n * 37 % 1_000), &["cat"])).collect();
        store.record_all(videos).await.expect("recorded");
        let all = store.sample(CAT, ALL).await.expect("a sample");
        assert_eq!(all.videos().len(), 2_000);
        let part = CreatorsPart::of(500, 2_000);
        let quarter = store.sample(CAT, SamplePart::Creators(part)).await.expect("a part");
        let inside: Vec<u64> = all
            .videos()
            .iter()
            .filter(|video| part.has(video.author(), video.row()))
            .map(|video| video.id().get())
            .collect();
        assert_eq!(ids(&quarter), inside, "the database chooses as we do");
        assert!((350..650).contains(&inside.len()), "{}", inside.len());
        let creators: BTreeSet<_> = quarter.videos().iter().filter_map(|video| video.author()).collect();
        let of_these = |video: &&store::samples::SampledVideo| video.author().is_some_and(|author| creators.contains(&author));
        assert_eq!(
            all.videos().iter().filter(of_these).count(),
            quarter.videos().iter().filter(of_these).count()
        );
        let most = store.sample(CAT, SamplePart::MostPlayed(100)).await.expect("the most played");
        let mut plays: Vec<_> = all.videos().iter().map(|video| video.plays()).collect();
        plays.sort_unstable_by(|a, b| b.cmp(a));
        let mut found: Vec<_> = most.videos().iter().map(|video| video.plays()).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(found, plays[..100]);
        assert!(most.videos().is_sorted_by_key(|video| video.row()), "in the order they came");
    }
}
