//! The command lines of `tagmeter alert`.

use super::Json;
use clap::Subcommand;
use measure::{AlertPreviewQuery, AlertTemplatesQuery};

/// `tagmeter alert`
#[derive(Debug, Subcommand)]
pub(crate) enum Alert {
    /// Show when an alert would have fired on the stored readings of a hashtag
    ///
    /// Each moment is judged by the readings up to it. Give either a threshold (--above) or how often the alert should
    /// fire (--about), and the threshold is found. Prints which readings there are, and each time it would have fired.
    #[command(
        after_help = "Examples:\n  tagmeter alert preview cat --about 1/week\n  tagmeter alert preview cat --rule growth --above 2.1 --for 3h --cooldown 1d\n  tagmeter alert preview cat --rule velocity --above 50000 --window 24h --json\n  tagmeter alert preview cat --rule fell --above 0"
    )]
    Preview {
        #[command(flatten)]
        query: AlertPreviewQuery,
        #[command(flatten)]
        output: Json,
    },
    /// List six ready rules, each with its preview for a hashtag
    #[command(
        after_help = "Examples:\n  tagmeter alert templates cat\n  tagmeter alert templates cat --json"
    )]
    Templates {
        #[command(flatten)]
        query: AlertTemplatesQuery,
        #[command(flatten)]
        output: Json,
    },
}
