//! The command lines of `tagmeter share`.

use super::Json;
use super::trackers::Owner;
use clap::{Args, Subcommand};
use domain::ShareId;

/// `tagmeter share`
#[derive(Debug, Subcommand)]
pub(crate) enum Share {
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
