//! Tables of JSON records: the column name is the path of a value (`stats.playCount`, `hashtags/0/name`), as pandas'
//! `json_normalize` and export buttons write it; cells contain lists and objects as JSON or as Python prints them.
//! Each row is turned back into a JSON record and parsed as one.

use super::flattened;
use super::format::{Format, Json, Kind, Table, json_formats};
use super::tag_list::{self, Between};
use crate::json::keys::Keys;
use crate::json::number;
use crate::literal::{is_bracketed, is_nothing, parse};
use crate::reading::{Reading, Refusal};
use crate::table::{Header, OpenedTable, ReadRow, Row, Sample};
use domain::Source;
use serde_json::{Map, Value};

pub(crate) static FORMAT: Format = Format {
    source: Source::WebItem,
    shape: "tables of web items, mobile `aweme`, Zeeschuimer's lines, Bright Data's posts, the Research API's videos: columns such as `stats.playCount`",
    made_by: "pandas, export buttons",
    kind: Kind::Table(Table {
        columns: "the names of a JSON record with dots between them, such as id, desc, stats.playCount",
        fits: |header| kind_of(header).is_some(),
        open,
    }),
};

/// Longest path, in parts: `hashtags/0/name` has three.
const PATH_PARTS_MAX: usize = 5;

/// Columns that only tables of one format have, and its name.
const SIGNATURES: [(&str, &[&str]); 13] = [
    ("zeeschuimer", &["data.id", "data.stats.playCount", "timestamp_collected"]),
    ("web-item", &["id", "stats.playCount"]),
    ("web-item", &["id", "statsV2.playCount"]),
    ("web-item", &["id", "stats_playCount"]),
    // Cells contain objects.
    ("web-item", &["id", "createTime", "stats"]),
    ("web-item", &["id", "createTime", "statsV2"]),
    ("mobile-aweme", &["aweme_id", "statistics.play_count"]),
    ("mobile-aweme", &["aweme_id", "statistics.digg_count"]),
    ("mobile-aweme", &["aweme_id", "statistics_play_count"]),
    ("mobile-aweme", &["aweme_id", "statistics_digg_count"]),
    ("mobile-aweme", &["aweme_id", "statistics"]),
    ("bright-data", &["post_id", "play_count", "url"]),
    ("research-api", &["video_description", "region_code", "view_count"]),
];

/// Keys of tag lists in the records.
const LISTS: [&str; 4] = ["hashtags", "hashtag_names", "challenges", "cha_list"];

/// Keys of counts in the records. An unparseable count must be a reject, not silently dropped.
const COUNTS: [&str; 18] = [
    "playCount",
    "play_count",
    "view_count",
    "diggCount",
    "digg_count",
    "like_count",
    "commentCount",
    "comment_count",
    "shareCount",
    "share_count",
    "collectCount",
    "collect_count",
    "favorites_count",
    "favourites_count",
    "repostCount",
    "num_share_count",
    "download_count",
    "downloadCount",
];

/// Returns the format whose records a table with these columns contains.
fn kind_of(header: &Header) -> Option<&'static Json> {
    let (name, _) = SIGNATURES.iter().find(|(_, columns)| columns.iter().all(|column| header.has(column)))?;
    let mut record = Map::new();
    for path in header.names() {
        put(&mut record, path, Some(Value::Bool(true)));
    }
    let record = nested(Value::Object(record));
    let keys = Keys::of(record.as_bytes());
    json_formats()
        .filter(|(format, _)| format.source.name() == *name)
        .map(|(_, json)| json)
        .find(|json| json.fits(&keys))
}

fn open(header: &Header, _: &str) -> OpenedTable {
    let json = kind_of(header).ok_or("the columns are of no record that is known")?;
    Ok(Box::new(Rows { json, records: Records::new(header) }))
}

/// Restores the nested objects of a record joined by `_` (`stats_playCount`).
fn nested(record: Value) -> String {
    let record = record.to_string();
    let whole = match flattened::is_flattened(&Keys::of(record.as_bytes())) {
        true => flattened::nested(record.as_bytes()).and_then(|whole| String::from_utf8(whole).ok()),
        false => None,
    };
    whole.unwrap_or(record)
}

struct Rows {
    json: &'static Json,
    records: Records,
}

impl ReadRow for Rows {
    fn cells_needed(&self) -> usize {
        self.records.columns.len()
    }

