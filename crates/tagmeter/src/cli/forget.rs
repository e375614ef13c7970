//! The command line of `tagmeter forget`.

use super::Json;
use clap::Args;
use std::path::PathBuf;

/// `tagmeter forget`
#[derive(Debug, Args)]
pub(crate) struct Forget {
    /// Creators, by their handles with @: all of their videos, and their handles
    #[arg(value_name = "@HANDLE", required_unless_present_any = ["ids", "handles", "asked"])]
    pub(crate) creators: Vec<String>,
    /// List of videos: an id or a link a line, or JSON; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) ids: Option<PathBuf>,
    /// List of creators: a handle or a link a line; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) handles: Option<PathBuf>,
    /// Videos submitted to TikTok's compliance API: forget those that --valid does not list
    #[arg(long, value_name = "FILE", requires = "valid")]
    pub(crate) asked: Option<PathBuf>,
    /// Videos that TikTok's compliance API lists as still valid
    #[arg(long, value_name = "FILE", requires = "asked")]
    pub(crate) valid: Option<PathBuf>,
    /// Trust the list of valid videos as complete, even if it lacks more than half, or its end
    #[arg(long, requires = "valid")]
    pub(crate) complete: bool,
    /// Print what would be forgotten, and change nothing
    #[arg(long, conflicts_with_all = ["yes", "allow_again"])]
    pub(crate) dry_run: bool,
    /// Forget it
    #[arg(long, conflicts_with = "allow_again")]
    pub(crate) yes: bool,
    /// Rewrite the tables at the end, so that no bytes of deleted rows remain; locks them meanwhile
    #[arg(long, requires = "yes")]
    pub(crate) rewrite: bool,
    /// Let later imports store again what was forgotten
    #[arg(long)]
    pub(crate) allow_again: bool,
    #[command(flatten)]
    pub(crate) output: Json,
}
