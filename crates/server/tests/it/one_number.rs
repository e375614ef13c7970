//! Every endpoint answers the same number for a hashtag's views: the last value of its repaired series. Checked
//! at several moments of several series, before and after trends are computed.

use domain::metrics::series::{Reading, Series};
use domain::{Clock, Count, Observation, Source, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use testkit::cuts::{Cut, captured, made_up};
use testkit::{FixedClock, Place, TestServer, hashtag, video};

const HOUR_MS: i64 = 3_600_000;

/// A single spike, a jump at the end, a confirmed jump, a lagging replica, a fall at the end, a number off its
/// rounding step, growth alone, and a single reading.
const SERIES: [(&str, &[u64]); 8] = [
    ("spiked", &[142_600, 343_100, 142_800, 142_900, 343_500, 143_200]),
    ("jumping", &[142_500, 142_800, 142_900, 143_000, 143_000, 343_500]),
    ("jumped", &[142_500, 142_800, 142_900, 343_500, 343_500, 343_600]),
    ("lagging", &[9_000, 9_100, 9_200, 9_300, 9_400, 9_100]),
    ("fallen", &[88_000, 88_100, 88_200, 88_300, 88_400, 60_000]),
    ("offstep", &[16_100_000, 16_200_000, 16_200_000, 16_300_000, 16_300_000, 16_399_999]),
    ("growing", &[500, 600, 700, 800, 900, 1_000]),
    ("single", &[16_399_999]),
];

fn at(reading: usize) -> Timestamp {
    let hours = i64::try_from(10 - reading).expect("a few") * 3;
    Timestamp::from_ms(FixedClock::default().now().as_ms() - hours * HOUR_MS)
}

/// Returns the readings from one to another, as observations.
fn readings(from: usize, to: usize) -> Vec<Observation> {
    let of = |(name, values): (&'static str, &'static [u64])| {
        let read = (from..to.min(values.len()))
            .map(move |n| hashtag(name).views(values[n]).observed_at(at(n)).into());
        read.collect::<Vec<Observation>>()
    };
    SERIES.into_iter().flat_map(of).collect()
}

/// Returns the last value of the repaired series of this many readings, and the newest reading if it differs.
fn expected(values: &[u64], count: usize) -> (u64, Option<u64>) {
    let values = &values[..count.min(values.len())];
    let reading = |(n, value): (usize, &u64)| {
        Some(Reading { at: at(n), count: Count::exact(*value)?, source: Source::Synthetic })
    };
    let series = Series::repaired(&values.iter().enumerate().filter_map(reading).collect::<Vec<_>>());
    let last = series.last().expect("a reading").value;
    let newest = *values.last().expect("a reading");
    (last, (newest != last).then_some(newest))
}

async fn get(server: &TestServer, path: &str) -> Value {
    let answer = server.get(path).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
    answer.json()
}

/// Returns the records in an answer, by name.
fn records(answer: &Value) -> BTreeMap<String, Value> {
    let rows = answer["data"].as_array().expect("rows");
    rows.iter().map(|row| (row["name"].as_str().expect("a name").to_owned(), row.clone())).collect()
}

/// Returns the views in the answer of each endpoint, and the newest reading where it has that.
async fn answers(server: &TestServer, name: &str) -> Vec<(String, Value, Option<Value>)> {
    let mut all = Vec::new();
    let mut say = |path: &str, views: &Value, as_read: Option<&Value>| {
        all.push((path.to_owned(), views.clone(), as_read.cloned()));
    };
    let mut record = |path: &str, record: &Value| {
        say(path, &record["views"]["value"], Some(&record["views"]["as_read"]["value"]));
    };
    let path = format!("/v1/hashtags/{name}");
    let one = get(server, &path).await;
    record(&path, &one["data"]);
    for path in [format!("/v1/hashtags?query={name}"), format!("/v1/hashtags?query={name}&sort=views")] {
        record(&path, &records(&get(server, &path).await)[name]);
    }
    let path = format!("/v1/compare?tags={name},elsewhere");
    record(&path, &get(server, &path).await["data"]["hashtags"][0]);
    let path = "/v1/hashtags/elsewhere/related?generic=true";
    record(path, &records(&get(server, path).await)[name]);
    let path = "/v1/export?of=hashtags&format=ndjson";
    let exported = server.get(path).await;
    let text = exported.text();
    let row = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let row = row.into_iter().find(|row| row["name"] == name).expect("a row");
    say(path, &row["views"], Some(&row["views_as_read"]));
    let path = format!("/v1/hashtags/{name}/history?step=raw");
    let history = get(server, &path).await;
    let points = history["data"]["points"].as_array().expect("points");
    say(
        &path,
        points.iter().rev().map(|point| &point["value"]).find(|value| !value.is_null()).expect("a value"),
        Some(&history["data"]["as_read"]["value"]),
    );
    let picture = server.get(&format!("/v1/hashtags/{name}/history.svg?step=raw")).await;
    let picture = (picture.status == 200).then(|| picture.text().to_owned());
    let newest = &one["data"]["views"]["as_read"];
    if let Some(picture) = &picture {
        assert_eq!(picture.contains("newest reading"), !newest.is_null(), "{picture}");
    }
    let path = format!("/challenge-info-name/?name={name}");
    say(&path, &get(server, &path).await["view_count"], None);
    let path = format!("/search-challenge/?keyword={name}");
    say(&path, &get(server, &path).await["challenge_list"][0]["view_count"], None);
    for (window, trend) in
        one["data"]["trends"].as_object().expect("windows").iter().filter(|(_, it)| !it.is_null())
    {
        say(&format!("the trend of {window}"), &trend["views"], None);
        assert!(trend["gain"].as_u64().unwrap_or(0) <= trend["views"].as_u64().expect("views"), "{trend}");
    }
    all
}

async fn check(server: &TestServer, count: usize, when: &str) {
    for (name, values) in SERIES {
        let (views, newest) = expected(values, count);
        for (surface, answer, as_read) in answers(server, name).await {
            assert_eq!(answer, views, "{surface} of #{name} after {count} readings, {when}");
            if let Some(as_read) = as_read {
                assert_eq!(as_read.as_u64(), newest, "{surface} of #{name} after {count} readings, {when}");
            }
        }
    }
}

async fn every_surface_answers_the_same_views(place: &Place) {
    let server = place.server().await.start().await;
    let names = SERIES.map(|(name, _)| name);
    let videos = names
        .iter()
        .zip(1..)
        .map(|(name, n)| video(n).tag("elsewhere").tag(name).plays(n).observed_at(at(0)).into());
    server.fixture().record(videos.collect::<Vec<Observation>>()).await;
    let mut reached = 0;
    for count in [1, 2, 3, 4, 5, 6] {
        server.fixture().record(readings(reached, count)).await;
        reached = count;
        if count % 2 == 0 {
            check(&server, count, "before trends are computed").await;
        }
        server.fixture().measure().follow_trends().await.expect("trends");
        check(&server, count, "after trends are computed").await;
    }
    let trending = get(&server, "/v1/trending?window=24h&limit=100").await;
    for (name, row) in records(&trending) {
        assert_eq!(row["views"]["value"], row["trend"]["views"], "#{name}");
        assert!(row["trend"]["gain"].as_u64().unwrap_or(0) <= row["trend"]["views"].as_u64().expect("views"));
    }
    let caveats = trending["meta"]["caveats"].as_array().expect("caveats");
    assert!(caveats.iter().any(|caveat| caveat["code"] == "not_as_read"), "{trending}");
}

/// Checks every endpoint on series that were cut at random moments.
async fn check_cuts(server: &TestServer, cuts: &[Cut]) {
    let videos = cuts.iter().zip(1..).map(|(cut, n)| {
        let both = video(n).tag("elsewhere").tag(&cut.name);
        both.plays(n).observed_at(FixedClock::default().now()).into()
    });
    let readings = cuts.iter().flat_map(Cut::observations);
    server.fixture().record(videos.chain(readings).collect::<Vec<Observation>>()).await;
    for is_computed in [false, true] {
        if is_computed {
            server.fixture().measure().follow_trends().await.expect("trends");
        }
        for cut in cuts {
            for (surface, answer, as_read) in answers(server, &cut.name).await {
                assert_eq!(answer, cut.views, "{surface} of #{}: {:?}", cut.name, cut.readings);
                if let Some(as_read) = as_read {
                    assert_eq!(as_read.as_u64(), cut.as_read, "{surface} of #{}", cut.name);
                }
            }
        }
    }
    let trending = get(server, "/v1/trending?window=24h&limit=100").await;
    let rows = records(&trending);
    for cut in cuts {
        let row = &rows[&cut.name];
        assert_eq!((&row["views"]["value"], &row["trend"]["views"]), (&cut.views.into(), &cut.views.into()));
        assert_eq!(row["views"]["as_read"]["value"].as_u64(), cut.as_read, "#{}", cut.name);
        assert!(row["trend"]["gain"].as_u64().unwrap_or(0) <= cut.views, "{row}");
    }
    // The caveats name the newest readings too.
    let caveats = trending["meta"]["caveats"].as_array().expect("caveats");
    let said = caveats.iter().find(|caveat| caveat["code"] == "not_as_read").expect("a caveat");
    let said = said["text"].as_str().expect("a text");
    for cut in cuts.iter().filter(|cut| cut.as_read.is_some()) {
        assert!(said.contains(&format!("views of #{} read as ", cut.name)), "{said}");
    }
}

async fn cut_series_have_one_number(place: &Place) {
    let server = place.server().await.start().await;
    check_cuts(&server, &made_up(11, 18, FixedClock::default().now())).await;
}

async fn cut_real_series_have_one_number(place: &Place) {
    let Some(cuts) = captured(7, 16, FixedClock::default().now()) else { return };
    check_cuts(&place.server().await.start().await, &cuts).await;
}

testkit::test_on_each_backend! {
    every_surface_answers_the_same_views,
    cut_series_have_one_number,
    cut_real_series_have_one_number,
}
