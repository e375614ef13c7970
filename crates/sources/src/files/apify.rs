//! Apify's TikTok actors: one video per dataset item, as JSON or CSV. The "overview" has neither ids nor a list of
//! tags: the id is in `webVideoUrl`, the tags in the caption. CSV and the overview's JSON flatten values into path
//! names (`authorMeta.name`, `hashtags/0/name`), so rows are first turned back into nested items.

use super::flattened_table::{Records, lists, put};
use super::format::{Format, Json, Kind, Table};
use crate::json::id::{Id, video_of_row};
use crate::json::lenient::{Flag, List, Maybe, Text, first_non_empty};
use crate::json::moment::Moment;
use crate::json::number::Number;
use crate::reading::{Description, Reading, Refusal, TagList, digest};
use crate::table::{Header, ReadRow, Row, Sample};
use crate::written::handle_in_link;
use domain::observation::{
    HashtagCounts, HashtagDetails, HashtagObservation, TagRef, VideoCounts, VideoObservation,
};
use domain::video::{Author, Music, VideoDetails};
use domain::{Source, Tag, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

pub(crate) static ITEMS: Format = Format {
    source: Source::Apify,
    shape: "dataset items, also of the overview: array or NDJSON of videos with `webVideoUrl`",
    made_by: "Apify actors",
    kind: Kind::Json(Json {
        all: &["webVideoUrl"],
        // tiktok-scraper's videos have `webVideoUrl` too, but none of these.
        any: &["createTimeISO", "collectCount", "authorMeta.name", "musicMeta.musicName"],
        none: &[],
        within: &[],
        read: read_item,
    }),
};

pub(crate) static ROWS: Format = Format {
    source: Source::Apify,
    shape: "CSV of dataset items, also of the overview, with the column `webVideoUrl`",
    made_by: "Apify actors",
    kind: Kind::Table(Table {
        columns: "column names, among them webVideoUrl, and one of text, playCount, createTimeISO",
        fits: is_header,
        open: |header, _| Ok(Box::new(Rows(Records::new(header)))),
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Item<'a> {
    id: Id<'a>,
    text: Text<'a>,
    create_time: Moment,
    #[serde(rename = "createTimeISO")]
    create_time_iso: Text<'a>,
    author_meta: Maybe<AuthorMeta<'a>>,
    music_meta: Maybe<MusicMeta<'a>>,
    video_meta: Maybe<VideoMeta<'a>>,
    web_video_url: Text<'a>,
    digg_count: Number,
    share_count: Number,
    play_count: Number,
    comment_count: Number,
    collect_count: Number,
    /// Names, or objects with name and id.
    #[serde(borrow)]
    hashtags: Option<List<&'a RawValue>>,
    slideshow_image_links: List<Maybe<Picture<'a>>>,
    is_slideshow: Flag,
    is_ad: Flag,
    is_pinned: Flag,
    location_created: Text<'a>,
    search_hashtag: Maybe<SearchHashtag<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct AuthorMeta<'a> {
    id: Id<'a>,
    name: Text<'a>,
    nick_name: Text<'a>,
    avatar: Text<'a>,
    original_avatar_url: Text<'a>,
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
    cover_medium_url: Text<'a>,
    original_cover_medium_url: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct VideoMeta<'a> {
    duration: Number,
    cover_url: Text<'a>,
    original_cover_url: Text<'a>,
    download_addr: Text<'a>,
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

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Picture<'a> {
    tiktok_link: Text<'a>,
    download_link: Text<'a>,
}

/// The hashtag whose page listed the video, with its views.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct SearchHashtag<'a> {
    name: Text<'a>,
    views: Number,
}

/// Reads a JSON item, nested or flat.
fn read_item(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    if let Some(nested) = nested_of(raw)? {
        return read(&serde_json::from_str(&nested)?, digest(raw.as_bytes(), reading.observed_at), reading);
    }
    let item: Item<'_> = serde_json::from_str(raw)?;
    if item.web_video_url.is_empty() || (item.create_time_iso.is_empty() && item.collect_count.0.is_none()) {
        return Err(Refusal::Shape);
    }
    read(&item, digest(raw.as_bytes(), reading.observed_at), reading)
}

/// Reads an item. `digest` identifies the original record in the file.
fn read(item: &Item<'_>, digest: u64, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let id = match item.id.is_none() {
        true => Id::Text(link_id(&item.web_video_url)?.into()),
        false => item.id.clone(),
    };
    let id = id.video(&[&item.web_video_url])?;
    let hashtags: Vec<Hashtag<'_>> =
        item.hashtags.iter().flat_map(|list| list.iter()).map(|raw| hashtag(raw)).collect();
    let mut tags = TagList::default();
    for hashtag in &hashtags {
        tags.add(&hashtag.name, hashtag.id.hashtag())?;
    }
    let is_caption_needed = tags.is_empty();
    tags.add(&item.search_hashtag.name, None)?;
    if is_caption_needed {
        tags.add_caption(&item.text)?;
    }
    reading.video(VideoObservation {
        id,
        source: Source::Apify,
        observed_at: reading.observed_at,
        author: item.author_meta.id.author(),
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        counts: VideoCounts {
            plays: item.play_count.web("playCount")?,
            likes: item.digg_count.web("diggCount")?,
            comments: item.comment_count.web("commentCount")?,
            shares: item.share_count.web("shareCount")?,
            saves: item.collect_count.web("collectCount")?,
            downloads: None,
        },
        details: item.details(),
        digest,
    });
    for Hashtag { id, name, title, cover } in &hashtags {
        let description =
            Description { name, id: id.hashtag(), text: title, cover, is_commerce: false, kind: None };
        reading.description(Source::Apify, &description);
    }
    if let Ok(tag) = Tag::new(&item.search_hashtag.name) {
        let views = item.search_hashtag.views.unless_zero(false).web("searchHashtag.views")?;
        reading.total(HashtagObservation {
            tag: TagRef { tag, id: None },
            source: Source::Apify,
            observed_at: reading.observed_at,
            counts: HashtagCounts { views, ..HashtagCounts::default() },
            details: HashtagDetails::default(),
        });
    }
    Ok(())
}

/// Returns the id in a video link.
fn link_id(link: &str) -> Result<&str, String> {
    let after = ["/video/", "/photo/"].iter().find_map(|mark| link.split_once(mark));
    let start: String = link.chars().take(80).collect();
    let (_, after) = after.ok_or_else(|| format!("webVideoUrl: there is no id in {start:?}"))?;
    Ok(&after[..after.bytes().take_while(u8::is_ascii_digit).count()])
}

fn hashtag(raw: &RawValue) -> Hashtag<'_> {
    match raw.get().starts_with('{') {
        true => serde_json::from_str(raw.get()).unwrap_or_default(),
        false => Hashtag { name: serde_json::from_str(raw.get()).unwrap_or_default(), ..Hashtag::default() },
    }
}

