//! Tables and NDJSON of any layout, read by a [`Mapping`] from columns to fields: a row or object is an observation of
//! a video or a hashtag. Tables with known columns ([`known`]) are read the same way.
//!
//! Ids, counts, tags and the reading time must be parseable: otherwise the record is a reject. An unparseable detail
//! (a date, a duration, a country) is omitted, with a note that counts how often.

use super::mapping::{Field, Mapping, Place, nearest};
use super::tag_list::{self, Between};
use crate::json::id::{self, Id};
use crate::json::lenient::clean;
use crate::json::number;
use crate::literal::is_nothing;
use crate::reading::{Reading, Refusal, TagList, digest};
use crate::table::{Header, OpenedTable, ReadRow, Row, Sample};
use crate::written::{self, Order};
use domain::observation::{
    HashtagCounts, HashtagDetails, HashtagObservation, TagRef, VideoCounts, VideoObservation,
};
use domain::video::{Author, Music, VideoDetails};
use domain::{Count, Source, Tag, Timestamp};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

/// Opens a table. Fails if a mapped column is missing.
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
    Ok(Box::new(Rows {
        mapping: Arc::clone(mapping),
        columns,
        source: Source::Mapped,
        style: Style::default(),
    }))
}

/// Opens a table of videos with known columns. Missing columns leave their fields unknown.
pub(crate) fn known(source: Source, columns: &[(&str, Field)], header: &Header) -> OpenedTable {
    let found: Vec<_> =
        columns.iter().filter_map(|(name, field)| Some((header.column(name)?, *name, *field))).collect();
    let places = found.iter().map(|(_, name, field)| (*field, Place::Column((*name).to_owned()))).collect();
    let mapping = Arc::new(Mapping { places, is_of_videos: true });
    let columns = found.iter().map(|(column, ..)| *column).collect();
    Ok(Box::new(Rows { mapping, columns, source, style: Style::default() }))
}

/// Rows of a table.
struct Rows {
    mapping: Arc<Mapping>,
    /// Positions of the mapped columns, in the order of the mapping.
    columns: Vec<usize>,
    source: Source,
    style: Style,
}

/// Notation of a table's columns, detected from its first rows.
#[derive(Debug, Default)]
struct Style {
    between: Between,
    /// Id fields that have lost their last digits.
    cut: Vec<Field>,
    /// Order of day and month in numeric dates.
    order: Option<Order>,
    /// True if posting times are local: they differ from those in the ids by whole quarter hours.
    is_local: bool,
}

/// Fields of ids.
const IDS: [Field; 4] = [Field::VideoId, Field::AuthorId, Field::MusicId, Field::HashtagId];

/// Distinct ids that must look float-rounded before the column counts as damaged: one true id in a thousand
/// looks so.
const ROUNDED_IDS_MIN: usize = 3;

/// Fewest times to compare with the ids: fewer may differ by a time zone by chance.
const TIMES_COMPARED_MIN: usize = 3;

impl ReadRow for Rows {
    fn cells_needed(&self) -> usize {
        self.columns.iter().max().map_or(0, |last| last + 1)
    }

    fn is_sampling(&self) -> bool {
        true
    }

    fn survey(&mut self, sample: &Sample) {
        let columns = |field: Field| {
            let names = self.mapping.places.iter().filter(|(_, place)| matches!(place, Place::Column(_)));
            let pairs = names.zip(&self.columns);
            pairs.filter(move |((known, _), _)| *known == field).map(|(_, column)| *column)
        };
        let cells = |field: Field| columns(field).flat_map(|column| sample.column(column));
        self.style.between = Between::of(cells(Field::Hashtags));
        let is_cut = |field: &Field| {
            let ids: HashSet<&str> = cells(*field).filter(|cell| id::is_long(cell)).collect();
            let has_zeros = ids.iter().filter(|cell| id::ends_in_zeros(cell)).count();
            let is_all_rounded = ids.len() >= ROUNDED_IDS_MIN && ids.iter().all(|cell| id::looks_cut(cell));
            has_zeros * 2 > ids.len() || is_all_rounded
        };
        self.style.cut = IDS.into_iter().filter(is_cut).collect();
        self.style.order = Order::of(cells(Field::CreateTime).chain(cells(Field::ObservedAt)));
        let (mut compared, mut local) = (0, 0);
        for row in sample.rows() {
            let cell =
                |field: Field| columns(field).next().and_then(|column| row.get(column)).unwrap_or_default();
            let id = id::video_of_row(cell(Field::VideoId), cell(Field::Url));
            let stated = cell(Field::CreateTime);
            let posted = written::time(stated, self.style.order).filter(|_| written::is_of_no_zone(stated));
            if let (Ok(id), Some(posted)) = (id, posted)
                && let Some(made) = written::second_of(id)
            {
                compared += 1;
                local += usize::from(written::zone(posted.as_seconds() - made).is_some());
            }
        }
        self.style.is_local = compared >= TIMES_COMPARED_MIN && local * 5 > compared * 4;
    }

