//! The video object of the API description. The bytes are rendered when a video is recorded
//! (`domain::fragment`); a test parses them with this description.

use utoipa::ToSchema;

macro_rules! described {
    ($($item:item)*) => {
        $(
            #[derive(ToSchema)]
            // No `deny_unknown_fields`: utoipa would describe it, in tests alone.
            #[cfg_attr(test, derive(serde::Deserialize, serde::Serialize))]
            $item
        )*
    };
}

described! {
    /// A video. Unknown texts are empty, unknown counts are 0.
    #[schema(as = Video, example = json!({
        "aweme_id": "7158770362770099483", "video_id": "7158770362770099483", "region": "US", "title": "a cat #cat",
        "content_desc": [], "cover": "https://p16.example.com/cover.jpeg", "ai_dynamic_cover": "", "origin_cover": "",
        "duration": 12, "play": "https://v16.example.com/play.mp4", "wmplay": "", "size": 0, "wm_size": 0, "music": "",
        "music_info": {"id": "6715002916702259202", "title": "original sound", "play": "", "cover": "", "author": "me",
            "original": true, "duration": 12, "album": ""},
        "play_count": 376_700, "digg_count": 41_200, "comment_count": 310, "share_count": 120, "download_count": 0,
        "collect_count": 2_100, "create_time": 1_666_781_116, "anchors": null, "anchors_extras": "", "is_ad": false,
        "commerce_info": {}, "commercial_video_info": "", "item_comment_settings": 0, "mentioned_users": "",
        "author": {"id": "6812345678901234567", "unique_id": "me", "nickname": "Me", "avatar": ""}, "is_top": false,
    }))]
    pub(crate) struct VideoObject {
        /// TikTok's video id, digits.
        aweme_id: String,
        /// Same as `aweme_id`.
        video_id: String,
        /// Country of the post: two letters, or empty.
        region: String,
        /// Caption.
        title: String,
        /// The caption's paragraphs, where the source splits it.
        content_desc: Vec<String>,
        /// URL of the cover.
        cover: String,
        /// URL of the animated cover.
        ai_dynamic_cover: String,
        /// URL of the cover in its original size.
        origin_cover: String,
        /// Seconds; 0 for photo posts.
        duration: u64,
        /// URL of the video without watermark. Media are neither hosted nor proxied here.
        play: String,
        /// URL of the video with watermark.
        wmplay: String,
        /// Bytes.
        size: u64,
        /// Bytes, with watermark.
        wm_size: u64,
        /// URL of the sound.
        music: String,
        /// The sound.
        #[schema(inline)]
        music_info: MusicObject,
        /// Plays.
        play_count: u64,
        /// Likes.
        digg_count: u64,
        /// Comments.
        comment_count: u64,
        /// Shares.
        share_count: u64,
        /// Downloads.
        download_count: u64,
        /// Saves.
        collect_count: u64,
        /// Time of the post, seconds since 1970; 0 where unknown.
        create_time: i64,
        /// Always null.
        #[schema(value_type = Option<String>)]
        anchors: (),
        /// Always empty.
        anchors_extras: String,
        /// True for an advertisement.
        is_ad: bool,
        /// Always an empty object.
        #[schema(value_type = Object)]
        commerce_info: Empty,
        /// Always empty.
        commercial_video_info: String,
        /// Permission to comment; 0 for everyone.
        item_comment_settings: i64,
        /// Always empty.
        mentioned_users: String,
        /// Author of the video.
        #[schema(inline)]
        author: AuthorObject,
        /// URLs of the pictures; photo posts only.
        #[schema(required = false)]
        #[cfg_attr(test, serde(default))]
        images: Vec<String>,
        /// Pinned by its author.
        is_top: bool,
    }

    /// A sound.
    pub(crate) struct MusicObject {
        /// TikTok's sound id.
        id: String,
        /// Title.
        title: String,
        /// URL of the sound.
        play: String,
        /// URL of its cover.
        cover: String,
        /// Author of the sound.
        author: String,
        /// Recorded for this video.
        original: bool,
        /// Seconds.
        duration: u64,
        /// Album.
        album: String,
    }

    /// The author of a video.
    pub(crate) struct AuthorObject {
        /// TikTok's user id, digits.
        id: String,
        /// Handle without `@`.
        unique_id: String,
        /// Display name.
        nickname: String,
        /// URL of the picture.
        avatar: String,
    }

    /// `{}`
    pub(crate) struct Empty {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::fragment;
    use domain::video::VideoDetails;

    /// Lists the names in an object and in the objects inside it, as paths.
    fn names(value: &serde_json::Value) -> Vec<String> {
        let inside = |(name, value): (&String, &serde_json::Value)| {
            let below = names(value).into_iter().map(|below| format!("{name}.{below}"));
            std::iter::once(name.clone()).chain(below).collect::<Vec<_>>()
        };
        value.as_object().map_or_else(Vec::new, |object| object.iter().flat_map(inside).collect())
    }

    #[test]
    fn recorded_videos_are_what_the_description_says() {
        let id = "7158770362770099483".parse().expect("an id");
        for images in [Vec::new(), vec!["https://p16.example.com/1.jpeg".to_owned()]] {
            let has_images = !images.is_empty();
            let packed = fragment::pack(
                id,
                &VideoDetails { images, ..VideoDetails::default() },
                &domain::observation::VideoCounts::default(),
            );
            let mut json = Vec::new();
            fragment::unpack(&packed, &mut json).expect("a packed video");
            let video: VideoObject = serde_json::from_slice(&json).expect("a video as described");
            let (sent, described) = (serde_json::from_slice(&json), serde_json::to_value(&video));
            let described = names(&described.expect("JSON"));
            let undescribed: Vec<String> =
                names(&sent.expect("JSON")).into_iter().filter(|name| !described.contains(name)).collect();
            assert_eq!(undescribed, Vec::<String>::new(), "nothing else is sent");
            assert_eq!(video.video_id, "7158770362770099483");
            assert_eq!(!video.images.is_empty(), has_images);
        }
    }
}
