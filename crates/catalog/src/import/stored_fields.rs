//! Field coverage of an import, for its report, job and answers: the number of records with each field, and missing
//! fields that some column or key of the file looks like.

use serde::{Deserialize, Serialize};
use sources::files::{HashtagsStored, Lack, StoredField, StoredFields, VideosStored, WindowsStored};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Number of records with each field, in all and by format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportKept)]
#[serde(default)]
pub struct StoredFieldsReport {
    /// Records of videos; `null` if there are none.
    pub videos: Option<StoredOfVideos>,
    /// Records of hashtags; `null` if there are none.
    pub hashtags: Option<StoredOfHashtags>,
    /// Sums over a window of time; `null` if there are none.
    pub windows: Option<StoredOfWindows>,
    /// The same by format.
    pub formats: Vec<StoredOfFormat>,
}

/// Number of records of one format with each field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportKeptOfFormat)]
#[serde(default)]
pub struct StoredOfFormat {
    /// The format, such as `web-item`.
    pub format: String,
    /// Records of videos; `null` if there are none.
    pub videos: Option<StoredOfVideos>,
    /// Records of hashtags; `null` if there are none.
    pub hashtags: Option<StoredOfHashtags>,
    /// Sums over a window of time; `null` if there are none.
    pub windows: Option<StoredOfWindows>,
}

/// Number of video records with each field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportKeptOfVideos)]
#[serde(default)]
pub struct StoredOfVideos {
    /// Stored records.
    pub records: u64,
    /// Records with plays.
    pub plays: u64,
    /// Records with at least one hashtag.
    pub hashtags: u64,
    /// Records with a creator, by id or by handle.
    pub creator: u64,
    /// Records with a posting time.
    pub posted_at: u64,
    /// Records with a reading time.
    pub read_at: u64,
}

/// Number of hashtag records with each field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportKeptOfHashtags)]
#[serde(default)]
pub struct StoredOfHashtags {
    /// Stored records. Hashtags that occur in videos only are not counted.
    pub records: u64,
    /// Records with views.
    pub views: u64,
    /// Records with a number of videos.
    pub videos: u64,
    /// Records with a number of creators.
    pub creators: u64,
    /// Records with a reading time.
    pub read_at: u64,
}

/// Number of window sums with each field. Each has a reading time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportKeptOfWindows)]
#[serde(default)]
pub struct StoredOfWindows {
    /// Stored records.
    pub records: u64,
    /// Records with views.
    pub views: u64,
    /// Records with a number of posts.
    pub posts: u64,
}

/// A field that fewer than a tenth of the records have, though a column or key of the file looks like it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportWarning)]
pub struct MissingFieldWarning {
    /// The format, such as `web-item`.
    pub format: String,
    /// Subject of the records: `videos`, `hashtags` or `windows`.
    pub of: String,
    /// The missing field: `plays`, `hashtags`, `creator`, `posted_at`, `read_at`, `views` or `videos`.
    pub field: String,
    /// Stored records.
    pub records: u64,
    /// Stored records that have the field.
    pub have: u64,
    /// The column, or the path of the key with dots.
    pub looks_like: String,
    /// The `--map` argument of `tagmeter import` that reads it, such as `views=plays`; `null` if none does.
    pub map: Option<String>,
    /// The warning as a sentence.
    pub text: String,
    /// True if no plays, hashtags or views were stored at all.
    #[serde(skip)]
    pub is_grave: bool,
}

impl From<&Lack> for MissingFieldWarning {
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

const fn field_name(field: StoredField) -> &'static str {
    match field {
        StoredField::Plays => "plays",
        StoredField::Hashtags => "hashtags",
        StoredField::Creator => "creator",
        StoredField::PostedAt => "posted_at",
        StoredField::ReadAt => "read_at",
        StoredField::Views => "views",
        StoredField::Videos => "videos",
    }
}

impl StoredFieldsReport {
    /// Sums up the formats.
    pub fn new(formats: &BTreeMap<&'static str, StoredFields>) -> Self {
        let mut all = StoredFields::default();
        formats.values().for_each(|kept| all.add(kept));
        let (videos, hashtags, windows) = parts(&all);
        let formats = formats.iter().map(|(format, kept)| {
            let (videos, hashtags, windows) = parts(kept);
            StoredOfFormat { format: (*format).to_owned(), videos, hashtags, windows }
        });
        Self { videos, hashtags, windows, formats: formats.collect() }
    }
}

type Parts = (Option<StoredOfVideos>, Option<StoredOfHashtags>, Option<StoredOfWindows>);

fn parts(kept: &StoredFields) -> Parts {
    let VideosStored { records, plays, hashtags, creator, posted_at, read_at, .. } = kept.videos;
    let videos = StoredOfVideos { records, plays, hashtags, creator, posted_at, read_at };
    let HashtagsStored { records: counted, views, videos: posts, creators, read_at, named } = kept.hashtags;
    // Beside videos, names without a count are what these say of their hashtags.
    let records = if videos.records == 0 { counted + named } else { counted };
    let hashtags = StoredOfHashtags { records, views, videos: posts, creators, read_at };
    let WindowsStored { records, views, posts } = kept.windows;
    let windows = StoredOfWindows { records, views, posts };
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
        let videos = |records, plays| StoredFields {
            videos: VideosStored { records, plays, ..VideosStored::default() },
            hashtags: HashtagsStored { named: 3, ..HashtagsStored::default() },
            ..StoredFields::default()
        };
        let report =
            StoredFieldsReport::new(&BTreeMap::from([("apify", videos(2, 0)), ("web-item", videos(3, 3))]));
        assert_eq!(report.videos.map(|videos| (videos.records, videos.plays)), Some((5, 3)));
        assert_eq!((report.hashtags, report.windows), (None, None), "videos name their hashtags");
        let formats: Vec<_> = report.formats.iter().map(|format| format.format.as_str()).collect();
        assert_eq!(formats, ["apify", "web-item"]);
        let json = serde_json::to_string(&report).expect("numbers");
        assert_eq!(serde_json::from_str::<StoredFieldsReport>(&json).ok(), Some(report));
    }
}
