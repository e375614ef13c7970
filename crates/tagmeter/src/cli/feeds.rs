//! The command lines of `tagmeter feed`.

use super::Json;
use super::trackers::Owner;
use clap::{Args, Subcommand};
use domain::FeedId;
use domain::feed_name::FeedName;

/// `tagmeter feed`
#[derive(Debug, Subcommand)]
pub(crate) enum Feed {
    /// Save a question under links for spreadsheets and readers, and print the links
    #[command(
        after_help = "Examples:\n  tagmeter feed create 'Cats a day' '/v1/hashtags/cat/history?step=day'\n  tagmeter feed create Trends '/v1/trending?limit=50' --json\n\nThe links answer to whoever has them, free of charge, and are printed once: `tagmeter feed rotate` makes new ones."
    )]
    Create(Create),
    /// List feeds, newest first, also revoked ones
    #[command(after_help = "Examples:\n  tagmeter feed list\n  tagmeter feed list --json")]
    List {
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        output: Json,
    },
    /// Show a feed: its question, and how often it was opened
    #[command(
        after_help = "Examples:\n  tagmeter feed show fed_01kb3x8m7q0000000000000000\n  tagmeter feed show fed_01kb3x8m7q0000000000000000 --json"
    )]
    Show(Which),
    /// Make new links of a feed: the old ones open nothing from now on
    #[command(
        after_help = "Examples:\n  tagmeter feed rotate fed_01kb3x8m7q0000000000000000\n  tagmeter feed rotate fed_01kb3x8m7q0000000000000000 --json"
    )]
    Rotate(Which),
    /// Revoke a feed: its links open nothing from now on, for good
    #[command(
        after_help = "Examples:\n  tagmeter feed revoke fed_01kb3x8m7q0000000000000000\n  tagmeter feed revoke fed_01kb3x8m7q0000000000000000 --json"
    )]
    Revoke(Which),
}

/// `tagmeter feed create`
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Name, one line
    #[arg(value_name = "NAME")]
    pub(crate) name: FeedName,
    /// Path and query of a measurement, of a tracker's series, of an alert's events or of a campaign
    #[arg(value_name = "QUESTION")]
    pub(crate) question: String,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// A feed and its owner.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Id of the feed
    #[arg(value_name = "FEED")]
    pub(crate) feed: FeedId,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}
