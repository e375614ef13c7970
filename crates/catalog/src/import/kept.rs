//! What an import kept, as its report, its job and its answers tell it: of how many records something is known, and what
//! is lacking though the file has something like it.

use serde::{Deserialize, Serialize};
use sources::files::{HashtagsKept, Kept, KeptField, Lack, VideosKept, WindowsKept};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Of how many records something is known, in all and by format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportKept)]
#[serde(default)]
pub struct KeptReport {
    /// Of records of videos; `null` if there are none.
    pub videos: Option<KeptOfVideos>,
    /// Of records of hashtags; `null` if there are none.
    pub hashtags: Option<KeptOfHashtags>,
    /// Of sums over a window of time; `null` if there are none.
    pub windows: Option<KeptOfWindows>,
    /// The same by format.
    pub formats: Vec<KeptOfFormat>,
}

/// What was kept of a format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportKeptOfFormat)]
#[serde(default)]
pub struct KeptOfFormat {
    /// The format, such as `web-item`.
    pub format: String,
    /// Of records of videos; `null` if there are none.
    pub videos: Option<KeptOfVideos>,
    /// Of records of hashtags; `null` if there are none.
    pub hashtags: Option<KeptOfHashtags>,
    /// Of sums over a window of time; `null` if there are none.
    pub windows: Option<KeptOfWindows>,
}

/// Of how many records of videos something is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportKeptOfVideos)]
#[serde(default)]
pub struct KeptOfVideos {
    /// Records that were kept.
    pub records: u64,
    /// With a number of plays.
    pub plays: u64,
    /// With at least one hashtag.
    pub hashtags: u64,
    /// With a creator, by id or by handle.
    pub creator: u64,
    /// With the time at which the video was posted.
    pub posted_at: u64,
    /// With the time at which the record was read from TikTok.
    pub read_at: u64,
}

/// Of how many records of hashtags something is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportKeptOfHashtags)]
#[serde(default)]
pub struct KeptOfHashtags {
    /// Records that were kept. Hashtags that only stand in videos are not among them.
    pub records: u64,
    /// With a number of views.
    pub views: u64,
    /// With a number of videos.
    pub videos: u64,
    /// With a number of creators.
    pub creators: u64,
    /// With the time at which the record was read from TikTok.
    pub read_at: u64,
}

/// Of how many sums over a window of time something is known. Each has the time at which it was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportKeptOfWindows)]
#[serde(default)]
pub struct KeptOfWindows {
    /// Records that were kept.
    pub records: u64,
    /// With a number of views.
    pub views: u64,
    /// With a number of posts.
    pub posts: u64,
}

/// Something that fewer than a tenth of the records have, though the file has a column or key that looks like it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportWarning)]
pub struct KeptWarning {
    /// The format, such as `web-item`.
    pub format: String,
    /// What the records are of: `videos`, `hashtags` or `windows`.
    pub of: String,
    /// What is lacking: `plays`, `hashtags`, `creator`, `posted_at`, `read_at`, `views` or `videos`.
    pub field: String,
    /// How many records were kept.
    pub records: u64,
    /// How many of them have it.
    pub have: u64,
    /// The column, or the key with dots between the keys that lead to it.
    pub looks_like: String,
    /// What `--map` of `tagmeter import` reads it by, such as `views=plays`; `null` if it cannot.
    pub map: Option<String>,
    /// All of it in a sentence.
    pub text: String,
    /// Whether nothing at all was kept of what an import is made for: plays, hashtags or views.
    #[serde(skip)]
    pub is_grave: bool,
}

impl From<&Lack> for KeptWarning {
    fn from(lack: &Lack) -> Self {
        Self {
            format: lack.source.name().to_owned(),
            of: lack.of.to_string(),
            field: field_name(lack.field).to_owned(),
            records: lack.records,
            have: lack.have,
            looks_like: lack.looks_like.clone(),
            map: lack.map.clone(),
            text: lack.to_string(),
            is_grave: lack.is_grave(),
        }
    }
}

const fn field_name(field: KeptField) -> &'static str {
    match field {
        KeptField::Plays => "plays",
        KeptField::Hashtags => "hashtags",
        KeptField::Creator => "creator",
        KeptField::PostedAt => "posted_at",
        KeptField::ReadAt => "read_at",
        KeptField::Views => "views",
        KeptField::Videos => "videos",
    }
}

impl KeptReport {
    /// Of what was kept by format.
    pub fn new(formats: &BTreeMap<&'static str, Kept>) -> Self {
        let mut all = Kept::default();
        formats.values().for_each(|kept| all.add(kept));
        let (videos, hashtags, windows) = parts(&all);
        let formats = formats.iter().map(|(format, kept)| {
            let (videos, hashtags, windows) = parts(kept);
            KeptOfFormat { format: (*format).to_owned(), videos, hashtags, windows }
        });
        Self { videos, hashtags, windows, formats: formats.collect() }
    }
}

type Parts = (Option<KeptOfVideos>, Option<KeptOfHashtags>, Option<KeptOfWindows>);

fn parts(kept: &Kept) -> Parts {
    let VideosKept { records, plays, hashtags, creator, posted_at, read_at, .. } = kept.videos;
    let videos = KeptOfVideos { records, plays, hashtags, creator, posted_at, read_at };
    let HashtagsKept { records: counted, views, videos: posts, creators, read_at, named } = kept.hashtags;
    // Beside videos, names without a count are what these say of their hashtags.
    let records = if videos.records == 0 { counted + named } else { counted };
    let hashtags = KeptOfHashtags { records, views, videos: posts, creators, read_at };
    let WindowsKept { records, views, posts } = kept.windows;
    let windows = KeptOfWindows { records, views, posts };
    (
        Some(videos).filter(|videos| videos.records > 0),
        Some(hashtags).filter(|hashtags| hashtags.records > 0),
        Some(windows).filter(|windows| windows.records > 0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_added_up_and_what_there_is_none_of_is_null() {
        let videos = |records, plays| Kept {
            videos: VideosKept { records, plays, ..VideosKept::default() },
            hashtags: HashtagsKept { named: 3, ..HashtagsKept::default() },
            ..Kept::default()
        };
        let report = KeptReport::new(&BTreeMap::from([("apify", videos(2, 0)), ("web-item", videos(3, 3))]));
        assert_eq!(report.videos.map(|videos| (videos.records, videos.plays)), Some((5, 3)));
        assert_eq!((report.hashtags, report.windows), (None, None), "videos name their hashtags");
        let formats: Vec<_> = report.formats.iter().map(|format| format.format.as_str()).collect();
        assert_eq!(formats, ["apify", "web-item"]);
        let json = serde_json::to_string(&report).expect("numbers");
        assert_eq!(serde_json::from_str::<KeptReport>(&json).ok(), Some(report));
    }
}
