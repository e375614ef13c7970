//! TikTok's Research API: pages of videos, or videos alone. Its counts are exact, but up to ten days old.

use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::keys::Keys;
use crate::json::length::Length;
use crate::json::lenient::{List, Maybe, OneOrMore, Text};
use crate::json::moment::Moment;
use crate::json::number::Number;
use crate::json::scan::elements;
use crate::reading::{Description, Reading, Refusal, TagList, digest};
use domain::observation::{VideoCounts, VideoObservation};
use domain::video::{Author, Music, VideoDetails};
use domain::{Source, Timestamp};
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format {
    source: Source::ResearchApi,
    shape: "`{data:{videos},error}`, `{videos}`, array, NDJSON of videos with `id`",
    made_by: "TikTok's Research API and its clients",
    kind: Kind::Json(Json { all: &["id"], any: SIGNATURES, none: &[], within: LISTS, read }),
};

pub(crate) static FORMAT_VIDEO_ID: Format = Format {
    source: Source::ResearchApi,
    shape: "the same with `video_id`",
    made_by: "clients of TikTok's Research API",
    kind: Kind::Json(Json { all: &["video_id"], any: SIGNATURES, none: &[], within: &[], read }),
};

/// Lists that its endpoints return, and the envelope around them.
const LISTS: &[&str] = &["data", "videos", "user_liked_videos", "pinned_videos_list", "reposted_videos"];

/// Field names unique to it. A field is present only if it was requested.
const SIGNATURES: &[&str] =
    &["hashtag_names", "hashtag_info_list", "video_description", "region_code", "favorites_count"];

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Video<'a> {
    id: Id<'a>,
    video_id: Id<'a>,
    video_description: Text<'a>,
    create_time: Moment,
    region_code: Text<'a>,
    username: Text<'a>,
    view_count: Number,
    like_count: Number,
    comment_count: Number,
    share_count: Number,
    favorites_count: Number,
    /// An earlier spelling.
    favourites_count: Number,
    video_duration: Length,
    music_id: Id<'a>,
    playlist_id: Id<'a>,
    hashtag_names: List<Text<'a>>,
    hashtag_info_list: List<Maybe<Hashtag<'a>>>,
    /// One or several.
    video_tag: OneOrMore<VideoTag<'a>>,
}

/// Label of a video: `AIGC` or `Branded`, and a number.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct VideoTag<'a> {
    r#type: Text<'a>,
    number: Number,
}

/// `Branded` number of a paid partnership; 7 is a commission, which is not an advertisement.
const PAID_PARTNERSHIP: u64 = 1;

impl VideoTag<'_> {
    fn is_paid(&self) -> bool {
        self.r#type.eq_ignore_ascii_case("branded") && self.number.whole() == Some(PAID_PARTNERSHIP)
    }
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Hashtag<'a> {
    hashtag_id: Id<'a>,
    hashtag_name: Text<'a>,
    hashtag_description: Text<'a>,
}

/// Parses one video of a file.
fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let video: Video<'_> = serde_json::from_str(raw)?;
    if video.video_id.is_none() && video.id.is_none() {
        return Err(Refusal::Shape);
    }
    // Programs that store numbers as doubles round all ids of a record, or none.
    let others = video.hashtag_info_list.iter().map(|hashtag| &hashtag.hashtag_id);
    let is_exact = others.chain([&video.music_id, &video.playlist_id]).any(Id::is_unrounded);
    read_into(&video, is_exact, raw, reading)
}

/// Parses one video of a response received directly from TikTok, whose ids no program can have rounded.
pub(crate) fn read_video(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    read_into(&serde_json::from_str(raw)?, true, raw, reading)
}

fn read_into(video: &Video<'_>, is_exact: bool, raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let id = if video.id.is_none() { &video.video_id } else { &video.id };
    let id = if is_exact { id.video_as_written() } else { id.video(&[]) }?;
    let tags = video.tags()?;
    let duration_seconds = video.video_duration.seconds("video_duration", reading);
    reading.video(VideoObservation {
        id,
        source: Source::ResearchApi,
        observed_at: reading.observed_at,
        // It identifies creators by handle only.
        author: None,
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        counts: VideoCounts {
            plays: video.view_count.exact("view_count")?,
            likes: video.like_count.exact("like_count")?,
            comments: video.comment_count.exact("comment_count")?,
            shares: video.share_count.exact("share_count")?,
            saves: video.favorites_count.or(video.favourites_count).exact("favorites_count")?,
            downloads: None,
        },
        details: VideoDetails {
            region: video.region_code.parse().ok(),
            title: video.video_description.clean(),
            duration_seconds,
            create_time: video.create_time.seconds(),
            music: Music { id: video.music_id.to_text(), ..Music::default() },
            is_ad: video.video_tag.iter().any(VideoTag::is_paid),
            author: Author { unique_id: video.username.clean(), ..Author::default() },
            ..VideoDetails::default()
        },
        digest: digest(raw.as_bytes(), reading.observed_at),
    });
    for hashtag in video.hashtag_info_list.iter() {
        let description = Description {
            name: &hashtag.hashtag_name,
            id: hashtag.hashtag_id.hashtag(),
            text: &hashtag.hashtag_description,
            cover: "",
            is_commerce: false,
            kind: None,
        };
        reading.description(Source::ResearchApi, &description);
    }
    Ok(())
}

