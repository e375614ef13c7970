//! Properties of the demo's data: the same at every start, plausible, 90 days long, with the contract's example
//! in it.

use super::*;
use domain::{HashtagObservation, VideoObservation};
use std::collections::{HashMap, HashSet};

const NOON: Timestamp = Timestamp::from_ms(1_767_225_600_000 + DAY_MS / 2);

fn split(all: Vec<Observation>) -> (Vec<HashtagObservation>, Vec<VideoObservation>) {
    let mut parts = (Vec::new(), Vec::new());
    for observation in all {
        match observation {
            Observation::Hashtag(hashtag) => parts.0.push(*hashtag),
            Observation::Video(video) => parts.1.push(*video),
            Observation::Window(_) | Observation::Removed(_) => panic!("the demo has none of these"),
        }
    }
    parts
}

#[test]
fn it_is_the_same_every_time_and_within_a_day() {
    let later = Timestamp::from_ms(NOON.as_ms() + DAY_MS / 3);
    assert_eq!(observations(NOON), observations(later));
}

#[test]
fn every_hashtag_has_a_reading_a_day_and_never_loses_views() {
    let (hashtags, _) = split(observations(NOON));
    let mut series: HashMap<String, Vec<(i64, u64)>> = HashMap::new();
    for reading in hashtags {
        let at = reading.observed_at.expect("a time").as_ms();
        let views = reading.counts.views.expect("views").value();
        series.entry(reading.tag.tag.name().to_owned()).or_default().push((at, views));
    }
    assert!(series.len() > 300, "{}", series.len());
    for (name, points) in &series {
        assert_eq!(points.len(), 91, "{name}");
        assert_eq!(points.last().map(|p| p.0), Some(1_767_225_600_000), "{name}");
        assert!(
            points.windows(2).all(|w| w[1].0 - w[0].0 == DAY_MS && w[0].1 < w[1].1),
            "{name}: {points:?}"
        );
    }
}

#[test]
fn ids_and_keys_are_each_used_once() {
    let tags = hashtags::all();
    let ids: HashSet<_> = tags.iter().map(|tag| tag.reference.id.expect("an id")).collect();
    let keys: HashSet<_> = tags.iter().map(|tag| tag.reference.tag.key().clone()).collect();
    assert_eq!((ids.len(), keys.len()), (tags.len(), tags.len()));
    for course in [
        hashtags::Course::Steady,
        hashtags::Course::Rising,
        hashtags::Course::Fading,
        hashtags::Course::Burst,
    ] {
        assert!(tags.iter().any(|tag| tag.course() == course), "{course:?}");
    }
}

#[test]
fn cat_is_the_example_of_the_contract() {
    let (hashtags, _) = split(observations(NOON));
    let cat = hashtags.iter().rfind(|h| h.tag.tag.name() == "cat").expect("#cat");
    assert_eq!(cat.tag.id.map(|id| id.get()), Some(7551));
    assert_eq!(cat.counts.creators.map(|c| c.value()), Some(67_579_511));
    assert_eq!(cat.counts.views.map(|c| c.value()), Some(1_000_681_687_205));
    assert_eq!((cat.details.kind, cat.details.description.as_deref()), (Some(2), Some("")));
    assert!(cat.details.cover.as_ref().is_some_and(|cover| cover.starts_with("https://")));
}

#[test]
fn few_videos_have_most_plays_and_every_tag_of_a_video_is_there_once() {
    let (_, videos) = split(observations(NOON));
    let newest: HashMap<_, _> =
        videos.iter().map(|v| (v.id, v.counts.plays.expect("plays").value())).collect();
    assert_eq!(newest.len() as u64, videos::VIDEOS);
    let mut plays: Vec<u64> = newest.into_values().collect();
    plays.sort_unstable_by(|a, b| b.cmp(a));
    let (top, all): (u64, u64) = (plays[..300].iter().sum(), plays.iter().sum());
    assert!(top * 2 > all, "a tenth of the videos has over half of the plays");
    for video in &videos {
        let keys: HashSet<_> = video.tags.iter().map(|tag| tag.tag.key()).collect();
        assert_eq!(keys.len(), video.tags.len());
        assert!((1..=12).contains(&keys.len()), "{keys:?}");
    }
    let digests: HashSet<_> = videos.iter().map(|video| video.digest).collect();
    assert_eq!(digests.len(), videos.len(), "every reading is a record of its own");
}
