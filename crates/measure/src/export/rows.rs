//! The rows of an export.

use super::super::tabular::{hashtag_row, video_row};
use super::super::videos::view;
use super::READING;
use super::reading::{Part, Videos};
use domain::observation::HashtagCounts;
use domain::{Count, Hashtag};
use std::io::{self, Write};
use store::snapshots::{HashtagReading, Snapshot};
use tables::{Value, Writer};

/// Writes the rows of a part.
pub(super) fn write<W: Write + Send>(part: &Part, writer: &mut Writer<W>) -> io::Result<()> {
    match part {
        Part::Hashtags(hashtags) => hashtags.iter().try_for_each(|hashtag| writer.row(&hashtag_row(hashtag))),
        Part::Readings(hashtags, readings) => write_readings(hashtags, readings, writer),
        Part::Videos(Videos { videos, packed, names }) => {
            let mut both = videos.iter().zip(packed);
            both.try_for_each(|(video, packed)| writer.row(&video_row(&view(video, packed, names))))
        }
    }
}

/// Writes readings. Both lists are ascending. Skips readings of other hashtags, which were recorded meanwhile.
fn write_readings<W: Write + Send>(
    hashtags: &[Hashtag],
    readings: &[HashtagReading],
    writer: &mut Writer<W>,
) -> io::Result<()> {
    for readings in readings.chunk_by(|one, next| one.hashtag == next.hashtag) {
        let row = readings[0].hashtag;
        let Ok(place) = hashtags.binary_search_by_key(&row, |hashtag| hashtag.row) else { continue };
        let id = hashtags[place].id.map(|id| id.to_string());
        let id = id.as_deref().map_or(Value::Absent, Value::id_of);
        for reading in readings {
            writer.row(&reading_row(id.clone(), hashtags[place].tag.name(), &reading.snapshot))?;
        }
    }
    Ok(())
}

fn reading_row<'a>(
    id: Value<'a>,
    name: &'a str,
    reading: &Snapshot<HashtagCounts>,
) -> [Value<'a>; READING.len()] {
    let count = |count: Option<Count>| count.map_or(Value::Absent, |count| Value::count(count.value()));
    let counts = &reading.counts;
    [
        id,
        Value::text(name),
        Value::Time(reading.observed_at),
        Value::text(reading.source.name()),
        count(counts.views),
        count(counts.creators),
        count(counts.videos),
        counts.views.map_or(Value::Absent, |views| Value::Flag(views.is_rounded())),
        counts.views.map_or(Value::Absent, |views| Value::count(views.resolution())),
    ]
}