impl Item<'_> {
    fn details(&self) -> VideoDetails {
        let (author, music, video) = (&self.author_meta, &self.music_meta, &self.video_meta);
        let posted_at = Timestamp::parse(&self.create_time_iso).map(Timestamp::as_seconds);
        let images = self.slideshow_image_links.iter();
        let images = images.map(|picture| first_non_empty(&[&picture.tiktok_link, &picture.download_link]));
        VideoDetails {
            region: self.location_created.parse().ok(),
            title: self.text.clean(),
            cover: first_non_empty(&[&video.cover_url, &video.original_cover_url]),
            origin_cover: video.original_cover_url.clean(),
            duration_seconds: if self.is_slideshow.is_set() {
                0
            } else {
                video.duration.whole().unwrap_or(0)
            },
            play: video.download_addr.clean(),
            music: Music {
                id: music.music_id.to_text(),
                title: music.music_name.clean(),
                play: music.play_url.clean(),
                cover: first_non_empty(&[&music.cover_medium_url, &music.original_cover_medium_url]),
                author: music.music_author.clean(),
                original: music.music_original.is_set(),
                album: music.music_album.clean(),
                ..Music::default()
            },
            create_time: self.create_time.seconds().or(posted_at),
            is_ad: self.is_ad.is_set(),
            author: Author {
                id: author.id.to_text(),
                unique_id: author.name.clean(),
                nickname: author.nick_name.clean(),
                avatar: first_non_empty(&[&author.avatar, &author.original_avatar_url]),
            },
            images: images.filter(|url| !url.is_empty()).collect(),
            is_top: self.is_pinned.is_set(),
            ..VideoDetails::default()
        }
    }
}

/// Turns an item with path names (`"authorMeta.name":"cat"`) into a nested one. `None` if it is nested
/// already.
fn nested_of(text: &str) -> Result<Option<String>, Refusal> {
    if !["\"authorMeta.", "\"musicMeta.", "\"videoMeta."].iter().any(|start| text.contains(start)) {
        return Ok(None);
    }
    let flat: Map<String, Value> = serde_json::from_str(text)?;
    if !flat.keys().any(|key| key.contains(['.', '/'])) {
        return Ok(None);
    }
    let mut item = Map::new();
    for (path, value) in flat {
        put(&mut item, &path, Some(value));
    }
    Ok(Some(lists(Value::Object(item)).to_string()))
}

fn is_header(header: &Header) -> bool {
    let has = |name: &str| header.has(name);
    has("webVideoUrl") && (has("text") || has("playCount") || has("createTimeISO"))
}

struct Rows(Records);

impl ReadRow for Rows {
    fn cells_needed(&self) -> usize {
        self.0.len()
    }

    fn is_sampling(&self) -> bool {
        true
    }

    fn survey(&mut self, sample: &Sample) {
        self.0.survey(sample);
    }

    fn read(&mut self, row: &Row<'_>, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        let mut item = self.0.record(row)?;
        let text = |item: &Map<String, Value>, key: &str| {
            item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let (id, link) = (text(&item, "id"), text(&item, "webVideoUrl"));
        // Spreadsheets drop the last digits of an id, but not in a link.
        let id = video_of_row(&id, &link)?;
        item.insert("id".to_owned(), Value::String(id.to_string()));
        // Exports often have the columns of names but not those of ids.
        let handle = ["author", "authorName", "username"].into_iter().map(|key| text(&item, key));
        let handle = handle.chain([handle_in_link(&link).unwrap_or_default().to_owned()]);
        let handle =
            handle.map(|handle| handle.trim_start_matches('@').to_owned()).find(|handle| !handle.is_empty());
        let meta = item.entry("authorMeta").or_insert_with(|| Value::Object(Map::new()));
        if let (Value::Object(meta), Some(handle)) = (meta, handle) {
            meta.entry("name").or_insert(Value::String(handle));
        }
        let item = lists(Value::Object(item)).to_string();
        // This JSON was generated here: its error messages would not match the file.
        let item = serde_json::from_str(&item).map_err(|_| "the row cannot be read".to_owned())?;
        read(&item, row.digest(reading.observed_at), reading)
    }
}
