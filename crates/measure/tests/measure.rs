//! Questions about stored data, on each backend: answers and their metadata.

use domain::Moment;
use domain::metrics::{Mode, Step, TrendWindow};
use domain::{Hashtag, Observation, Timestamp, Zone};
use measure::parameters::Number;
use measure::{
    BenchmarkQuery, CompareQuery, CreatorsQuery, HashtagSort, HashtagsQuery, HistoryMetric, HistoryQuery,
    MeasureError, Place, RelatedQuery, TrendingQuery, VideoSort, VideosQuery,
};
use store::trends::TrendSort;
use testkit::{FixedClock, Place as Where, TemporaryCatalog, hashtag, video};

const NOW: &str = "2026-11-25T12:00:00Z";
const DAY_MS: i64 = 86_400_000;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

fn days_ago(days: i64) -> Timestamp {
    Timestamp::from_ms(at(NOW).as_ms() - days * DAY_MS)
}

/// Daily readings of `days` days; views grow by `a_day`.
fn series(name: &str, first: u64, a_day: u64, days: i64) -> Vec<Observation> {
    let reading = |day: i64| {
        let views = first + a_day * day.unsigned_abs();
        hashtag(name).views(views).observed_at(days_ago(days - day)).into()
    };
    (0..=days).map(reading).collect()
}

/// Two hashtags with series, and videos under both and each.
async fn sample_catalog(place: &Where) -> TemporaryCatalog {
    let temp = place.catalog(&FixedClock::at(at(NOW))).await;
    let mut all = series("cat", 1_000_000, 10_000, 40);
    all.extend(series("dog", 2_000_000, 1_000, 40));
    all.extend(
        series("old", 5_000, 1_000, 1)
            .into_iter()
            .map(|_| hashtag("old").views(5_000).observed_at(days_ago(400)).into()),
    );
    for n in 1..=400_u64 {
        let tags: &[&str] = match n {
            1..=10 => &["cat", "kitten", "fyp"],
            11..=20 => &["cat", "dog", "fyp"],
            21..=30 => &["cat", "fyp"],
            31..=40 => &["fyp"],
            _ => &["elsewhere"],
        };
        let mut video = video(n).plays(n * 100).counts(n * 10, 0, 0, 0).observed_at(days_ago(1));
        for name in tags {
            video = video.tag(name);
        }
        let posted_at = Timestamp::from_ms(days_ago(3).as_ms() - n.cast_signed() * 3_600_000);
        all.push(video.created_at(posted_at).into());
    }
    temp.record(all).await;
    temp.measure().follow_trends().await.expect("trends");
    temp
}

async fn of(temp: &TemporaryCatalog, name: &str) -> Hashtag {
    temp.measure().measured_hashtag(name).await.expect("a hashtag")
}

fn history(step: Step, mode: Mode, limit: usize) -> HistoryQuery {
    HistoryQuery {
        metric: HistoryMetric::Views,
        from: None,
        to: None,
        step,
        tz: Zone::UTC,
        mode,
        repair: true,
        limit,
        after: None,
        account_id: None,
    }
}

async fn a_history_is_paged(place: &Where) {
    let temp = sample_catalog(place).await;
    let cat = of(&temp, "#CAT").await;
    let all = temp.measure().history(&cat, history(Step::Day, Mode::Total, 100)).await.expect("a history");
    assert_eq!((all.data.points.len(), all.next), (41, None));
    assert_eq!(all.data.points[40].value, Some(1_400_000));
    assert_eq!(
        (all.meta.basis, all.meta.observed_at.map(Timestamp::to_rfc3339).as_deref()),
        (Some("reported"), Some(NOW))
    );
    let gains = temp.measure().history(&cat, history(Step::Day, Mode::Gain, 100)).await.expect("gains");
    assert!(
        gains.data.points[1..].iter().all(|point| point.value == Some(10_000)),
        "{:?}",
        gains.data.points[1]
    );
    let mut seen = Vec::new();
    let mut query = history(Step::Day, Mode::Total, 7);
    loop {
        let page = temp.measure().history(&cat, query.clone()).await.expect("a page");
        seen.extend(page.data.points);
        match page.next {
            Some(place) => query.after = Some(place),
            None => break,
        }
    }
    assert_eq!(seen, all.data.points);
    let backwards =
        HistoryQuery { from: Some(Moment::At(at(NOW))), to: Some(Moment::At(days_ago(3))), ..query.clone() };
    let refused = temp.measure().history(&cat, backwards).await.expect_err("backwards");
    assert!(matches!(refused, MeasureError::Parameter { param: "to", .. }), "{refused}");
    let empty = HistoryQuery { metric: HistoryMetric::Creators, after: None, ..query };
    assert!(temp.measure().history(&cat, empty).await.expect("nothing").data.points.is_empty());
}