    fn read(&mut self, row: &Row<'_>, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        let mut columns = self.columns.iter();
        let mut cell = |_: &str| columns.next().and_then(|column| row.get(*column)).map(Cow::Borrowed);
        read_into(&Record::of(&self.mapping, &self.style, self.source, &mut cell), reading)
    }
}

/// Parses a JSON object by a mapping. A column is a key, or keys joined by dots for nested objects.
pub(crate) fn read_object(raw: &[u8], mapping: &Mapping, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let object: Value = serde_json::from_slice(raw)?;
    let mut cell = |column: &str| {
        let direct = object.get(column);
        let value = direct.or_else(|| column.split('.').try_fold(&object, |inside, key| inside.get(key)));
        value.and_then(|value| match value {
            Value::Null => None,
            Value::String(text) => Some(Cow::Borrowed(text.as_str())),
            // MongoDB's representation of a number.
            Value::Object(inside) if inside.len() == 1 && inside.keys().all(|key| key.starts_with('$')) => {
                inside.values().next().map(|value| match value {
                    Value::String(text) => Cow::Borrowed(text.as_str()),
                    other => Cow::Owned(other.to_string()),
                })
            }
            other => Some(Cow::Owned(other.to_string())),
        })
    };
    let style = Style::default();
    let record = Record::of(mapping, &style, Source::Mapped, &mut cell);
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
    read_into(&record, reading)
}

/// The mapped fields of a record. Empty cells and words for nothing are absent.
struct Record<'m, 'c> {
    mapping: &'m Mapping,
    style: &'m Style,
    source: Source,
    values: Vec<(Field, Cow<'c, str>)>,
}

impl<'m, 'c> Record<'m, 'c> {
    fn of(
        mapping: &'m Mapping,
        style: &'m Style,
        source: Source,
        cell: &mut dyn FnMut(&str) -> Option<Cow<'c, str>>,
    ) -> Self
    where
        'm: 'c,
    {
        let values = mapping.places.iter().filter_map(|(field, place)| {
            let text = match place {
                Place::Column(column) => cell(column)?,
                Place::Constant(text) => Cow::Borrowed(text.as_str()),
            };
            let text = trimmed(text);
            (!is_nothing(&text)).then_some((*field, text))
        });
        Self { values: values.collect(), mapping, style, source }
    }

