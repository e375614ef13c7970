//! Posts from before and after the limit of five hashtags, and readings from before and after a change of the
//! Research API, on each backend: pooled answers have a caveat, and both sides where each has enough videos.

use domain::Moment;
use domain::metrics::{Mode, Step};
use domain::{Hashtag, Observation, Source, Timestamp};
use measure::{
    BenchmarkQuery, CompareQuery, HistoryMetric, Meta, RelatedQuery, RelatedSidesView, RelatedView, Tabular,
};
use testkit::{FixedClock, Place, TemporaryCatalog, video};

const NOW: &str = "2026-11-25T12:00:00Z";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

/// `count` videos with the tags, posted on `day`; every second one has its time only in the id.
fn posts(from: u64, count: u64, day: &str, tags: &[&str]) -> Vec<Observation> {
    let seconds = at(day).as_seconds().unsigned_abs();
    let one = |n: u64| {
        let id = seconds << 32 | (from + n);
        let mut video =
            video(id).plays((from + n + 1) * 100).counts(n, 0, 0, 0).observed_at(at("2026-11-01"));
        for tag in tags {
            video = video.tag(tag);
        }
        match n % 2 {
            0 => video.created_at(at(day)).into(),
            _ => without_time(video.into()),
        }
    };
    (0..count).map(one).collect()
}

fn without_time(observation: Observation) -> Observation {
    match observation {
        Observation::Video(mut video) => {
            video.details.create_time = None;
            Observation::Video(video)
        }
        other => other,
    }
}

/// #cat before and after the limit; #kitten with half of it before and a tenth of it after; #dog only before.
async fn sample_catalog(place: &Place) -> TemporaryCatalog {
    let temp = place.catalog(&FixedClock::at(at(NOW))).await;
    let mut all = posts(0, 20, "2025-05-10", &["cat", "kitten", "dog"]);
    all.extend(posts(100, 20, "2025-07-31T23:00:00Z", &["cat", "dog"]));
    all.extend(posts(200, 7, "2025-08-15", &["cat", "kitten"]));
    all.extend(posts(300, 3, "2025-09-01", &["cat", "kitten"]));
    all.extend(posts(400, 27, "2026-02-01", &["cat"]));
    all.extend(posts(500, 900, "2026-03-01", &["elsewhere"]));
    temp.record(all).await;
    temp
}

async fn of(temp: &TemporaryCatalog, name: &str) -> Hashtag {
    temp.measure().measured_hashtag(name).await.expect("a hashtag")
}

fn caveat<'m>(meta: &'m Meta, code: &str) -> Option<&'m str> {
    meta.caveats.iter().find(|caveat| caveat.code == code).map(|caveat| &*caveat.text)
}

fn compare() -> CompareQuery {
    CompareQuery {
        metric: HistoryMetric::Views,
        step: Step::Day,
        tz: domain::Zone::UTC,
        from: None,
        to: None,
        index: None,
        points_max: 10,
        account_id: None,
        tags: Vec::new(),
    }
}

async fn related_hashtags_are_given_by_side(place: &Place) {
    let temp = sample_catalog(place).await;
    let cat = of(&temp, "cat").await;
    let query = RelatedQuery { since: None, generic: true, limit: 10 };
    let list = temp.measure().related(&cat, query).await.expect("a list");
    let text = caveat(&list.meta, "structural_break").expect("both sides are pooled");
    assert!(text.contains("40 from before August 2025, 7 of that month and 30 since"), "{text}");
    let sides = |name: &str| {
        let other: &RelatedView = list.data.iter().find(|other| other.name == name).expect("it is related");
        let RelatedSidesView { before, after } = other.sides.clone().expect("both sides have 30 videos");
        [before, after].map(|side| (side.both, side.videos, side.probability))
    };
    assert_eq!(sides("kitten"), [(20, 40, Some(0.5)), (3, 30, Some(0.1))]);
    assert_eq!(sides("dog"), [(40, 40, Some(1.0)), (0, 30, Some(0.0))]);
    let table = list.data.table().expect("a table");
    assert!(table.columns().iter().any(|column| column.name == "probability_before"));

    let later = RelatedQuery { since: Some(Moment::At(at("2025-09-01"))), ..query };
    let later = temp.measure().related(&cat, later).await.expect("a list");
    assert_eq!(caveat(&later.meta, "structural_break"), None, "one side alone");
    assert!(later.data.iter().all(|other| other.sides.is_none()));

    let kitten = of(&temp, "kitten").await;
    let few = temp.measure().related(&kitten, query).await.expect("a list");
    assert!(caveat(&few.meta, "structural_break").is_some());
    assert!(few.data.iter().all(|other| other.sides.is_none()), "3 videos are too few of a side");
}

async fn benchmarks_are_given_by_side(place: &Place) {
    let temp = sample_catalog(place).await;
    let cat = of(&temp, "cat").await;
    let made = temp.measure().benchmark(&cat, BenchmarkQuery::default()).await.expect("a benchmark");
    assert!(caveat(&made.meta, "structural_break").is_some());
    let sides = made.data.sides.as_ref().expect("both sides have 10 videos");
    assert_eq!((sides.before.videos, sides.after.videos), (40, 30));
    let median = |bands: &[measure::BandView]| {
        bands.last().and_then(|band| band.plays.as_ref()).map(|plays| plays.p50)
    };
    // 1 to 20 and 101 to 120; 301 to 303 and 401 to 427; times a hundred.
    assert_eq!(median(&sides.before.bands), Some(6_050));
    assert_eq!(median(&sides.after.bands), Some(41_250));
    let rows = made.data.rows().len();
    assert_eq!(rows, 3 * made.data.bands.len(), "a file has all, before and after");

    let kitten = of(&temp, "kitten").await;
    let few = temp.measure().benchmark(&kitten, BenchmarkQuery::default()).await.expect("a benchmark");
    assert!(few.data.sides.is_none() && caveat(&few.meta, "structural_break").is_some());
    let elsewhere = of(&temp, "elsewhere").await;
    let pure = temp.measure().benchmark(&elsewhere, BenchmarkQuery::default()).await.expect("a benchmark");
    assert!(pure.data.sides.is_none() && caveat(&pure.meta, "structural_break").is_none());
}

