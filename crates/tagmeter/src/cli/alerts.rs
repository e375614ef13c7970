//! The command lines of `tagmeter alert` and `tagmeter webhook`.

use super::Json;
use super::trackers::Owner;
use alerting::account::AccountRule;
use clap::{Args, Subcommand};
use domain::alerts::{Frequency, Watched};
use domain::metrics::TrendWindow;
use domain::{AlertId, DestinationId, Moment};
use measure::parameters::{NUMBER_MAX, Whole, one_of};
use measure::{AlertPreviewQuery, AlertTemplatesQuery, DigestQuery, Threshold, Wait};

/// `tagmeter alert`
#[derive(Debug, Subcommand)]
pub(crate) enum Alert {
    /// Show when an alert would have fired on the stored readings of a hashtag
    ///
    /// Each moment is judged by the readings up to it. Give either a threshold (--above) or how often the alert should
    /// fire (--about), and the threshold is found. Prints which readings there are, and each time it would have fired.
    #[command(
        after_help = "Examples:\n  tagmeter alert preview cat --about 1/week\n  tagmeter alert preview cat --rule growth --above 2.1 --for 3h --cooldown 1d\n  tagmeter alert preview cat --rule velocity --above 50000 --window 24h --json\n  tagmeter alert preview cat --rule fell --above 0\n  tagmeter alert preview dog --rule overtakes_gain --versus cat --above 0"
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
    /// Create an alert: watch hashtags, and send a message when a number is above a threshold
    ///
    /// `tagmeter serve` and `tagmeter worker` evaluate it as readings come, and send its messages. It continues its preview:
    /// an episode under way sends nothing. Webhooks that are created for it are signed; their secrets are printed once.
    #[command(
        after_help = "Examples:\n  tagmeter alert create cat --about 1/week --to slack:https://hooks.slack.com/services/... --to me@example.com\n  tagmeter alert create cat dog --rule velocity --above 50000 --window 24h --to https://hooks.example.com/tagmeter\n  tagmeter alert create cat --rule breakout --above 3 --for 1d --cooldown 1w --name 'cats break out'\n  tagmeter alert create dog bird --rule overtakes_views --versus cat --above 0 --to me@example.com\n  tagmeter alert create --campaign summer --rule breakout --above 3 --to me@example.com\n  tagmeter alert create --credits-below 1000 --to me@example.com\n  tagmeter alert create --slots-missed 3 --to slack:https://hooks.slack.com/services/..."
    )]
    Create(CreateAlert),
    /// List alerts with the state of their hashtags
    #[command(after_help = "Examples:\n  tagmeter alert list\n  tagmeter alert list --json")]
    List {
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        output: Json,
    },
    /// Show an alert: each hashtag with its last number and threshold, and the newest events
    #[command(after_help = "Examples:\n  tagmeter alert show alr_01kb3x8m7q0000000000000000")]
    Show {
        /// The alert
        #[arg(value_name = "ALERT")]
        alert: AlertId,
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        output: Json,
    },
    /// Change an alert: pause, mute, or send it elsewhere
    #[command(
        after_help = "Examples:\n  tagmeter alert edit alr_01kb3x8m7q0000000000000000 --pause\n  tagmeter alert edit alr_01kb3x8m7q0000000000000000 --mute 7d\n  tagmeter alert edit alr_01kb3x8m7q0000000000000000 --to ntfy:https://ntfy.sh/cats"
    )]
    Edit(EditAlert),
    /// Delete an alert; its events stay
    #[command(after_help = "Examples:\n  tagmeter alert delete alr_01kb3x8m7q0000000000000000")]
    Delete {
        /// The alert
        #[arg(value_name = "ALERT")]
        alert: AlertId,
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        output: Json,
    },
}

