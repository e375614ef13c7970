//! What is held of a video, and its ready JSON: the video object of the contract, made once when a video is recorded
//! and sent as it is ever after. Composing thirty of them from columns for each page costs four times as much.

use crate::observation::VideoCounts;
use crate::{Count, Region, VideoId};
use serde::{Deserialize, Serialize};

/// The descriptive part of a video. Empty, 0 and `None` are "not told".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VideoDetails {
    /// Country it was posted under.
    pub region: Option<Region>,
    /// Caption.
    pub title: String,
    /// The caption's paragraphs, where the source splits it.
    pub content_desc: Vec<String>,
    /// URL of the cover.
    pub cover: String,
    /// URL of the animated cover.
    pub ai_dynamic_cover: String,
    /// URL of the cover in its original size.
    pub origin_cover: String,
    /// Length in seconds; 0 for photo posts.
    pub duration_seconds: u64,
    /// URL of the video without watermark.
    pub play: String,
    /// URL of the video with watermark.
    pub wmplay: String,
    /// Bytes of the video without watermark.
    pub size_bytes: u64,
    /// Bytes of the video with watermark.
    pub wm_size_bytes: u64,
    /// Its sound.
    pub music: Music,
    /// When it was posted, seconds since 1970.
    pub create_time: Option<i64>,
    /// Whether it is an advertisement.
    pub is_ad: bool,
    /// Who may comment: 0 everyone.
    pub item_comment_settings: i64,
    /// Who posted it.
    pub author: Author,
    /// URLs of the pictures of a photo post.
    pub images: Vec<String>,
    /// Pinned by its author.
    pub is_top: bool,
}

/// The sound of a video, in the wire's names (`music_info`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Music {
    /// TikTok's sound id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// URL of the sound.
    pub play: String,
    /// URL of its cover.
    pub cover: String,
    /// Who made it.
    pub author: String,
    /// Recorded for this video.
    pub original: bool,
    /// Length in seconds.
    pub duration: u64,
    /// Album.
    pub album: String,
}

/// Who posted a video, in the wire's names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Author {
    /// TikTok's user id.
    pub id: String,
    /// Handle without `@`.
    pub unique_id: String,
    /// Display name.
    pub nickname: String,
    /// URL of the picture.
    pub avatar: String,
}

/// The video object in the field order of the contract.
#[derive(Serialize, Deserialize)]
struct Fragment {
    aweme_id: String,
    video_id: String,
    region: String,
    title: String,
    content_desc: Vec<String>,
    cover: String,
    ai_dynamic_cover: String,
    origin_cover: String,
    duration: u64,
    play: String,
    wmplay: String,
    size: u64,
    wm_size: u64,
    music: String,
    music_info: Music,
    play_count: u64,
    digg_count: u64,
    comment_count: u64,
    share_count: u64,
    download_count: u64,
    collect_count: u64,
    create_time: i64,
    anchors: (),
    anchors_extras: String,
    is_ad: bool,
    commerce_info: Empty,
    commercial_video_info: String,
    item_comment_settings: i64,
    mentioned_users: String,
    author: Author,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    images: Vec<String>,
    is_top: bool,
}

/// `{}`
#[derive(Serialize, Deserialize)]
struct Empty {}

/// Programs that read JSON numbers as doubles hold integers up to here exactly, so no larger one is written. No true
/// count comes near it.
const EXACT_INTEGER_MAX: u64 = crate::id::EXACT_DOUBLE_MAX - 1;

/// The ready JSON of a video. Counts nobody told are 0 here because the contract's counts are never null; the numbers
/// themselves are held apart, where unknown stays unknown.
pub fn to_fragment(id: VideoId, details: VideoDetails, counts: &VideoCounts) -> Vec<u8> {
    let told = |count: Option<Count>| count.map_or(0, Count::value).min(EXACT_INTEGER_MAX);
    let exact = |number: i64| number.clamp(-EXACT_INTEGER_MAX.cast_signed(), EXACT_INTEGER_MAX.cast_signed());
    let id = id.to_string();
    let fragment = Fragment {
        aweme_id: id.clone(),
        video_id: id,
        region: details.region.map(|r| r.to_string()).unwrap_or_default(),
        title: details.title,
        content_desc: details.content_desc,
        cover: details.cover,
        ai_dynamic_cover: details.ai_dynamic_cover,
        origin_cover: details.origin_cover,
        duration: details.duration_seconds.min(EXACT_INTEGER_MAX),
        play: details.play,
        wmplay: details.wmplay,
        size: details.size_bytes.min(EXACT_INTEGER_MAX),
        wm_size: details.wm_size_bytes.min(EXACT_INTEGER_MAX),
        music: details.music.play.clone(),
        music_info: Music { duration: details.music.duration.min(EXACT_INTEGER_MAX), ..details.music },
        play_count: told(counts.plays),
        digg_count: told(counts.likes),
        comment_count: told(counts.comments),
        share_count: told(counts.shares),
        download_count: told(counts.downloads),
        collect_count: told(counts.saves),
        create_time: exact(details.create_time.unwrap_or(0)),
        anchors: (),
        anchors_extras: String::new(),
        is_ad: details.is_ad,
        commerce_info: Empty {},
        commercial_video_info: String::new(),
        item_comment_settings: exact(details.item_comment_settings),
        mentioned_users: String::new(),
        author: details.author,
        images: details.images,
        is_top: details.is_top,
    };
    let mut bytes = Vec::with_capacity(1536);
    // Writing to memory a structure of strings and numbers has no way to fail.
    serde_json::to_writer(&mut bytes, &fragment).expect("a fragment is always JSON");
    bytes
}

