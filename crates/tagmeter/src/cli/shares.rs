//! The command lines of `tagmeter share`.

use super::Json;
use super::documents::Look;
use super::measuring::Span;
use super::trackers::Owner;
use clap::{Args, Subcommand};
use domain::ShareId;
use measure::COMPARED_MAX;
use sharing::{DAYS_DEFAULT, DAYS_MAX};

/// `tagmeter share`
#[derive(Debug, Subcommand)]
pub(crate) enum Share {
    /// Share a report on hashtags by a link, and print the link
    #[command(
        after_help = "Examples:\n  tagmeter share create cat dog --from 90d\n  tagmeter share create cat --live --days 30 --sender 'Example Agency'\n  tagmeter share create cat --json\n\nOf a campaign: tagmeter campaign report CAMPAIGN --frozen-link."
    )]
    Create(Create),
    /// List shares, newest first, also expired and revoked ones
    #[command(after_help = "Examples:\n  tagmeter share list\n  tagmeter share list --json")]
    List {
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        output: Json,
    },
    /// Show a share: its state, and how often it was opened
    #[command(
        after_help = "Examples:\n  tagmeter share show shr_01kb3x8m7q0000000000000000\n  tagmeter share show shr_01kb3x8m7q0000000000000000 --json"
    )]
    Show(Which),
    /// Revoke a share: its link opens nothing from now on, for good
    #[command(
        after_help = "Examples:\n  tagmeter share revoke shr_01kb3x8m7q0000000000000000\n  tagmeter share revoke shr_01kb3x8m7q0000000000000000 --json"
    )]
    Revoke(Which),
}

/// `tagmeter share create`
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Tag names, with or without #, or TikTok's ids
    #[arg(value_name = "NAME|ID", required = true, num_args = 1..=COMPARED_MAX)]
    pub(crate) hashtags: Vec<String>,
    #[command(flatten)]
    pub(crate) span: Span,
    /// Show the numbers of the moment it is opened, in place of those of now
    #[arg(long)]
    pub(crate) live: bool,
    /// Days until it expires
    #[arg(long, value_name = "DAYS", default_value_t = DAYS_DEFAULT, value_parser = clap::value_parser!(u16).range(1..=i64::from(DAYS_MAX)))]
    pub(crate) days: u16,
    /// Heading of the report
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    #[command(flatten)]
    pub(crate) look: Look,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// A share and its owner.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Id of the share
    #[arg(value_name = "SHARE")]
    pub(crate) share: ShareId,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}
