//! Outlooks for the next 7 days, on each backend: in lists and of one hashtag, and reasons where values are
//! missing.

use domain::metrics::{Odds, TrendWindow};
use domain::{Observation, Timestamp};
use measure::parameters::Number;
use measure::{OutlookView, TrendingQuery, TrendingView};
use store::trends::TrendSort;
use testkit::{FixedClock, Place, TemporaryCatalog, hashtag};

const NOW: &str = "2026-11-25T12:00:00Z";
const DAY_MS: i64 = 86_400_000;

fn days_ago(days: i64) -> Timestamp {
    Timestamp::from_ms(Timestamp::parse(NOW).expect("a time").as_ms() - days * DAY_MS)
}

/// Daily readings from `oldest` to `newest` days ago; the last day's gain is `last` times that of the others.
fn series(name: &str, begin: u64, a_day: u64, oldest: i64, newest: i64, last: u64) -> Vec<Observation> {
    let reading = |ago: i64| {
        let days = (oldest - ago).unsigned_abs();
        let extra = if ago == newest { a_day * (last - 1) } else { 0 };
        hashtag(name).views(begin + a_day * days + extra).observed_at(days_ago(ago)).into()
    };
    (newest..=oldest).rev().map(reading).collect()
}

async fn sample_catalog(place: &Place) -> TemporaryCatalog {
    let temp = place.catalog(&FixedClock::at(Timestamp::parse(NOW).expect("a time"))).await;
    let mut all = Vec::new();
    // Larger size bands are faster: percentiles within bands would be equal.
    all.extend(series("small", 5_000, 1, 60, 0, 1));
    all.extend(series("middle", 50_000, 100, 60, 0, 1));
    all.extend(series("large", 500_000, 10_000, 60, 0, 1));
    all.extend(series("surging", 3_000_000, 1_000, 60, 0, 100));
    all.extend(series("still", 7_000_000, 0, 60, 0, 1));
    all.extend(series("young", 9_000, 500, 4, 0, 1));
    all.extend(series("fortnight", 900_000, 900, 14, 0, 1));
    for stale in ["stale", "stale_too", "stale_as_well"] {
        all.extend(series(stale, 800_000, 5_000, 60, 3, 1));
    }
    temp.record(all).await;
    temp.measure().follow_trends().await.expect("trends");
    temp
}

async fn list(temp: &TemporaryCatalog, sort: TrendSort, weights: Option<&str>) -> Vec<TrendingView> {
    let query = TrendingQuery {
        window: TrendWindow::Week,
        sort,
        min_views: Number::default(),
        query: None,
        weights: weights.map(|weights| weights.parse().expect("weights")),
        limit: 100,
        after: None,
    };
    temp.measure().trending(&query).await.expect("a list").data
}

fn names(rows: &[TrendingView]) -> Vec<&str> {
    rows.iter().map(|row| row.hashtag.name.as_str()).collect()
}

async fn outlook(temp: &TemporaryCatalog, name: &str) -> OutlookView {
    let hashtag = temp.measure().measured_hashtag(name).await.expect("a hashtag");
    temp.measure().overview(&hashtag).await.expect("an overview").data.outlook.expect("an outlook")
}

