//! Exports of TikTok's Creative Center: lists of hashtags with their views and posts within a period, as JSON. These
//! sums are not lifetime totals and are stored separately.

use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::keys::Keys;
use crate::json::lenient::{List, Maybe, Text};
use crate::json::moment::Moment;
use crate::json::number::Number;
use crate::reading::{Reading, Refusal};
use domain::observation::{TagRef, WindowObservation};
use domain::{Source, Tag, Timestamp};
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format {
    source: Source::CreativeCenter,
    shape: "`{data:{list:[{hashtag_id,hashtag_name,publish_cnt,video_views,rank}]}}`, array or NDJSON of rows",
    made_by: "TikTok Creative Center",
    kind: Kind::Json(Json {
        all: &["hashtag_name"],
        any: &["video_views", "publish_cnt", "publish_count"],
        none: &[],
        within: &["list"],
        read,
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Row<'a> {
    hashtag_id: Id<'a>,
    hashtag_name: Text<'a>,
    rank: Number,
    video_views: Number,
    #[serde(alias = "publish_count")]
    publish_cnt: Number,
    #[serde(alias = "country")]
    country_info: Maybe<Named<'a>>,
    country_code: Text<'a>,
    industry_info: Maybe<Named<'a>>,
    period: Number,
    trend: List<Maybe<Point>>,
    crawl_date: Text<'a>,
    crawl_time: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Named<'a> {
    id: Text<'a>,
    value: Text<'a>,
}

/// A day of the row's curve. Its values have no unit: only the time of the last one is used.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Point {
    #[serde(alias = "date")]
    time: Moment,
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let row: Row<'_> = serde_json::from_str(raw)?;
    let date_time = format!("{} {}", &*row.crawl_date, &*row.crawl_time);
    let last = row.trend.iter().filter_map(|point| point.time.seconds()).max();
    let at = Timestamp::parse(date_time.trim())
        .or(reading.observed_at)
        .or_else(|| last.and_then(Timestamp::from_source))
        .or(reading.seen.given_at)
        .ok_or_else(|| NO_TIME.to_owned())?;
    let country = [&row.country_info.value, &row.country_info.id, &row.country_code]
        .into_iter()
        .find(|text| !text.is_empty());
    let tag = Tag::new(&row.hashtag_name).map_err(|why| format!("hashtag_name: {why}"))?;
    reading.window(WindowObservation {
        tag: TagRef { tag, id: row.hashtag_id.hashtag() },
        source: Source::CreativeCenter,
        observed_at: at,
        country: country.map(Text::clean).unwrap_or_default(),
        window_days: row.period.whole().and_then(|days| u32::try_from(days).ok()),
        views: row.video_views.count("video_views")?,
        posts: row.publish_cnt.count("publish_cnt")?,
        rank: row.rank.count("rank")?,
        industry: row.industry_info.value.clean(),
    });
    Ok(())
}

/// Returns the time of an answer: its `request_id` begins with it.
pub(crate) fn answered_at(answer: &Keys<'_>) -> Option<Timestamp> {
    Timestamp::from_stamp(&answer.text("request_id")?)
}

const NO_TIME: &str = "it does not tell when it was read, and a sum over a window means nothing without that";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{self, Item, Options};
    use domain::Observation;

    fn windows(text: &'static str) -> (Vec<WindowObservation>, Vec<String>) {
        let (mut items, mut windows, mut rejects) = (Vec::new(), Vec::new(), Vec::new());
        let input = files::from_reader("rows.json", Box::new(text.as_bytes()));
        files::read(input, Options::default(), &mut items).expect("a known format");
        for item in items {
            match item {
                Item::Observation(Observation::Window(window)) => windows.push(*window),
                Item::Observation(other) => panic!("{other:?}"),
                Item::Reject(reject) => rejects.push(reject.reason),
            }
        }
        (windows, rejects)
    }

    #[test]
    fn a_page_of_rows_is_of_the_moment_its_request_id_states() {
        let (windows, rejects) = windows(
            r#"{"code":0,"msg":"OK","request_id":"202509241811300ABCDEF","data":{"list":[
                {"hashtag_id":"4232","hashtag_name":"gemini","country_info":{"id":"MY","value":"Malaysia"},"rank":1,
                 "video_views":84150986,"publish_cnt":17061,"industry_info":{"value":"Games"},"period":7},
                {"hashtag_id":"1","hashtag_name":" ","video_views":1}]}}"#,
        );
        let [window] = &windows[..] else { panic!("{windows:?}") };
        assert_eq!(window.observed_at.to_rfc3339(), "2025-09-24T18:11:30Z");
        assert_eq!((window.views, window.posts, window.rank), (Some(84_150_986), Some(17_061), Some(1)));
        assert_eq!((&*window.country, window.window_days, &*window.industry), ("Malaysia", Some(7), "Games"));
        assert_eq!(rejects.len(), 1);
    }

    #[test]
    fn a_row_is_of_the_last_day_of_its_curve_and_none_without_a_time() {
        let (windows, rejects) = windows(
            "{\"hashtag_name\":\"a\",\"video_views\":\"5\",\"trend\":[{\"time\":1726358400,\"value\":1},{\"time\":1726963200}]}\n\
             {\"hashtag_name\":\"b\",\"video_views\":5}\n",
        );
        assert_eq!(windows[0].observed_at.as_seconds(), 1_726_963_200);
        assert_eq!((windows[0].views, windows[0].posts), (Some(5), None));
        assert_eq!(rejects, [NO_TIME]);
    }
}
