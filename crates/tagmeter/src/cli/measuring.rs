//! The command lines of what measures: histories, trends, benchmarks, comparisons, files and reports.

use super::{Json, keyword};
use crate::measured::FileFormat;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args};
use domain::length::LengthError;
use domain::link::video_id;
use domain::metrics::{Mode, Step, TrendWindow, Weights};
use domain::{Length, Moment, VideoId};
use measure::{COMPARED_MAX, ExportOf, HISTORY_LIMIT_MAX, HistoryMetric, LIMIT, LIMIT_MAX};
use std::path::PathBuf;
use store::trends::TrendSort;
use strum::VariantArray;

/// Parses a value of a closed set by its name.
fn one_of<T>() -> impl TypedValueParser<Value = T>
where
    T: VariantArray + Into<&'static str> + Copy + Send + Sync,
{
    let name = |one: &T| -> &'static str { (*one).into() };
    PossibleValuesParser::new(T::VARIANTS.iter().map(name)).map(move |text| {
        // The parser before this one lets only these names through.
        *T::VARIANTS.iter().find(|one| name(one) == text).unwrap_or(&T::VARIANTS[0])
    })
}

/// How an answer is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct Shape {
    /// Print JSON
    #[arg(long, conflicts_with_all = ["csv", "output", "format"])]
    pub(crate) json: bool,
    /// Print CSV
    #[arg(long, conflicts_with_all = ["output", "format"])]
    pub(crate) csv: bool,
    #[command(flatten)]
    pub(crate) file: File,
}

/// Parses one of these formats by its name.
fn format_of<const N: usize>(formats: [FileFormat; N]) -> impl TypedValueParser<Value = FileFormat> {
    let names = PossibleValuesParser::new(formats.map(FileFormat::name));
    names.try_map(|name| FileFormat::named(&name).ok_or("no such format"))
}

/// Offers the formats of rows alone, for commands that draw no chart.
fn of_rows(format: Arg) -> Arg {
    format.value_parser(format_of(FileFormat::ROWS))
}

/// A file that is written.
#[derive(Debug, Clone, Args)]
pub(crate) struct File {
    /// Write to this file, in the format that its name ends in; - for standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Format, whatever the name of the file ends in
    #[arg(long, value_name = "FORMAT", value_parser = format_of(FileFormat::ALL))]
    pub(crate) format: Option<FileFormat>,
    /// Write over a file that is there
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

/// From when until when.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Span {
    /// From this time on: a day, a moment or a length of time back from now, such as 90min, 30d, 6mo or 1y
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<Moment>,
    /// Until this time; a day is included
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<Moment>,
}

/// `tagmeter history`
#[derive(Debug, Args)]
pub(crate) struct History {
    /// Tag name, with or without #, or TikTok's id
    #[arg(value_name = "NAME|ID")]
    pub(crate) hashtag: String,
    /// Which count
    #[arg(long, default_value_t, value_parser = one_of::<HistoryMetric>())]
    pub(crate) metric: HistoryMetric,
    #[command(flatten)]
    pub(crate) span: Span,
    /// Every reading, or the last one of each hour, day or week (UTC)
    #[arg(long, default_value_t, value_parser = one_of::<Step>())]
    pub(crate) step: Step,
    /// Totals, or what they grew by since the point before
    #[arg(long, default_value_t, value_parser = one_of::<Mode>())]
    pub(crate) mode: Mode,
    /// Leave readings that cannot be as they were told
    #[arg(long)]
    pub(crate) no_repair: bool,
    /// The newest points at most, 1 to 10,000; 0 for all [default: 60 in a table, all elsewhere]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(HISTORY_LIMIT_MAX)))]
    pub(crate) limit: Option<u32>,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `tagmeter trending`
#[derive(Debug, Args)]
#[command(mut_arg("format", of_rows))]
pub(crate) struct Trending {
    /// Within which window of time
    #[arg(long, default_value_t, value_parser = one_of::<TrendWindow>())]
    pub(crate) window: TrendWindow,
    /// Highest of this first
    #[arg(long, default_value_t, value_parser = one_of::<TrendSort>())]
    pub(crate) sort: TrendSort,
    /// Only hashtags of at least so many views
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) min_views: u64,
    /// Only hashtags that answer this keyword, as `tagmeter search` finds them
    #[arg(long, value_name = "TEXT", value_parser = keyword)]
    pub(crate) query: Option<String>,
    /// Rank by a score of weighted percentiles, such as zscore=2,pace=1; components that are not named keep theirs: pace 1,
    /// all others 0
    #[arg(long, value_name = "COMPONENT=WEIGHT,...")]
    pub(crate) weights: Option<Weights>,
    /// How many hashtags to show at most
    #[arg(long, value_name = "N", default_value_t = LIMIT, value_parser = clap::value_parser!(u32).range(1..=i64::from(LIMIT_MAX)))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `tagmeter benchmark`
#[derive(Debug, Args)]
#[command(mut_arg("format", of_rows))]
pub(crate) struct Benchmark {
    /// Tag name, with or without #, or TikTok's id
    #[arg(value_name = "NAME|ID")]
    pub(crate) hashtag: String,
    /// Only videos posted within this time back from now, such as 30d
    #[arg(long, value_name = "LENGTH", value_parser = window)]
    pub(crate) window: Option<Length>,
    /// Tell where so many plays would stand
    #[arg(long, value_name = "N")]
    pub(crate) plays: Option<u64>,
    /// Tell where such an engagement rate would stand, such as 0.08
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) engagement: Option<f64>,
    /// Tell where this video stands: its id, or the link of its page
    #[arg(long, value_name = "VIDEO", value_parser = video_id, conflicts_with_all = ["plays", "engagement"])]
    pub(crate) video: Option<VideoId>,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

fn window(text: &str) -> Result<Length, String> {
    let length: Length = text.parse().map_err(|why: LengthError| why.to_string())?;
    if length.is_zero() { Err("a window has some length, such as 30d".to_owned()) } else { Ok(length) }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate >= 0.0);
    rate.ok_or_else(|| "give reactions for each play, such as 0.08".to_owned())
}

