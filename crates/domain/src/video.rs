//! The stored details of a video beside its counts. Its ready JSON is in [`crate::fragment`].

use crate::Region;
use serde::{Deserialize, Serialize};

/// The descriptive part of a video. Empty, 0 and `None` are "not reported".
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
    /// True for an advertisement.
    pub is_ad: bool,
    /// Comment permissions: 0 for everyone.
    pub item_comment_settings: i64,
    /// Creator.
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
    /// Artist.
    pub author: String,
    /// Recorded for this video.
    pub original: bool,
    /// Length in seconds.
    pub duration: u64,
    /// Album.
    pub album: String,
}

/// The creator of a video, in the wire's names.
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

impl VideoDetails {
    /// Merges a newer record over this one: reported values win, unreported ones stay.
    #[must_use]
    pub fn updated_by(self, newer: Self) -> Self {
        Self {
            region: newer.region.or(self.region),
            title: latest_text(newer.title, self.title),
            content_desc: if newer.content_desc.is_empty() { self.content_desc } else { newer.content_desc },
            cover: latest_text(newer.cover, self.cover),
            ai_dynamic_cover: latest_text(newer.ai_dynamic_cover, self.ai_dynamic_cover),
            origin_cover: latest_text(newer.origin_cover, self.origin_cover),
            duration_seconds: latest_number(newer.duration_seconds, self.duration_seconds),
            play: latest_text(newer.play, self.play),
            wmplay: latest_text(newer.wmplay, self.wmplay),
            size_bytes: latest_number(newer.size_bytes, self.size_bytes),
            wm_size_bytes: latest_number(newer.wm_size_bytes, self.wm_size_bytes),
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
            id: latest_text(newer.id, self.id),
            unique_id: latest_text(newer.unique_id, self.unique_id),
            nickname: latest_text(newer.nickname, self.nickname),
            avatar: latest_text(newer.avatar, self.avatar),
        }
    }
}

fn latest_text(newer: String, older: String) -> String {
    if newer.is_empty() { older } else { newer }
}

fn latest_number(newer: u64, older: u64) -> u64 {
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
    fn a_newer_reading_adds_and_replaces_but_never_erases() {
        let newer = VideoDetails { title: "new".into(), is_top: true, ..VideoDetails::default() };
        let both = details().updated_by(newer);
        assert_eq!(both.title, "new");
        assert_eq!(both.region, details().region);
        assert_eq!(both.author.unique_id, "me");
        assert!(both.is_top);
    }
}