    fn text(&self, field: Field) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == field).map(|(_, text)| text.as_ref())
    }

    fn owned(&self, field: Field) -> String {
        self.text(field).unwrap_or_default().to_owned()
    }

    /// Parses a count. As on the web, one on its display step counts as rounded.
    fn count(&self, field: Field) -> Result<Option<Count>, String> {
        let Some(text) = self.text(field) else { return Ok(None) };
        let parsed = number::parse(text).filter(|parsed| parsed.value >= 0);
        let parsed = parsed.ok_or_else(|| format!("{}: {text:?} is not a number", field.name()))?;
        let number = number::Number(Some(parsed.value));
        if parsed.is_rounded { number.rounded(field.name()) } else { number.web(field.name()) }
    }

    /// Parses the reading time. A wrong one would add a wrong point to a series.
    fn observed_at(&self) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.text(Field::ObservedAt) else { return Ok(None) };
        let read = written::time_of_reading(text, self.style.order);
        read.map(Some).ok_or_else(|| {
            format!(
                "{}: {text:?} is not a time; 2024-03-01, 2024-03-01T12:00:00Z and seconds since 1970 are",
                Field::ObservedAt.name()
            )
        })
    }

    fn id(&self, field: Field) -> Id<'_> {
        match self.text(field) {
            Some(text) if !self.is_cut(field, text) => Id::Text(text.into()),
            _ => Id::None,
        }
    }

    /// Returns true if a text looks damaged and is in a column whose ids lost their last digits.
    fn is_cut(&self, field: Field, text: &str) -> bool {
        self.style.cut.contains(&field) && id::looks_cut(text)
    }

    /// Returns the text to digest: values with their fields. Another mapping of the same record is another
    /// observation.
    fn canonical(&self) -> String {
        let mut text = String::new();
        for (field, value) in &self.values {
            text.extend([field.name(), "=", value, "\n"]);
        }
        text
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    let has_nul = memchr::memchr(0, text.as_bytes()).is_some();
    match text {
        Cow::Borrowed(text) if !has_nul => Cow::Borrowed(text.trim()),
        text => Cow::Owned(clean(text.trim())),
    }
}

/// Checks the constants of a mapping.
pub(crate) fn check_constants(mapping: &Mapping) -> Result<(), String> {
    let style = Style::default();
    let record = Record::of(mapping, &style, Source::Mapped, &mut |_| None);
    let mut left_out = Vec::new();
    if mapping.is_of_videos {
        video_counts(&record)?;
        video_details(&record, None, &mut left_out);
    } else {
        hashtag_counts(&record)?;
    }
    record.observed_at()?;
    match left_out.first() {
        Some(LeftOut { what, example }) => Err(format!("{what}: {example:?}")),
        None => Ok(()),
    }
}

fn read_into(record: &Record<'_, '_>, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let observed_at = record.observed_at()?.or(reading.observed_at);
    if !record.mapping.is_of_videos {
        reading.hashtag(hashtag(record, observed_at)?);
        return Ok(());
    }
    let mut left_out = Vec::new();
    let video = video(record, observed_at, &mut left_out)?;
    reading.video(video);
    for LeftOut { what, example } in left_out {
        reading.note(what, &example);
    }
    Ok(())
}

/// A detail that was omitted.
struct LeftOut {
    what: String,
    example: String,
}

fn video(
    record: &Record<'_, '_>,
    observed_at: Option<Timestamp>,
    left_out: &mut Vec<LeftOut>,
) -> Result<VideoObservation, String> {
    let url = record.text(Field::Url).unwrap_or_default();
    let id_text = record.text(Field::VideoId).unwrap_or_default();
    if record.is_cut(Field::VideoId, id_text) && id::in_text(url).is_none() {
        return Err(format!(
            "video id {id_text} looks rounded (its last digits are zeros), like most of this column; the row has no link with the full id"
        ));
    }
    let id = id::video_of_row(id_text, url)?;
    let tags = tags(record)?;
    Ok(VideoObservation {
        id,
        source: record.source,
        observed_at,
        author: record.id(Field::AuthorId).author(),
        has_caption_tags: tags.has_caption_tags(),
        tags: tags.into_vec(),
        counts: video_counts(record)?,
        details: video_details(record, written::second_of(id), left_out),
        digest: digest(record.canonical().as_bytes(), observed_at),
    })
}

fn video_counts(record: &Record<'_, '_>) -> Result<VideoCounts, String> {
    Ok(VideoCounts {
        plays: record.count(Field::Plays)?,
        likes: record.count(Field::Likes)?,
        comments: record.count(Field::Comments)?,
        shares: record.count(Field::Shares)?,
        saves: record.count(Field::Saves)?,
        downloads: record.count(Field::Downloads)?,
    })
}