impl Video<'_> {
    fn tags(&self) -> Result<TagList, String> {
        let mut tags = TagList::default();
        for name in self.hashtag_names.iter() {
            tags.add(name, None)?;
        }
        for hashtag in self.hashtag_info_list.iter() {
            tags.add(&hashtag.hashtag_name, hashtag.hashtag_id.hashtag())?;
        }
        // A field is present only if it was requested.
        tags.or_caption(&self.video_description)?;
        Ok(tags)
    }
}

/// Returns the time of an answer: its `error.log_id` begins with the time in UTC, `YYYYMMDDhhmmss`.
pub(crate) fn answered_at(answer: &Keys<'_>) -> Option<Timestamp> {
    let log_id = Keys::of(answer.object("error")?).text("log_id")?;
    Timestamp::from_stamp(&log_id)
}

/// Returns the error of an answer, or `Ok` if it reports success.
pub(crate) fn error_of(answer: &Keys<'_>) -> Option<Result<(), String>> {
    // A refused token is reported as a string, other errors as an object.
    let (code, message) = match answer.object("error") {
        Some(error) => {
            let error = Keys::of(error);
            (error.text("code")?, error.text("message"))
        }
        None if answer.has("log_id") => (answer.text("error")?, answer.text("error_description")),
        None => return None,
    };
    if &*code == "ok" {
        return Some(Ok(()));
    }
    let message = message.as_deref().filter(|text| !text.is_empty());
    let said =
        message.map_or(String::new(), |text| format!(": {}", text.chars().take(200).collect::<String>()));
    Some(Err(format!("an error in place of an answer: {}{said}", &*code)))
}

/// Returns true if an answer has only a paging position: the list may be absent if nothing was found.
pub(crate) fn is_without_records(answer: &Keys<'_>) -> bool {
    let is_of_paging =
        |key: &[u8]| matches!(key, b"cursor" | b"has_more" | b"search_id" | b"max_cursor" | b"count");
    let is_empty_list = |key: &[u8], value: &[u8]| {
        let is_list = LISTS.iter().any(|list| list.as_bytes() == key);
        is_list && (value == b"null" || value.starts_with(b"[") && elements(value).next().is_none())
    };
    answer.object("data").is_none_or(|data| {
        Keys::of(data).pairs().all(|(key, value)| is_of_paging(key) || is_empty_list(key, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{RecordOutput, SeenDescriptions};
    use domain::Observation;

    #[test]
    fn an_answer_of_tiktok_itself_is_believed_to_the_last_digit() {
        let raw = r#"{"id":7622263851152706560,"hashtag_names":["cat"]}"#;
        let (mut seen, mut found) = (SeenDescriptions::default(), Vec::new());
        let mut reading =
            Reading { observed_at: None, source: None, is_listed: true, seen: &mut seen, found: &mut found };
        assert!(read(raw, &mut reading).is_err());
        read_video(raw, &mut reading).expect("a video");
        let [RecordOutput::Observation(Observation::Video(video))] = &found[..] else { panic!("{found:?}") };
        assert_eq!(video.id.get(), 7_622_263_851_152_706_560);
    }

    fn video(raw: &str) -> VideoObservation {
        let (mut seen, mut found) = (SeenDescriptions::default(), Vec::new());
        let mut reading =
            Reading { observed_at: None, source: None, is_listed: true, seen: &mut seen, found: &mut found };
        read_video(raw, &mut reading).expect("a video");
        match found.swap_remove(0) {
            RecordOutput::Observation(Observation::Video(video)) => *video,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_paid_partnership_is_an_advertisement() {
        let is_ad = |tag: &str| {
            video(&format!(r#"{{"id":7622263851152706560,"hashtag_names":["cat"],"video_tag":{tag}}}"#))
                .details
                .is_ad
        };
        for paid in [
            r#"{"type":"Branded","number":1}"#,
            r#"{"number":"1","type":"branded"}"#,
            r#"[{"type":"AIGC","number":1},{"type":"Branded","number":1}]"#,
        ] {
            assert!(is_ad(paid), "{paid}");
        }
        for other in [
            r#"{"type":"Branded","number":7}"#,
            r#"{"type":"AIGC","number":1}"#,
            "{}",
            "null",
            "[]",
            "7",
            r#""Branded""#,
        ] {
            assert!(!is_ad(other), "{other}");
        }
    }

    #[test]
    fn fields_of_every_version_are_read_and_unknown_shapes_of_new_ones_do_no_harm() {
        let found = video(
            r#"{"id":7622263851152706560,"hashtag_info_list":[{"hashtag_id":7551,"hashtag_name":"Cat"}],"video_duration":31,
               "favourites_count":5,"video_mention_list":["someone"],"video_label":{"type":1,"content":"x"},
               "sticker_info_list":[{"sticker_id":1}],"effect_info_list":7,"is_stem_verified":true}"#,
        );
        assert_eq!(found.counts.saves.map(domain::Count::value), Some(5));
        assert_eq!((found.details.duration_seconds, found.tags.len()), (31, 1));
        assert_eq!(found.tags[0].id.map(domain::HashtagId::get), Some(7_551));
    }

    #[test]
    fn the_time_of_an_answer_is_in_its_log_id() {
        let at = |log_id: &str| {
            let answer = format!(r#"{{"error":{{"code":"ok","log_id":"{log_id}"}}}}"#);
            answered_at(&Keys::of(answer.as_bytes())).map(Timestamp::to_rfc3339)
        };
        assert_eq!(at("20230113024658F0D7").as_deref(), Some("2023-01-13T02:46:58Z"));
        for log_id in ["", "2023", "20231313024658F0", "19700101000000F0", "x0230113024658"] {
            assert_eq!(at(log_id), None, "{log_id}");
        }
    }
}
