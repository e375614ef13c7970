//! Zeeschuimer's NDJSON: a web item under `data`, with the time at which the browser saw it.

use super::foreign::{self, named, of_platform};
use super::format::{Format, Json, Kind};
use super::web_item;
use crate::json::keys::Keys;
use crate::json::lenient::Text;
use crate::json::number::Number;
use crate::reading::{Reading, Refusal};
use domain::{Source, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) static FORMAT: Format = Format {
    source: Source::Zeeschuimer,
    shape: "NDJSON of web items under `data`, with `timestamp_collected`",
    made_by: "Zeeschuimer, 4CAT",
    kind: Kind::Json(Json {
        all: &["data"],
        any: &["timestamp_collected", "last_updated"],
        none: &[],
        within: &[],
        read,
    }),
};

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Line<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    timestamp_collected: Option<Number>,
    /// Last reading time. With "update", the other field stays the first time.
    last_updated: Option<Number>,
    #[serde(default)]
    source_platform: Text<'a>,
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let line: Line<'_> = serde_json::from_str(raw)?;
    let Some(data) = line.data else { return Err(Refusal::Shape) };
    if let Some(kind) = of_platform(&line.source_platform) {
        return Err(Refusal::Foreign(kind, named(kind, &line.source_platform)));
    }
    reading.source = Some(Source::Zeeschuimer);
    reading.observed_at = read_at(line.last_updated, line.timestamp_collected).or(reading.observed_at);
    match web_item::read(data.get(), reading) {
        Err(Refusal::Shape) => match foreign::of(&Keys::of(data.get().as_bytes())) {
            Some(kind) => Err(Refusal::Foreign(kind, None)),
            None => Err("`data` is no video: deleted, or of another kind".to_owned().into()),
        },
        other => other,
    }
}

/// Returns the reading time of an item: the last one, if known.
pub(crate) fn read_at(updated: Option<Number>, collected: Option<Number>) -> Option<Timestamp> {
    let at = |number: Option<Number>| number.and_then(Number::int).and_then(Timestamp::of_reading);
    at(updated).or(at(collected))
}
