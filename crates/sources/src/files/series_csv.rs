//! View-count series as CSV: one row a reading, with the columns `snapshot_utc`, `views`, and `challenge_name` or
//! `title`, in any order and among others; `challenge_id` and `description` are used where they are.

use super::format::{Format, Kind, ReadLine, Text};
use crate::csv::Header;
use crate::json::id::Id;
use crate::json::lenient::clean;
use crate::json::number::{self, Number};
use crate::reading::{Reading, Refusal};
use domain::observation::{HashtagCounts, HashtagDetails, HashtagObservation, TagRef};
use domain::{Source, Tag, Timestamp};

pub(crate) static FORMAT: Format = Format {
    source: Source::Series,
    shape: "CSV with the columns `snapshot_utc`, `challenge_id`, `challenge_name`, `views`",
    made_by: "trackers",
    kind: Kind::Text(Text {
        first_line: "column names, among them snapshot_utc, views, and challenge_name or title",
        is_quoted: true,
        fits: |line| Columns::of(&Header::of(line)).is_some(),
        open: |line, _| {
            let header = Header::of(line);
            let columns = Columns::of(&header).ok_or("snapshot_utc, views or challenge_name is missing")?;
            Ok(Box::new(Rows { header, columns }))
        },
    }),
};

/// Where the columns are.
struct Columns {
    at: usize,
    views: usize,
    name: usize,
    id: Option<usize>,
    description: Option<usize>,
}

impl Columns {
    fn of(header: &Header) -> Option<Self> {
        Some(Self {
            at: header.column("snapshot_utc")?,
            views: header.column("views")?,
            name: header.column("challenge_name").or(header.column("title"))?,
            id: header.column("challenge_id"),
            description: header.column("description"),
        })
    }
}

struct Rows {
    header: Header,
    columns: Columns,
}

impl ReadLine for Rows {
    fn read(&mut self, record: &[u8], reading: &mut Reading<'_>) -> Result<(), Refusal> {
        let text = String::from_utf8_lossy(record);
        let Some(cells) = self.header.cells(&text) else { return Ok(()) };
        let cell = |column: usize, name: &str| {
            cells.get(column).ok_or_else(|| format!("the row has {} cells, too few for {name}", cells.len()))
        };
        let at = cell(self.columns.at, "snapshot_utc")?;
        let at = Timestamp::parse(at).ok_or_else(|| format!("snapshot_utc: {at:?} is not a time"))?;
        let views = cell(self.columns.views, "views")?;
        let count = Number(number::from_text(views)).rounded("views")?;
        let tag = Tag::new(cell(self.columns.name, "challenge_name")?)
            .map_err(|why| format!("challenge_name: {why}"))?;
        let id = self.columns.id.and_then(|column| cells.get(column));
        let description = self.columns.description.and_then(|column| cells.get(column));
        reading.hashtag(HashtagObservation {
            tag: TagRef { tag, id: id.and_then(|id| Id::Text(id.trim().into()).hashtag()) },
            source: Source::Series,
            observed_at: Some(at),
            counts: HashtagCounts {
                views: Some(count.ok_or_else(|| format!("views: {views:?} is not a number"))?),
                ..HashtagCounts::default()
            },
            details: HashtagDetails {
                description: description.map(|text| clean(text)).filter(|text| !text.is_empty()),
                ..HashtagDetails::default()
            },
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        let has_all = |line| Columns::of(&Header::of(line)).is_some();
        assert!(has_all("rank,Views,title,snapshot_utc"));
        assert!(!has_all("snapshot_utc,views"));
    }
}
