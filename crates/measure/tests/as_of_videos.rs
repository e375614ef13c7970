//! Answers from videos as of a moment are those that were given then: after each step of an import, with videos that are read
//! again, older readings that come later, and hashtags and countries that are added.

use domain::campaign::{Baseline, CampaignFilter, CampaignGoals, CampaignPlan, CampaignSpan};
use domain::{
    AccountId, CampaignId, Clock, Count, Creator, Handle, HashtagObservation, Moment, Observation, Tag,
    Timestamp, VideoId,
};
use measure::{
    AsOfQuery, BenchmarkQuery, CompareQuery, CreatorsQuery, MadeOf, Measure, MeasureError, VideosQuery,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use store::campaigns::{Campaign, CampaignSettings};
use testkit::{FixedClock, Place, TemporaryCatalog, hashtag, video};

const HOUR_MS: i64 = 3_600_000;
const NAMES: [&str; 3] = ["cat", "dog", "elsewhere"];

/// Something that comes in.
#[derive(Debug, Clone)]
enum Item {
    /// Number, hour of the reading (or none), plays, likes, bits of its hashtags, and country.
    Video(u64, Option<i64>, Option<u64>, u64, u8, Option<&'static str>),
    /// Number of a hashtag, hour, and thousands of views.
    Reading(usize, i64, u64),
}

fn any_item() -> impl Strategy<Value = Item> {
    let country = prop_oneof![2 => Just(None), 1 => Just(Some("de")), 1 => Just(Some("us"))];
    let hour = prop_oneof![1 => Just(None), 6 => (0_i64..48).prop_map(Some)];
    let plays = prop_oneof![1 => Just(None), 1 => Just(Some(0)), 5 => (1_u64..5_000).prop_map(Some)];
    prop_oneof![
        4 => (1_u64..9, hour, plays, 0_u64..50, 0_u8..8, country)
            .prop_map(|(n, hour, plays, likes, tags, country)| Item::Video(n, hour, plays, likes, tags, country)),
        1 => (0_usize..2, 0_i64..48, 1_000_u64..1_030).prop_map(|(tag, hour, views)| Item::Reading(tag, hour, views)),
    ]
}

fn begin() -> Timestamp {
    Timestamp::parse("2026-09-29T12:00:00Z").expect("a time")
}

fn at_hour(hour: i64) -> Timestamp {
    Timestamp::from_ms(begin().as_ms() + hour * HOUR_MS)
}

fn observation((place, item): (u64, &Item)) -> Observation {
    match item {
        Item::Video(number, hour, plays, likes, tags, country) => {
            let mut one = video(*number).counts(*likes, 1, 2, 3).version(place);
            one = one.created_at(at_hour(-i64::try_from(*number).expect("small") * 7));
            one = plays.map(|plays| one.clone().plays(plays)).unwrap_or(one);
            one = hour.map(|hour| one.clone().observed_at(at_hour(hour))).unwrap_or(one);
            one = country.map(|country| one.clone().region(country)).unwrap_or(one);
            let under = NAMES.iter().enumerate().filter(|(bit, _)| tags >> bit & 1 == 1);
            under.fold(one, |one, (_, name)| one.tag(name)).into()
        }
        Item::Reading(tag, hour, views) => {
            let mut reading = HashtagObservation::from(hashtag(NAMES[*tag]));
            reading.observed_at = Some(at_hour(*hour));
            reading.counts.views = Count::exact((views + 5 * hour.unsigned_abs()) * 1_000);
            Observation::Hashtag(Box::new(reading))
        }
    }
}

fn campaign() -> Campaign {
    let tags = |names: &[&str]| names.iter().map(|name| Tag::new(name).expect("a tag")).collect();
    let plan = CampaignPlan::new(
        tags(&["cat"]),
        tags(&["dog"]),
        CampaignGoals::default(),
        CampaignFilter::default(),
    );
    let at = at_hour(-24);
    Campaign {
        id: CampaignId::new(at, 7),
        account_id: AccountId(1),
        settings: CampaignSettings {
            name: "summer".parse().expect("a name"),
            span: CampaignSpan::new(at, None).expect("a span"),
            baseline: Baseline::DEFAULT,
            plan: plan.expect("a plan"),
            notes: String::new(),
        },
        created_at: at,
        updated_at: at,
        version: 0,
    }
}

/// Leaves out what is known for the present alone, and the moment.
fn without_ranks(mut answer: Value) -> Value {
    if let Some(members) = answer.as_object_mut() {
        for name in ["emerging", "as_of", "is_empty"] {
            members.remove(name);
        }
    }
    let caveats = answer.pointer_mut("/caveats").and_then(Value::as_array_mut);
    if let Some(caveats) = caveats {
        caveats.retain(|caveat| caveat["code"] != "without_ranks" && caveat["code"] != "trends_pending");
    }
    answer
}

/// An answer as JSON; a hashtag that is not there yet is `null`.
fn shown<T: serde::Serialize>(answer: Result<measure::Measured<T>, MeasureError>) -> Value {
    match answer {
        Ok(measured) => {
            json!([
                without_ranks(json!(measured.data)),
                without_ranks(json!(measured.meta)),
                measured.next.is_some()
            ])
        }
        Err(MeasureError::NotFound(_) | MeasureError::NotThen(..)) => Value::Null,
        Err(error) => json!(error.to_string()),
    }
}

/// All answers that are made of videos.
async fn answers(measure: &Measure) -> Vec<Value> {
    let mut all = Vec::new();
    let mut found = Vec::new();
    for name in &NAMES[..2] {
        match measure.measured_hashtag(name).await {
            Ok(hashtag) => found.push(hashtag),
            Err(MeasureError::NotFound(_) | MeasureError::NotThen(..)) => {
                all.push(json!([name, "not there"]))
            }
            Err(error) => panic!("{error}"),
        }
    }
    for hashtag in &found {
        all.push(shown(measure.overview(hashtag).await));
        all.push(shown(measure.benchmark(hashtag, BenchmarkQuery::default()).await));
        all.push(shown(
            measure.creators(hashtag, CreatorsQuery { limit: 10, ..CreatorsQuery::default() }).await,
        ));
        for sort in ["plays", "newest", "engagement"] {
            let query: VideosQuery = serde_json::from_value(json!({"sort": sort})).expect("a query");
            all.push(shown(measure.videos(hashtag, &VideosQuery { limit: 20, ..query }).await));
        }
    }
    if found.len() == 2 {
        let query = CompareQuery { points_max: 100, ..CompareQuery::default() };
        all.push(shown(measure.compare(&found, &query).await));
    }
    all.push(json!(measure.campaign(&campaign()).await.expect("a campaign")));
    all
}

async fn steps_are_answered_later(place: &Place, steps: &[Vec<Item>]) -> Result<(), TestCaseError> {
    let clock = FixedClock::at(at_hour(60));
    let temp: TemporaryCatalog = place.catalog(&clock).await;
    let live = temp.measure();
    let mut seen = vec![(clock.now(), answers(live).await)];
    let mut place = 0_u64;
    for step in steps {
        clock.advance(Duration::from_secs(600));
        temp.record(step.iter().map(|item| {
            place += 1;
            observation((place, item))
        }))
        .await;
        live.follow_trends().await.expect("trends");
        seen.push((clock.now(), answers(live).await));
    }
    for (at, answered) in seen {
        let as_of = AsOfQuery { as_of: Some(Moment::At(at)) };
        let then = live.at(as_of, MadeOf::Videos).await.expect("a moment");
        prop_assert_eq!(answers(&then).await, answered, "as of {}", at.to_rfc3339());
    }
    Ok(())
}

fn run(case: impl Future<Output = Result<(), TestCaseError>>) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(case)
}

fn any_steps() -> impl Strategy<Value = Vec<Vec<Item>>> {
    prop::collection::vec(prop::collection::vec(any_item(), 1..10), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn answers_from_videos_as_of_each_step_are_those_given_then(steps in any_steps()) {
        run(async { steps_are_answered_later(&Place::folders(), &steps).await })?;
    }
}

#[cfg(unix)]
proptest! {
    // A database takes longer to create than a folder.
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn answers_of_a_database_from_videos_as_of_each_step_are_those_given_then(steps in any_steps()) {
        let Some(place) = Place::databases() else { return Ok(()) };
        run(async { steps_are_answered_later(&place, &steps).await })?;
    }
}

/// A video that was removed or forgotten since is in no answer, whatever the moment.
async fn what_is_gone_stays_out(place: &Place) {
    let clock = FixedClock::at(at_hour(60));
    let temp: TemporaryCatalog = place.catalog(&clock).await;
    let clip = |number| video(number).tag("cat").plays(10).observed_at(at_hour(1)).into();
    temp.record([clip(1), clip(2), clip(3)]).await;
    let then = clock.now();
    clock.advance(Duration::from_secs(60));
    temp.record([video(2).tag("cat").plays(20).version(2).observed_at(at_hour(2)).into()]).await;
    let videos = async || {
        let known = temp.measure().at(AsOfQuery { as_of: Some(Moment::At(then)) }, MadeOf::Videos).await;
        let cat = known.expect("a moment").measured_hashtag("cat").await.expect("a hashtag");
        (cat.observed.videos, cat.observed.views)
    };
    assert_eq!(videos().await, (3, Some(30)));
    let gone: VideoId = 2_u64.try_into().expect("an id");
    temp.store().forget_videos(vec![gone]).await.expect("forgotten");
    assert_eq!(videos().await, (2, Some(20)));
}

/// A video that had another creator then: once that one is forgotten, its creator of then is unknown.
async fn a_forgotten_creator_is_in_nothing_that_was(place: &Place) {
    let clock = FixedClock::at(at_hour(60));
    let temp: TemporaryCatalog = place.catalog(&clock).await;
    temp.record([video(1).handle("ann").tag("cat").observed_at(at_hour(1)).into()]).await;
    let then = clock.now();
    clock.advance(Duration::from_secs(60));
    temp.record([video(2).handle("ann").author(9).tag("cat").observed_at(at_hour(2)).into()]).await;
    let creators = async || {
        let known = temp.measure().at(AsOfQuery { as_of: Some(Moment::At(then)) }, MadeOf::Videos).await;
        let cat = known.expect("a moment").measured_hashtag("cat").await.expect("a hashtag");
        (cat.observed.videos, cat.observed.creators, cat.observed.by_handle)
    };
    assert_eq!(creators().await, (1, 1, 1));
    let ann = Creator::from(Handle::new("ann").expect("a handle"));
    temp.store().forget_creators(&BTreeSet::from([ann])).await.expect("forgotten");
    assert_eq!(creators().await, (1, 0, 0));
}

testkit::test_on_each_backend! {
    a_forgotten_creator_is_in_nothing_that_was,
    what_is_gone_stays_out,
}