/// `tagmeter alert create`
#[derive(Debug, Args)]
pub(crate) struct CreateAlert {
    /// Tag names, with or without #, or ids
    #[arg(required_unless_present_any = ["on_account", "campaign"], value_name = "NAME|ID")]
    pub(crate) hashtags: Vec<String>,
    /// Watch the own hashtags of this campaign while it runs, by name or id; they follow its changes
    #[arg(long, value_name = "CAMPAIGN", conflicts_with = "hashtags")]
    pub(crate) campaign: Option<String>,
    #[command(flatten)]
    pub(crate) rule: Rule,
    #[command(flatten)]
    pub(crate) account: OnAccount,
    /// Target of messages: slack:URL, mattermost:URL, discord:URL, telegram:CHAT@TOKEN, ntfy:URL, gchat:URL, teams:URL, an
    /// https URL (a webhook), an e-mail address, or the id of a destination; may be given several times
    #[arg(long, value_name = "DESTINATION")]
    pub(crate) to: Vec<String>,
    /// Name of the alert
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// A rule on the account, in place of hashtags.
#[derive(Debug, Args)]
#[group(
    id = "on_account",
    multiple = false,
    conflicts_with_all = [
        "hashtags", "campaign", "rule", "versus", "above", "about", "for", "recovers_at", "keep_firing", "cooldown", "window",
    ]
)]
pub(crate) struct OnAccount {
    /// Watch the account: fires when fewer credits are left
    #[arg(long, value_name = "CREDITS")]
    pub(crate) credits_below: Option<Whole<1, NUMBER_MAX>>,
    /// Watch the account: fires when its credits last for fewer days at the pace of the last 7 days
    #[arg(long, value_name = "DAYS")]
    pub(crate) days_left_below: Option<Whole<1, 366>>,
    /// Watch the account: fires when the monthly budget of a tracker is used up in fewer days, before the month ends
    #[arg(long, value_name = "DAYS")]
    pub(crate) budget_days_below: Option<Whole<1, 31>>,
    /// Watch the account: fires when a tracker has missed so many slots in a row, and still fails
    #[arg(long, value_name = "SLOTS")]
    pub(crate) slots_missed: Option<Whole<1, 1_000>>,
}

impl OnAccount {
    /// Returns the rule, if one is given.
    pub(crate) fn rule(&self) -> Option<AccountRule> {
        let credits = self.credits_below.map(|below| AccountRule::CreditsLow { below });
        let days = self.days_left_below.map(|below| AccountRule::DaysLeft { below });
        let budget = self.budget_days_below.map(|below| AccountRule::BudgetLow { below });
        let missed = self.slots_missed.map(|missed| AccountRule::TrackerFailing { missed });
        credits.or(days).or(budget).or(missed)
    }
}

/// The rule of an alert.
#[derive(Debug, Args)]
pub(crate) struct Rule {
    /// Number to watch: velocity (views a day), growth (percent a day), breakout (deviations), fell (percent lost), emerging
    /// (pace in percent a day), overtakes_views or overtakes_gain (lead over the hashtag of --versus, in views or views a day)
    #[arg(long, default_value_t, value_parser = one_of::<Watched>())]
    pub(crate) rule: Watched,
    /// Hashtag to compare with, for overtakes_views and overtakes_gain
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) versus: Option<String>,
    /// Threshold in the unit of the rule
    #[arg(
        long,
        value_name = "N",
        allow_hyphen_values = true,
        conflicts_with = "about",
        required_unless_present_any = ["about", "on_account"]
    )]
    pub(crate) above: Option<Threshold>,
    /// Frequency at which it should have fired, such as 1/week: the threshold of each hashtag is found
    #[arg(long, value_name = "N/day|week|month")]
    pub(crate) about: Option<Frequency>,
    /// Time that the number must be above the threshold before it fires, such as 3h
    #[arg(long = "for", id = "for", value_name = "TIME")]
    pub(crate) pending_for: Option<Wait>,
    /// Value at or below which it recovers: by default 90 % of the threshold
    #[arg(long, value_name = "N", allow_hyphen_values = true, requires = "above")]
    pub(crate) recovers_at: Option<Threshold>,
    /// Time that the number must be low before it recovers
    #[arg(long, value_name = "TIME")]
    pub(crate) keep_firing: Option<Wait>,
    /// Time after a message in which no other is sent
    #[arg(long, value_name = "TIME")]
    pub(crate) cooldown: Option<Wait>,
    /// Window that the number is computed over
    #[arg(long, default_value_t, value_parser = one_of::<TrendWindow>())]
    pub(crate) window: TrendWindow,
}

