//! Mobile `aweme`: a video as the app's API sends it, under `aweme_list`, wrapped in `aweme`, alone, or one per line.
//! Its counts are exact.

use super::foreign::DOUYIN;
use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::lenient::{Flag, List, Maybe, Text, first, first_non_empty};
use crate::json::moment::Moment;
use crate::json::number::Number;
use crate::reading::{Description, Reading, Refusal, TagList, digest};
use domain::Source;
use domain::observation::{VideoCounts, VideoObservation};
use domain::video::{Author, Music, VideoDetails};
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format {
    source: Source::MobileAweme,
    shape: "`aweme`: `{aweme_list}`, `{data:{aweme_list}}`, `{aweme}` with `_fetched_at`, array, single, NDJSON",
    made_by: "mobile captures, EnsembleData, TikHub and other vendors",
    kind: Kind::Json(Json {
        all: &["aweme_id"],
        any: &["statistics", "cha_list", "text_extra", "desc"],
        // Keys of comments, and of Douyin's videos.
        none: &["cid", "danmaku_control", "xigua_base_info", "entertainment_product_info"],
        within: &[
            "aweme_list",
            "aweme",
            "aweme_detail",
            "aweme_details",
            "aweme_info",
            "search_item_list",
            "data",
        ],
        read,
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Aweme<'a> {
    aweme_id: Id<'a>,
    group_id: Text<'a>,
    share_url: Text<'a>,
    share_info: Maybe<ShareInfo<'a>>,
    desc: Option<Text<'a>>,
    /// Paragraphs of the caption: a JSON array in a string.
    content_desc: Text<'a>,
    create_time: Moment,
    region: Text<'a>,
    author: Maybe<AwemeAuthor<'a>>,
    cha_list: Option<List<Maybe<Challenge<'a>>>>,
    text_extra: Option<List<Maybe<TextExtra<'a>>>>,
    statistics: Option<Maybe<Statistics<'a>>>,
    video: Maybe<Video<'a>>,
    music: Maybe<AwemeMusic<'a>>,
    image_post_info: Maybe<ImagePost<'a>>,
    is_ads: Flag,
    is_top: Flag,
    item_comment_settings: Number,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct ShareInfo<'a> {
    share_url: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct AwemeAuthor<'a> {
    uid: Id<'a>,
    unique_id: Text<'a>,
    nickname: Text<'a>,
    avatar_larger: Maybe<Address<'a>>,
    avatar_medium: Maybe<Address<'a>>,
    avatar_thumb: Maybe<Address<'a>>,
}

/// A tag's record inside a video. Its `view_count` and `user_count` are placeholders.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Challenge<'a> {
    cid: Id<'a>,
    cha_name: Text<'a>,
    desc: Text<'a>,
    is_commerce: Flag,
    #[serde(rename = "type")]
    kind: Number,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct TextExtra<'a> {
    hashtag_id: Id<'a>,
    /// Absent where the text mentions a user.
    hashtag_name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Statistics<'a> {
    aweme_id: Text<'a>,
    play_count: Number,
    digg_count: Number,
    comment_count: Number,
    share_count: Number,
    collect_count: Number,
    download_count: Number,
    /// Not 0 if the server had lost the counts and sent zeros; they recover within a day.
    lose_count: Number,
    lose_comment_count: Number,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Video<'a> {
    cover: Maybe<Address<'a>>,
    origin_cover: Maybe<Address<'a>>,
    ai_dynamic_cover: Maybe<Address<'a>>,
    dynamic_cover: Maybe<Address<'a>>,
    /// In milliseconds.
    duration: Number,
    play_addr: Maybe<Address<'a>>,
    download_addr: Maybe<Address<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Address<'a> {
    url_list: List<Text<'a>>,
    data_size: Number,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct AwemeMusic<'a> {
    id: Id<'a>,
    id_str: Text<'a>,
    title: Text<'a>,
    author: Text<'a>,
    album: Text<'a>,
    duration: Number,
    is_original: Flag,
    is_original_sound: Flag,
    play_url: Maybe<Address<'a>>,
    cover_large: Maybe<Address<'a>>,
    cover_thumb: Maybe<Address<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct ImagePost<'a> {
    images: List<Maybe<Image<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Image<'a> {
    display_image: Maybe<Address<'a>>,
}

impl Address<'_> {
    fn url(&self) -> String {
        first(&self.url_list)
    }
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let aweme: Aweme<'_> = serde_json::from_str(raw)?;
    let has_content = aweme.statistics.is_some()
        || aweme.cha_list.is_some()
        || aweme.text_extra.is_some()
        || aweme.desc.is_some();
    if aweme.aweme_id.is_none() || !has_content {
        return Err(Refusal::Shape);
    }
    if aweme.is_of_douyin() {
        return Err(Refusal::Foreign(&DOUYIN, None));
    }
    let statistics_id = aweme.statistics.as_ref().map_or("", |statistics| &statistics.aweme_id);
    let id = aweme.aweme_id.video(&[statistics_id, &aweme.group_id, &aweme.share_url])?;
    let challenges = aweme.cha_list.as_deref().unwrap_or_default();
    let mut tags = TagList::default();
    for challenge in challenges {
        tags.add(&challenge.cha_name, challenge.cid.hashtag())?;
    }
    for extra in aweme.text_extra.as_deref().unwrap_or_default() {
        tags.add(&extra.hashtag_name, extra.hashtag_id.hashtag())?;
    }
    tags.or_caption(aweme.desc.as_deref().unwrap_or_default())?;
    reading.video(VideoObservation {
        id,
        source: Source::MobileAweme,
        observed_at: reading.observed_at,
        author: aweme.author.uid.author(),
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        counts: aweme.statistics.as_deref().map(counts).transpose()?.unwrap_or_default(),
        details: details(&aweme),
        digest: digest(raw.as_bytes(), reading.observed_at),
    });
    for challenge in challenges {
        let description = Description {
            name: &challenge.cha_name,
            id: challenge.cid.hashtag(),
            text: &challenge.desc,
            cover: "",
            is_commerce: challenge.is_commerce.is_set(),
            kind: challenge.kind.int(),
        };
        reading.description(Source::MobileAweme, &description);
    }
    Ok(())
}

