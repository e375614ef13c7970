//! Zeeschuimer's NDJSON: a web item under `data`, and when the browser saw it.

use super::format::{Format, Json, Kind};
use super::web_item;
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
    kind: Kind::Json(Json { all: &["data", "timestamp_collected"], any: &[], within: &[], read }),
};

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Line<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    timestamp_collected: Option<Number>,
    #[serde(default)]
    source_platform: Text<'a>,
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let line: Line<'_> = serde_json::from_str(raw)?;
    let (Some(data), Some(collected)) = (line.data, line.timestamp_collected) else {
        return Err(Refusal::Shape);
    };
    if !line.source_platform.is_empty() && !line.source_platform.contains("tiktok") {
        return Err(format!("an item of {}, not of tiktok.com", &*line.source_platform).into());
    }
    reading.source = Some(Source::Zeeschuimer);
    reading.observed_at = collected.int().and_then(Timestamp::of_reading).or(reading.observed_at);
    match web_item::read(data.get(), reading) {
        Err(Refusal::Shape) => Err("`data` is no video: deleted, or of another kind".to_owned().into()),
        other => other,
    }
}