/// `tagmeter related`
#[derive(Debug, Args)]
#[command(mut_arg("format", of_rows))]
pub(crate) struct Related {
    /// Tag name, with or without #, or TikTok's id
    #[arg(value_name = "NAME|ID")]
    pub(crate) hashtag: String,
    /// Only videos posted from this time on
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) since: Option<Moment>,
    /// List hashtags that go with everything too (fyp, foryou, viral ...)
    #[arg(long)]
    pub(crate) with_generic: bool,
    /// How many hashtags to show at most
    #[arg(long, value_name = "N", default_value_t = LIMIT, value_parser = clap::value_parser!(u32).range(1..=i64::from(LIMIT_MAX)))]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `tagmeter creators`
#[derive(Debug, Args)]
#[command(mut_arg("format", of_rows))]
pub(crate) struct Creators {
    /// Tag name, with or without #, or TikTok's id
    #[arg(value_name = "NAME|ID")]
    pub(crate) hashtag: String,
    /// Only videos posted from this time on
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) since: Option<Moment>,
    /// How many creators to show at most; 0 for all of them
    #[arg(long, value_name = "N", default_value_t = LIMIT)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `tagmeter compare`
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Tag names, with or without #, or TikTok's ids
    #[arg(value_name = "NAME|ID", required = true, num_args = 2..=COMPARED_MAX)]
    pub(crate) hashtags: Vec<String>,
    /// Which count the series are of
    #[arg(long, default_value_t, value_parser = one_of::<HistoryMetric>())]
    pub(crate) metric: HistoryMetric,
    #[command(flatten)]
    pub(crate) span: Span,
    /// Every reading, or the last one of each hour, day or week (UTC)
    #[arg(long, default_value_t, value_parser = one_of::<Step>())]
    pub(crate) step: Step,
    /// Divide each series by its own first value, times this, such as 100
    #[arg(long, value_name = "N", value_parser = index)]
    pub(crate) index: Option<f64>,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

fn index(text: &str) -> Result<f64, String> {
    let index = text.parse().ok().filter(|index| (f64::MIN_POSITIVE..=1e9).contains(index));
    index.ok_or_else(|| "give a number above 0, such as 100".to_owned())
}

/// `tagmeter export`
#[derive(Debug, Args)]
#[command(mut_arg("format", of_rows))]
pub(crate) struct Export {
    /// What to write: every hashtag with its totals, every reading as it was told, or every video, each once
    #[arg(value_name = "WHAT", value_parser = one_of::<ExportOf>())]
    pub(crate) what: ExportOf,
    /// Only of this hashtag (videos and history): a name, with or without #, or TikTok's id
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) hashtag: Option<String>,
    #[command(flatten)]
    pub(crate) file: File,
    /// Print a JSON summary: the file, its format, rows and bytes
    #[arg(long, requires = "output")]
    pub(crate) json: bool,
}

/// `tagmeter report`
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Tag names, with or without #, or TikTok's ids
    #[arg(value_name = "NAME|ID", required = true, num_args = 1..=COMPARED_MAX)]
    pub(crate) hashtags: Vec<String>,
    /// Write the page to this file; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Heading of the page
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    #[command(flatten)]
    pub(crate) span: Span,
    /// Write over a file that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print a JSON summary: the file, its hashtags and bytes
    #[arg(long)]
    pub(crate) json: bool,
}

/// `tagmeter backtest`
#[derive(Debug, Args)]
pub(crate) struct Backtest {
    /// Rank every so many days
    #[arg(long, value_name = "DAYS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub(crate) every: u32,
    /// The window of time of the z-score
    #[arg(long, default_value_t, value_parser = one_of::<TrendWindow>())]
    pub(crate) window: TrendWindow,
    /// Judge weights beside pace, such as zscore=2,pace=1; components that are not named keep theirs: pace 1, all others 0
    #[arg(long, value_name = "COMPONENT=WEIGHT,...")]
    pub(crate) weights: Option<Weights>,
    /// Only days from this time on: a day, a moment or a length of time back from now, such as 90d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<Moment>,
    /// Learn the probabilities anew on this store, which needs 10,000 tag-days of outcomes, and use them from now on
    #[arg(long, conflicts_with = "published")]
    pub(crate) renew: bool,
    /// Use the published probabilities again
    #[arg(long)]
    pub(crate) published: bool,
    #[command(flatten)]
    pub(crate) output: Json,
}