async fn days_are_those_of_the_zone(place: &Where) {
    let temp = sample_catalog(place).await;
    let cat = of(&temp, "cat").await;
    let tz: Zone = "Pacific/Kiritimati".parse().expect("a zone");
    let day: Moment = "2026-11-20".parse().expect("a day");
    let local = HistoryQuery {
        from: Some(day),
        to: Some(day),
        tz: tz.clone(),
        ..history(Step::Day, Mode::Total, 10)
    };
    let found = temp.measure().history(&cat, local).await.expect("a history").data;
    let point = &found.points[0];
    // Readings are of noon UTC, which is 2:00 of the next day there.
    assert_eq!((found.points.len(), point.date.as_deref()), (1, Some("2026-11-20")));
    assert_eq!((point.at, point.read_at), (at("2026-11-19T10:00:00Z"), at("2026-11-19T12:00:00Z")));
    assert_eq!((found.tz, found.annotations.len()), (tz.clone(), 0));
    let both = [cat, of(&temp, "dog").await];
    let query = CompareQuery { step: Step::Week, tz, points_max: 100, ..CompareQuery::default() };
    let compared = temp.measure().compare(&both, &query).await.expect("a comparison").data;
    let mondays: Vec<_> = compared.hashtags[1].series.points.iter().map(|point| point.date.clone()).collect();
    assert_eq!(mondays.first().and_then(Option::as_deref), Some("2026-10-12"));
    assert_eq!(mondays.len(), 7, "{mondays:?}");
    let chart = compared.hashtags[0].series.chart();
    assert!(chart.subtitle.ends_with("by week, Pacific/Kiritimati"), "{}", chart.subtitle);
}

async fn trends_follow_new_readings(place: &Where) {
    let temp = sample_catalog(place).await;
    let trending = async |sort, query: Option<&str>, limit, after| {
        let query = TrendingQuery {
            window: TrendWindow::Week,
            sort,
            min_views: Number::default(),
            query: query.map(str::to_owned),
            weights: None,
            limit,
            after,
        };
        temp.measure().trending(&query).await.expect("a list")
    };
    let all = trending(TrendSort::Velocity, None, 10, None).await;
    let names: Vec<&str> = all.data.iter().map(|row| row.hashtag.name.as_str()).collect();
    assert_eq!(names, ["cat", "dog"], "a hashtag read once has no trend");
    let cat = &all.data[0].trend;
    assert_eq!((cat.velocity, cat.gain, cat.views), (Some(10_000.0), Some(70_000), 1_400_000));
    assert_eq!(all.meta.observed_at.map(Timestamp::to_rfc3339).as_deref(), Some(NOW));
    assert!(!all.meta.stale);
    let first = trending(TrendSort::Velocity, None, 1, None).await;
    let second = trending(TrendSort::Velocity, None, 1, first.next).await;
    assert_eq!((second.data[0].hashtag.name.as_str(), second.next), ("dog", None));
    let found = trending(TrendSort::Growth, Some("do"), 10, None).await;
    assert_eq!(found.data.len(), 1);
    assert_eq!(found.data[0].hashtag.name, "dog");
    let placed = all.data[0].emerging.as_ref().expect("percentiles");
    assert_eq!((placed.score, placed.components.len()), (None, 6), "no weights were given");
    let later = Timestamp::from_ms(at(NOW).as_ms() + 1);
    let jump = |ms| {
        let at = Timestamp::from_ms(later.as_ms() + ms);
        temp.record([hashtag("dog").views(9_000_000).observed_at(at).into()])
    };
    for (ms, first) in [(0, "cat"), (1, "dog")] {
        jump(ms).await;
        temp.measure().follow_trends().await.expect("trends");
        let list = trending(TrendSort::Velocity, None, 10, None).await;
        assert_eq!(list.data[0].hashtag.name, first, "a jump counts once a second reading confirms it");
    }
}