async fn pace_is_ranked_raw_and_missing_ones_come_last(place: &Place) {
    let temp = sample_catalog(place).await;
    let rows = list(&temp, TrendSort::Emerging, None).await;
    assert_eq!(names(&rows), ["large", "middle", "surging", "fortnight", "small", "still", "young"]);
    assert_eq!(names(&list(&temp, TrendSort::Pace, None).await), names(&rows));
    // Percentiles fall with the pace, across all size bands.
    let paces: Vec<f64> = rows.iter().filter_map(|row| row.outlook.as_ref()?.pace.percentile).collect();
    assert!(paces.len() == 6 && paces.is_sorted_by(|a, b| a > b), "{paces:?}");
    for row in &rows {
        let placed = row.emerging.as_ref().expect("a place");
        assert_eq!(
            (placed.score, placed.peers, placed.components.len()),
            (None, 10, 6),
            "no weights were given"
        );
    }
    let weighted = list(&temp, TrendSort::Emerging, Some("pace=0,novelty=1")).await;
    let scores: Vec<f64> = weighted.iter().filter_map(|row| row.emerging.as_ref()?.score).collect();
    assert!(scores.len() == 7 && scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    assert_eq!(names(&weighted)[0], "young");
    assert_eq!(names(&list(&temp, TrendSort::Novelty, None).await)[0], "young");
    assert_eq!(names(&list(&temp, TrendSort::Velocity, None).await).len(), 10, "the stale ones too");
}

async fn missing_values_have_a_reason(place: &Place) {
    let temp = sample_catalog(place).await;
    let still = outlook(&temp, "still").await;
    assert_eq!((still.pace.value, still.pace.missing), (None, Some("below_step")));
    assert_eq!(still.pace.reason.as_deref(), Some("below 1 view in 28 days"));
    assert_eq!((still.surge.value, still.surge.missing), (None, Some("below_resolution")));
    assert!(still.forecast.is_some_and(|band| (band.low, band.high) == (0, 1)));
    let young = outlook(&temp, "young").await;
    assert_eq!((young.pace.missing, young.surge.missing), (Some("too_young"), Some("too_young")));
    assert_eq!((young.pace.percentile, young.pace.probability_top_tenth, young.forecast), (None, None, None));
    let fortnight = outlook(&temp, "fortnight").await;
    assert!(fortnight.pace.value.is_some() && fortnight.surge.missing == Some("too_young"));
    let stale = outlook(&temp, "stale").await;
    assert_eq!((stale.pace.missing, stale.surge.missing), (Some("stale"), Some("stale")));
    assert_eq!(stale.pace.reason.as_deref(), Some("the newest reading is more than 2 days old"));
    assert_eq!((stale.forecast, stale.surge.breakout), (None, None));
}

async fn probabilities_name_their_training_data(place: &Place) {
    let temp = sample_catalog(place).await;
    let rows = list(&temp, TrendSort::Surge, None).await;
    assert_eq!(names(&rows), ["surging", "small", "middle", "large"], "only known surges");
    let surging = outlook(&temp, "surging").await;
    assert_eq!(surging.learned_on, "learned on 377 book hashtags");
    assert_eq!((surging.surge.breakout, rows[0].trend.breakout), (Some(true), Some(true)));
    assert_eq!((surging.surge.probability_3x, surging.surge.probability_2x), (Some(0.28), Some(0.42)));
    let large = outlook(&temp, "large").await;
    let band = large.forecast.expect("a band");
    assert!(band.low < 70_000 && band.middle < 80_000 && 70_000 < band.high, "{band:?}");
    let week = (band.from.to_rfc3339(), band.until.to_rfc3339());
    assert_eq!((week.0.as_str(), week.1.as_str()), (NOW, "2026-12-02T12:00:00Z"));
    assert_eq!((band.cover, band.step, band.own_forecasts), ("80 % or more", 1, 7));

    let own = Odds { triple: [0.5; 9], learned_on: "learned on this store".to_owned(), ..Odds::default() };
    temp.measure().store_odds(Some(&own)).await.expect("stored");
    let surging = outlook(&temp, "surging").await;
    assert_eq!(
        (surging.learned_on.as_str(), surging.surge.probability_3x),
        ("learned on this store", Some(0.5))
    );
    let rows = list(&temp, TrendSort::Surge, None).await;
    assert_eq!(rows[0].outlook.as_ref().map(|it| it.learned_on.as_str()), Some("learned on this store"));
    temp.measure().store_odds(None).await.expect("removed");
    assert_eq!(outlook(&temp, "surging").await.learned_on, "learned on 377 book hashtags");
}

async fn ranks_among_fewer_than_ten_are_unknown(place: &Place) {
    let temp = place.catalog(&FixedClock::at(Timestamp::parse(NOW).expect("a time"))).await;
    temp.record((0..9).flat_map(|n| series(&format!("tag{n}"), 5_000, 100 + n, 60, 0, 1))).await;
    temp.measure().follow_trends().await.expect("trends");
    let rows = list(&temp, TrendSort::Emerging, None).await;
    assert_eq!(rows.len(), 9);
    for row in &rows {
        let (outlook, placed) =
            (row.outlook.as_ref().expect("known"), row.emerging.as_ref().expect("a place"));
        assert!(outlook.pace.value.is_some() && outlook.pace.percentile.is_none(), "{outlook:?}");
        assert!(placed.components.iter().all(|component| component.percentile.is_none()), "{placed:?}");
    }
    temp.record(series("tag9", 5_000, 500, 60, 0, 1)).await;
    temp.measure().follow_trends().await.expect("trends");
    let rows = list(&temp, TrendSort::Emerging, None).await;
    assert!(rows.iter().all(|row| row.outlook.as_ref().is_some_and(|it| it.pace.percentile.is_some())));
}

testkit::test_on_each_backend! {
    ranks_among_fewer_than_ten_are_unknown,
    pace_is_ranked_raw_and_missing_ones_come_last,
    missing_values_have_a_reason,
    probabilities_name_their_training_data,
}
