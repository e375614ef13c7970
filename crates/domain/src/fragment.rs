//! The ready JSON of a video: the video object of the contract, made once when a video is recorded. Composing thirty of
//! them from columns for each page costs four times as much.
//!
//! What is stored is *packed*: a JSON array of the values alone, one a line, since the names are the same for every
//! video and are half of its bytes. Unpacking writes the names back in between; no value is looked into.

use crate::observation::VideoCounts;
use crate::video::{Author, Music, VideoDetails};
use crate::{Count, VideoId};
use serde::{Deserialize, Serialize};

/// Text before each value of a packed video. `play` of the music is written in three places and `id` in two,
/// but packed once.
const BEFORE: [&str; 35] = [
    r#"{"aweme_id":"#,
    r#","region":"#,
    r#","title":"#,
    r#","content_desc":"#,
    r#","cover":"#,
    r#","ai_dynamic_cover":"#,
    r#","origin_cover":"#,
    r#","duration":"#,
    r#","play":"#,
    r#","wmplay":"#,
    r#","size":"#,
    r#","wm_size":"#,
    r#","music":"#,
    r#","music_info":{"id":"#,
    r#","title":"#,
    r#","cover":"#,
    r#","author":"#,
    r#","original":"#,
    r#","duration":"#,
    r#","album":"#,
    r#"},"play_count":"#,
    r#","digg_count":"#,
    r#","comment_count":"#,
    r#","share_count":"#,
    r#","download_count":"#,
    r#","collect_count":"#,
    r#","create_time":"#,
    r#","anchors":null,"anchors_extras":"","is_ad":"#,
    r#","commerce_info":{},"commercial_video_info":"","item_comment_settings":"#,
    r#","mentioned_users":"","author":{"id":"#,
    r#","unique_id":"#,
    r#","nickname":"#,
    r#","avatar":"#,
    r#"},"images":"#,
    r#","is_top":"#,
];
const ID: usize = 0;
const TITLE: usize = 2;
const MUSIC: usize = 12;
const MUSIC_COVER: usize = 15;
const AUTHOR_NAME: usize = 30;
const IMAGES: usize = 33;

/// Largest integer written: programs that read JSON numbers as doubles represent integers up to here
/// exactly. Counts end here ([`crate::count::COUNT_MAX`]); larger sizes and times of a video are damaged.
const EXACT_INTEGER_MAX: u64 = crate::id::EXACT_DOUBLE_MAX;

/// Separator of packed values. A line feed inside a JSON string is always escaped.
const BETWEEN: &[u8] = b",\n";

/// Packs the values of a video. Unreported counts are 0 here because the contract's counts are never null;
/// the store has the numbers separately, where unknown stays unknown.
pub fn pack(id: VideoId, details: &VideoDetails, counts: &VideoCounts) -> Vec<u8> {
    let mut packer = Packer { bytes: Vec::with_capacity(768) };
    let d = details;
    let value_of = |count: Option<Count>| count.map_or(0, Count::value);
    packer.value(&id.to_string());
    packer.value(d.region.as_ref().map_or("", |region| region.as_str()));
    packer.value(&d.title);
    packer.value(&d.content_desc);
    packer.value(&d.cover);
    packer.value(&d.ai_dynamic_cover);
    packer.value(&d.origin_cover);
    packer.number(d.duration_seconds);
    packer.value(&d.play);
    packer.value(&d.wmplay);
    packer.number(d.size_bytes);
    packer.number(d.wm_size_bytes);
    packer.music(&d.music);
    for count in [counts.plays, counts.likes, counts.comments, counts.shares, counts.downloads, counts.saves]
    {
        packer.number(value_of(count));
    }
    packer.signed(d.create_time.unwrap_or(0));
    packer.value(&d.is_ad);
    packer.signed(d.item_comment_settings);
    packer.author(&d.author);
    packer.value(&d.images);
    packer.value(&d.is_top);
    packer.bytes.push(b']');
    packer.bytes
}

struct Packer {
    bytes: Vec<u8>,
}

