//! Hashtags with more videos than a sample has, on each backend.

use domain::metrics::Step;
use domain::{Hashtag, Timestamp};
use measure::{
    BenchmarkQuery, CompareQuery, CreatorsQuery, HistoryMetric, Measure, Meta, VideoSort, VideosQuery,
};
use std::collections::BTreeMap;
use testkit::{FixedClock, Place, video};

const VIDEOS: u64 = 2_000;
/// Each has the same number of videos.
const CREATORS: u64 = 400;
const SAMPLE_MAX: u64 = 200;

/// #cat with all videos, #dog with a quarter of them, and a `Measure` with a small sample.
async fn sample_catalog(place: &Place) -> (testkit::TemporaryCatalog, Measure) {
    let clock = FixedClock::at(Timestamp::from_ms(1_790_000_000_000));
    let temp = place.catalog(&clock).await;
    let all = (1..=VIDEOS).map(|n| {
        let video = video(n).author(7_000_000_000 + n % CREATORS * 31).plays(n).tag("cat");
        if n.is_multiple_of(4) { video.tag("dog").into() } else { video.into() }
    });
    temp.record(all).await;
    let measure = Measure::with_sample(temp.catalog().clone(), SAMPLE_MAX);
    (temp, measure)
}

async fn of(measure: &Measure, name: &str) -> Hashtag {
    measure.measured_hashtag(name).await.expect("a hashtag")
}

fn has_caveat(meta: &Meta, code: &str) -> bool {
    meta.caveats.iter().any(|caveat| caveat.code == code)
}

async fn a_part_of_the_creators_represents_all(place: &Place) {
    let (_temp, measure) = sample_catalog(place).await;
    let cat = of(&measure, "cat").await;
    let made = measure.benchmark(&cat, BenchmarkQuery::default()).await.expect("a benchmark");
    let sample = made.meta.sample.clone().expect("a sample");
    assert_eq!(sample.held_videos, VIDEOS);
    assert!((SAMPLE_MAX / 2..SAMPLE_MAX * 2).contains(&sample.videos), "{sample:?}");
    assert!(has_caveat(&made.meta, "creators_part"), "{:?}", made.meta.caveats);
    let median = made.data.bands.last().and_then(|all| all.plays.as_ref()).expect("plays").p50;
    assert!((700..1_300).contains(&median), "about that of all, 1,000.5: {median}");
    let query = CreatorsQuery { since: None, limit: 100, after: None };
    let creators = measure.creators(&cat, query).await.expect("creators");
    assert!(has_caveat(&creators.meta, "creators_part"));
    assert!(creators.data.creators.iter().all(|creator| creator.videos == VIDEOS / CREATORS));
    assert_eq!(creators.data.creators_count * (VIDEOS / CREATORS), sample.videos);
}

async fn the_most_played_come_first_in_large_hashtags(place: &Place) {
    let (_temp, measure) = sample_catalog(place).await;
    let cat = of(&measure, "cat").await;
    let (mut after, mut ids) = (None, Vec::new());
    loop {
        let query = VideosQuery { limit: 20, after, ..VideosQuery::default() };
        let page = measure.videos(&cat, &query).await.expect("a page");
        assert!(has_caveat(&page.meta, "most_played") && !has_caveat(&page.meta, "creators_part"));
        ids.extend(page.data.iter().map(|video| video.id.parse::<u64>().expect("a number")));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(ids.iter().copied().eq((VIDEOS - SAMPLE_MAX / 4 + 1..=VIDEOS).rev()), "{ids:?}");
    let newest = VideosQuery { sort: VideoSort::Newest, ..VideosQuery::default() };
    let page = measure.videos(&cat, &newest).await.expect("a page");
    assert!(has_caveat(&page.meta, "creators_part"));
}

async fn comparisons_sample_the_same_creators(place: &Place) {
    let (_temp, measure) = sample_catalog(place).await;
    let both = [of(&measure, "cat").await, of(&measure, "dog").await];
    let query = CompareQuery {
        metric: HistoryMetric::Views,
        step: Step::Day,
        tz: domain::Zone::UTC,
        from: None,
        to: None,
        index: None,
        points_max: 10,
        account_id: None,
        tags: Vec::new(),
    };
    // Also when another question has cached a larger part of one.
    for _ in 0..2 {
        let made = measure.compare(&both, &query).await.expect("a comparison");
        assert!(has_caveat(&made.meta, "creators_part"));
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

testkit::test_on_each_backend! {
    a_part_of_the_creators_represents_all,
    the_most_played_come_first_in_large_hashtags,
    comparisons_sample_the_same_creators,
}
