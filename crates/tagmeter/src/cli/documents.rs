//! The command lines of report files: where they are written and in whose name.

use charts::report::{Accent, Colour};
use clap::Args;
use measure::parameters::one_of;
use reports::Format;
use std::path::PathBuf;

/// Format, heading and look of a report.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReportForm {
    /// Format, whatever the file's extension
    #[arg(long, value_name = "FORMAT", value_parser = one_of::<Format>())]
    pub(crate) format: Option<Format>,
    /// Heading of the report
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    #[command(flatten)]
    pub(crate) look: Look,
    /// Overwrite an existing file
    #[arg(long)]
    pub(crate) force: bool,
}

/// The look of a report.
#[derive(Debug, Clone, Args)]
pub(crate) struct Look {
    /// Logo: a PNG or SVG file of at most 512 KiB
    #[arg(long, value_name = "FILE")]
    pub(crate) logo: Option<PathBuf>,
    /// Colour of rules and bars, as #rrggbb
    #[arg(long, value_name = "COLOR")]
    pub(crate) color: Option<Colour>,
    /// Colour of the first line of each chart, as #rrggbb: dark enough for white paper
    #[arg(long, value_name = "COLOR")]
    pub(crate) accent: Option<Accent>,
    /// Name of the sender
    #[arg(long, value_name = "NAME")]
    pub(crate) sender: Option<String>,
}