/// Reads the details back out of a ready JSON. `None` if it is none.
pub fn from_fragment(bytes: &[u8]) -> Option<VideoDetails> {
    let f: Fragment = serde_json::from_slice(bytes).ok()?;
    Some(VideoDetails {
        region: f.region.parse().ok(),
        title: f.title,
        content_desc: f.content_desc,
        cover: f.cover,
        ai_dynamic_cover: f.ai_dynamic_cover,
        origin_cover: f.origin_cover,
        duration_seconds: f.duration,
        play: f.play,
        wmplay: f.wmplay,
        size_bytes: f.size,
        wm_size_bytes: f.wm_size,
        music: f.music_info,
        create_time: (f.create_time != 0).then_some(f.create_time),
        is_ad: f.is_ad,
        item_comment_settings: f.item_comment_settings,
        author: f.author,
        images: f.images,
        is_top: f.is_top,
    })
}

impl VideoDetails {
    /// Lays a newer reading over an older one: what the newer tells wins, what it does not tell stays.
    #[must_use]
    pub fn updated_by(self, newer: Self) -> Self {
        Self {
            region: newer.region.or(self.region),
            title: told(newer.title, self.title),
            content_desc: if newer.content_desc.is_empty() { self.content_desc } else { newer.content_desc },
            cover: told(newer.cover, self.cover),
            ai_dynamic_cover: told(newer.ai_dynamic_cover, self.ai_dynamic_cover),
            origin_cover: told(newer.origin_cover, self.origin_cover),
            duration_seconds: told_number(newer.duration_seconds, self.duration_seconds),
            play: told(newer.play, self.play),
            wmplay: told(newer.wmplay, self.wmplay),
            size_bytes: told_number(newer.size_bytes, self.size_bytes),
            wm_size_bytes: told_number(newer.wm_size_bytes, self.wm_size_bytes),
            music: if newer.music.id.is_empty() && newer.music.title.is_empty() {
                self.music
            } else {
                newer.music
            },
            create_time: newer.create_time.or(self.create_time),
            is_ad: newer.is_ad,
            item_comment_settings: newer.item_comment_settings,
            author: self.author.updated_by(newer.author),
            images: if newer.images.is_empty() { self.images } else { newer.images },
            is_top: newer.is_top,
        }
    }
}

impl Author {
    fn updated_by(self, newer: Self) -> Self {
        Self {
            id: told(newer.id, self.id),
            unique_id: told(newer.unique_id, self.unique_id),
            nickname: told(newer.nickname, self.nickname),
            avatar: told(newer.avatar, self.avatar),
        }
    }
}

fn told(newer: String, older: String) -> String {
    if newer.is_empty() { older } else { newer }
}

fn told_number(newer: u64, older: u64) -> u64 {
    if newer == 0 { older } else { newer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> VideoDetails {
        VideoDetails {
            region: "US".parse().ok(),
            title: "a \"cat\" 😺 #cat".into(),
            duration_seconds: 12,
            create_time: Some(1_666_781_116),
            author: Author { id: "1".into(), unique_id: "me".into(), ..Author::default() },
            ..VideoDetails::default()
        }
    }

    #[test]
    fn a_fragment_has_the_fields_of_the_contract_in_order() {
        let id = "7158770362770099483".parse().expect("an id");
        let counts = VideoCounts { plays: Count::exact(376_700), ..VideoCounts::default() };
        let json = String::from_utf8(to_fragment(id, details(), &counts)).expect("UTF-8");
        assert_eq!(
            json,
            concat!(
                r#"{"aweme_id":"7158770362770099483","video_id":"7158770362770099483","region":"US","#,
                r#""title":"a \"cat\" 😺 #cat","content_desc":[],"cover":"","ai_dynamic_cover":"","#,
                r#""origin_cover":"","duration":12,"play":"","wmplay":"","size":0,"wm_size":0,"music":"","#,
                r#""music_info":{"id":"","title":"","play":"","cover":"","author":"","original":false,"#,
                r#""duration":0,"album":""},"play_count":376700,"digg_count":0,"comment_count":0,"#,
                r#""share_count":0,"download_count":0,"collect_count":0,"create_time":1666781116,"#,
                r#""anchors":null,"anchors_extras":"","is_ad":false,"commerce_info":{},"#,
                r#""commercial_video_info":"","item_comment_settings":0,"mentioned_users":"","#,
                r#""author":{"id":"1","unique_id":"me","nickname":"","avatar":""},"is_top":false}"#,
            )
        );
        assert_eq!(from_fragment(json.as_bytes()), Some(details()));
    }

    #[test]
    fn no_integer_is_above_what_a_double_holds() {
        let id = "9223372036854775807".parse().expect("an id");
        let most = Count::exact(i64::MAX.unsigned_abs());
        let counts = VideoCounts::from_array([most; VideoCounts::LEN]);
        let details = VideoDetails {
            duration_seconds: u64::MAX,
            size_bytes: u64::MAX,
            wm_size_bytes: u64::MAX,
            create_time: Some(i64::MAX),
            item_comment_settings: i64::MIN,
            ..details()
        };
        let json: serde_json::Value =
            serde_json::from_slice(&to_fragment(id, details, &counts)).expect("JSON");
        let integers = json.as_object().expect("an object").values().filter_map(serde_json::Value::as_i64);
        assert!(integers.map(i64::unsigned_abs).all(|number| number <= EXACT_INTEGER_MAX));
    }

    #[test]
    fn a_newer_reading_adds_and_replaces_but_never_erases() {
        let newer = VideoDetails { title: "new".into(), is_top: true, ..VideoDetails::default() };
        let both = details().updated_by(newer);
        assert_eq!(both.title, "new");
        assert_eq!(both.region, details().region);
        assert_eq!(both.author.unique_id, "me");
        assert!(both.is_top);
    }
}
