//! The command lines of the measuring commands: histories, trends, benchmarks, comparisons, files and reports.

use super::Json;
use super::documents::ReportForm;
use super::trackers::Owner;
use crate::measured::FileFormat;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args};
use domain::Moment;
use domain::metrics::{TrendWindow, Weights};
use measure::parameters::one_of;
use measure::{
    AsOfQuery, BenchmarkQuery, COMPARED_MAX, CompareQuery, CreatorsQuery, ExportQuery, HISTORY_LIMIT_MAX,
    HistoryQuery, LIMIT, LIMIT_MAX, RelatedQuery, TrendingQuery,
};
use sharing::{DAYS_DEFAULT, DAYS_MAX};
use std::path::PathBuf;

/// Output format of an answer.
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

/// Restricts `--format` to formats of rows, for commands that draw no chart.
fn of_rows(format: Arg) -> Arg {
    format.value_parser(format_of(FileFormat::ROWS))
}

/// An output file and its format.
#[derive(Debug, Clone, Args)]
pub(crate) struct File {
    /// Write to this file, in the format of its extension; - for standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Format, whatever the file's extension
    #[arg(long, value_name = "FORMAT", value_parser = format_of(FileFormat::ALL))]
    pub(crate) format: Option<FileFormat>,
    /// Overwrite an existing file
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

/// A period of time.
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
    #[command(flatten)]
    pub(crate) query: HistoryQuery,
    #[command(flatten)]
    pub(crate) as_of: AsOfQuery,
    /// Maximum number of points, the newest, 1 to 10,000; 0 for all [default: 60 in a table, all elsewhere]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(HISTORY_LIMIT_MAX)))]
    pub(crate) limit: Option<u32>,
    /// Address of the account whose annotations are shown. Without it, the only account's, if there is one
    #[arg(long, value_name = "EMAIL")]
    pub(crate) account: Option<String>,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `tagmeter trending`
#[derive(Debug, Args)]
#[command(mut_arg("format", of_rows))]
pub(crate) struct Trending {
    #[command(flatten)]
    pub(crate) query: TrendingQuery,
    /// Maximum number of rows to show
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
    #[command(flatten)]
    pub(crate) query: BenchmarkQuery,
    #[command(flatten)]
    pub(crate) as_of: AsOfQuery,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `tagmeter related`
#[derive(Debug, Args)]
#[command(mut_arg("format", of_rows))]
pub(crate) struct Related {
    /// Tag name, with or without #, or TikTok's id
    #[arg(value_name = "NAME|ID")]
    pub(crate) hashtag: String,
    #[command(flatten)]
    pub(crate) query: RelatedQuery,
    /// Maximum number of rows to show
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
    #[command(flatten)]
    pub(crate) query: CreatorsQuery,
    #[command(flatten)]
    pub(crate) as_of: AsOfQuery,
    /// Maximum number of creators to show; 0 for all
    #[arg(long, value_name = "N", default_value_t = LIMIT)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `tagmeter compare`
#[derive(Debug, Args)]
pub(crate) struct Compare {
    #[command(flatten)]
    pub(crate) query: CompareQuery,
    #[command(flatten)]
    pub(crate) as_of: AsOfQuery,
    /// Address of the account whose annotations the series have. Without it, the only account's, if there is one
    #[arg(long, value_name = "EMAIL")]
    pub(crate) account: Option<String>,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// `tagmeter export`
#[derive(Debug, Args)]
#[command(mut_arg("format", of_rows))]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) query: ExportQuery,
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
    /// Write the report to this file, in the format of its extension; - for standard output
    #[arg(short, long, value_name = "FILE", required_unless_present_any = ["frozen_link", "live_link"])]
    pub(crate) output: Option<PathBuf>,
    /// Share the report by a link that shows the numbers of now whenever it is opened, and print the link
    #[arg(long, conflicts_with_all = ["output", "format", "force", "live_link"])]
    pub(crate) frozen_link: bool,
    /// Share the report by a link that shows the numbers of the moment it is opened, and print the link
    #[arg(long, conflicts_with_all = ["output", "format", "force"])]
    pub(crate) live_link: bool,
    /// Days until the link expires
    #[arg(long, value_name = "DAYS", default_value_t = DAYS_DEFAULT, value_parser = clap::value_parser!(u16).range(1..=i64::from(DAYS_MAX)), conflicts_with = "output")]
    pub(crate) days: u16,
    #[command(flatten)]
    pub(crate) form: ReportForm,
    #[command(flatten)]
    pub(crate) span: Span,
    #[command(flatten)]
    pub(crate) owner: Owner,
    /// Print a JSON summary: the file, its format, hashtags and bytes; or the share
    #[arg(long)]
    pub(crate) json: bool,
}

/// `tagmeter backtest`
#[derive(Debug, Args)]
pub(crate) struct Backtest {
    /// Days between two rankings
    #[arg(long, value_name = "DAYS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub(crate) every: u32,
    /// Window of the z-score
    #[arg(long, default_value_t, value_parser = one_of::<TrendWindow>())]
    pub(crate) window: TrendWindow,
    /// Judge these weights as well, such as zscore=2,pace=1; components not named are as by default: pace 1,
    /// all others 0
    #[arg(long, value_name = "COMPONENT=WEIGHT,...")]
    pub(crate) weights: Option<Weights>,
    /// Only days from this time on: a day, a moment or a length of time back from now, such as 90d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<Moment>,
    /// Learn the probabilities from this store, which needs 10,000 tag-days of outcomes, and use them from now
    /// on
    #[arg(long, conflicts_with = "published")]
    pub(crate) renew: bool,
    /// Use the published probabilities again
    #[arg(long)]
    pub(crate) published: bool,
    #[command(flatten)]
    pub(crate) output: Json,
}