impl Aweme<'_> {
    /// Returns true for Douyin: its app sends the same records with other links.
    fn is_of_douyin(&self) -> bool {
        let media = [&self.video.play_addr, &self.video.cover, &self.author.avatar_thumb];
        let media = media.into_iter().filter_map(|address| address.url_list.first());
        [&self.share_url, &self.share_info.share_url].into_iter().chain(media).any(|link| {
            ["douyin.com", "douyinvod.com", "douyinpic.com"].iter().any(|site| link.contains(site))
        })
    }
}

fn counts(statistics: &Statistics<'_>) -> Result<VideoCounts, String> {
    let are_retained = statistics.lose_count.0.unwrap_or(0) == 0;
    let comments_are_kept = statistics.lose_comment_count.0.unwrap_or(0) == 0;
    Ok(VideoCounts {
        plays: statistics.play_count.unless_zero(are_retained).exact("play_count")?,
        likes: statistics.digg_count.unless_zero(are_retained).exact("digg_count")?,
        comments: statistics.comment_count.unless_zero(comments_are_kept).exact("comment_count")?,
        shares: statistics.share_count.unless_zero(are_retained).exact("share_count")?,
        saves: statistics.collect_count.unless_zero(are_retained).exact("collect_count")?,
        downloads: statistics.download_count.unless_zero(are_retained).exact("download_count")?,
    })
}

fn details(aweme: &Aweme<'_>) -> VideoDetails {
    let (video, author) = (&aweme.video, &aweme.author);
    let images: Vec<_> = aweme
        .image_post_info
        .images
        .iter()
        .map(|i| i.display_image.url())
        .filter(|u| !u.is_empty())
        .collect();
    let duration_ms = if images.is_empty() { video.duration.whole().unwrap_or(0) } else { 0 };
    let dynamic = [&video.ai_dynamic_cover, &video.dynamic_cover];
    let paragraphs: Vec<String> = serde_json::from_str(&aweme.content_desc).unwrap_or_default();
    VideoDetails {
        region: aweme.region.parse().ok(),
        title: aweme.desc.as_ref().map(Text::clean).unwrap_or_default(),
        content_desc: paragraphs.iter().map(|text| crate::json::lenient::clean(text)).collect(),
        cover: video.cover.url(),
        ai_dynamic_cover: dynamic.iter().map(|c| c.url()).find(|url| !url.is_empty()).unwrap_or_default(),
        origin_cover: video.origin_cover.url(),
        duration_seconds: duration_ms.saturating_add(500) / 1000,
        play: video.play_addr.url(),
        wmplay: video.download_addr.url(),
        size_bytes: video.play_addr.data_size.whole().unwrap_or(0),
        wm_size_bytes: video.download_addr.data_size.whole().unwrap_or(0),
        music: music(&aweme.music),
        create_time: aweme.create_time.seconds(),
        is_ad: aweme.is_ads.is_set(),
        item_comment_settings: aweme.item_comment_settings.int().unwrap_or(0),
        author: Author {
            id: author.uid.to_text(),
            unique_id: author.unique_id.clean(),
            nickname: author.nickname.clean(),
            avatar: [&author.avatar_larger, &author.avatar_medium, &author.avatar_thumb]
                .iter()
                .map(|avatar| avatar.url())
                .find(|url| !url.is_empty())
                .unwrap_or_default(),
        },
        images,
        is_top: aweme.is_top.is_set(),
    }
}

fn music(music: &AwemeMusic<'_>) -> Music {
    let id = Text(music.id.to_text().into());
    Music {
        id: first_non_empty(&[&music.id_str, &id]),
        title: music.title.clean(),
        play: music.play_url.url(),
        cover: [&music.cover_large, &music.cover_thumb]
            .iter()
            .map(|cover| cover.url())
            .find(|url| !url.is_empty())
            .unwrap_or_default(),
        author: music.author.clean(),
        original: music.is_original.is_set() || music.is_original_sound.is_set(),
        duration: music.duration.whole().unwrap_or(0),
        album: music.album.clean(),
    }
}
