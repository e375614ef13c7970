//! User-defined mapping from the columns of a table to fields.

use std::fmt;

/// A field that a column can be mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Field {
    VideoId,
    Url,
    Hashtags,
    Caption,
    AuthorId,
    AuthorName,
    AuthorNickname,
    CreateTime,
    ObservedAt,
    Plays,
    Likes,
    Comments,
    Shares,
    Saves,
    Downloads,
    Region,
    DurationSeconds,
    MusicId,
    Cover,
    HashtagId,
    HashtagName,
    Views,
    Creators,
    Videos,
    Description,
}

/// Every field with its name, and whether it belongs to a video (`Some(true)`), a hashtag, or either.
const FIELDS: [(Field, &str, Option<bool>); 25] = [
    (Field::VideoId, "video_id", Some(true)),
    (Field::Url, "url", Some(true)),
    (Field::Hashtags, "hashtags", Some(true)),
    (Field::Caption, "caption", Some(true)),
    (Field::AuthorId, "author_id", Some(true)),
    (Field::AuthorName, "author_name", Some(true)),
    (Field::AuthorNickname, "author_nickname", Some(true)),
    (Field::CreateTime, "create_time", Some(true)),
    (Field::Plays, "plays", Some(true)),
    (Field::Likes, "likes", Some(true)),
    (Field::Comments, "comments", Some(true)),
    (Field::Shares, "shares", Some(true)),
    (Field::Saves, "saves", Some(true)),
    (Field::Downloads, "downloads", Some(true)),
    (Field::Region, "region", Some(true)),
    (Field::DurationSeconds, "duration_seconds", Some(true)),
    (Field::MusicId, "music_id", Some(true)),
    (Field::Cover, "cover", Some(true)),
    (Field::HashtagId, "hashtag_id", Some(false)),
    (Field::HashtagName, "hashtag_name", Some(false)),
    (Field::Views, "views", Some(false)),
    (Field::Creators, "creators", Some(false)),
    (Field::Videos, "videos", Some(false)),
    (Field::Description, "description", Some(false)),
    (Field::ObservedAt, "observed_at", None),
];

impl Field {
    pub(crate) fn name(self) -> &'static str {
        FIELDS.iter().find(|(field, ..)| *field == self).map_or("", |(_, name, _)| name)
    }

    fn is_of_video(self) -> Option<bool> {
        FIELDS.iter().find(|(field, ..)| *field == self).and_then(|(.., of)| *of)
    }

    fn parse(name: &str) -> Result<Self, MappingError> {
        let found = FIELDS.iter().find(|(_, known, _)| *known == name);
        found.map(|(field, ..)| *field).ok_or_else(|| {
            let names = |of| FIELDS.iter().filter(move |(.., is)| *is == of).map(|(_, name, _)| *name);
            let list = |of| names(of).collect::<Vec<_>>().join(", ");
            let (video, hashtag, either) = (list(Some(true)), list(Some(false)), list(None));
            MappingError(format!(
                "no field {name:?}; of a video there are {video}; of a hashtag {hashtag}; of both {either}"
            ))
        })
    }
}

/// The source of a field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The column or key of this name.
    Column(String),
    /// The same value for every record.
    Constant(String),
}

/// A mapping from columns to fields, for videos or hashtags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub(crate) places: Vec<(Field, Place)>,
    pub(crate) is_of_videos: bool,
}

