//! The older web `node/share` captures: a video split into `itemInfos`, `authorInfos`, `musicInfos` and lists of tags.
//! Their counts are exact (36322192 plays), as web pages were until mid-2020.

use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::lenient::{Flag, List, Maybe, Text, first};
use crate::json::moment::Moment;
use crate::json::number::Number;
use crate::reading::{Description, Reading, Refusal, TagList, digest};
use domain::Source;
use domain::observation::{VideoCounts, VideoObservation};
use domain::video::{Author, Music, VideoDetails};
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format {
    source: Source::NodeShare,
    shape: "`{body:{itemListData:[{itemInfos}]}}`, `{data:[{itemInfos}]}`, array, NDJSON",
    made_by: "older web captures of node/share",
    kind: Kind::Json(Json {
        all: &["itemInfos"],
        any: &["authorInfos", "challengeInfoList", "textExtra", "musicInfos"],
        none: &[],
        within: &["body", "itemListData", "data"],
        read,
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Post<'a> {
    item_infos: Option<Maybe<ItemInfos<'a>>>,
    author_infos: Maybe<AuthorInfos<'a>>,
    music_infos: Maybe<MusicInfos<'a>>,
    challenge_info_list: List<Maybe<ChallengeInfo<'a>>>,
    text_extra: List<Maybe<TextExtra<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct ItemInfos<'a> {
    id: Id<'a>,
    text: Text<'a>,
    create_time: Moment,
    author_id: Id<'a>,
    covers: List<Text<'a>>,
    covers_origin: List<Text<'a>>,
    covers_dynamic: List<Text<'a>>,
    video: Maybe<Video<'a>>,
    play_count: Number,
    digg_count: Number,
    comment_count: Number,
    share_count: Number,
    comment_status: Number,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Video<'a> {
    urls: List<Text<'a>>,
    video_meta: Maybe<VideoMeta>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct VideoMeta {
    duration: Number,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct AuthorInfos<'a> {
    user_id: Id<'a>,
    unique_id: Text<'a>,
    nick_name: Text<'a>,
    covers_larger: List<Text<'a>>,
    covers: List<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct MusicInfos<'a> {
    music_id: Id<'a>,
    music_name: Text<'a>,
    author_name: Text<'a>,
    /// A flag, or the text of a playlist in one capture.
    original: Flag,
    play_url: List<Text<'a>>,
    covers_larger: List<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct ChallengeInfo<'a> {
    challenge_id: Id<'a>,
    challenge_name: Text<'a>,
    text: Text<'a>,
    covers_larger: List<Text<'a>>,
    is_commerce: Flag,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", bound(deserialize = "'de: 'a"))]
struct TextExtra<'a> {
    hashtag_id: Id<'a>,
    hashtag_name: Text<'a>,
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let post: Post<'_> = serde_json::from_str(raw)?;
    let Some(item) = &post.item_infos else { return Err(Refusal::Shape) };
    let id = item.id.video(&[])?;
    let mut tags = TagList::default();
    for challenge in post.challenge_info_list.iter() {
        tags.add(&challenge.challenge_name, challenge.challenge_id.hashtag())?;
    }
    for extra in post.text_extra.iter() {
        tags.add(&extra.hashtag_name, extra.hashtag_id.hashtag())?;
    }
    tags.or_caption(&item.text)?;
    reading.video(VideoObservation {
        id,
        source: Source::NodeShare,
        observed_at: reading.observed_at,
        author: item.author_id.author().or(post.author_infos.user_id.author()),
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        counts: VideoCounts {
            plays: item.play_count.web("playCount")?,
            likes: item.digg_count.web("diggCount")?,
            comments: item.comment_count.web("commentCount")?,
            shares: item.share_count.web("shareCount")?,
            ..VideoCounts::default()
        },
        details: details(item, &post),
        digest: digest(raw.as_bytes(), reading.observed_at),
    });
    for challenge in post.challenge_info_list.iter() {
        let description = Description {
            name: &challenge.challenge_name,
            id: challenge.challenge_id.hashtag(),
            text: &challenge.text,
            cover: challenge.covers_larger.first().map_or("", |cover| cover),
            is_commerce: challenge.is_commerce.is_set(),
            kind: None,
        };
        reading.description(Source::NodeShare, &description);
    }
    Ok(())
}

fn details(item: &ItemInfos<'_>, post: &Post<'_>) -> VideoDetails {
    let (author, music) = (&post.author_infos, &post.music_infos);
    let avatar = first(&author.covers_larger);
    VideoDetails {
        title: item.text.clean(),
        cover: first(&item.covers),
        ai_dynamic_cover: first(&item.covers_dynamic),
        origin_cover: first(&item.covers_origin),
        duration_seconds: item.video.video_meta.duration.whole().unwrap_or(0),
        wmplay: first(&item.video.urls),
        music: Music {
            id: music.music_id.to_text(),
            title: music.music_name.clean(),
            play: first(&music.play_url),
            cover: first(&music.covers_larger),
            author: music.author_name.clean(),
            original: music.original.is_set(),
            ..Music::default()
        },
        create_time: item.create_time.seconds(),
        item_comment_settings: item.comment_status.int().unwrap_or(0),
        author: Author {
            id: author.user_id.to_text(),
            unique_id: author.unique_id.clean(),
            nickname: author.nick_name.clean(),
            avatar: if avatar.is_empty() { first(&author.covers) } else { avatar },
        },
        ..VideoDetails::default()
    }
}
