//! Items of an Apify actor with its own field names: `views`, `bookmarks`, `channel`, `uploadedAt`, with the link in
//! `postPage`.

use super::display_api::handle_in;
use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::length::Length;
use crate::json::lenient::{List, Maybe, OrText, Text, first_non_empty};
use crate::json::moment::Moment;
use crate::json::number::Number;
use crate::reading::{Reading, Refusal, TagList, digest};
use domain::Source;
use domain::observation::{VideoCounts, VideoObservation};
use domain::video::{Author, Music, VideoDetails};
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format {
    source: Source::Apify,
    shape: "array or NDJSON of videos with `postPage`, `channel` and `views`",
    made_by: "an Apify actor with names of its own",
    kind: Kind::Json(Json {
        all: &["id", "channel"],
        any: &["postPage", "bookmarks", "uploadedAt"],
        none: &[],
        within: &[],
        read,
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Item<'a> {
    id: Id<'a>,
    post_page: Text<'a>,
    title: Text<'a>,
    views: Number,
    likes: Number,
    comments: Number,
    shares: Number,
    bookmarks: Number,
    hashtags: List<OrText<'a, Named<'a>>>,
    channel: Maybe<Channel<'a>>,
    uploaded_at: Moment,
    uploaded_at_formatted: Moment,
    video: Maybe<Video<'a>>,
    song: Maybe<Song<'a>>,
    images: List<OrText<'a, Picture<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Named<'a> {
    name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Picture<'a> {
    url: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Channel<'a> {
    id: Id<'a>,
    name: Text<'a>,
    username: Text<'a>,
    avatar: Text<'a>,
    url: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Video<'a> {
    duration: Length,
    url: Text<'a>,
    cover: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Song<'a> {
    id: Id<'a>,
    title: Text<'a>,
    artist: Text<'a>,
    album: Text<'a>,
    duration: Number,
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let item: Item<'_> = serde_json::from_str(raw)?;
    // Other sites use the same names.
    if ![&item.post_page, &item.channel.url].iter().any(|link| link.contains("tiktok.com/")) {
        return Err(Refusal::Shape);
    }
    let id = item.id.video(&[&item.post_page])?;
    let mut tags = TagList::default();
    for OrText(named, name) in item.hashtags.iter() {
        tags.add(if name.is_empty() { &named.name } else { name }, None)?;
    }
    tags.or_caption(&item.title)?;
    let (channel, song) = (&item.channel, &item.song);
    let duration_seconds = item.video.duration.seconds("video.duration", reading);
    reading.video(VideoObservation {
        id,
        source: Source::Apify,
        observed_at: reading.observed_at,
        author: channel.id.author(),
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        counts: VideoCounts {
            plays: item.views.web("views")?,
            likes: item.likes.web("likes")?,
            comments: item.comments.web("comments")?,
            shares: item.shares.web("shares")?,
            saves: item.bookmarks.web("bookmarks")?,
            downloads: None,
        },
        details: VideoDetails {
            title: item.title.clean(),
            cover: item.video.cover.clean(),
            duration_seconds,
            play: item.video.url.clean(),
            music: Music {
                id: song.id.to_text(),
                title: song.title.clean(),
                author: song.artist.clean(),
                album: song.album.clean(),
                duration: song.duration.whole().unwrap_or(0),
                ..Music::default()
            },
            create_time: item.uploaded_at.or(item.uploaded_at_formatted).seconds(),
            author: Author {
                id: channel.id.to_text(),
                unique_id: first_non_empty(&[&channel.username, &Text(handle_in(&channel.url).into())]),
                nickname: channel.name.clean(),
                avatar: channel.avatar.clean(),
            },
            images: item
                .images
                .iter()
                .map(|OrText(picture, url)| first_non_empty(&[url, &picture.url]))
                .filter(|url| !url.is_empty())
                .collect(),
            ..VideoDetails::default()
        },
        digest: digest(raw.as_bytes(), reading.observed_at),
    });
    Ok(())
}
