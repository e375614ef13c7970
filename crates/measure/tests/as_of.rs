//! An answer as of a moment is the one that was given then: after each step of an import, in any order, with readings that
//! repair, fill and clear earlier ones, and a clock that is set back.

use domain::metrics::{Mode, Step};
use domain::{Clock, Count, HashtagObservation, Moment, Observation, Source, Timestamp};
use measure::{AlertPreviewQuery, AsOfQuery, HistoryMetric, HistoryQuery, MadeOf, Measure, Meta};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{FixedClock, Place, TemporaryCatalog, hashtag};

const HOUR_MS: i64 = 3_600_000;
const SOURCES: [Source; 2] = [Source::Series, Source::WebChallenge];

/// Hours since the first moment, number of a source, views in thousands, and creators.
type Reading = (i64, usize, Option<u64>, Option<u64>);

/// Hours by which the clock goes on before the step (it may be set back meanwhile), and readings that come in together.
type Steps = Vec<(i64, Vec<Reading>)>;

/// Readings of some days that come in together: some far from the others, some of one moment, some 0, some unknown.
fn any_steps() -> impl Strategy<Value = Steps> {
    let views = prop_oneof![6 => (0_u64..30).prop_map(Some), 1 => Just(Some(0)), 1 => (200_u64..300).prop_map(Some), 2 => Just(None)];
    let creators = prop_oneof![3 => Just(None), 1 => Just(Some(0)), 3 => (1_u64..4).prop_map(Some)];
    let reading = (0_i64..60, 0..SOURCES.len(), views, creators);
    prop::collection::vec((-3_i64..3, prop::collection::vec(reading, 1..20)), 1..7)
}

fn begin() -> Timestamp {
    Timestamp::parse("2026-09-29T12:00:00Z").expect("a time")
}

fn observation((hour, source, views, creators): &Reading) -> Observation {
    let mut observation = HashtagObservation::from(hashtag("cat"));
    observation.source = SOURCES[*source];
    observation.observed_at = Some(Timestamp::from_ms(begin().as_ms() + hour * HOUR_MS));
    let rising = |views: u64| if views == 0 { 0 } else { (1_000 + views + 5 * hour.unsigned_abs()) * 1_000 };
    observation.counts.views = views.and_then(|views| Count::exact(rising(views)));
    observation.counts.creators = creators.and_then(Count::exact);
    Observation::Hashtag(Box::new(observation))
}

/// All answers from readings of the hashtag alone, as JSON without the moment.
async fn answers(measure: &Measure) -> Vec<Value> {
    let cat = measure.measured_hashtag("cat").await.expect("a hashtag");
    let mut all = Vec::new();
    for (metric, step, mode, repair) in [
        (HistoryMetric::Views, Step::Raw, Mode::Total, true),
        (HistoryMetric::Views, Step::Raw, Mode::Total, false),
        (HistoryMetric::Views, Step::Day, Mode::Gain, true),
        (HistoryMetric::Creators, Step::Hour, Mode::Total, true),
    ] {
        let query =
            HistoryQuery { metric, step, mode, repair, from: "2d".parse().ok(), ..HistoryQuery::default() };
        let history = measure.history(&cat, query).await.expect("a history");
        assert_eq!(history.meta.as_of, measure.as_of());
        all.push(json!([history.data, Meta { as_of: None, ..history.meta }, history.next.is_some()]));
    }
    all
}

/// The answer to a preview of an alert, or the reason why there is none.
async fn preview(measure: &Measure, as_of: Option<Timestamp>) -> Value {
    let cat = measure.measured_hashtag("cat").await.expect("a hashtag");
    let mut query = json!({"hashtag": "cat", "rule": "velocity", "above": 10, "window": "24h"});
    if let Some(as_of) = as_of {
        query["as_of"] = as_of.to_rfc3339().into();
    }
    let query: AlertPreviewQuery = serde_json::from_value(query).expect("a query");
    match measure.alert_preview(&cat, &query).await {
        Ok(preview) => json!(preview),
        Err(error) => json!(error.to_string()),
    }
}

async fn steps_are_answered_later(place: &Place, steps: &Steps) -> Result<(), TestCaseError> {
    let clock = FixedClock::at(Timestamp::from_ms(begin().as_ms() + 70 * HOUR_MS));
    let temp: TemporaryCatalog = place.catalog(&clock).await;
    let live = temp.measure();
    let mut seen: Vec<(Timestamp, Vec<Value>, Value)> = Vec::new();
    for (hours, readings) in steps {
        clock.set(Timestamp::from_ms(clock.now().as_ms() + hours * HOUR_MS));
        temp.record(readings.iter().map(observation)).await;
        // After what came in before, even where the clock was set back; it is right again when answers are given.
        let at = live.store().arrived_at().await.expect("an answer").expect("a time");
        clock.set(at);
        seen.push((at, answers(live).await, preview(live, None).await));
        clock.advance(Duration::from_secs(600));
    }
    for (at, answered, previewed) in seen {
        let then =
            live.at(AsOfQuery { as_of: Some(Moment::At(at)) }, MadeOf::Readings).await.expect("a moment");
        prop_assert_eq!(answers(&then).await, answered, "as of {}", at.to_rfc3339());
        prop_assert_eq!(preview(live, Some(at)).await, previewed, "as of {}", at.to_rfc3339());
    }
    let ahead = Some(Moment::At(Timestamp::from_ms(clock.now().as_ms() + 1)));
    let refused =
        live.at(AsOfQuery { as_of: ahead }, MadeOf::Readings).await.err().expect("the future").to_string();
    prop_assert!(refused.contains("as_of"), "{}", refused);
    Ok(())
}

fn run(case: impl Future<Output = Result<(), TestCaseError>>) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(case)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn answers_as_of_each_step_are_those_given_then(steps in any_steps()) {
        run(async { steps_are_answered_later(&Place::folders(), &steps).await })?;
    }
}

#[cfg(unix)]
proptest! {
    // A database takes longer to create than a folder.
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn answers_of_a_database_as_of_each_step_are_those_given_then(steps in any_steps()) {
        let Some(place) = Place::databases() else { return Ok(()) };
        run(async { steps_are_answered_later(&place, &steps).await })?;
    }
}
