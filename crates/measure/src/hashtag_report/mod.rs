//! A report on hashtags: each by itself, and several side by side, with the method.

mod hashtag;

mod method;

mod together;

use crate::shown::{per_cent, tag};
use crate::{HistoryQuery, HistoryView, Measure, MeasureError, Meta, POINTS_MAX, PointView};
use charts::report::{Brand, Report, ReportColumn, ReportTable};
use charts::{day, grouped, human};
use domain::metrics::{Mode, Step};
use domain::{AccountId, Hashtag, Moment, Timestamp, UtcDay};

/// Period of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportSpan {
    /// Its beginning; `None` for all before its end.
    pub from: Option<Timestamp>,
    /// Its end, included; `None` for all since its beginning.
    pub to: Option<Timestamp>,
    /// Account whose annotations the charts have.
    pub account_id: Option<AccountId>,
}

/// Makes the report on hashtags, with this heading or their names. True beside it if it is empty: no reading and no video of
/// the period is stored.
pub async fn hashtag_report(
    measure: &Measure,
    hashtags: &[Hashtag],
    span: ReportSpan,
    title: Option<String>,
) -> Result<(Report, bool), MeasureError> {
    let mut sections = Vec::new();
    if hashtags.len() > 1 {
        sections.push(together::section(measure, hashtags, span).await?);
    }
    let mut is_empty = true;
    for hashtag in hashtags {
        let (section, has_something) = hashtag::section(measure, hashtag, span).await?;
        is_empty &= !has_something;
        sections.push(section);
    }
    let names: Vec<String> = hashtags.iter().map(|hashtag| tag(hashtag.tag.name())).collect();
    let report = Report {
        title: title.unwrap_or_else(|| names.join(", ")),
        subtitle: subtitle(&names, span),
        generated_at: measure.catalog().clock().now(),
        zone: domain::Zone::UTC,
        brand: Brand::default(),
        notice: String::new(),
        sections,
        method: method::terms(hashtags.len() > 1),
    };
    Ok((report, is_empty))
}

fn subtitle(names: &[String], frame: ReportSpan) -> String {
    let span = match (frame.from, frame.to) {
        (None, None) => "all stored data".to_owned(),
        (Some(from), None) => format!("from {}", day(from)),
        (None, Some(to)) => format!("until {}", day(to)),
        (Some(from), Some(to)) => format!("{} to {}", day(from), day(to)),
    };
    let what = if names.len() == 1 { "TikTok hashtag" } else { "TikTok hashtags" };
    format!("{what} {} · {span}", names.join(", "))
}

impl ReportSpan {
    /// Returns the query of a hashtag's whole history within the period.
    fn history(self, step: Step, mode: Mode) -> HistoryQuery {
        let (from, to) = (self.from.map(Moment::At), self.to.map(Moment::At));
        HistoryQuery {
            from,
            to,
            step,
            mode,
            limit: POINTS_MAX,
            account_id: self.account_id,
            ..HistoryQuery::default()
        }
    }

    /// Describes the videos of the benchmark, the related hashtags and the creators, which ignore the end of
    /// the period.
    fn videos(self) -> String {
        match (self.from, self.to) {
            (None, None) => String::new(),
            (Some(from), None) => format!(" posted since {}", day(from)),
            (None, Some(to)) => format!(" posted at any time, also after {}", day(to)),
            (Some(from), Some(to)) => format!(" posted since {}, also after {}", day(from), day(to)),
        }
    }
}

/// Returns a table with headings as on the screen: `>` before the name of a column of numbers.
fn table(caption: String, headings: &[&str], rows: Vec<Vec<String>>) -> ReportTable {
    let column = |heading: &&str| ReportColumn {
        name: heading.trim_start_matches('>').to_owned(),
        is_number: heading.starts_with('>'),
    };
    ReportTable { caption, columns: headings.iter().map(column).collect(), rows, ..ReportTable::default() }
}

/// Returns true if fewer than half of the days have a reading: days without one are no gaps then.
fn is_sparse(daily: &HistoryView) -> bool {
    let at = |point: Option<&PointView>| Some(UtcDay::of(point?.at));
    let days = at(daily.points.first()).zip(at(daily.points.last()));
    days.is_some_and(|(first, last)| {
        i64::try_from(daily.points.len()).unwrap_or(i64::MAX).saturating_mul(2)
            < last.number() - first.number()
    })
}

/// Describes the readings that are the points of a step.
fn readings(step: &str) -> &'static str {
    if step == "raw" { "every reading" } else { "the last reading of each day" }
}

/// Formats a total in three digits.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn short(number: u64) -> String {
    human(number as f64)
}

/// Returns the notes on answers, each once: their samples and caveats.
fn notes<'a>(metas: impl IntoIterator<Item = &'a Meta>) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let mut say = |note: String| {
        if !notes.contains(&note) {
            notes.push(note);
        }
    };
    let mut caveats = Vec::new();
    for meta in metas {
        if let Some(sample) = &meta.sample {
            let of_all = match (sample.reported_videos, sample.coverage) {
                (Some(all), Some(coverage)) => {
                    format!(", of {} that TikTok reports ({})", grouped(all), per_cent(coverage))
                }
                _ => "; TikTok reports no total".to_owned(),
            };
            say(format!(
                "Sample: {} of {} stored videos{of_all}.",
                grouped(sample.videos),
                grouped(sample.held_videos)
            ));
        }
        caveats.extend(meta.caveats.iter().map(|caveat| caveat.text.clone()));
    }
    caveats.into_iter().for_each(say);
    notes
}
