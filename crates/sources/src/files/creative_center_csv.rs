//! The Creative Center's lists as CSV: one row a hashtag, country and day, with the columns `hashtag_name`, `video_views`
//! or `publish_count`, and `crawl_date`, in any order and among others.

use super::format::{Format, Kind, ReadLine, Text};
use crate::csv::Header;
use crate::json::id::Id;
use crate::json::lenient::clean;
use crate::json::number::{self, Number};
use crate::reading::{Reading, Refusal};
use domain::observation::{TagRef, WindowObservation};
use domain::{Source, Tag, Timestamp};

pub(crate) static FORMAT: Format = Format {
    source: Source::CreativeCenter,
    shape: "CSV with the columns `hashtag_name`, `video_views` or `publish_count`, `crawl_date`",
    made_by: "TikTok Creative Center",
    kind: Kind::Text(Text {
        first_line: "column names, among them hashtag_name, crawl_date, and video_views or publish_count",
        is_quoted: true,
        fits: |line| Columns::of(Header::of(line)).is_some(),
        open: |line, _| {
            let columns =
                Columns::of(Header::of(line)).ok_or("hashtag_name, crawl_date or video_views is missing")?;
            Ok(Box::new(columns))
        },
    }),
};

/// Where the columns are.
struct Columns {
    header: Header,
    name: usize,
    date: usize,
    time: Option<usize>,
    id: Option<usize>,
    country: Option<usize>,
    rank: Option<usize>,
    views: Option<usize>,
    posts: Option<usize>,
    industry: Option<usize>,
    window_days: Option<usize>,
}

impl Columns {
    fn of(header: Header) -> Option<Self> {
        let column = |name: &str| header.column(name);
        let (views, posts) = (column("video_views"), column("publish_count").or(column("publish_cnt")));
        views.or(posts)?;
        Some(Self {
            name: column("hashtag_name")?,
            date: column("crawl_date")?,
            time: column("crawl_time"),
            id: column("hashtag_id"),
            country: column("country"),
            rank: column("rank"),
            industry: column("industry_value").or(column("industry")),
            window_days: column("period"),
            views,
            posts,
            header,
        })
    }
}

impl ReadLine for Columns {
    fn read(&mut self, record: &[u8], reading: &mut Reading<'_>) -> Result<(), Refusal> {
        let text = String::from_utf8_lossy(record);
        let Some(cells) = self.header.cells(&text) else { return Ok(()) };
        let cell = |column: usize, name: &str| {
            cells.get(column).ok_or_else(|| format!("the row has {} cells, too few for {name}", cells.len()))
        };
        let told = |column: Option<usize>| column.and_then(|at| cells.get(at)).map(|text| text.trim());
        let count = |column: Option<usize>, name: &str| match told(column) {
            None | Some("") => Ok(None),
            Some(text) => Number(number::from_text(text))
                .count(name)?
                .map(Some)
                .ok_or_else(|| format!("{name}: {text:?} is not a number")),
        };
        let tag = Tag::new(cell(self.name, "hashtag_name")?).map_err(|why| format!("hashtag_name: {why}"))?;
        let at = format!("{} {}", cell(self.date, "crawl_date")?.trim(), told(self.time).unwrap_or(""));
        let observed_at = Timestamp::parse(at.trim())
            .ok_or_else(|| format!("crawl_date: {:?} is not a time", at.trim()))?;
        let days = count(self.window_days, "period")?;
        reading.window(WindowObservation {
            tag: TagRef { tag, id: told(self.id).and_then(|id| Id::Text(id.into()).hashtag()) },
            source: Source::CreativeCenter,
            observed_at,
            country: told(self.country).map(clean).unwrap_or_default(),
            window_days: days.and_then(|days| u32::try_from(days).ok()),
            views: count(self.views, "video_views")?,
            posts: count(self.posts, "publish_count")?,
            rank: count(self.rank, "rank")?,
            industry: told(self.industry).map(clean).unwrap_or_default(),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        let fits = |line| Columns::of(Header::of(line)).is_some();
        assert!(fits(
            "\"hashtag_id\",\"hashtag_name\",\"country\",\"rank\",\"video_views\",\"publish_count\",\"crawl_date\""
        ));
        assert!(fits("crawl_date;Hashtag_Name;publish_cnt"));
        assert!(!fits("hashtag_name,video_views") && !fits("hashtag_name,crawl_date"));
    }
}
