//! Answers of the contract and of tikwm, which use the same objects: a hashtag as `/challenge-info-id/` sends it, a
//! video as `/challenge-posts/` does, alone or in their lists, with or without the envelope `{code,msg,data}`. Counts
//! are exact; a video's tags are only in its caption.

use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::keys::Keys;
use crate::json::lenient::{Flag, List, Maybe, Text};
use crate::json::moment::Moment;
use crate::json::number::Number;
use crate::reading::{Refusal, TagList, digest};
use domain::observation::{
    HashtagCounts, HashtagDetails, HashtagObservation, TagRef, VideoCounts, VideoObservation,
};
use domain::video::{Author, Music, VideoDetails};
use domain::{Source, Tag, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

pub(crate) static HASHTAG: Format = Format {
    source: Source::Contract,
    shape: "hashtags of `/challenge-info-*/` and `/search-challenge/`: `{challenge_list}`, `{code,msg,data}`, single, array, NDJSON",
    made_by: "servers of the four challenge endpoints, tikwm",
    kind: Kind::Json(Json {
        all: &["id", "cha_name"],
        any: &["view_count", "user_count"],
        none: &[],
        within: &["data", "challenge_list"],
        read: |raw, reading| {
            let hashtag = read_hashtag(raw, reading.observed_at)?;
            reading.hashtag(hashtag);
            Ok(())
        },
    }),
};

pub(crate) static VIDEO: Format = Format {
    source: Source::Contract,
    shape: "videos of `/challenge-posts/`: `{videos}`, `{code,msg,data}`, single, array, NDJSON",
    made_by: "servers of the four challenge endpoints, tikwm",
    kind: Kind::Json(Json {
        all: &["play_count"],
        // tikwm calls the id of a single video `id`.
        any: &["video_id", "wmplay"],
        none: &[],
        within: &["data", "videos"],
        read: |raw, reading| {
            let video = read_video(raw, reading.observed_at, None)?;
            reading.video(video);
            Ok(())
        },
    }),
};

/// With more plays than this, another count of 0 means "not reported": servers of the contract never send
/// `null`.
const PLAYS_FEW_MAX: u64 = 1000;

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Record<'a> {
    id: Id<'a>,
    cha_name: Text<'a>,
    desc: Text<'a>,
    user_count: Number,
    view_count: Number,
    is_pgcshow: Flag,
    is_commerce: Flag,
    is_challenge: Flag,
    is_strong_music: Flag,
    #[serde(rename = "type")]
    kind: Number,
    cover: Text<'a>,
    /// Only the app's own record has it.
    cid: Option<IgnoredAny>,
}

/// Reads the record of one hashtag.
pub(crate) fn read_hashtag(raw: &str, observed_at: Option<Timestamp>) -> Result<HashtagObservation, Refusal> {
    let record: Record<'_> = serde_json::from_str(raw)?;
    if record.cid.is_some() {
        return Err(Refusal::Shape);
    }
    let tag = Tag::new(&record.cha_name).map_err(|why| format!("cha_name: {why}"))?;
    Ok(HashtagObservation {
        tag: TagRef { tag, id: record.id.hashtag() },
        source: Source::Contract,
        observed_at,
        counts: HashtagCounts {
            // An unused hashtag is never reported, so 0 means unknown.
            views: record.view_count.unless_zero(false).exact("view_count")?,
            creators: record.user_count.unless_zero(false).exact("user_count")?,
            videos: None,
        },
        details: HashtagDetails {
            description: Some(record.desc.clean()).filter(|text| !text.is_empty()),
            is_pgcshow: record.is_pgcshow.0,
            is_commerce: record.is_commerce.0,
            is_challenge: record.is_challenge.0,
            is_strong_music: record.is_strong_music.0,
            kind: record.kind.int(),
            cover: Some(record.cover.clean()).filter(|url| !url.is_empty()),
        },
    })
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Video<'a> {
    video_id: Id<'a>,
    aweme_id: Id<'a>,
    id: Id<'a>,
    region: Text<'a>,
    /// Sometimes `null`.
    title: Text<'a>,
    content_desc: List<Text<'a>>,
    cover: Text<'a>,
    ai_dynamic_cover: Text<'a>,
    origin_cover: Text<'a>,
    duration: Number,
    play: Text<'a>,
    wmplay: Text<'a>,
    size: Number,
    wm_size: Number,
    music: Text<'a>,
    music_info: Maybe<MusicInfo<'a>>,
    play_count: Number,
    digg_count: Number,
    comment_count: Number,
    share_count: Number,
    collect_count: Number,
    download_count: Number,
    create_time: Moment,
    is_ad: Flag,
    item_comment_settings: Number,
    author: Maybe<VideoAuthor<'a>>,
    images: List<Text<'a>>,
    is_top: Flag,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct MusicInfo<'a> {
    id: Id<'a>,
    title: Text<'a>,
    play: Text<'a>,
    cover: Text<'a>,
    author: Text<'a>,
    original: Flag,
    duration: Number,
    album: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct VideoAuthor<'a> {
    id: Id<'a>,
    unique_id: Text<'a>,
    nickname: Text<'a>,
    avatar: Text<'a>,
}

/// Reads the record of one video. `under` is the queried hashtag, which its caption may not name.
pub(crate) fn read_video(
    raw: &str,
    observed_at: Option<Timestamp>,
    under: Option<&TagRef>,
) -> Result<VideoObservation, Refusal> {
    let video: Video<'_> = serde_json::from_str(raw)?;
    let (ids, texts) = ([&video.video_id, &video.aweme_id, &video.id], video.id_texts());
    if video.video_id.is_none() && video.wmplay.is_empty() {
        return Err(Refusal::Shape);
    }
    let Some(id) = ids.into_iter().find(|id| !id.is_none()) else { return Err(Refusal::Shape) };
    let id = id.video(&texts.each_ref().map(String::as_str))?;
    let mut tags = TagList::default();
    if let Some(TagRef { tag, id }) = under {
        tags.add(tag.name(), *id)?;
    }
    tags.add_caption(&video.title)?;
    Ok(VideoObservation {
        id,
        source: Source::Contract,
        observed_at,
        author: video.author.id.author(),
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        counts: video.counts()?,
        details: video.details(),
        digest: digest(raw.as_bytes(), observed_at),
    })
}

