//! Objects that a program flattened: nested values have joined names (`"stats.playCount"`, `"author_uniqueId"`), as
//! pandas' `json_normalize` writes them. They are nested again, and lists and objects printed into strings are parsed.

use crate::json::keys::Keys;
use crate::literal::{is_bracketed, parse};
use serde_json::{Map, Value};

/// Returns the known nested objects whose names begin with `first`. Every key of every record is checked, so
/// few names should need comparing.
fn outer_names(first: u8) -> &'static [&'static str] {
    match first {
        b's' => &["stats", "statsV2", "statistics"],
        b'a' => &["author", "authorMeta", "authorStats", "authorInfos"],
        b'v' => &["video", "videoMeta"],
        b'm' => &["music", "music_info", "musicMeta", "musicInfos"],
        b'i' => &["itemInfos", "imagePost"],
        b'_' => &["__import_meta"],
        b'd' => &["data"],
        _ => &[],
    }
}

/// Names after `_` that only flattened objects have: `author_user_id` is a key of the app.
const INNER: [&str; 14] = [
    "playCount",
    "diggCount",
    "commentCount",
    "shareCount",
    "collectCount",
    "uniqueId",
    "unique_id",
    "nickname",
    "play_count",
    "digg_count",
    "comment_count",
    "share_count",
    "collect_count",
    "authorName",
];

/// Deepest nesting that is restored.
const DEPTH_MAX: usize = 4;

/// Keys whose list or object some programs print as a string.
const PRINTED: [&str; 14] = [
    "hashtags",
    "challenges",
    "textExtra",
    "cha_list",
    "text_extra",
    "hashtag_names",
    "stats",
    "statsV2",
    "statistics",
    "author",
    "authorMeta",
    "videoMeta",
    "musicMeta",
    "video",
];

/// Returns true if an object was flattened, or has strings in place of lists and objects. Apify's own flat
/// items are read unchanged.
pub(crate) fn is_flattened(keys: &Keys<'_>) -> bool {
    keys.pairs().any(|(key, value)| is_printed(key, value) || split(key).is_some())
        && !(keys.has("webVideoUrl") && keys.has_any(&["authorMeta.name", "musicMeta.musicName"]))
}

fn is_printed(key: &[u8], value: &[u8]) -> bool {
    matches!(value, [b'"', b'[' | b'{' | b'(', ..]) && PRINTED.iter().any(|name| name.as_bytes() == key)
}

/// Splits a key into the outer and the inner name.
fn split(key: &[u8]) -> Option<(&'static str, &str)> {
    outer_names(*key.first()?).iter().find_map(|outer| {
        let (mark, inner) = key.strip_prefix(outer.as_bytes())?.split_first()?;
        if !matches!(mark, b'.' | b'/' | b'_') {
            return None;
        }
        let inner = std::str::from_utf8(inner).ok()?;
        let behind_low_line = inner.strip_prefix('_').unwrap_or(inner);
        match mark {
            b'_' => INNER.contains(&behind_low_line).then_some((*outer, behind_low_line)),
            _ => (!inner.is_empty()).then_some((*outer, inner)),
        }
    })
}

/// Restores the nested object. `None` if it is not JSON.
pub(crate) fn nested(raw: &[u8]) -> Option<Vec<u8>> {
    let flat: Map<String, Value> = serde_json::from_slice(raw).ok()?;
    // With `_` between names, everything after a known outer name belongs to it.
    let is_joined_by_low_line = flat.keys().any(|key| {
        split(key.as_bytes()).is_some_and(|(outer, _)| key.as_bytes().get(outer.len()) == Some(&b'_'))
    });
    let mut whole = Map::new();
    for (key, value) in flat {
        // Missing values of the flattened table.
        if value.is_null() && key.contains(['.', '/']) {
            continue;
        }
        let value = match value {
            Value::String(text) if PRINTED.contains(&key.as_str()) && is_bracketed(&text) => {
                parse(&text).unwrap_or(Value::String(text))
            }
            other => other,
        };
        put(&mut whole, &key, value, is_joined_by_low_line, 0);
    }
    serde_json::to_vec(&Value::Object(whole)).ok()
}

fn put(whole: &mut Map<String, Value>, key: &str, value: Value, by_low_line: bool, depth: usize) {
    let parts = split(key.as_bytes()).or_else(|| {
        let outer_names = outer_names(*key.as_bytes().first()?);
        outer_names.iter().filter(|_| by_low_line).find_map(|outer| {
            let inner = key.strip_prefix(outer)?.strip_prefix('_')?;
            Some((*outer, inner.trim_start_matches('_')))
        })
    });
    let parts = parts.filter(|(_, inner)| !inner.is_empty() && depth < DEPTH_MAX);
    // `author_user_id` and the like are the app's own keys.
    let parts = parts.filter(|_| !is_own(key));
    let Some((outer, inner)) = parts else {
        whole.insert(key.to_owned(), value);
        return;
    };
    // If the nested object is present too, it wins.
    if let Value::Object(object) = whole.entry(outer.to_owned()).or_insert_with(|| Value::Object(Map::new()))
    {
        put(object, inner, value, by_low_line, depth + 1);
    }
}

/// Returns true for keys that contain a `_` of their own.
fn is_own(key: &str) -> bool {
    matches!(
        key,
        "author_user_id"
            | "music_id"
            | "video_id"
            | "music_info"
            | "video_control"
            | "video_text"
            | "video_labels"
            | "video_url"
            | "author_id"
            | "author_name"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_objects_are_made_nested_again() {
        for (flat, want) in [
            (
                r#"{"id":"1","stats.playCount":5,"author.uniqueId":"a"}"#,
                r#"{"author":{"uniqueId":"a"},"id":"1","stats":{"playCount":5}}"#,
            ),
            (
                r#"{"id":"1","stats_playCount":5,"author_uniqueId":"a","author_id":"7"}"#,
                r#"{"author":{"uniqueId":"a"},"author_id":"7","id":"1","stats":{"playCount":5}}"#,
            ),
            (r#"{"id":"1","stats__playCount":5}"#, r#"{"id":"1","stats":{"playCount":5}}"#),
            (
                r#"{"aweme_id":"1","statistics.play_count":5,"author.uid":"3"}"#,
                r#"{"author":{"uid":"3"},"aweme_id":"1","statistics":{"play_count":5}}"#,
            ),
            (
                r#"{"timestamp_collected":1,"data.id":"1","data.stats.playCount":5}"#,
                r#"{"data":{"id":"1","stats":{"playCount":5}},"timestamp_collected":1}"#,
            ),
            (
                r#"{"id":"1","stats.playCount":null,"stats/diggCount":2}"#,
                r#"{"id":"1","stats":{"diggCount":2}}"#,
            ),
        ] {
            assert!(is_flattened(&Keys::of(flat.as_bytes())), "{flat}");
            let made = nested(flat.as_bytes()).map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
            let made: Value = serde_json::from_str(&made.expect("JSON")).expect("JSON");
            assert_eq!(made, serde_json::from_str::<Value>(want).expect("JSON"));
        }
        for whole in [
            r#"{"id":"1","stats":{"playCount":5}}"#,
            r#"{"aweme_id":"1","author_user_id":5,"music_begin_time_in_ms":3}"#,
        ] {
            assert!(!is_flattened(&Keys::of(whole.as_bytes())), "{whole}");
        }
    }
}
