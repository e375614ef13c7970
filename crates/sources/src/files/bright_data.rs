//! Bright Data's posts: dataset records as JSON. Hashtag names include their `#`, times are dates.

use super::display_api::handle_in;
use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::length::Length;
use crate::json::lenient::{Flag, List, Maybe, Text, first_non_empty};
use crate::json::moment::Moment;
use crate::json::number::Number;
use crate::reading::{Reading, Refusal, TagList, digest};
use domain::observation::{VideoCounts, VideoObservation};
use domain::video::{Author, Music, VideoDetails};
use domain::{Source, Timestamp};
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format {
    source: Source::BrightData,
    shape: "array or NDJSON of posts with `post_id` and `profile_id` or `account_id`",
    made_by: "Bright Data",
    kind: Kind::Json(Json {
        all: &["post_id"],
        any: &[
            "play_count",
            "digg_count",
            "collect_count",
            "profile_username",
            "offical_item",
            "original_sound",
        ],
        none: &["comment_text", "comment_id"],
        within: &[],
        read,
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Post<'a> {
    post_id: Id<'a>,
    shortcode: Text<'a>,
    url: Text<'a>,
    description: Text<'a>,
    create_time: Moment,
    play_count: Number,
    digg_count: Number,
    comment_count: Number,
    share_count: Number,
    /// A broader share count that some records have as well.
    num_share_count: Number,
    collect_count: Number,
    video_duration: Length,
    hashtags: List<Text<'a>>,
    profile_id: Id<'a>,
    profile_username: Text<'a>,
    account_id: Text<'a>,
    profile_url: Text<'a>,
    profile_avatar: Text<'a>,
    preview_image: Text<'a>,
    post_type: Text<'a>,
    video_url: Text<'a>,
    carousel_images: List<Text<'a>>,
    music: Maybe<Sound<'a>>,
    region: Text<'a>,
    is_ad: Flag,
    /// Reading time.
    timestamp: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Sound<'a> {
    id: Id<'a>,
    title: Text<'a>,
    authorname: Text<'a>,
    playurl: Text<'a>,
    original: Flag,
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let post: Post<'_> = serde_json::from_str(raw)?;
    if !post.url.is_empty() && !post.url.contains("tiktok.com/") {
        return Err(Refusal::Shape);
    }
    let id = post.post_id.video(&[&post.url, &post.shortcode])?;
    let observed_at = Timestamp::parse(&post.timestamp).or(reading.observed_at);
    let mut tags = TagList::default();
    for name in post.hashtags.iter() {
        tags.add(name.trim(), None)?;
    }
    tags.or_caption(&post.description)?;
    let duration = post.video_duration.seconds("video_duration", reading);
    reading.video(VideoObservation {
        id,
        source: Source::BrightData,
        observed_at,
        author: post.profile_id.author(),
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        counts: VideoCounts {
            plays: post.play_count.web("play_count")?,
            likes: post.digg_count.web("digg_count")?,
            comments: post.comment_count.web("comment_count")?,
            shares: post.share_count.or(post.num_share_count).web("share_count")?,
            saves: post.collect_count.web("collect_count")?,
            downloads: None,
        },
        details: post.details(duration),
        digest: digest(raw.as_bytes(), observed_at),
    });
    Ok(())
}

impl Post<'_> {
    fn details(&self, duration: u64) -> VideoDetails {
        let is_of_photos = !self.carousel_images.is_empty()
            || matches!(&*self.post_type, "image" | "photo" | "carousel" | "slideshow");
        let handle = [handle_in(&self.profile_url), handle_in(&self.url)]
            .into_iter()
            .find(|handle| !handle.is_empty());
        VideoDetails {
            region: self.region.parse().ok(),
            title: self.description.clean(),
            cover: self.preview_image.clean(),
            duration_seconds: if is_of_photos { 0 } else { duration },
            play: self.video_url.clean(),
            music: Music {
                id: self.music.id.to_text(),
                title: self.music.title.clean(),
                play: self.music.playurl.clean(),
                author: self.music.authorname.clean(),
                original: self.music.original.is_set(),
                ..Music::default()
            },
            create_time: self.create_time.seconds(),
            is_ad: self.is_ad.is_set(),
            author: Author {
                id: self.profile_id.to_text(),
                // `profile_username` is the display name.
                unique_id: first_non_empty(&[&self.account_id, &Text(handle.unwrap_or_default().into())]),
                nickname: self.profile_username.clean(),
                avatar: self.profile_avatar.clean(),
            },
            images: self.carousel_images.iter().map(Text::clean).filter(|url| !url.is_empty()).collect(),
            ..VideoDetails::default()
        }
    }
}
