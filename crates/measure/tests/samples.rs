//! Hashtags with more videos than are looked at: what is told of a part of them, on each backend.

use domain::metrics::Step;
use domain::{Hashtag, Timestamp};
use measure::{
    BenchmarkQuery, CompareQuery, CreatorsQuery, HistoryMetric, Measure, Meta, VideoSort, VideosQuery,
};
use std::collections::BTreeMap;
use testkit::{FixedClock, Place, video};

const VIDEOS: u64 = 2_000;
/// Each has as many videos.
const CREATORS: u64 = 400;
const LOOKED_AT: u64 = 200;

/// #cat with all videos, #dog with a quarter of them, and a catalog over both that looks at few.
async fn held(place: &Place) -> (testkit::TemporaryCatalog, Measure) {
    let clock = FixedClock::at(Timestamp::from_ms(1_790_000_000_000));
    let held = place.catalog(&clock).await;
    let all = (1..=VIDEOS).map(|n| {
        let video = video(n).author(7_000_000_000 + n % CREATORS * 31).plays(n).tag("cat");
        if n.is_multiple_of(4) { video.tag("dog").into() } else { video.into() }
    });
    held.record(all).await;
    let measure = Measure::with_sample(held.catalog().clone(), LOOKED_AT);
    (held, measure)
}

async fn of(measure: &Measure, name: &str) -> Hashtag {
    measure.measured_hashtag(name).await.expect("a hashtag")
}

fn says(meta: &Meta, code: &str) -> bool {
    meta.caveats.iter().any(|caveat| caveat.code == code)
}

async fn a_part_of_the_creators_stands_for_all(place: &Place) {
    let (_held, measure) = held(place).await;
    let cat = of(&measure, "cat").await;
    let made = measure.benchmark(&cat, BenchmarkQuery::default()).await.expect("a benchmark");
    let sample = made.meta.sample.clone().expect("a sample");
    assert_eq!(sample.held_videos, VIDEOS);
    assert!((LOOKED_AT / 2..LOOKED_AT * 2).contains(&sample.videos), "{sample:?}");
    assert!(says(&made.meta, "creators_part"), "{:?}", made.meta.caveats);
    let median = made.data.bands.last().and_then(|all| all.plays.as_ref()).expect("plays").p50;
    assert!((700..1_300).contains(&median), "about that of all, 1,000.5: {median}");
    let asked = CreatorsQuery { since: None, limit: 100, after: None };
    let creators = measure.creators(&cat, asked).await.expect("creators");
    assert!(says(&creators.meta, "creators_part"));
    assert!(creators.data.creators.iter().all(|creator| creator.videos == VIDEOS / CREATORS));
    assert_eq!(creators.data.creators_count * (VIDEOS / CREATORS), sample.videos);
}

async fn what_has_the_most_plays_comes_first_also_of_very_many(place: &Place) {
    let (_held, measure) = held(place).await;
    let cat = of(&measure, "cat").await;
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let asked = VideosQuery { limit: 20, after, ..VideosQuery::default() };
        let page = measure.videos(&cat, &asked).await.expect("a page");
        assert!(says(&page.meta, "most_played") && !says(&page.meta, "creators_part"));
        ids.extend(page.data.iter().map(|video| video.id.parse::<u64>().expect("a number")));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(ids.iter().copied().eq((VIDEOS - LOOKED_AT / 4 + 1..=VIDEOS).rev()), "{ids:?}");
    let newest = VideosQuery { sort: VideoSort::Newest, ..VideosQuery::default() };
    let page = measure.videos(&cat, &newest).await.expect("a page");
    assert!(says(&page.meta, "creators_part"));
}

async fn what_is_compared_is_of_the_same_creators(place: &Place) {
    let (_held, measure) = held(place).await;
    let both = [of(&measure, "cat").await, of(&measure, "dog").await];
    let asked = CompareQuery {
        metric: HistoryMetric::Views,
        step: Step::Day,
        from: None,
        to: None,
        index: None,
        points_max: 10,
        tags: Vec::new(),
    };
    // Also when a larger part is kept of one from another question.
    for _ in 0..2 {
        let made = measure.compare(&both, &asked).await.expect("a comparison");
        assert!(says(&made.meta, "creators_part"));
        let overlap = &made.data.overlap[0];
        assert_eq!(overlap.share_of_b, Some(1.0), "every video of #dog is one of #cat: {overlap:?}");
        let share = overlap.share_of_a.expect("a share");
        assert!((share - 0.25).abs() < 0.05, "{share}");
        let of_sample: BTreeMap<&str, u64> =
            made.data.hashtags.iter().map(|one| (one.record.name.as_str(), one.sample_videos)).collect();
        assert_eq!((of_sample["cat"], Some(of_sample["dog"])), (made.data.videos_unique, overlap.videos));
        measure.benchmark(&both[1], BenchmarkQuery::default()).await.expect("a benchmark");
    }
}

testkit::tell_on_each_backend! {
    a_part_of_the_creators_stands_for_all,
    what_has_the_most_plays_comes_first_also_of_very_many,
    what_is_compared_is_of_the_same_creators,
}
