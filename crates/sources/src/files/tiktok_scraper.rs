//! drawrowfly/tiktok-scraper: `{"collector":[...]}` or the bare array. Its counts are those of the web page.

use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::lenient::{Flag, List, Maybe, Text, first_non_empty};
use crate::json::moment::Moment;
use crate::json::number::Number;
use crate::reading::{Description, Reading, Refusal, TagList, digest};
use domain::Source;
use domain::observation::{VideoCounts, VideoObservation};
use domain::video::{Author, Music, VideoDetails};
use serde::Deserialize;
use serde::de::IgnoredAny;

pub(crate) static FORMAT: Format = Format {
    source: Source::TiktokScraper,
    shape: "`{collector:[...]}`, array or NDJSON of videos with `authorMeta`",
    made_by: "drawrowfly/tiktok-scraper, Kaggle sets",
    kind: Kind::Json(Json {
        all: &["id", "authorMeta"],
        any: &["playCount", "diggCount", "hashtags", "createTime", "text"],
        none: &[],
        within: &["collector"],
        read,
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Post<'a> {
    id: Id<'a>,
    text: Text<'a>,
    create_time: Moment,
    author_meta: Option<Maybe<AuthorMeta<'a>>>,
    music_meta: Maybe<MusicMeta<'a>>,
    covers: Maybe<Covers<'a>>,
    web_video_url: Text<'a>,
    video_url: Text<'a>,
    video_url_no_water_mark: Text<'a>,
    video_meta: Maybe<VideoMeta>,
    digg_count: Number,
    share_count: Number,
    play_count: Number,
    comment_count: Number,
    hashtags: List<Maybe<Hashtag<'a>>>,
    /// Only Apify's items have these.
    #[serde(rename = "createTimeISO")]
    create_time_iso: Option<IgnoredAny>,
    collect_count: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct AuthorMeta<'a> {
    id: Id<'a>,
    name: Text<'a>,
    nick_name: Text<'a>,
    avatar: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct MusicMeta<'a> {
    music_id: Id<'a>,
    music_name: Text<'a>,
    music_author: Text<'a>,
    music_original: Flag,
    music_album: Text<'a>,
    play_url: Text<'a>,
    cover_large: Text<'a>,
    cover_medium: Text<'a>,
    duration: Number,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Covers<'a> {
    default: Text<'a>,
    origin: Text<'a>,
    dynamic: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct VideoMeta {
    duration: Number,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Hashtag<'a> {
    id: Id<'a>,
    name: Text<'a>,
    /// Description of the sound.
    title: Text<'a>,
    cover: Text<'a>,
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let post: Post<'_> = serde_json::from_str(raw)?;
    let is_apify = post.create_time_iso.is_some() || post.collect_count.is_some();
    let Some(author) = post.author_meta.as_ref().filter(|_| !is_apify) else { return Err(Refusal::Shape) };
    let id = post.id.video(&[&post.web_video_url])?;
    let mut tags = TagList::default();
    for hashtag in post.hashtags.iter() {
        tags.add(&hashtag.name, hashtag.id.hashtag())?;
    }
    tags.or_caption(&post.text)?;
    reading.video(VideoObservation {
        id,
        source: Source::TiktokScraper,
        observed_at: reading.observed_at,
        author: author.id.author(),
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        counts: VideoCounts {
            plays: post.play_count.web("playCount")?,
            likes: post.digg_count.web("diggCount")?,
            comments: post.comment_count.web("commentCount")?,
            shares: post.share_count.web("shareCount")?,
            ..VideoCounts::default()
        },
        details: details(&post, author),
        digest: digest(raw.as_bytes(), reading.observed_at),
    });
    for hashtag in post.hashtags.iter() {
        let description = Description {
            name: &hashtag.name,
            id: hashtag.id.hashtag(),
            text: &hashtag.title,
            cover: &hashtag.cover,
            is_commerce: false,
            kind: None,
        };
        reading.description(Source::TiktokScraper, &description);
    }
    Ok(())
}

fn details(post: &Post<'_>, author: &AuthorMeta<'_>) -> VideoDetails {
    let music = &post.music_meta;
    VideoDetails {
        title: post.text.clean(),
        cover: post.covers.default.clean(),
        ai_dynamic_cover: post.covers.dynamic.clean(),
        origin_cover: post.covers.origin.clean(),
        duration_seconds: post.video_meta.duration.whole().unwrap_or(0),
        play: post.video_url_no_water_mark.clean(),
        wmplay: post.video_url.clean(),
        music: Music {
            id: music.music_id.to_text(),
            title: music.music_name.clean(),
            play: music.play_url.clean(),
            cover: first_non_empty(&[&music.cover_large, &music.cover_medium]),
            author: music.music_author.clean(),
            original: music.music_original.is_set(),
            duration: music.duration.whole().unwrap_or(0),
            album: music.music_album.clean(),
        },
        create_time: post.create_time.seconds(),
        author: Author {
            id: author.id.to_text(),
            unique_id: author.name.clean(),
            nickname: author.nick_name.clean(),
            avatar: author.avatar.clean(),
        },
        ..VideoDetails::default()
    }
}
