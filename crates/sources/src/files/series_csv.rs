//! View-count series as CSV: one row per reading, with the columns `snapshot_utc`, `views`, and `challenge_name` or
//! `title`, in any order and among others; `challenge_id` and `description` are optional.

use super::format::{Format, Kind, Table};
use crate::json::id::Id;
use crate::json::lenient::clean;
use crate::json::number::{self, Number};
use crate::reading::{Reading, Refusal};
use crate::table::{Header, ReadRow, Row};
use domain::observation::{HashtagCounts, HashtagDetails, HashtagObservation, TagRef};
use domain::{Source, Tag, Timestamp};

pub(crate) static FORMAT: Format = Format {
    source: Source::Series,
    shape: "CSV with the columns `snapshot_utc`, `challenge_id`, `challenge_name`, `views`",
    made_by: "trackers",
    kind: Kind::Table(Table {
        columns: "column names, among them snapshot_utc, views, and challenge_name or title",
        fits: |header| Columns::of(header).is_some(),
        open: |header, _| {
            let columns = Columns::of(header).ok_or("snapshot_utc, views or challenge_name is missing")?;
            Ok(Box::new(columns))
        },
    }),
};

/// Column positions.
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

impl ReadRow for Columns {
    fn cells_needed(&self) -> usize {
        self.at.max(self.views).max(self.name) + 1
    }

    fn read(&mut self, row: &Row<'_>, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        let cell = |column: usize| row.get(column).unwrap_or_default();
        let at = cell(self.at);
        let at = Timestamp::parse(at).ok_or_else(|| format!("snapshot_utc: {at:?} is not a time"))?;
        let views = cell(self.views);
        let count = Number(number::from_text(views)).web("views")?;
        let tag = Tag::new(cell(self.name)).map_err(|why| format!("challenge_name: {why}"))?;
        let id = self.id.and_then(|column| row.get(column));
        let description = self.description.and_then(|column| row.get(column));
        reading.hashtag(HashtagObservation {
            tag: TagRef { tag, id: id.and_then(|id| Id::Text(id.trim().into()).hashtag()) },
            source: Source::Series,
            observed_at: Some(at),
            counts: HashtagCounts {
                views: Some(count.ok_or_else(|| format!("views: {views:?} is not a number"))?),
                ..HashtagCounts::default()
            },
            details: HashtagDetails {
                description: description.map(clean).filter(|text| !text.is_empty()),
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
        let has_all = |line: &'static str| Columns::of(&Header::new(line.split(','))).is_some();
        assert!(has_all("rank,Views,title,snapshot_utc"));
        assert!(!has_all("snapshot_utc,views"));
    }
}
