//! The Creative Center's lists as CSV: one row per hashtag, country and day, with the columns `hashtag_name`,
//! `video_views` or `publish_count`, and `crawl_date`, in any order. Rows of its own answers, as pandas writes them,
//! have no `crawl_date`: their period ends on the last day of `trend`, or at the stated reading time.

use super::format::{Format, Kind, Table};
use crate::json::id::Id;
use crate::json::lenient::clean;
use crate::json::number::{self, Number};
use crate::literal::{is_bracketed, is_nothing, parse};
use crate::reading::{Reading, Refusal};
use crate::table::{Header, ReadRow, Row};
use domain::observation::{TagRef, WindowObservation};
use domain::{Source, Tag, Timestamp};
use serde_json::Value;

pub(crate) static FORMAT: Format = Format {
    source: Source::CreativeCenter,
    shape: "CSV with the columns `hashtag_name`, `video_views` or `publish_count`, and `crawl_date`, `trend` or `country_info`",
    made_by: "TikTok Creative Center",
    kind: Kind::Table(Table {
        columns: "column names, among them hashtag_name, video_views or publish_count, and crawl_date, trend or country_info",
        fits: |header| Columns::of(header).is_some(),
        open: |header, _| {
            let columns =
                Columns::of(header).ok_or("hashtag_name, video_views, crawl_date or trend is missing")?;
            Ok(Box::new(Rows { columns, last: None }))
        },
    }),
};

/// Column positions.
struct Columns {
    name: usize,
    date: Option<usize>,
    trend: Option<usize>,
    time: Option<usize>,
    id: Option<usize>,
    country: Option<usize>,
    rank: Option<usize>,
    views: Option<usize>,
    posts: Option<usize>,
    industry: Option<usize>,
    /// The same as an object in a cell.
    country_info: Option<usize>,
    industry_info: Option<usize>,
    window_days: Option<usize>,
}

impl Columns {
    fn of(header: &Header) -> Option<Self> {
        let column = |name: &str| header.column(name);
        let (views, posts) = (column("video_views"), column("publish_count").or(column("publish_cnt")));
        views.or(posts)?;
        let (date, trend, country_info) = (column("crawl_date"), column("trend"), column("country_info"));
        date.or(trend).or(country_info)?;
        Some(Self {
            name: column("hashtag_name")?,
            date,
            trend,
            country_info,
            industry_info: column("industry_info"),
            time: column("crawl_time"),
            id: column("hashtag_id"),
            country: column("country").or(column("country_code")),
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
    /// The last date and time cells, parsed: all rows of a list share one moment.
    last: Option<(String, String, Timestamp)>,
}

impl Rows {
    /// Returns the reading time of a row.
    fn at(&mut self, date: &str, time: &str) -> Result<Timestamp, String> {
        if let Some((known, known_time, at)) = &self.last
            && (known.as_str(), known_time.as_str()) == (date, time)
        {
            return Ok(*at);
        }
        let at = if time.is_empty() {
            Timestamp::parse(date)
        } else {
            Timestamp::parse(&format!("{date} {time}"))
        };
        let at =
            at.ok_or_else(|| format!("crawl_date: {:?} is not a time", format!("{date} {time}").trim()))?;
        let (known, known_time, known_at) =
            self.last.get_or_insert_with(|| (String::new(), String::new(), at));
        date.clone_into(known);
        time.clone_into(known_time);
        *known_at = at;
        Ok(at)
    }
}

impl ReadRow for Rows {
    fn cells_needed(&self) -> usize {
        self.columns.name.max(self.columns.date.unwrap_or(0)) + 1
    }

    fn read(&mut self, row: &Row<'_>, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        let cell_of = |column: Option<usize>| column.and_then(|at| row.get(at)).map(str::trim);
        let count = |column: Option<usize>, name: &str| match cell_of(column) {
            None => Ok(None),
            Some(text) if is_nothing(text) => Ok(None),
            Some(text) => Number(number::from_text(text))
                .count(name)?
                .map(Some)
                .ok_or_else(|| format!("{name}: {text:?} is not a number")),
        };
        let tag = Tag::new(row.get(self.columns.name).unwrap_or_default())
            .map_err(|why| format!("hashtag_name: {why}"))?;
        let observed_at = match cell_of(self.columns.date).filter(|date| !is_nothing(date)) {
            Some(date) => self.at(date, cell_of(self.columns.time).unwrap_or_default())?,
            None => {
                let last = cell_of(self.columns.trend).and_then(last_day);
                last.or(reading.observed_at).ok_or_else(|| NO_TIME.to_owned())?
            }
        };
        let columns = &self.columns;
        let named = |plain: Option<usize>, object: Option<usize>| match cell_of(plain)
            .filter(|cell| !is_nothing(cell))
        {
            Some(cell) if !is_bracketed(cell) => clean(cell),
            cell => cell.or(cell_of(object)).map(name_of).unwrap_or_default(),
        };
        let days = count(columns.window_days, "period")?;
        reading.window(WindowObservation {
            tag: TagRef { tag, id: cell_of(columns.id).and_then(|id| Id::Text(id.into()).hashtag()) },
            source: Source::CreativeCenter,
            observed_at,
            country: named(columns.country, columns.country_info),
            window_days: days.and_then(|days| u32::try_from(days).ok()),
            views: count(columns.views, "video_views")?,
            posts: count(columns.posts, "publish_count")?,
            rank: count(columns.rank, "rank")?,
            industry: named(columns.industry, columns.industry_info),
        });
        Ok(())
    }
}

/// Reject reason of a row without any time.
const NO_TIME: &str = "it does not tell when it was read, and a sum over a window means nothing without that: state it with --observed-at";

/// Returns the last day of a curve: `[{'date': 1763424000, 'value': 0.15}]`.
fn last_day(cell: &str) -> Option<Timestamp> {
    let Value::Array(points) = parse(cell)? else { return None };
    let day = |point: &Value| {
        let day = point.get("date").or(point.get("time"))?;
        day.as_i64().or_else(|| day.as_str()?.parse().ok())
    };
    points.iter().filter_map(day).max().and_then(Timestamp::from_source)
}

/// Returns the name in an object: `{'id': 'MY', 'value': 'Malaysia'}`.
fn name_of(cell: &str) -> String {
    let object = parse(cell).unwrap_or_default();
    let text = |key| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text("value").or(text("id")).or(text("label")).map(clean).unwrap_or_default()
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
