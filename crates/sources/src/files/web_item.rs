//! Web `itemStruct`: a video as TikTok's web pages contain it. TikTok-Api, pytok and browsers capture it as arrays, as
//! objects with the keys "0", "1" ..., under `itemList`, `items` or `itemInfo.itemStruct`, alone, or one per line.

use super::foreign::{named, of_platform};
use super::format::{Format, Json, Kind};
use super::zeeschuimer::read_at;
use crate::json::id::Id;
use crate::json::lenient::{Flag, List, Maybe, OrText, Text, first, first_non_empty};
use crate::json::moment::Moment;
use crate::json::number::Number;
use crate::reading::{Description, Reading, Refusal, TagList, digest};
use domain::observation::{VideoCounts, VideoObservation};
use domain::video::{Author, Music, VideoDetails};
use domain::{Source, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

pub(crate) static FORMAT: Format = Format {
    source: Source::WebItem,
    shape: "`itemStruct`: array, object keyed \"0\", \"1\", `{itemList}`, `{items}`, `{itemInfo:{itemStruct}}`, single, NDJSON, saved pages",
    made_by: "TikTok-Api, pytok, browser captures",
    kind: Kind::Json(Json {
        all: &["id"],
        any: &["stats", "statsV2", "video", "author", "createTime", "challenges", "textExtra", "contents"],
        // Key of comments.
        none: &["cid"],
        within: &[
            "itemList",
            "items",
            "item_list",
            "item",
            "itemInfo",
            "itemStruct",
            "__DEFAULT_SCOPE__",
            "webapp.video-detail",
            "webapp.updated-items",
            "ItemModule",
            "props",
            "pageProps",
        ],
        read,
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Item<'a> {
    id: Id<'a>,
    desc: Text<'a>,
    create_time: Moment,
    collect_time: Number,
    location_created: Text<'a>,
    author: OrText<'a, ItemAuthor<'a>>,
    /// In older pages beside an author that is only a handle.
    author_id: Id<'a>,
    nickname: Text<'a>,
    challenges: List<Maybe<Challenge<'a>>>,
    text_extra: List<Maybe<TextExtra<'a>>>,
    contents: List<Maybe<Content<'a>>>,
    stats: Maybe<Stats>,
    #[serde(rename = "statsV2")]
    stats_v2: Maybe<Stats>,
    video: Maybe<Video<'a>>,
    music: Maybe<ItemMusic<'a>>,
    image_post: Maybe<ImagePost<'a>>,
    is_ad: Flag,
    is_pinned_item: Flag,
    item_comment_status: Number,
    /// Added by 4CAT's imports of Zeeschuimer items.
    #[serde(rename = "__import_meta")]
    import_meta: Option<Maybe<ImportMeta<'a>>>,
    /// Key of a user's own record, and of items that a tool added the author's handle to.
    unique_id: Option<IgnoredAny>,
    /// Only tiktok-scraper has it.
    author_meta: Option<IgnoredAny>,
    /// Only the contract's videos have it.
    #[serde(rename = "play_count")]
    play_count: Option<IgnoredAny>,
}

/// Fields that Zeeschuimer stores around an item.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct ImportMeta<'a> {
    timestamp_collected: Option<Number>,
    last_updated: Option<Number>,
    source_platform: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct ItemAuthor<'a> {
    id: Id<'a>,
    unique_id: Text<'a>,
    nickname: Text<'a>,
    avatar_larger: Text<'a>,
    avatar_medium: Text<'a>,
    avatar_thumb: Text<'a>,
}

/// A tag's record inside a video. Its `stats` are placeholders.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Challenge<'a> {
    id: Id<'a>,
    title: Text<'a>,
    desc: Text<'a>,
    cover_larger: Text<'a>,
    profile_larger: Text<'a>,
    is_commerce: Flag,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct TextExtra<'a> {
    hashtag_id: Id<'a>,
    /// Empty where the text mentions a user.
    hashtag_name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Content<'a> {
    desc: Text<'a>,
    text_extra: List<Maybe<TextExtra<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Stats {
    play_count: Number,
    digg_count: Number,
    comment_count: Number,
    share_count: Number,
    collect_count: Number,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Video<'a> {
    id: Text<'a>,
    cover: Text<'a>,
    origin_cover: Text<'a>,
    dynamic_cover: Text<'a>,
    duration: Number,
    play_addr: Text<'a>,
    download_addr: Text<'a>,
    size: Number,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct ItemMusic<'a> {
    id: Id<'a>,
    title: Text<'a>,
    play_url: Text<'a>,
    cover_large: Text<'a>,
    cover_medium: Text<'a>,
    author_name: Text<'a>,
    original: Flag,
    duration: Number,
    album: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct ImagePost<'a> {
    images: List<Maybe<Image<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Image<'a> {
    #[serde(rename = "imageURL")]
    image_url: Maybe<ImageUrl<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct ImageUrl<'a> {
    url_list: List<Text<'a>>,
}

/// Parses one video; other envelopes have the same object under `data`.
pub(crate) fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let item: Item<'_> = serde_json::from_str(raw)?;
    let is_other = item.author_meta.is_some() || item.play_count.is_some();
    if is_other || item.id.is_none() || !item.is_a_video() {
        return Err(Refusal::Shape);
    }
    let id = item.id.video(&[&item.video.id])?;
    if let Some(meta) = &item.import_meta {
        if let Some(kind) = of_platform(&meta.source_platform) {
            return Err(Refusal::Foreign(kind, named(kind, &meta.source_platform)));
        }
        reading.source = Some(Source::Zeeschuimer);
        reading.observed_at = read_at(meta.last_updated, meta.timestamp_collected).or(reading.observed_at);
    }
    let source = reading.source.unwrap_or(Source::WebItem);
    // The envelope knows when its page was read; some collectors add `collectTime` to the item itself.
    reading.observed_at = reading.observed_at.or(item.collect_time.int().and_then(Timestamp::of_reading));
    let tags = item.tags()?;
    reading.video(VideoObservation {
        id,
        source,
        observed_at: reading.observed_at,
        author: item.author_id().author(),
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        counts: item.counts()?,
        details: item.details(),
        digest: digest(raw.as_bytes(), reading.observed_at),
    });
    for challenge in item.challenges.iter() {
        let cover = if challenge.cover_larger.is_empty() {
            &challenge.profile_larger
        } else {
            &challenge.cover_larger
        };
        let description = Description {
            name: &challenge.title,
            id: challenge.id.hashtag(),
            text: &challenge.desc,
            cover,
            is_commerce: challenge.is_commerce.is_set(),
            kind: None,
        };
        reading.description(source, &description);
    }
    Ok(())
}

impl Item<'_> {
    /// Returns true if it has a key that only TikTok videos have: other sites also have an id with a
    /// `video`, an `author` or `stats`.
    fn is_a_video(&self) -> bool {
        let has_counts = |s: &Stats| {
            let counts = [s.play_count, s.digg_count, s.comment_count, s.share_count, s.collect_count];
            counts.iter().any(|count| count.0.is_some())
        };
        let extras = self.text_extra.iter().chain(self.contents.iter().flat_map(|c| c.text_extra.iter()));
        let has_extra = { extras }.any(|extra| !extra.hashtag_name.is_empty() || !extra.hashtag_id.is_none());
        has_counts(&self.stats)
            || has_counts(&self.stats_v2)
            || has_extra
            || !self.author.0.unique_id.is_empty()
            || self.challenges.iter().any(|challenge| !challenge.title.is_empty())
            // A user profile has a time, too.
            || self.create_time.seconds().is_some() && self.unique_id.is_none()
    }

    fn author_id(&self) -> &Id<'_> {
        if self.author.0.id.is_none() { &self.author_id } else { &self.author.0.id }
    }

    fn tags(&self) -> Result<TagList, String> {
        let mut tags = TagList::default();
        for challenge in self.challenges.iter() {
            tags.add(&challenge.title, challenge.id.hashtag())?;
        }
        let contents = self.contents.iter().flat_map(|content| content.text_extra.iter());
        for extra in self.text_extra.iter().chain(contents) {
            tags.add(&extra.hashtag_name, extra.hashtag_id.hashtag())?;
        }
        tags.or_caption(&self.desc)?;
        Ok(tags)
    }

    fn counts(&self) -> Result<VideoCounts, String> {
        let count = |field: &str, of: fn(&Stats) -> Number| of(&self.stats_v2).or(of(&self.stats)).web(field);
        Ok(VideoCounts {
            plays: count("stats.playCount", |s| s.play_count)?,
            likes: count("stats.diggCount", |s| s.digg_count)?,
            comments: count("stats.commentCount", |s| s.comment_count)?,
            shares: count("stats.shareCount", |s| s.share_count)?,
            saves: count("stats.collectCount", |s| s.collect_count)?,
            downloads: None,
        })
    }

    fn details(&self) -> VideoDetails {
        let (author, music, video) = (&self.author.0, &self.music, &self.video);
        let images: Vec<_> = self
            .image_post
            .images
            .iter()
            .map(|i| first(&i.image_url.url_list))
            .filter(|u| !u.is_empty())
            .collect();
        VideoDetails {
            region: self.location_created.parse().ok(),
            title: self.desc.clean(),
            content_desc: self.contents.iter().map(|c| c.desc.clean()).filter(|d| !d.is_empty()).collect(),
            cover: video.cover.clean(),
            ai_dynamic_cover: video.dynamic_cover.clean(),
            origin_cover: video.origin_cover.clean(),
            duration_seconds: video.duration.whole().unwrap_or(0),
            play: video.play_addr.clean(),
            wmplay: video.download_addr.clean(),
            size_bytes: video.size.whole().unwrap_or(0),
            wm_size_bytes: 0,
            music: Music {
                id: music.id.to_text(),
                title: music.title.clean(),
                play: music.play_url.clean(),
                cover: first_non_empty(&[&music.cover_large, &music.cover_medium]),
                author: music.author_name.clean(),
                original: music.original.is_set(),
                duration: music.duration.whole().unwrap_or(0),
                album: music.album.clean(),
            },
            create_time: self.create_time.seconds(),
            is_ad: self.is_ad.is_set(),
            item_comment_settings: self.item_comment_status.int().unwrap_or(0),
            author: Author {
                id: self.author_id().to_text(),
                unique_id: first_non_empty(&[&author.unique_id, &self.author.1]),
                nickname: first_non_empty(&[&author.nickname, &self.nickname]),
                avatar: first_non_empty(&[
                    &author.avatar_larger,
                    &author.avatar_medium,
                    &author.avatar_thumb,
                ]),
            },
            images,
            is_top: self.is_pinned_item.is_set(),
        }
    }
}