impl Video<'_> {
    /// Returns the text forms of its ids: if one was rounded, another may be complete.
    fn id_texts(&self) -> [String; 3] {
        [&self.video_id, &self.aweme_id, &self.id].map(|id| match id {
            Id::Text(text) => text.clone().into_owned(),
            Id::None | Id::Integer(_) | Id::Float(_) => String::new(),
        })
    }

    fn counts(&self) -> Result<VideoCounts, String> {
        let others = [self.digg_count, self.comment_count, self.share_count];
        let is_liked = others.iter().any(|count| count.whole().unwrap_or(0) > 0);
        let is_small = self.play_count.whole().is_some_and(|plays| plays <= PLAYS_FEW_MAX);
        let count = |field: &str, number: Number| number.unless_zero(is_small).exact(field);
        Ok(VideoCounts {
            plays: self.play_count.unless_zero(!is_liked).exact("play_count")?,
            likes: count("digg_count", self.digg_count)?,
            comments: count("comment_count", self.comment_count)?,
            shares: count("share_count", self.share_count)?,
            saves: count("collect_count", self.collect_count)?,
            downloads: count("download_count", self.download_count)?,
        })
    }

    fn details(&self) -> VideoDetails {
        let (author, music) = (&self.author, &self.music_info);
        VideoDetails {
            region: self.region.parse().ok(),
            title: self.title.clean(),
            content_desc: self.content_desc.iter().map(Text::clean).filter(|d| !d.is_empty()).collect(),
            cover: self.cover.clean(),
            ai_dynamic_cover: self.ai_dynamic_cover.clean(),
            origin_cover: self.origin_cover.clean(),
            duration_seconds: self.duration.whole().unwrap_or(0),
            play: self.play.clean(),
            wmplay: self.wmplay.clean(),
            size_bytes: self.size.whole().unwrap_or(0),
            wm_size_bytes: self.wm_size.whole().unwrap_or(0),
            music: Music {
                id: music.id.to_text(),
                title: music.title.clean(),
                play: if music.play.is_empty() { self.music.clean() } else { music.play.clean() },
                cover: music.cover.clean(),
                author: music.author.clean(),
                original: music.original.is_set(),
                duration: music.duration.whole().unwrap_or(0),
                album: music.album.clean(),
            },
            create_time: self.create_time.seconds(),
            is_ad: self.is_ad.is_set(),
            item_comment_settings: self.item_comment_settings.int().unwrap_or(0),
            author: Author {
                id: author.id.to_text(),
                unique_id: author.unique_id.clean(),
                nickname: author.nickname.clean(),
                avatar: author.avatar.clean(),
            },
            images: self.images.iter().map(Text::clean).filter(|url| !url.is_empty()).collect(),
            is_top: self.is_top.is_set(),
        }
    }
}

/// Returns the message of an error answer: `{"code":-1,"msg":...}`, `{"status":"error","message":...}`, or
/// the single key `message` that the original sends with status 200.
pub(crate) fn error_of(keys: &Keys<'_>) -> Option<String> {
    let message = keys.text("msg").or(keys.text("message")).filter(|text| !text.is_empty())?;
    // Vendors that wrap answers send 0 or 200 for success.
    let is_code = keys.number("code").0.is_some_and(|code| !matches!(code, 0 | 200));
    let is_status = keys.text("status").is_some_and(|status| &*status == "error");
    let is_alone = keys.only() == Some(b"message");
    let start: String = message.clean().chars().take(200).collect();
    (is_code || is_status || is_alone)
        .then(|| format!("an answer without a record: the server said {start:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_requested_under_a_hashtag_is_under_it() {
        let raw = r##"{"video_id":"11","title":"a #Dog #CAT","play_count":5}"##;
        let id = domain::HashtagId::try_from(7551).ok();
        let cat = TagRef { tag: Tag::new("cat").expect("a tag"), id };
        let tags = |under| {
            let video = read_video(raw, None, under).expect("a video");
            video.tags.into_iter().map(|tag| (tag.tag.name().to_owned(), tag.id)).collect::<Vec<_>>()
        };
        assert_eq!(tags(Some(&cat)), [("cat".to_owned(), id), ("Dog".to_owned(), None)]);
        assert_eq!(tags(None), [("Dog".to_owned(), None), ("CAT".to_owned(), None)]);
    }

    #[test]
    fn errors_in_answers_are_heard() {
        for (json, part) in [
            (
                r#"{"code":-1,"msg":"Free Api Limit: 1 request/second.","processed_time":0.1}"#,
                Some("Free Api"),
            ),
            (r#"{"message":"Api-Key is not available"}"#, Some("Api-Key")),
            (r#"{"status":"error","message":"Not found challenge"}"#, Some("Not found")),
            (r#"{"code":0,"msg":"success","data":{}}"#, None),
            (r#"{"code":200,"message":"ok","data":{}}"#, None),
            (r#"{"message":"x","other":1}"#, None),
        ] {
            let error = error_of(&Keys::of(json.as_bytes()));
            assert_eq!(error.is_some(), part.is_some(), "{json}");
            assert!(error.is_none_or(|error| error.contains(part.unwrap_or_default())), "{json}");
        }
    }
}
