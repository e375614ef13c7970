//! Lists of videos and creators that a user names: one per line, or JSON. A list is used only if all of it can be
//! parsed, since its entries may be deleted for good.

use crate::json::id::Id;
use domain::link::video_id;
use domain::{Handle, VideoId};
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

/// Longest line, in bytes: a link has about a hundred.
const LINE_BYTES_MAX: u64 = 4_096;
/// Characters of a line that a message shows.
const SHOWN: usize = 60;
/// Column names of ids, allowed as the first line.
const HEADERS: [&str; 6] = ["id", "ids", "video_id", "aweme_id", "item_id", "video"];
/// Keys of a video's id.
const ID_KEYS: [&str; 4] = ["id", "video_id", "aweme_id", "item_id"];
/// Keys of lists of videos.
const LIST_KEYS: [&str; 7] = ["data", "videos", "ids", "video_ids", "itemList", "items", "aweme_list"];
/// The UTF-8 byte order mark.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdListError {
    /// Reading failed.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// An HTML page instead of a list.
    #[error(
        "it is an HTML page, not a list: an error page or a login page that was saved in place of an answer"
    )]
    Html,
    /// An error answer instead of a list.
    #[error("it is an answer that reports an error, not a list: {0}")]
    ErrorAnswer(String),
    /// JSON of another shape.
    #[error("it is not JSON with ids of videos: {0}")]
    Json(#[from] serde_json::Error),
    /// A line without an id or handle.
    #[error("line {line}, {text:?}: {why}")]
    Line {
        /// Line number, from 1.
        line: u64,
        /// Its beginning.
        text: String,
        /// Cause.
        why: String,
    },
}

/// Parses a list of videos: ids or links, one per line, or JSON: ids, or objects with `id`, `video_id` or
/// `aweme_id`, in lists or one after another. Calls `take` for each id and buffers nothing else.
///
/// # Errors
///
/// [`IdListError`] at the first line or value that is not an id; `take` may have been called before.
pub fn read_videos(input: impl Read, take: &mut dyn FnMut(VideoId)) -> Result<(), IdListError> {
    let mut input = BufReader::new(input);
    match first_byte(&mut input)? {
        None => Ok(()),
        Some(b'<') => Err(IdListError::Html),
        Some(b'[' | b'{') => read_json(input, take),
        Some(_) => each_line(input, |text, is_first| {
            let text = text.trim_matches(|c: char| matches!(c, '"' | '\'' | ',' | ';') || c.is_whitespace());
            if is_first && HEADERS.iter().any(|header| header.eq_ignore_ascii_case(text)) {
                return Ok(());
            }
            take(video_id(text).map_err(|why| why.to_string())?);
            Ok(())
        }),
    }
}

/// Parses a list of creators, one per line: handles, with or without `@`, or links to their pages.
///
/// # Errors
///
/// [`IdListError`] at the first line that is not a handle.
pub fn read_handles(input: impl Read, take: &mut dyn FnMut(Handle)) -> Result<(), IdListError> {
    let mut input = BufReader::new(input);
    if first_byte(&mut input)? == Some(b'<') {
        return Err(IdListError::Html);
    }
    each_line(input, |text, _| {
        take(handle(text).ok_or("no handle: give one such as @user")?);
        Ok(())
    })
}

/// Returns the handle in a text: the text itself, or that of a link to a creator.
pub fn handle(text: &str) -> Option<Handle> {
    let text = text.trim().trim_matches(['"', '\'', ',']);
    match text.split_once("tiktok.com/@") {
        Some((_, rest)) => Handle::new(rest.split(['/', '?', '#']).next().unwrap_or_default()),
        None if text.contains('/') => None,
        None => Handle::new(text),
    }
}

/// Skips white space and returns the next byte without consuming it.
fn first_byte(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    if input.fill_buf()?.starts_with(BOM) {
        input.consume(BOM.len());
    }
    loop {
        let buffer = input.fill_buf()?;
        let Some(place) = buffer.iter().position(|byte| !byte.is_ascii_whitespace()) else {
            let length = buffer.len();
            if length == 0 {
                return Ok(None);
            }
            // Lines are numbered from the first non-empty one.
            input.consume(length);
            continue;
        };
        let first = buffer.get(place).copied();
        return Ok(first);
    }
}

/// Calls `take` for each line that is not empty or a comment, with a flag for the first one.
fn each_line(
    mut input: impl BufRead,
    mut take: impl FnMut(&str, bool) -> Result<(), String>,
) -> Result<(), IdListError> {
    let (mut bytes, mut line, mut is_first) = (Vec::new(), 0, true);
    loop {
        bytes.clear();
        line += 1;
        if (&mut input).take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        take(text, is_first).map_err(|why| IdListError::Line {
            line,
            text: text.chars().take(SHOWN).collect(),
            why,
        })?;
        is_first = false;
    }
}

fn read_json(input: impl Read, take: &mut dyn FnMut(VideoId)) -> Result<(), IdListError> {
    let mut json = serde_json::Deserializer::from_reader(input);
    let mut fault = None;
    loop {
        let read = Ids { take: &mut *take, fault: &mut fault }.deserialize(&mut json);
        if let Some(fault) = fault {
            return Err(IdListError::ErrorAnswer(fault));
        }
        read?;
        // Values may follow one another, one per line.
        match json.end() {
            Ok(()) => return Ok(()),
            Err(error) if error.is_io() => return Err(error.into()),
            Err(_) => {}
        }
    }
}

