//! Tables and NDJSON of any make, read by a [`Mapping`] that says which column is what: a row or an object is a reading
//! of a video or of a hashtag.

use super::mapping::{Field, Mapping, Place, nearest};
use super::tag_list;
use crate::json::id::{self, Id};
use crate::json::lenient::clean;
use crate::json::number::{self, Number};
use crate::reading::{Reading, Refusal, TagList, digest};
use crate::table::{Header, OpenedTable, ReadRow, Row};
use domain::observation::{
    HashtagCounts, HashtagDetails, HashtagObservation, TagRef, VideoCounts, VideoObservation,
};
use domain::video::{Author, Music, VideoDetails};
use domain::{Count, Source, Tag, Timestamp};
use serde_json::Value;
use std::sync::Arc;

/// Opens a table. Fails where a mapped column is not there.
pub(crate) fn open(mapping: &Arc<Mapping>, header: &Header) -> OpenedTable {
    let mut columns = Vec::new();
    for name in mapping.columns() {
        let exact = header.names().iter().position(|known| known == name.trim());
        let column = exact.or(header.column(name.trim())).ok_or_else(|| {
            let names = || header.names().iter().map(String::as_str);
            let near = nearest(name, names()).unwrap_or("");
            format!("no column {name:?}; the nearest is {near:?} (columns: {})", header.shown())
        })?;
        columns.push(column);
    }
    Ok(Box::new(Rows { mapping: Arc::clone(mapping), columns }))
}

/// The rows of a table.
struct Rows {
    mapping: Arc<Mapping>,
    /// Where the mapped columns are, in the order of the mapping.
    columns: Vec<usize>,
}

impl ReadRow for Rows {
    fn cells_needed(&self) -> usize {
        self.columns.iter().max().map_or(0, |last| last + 1)
    }

    fn read(&mut self, row: &Row<'_>, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        let mut columns = self.columns.iter();
        let mut cell = |_: &str| columns.next().and_then(|column| row.get(*column)).map(str::to_owned);
        tell(&Record::of(&self.mapping, &mut cell), reading)
    }
}

/// Reads a JSON object by a mapping. A column is a key, or keys with dots between them where objects lie in objects.
pub(crate) fn read_object(raw: &[u8], mapping: &Mapping, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let object: Value = serde_json::from_slice(raw)?;
    let mut cell = |column: &str| {
        let direct = object.get(column);
        let value = direct.or_else(|| column.split('.').try_fold(&object, |inside, key| inside.get(key)));
        value.and_then(|value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
    };
    let record = Record::of(mapping, &mut cell);
    let identity =
        if mapping.is_of_videos { &[Field::VideoId, Field::Url][..] } else { &[Field::HashtagName] };
    if identity.iter().all(|field| record.text(*field).is_none())
        && let Some(keys) = object.as_object()
    {
        let column = identity.iter().find_map(|field| match mapping.place(*field) {
            Some(Place::Column(column)) => Some(column.as_str()),
            _ => None,
        });
        let column = column.unwrap_or_default();
        let near = nearest(column, keys.keys().map(String::as_str)).unwrap_or("");
        return Err(format!("nothing under the key {column:?}; the nearest is {near:?}").into());
    }
    tell(&record, reading)
}

/// What a record says of each mapped field. Empty cells say nothing.
struct Record<'m> {
    mapping: &'m Mapping,
    values: Vec<(Field, String)>,
}

impl<'m> Record<'m> {
    fn of(mapping: &'m Mapping, cell: &mut dyn FnMut(&str) -> Option<String>) -> Self {
        let values = mapping.places.iter().filter_map(|(field, place)| {
            let text = match place {
                Place::Column(column) => cell(column)?,
                Place::Constant(text) => text.clone(),
            };
            let text = clean(text.trim());
            (!matches!(text.as_str(), "" | "NaN" | "nan" | "None" | "null" | "N/A")).then_some((*field, text))
        });
        Self { values: values.collect(), mapping }
    }

    fn text(&self, field: Field) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == field).map(|(_, text)| text.as_str())
    }

    fn owned(&self, field: Field) -> String {
        self.text(field).unwrap_or_default().to_owned()
    }

    fn number(&self, field: Field) -> Result<Number, String> {
        let Some(text) = self.text(field) else { return Ok(Number::default()) };
        let number = number::from_text(&ungrouped(text)).filter(|number| *number >= 0);
        number
            .map(|number| Number(Some(number)))
            .ok_or_else(|| format!("{}: {text:?} is not a number", field.name()))
    }

    /// A count. As on the web, one that lies on its display step is taken for rounded.
    fn count(&self, field: Field) -> Result<Option<Count>, String> {
        self.number(field)?.web(field.name())
    }

    fn time(&self, field: Field) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.text(field) else { return Ok(None) };
        let of_number =
            if field == Field::ObservedAt { Timestamp::of_reading } else { Timestamp::from_source };
        let number = || Number(number::from_text(text)).int().and_then(of_number);
        Timestamp::parse(text).or_else(number).map(Some).ok_or_else(|| {
            format!(
                "{}: {text:?} is not a time; 2024-03-01, 2024-03-01T12:00:00Z and seconds since 1970 are",
                field.name()
            )
        })
    }

    fn id(&self, field: Field) -> Id<'_> {
        self.text(field).map_or(Id::None, |text| Id::Text(text.into()))
    }

    /// For the digest: what is told, and as what. Another mapping of the same record is another reading.
    fn canonical(&self) -> String {
        self.values.iter().map(|(field, text)| format!("{}={text}\n", field.name())).collect()
    }
}