/// Why a mapping is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct MappingError(String);

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Mapping {
    /// Parses `COLUMN=FIELD` and, for constants, `FIELD=VALUE`.
    ///
    /// # Errors
    ///
    /// [`MappingError`] if a field is unknown or named twice, a constant cannot be parsed, or no field
    /// identifies the video or hashtag of a record.
    pub fn parse(columns: &[String], constants: &[String]) -> Result<Self, MappingError> {
        let mut places: Vec<(Field, Place)> = Vec::new();
        let mut add = |field: Field, place| {
            let is_new = places.iter().all(|(known, _)| *known != field);
            places.push((field, place));
            if is_new { Ok(()) } else { Err(MappingError(format!("{} is named twice", field.name()))) }
        };
        for text in columns {
            // A column name may contain `=`, a field name does not.
            let (column, field) = text.rsplit_once('=').ok_or_else(|| {
                MappingError(format!("{text:?} is not COLUMN=FIELD, such as \"Play count=plays\""))
            })?;
            add(Field::parse(field.trim())?, Place::Column(column.to_owned()))?;
        }
        for text in constants {
            let (field, value) = text.split_once('=').ok_or_else(|| {
                MappingError(format!("{text:?} is not FIELD=VALUE, such as observed_at=2024-03-01"))
            })?;
            add(Field::parse(field.trim())?, Place::Constant(value.to_owned()))?;
        }
        let mapping = Self { is_of_videos: is_of_videos(&places)?, places };
        super::mapped::check_constants(&mapping).map_err(MappingError)?;
        Ok(mapping)
    }

    /// Returns where a field comes from, if it is mapped.
    pub(crate) fn place(&self, field: Field) -> Option<&Place> {
        self.places.iter().find(|(known, _)| *known == field).map(|(_, place)| place)
    }

    /// Lists the names of mapped columns or keys.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.places.iter().filter_map(|(_, place)| match place {
            Place::Column(column) => Some(column.as_str()),
            Place::Constant(_) => None,
        })
    }
}

fn is_of_videos(places: &[(Field, Place)]) -> Result<bool, MappingError> {
    let has = |field: Field| places.iter().any(|(known, _)| *known == field);
    let is_of_videos = match (has(Field::VideoId) || has(Field::Url), has(Field::HashtagName)) {
        (true, _) => true,
        (false, true) => false,
        (false, false) => {
            return Err(MappingError(
                "no column identifies the record: map video_id or url for videos, hashtag_name for hashtags"
                    .to_owned(),
            ));
        }
    };
    match places.iter().find(|(field, _)| field.is_of_video() == Some(!is_of_videos)) {
        None => Ok(is_of_videos),
        Some((field, _)) => {
            let (what, other) = if is_of_videos { ("videos", "hashtag") } else { ("hashtags", "video") };
            let name = field.name();
            Err(MappingError(format!("{name} is of a {other}, and the records are mapped as {what}")))
        }
    }
}

/// Returns the name most similar to `name`.
pub(crate) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.to_lowercase();
    names
        .map(|known| (strsim::jaro_winkler(&known.to_lowercase(), &lower), known))
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(columns: &[&str], constants: &[&str]) -> Result<Mapping, String> {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Mapping::parse(&owned(columns), &owned(constants)).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_and_constants_are_named() {
        let mapping =
            parse(&["a=b=video_id", "Visninger=plays"], &["observed_at=2024-03-01"]).expect("sense");
        assert!(mapping.is_of_videos);
        assert_eq!(mapping.columns().collect::<Vec<_>>(), ["a=b", "Visninger"]);
        assert_eq!(mapping.place(Field::ObservedAt), Some(&Place::Constant("2024-03-01".to_owned())));
        assert!(!parse(&["tag=hashtag_name"], &[]).expect("sense").is_of_videos);
    }

    #[test]
    fn what_makes_no_sense_is_reported() {
        for (columns, constants, part) in [
            (&["a=playcount"][..], &[][..], "no field \"playcount\"; of a video there are video_id, url"),
            (&["a"], &[], "\"a\" is not COLUMN=FIELD"),
            (&["a=video_id", "b=video_id"], &[], "video_id is named twice"),
            (&["a=plays"], &[], "map video_id or url"),
            (&["a=video_id", "b=views"], &[], "views is of a hashtag"),
            (&["a=hashtag_name", "b=plays"], &[], "plays is of a video"),
            (&["a=video_id"], &["observed_at=yesterday"], "observed_at: \"yesterday\" is not a time"),
            (&["a=video_id"], &["observed_at"], "is not FIELD=VALUE"),
            (&["a=video_id"], &["plays=many"], "plays: \"many\" is not a number"),
        ] {
            let error = parse(columns, constants).expect_err(part);
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn every_field_has_one_name() {
        for (field, name, of) in FIELDS {
            assert_eq!((field.name(), field.is_of_video()), (name, of));
            assert_eq!(Field::parse(name), Ok(field));
        }
    }

    #[test]
    fn the_nearest_name_is_found() {
        assert_eq!(nearest("Video ID", ["author_id", "video_id", "likes"].into_iter()), Some("video_id"));
        assert_eq!(nearest("x", [].into_iter()), None);
    }
}