/// Parses the details of a video created in the second `made`, according to its id.
fn video_details(record: &Record<'_, '_>, made: Option<i64>, left_out: &mut Vec<LeftOut>) -> VideoDetails {
    let mut leave_out = |field: Field, what: &str| {
        let example = record.owned(field);
        left_out.push(LeftOut { what: format!("{}: {what}", field.name()), example });
    };
    let mut region = None;
    if let Some(text) = record.text(Field::Region) {
        region = text.parse().ok();
        if region.is_none() {
            leave_out(Field::Region, "not a country of two letters; left out");
        }
    }
    let mut duration_seconds = 0;
    if let Some(text) = record.text(Field::DurationSeconds) {
        match written::duration(text) {
            Some(seconds) => duration_seconds = seconds,
            None => leave_out(Field::DurationSeconds, "not a duration; left out"),
        }
    }
    let mut create_time = None;
    if let Some(text) = record.text(Field::CreateTime) {
        create_time = written::time(text, record.style.order).map(Timestamp::as_seconds);
        match create_time {
            None => leave_out(Field::CreateTime, "not a time, or one of two days; left out"),
            Some(posted) => {
                let may_be_local = record.style.is_local && written::is_of_no_zone(text);
                let ahead = made.filter(|_| may_be_local).map(|made| posted - made);
                if let Some(zone) = ahead.and_then(written::zone) {
                    let what = format!(
                        "times are {} those that the ids hold, as in another time zone; taken as that",
                        written::zone_shown(zone)
                    );
                    leave_out(Field::CreateTime, &what);
                    create_time = Some(posted - zone);
                }
            }
        }
    }
    for field in [Field::AuthorId, Field::MusicId] {
        let is_lost = record.text(field).is_some_and(|text| {
            record.id(field).to_text().is_empty() && text.starts_with(|c: char| c.is_ascii_digit())
        });
        if is_lost {
            leave_out(field, "an id that a tool has rounded; left out");
        }
    }
    let handle = record.text(Field::AuthorName).map(handle_of);
    let linked = || record.text(Field::Url).and_then(written::handle_in_link);
    VideoDetails {
        region,
        title: record.owned(Field::Caption),
        cover: record.owned(Field::Cover),
        duration_seconds,
        create_time,
        music: Music { id: record.id(Field::MusicId).to_text(), ..Music::default() },
        author: Author {
            id: record.id(Field::AuthorId).to_text(),
            unique_id: handle.or_else(linked).unwrap_or_default().to_owned(),
            nickname: record.owned(Field::AuthorNickname),
            ..Author::default()
        },
        ..VideoDetails::default()
    }
}

/// Returns the handle in a cell: with or without `@`, or as a link.
fn handle_of(text: &str) -> &str {
    written::handle_in_link(text).unwrap_or(text).trim_start_matches('@')
}

/// Returns the tags of the list or, if it has none, those of the caption: some sources leave the list empty.
fn tags(record: &Record<'_, '_>) -> Result<TagList, String> {
    let mut tags = TagList::default();
    let mut is_listed = false;
    for (_, cell) in record.values.iter().filter(|(field, _)| *field == Field::Hashtags) {
        for (name, id) in tag_list::parse(cell, record.style.between)? {
            tags.add(&name, id)?;
            is_listed = true;
        }
    }
    if !is_listed {
        tags.add_caption(record.text(Field::Caption).unwrap_or_default())?;
    }
    Ok(tags)
}

fn hashtag(record: &Record<'_, '_>, observed_at: Option<Timestamp>) -> Result<HashtagObservation, String> {
    let name = record.text(Field::HashtagName).unwrap_or_default();
    let tag = Tag::new(name).map_err(|why| format!("hashtag_name: {why}"))?;
    if name.contains(['[', ']', '{', '}', '(', ')', '"']) {
        return Err(format!("hashtag_name: {name:?} has brackets or quotes, as no hashtag has"));
    }
    Ok(HashtagObservation {
        tag: TagRef { tag, id: record.id(Field::HashtagId).hashtag() },
        source: record.source,
        observed_at,
        counts: hashtag_counts(record)?,
        details: HashtagDetails {
            description: record.text(Field::Description).map(str::to_owned),
            ..HashtagDetails::default()
        },
    })
}

fn hashtag_counts(record: &Record<'_, '_>) -> Result<HashtagCounts, String> {
    Ok(HashtagCounts {
        views: record.count(Field::Views)?,
        creators: record.count(Field::Creators)?,
        videos: record.count(Field::Videos)?,
    })
}