/// Numbers as spreadsheets show them: `1,234,567`, `1.234.567`, `1 234 567`.
fn ungrouped(text: &str) -> String {
    let is_separator = |c: char| matches!(c, ',' | '.' | ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}');
    let Some(separator) = text.chars().find(|c| is_separator(*c)) else { return text.to_owned() };
    let mut groups = text.split(separator);
    let first = groups.next().unwrap_or_default();
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let is_grouped = (1..=3).contains(&first.len())
        && is_digits(first)
        && groups.all(|group| group.len() == 3 && is_digits(group));
    if is_grouped { text.replace(separator, "") } else { text.to_owned() }
}

/// Checks what a mapping says of every record.
pub(crate) fn check_constants(mapping: &Mapping) -> Result<(), String> {
    let record = Record::of(mapping, &mut |_| None);
    if mapping.is_of_videos {
        parts_of_video(&record).map(|_| ())
    } else {
        hashtag_counts(&record).map(|_| ())
    }?;
    record.time(Field::ObservedAt).map(|_| ())
}

fn tell(record: &Record<'_>, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let observed_at = record.time(Field::ObservedAt)?.or(reading.observed_at);
    if record.mapping.is_of_videos {
        reading.video(video(record, observed_at)?);
    } else {
        reading.hashtag(hashtag(record, observed_at)?);
    }
    Ok(())
}

fn video(record: &Record<'_>, observed_at: Option<Timestamp>) -> Result<VideoObservation, String> {
    let url = record.text(Field::Url).unwrap_or_default();
    let id = match record.id(Field::VideoId) {
        // The link holds the id.
        Id::None => id::in_text(url).ok_or_else(|| format!("url: {url:?} holds no video id"))?,
        told => told.video(&[url])?,
    };
    let (counts, details) = parts_of_video(record)?;
    Ok(VideoObservation {
        id,
        source: Source::Mapped,
        observed_at,
        author: record.id(Field::AuthorId).author(),
        tags: tags(record)?,
        counts,
        details,
        digest: digest(record.canonical().as_bytes(), observed_at),
    })
}

fn parts_of_video(record: &Record<'_>) -> Result<(VideoCounts, VideoDetails), String> {
    let counts = VideoCounts {
        plays: record.count(Field::Plays)?,
        likes: record.count(Field::Likes)?,
        comments: record.count(Field::Comments)?,
        shares: record.count(Field::Shares)?,
        saves: record.count(Field::Saves)?,
        downloads: record.count(Field::Downloads)?,
    };
    let region =
        record.text(Field::Region).map(|text| text.parse().map_err(|why| format!("region: {text:?}: {why}")));
    let duration = record.number(Field::DurationSeconds)?;
    let details = VideoDetails {
        region: region.transpose()?,
        title: record.owned(Field::Caption),
        cover: record.owned(Field::Cover),
        duration_seconds: duration.whole().unwrap_or(0),
        create_time: record.time(Field::CreateTime)?.map(Timestamp::as_seconds),
        music: Music { id: record.owned(Field::MusicId), ..Music::default() },
        author: Author {
            id: record.owned(Field::AuthorId),
            unique_id: record.owned(Field::AuthorName).trim_start_matches('@').to_owned(),
            nickname: record.owned(Field::AuthorNickname),
            ..Author::default()
        },
        ..VideoDetails::default()
    };
    Ok((counts, details))
}

/// The tags of the list or, where no column is mapped as one, those of the caption.
fn tags(record: &Record<'_>) -> Result<Vec<TagRef>, String> {
    let mut tags = TagList::default();
    if record.mapping.place(Field::Hashtags).is_some() {
        for (name, id) in tag_list::parse(record.text(Field::Hashtags).unwrap_or_default(), tag_list::Between::Unknown)? {
            tags.add(&name, id)?;
        }
    } else {
        for name in domain::caption::tags(record.text(Field::Caption).unwrap_or_default()) {
            tags.add(name, None)?;
        }
    }
    Ok(tags.into_vec())
}

fn hashtag(record: &Record<'_>, observed_at: Option<Timestamp>) -> Result<HashtagObservation, String> {
    let name = record.text(Field::HashtagName).unwrap_or_default();
    let tag = Tag::new(name).map_err(|why| format!("hashtag_name: {why}"))?;
    Ok(HashtagObservation {
        tag: TagRef { tag, id: record.id(Field::HashtagId).hashtag() },
        source: Source::Mapped,
        observed_at,
        counts: hashtag_counts(record)?,
        details: HashtagDetails {
            description: record.text(Field::Description).map(str::to_owned),
            ..HashtagDetails::default()
        },
    })
}

fn hashtag_counts(record: &Record<'_>) -> Result<HashtagCounts, String> {
    Ok(HashtagCounts {
        views: record.count(Field::Views)?,
        creators: record.count(Field::Creators)?,
        videos: record.count(Field::Videos)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouped_numbers_lose_their_groups_and_others_nothing() {
        for (text, want) in [
            ("1,234,567", "1234567"),
            ("1.234", "1234"),
            ("1 234", "1234"),
            ("12.5", "12.5"),
            ("6800000.0", "6800000.0"),
            ("1.2M", "1.2M"),
            ("1,23,456", "1,23,456"),
            (",123", ",123"),
            ("17", "17"),
        ] {
            assert_eq!(ungrouped(text), want);
        }
    }
}