/// A value that contains ids.
struct Ids<'t> {
    take: &'t mut dyn FnMut(VideoId),
    /// Message of an error answer, if it is one.
    fault: &'t mut Option<String>,
}

impl Ids<'_> {
    fn id<E: serde::de::Error>(&mut self, id: &Id<'_>) -> Result<(), E> {
        let id = match id {
            Id::Text(text) => video_id(text).map_err(|why| why.to_string()),
            other => other.video(&[]),
        };
        (self.take)(id.map_err(E::custom)?);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Ids<'_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Ids<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ids of videos")
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<(), E> {
        self.id(&Id::Text(text.into()))
    }

    fn visit_u64<E: serde::de::Error>(mut self, number: u64) -> Result<(), E> {
        self.id(&Id::Integer(number))
    }

    fn visit_f64<E: serde::de::Error>(mut self, number: f64) -> Result<(), E> {
        self.id(&Id::Float(number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { take, fault } = self;
        while list.next_element_seed(Ids { take: &mut *take, fault: &mut *fault })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Self { take, fault } = self;
        let (mut has_some, mut has_own) = (false, false);
        while let Some(key) = object.next_key::<String>()? {
            let is_id = ID_KEYS.contains(&key.as_str());
            // An object has one id, even if under several keys.
            if (is_id && !has_own) || LIST_KEYS.contains(&key.as_str()) {
                object.next_value_seed(Ids { take: &mut *take, fault: &mut *fault })?;
                has_some = true;
                has_own |= is_id;
            } else if key == "error" {
                let error: serde_json::Value = object.next_value()?;
                if let Some(said) = fault_of(&error) {
                    *fault = Some(said.clone());
                    return Err(A::Error::custom(said));
                }
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        if has_some { Ok(()) } else { Err(A::Error::custom("an object without an id of a video")) }
    }
}

/// Returns the message of an `error`, unless its code is `ok`, which TikTok sends for success.
fn fault_of(error: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    match error {
        Value::Null | Value::Bool(false) => None,
        Value::Object(error) => {
            let code = error.get("code").and_then(Value::as_str).unwrap_or("no code");
            let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
            (code != "ok").then(|| format!("{code} {message}").trim_end().chars().take(200).collect())
        }
        other => Some(other.to_string().chars().take(200).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: u64 = 7_464_542_160_168_193_287;
    const TWO: u64 = 7_464_176_452_280_306_962;

    fn videos(text: impl AsRef<[u8]>) -> Result<Vec<u64>, String> {
        let mut found = Vec::new();
        let read = read_videos(text.as_ref(), &mut |id| found.push(id.get()));
        read.map(|()| found).map_err(|why| why.to_string())
    }

    #[test]
    fn lists_are_read_in_every_form() {
        for text in [
            format!("{ONE}\n{TWO}"),
            format!("\u{feff}video_id\r\n{ONE}\r\n\r\n{TWO}\r\n"),
            format!("# gone\n\"{ONE}\",\nhttps://www.tiktok.com/@cat/video/{TWO}?lang=en\n"),
            format!("[{ONE}, \"{TWO}\"]"),
            format!(r#"  [{{"id":"{ONE}"}},{{"aweme_id":"{TWO}","desc":{{"id":[1]}}}}]"#),
            format!("{{\"id\":\"{ONE}\"}}\n{{\"video_id\":{TWO},\"id\":\"1\"}}\n"),
            format!(
                r#"{{"data":{{"videos":[{{"id":{ONE}}},{{"id":{TWO}}}]}},"error":{{"code":"ok","message":"ok."}}}}"#
            ),
        ] {
            assert_eq!(videos(&text), Ok(vec![ONE, TWO]), "{text}");
        }
        for text in ["", "\n \n", "\u{feff}", "[]"] {
            assert_eq!(videos(text), Ok(Vec::new()), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_place() {
        for (text, part) in [
            (format!("{ONE}\n7.46454E+18\n"), "line 2, \"7.46454E+18\""),
            (format!("{ONE}\nhttps://vm.tiktok.com/ZM1/\n"), "short link"),
            ("<!DOCTYPE html><p>502".to_owned(), "HTML page"),
            (
                r#"{"error":{"code":"invalid_params","message":"no task"}}"#.to_owned(),
                "invalid_params no task",
            ),
            (r#"{"data":{},"error":{"code":"ok"}}"#.to_owned(), "without an id"),
            (format!("[{ONE},{{\"name\":1}}]"), "without an id"),
            (format!("[{ONE},7464176452280307000]"), "rounded"),
            (format!("[{ONE},"), "EOF"),
            (format!("{{\"id\":\"{ONE}\"}}\nhello"), "expected"),
        ] {
            let refused = videos(&text).expect_err(&text);
            assert!(refused.contains(part), "{text}: {refused}");
        }
    }

    #[test]
    fn creators_are_handles_or_links() {
        let mut found = Vec::new();
        let text =
            "@Cat.Lover\ncat.lover\n# x\nhttps://www.tiktok.com/@cat.lover/video/7000000000000000001?a=b\n";
        read_handles(text.as_bytes(), &mut |handle| found.push(handle)).expect("a list");
        assert_eq!(found, vec![Handle::new("cat.lover").expect("a handle"); 3]);
        let refused = read_handles(&b"@a\na b\n"[..], &mut |_| {}).expect_err("no handle");
        assert!(refused.to_string().starts_with("line 2, \"a b\": no handle"), "{refused}");
        assert_eq!(handle("https://www.tiktok.com/tag/cat"), None);
    }
}
