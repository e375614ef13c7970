//! The command lines of `tagmeter annotation`.

use super::Json;
use super::trackers::Owner;
use clap::{Args, Subcommand};
use domain::Moment;
use measure::AnnotationRef;

/// `tagmeter annotation`
#[derive(Debug, Subcommand)]
pub(crate) enum Annotation {
    /// Add a note to the curves of a hashtag, of a campaign, or of all
    #[command(
        after_help = "Examples:\n  tagmeter annotation add \"TV spot\" --from 2026-06-01 --tag cat\n  tagmeter annotation add \"summer sale\" --from 2026-06-01 --until 2026-06-14 --campaign summer\n  tagmeter annotation add \"site was down\" --from 2026-06-03T08:00:00Z --until 2026-06-03T11:00:00Z --json"
    )]
    Add(Add),
    /// List the events of the platform and own annotations, newest first
    #[command(after_help = "Examples:\n  tagmeter annotation list\n  tagmeter annotation list --json")]
    List {
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        output: Json,
    },
    /// Change an own annotation: what is given replaces the old one
    #[command(
        after_help = "Examples:\n  tagmeter annotation edit ann_01kb3x8m7q0000000000000000 --text \"TV spot, second week\"\n  tagmeter annotation edit ann_01kb3x8m7q0000000000000000 --until 2026-06-21 --json"
    )]
    Edit(Edit),
    /// Delete own annotations
    #[command(
        after_help = "Examples:\n  tagmeter annotation delete ann_01kb3x8m7q0000000000000000\n  tagmeter annotation delete ann_01kb3x8m7q0000000000000000 --json"
    )]
    Delete(Named),
    /// Hide events of the platform from all curves of the account
    #[command(
        after_help = "Examples:\n  tagmeter annotation hide five_hashtags\n  tagmeter annotation hide five_hashtags --json"
    )]
    Hide(Named),
    /// Show hidden events of the platform again
    #[command(
        after_help = "Examples:\n  tagmeter annotation unhide five_hashtags\n  tagmeter annotation unhide five_hashtags --json"
    )]
    Unhide(Named),
}

/// Annotations and their owner.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Ids of annotations, or names of events of the platform
    #[arg(required = true, value_name = "ANNOTATION")]
    pub(crate) annotations: Vec<AnnotationRef>,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// `tagmeter annotation add`
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Text, one line of at most 300 characters
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
    /// First moment: a day (UTC), a moment, or a length of time back from now such as 3d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Moment,
    #[command(flatten)]
    pub(crate) rest: Rest,
}

/// `tagmeter annotation edit`
#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// Id of the annotation
    #[arg(value_name = "ANNOTATION")]
    pub(crate) annotation: AnnotationRef,
    /// New text
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// New first moment
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<Moment>,
    #[command(flatten)]
    pub(crate) rest: Rest,
}

/// Options of both.
#[derive(Debug, Args)]
pub(crate) struct Rest {
    /// Last moment, included; a day to its last millisecond. Without it, the end of --from
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) until: Option<Moment>,
    /// Hashtag whose curves it is on
    #[arg(long, value_name = "TAG", conflicts_with = "campaign")]
    pub(crate) tag: Option<String>,
    /// Campaign whose curves it is on: name or id
    #[arg(long, value_name = "CAMPAIGN")]
    pub(crate) campaign: Option<String>,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}