    fn is_sampling(&self) -> bool {
        true
    }

    fn survey(&mut self, sample: &Sample) {
        self.records.survey(sample);
    }

    fn read(&mut self, row: &Row<'_>, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        let record = nested(lists(Value::Object(self.records.record(row)?)));
        match (self.json.read)(&record, reading) {
            Err(Refusal::Shape) => {
                Err("the row lacks what makes it a record: an id, or any count".to_owned().into())
            }
            // This JSON was generated here: its error messages would not match the file.
            Err(Refusal::Json(_)) => Err("the row cannot be read".to_owned().into()),
            other => other,
        }
    }
}

/// Turns rows into records.
pub(crate) struct Records {
    columns: Vec<Column>,
    between: Between,
}

struct Column {
    path: String,
    is_count: bool,
    is_list: bool,
}

impl Records {
    pub(crate) fn new(header: &Header) -> Self {
        let column = |path: &String| {
            let last = path.rsplit(['.', '/']).next().unwrap_or_default();
            Column {
                is_count: COUNTS.contains(&last),
                is_list: LISTS.contains(&path.as_str()),
                path: path.clone(),
            }
        };
        Self { columns: header.names().iter().map(column).collect(), between: Between::Unknown }
    }

    /// Returns the number of cells of a row.
    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    /// Detects the separator between tags in a cell.
    pub(crate) fn survey(&mut self, sample: &Sample) {
        let is_list = |(at, column): (usize, &Column)| column.is_list.then_some(at);
        let lists: Vec<_> = self.columns.iter().enumerate().filter_map(is_list).collect();
        self.between = Between::of(lists.iter().flat_map(|column| sample.column(*column)));
    }

    /// Returns the record of a row. Cells without a value leave the key empty.
    pub(crate) fn record(&self, row: &Row<'_>) -> Result<Map<String, Value>, String> {
        let mut record = Map::new();
        for (column, cell) in self.columns.iter().zip(row.iter()) {
            put(&mut record, &column.path, self.value(column, cell)?);
        }
        Ok(record)
    }

    fn value(&self, column: &Column, cell: &str) -> Result<Option<Value>, String> {
        if is_nothing(cell) {
            return Ok(None);
        }
        if column.is_count && number::parse(cell).is_none() {
            return Err(format!("{}: {cell:?} is not a number", column.path));
        }
        if column.is_list {
            // A list of objects keeps all their fields.
            return match parse(cell).filter(|_| is_bracketed(cell)) {
                Some(list @ Value::Array(_)) if has_objects(&list) => {
                    tag_list::parse(cell, self.between)?;
                    Ok(Some(list))
                }
                _ => {
                    let names = tag_list::parse(cell, self.between)?;
                    Ok(Some(names.into_iter().map(|(name, _)| Value::String(name)).collect()))
                }
            };
        }
        let text = cell.trim();
        if is_bracketed(text)
            && let Some(value) = parse(text)
        {
            return Ok(Some(value));
        }
        // A string written as JSON: `"2025-02-28T12:45:43.000Z"`.
        let is_quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
        match serde_json::from_str::<String>(text) {
            Ok(inner) if is_quoted => Ok(Some(Value::String(inner))),
            _ => Ok(Some(Value::String(cell.to_owned()))),
        }
    }
}

fn has_objects(list: &Value) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(Value::is_object))
}

/// Sets a value at the path of a column name: `hashtags/0/name`, `authorMeta.name`. Without a value, only
/// the containers are created.
pub(crate) fn put(record: &mut Map<String, Value>, path: &str, value: Option<Value>) {
    let mut parts = path.splitn(PATH_PARTS_MAX, ['/', '.']);
    let (Some(first), mut object) = (parts.next(), record) else { return };
    let mut key = first;
    for part in parts {
        let inner = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(inner) = inner else { return };
        (object, key) = (inner, part);
    }
    if let Some(value) = value {
        object.insert(key.to_owned(), value);
    }
}

/// Turns objects whose keys are all numbers into lists.
pub(crate) fn lists(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let is_list =
                !object.is_empty() && object.keys().all(|key| key.bytes().all(|byte| byte.is_ascii_digit()));
            match is_list {
                true => object.into_iter().map(|(_, value)| lists(value)).collect(),
                false => Value::Object(object.into_iter().map(|(key, value)| (key, lists(value))).collect()),
            }
        }
        other => other,
    }
}
