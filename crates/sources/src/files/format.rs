//! What a format is, and the list of them: one file each in this folder, one line each here.

use super::{
    apify, bright_data, channel_items, contract, creative_center, creative_center_csv, discover, display_api,
    flattened_table, foreign, mobile_aweme, mobile_challenge, node_share, research_api, series_csv,
    series_lines, tiktok_scraper, web_challenge, web_item, web_search, yt_dlp, zeeschuimer, zeeschuimer_csv,
};
use crate::json::keys::Keys;
use crate::reading::{Reading, Refusal};
use crate::table::{Header, OpenedTable};
use domain::Source;

/// Every format that is read, in the order they are tried.
pub(crate) static FORMATS: [&Format; 25] = [
    &zeeschuimer::FORMAT,
    &apify::ITEMS,
    &channel_items::FORMAT,
    &bright_data::FORMAT,
    &tiktok_scraper::FORMAT,
    &mobile_aweme::FORMAT,
    &node_share::FORMAT,
    &discover::FORMAT,
    &web_search::FORMAT,
    &web_challenge::FORMAT,
    &mobile_challenge::FORMAT,
    &contract::HASHTAG,
    &contract::VIDEO,
    &web_item::FORMAT,
    &display_api::FORMAT,
    &research_api::FORMAT,
    &research_api::FORMAT_VIDEO_ID,
    &yt_dlp::FORMAT,
    &apify::ROWS,
    &zeeschuimer_csv::FORMAT,
    &flattened_table::FORMAT,
    &creative_center::FORMAT,
    &series_csv::FORMAT,
    &creative_center_csv::FORMAT,
    &series_lines::FORMAT,
];

/// A format: how it is known and how it is read.
pub(crate) struct Format {
    /// What its readings are marked with.
    pub(crate) source: Source,
    /// What its records look like, for the table of formats.
    pub(crate) shape: &'static str,
    /// Who makes such files.
    pub(crate) made_by: &'static str,
    /// How it is known and read.
    pub(crate) kind: Kind,
}

/// The families of formats.
pub(crate) enum Kind {
    /// Records are JSON objects.
    Json(Json),
    /// Records are rows of a table: CSV, a sheet of a workbook, Parquet.
    Table(Table),
    /// Records are lines of text.
    Text(Text),
}

/// A format of JSON objects.
pub(crate) struct Json {
    /// Keys every record of it has.
    pub(crate) all: &'static [&'static str],
    /// Keys of which every record has at least one.
    pub(crate) any: &'static [&'static str],
    /// Keys that no record of it has: those of its likes have them.
    pub(crate) none: &'static [&'static str],
    /// Keys of envelopes under which its records, or lists of them, stand.
    pub(crate) within: &'static [&'static str],
    /// Reads one record. It refuses what the keys alone did not tell apart.
    pub(crate) read: fn(&str, &mut Reading<'_>) -> Result<(), Refusal>,
}

/// A format of lines.
pub(crate) struct Text {
    /// What its first line must be, in words.
    pub(crate) first_line: &'static str,
    /// Whether a first line is one of this format.
    pub(crate) fits: fn(&str) -> bool,
    /// Makes a reader of the lines that follow, given the first line and the name of the file.
    pub(crate) open: fn(&str, &str) -> Opened,
}

/// A format of tables.
pub(crate) struct Table {
    /// The columns that it is known by, in words.
    pub(crate) columns: &'static str,
    /// Whether a header is one of this format.
    pub(crate) fits: fn(&Header) -> bool,
    /// Makes a reader of the rows, given the header and the name of the file.
    pub(crate) open: fn(&Header, &str) -> OpenedTable,
}

/// A reader of lines, or why the file cannot be read.
pub(crate) type Opened = Result<Box<dyn ReadLine>, String>;

/// Reads a format of lines, one record at a time.
pub(crate) trait ReadLine {
    /// Reads one line.
    fn read(&mut self, line: &str, reading: &mut Reading<'_>) -> Result<(), Refusal>;
}

impl Json {
    /// Whether an object with these keys may be a record of this format.
    pub(crate) fn fits(&self, keys: &Keys<'_>) -> bool {
        keys.has_all(self.all) && (self.any.is_empty() || keys.has_any(self.any)) && !keys.has_any(self.none)
    }
}

/// The formats of JSON objects.
pub(crate) fn json_formats() -> impl Iterator<Item = (&'static Format, &'static Json)> {
    FORMATS.iter().filter_map(|format| match &format.kind {
        Kind::Json(json) => Some((*format, json)),
        Kind::Table(_) | Kind::Text(_) => None,
    })
}

/// The formats of lines.
pub(crate) fn text_formats() -> impl Iterator<Item = (&'static Format, &'static Text)> {
    FORMATS.iter().filter_map(|format| match &format.kind {
        Kind::Text(text) => Some((*format, text)),
        Kind::Json(_) | Kind::Table(_) => None,
    })
}

/// The formats of tables.
pub(crate) fn table_formats() -> impl Iterator<Item = (&'static Format, &'static Table)> {
    FORMATS.iter().filter_map(|format| match &format.kind {
        Kind::Table(table) => Some((*format, table)),
        Kind::Json(_) | Kind::Text(_) => None,
    })
}

/// Whether records of some format stand under this key.
pub(crate) fn is_envelope_key(key: &[u8]) -> bool {
    // A HAR has its entries in `log`, and a page its data in scopes.
    key == b"log"
        || is_scope(key)
        || foreign::is_list_key(key)
        || json_formats().any(|(_, json)| json.within.iter().any(|within| within.as_bytes() == key))
}

/// Whether a key is that of a scope of a page, of which there are many kinds.
pub(crate) fn is_scope(key: &[u8]) -> bool {
    key.starts_with(b"webapp.")
}

/// What to do about objects of no format.
const MAP_HINT: &str = "; objects of any make are read when their keys are named with --map KEY=FIELD";

/// Why an object is of no format: the nearest one, and the first thing that does not fit.
pub(crate) fn nearest(keys: &Keys<'_>) -> String {
    let share = |json: &Json| {
        let all = json.all.iter().filter(|key| keys.has(key)).count();
        let any = usize::from(keys.has_any(json.any));
        // In thousandths, so that they can be compared as whole numbers.
        (all + any) * 1000 / (json.all.len() + usize::from(!json.any.is_empty()))
    };
    let shares = json_formats().map(|(format, json)| (share(json), format, json));
    // The first of equals: the list goes from the most particular to the plainest.
    let best = shares.reduce(|best, next| if next.0 > best.0 { next } else { best });
    let names = keys.names();
    match best {
        Some((1.., format, json)) => {
            let what = match json.all.iter().find(|key| !keys.has(key)) {
                Some(key) => format!("{key:?} is missing"),
                None => format!("it tells nothing more under {}", json.any.join(", ")),
            };
            let nearest = format.source.name();
            format!("of no known shape; the nearest is {nearest}, but {what} (keys: {names}){MAP_HINT}")
        }
        _ => format!("of no known shape (keys: {names}){MAP_HINT}"),
    }
}