impl Packer {
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) {
        let between = if self.bytes.is_empty() { b"[" } else { BETWEEN };
        self.bytes.extend_from_slice(between);
        // Writing strings, numbers and lists of strings to memory cannot fail.
        serde_json::to_writer(&mut self.bytes, value).expect("a value is always JSON");
    }

    fn number(&mut self, number: u64) {
        self.value(&number.min(EXACT_INTEGER_MAX));
    }

    fn signed(&mut self, number: i64) {
        let most = EXACT_INTEGER_MAX.cast_signed();
        self.value(&number.clamp(-most, most));
    }

    fn music(&mut self, music: &Music) {
        self.value(&music.play);
        self.value(&music.id);
        self.value(&music.title);
        self.value(&music.cover);
        self.value(&music.author);
        self.value(&music.original);
        self.number(music.duration);
        self.value(&music.album);
    }

    fn author(&mut self, author: &Author) {
        self.value(&author.id);
        self.value(&author.unique_id);
        self.value(&author.nickname);
        self.value(&author.avatar);
    }
}

/// Writes the video object of a packed video to `out`. `None`, and nothing written, if the bytes are
/// invalid.
pub fn unpack(packed: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let begin = out.len();
    let written = write(packed, out);
    if written.is_none() {
        out.truncate(begin);
    }
    written
}

