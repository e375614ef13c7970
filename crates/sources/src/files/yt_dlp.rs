//! yt-dlp's info JSON: one video per file, a playlist with `entries`, or one per line. A video's tags are only in its
//! caption. Its lists of test expectations are read as well; patterns (`md5:...`, `re:^https`, `type:int`) count as
//! missing values.

use super::foreign::OTHER_SITE;
use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::length::Length;
use crate::json::lenient::{List, Maybe, Text, clean};
use crate::json::number::Number;
use crate::reading::{Reading, Refusal, TagList, digest};
use domain::observation::{VideoCounts, VideoObservation};
use domain::video::{Author, Music, VideoDetails};
use domain::{Source, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

pub(crate) static FORMAT: Format = Format {
    source: Source::YtDlp,
    shape: "info JSON: single, playlist with `entries`, array, NDJSON",
    made_by: "yt-dlp",
    kind: Kind::Json(Json {
        all: &["id"],
        any: &["extractor_key", "extractor", "ie_key", "webpage_url", "uploader_url"],
        none: &[],
        within: &["entries", "info_dict"],
        read,
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Info<'a> {
    id: Id<'a>,
    extractor_key: Text<'a>,
    ie_key: Text<'a>,
    webpage_url: Text<'a>,
    original_url: Text<'a>,
    url: Text<'a>,
    uploader_url: Text<'a>,
    title: Text<'a>,
    description: Option<Text<'a>>,
    uploader: Text<'a>,
    uploader_id: Id<'a>,
    channel: Text<'a>,
    creator: Text<'a>,
    timestamp: Number,
    duration: Length,
    view_count: Number,
    like_count: Number,
    comment_count: Number,
    repost_count: Number,
    save_count: Number,
    thumbnail: Text<'a>,
    thumbnails: List<Maybe<Thumbnail<'a>>>,
    track: Text<'a>,
    album: Text<'a>,
    artist: Text<'a>,
    artists: List<Text<'a>>,
    live_status: Text<'a>,
    concurrent_view_count: Option<IgnoredAny>,
    /// Reading time.
    epoch: Number,
    /// Only playlists have them.
    entries: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Thumbnail<'a> {
    id: Text<'a>,
    url: Text<'a>,
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let info: Info<'_> = serde_json::from_str(raw)?;
    if info.entries.is_some() {
        return Err(Refusal::Shape);
    }
    info.check_site()?;
    if info.concurrent_view_count.is_some() || matches!(&*info.live_status, "is_live" | "is_upcoming") {
        return Err("a live stream, not a video".to_owned().into());
    }
    let id = info.id.video(&[&info.webpage_url, &info.original_url, &info.url])?;
    let observed_at = info.epoch.int().and_then(Timestamp::of_reading).or(reading.observed_at);
    let caption = info.caption();
    let mut tags = TagList::default();
    tags.add_caption(caption)?;
    let duration_seconds = info.duration.seconds("duration", reading);
    reading.video(VideoObservation {
        id,
        source: Source::YtDlp,
        observed_at,
        author: info.uploader_id.author(),
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        // Exact from the app's answers, rounded from web pages; the record does not say which.
        counts: VideoCounts {
            plays: info.view_count.web("view_count")?,
            likes: info.like_count.web("like_count")?,
            comments: info.comment_count.web("comment_count")?,
            shares: info.repost_count.web("repost_count")?,
            saves: info.save_count.web("save_count")?,
            downloads: None,
        },
        details: VideoDetails { duration_seconds, ..info.details(caption) },
        digest: digest(raw.as_bytes(), observed_at),
    });
    Ok(())
}

impl<'a> Info<'a> {
    /// Refuses other sites: yt-dlp supports a thousand.
    fn check_site(&self) -> Result<(), Refusal> {
        let key = if self.extractor_key.is_empty() { &self.ie_key } else { &self.extractor_key };
        let links = [&self.webpage_url, &self.original_url, &self.uploader_url];
        let link = links.into_iter().find(|link| link.contains("://"));
        let (is_tiktok, site) = match (key.is_empty(), link) {
            (false, _) => (key.to_ascii_lowercase().starts_with("tiktok"), &**key),
            (true, Some(link)) => (link.contains("tiktok.com/"), &**link),
            // A similar record of another tool, with too little data.
            (true, None) => return Err(Refusal::Shape),
        };
        let site: String = site.chars().take(60).collect();
        if is_tiktok { Ok(()) } else { Err(Refusal::Foreign(&OTHER_SITE, Some(site.into()))) }
    }

    /// Returns the caption: the description, or as much of it as the title has.
    fn caption(&self) -> &str {
        if let Some(description) = &self.description
            && !is_matcher(description)
        {
            return description;
        }
        let title = reported(&self.title);
        match title.strip_suffix("...") {
            // The last word may be a truncated tag.
            Some(cut) => cut.rsplit_once(char::is_whitespace).map_or("", |(whole, _)| whole),
            None if title.starts_with("TikTok video #") => "",
            None => title,
        }
    }

    fn details(&self, caption: &str) -> VideoDetails {
        let picture = |name: &str| {
            let picture = self.thumbnails.iter().find(|picture| &*picture.id == name);
            picture.map(|picture| clean(reported(&picture.url))).unwrap_or_default()
        };
        let cover = picture("cover");
        let artists: Vec<_> =
            self.artists.iter().map(|artist| reported(artist)).filter(|a| !a.is_empty()).collect();
        VideoDetails {
            title: clean(caption),
            cover: if cover.is_empty() { clean(reported(&self.thumbnail)) } else { cover },
            ai_dynamic_cover: picture("dynamicCover"),
            origin_cover: picture("originCover"),
            music: Music {
                title: clean(reported(&self.track)),
                author: clean(&if artists.is_empty() {
                    reported(&self.artist).to_owned()
                } else {
                    artists.join(", ")
                }),
                album: clean(reported(&self.album)),
                ..Music::default()
            },
            create_time: self.timestamp.int().filter(|seconds| *seconds > 0),
            author: Author {
                id: self.uploader_id.author().map(|id| id.to_string()).unwrap_or_default(),
                unique_id: clean(reported(&self.uploader)),
                nickname: clean(
                    [&self.channel, &self.creator]
                        .map(|n| reported(n))
                        .into_iter()
                        .find(|n| !n.is_empty())
                        .unwrap_or_default(),
                ),
                avatar: String::new(),
            },
            ..VideoDetails::default()
        }
    }
}

/// Returns a text, or an empty one for a test expectation.
fn reported(text: &str) -> &str {
    if is_matcher(text) { "" } else { text }
}

/// Returns true for one of yt-dlp's test expectations. People write `re:` too, but no regular expression
/// after it.
fn is_matcher(text: &str) -> bool {
    let Some((kind, rest)) = text.split_once(':') else { return false };
    let is_word = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match kind {
        "md5" => rest.len() == 32 && is_word(rest),
        "type" => matches!(rest, "int" | "str" | "float" | "bool" | "list" | "dict"),
        "count" | "mincount" | "maxcount" => is_word(rest),
        "re" => rest.contains(['\\', '^', '$']) || rest.contains(".*"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_are_distinguished_from_captions() {
        for text in [
            "md5:5e2a23877420bb85ce6521dbee39ba94",
            "type:int",
            "re:^https?://",
            r"re:x[\d\s:-]*",
            "mincount:8",
        ] {
            assert!(is_matcher(text), "{text}");
        }
        for text in ["re: your question #cat", "md5:no", "type: b", "a:b", "", "count: 1, 2, 3", "12:30"] {
            assert!(!is_matcher(text), "{text}");
        }
    }

    #[test]
    fn a_title_that_is_cut_off_gives_whole_tags_only() {
        let caption = |json: &str| serde_json::from_str::<Info<'_>>(json).expect("info").caption().to_owned();
        assert_eq!(caption(r#"{"title":"a #cat #do..."}"#), "a #cat");
        assert_eq!(caption(r#"{"title":"a...","description":""}"#), "");
        assert_eq!(caption(r#"{"title":"TikTok video #7059698374567611694"}"#), "");
        assert_eq!(caption(r#"{"title":"a","description":"a b"}"#), "a b");
    }
}