async fn lost_trends_are_recomputed(place: &Where) {
    let temp = sample_catalog(place).await;
    let store = temp.store();
    let before = store.trends_of(&[of(&temp, "cat").await.row]).await.expect("trends");
    assert_eq!(before.len(), 3);
    let again = temp.measure().follow_trends().await.expect("nothing to do");
    assert_eq!((again.hashtags, again.computed), (0, 0));
    store.drop_trends_before(2, Timestamp::from_ms(i64::MAX)).await.expect("dropped");
    temp.record([hashtag("cat").creators(7).observed_at(at(NOW)).into()]).await;
    temp.measure().follow_trends().await.expect("trends");
    let after = store.trends_of(&[of(&temp, "cat").await.row]).await.expect("trends");
    assert_eq!(after.len(), 2, "its views were not read again");
    temp.record([hashtag("cat")
        .views(1_500_000)
        .observed_at(Timestamp::from_ms(at(NOW).as_ms() - 1))
        .into()])
        .await;
    temp.measure().follow_trends().await.expect("trends");
    assert_eq!(store.trends_of(&[of(&temp, "cat").await.row]).await.expect("trends").len(), 3);
}

async fn an_overview_has_derived_metrics(place: &Where) {
    let temp = sample_catalog(place).await;
    let cat = of(&temp, "cat").await;
    let view = temp.measure().overview(&cat).await.expect("an overview");
    assert_eq!(view.data.record.views.value, Some(1_400_000));
    assert_eq!(view.data.record.views.basis, Some("reported"));
    assert_eq!(view.data.record.observed.videos, 30);
    let per_video = view.data.views_per_video.expect("views per video");
    assert!((per_video - 1_550.0).abs() < 1e-9, "both observed: {per_video}");
    assert_eq!(view.data.trends.month.as_ref().and_then(|trend| trend.gain), Some(300_000));
    assert!(view.data.trends.day.is_some() && view.data.lifecycle.is_some());
    let sample = view.meta.sample.expect("a sample");
    assert_eq!((sample.videos, sample.coverage), (30, None));
    assert!(view.meta.caveats.iter().any(|caveat| caveat.code == "partial_sample"));
    let missing = temp.measure().measured_hashtag("nosuch").await.expect_err("unknown");
    assert!(matches!(missing, MeasureError::NotFound(_)), "{missing}");
    assert!(matches!(temp.measure().measured_hashtag("#").await, Err(MeasureError::Name(..))));
}

async fn videos_are_filtered_and_sorted(place: &Where) {
    let temp = sample_catalog(place).await;
    let cat = of(&temp, "cat").await;
    let ids = async |query: VideosQuery| {
        let page = temp.measure().videos(&cat, &query).await.expect("videos");
        page.data.iter().map(|video| video.id.parse::<u64>().expect("an id")).collect::<Vec<_>>()
    };
    let base = VideosQuery { limit: 3, ..VideosQuery::default() };
    assert_eq!(ids(base.clone()).await, [30, 29, 28]);
    assert_eq!(ids(VideosQuery { sort: VideoSort::Newest, ..base.clone() }).await, [1, 2, 3]);
    assert_eq!(ids(VideosQuery { also: Some("#dog".into()), ..base.clone() }).await, [20, 19, 18]);
    assert_eq!(
        ids(VideosQuery { not: Some("dog".into()), min_plays: 1_000.into(), ..base.clone() }).await,
        [30, 29, 28]
    );
    assert_eq!(ids(VideosQuery { also: Some("nosuch".into()), ..base.clone() }).await, Vec::<u64>::new());
    assert_eq!(ids(VideosQuery { region: "FR".parse().ok(), ..base.clone() }).await, Vec::<u64>::new());
    let mut seen = Vec::new();
    let mut query = VideosQuery { limit: 7, ..base };
    loop {
        let page = temp.measure().videos(&cat, &query).await.expect("a page");
        seen.extend(page.data.iter().map(|video| video.id.parse::<u64>().expect("an id")));
        match page.next {
            Some(place) => query.after = Some(place),
            None => break,
        }
    }
    assert_eq!(seen, (1..=30).rev().collect::<Vec<_>>());
    let one =
        temp.measure().videos(&cat, &VideosQuery { limit: 1, ..VideosQuery::default() }).await.expect("one");
    let video = &one.data[0];
    assert_eq!((video.plays, video.likes, video.shares), (Some(3_000), Some(300), Some(0)));
    assert_eq!(video.hashtags, ["cat", "fyp"]);
}