impl Rule {
    /// Returns the preview of the rule; its hashtag is not read.
    pub(crate) fn query(&self) -> AlertPreviewQuery {
        AlertPreviewQuery {
            hashtag: String::new(),
            rule: self.rule,
            versus: self.versus.clone(),
            above: self.above,
            about: self.about,
            pending_for: self.pending_for,
            recovers_at: self.recovers_at,
            keep_firing: self.keep_firing,
            cooldown: self.cooldown,
            window: self.window,
            digest: None,
            as_of: None,
        }
    }
}

/// `tagmeter alert edit`
#[derive(Debug, Args)]
pub(crate) struct EditAlert {
    /// The alert
    #[arg(value_name = "ALERT")]
    pub(crate) alert: AlertId,
    /// Pause it: nothing is evaluated
    #[arg(long, conflicts_with = "resume")]
    pub(crate) pause: bool,
    /// Resume it: what came meanwhile is evaluated
    #[arg(long)]
    pub(crate) resume: bool,
    /// Send no messages for this time, at most a year, such as 7d
    #[arg(long, value_name = "TIME", conflicts_with = "unmute")]
    pub(crate) mute: Option<Wait>,
    /// Send messages again
    #[arg(long)]
    pub(crate) unmute: bool,
    /// Replace the destinations; may be given several times
    #[arg(long, value_name = "DESTINATION")]
    pub(crate) to: Vec<String>,
    /// New name
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// `tagmeter webhook`
#[derive(Debug, Subcommand)]
pub(crate) enum Webhook {
    /// Add a destination that gets the events of every alert: a webhook, a room of a chat service or a mail address
    ///
    /// Webhooks are signed after Standard Webhooks; the secret is printed once.
    #[command(
        after_help = "Examples:\n  tagmeter webhook create https://hooks.example.com/tagmeter\n  tagmeter webhook create slack:https://hooks.slack.com/services/... --event alert.fired --description 'the team'\n  tagmeter webhook create me@example.com --digest day --hour 7 --tz Europe/Berlin"
    )]
    Create {
        /// Target of messages
        #[arg(value_name = "DESTINATION")]
        to: String,
        /// A type of events that it gets; may be given several times. Without it, all
        #[arg(long, value_name = "TYPE")]
        event: Vec<String>,
        /// Description
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        #[command(flatten)]
        digest: Option<DigestQuery>,
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        output: Json,
    },
    /// List destinations, and whether they work
    #[command(after_help = "Examples:\n  tagmeter webhook list\n  tagmeter webhook list --json")]
    List {
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        output: Json,
    },
    /// Show what was sent to a destination, and every attempt
    #[command(after_help = "Examples:\n  tagmeter webhook log dst_01kb3x8m7q0000000000000000")]
    Log(OneWebhook),
    /// Send a test message
    #[command(after_help = "Examples:\n  tagmeter webhook test dst_01kb3x8m7q0000000000000000")]
    Test(OneWebhook),
    /// Send events again: one, or all since a time
    #[command(
        after_help = "Examples:\n  tagmeter webhook replay dst_01kb3x8m7q0000000000000000 --sequence 7\n  tagmeter webhook replay dst_01kb3x8m7q0000000000000000 --since 7d"
    )]
    Replay {
        #[command(flatten)]
        webhook: OneWebhook,
        /// Number of one event
        #[arg(long, value_name = "N", conflicts_with = "since", required_unless_present = "since")]
        sequence: Option<u64>,
        /// All events since then
        #[arg(long, value_name = "TIME")]
        since: Option<Moment>,
    },
    /// Make a new signing secret; the old one signs beside it for 24 hours
    #[command(after_help = "Examples:\n  tagmeter webhook rotate dst_01kb3x8m7q0000000000000000")]
    Rotate(OneWebhook),
    /// Turn a destination on again, for instance after it failed for five days
    #[command(after_help = "Examples:\n  tagmeter webhook on dst_01kb3x8m7q0000000000000000")]
    On(OneWebhook),
    /// Turn a destination off: what waits for it is given up
    #[command(after_help = "Examples:\n  tagmeter webhook off dst_01kb3x8m7q0000000000000000")]
    Off(OneWebhook),
    /// Delete a destination with its log
    #[command(after_help = "Examples:\n  tagmeter webhook delete dst_01kb3x8m7q0000000000000000")]
    Delete(OneWebhook),
}

/// A destination.
#[derive(Debug, Args)]
pub(crate) struct OneWebhook {
    /// The destination
    #[arg(value_name = "DESTINATION")]
    pub(crate) id: DestinationId,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}
