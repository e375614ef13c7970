//! A video of the stand-in, and its JSON.

use super::ResearchHabits;
use domain::{Timestamp, UtcDay};
use serde_json::{Map, Value, json};

/// All fields that can be requested.
pub(super) const FIELDS: [&str; 23] = [
    "id",
    "video_description",
    "create_time",
    "region_code",
    "share_count",
    "view_count",
    "like_count",
    "comment_count",
    "music_id",
    "hashtag_names",
    "username",
    "effect_ids",
    "playlist_id",
    "voice_to_text",
    "is_stem_verified",
    "favorites_count",
    "video_duration",
    "hashtag_info_list",
    "sticker_info_list",
    "effect_info_list",
    "video_mention_list",
    "video_label",
    "video_tag",
];

/// Fields added in 2025.
const NEW_FIELDS: [&str; 9] = [
    "is_stem_verified",
    "favorites_count",
    "video_duration",
    "hashtag_info_list",
    "sticker_info_list",
    "effect_info_list",
    "video_mention_list",
    "video_label",
    "video_tag",
];

/// A video it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResearchVideo {
    /// Its id. The answers go from large to small.
    pub id: u64,
    /// Seconds since 1970.
    pub create_time: i64,
    /// Its creator's handle.
    pub username: String,
    /// Two letters.
    pub region_code: String,
    /// Its caption.
    pub description: String,
    /// As they are registered, which need not be how the caption spells them.
    pub hashtag_names: Vec<String>,
    /// Views, from which all other counts are made.
    pub views: u64,
    /// Seconds.
    pub duration: u64,
    /// Deleted or private: it has a place in the index and is not returned.
    pub is_gone: bool,
}

impl ResearchVideo {
    /// A video under hashtags, posted at `create_time`, its id made of that and a number.
    pub fn posted(create_time: i64, number: u64, tags: &[&str]) -> Self {
        let id = (create_time.cast_unsigned() << 32) + number;
        let caption: Vec<String> = tags.iter().map(|tag| format!("#{tag}")).collect();
        Self {
            id,
            create_time,
            username: format!("creator{}", number % 92),
            region_code: "US".to_owned(),
            description: format!("number {number} {}", caption.join(" ")),
            hashtag_names: tags.iter().map(|&tag| tag.to_owned()).collect(),
            views: 100 + number * 7,
            duration: 12 + number % 200,
            is_gone: false,
        }
    }

    pub(super) fn day(&self) -> UtcDay {
        UtcDay::of(Timestamp::from_ms(self.create_time * 1000))
    }

    /// Returns the values that conditions on a field compare with; `None` if the field allows no conditions.
    pub(super) fn values(&self, field: &str) -> Option<Vec<String>> {
        let one = |value: &dyn ToString| Some(vec![value.to_string()]);
        match field {
            "hashtag_name" => Some(self.hashtag_names.iter().map(|name| name.to_lowercase()).collect()),
            "keyword" => one(&self.description.to_lowercase()),
            "region_code" => one(&self.region_code),
            "create_date" => one(&self.day().to_string().replace('-', "")),
            "username" => one(&self.username),
            "video_id" => one(&self.id),
            "music_id" => one(&self.music_id()),
            "effect_id" => Some(Vec::new()),
            "video_length" => one(&match self.duration {
                0..15 => "SHORT",
                15..=60 => "MID",
                61..=300 => "LONG",
                _ => "EXTRA_LONG",
            }),
            "view_count" => one(&self.views),
            "comment_count" => one(&(self.views / 50)),
            _ => None,
        }
    }

    fn music_id(&self) -> u64 {
        7_000_000_000_000_000_000 + self.id % 31
    }

    /// Returns true if a requested new field is missing: depends on the habits.
    fn is_missing(&self, field: &str, habits: &ResearchHabits) -> bool {
        let Some(every) = habits.no_new_fields_every else { return false };
        let mixed =
            field.bytes().fold(self.id, |mixed, byte| mixed.wrapping_mul(31).wrapping_add(byte.into()));
        NEW_FIELDS.contains(&field) && (mixed ^ mixed >> 17).is_multiple_of(every)
    }

    /// Returns the requested fields. Those without a value are omitted, except the list of hashtags.
    pub(super) fn changed_too(&self, fields: &[String], habits: &ResearchHabits) -> Value {
        let without_likes = habits.no_likes_every.is_some_and(|every| self.id.is_multiple_of(every));
        let mut changed_too = Map::new();
        for field in fields.iter().filter(|field| !self.is_missing(field, habits)) {
            let value = match &**field {
                "id" => json!(self.id),
                "video_description" => json!(self.description),
                "create_time" => json!(self.create_time),
                "region_code" => json!(self.region_code),
                "share_count" => json!(self.views / 100),
                "view_count" => json!(self.views),
                "like_count" if without_likes => continue,
                "like_count" => json!(self.views / 10),
                "comment_count" => json!(self.views / 50),
                "favorites_count" => json!(self.views / 70),
                "music_id" => json!(self.music_id()),
                "hashtag_names" => json!(self.hashtag_names),
                "username" if habits.nul_in_names => json!(format!("{}\0\0", self.username)),
                "username" => json!(self.username),
                "is_stem_verified" => json!(false),
                "video_duration" => json!(self.duration),
                "hashtag_info_list" if !self.hashtag_names.is_empty() => {
                    self.hashtag_names.iter().map(|name| hashtag_info(name)).collect()
                }
                "voice_to_text" if self.id.is_multiple_of(7) => json!("and so on"),
                "playlist_id" if self.id.is_multiple_of(35) => json!(self.id - 1),
                "video_label" => {
                    json!({"type": 0, "vote": false, "warn": false, "content": "", "sink": false})
                }
                "video_tag" if self.id.is_multiple_of(11) => json!({"type": "Branded", "number": 1}),
                "video_tag" if self.id.is_multiple_of(13) => json!({"type": "AIGC", "number": 2}),
                "video_mention_list" if self.id.is_multiple_of(9) => json!(["creator1"]),
                "sticker_info_list" if self.id.is_multiple_of(17) => {
                    json!([{"sticker_id": self.id % 1_000, "sticker_name": "a sticker"}])
                }
                "effect_info_list" if self.id.is_multiple_of(3) => {
                    json!([{"effect_id": "0", "effect_name": "an effect", "effect_photo_url": ""}])
                }
                "effect_ids" if self.id.is_multiple_of(3) => json!(["0"]),
                _ => continue,
            };
            changed_too.insert(field.clone(), value);
        }
        Value::Object(changed_too)
    }
}

/// A hashtag within a video. Some have a description.
fn hashtag_info(name: &str) -> Value {
    let id = name.bytes().fold(1_000_u64, |id, byte| (id * 31 + u64::from(byte)) % 1_000_000_007);
    if name.len().is_multiple_of(2) {
        return json!({"hashtag_id": id, "hashtag_name": name});
    }
    json!({"hashtag_id": id, "hashtag_name": name, "hashtag_description": format!("all about {name}")})
}