fn write(packed: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = packed.strip_prefix(b"[")?.strip_suffix(b"]")?;
    out.reserve(packed.len() + 1024);
    let mut music: &[u8] = b"";
    for (at, before) in BEFORE.iter().enumerate() {
        let value = if at + 1 == BEFORE.len() {
            std::mem::take(&mut rest)
        } else {
            let end = memchr::memchr(b'\n', rest)?;
            let value = rest.get(..end)?.strip_suffix(b",")?;
            rest = rest.get(end + 1..)?;
            value
        };
        match at {
            MUSIC_COVER => {
                out.extend_from_slice(br#","play":"#);
                out.extend_from_slice(music);
            }
            IMAGES if value == b"[]" => {
                out.push(b'}');
                continue;
            }
            MUSIC => music = value,
            _ => {}
        }
        out.extend_from_slice(before.as_bytes());
        out.extend_from_slice(value);
        if at == ID {
            out.extend_from_slice(br#","video_id":"#);
            out.extend_from_slice(value);
        }
    }
    out.push(b'}');
    Some(())
}

/// The fields by which people recognise a video.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// Its caption.
    pub title: String,
    /// Handle of its creator.
    pub author: String,
}

/// Parses only the caption and the handle of a packed video. `None` if the bytes are invalid.
pub fn label(packed: &[u8]) -> Option<Label> {
    let mut values = packed.strip_prefix(b"[")?.split(|byte| *byte == b'\n');
    let mut next = |skipped| serde_json::from_slice(values.nth(skipped)?.strip_suffix(b",")?).ok();
    Some(Label { title: next(TITLE)?, author: next(AUTHOR_NAME - TITLE - 1)? })
}

/// Parses the details of a packed video. `None` if the bytes are invalid.
pub fn details(packed: &[u8]) -> Option<VideoDetails> {
    let mut json = Vec::new();
    unpack(packed, &mut json)?;
    let f: Fragment = serde_json::from_slice(&json).ok()?;
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

/// The parts of the video object that are read back.
#[derive(Deserialize)]
struct Fragment {
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
    music_info: Music,
    create_time: i64,
    is_ad: bool,
    item_comment_settings: i64,
    author: Author,
    #[serde(default)]
    images: Vec<String>,
    is_top: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn details_of(title: &str, images: Vec<String>) -> VideoDetails {
        VideoDetails {
            region: "US".parse().ok(),
            title: title.into(),
            duration_seconds: 12,
            create_time: Some(1_666_781_116),
            music: Music { play: "https://music.example.com/1".into(), ..Music::default() },
            author: Author { id: "1".into(), unique_id: "me".into(), ..Author::default() },
            images,
            ..VideoDetails::default()
        }
    }

    fn json(packed: &[u8]) -> String {
        let mut out = Vec::new();
        unpack(packed, &mut out).expect("a packed video");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_fragment_has_the_fields_of_the_contract_in_order() {
        let id = "7158770362770099483".parse().expect("an id");
        let counts = VideoCounts { plays: Count::exact(376_700), ..VideoCounts::default() };
        let packed = pack(id, &details_of("a \"cat\"\n😺 #cat", vec![]), &counts);
        assert_eq!(
            json(&packed),
            concat!(
                r#"{"aweme_id":"7158770362770099483","video_id":"7158770362770099483","region":"US","#,
                r#""title":"a \"cat\"\n😺 #cat","content_desc":[],"cover":"","ai_dynamic_cover":"","#,
                r#""origin_cover":"","duration":12,"play":"","wmplay":"","size":0,"wm_size":0,"#,
                r#""music":"https://music.example.com/1","music_info":{"id":"","title":"","#,
                r#""play":"https://music.example.com/1","cover":"","author":"","original":false,"#,
                r#""duration":0,"album":""},"play_count":376700,"digg_count":0,"comment_count":0,"#,
                r#""share_count":0,"download_count":0,"collect_count":0,"create_time":1666781116,"#,
                r#""anchors":null,"anchors_extras":"","is_ad":false,"commerce_info":{},"#,
                r#""commercial_video_info":"","item_comment_settings":0,"mentioned_users":"","#,
                r#""author":{"id":"1","unique_id":"me","nickname":"","avatar":""},"is_top":false}"#,
            )
        );
    }

    #[test]
    fn no_integer_is_above_what_a_double_holds() {
        let most = Count::exact(i64::MAX.unsigned_abs());
        let details = VideoDetails {
            duration_seconds: u64::MAX,
            size_bytes: u64::MAX,
            wm_size_bytes: u64::MAX,
            create_time: Some(i64::MAX),
            item_comment_settings: i64::MIN,
            ..details_of("", Vec::new())
        };
        let id = "9223372036854775807".parse().expect("an id");
        let text = json(&pack(id, &details, &VideoCounts::from_array([most; VideoCounts::LEN])));
        let object: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let integers = object.as_object().expect("an object").values().filter_map(serde_json::Value::as_i64);
        assert!(integers.map(i64::unsigned_abs).all(|number| number <= EXACT_INTEGER_MAX));
    }

    #[test]
    fn a_photo_post_shows_its_images_after_the_author() {
        let packed =
            pack(1.try_into().expect("an id"), &details_of("", vec!["a".into()]), &VideoCounts::default());
        assert!(json(&packed).ends_with(r#""avatar":""},"images":["a"],"is_top":false}"#));
    }

    #[test]
    fn what_is_no_packed_video_is_refused_and_nothing_is_written() {
        let packed = pack(1.try_into().expect("an id"), &details_of("", vec![]), &VideoCounts::default());
        for cut in 0..packed.len() {
            let mut out = b"before".to_vec();
            assert!(unpack(&packed[..cut], &mut out).is_none(), "{cut}");
            assert_eq!(out, b"before");
        }
        assert_eq!([b"".as_slice(), b"[", b"[1,\n2,\n3,"].map(label), [None, None, None]);
    }

    proptest! {
        #[test]
        fn packing_loses_nothing(title in "\\PC*|[\\x00-\\x1f\",\\\\]*", images in proptest::collection::vec("\\PC{0,4}", 0..3)) {
            let id = 1.try_into().expect("an id");
            let before = details_of(&title, images);
            let packed = pack(id, &before, &VideoCounts::default());
            prop_assert!(serde_json::from_slice::<Vec<serde_json::Value>>(&packed).is_ok(), "readable as JSON");
            prop_assert!(serde_json::from_str::<serde_json::Value>(&json(&packed)).is_ok());
            let expected = Label { title: before.title.clone(), author: before.author.unique_id.clone() };
            prop_assert_eq!(label(&packed), Some(expected));
            prop_assert_eq!(details(&packed), Some(before));
        }
    }
}
