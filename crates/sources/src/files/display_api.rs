//! TikTok's Display API: a user's own videos, as an authorised app gets them. Its counts are current. It has no list
//! of hashtags, and the handle only in the link.

use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::length::Length;
use crate::json::lenient::{Text, first_non_empty};
use crate::json::moment::Moment;
use crate::json::number::Number;
use crate::reading::{Reading, Refusal, TagList, digest};
use domain::Source;
use domain::observation::{VideoCounts, VideoObservation};
use domain::video::{Author, VideoDetails};
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format {
    source: Source::DisplayApi,
    shape: "`{data:{videos},error}`, array, NDJSON of videos with `share_url`, `embed_link` or `cover_image_url`",
    made_by: "TikTok's Display API and its clients",
    kind: Kind::Json(Json {
        all: &["id"],
        any: &["embed_link", "embed_html", "cover_image_url", "share_url"],
        // Keys of the Research API, the app, yt-dlp and profiles.
        none: &["region_code", "username", "hashtag_names", "aweme_id", "extractor", "follower_count"],
        within: &["data", "videos"],
        read,
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Video<'a> {
    id: Id<'a>,
    create_time: Moment,
    cover_image_url: Text<'a>,
    share_url: Text<'a>,
    embed_link: Text<'a>,
    embed_html: Text<'a>,
    title: Text<'a>,
    video_description: Text<'a>,
    duration: Length,
    like_count: Number,
    comment_count: Number,
    share_count: Number,
    view_count: Number,
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let video: Video<'_> = serde_json::from_str(raw)?;
    let links = [&video.share_url, &video.embed_link, &video.embed_html];
    let is_of_tiktok = links.iter().any(|link| link.contains("tiktok.com/"));
    // A record with only the cover requested is recognised by its counts.
    let has_link = links.iter().any(|link| !link.is_empty());
    let has_count = video.view_count.0.is_some() || video.like_count.0.is_some();
    let is_bare = !has_link && has_count && !video.cover_image_url.is_empty();
    if !is_of_tiktok && !is_bare {
        return Err(Refusal::Shape);
    }
    let caption = if video.video_description.len() >= video.title.len() {
        &video.video_description
    } else {
        &video.title
    };
    let mut tags = TagList::default();
    tags.add_caption(caption)?;
    let duration_seconds = video.duration.seconds("duration", reading);
    reading.video(VideoObservation {
        id: video.id.video(&[&video.share_url, &video.embed_link, &video.embed_html])?,
        source: Source::DisplayApi,
        observed_at: reading.observed_at,
        author: None,
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        counts: VideoCounts {
            plays: video.view_count.exact("view_count")?,
            likes: video.like_count.exact("like_count")?,
            comments: video.comment_count.exact("comment_count")?,
            shares: video.share_count.exact("share_count")?,
            ..VideoCounts::default()
        },
        details: VideoDetails {
            title: first_non_empty(&[caption]),
            cover: video.cover_image_url.clean(),
            duration_seconds,
            create_time: video.create_time.seconds(),
            author: Author { unique_id: handle_in(&video.share_url).to_owned(), ..Author::default() },
            ..VideoDetails::default()
        },
        digest: digest(raw.as_bytes(), reading.observed_at),
    });
    Ok(())
}

/// Returns the handle in a TikTok link: the text between `/@` and the next `/`, or an empty text.
pub(crate) fn handle_in(link: &str) -> &str {
    let after = link.split_once("tiktok.com/@").map_or("", |(_, after)| after);
    let handle = after.split(['/', '?', '#']).next().unwrap_or_default();
    let is_handle = handle.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if is_handle { handle } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handle_is_in_the_link() {
        for (link, want) in [
            ("https://www.tiktok.com/@made.up_1/video/7?x=1", "made.up_1"),
            ("https://www.tiktok.com/@a", "a"),
            ("https://www.tiktok.com/video/7", ""),
            ("https://example.com/@a/video/7", ""),
            ("https://www.tiktok.com/@a%20b/video/7", ""),
            ("", ""),
        ] {
            assert_eq!(handle_in(link), want, "{link}");
        }
    }
}
