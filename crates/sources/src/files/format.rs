//! The type of a format, and the list of all formats: one file each in this folder, one line each here.

use super::{
    apify, bright_data, channel_items, contract, creative_center, creative_center_csv, discover, display_api,
    flattened_table, foreign, mobile_aweme, mobile_challenge, node_share, research_api, series_csv,
    series_lines, tiktok_scraper, web_challenge, web_item, web_search, yt_dlp, zeeschuimer, zeeschuimer_csv,
};
use crate::json::keys::Keys;
use crate::reading::{Reading, Refusal};
use crate::table::{Header, OpenedTable};
use domain::Source;

/// All supported formats, in detection order.
pub(crate) static FORMATS: &[&Format] = &[
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

/// A format: how it is detected and parsed.
pub(crate) struct Format {
    /// Source that its observations are labelled with.
    pub(crate) source: Source,
    /// Record shape, for the table of formats.
    pub(crate) shape: &'static str,
    /// Tools that write such files.
    pub(crate) made_by: &'static str,
    /// Detection and parsing.
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
    /// Keys that all of its records have.
    pub(crate) all: &'static [&'static str],
    /// Keys of which each record has at least one.
    pub(crate) any: &'static [&'static str],
    /// Keys that none of its records has, but similar formats do.
    pub(crate) none: &'static [&'static str],
    /// Envelope keys under which its records, or lists of them, appear.
    pub(crate) within: &'static [&'static str],
    /// Parses one record. Refuses records that the keys alone could not rule out.
    pub(crate) read: fn(&str, &mut Reading<'_>) -> Result<(), Refusal>,
}

/// A line-based format.
pub(crate) struct Text {
    /// Description of the first line, for messages.
    pub(crate) first_line: &'static str,
    /// Returns true if a first line matches this format.
    pub(crate) fits: fn(&str) -> bool,
    /// Creates a parser for the following lines, given the first line and the file name.
    pub(crate) open: fn(&str, &str) -> Opened,
}

/// A format of tables.
pub(crate) struct Table {
    /// Description of its columns, for messages.
    pub(crate) columns: &'static str,
    /// Returns true if a header matches this format.
    pub(crate) fits: fn(&Header) -> bool,
    /// Creates a parser for the rows, given the header and the file name.
    pub(crate) open: fn(&Header, &str) -> OpenedTable,
}

/// A line parser, or why the file cannot be parsed.
pub(crate) type Opened = Result<Box<dyn ReadLine>, String>;

/// Parses a line-based format, one record at a time.
pub(crate) trait ReadLine {
    /// Parses one line.
    fn read(&mut self, line: &str, reading: &mut Reading<'_>) -> Result<(), Refusal>;
}

impl Json {
    /// Returns true if an object with these keys may be a record of this format.
    pub(crate) fn fits(&self, keys: &Keys<'_>) -> bool {
        keys.has_all(self.all) && (self.any.is_empty() || keys.has_any(self.any)) && !keys.has_any(self.none)
    }
}

/// Lists the JSON formats.
pub(crate) fn json_formats() -> impl Iterator<Item = (&'static Format, &'static Json)> {
    FORMATS.iter().filter_map(|format| match &format.kind {
        Kind::Json(json) => Some((*format, json)),
        Kind::Table(_) | Kind::Text(_) => None,
    })
}

/// Lists the line-based formats.
pub(crate) fn text_formats() -> impl Iterator<Item = (&'static Format, &'static Text)> {
    FORMATS.iter().filter_map(|format| match &format.kind {
        Kind::Text(text) => Some((*format, text)),
        Kind::Json(_) | Kind::Table(_) => None,
    })
}

/// Lists the table formats.
pub(crate) fn table_formats() -> impl Iterator<Item = (&'static Format, &'static Table)> {
    FORMATS.iter().filter_map(|format| match &format.kind {
        Kind::Table(table) => Some((*format, table)),
        Kind::Json(_) | Kind::Text(_) => None,
    })
}

/// Returns true if records of some format appear under this key.
pub(crate) fn is_envelope_key(key: &[u8]) -> bool {
    // A HAR has its entries in `log`, and a page its data in scopes.
    key == b"log"
        || is_scope(key)
        || foreign::is_list_key(key)
        || json_formats().any(|(_, json)| json.within.iter().any(|within| within.as_bytes() == key))
}

/// Returns true for the key of a page scope, of which there are many.
pub(crate) fn is_scope(key: &[u8]) -> bool {
    key.starts_with(b"webapp.")
}

/// Advice for objects of no format.
const MAP_HINT: &str = "; objects of any make are read when their keys are named with --map KEY=FIELD";

/// Returns why an object matches no format: the closest one, and the first mismatch.
pub(crate) fn nearest(keys: &Keys<'_>) -> String {
    let share = |json: &Json| {
        let all = json.all.iter().filter(|key| keys.has(key)).count();
        let any = usize::from(keys.has_any(json.any));
        // Scores are in thousandths, so that they compare as integers.
        (all + any) * 1000 / (json.all.len() + usize::from(!json.any.is_empty()))
    };
    let shares = json_formats().map(|(format, json)| (share(json), format, json));
    // On a tie the first wins: the list runs from the most specific to the most general.
    let best = shares.reduce(|best, next| if next.0 > best.0 { next } else { best });
    let names = keys.names();
    match best {
        Some((1.., format, json)) => {
            let what = match json.all.iter().find(|key| !keys.has(key)) {
                Some(key) => format!("{key:?} is missing"),
                None => format!("{} are missing", json.any.join(", ")),
            };
            let nearest = format.source.name();
            format!("unrecognised record; closest format {nearest}, but {what} (keys: {names}){MAP_HINT}")
        }
        _ => format!("unrecognised record (keys: {names}){MAP_HINT}"),
    }
}