async fn changed_videos_are_measured_again(place: &Where) {
    let temp = sample_catalog(place).await;
    let first = async || {
        let cat = of(&temp, "cat").await;
        let page = temp.measure().videos(&cat, &VideosQuery { limit: 1, ..VideosQuery::default() }).await;
        let page = page.expect("a page");
        (page.data[0].id.clone(), page.data[0].plays, page.meta.sample.expect("a sample").videos)
    };
    assert_eq!(first().await, ("30".to_owned(), Some(3_000), 30));
    let again = video(5).version(1).tag("cat").plays(9_000).observed_at(at(NOW));
    temp.record([again.into()]).await;
    assert_eq!(first().await, ("5".to_owned(), Some(9_000), 30), "read again");
    temp.record([video(900).tag("cat").plays(10_000).observed_at(at(NOW)).into()]).await;
    assert_eq!(first().await, ("900".to_owned(), Some(10_000), 31), "one more");
}

async fn related_hashtags_exclude_generic_ones(place: &Where) {
    let temp = sample_catalog(place).await;
    let cat = of(&temp, "cat").await;
    let related = async |with_generic| {
        let query = RelatedQuery { since: None, generic: with_generic, limit: 10 };
        temp.measure().related(&cat, query).await.expect("a list")
    };
    let list = related(false).await;
    let names: Vec<&str> = list.data.iter().map(|other| other.name.as_str()).collect();
    assert_eq!(names, ["dog", "kitten"], "equally close: by name");
    let kitten = &list.data[1];
    assert_eq!((kitten.both, kitten.videos), (10, 10));
    assert!((kitten.lift - 400.0 / 30.0).abs() < 1e-9, "{kitten:?}");
    let all = related(true).await;
    assert!(all.data.iter().any(|other| other.name == "fyp" && other.generic));
}

async fn creators_and_benchmarks_cover_the_stored_videos(place: &Where) {
    let temp = sample_catalog(place).await;
    let cat = of(&temp, "cat").await;
    let query = CreatorsQuery { since: None, limit: 2, after: None };
    let first = temp.measure().creators(&cat, query).await.expect("creators");
    assert_eq!((first.data.creators_count, first.data.creators.len()), (7, 2));
    assert!(first.data.creators[0].plays >= first.data.creators[1].plays);
    let rest = CreatorsQuery { limit: 10, after: first.next, ..query };
    let rest = temp.measure().creators(&cat, rest).await.expect("creators");
    assert_eq!((rest.data.creators.len(), rest.next), (5, None));
    let shares: f64 =
        first.data.creators.iter().chain(&rest.data.creators).filter_map(|c| c.plays_share).sum();
    assert!((shares - 1.0).abs() < 1e-9, "{shares}");
    let query = BenchmarkQuery { plays: Some(3_000.into()), ..BenchmarkQuery::default() };
    let made = temp.measure().benchmark(&cat, query).await.expect("a benchmark");
    let all = made.data.bands.last().expect("all ages");
    assert_eq!((all.age, all.videos), ("all", 30));
    assert_eq!(all.plays.as_ref().map(|plays| plays.p50), Some(1_550));
    assert_eq!((made.data.engagement.videos, made.data.engagement.of_videos), (30, 30));
    let standing = made.data.standing.expect("a standing");
    assert!(
        standing.plays_percentile.is_some_and(|share| (share - 29.5 / 30.0).abs() < 1e-9),
        "{standing:?}"
    );
    assert!((made.data.engagement.ratio_of_sums.expect("a rate") - 0.1).abs() < 1e-9);
    let unknown = BenchmarkQuery { video_id: 99_u64.try_into().ok(), ..BenchmarkQuery::default() };
    let refused = temp.measure().benchmark(&cat, unknown).await.expect_err("not among them");
    assert!(matches!(refused, MeasureError::Parameter { param: "video_id", .. }), "{refused}");
}

