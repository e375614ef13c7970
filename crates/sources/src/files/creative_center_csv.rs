//! The Creative Center's lists as CSV: one row a hashtag, country and day, with the columns `hashtag_name`, `video_views`
//! or `publish_count`, and `crawl_date`, in any order and among others.

use super::format::{Format, Kind, Table};
use crate::json::id::Id;
use crate::json::lenient::clean;
use crate::json::number::{self, Number};
use crate::reading::{Reading, Refusal};
use crate::table::{Header, ReadRow, Row};
use domain::observation::{TagRef, WindowObservation};
use domain::{Source, Tag, Timestamp};

pub(crate) static FORMAT: Format = Format {
    source: Source::CreativeCenter,
    shape: "CSV with the columns `hashtag_name`, `video_views` or `publish_count`, `crawl_date`",
    made_by: "TikTok Creative Center",
    kind: Kind::Table(Table {
        columns: "column names, among them hashtag_name, crawl_date, and video_views or publish_count",
        fits: |header| Columns::of(header).is_some(),
        open: |header, _| {
            let columns = Columns::of(header).ok_or("hashtag_name, crawl_date or video_views is missing")?;
            Ok(Box::new(Rows { columns, last: None }))
        },
    }),
};

/// Where the columns are.
struct Columns {
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
    fn of(header: &Header) -> Option<Self> {
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
        })
    }
}

struct Rows {
    columns: Columns,
    /// The last date and time, and what they mean: a list is of one moment.
    last: Option<(String, Timestamp)>,
}

impl Rows {
    /// When a row was read.
    fn at(&mut self, date: &str, time: &str) -> Result<Timestamp, String> {
        if let Some((known, at)) = &self.last
            && known.strip_prefix(date).and_then(|rest| rest.strip_prefix(' ')) == Some(time)
        {
            return Ok(*at);
        }
        let text = format!("{date} {time}");
        let at = Timestamp::parse(text.trim())
            .ok_or_else(|| format!("crawl_date: {:?} is not a time", text.trim()))?;
        self.last = Some((text, at));
        Ok(at)
    }
}

impl ReadRow for Rows {
    fn cells_needed(&self) -> usize {
        self.columns.name.max(self.columns.date) + 1
    }

    fn read(&mut self, row: &Row<'_>, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        let told = |column: Option<usize>| column.and_then(|at| row.get(at)).map(str::trim);
        let count = |column: Option<usize>, name: &str| match told(column) {
            None | Some("") => Ok(None),
            Some(text) => Number(number::from_text(text))
                .count(name)?
                .map(Some)
                .ok_or_else(|| format!("{name}: {text:?} is not a number")),
        };
        let tag = Tag::new(row.get(self.columns.name).unwrap_or_default())
            .map_err(|why| format!("hashtag_name: {why}"))?;
        let date = told(Some(self.columns.date)).unwrap_or_default();
        let observed_at = self.at(date, told(self.columns.time).unwrap_or_default())?;
        let columns = &self.columns;
        let days = count(columns.window_days, "period")?;
        reading.window(WindowObservation {
            tag: TagRef { tag, id: told(columns.id).and_then(|id| Id::Text(id.into()).hashtag()) },
            source: Source::CreativeCenter,
            observed_at,
            country: told(columns.country).map(clean).unwrap_or_default(),
            window_days: days.and_then(|days| u32::try_from(days).ok()),
            views: count(columns.views, "video_views")?,
            posts: count(columns.posts, "publish_count")?,
            rank: count(columns.rank, "rank")?,
            industry: told(columns.industry).map(clean).unwrap_or_default(),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        let fits = |line: &'static str| Columns::of(&Header::new(line.split(','))).is_some();
        assert!(fits("hashtag_id,hashtag_name,country,rank,video_views,publish_count,crawl_date"));
        assert!(fits("crawl_date,Hashtag_Name,publish_cnt"));
        assert!(!fits("hashtag_name,video_views") && !fits("hashtag_name,crawl_date"));
    }
}
