//! Which column of a table is what: the user says so, since nobody else can know.

use std::fmt;

/// What a column can be.
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

/// Every field with its name, and whether it is of a video (`Some(true)`), of a hashtag, or of either.
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

/// Where the value of a field is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Under this name of a column or key.
    Column(String),
    /// The same for every record.
    Constant(String),
}

/// Which column is what, of videos or of hashtags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub(crate) places: Vec<(Field, Place)>,
    pub(crate) is_of_videos: bool,
}

/// Why a mapping makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct MappingError(String);

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Mapping {
    /// Reads `COLUMN=FIELD` and, for what is the same in every record, `FIELD=VALUE`. Fails where a field is unknown or
    /// named twice, where a constant cannot be read, and where nothing tells which video or hashtag a record is of.
    pub fn parse(columns: &[String], constants: &[String]) -> Result<Self, MappingError> {
        let mut places: Vec<(Field, Place)> = Vec::new();
        let mut add = |field: Field, place| {
            let is_new = places.iter().all(|(known, _)| *known != field);
            places.push((field, place));
            if is_new { Ok(()) } else { Err(MappingError(format!("{} is named twice", field.name()))) }
        };
        for text in columns {
            // A column may have `=` in its name, a field has not.
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

    /// Where a field is, if it is named.
    pub(crate) fn place(&self, field: Field) -> Option<&Place> {
        self.places.iter().find(|(known, _)| *known == field).map(|(_, place)| place)
    }

    /// The names of columns or keys that are asked for.
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
                "nothing tells what a record is of: map video_id or url for videos, hashtag_name for hashtags"
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

/// The name that looks most like this one.
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
    fn what_makes_no_sense_is_told() {
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