async fn hashtags_are_compared_side_by_side(place: &Where) {
    let temp = sample_catalog(place).await;
    let both = [of(&temp, "cat").await, of(&temp, "dog").await];
    let query = CompareQuery {
        metric: HistoryMetric::Views,
        step: Step::Day,
        tz: Zone::UTC,
        from: Some(Moment::At(days_ago(10))),
        to: None,
        index: "100".parse().ok(),
        points_max: 100,
        account_id: None,
        tags: Vec::new(),
    };
    let made = temp.measure().compare(&both, &query).await.expect("a comparison");
    let [cat, dog] = &made.data.hashtags[..] else { panic!("{made:?}") };
    let last = |one: &measure::ComparedView| {
        one.indexed.as_ref().and_then(|points| points.last()).and_then(|point| point.value)
    };
    assert!((last(cat).expect("a value") - 1_400_000.0 / 1_300_000.0 * 100.0).abs() < 1e-9);
    assert!((last(dog).expect("a value") - 2_040_000.0 / 2_030_000.0 * 100.0).abs() < 1e-9);
    let overlap = &made.data.overlap[0];
    assert_eq!((overlap.videos, overlap.share_of_b), (Some(10), Some(1.0)));
    assert_eq!(made.data.videos_unique, 30);
    let views = &made.data.share_of_voice[0];
    assert_eq!((views.base, views.basis), ("views", "reported"));
    assert!((views.shares[0].expect("a share") - 1_400_000.0 / 3_440_000.0).abs() < 1e-9);
    let with_kitten = [of(&temp, "cat").await, of(&temp, "kitten").await];
    let partly = temp.measure().compare(&with_kitten, &query).await.expect("a comparison");
    assert_eq!(partly.data.share_of_voice[0].shares, [None, None], "one has no reported views");
    let videos = &made.data.share_of_voice[1];
    assert_eq!(videos.shares, [Some(25.0 / 30.0), Some(5.0 / 30.0)]);
}

async fn hashtags_are_listed_by_keyword_and_order(place: &Where) {
    let temp = sample_catalog(place).await;
    let names = async |sort, views_min, limit, after: Option<Place>| {
        let query = HashtagsQuery {
            query: "o".to_owned(),
            sort,
            min_views: Number::new(views_min).expect("a count"),
            limit,
            after,
        };
        let page = temp.measure().hashtags(&query).await.expect("a list");
        (page.data.iter().map(|one| one.name.clone()).collect::<Vec<_>>(), page.next)
    };
    let (by_match, _) = names(HashtagSort::Match, 0, 10, None).await;
    assert_eq!(by_match.len(), 2, "{by_match:?}");
    assert_eq!(names(HashtagSort::Views, 0, 10, None).await.0, ["dog", "old"]);
    assert_eq!(names(HashtagSort::Velocity, 0, 10, None).await.0, ["dog"], "the other has no trend");
    assert_eq!(names(HashtagSort::Match, 10_000, 10, None).await.0, ["dog"]);
    let (first, next) = names(HashtagSort::Views, 0, 1, None).await;
    assert_eq!(
        (first, names(HashtagSort::Views, 0, 1, next).await),
        (vec!["dog".to_owned()], (vec!["old".to_owned()], None))
    );
}

testkit::test_on_each_backend! {
    a_history_is_paged,
    days_are_those_of_the_zone,
    trends_follow_new_readings,
    lost_trends_are_recomputed,
    an_overview_has_derived_metrics,
    videos_are_filtered_and_sorted,
    changed_videos_are_measured_again,
    related_hashtags_exclude_generic_ones,
    creators_and_benchmarks_cover_the_stored_videos,
    hashtags_are_compared_side_by_side,
    hashtags_are_listed_by_keyword_and_order,
}