async fn overlap_is_given_by_side_where_both_hashtags_have_enough(place: &Place) {
    let temp = sample_catalog(place).await;
    temp.record(posts(2_000, 40, "2026-04-01", &["dog", "cat"])).await;
    let hashtags = [of(&temp, "cat").await, of(&temp, "dog").await, of(&temp, "kitten").await];
    let made = temp.measure().compare(&hashtags, &compare()).await.expect("a comparison");
    let text = caveat(&made.meta, "structural_break").expect("both sides are pooled");
    assert!(text.contains("40 from before August 2025, 7 of that month and 70 since"), "each once: {text}");
    let pair = |a: &str, b: &str| {
        made.data.overlap.iter().find(|pair| (&*pair.a, &*pair.b) == (a, b)).expect("a pair")
    };
    let sides = pair("cat", "dog").sides.as_ref().expect("each has 30 videos on each side");
    let numbers = [&sides.before, &sides.after].map(|side| (side.videos, side.share_of_a, side.share_of_b));
    assert_eq!(numbers, [(40, Some(1.0), Some(1.0)), (40, Some(40.0 / 70.0), Some(1.0))]);
    assert_eq!(pair("cat", "kitten").sides, None);
    let workbook = made.data.others().expect("sheets");
    let (_, overlap) = workbook.iter().find(|(name, _)| *name == "overlap").expect("a sheet");
    assert!(overlap.columns().iter().any(|column| column.name == "share_of_b_after"));
}

/// Videos that the Research API returned on a day.
fn read_on(day: &str, from: u64, tag: &str) -> Vec<Observation> {
    let one = |n: u64| -> Observation {
        let video = video(from + n).tag(tag).plays(n).created_at(at("2024-01-01")).observed_at(at(day));
        match video.into() {
            Observation::Video(mut video) => {
                video.source = Source::ResearchApi;
                Observation::Video(video)
            }
            other => other,
        }
    };
    (1..=3).map(one).collect()
}

async fn readings_across_a_change_of_the_research_api_say_so(place: &Place) {
    let temp = place.catalog(&FixedClock::at(at(NOW))).await;
    temp.record(read_on("2026-02-25", 0, "before")).await;
    temp.record(read_on("2026-02-27", 10, "after")).await;
    temp.record(read_on("2026-02-25", 20, "both")).await;
    temp.record(read_on("2026-10-01", 30, "both")).await;
    let benchmark = async |name| {
        let hashtag = of(&temp, name).await;
        temp.measure().benchmark(&hashtag, BenchmarkQuery::default()).await.expect("a benchmark").meta
    };
    for pure in ["before", "after"] {
        assert_eq!(caveat(&benchmark(pure).await, "pipeline_changed"), None, "{pure}");
    }
    assert!(caveat(&benchmark("after").await, "all_public_since_2026_02_26").is_some());
    let meta = benchmark("both").await;
    let text = caveat(&meta, "pipeline_changed").expect("readings cross both dates");
    assert!(text.contains("26 February 2026") && text.contains("10 September 2026"), "{text}");

    let pair = [of(&temp, "before").await, of(&temp, "after").await];
    let compared = temp.measure().compare(&pair, &compare()).await.expect("a comparison").meta;
    let text = caveat(&compared, "pipeline_changed").expect("one was read before, the other after");
    assert!(text.contains("26 February 2026") && !text.contains("September"), "{text}");
}

async fn a_history_across_a_change_of_the_research_api_says_so(place: &Place) {
    let temp = place.catalog(&FixedClock::at(at(NOW))).await;
    let reading = |day: &str, views: u64| -> Observation {
        match testkit::hashtag("cat").views(views).observed_at(at(day)).into() {
            Observation::Hashtag(mut hashtag) => {
                hashtag.source = Source::ResearchApi;
                Observation::Hashtag(hashtag)
            }
            other => other,
        }
    };
    temp.record(vec![reading("2026-02-01", 100), reading("2026-02-20", 110), reading("2026-03-01", 120)])
        .await;
    let cat = of(&temp, "cat").await;
    let history = async |to: Option<&str>| {
        let query = measure::HistoryQuery {
            metric: HistoryMetric::Views,
            from: None,
            to: to.map(|to| Moment::At(at(to))),
            step: Step::Raw,
            tz: domain::Zone::UTC,
            mode: Mode::Total,
            repair: true,
            limit: 10,
            after: None,
            account_id: None,
        };
        temp.measure().history(&cat, query).await.expect("a history").meta
    };
    assert!(caveat(&history(None).await, "pipeline_changed").is_some());
    assert_eq!(caveat(&history(Some("2026-02-25")).await, "pipeline_changed"), None);
}

testkit::test_on_each_backend! {
    related_hashtags_are_given_by_side,
    benchmarks_are_given_by_side,
    overlap_is_given_by_side_where_both_hashtags_have_enough,
    readings_across_a_change_of_the_research_api_say_so,
    a_history_across_a_change_of_the_research_api_says_so,
}
