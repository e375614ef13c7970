//! The command lines of `tagmeter schedule`.

use super::Json;
use super::documents::Look;
use super::trackers::Owner;
use clap::{ArgGroup, Args, Subcommand};
use domain::ScheduleId;
use domain::Zone;
use domain::campaign::CampaignRef;
use domain::rhythm::WeekDay;
use measure::COMPARED_MAX;
use measure::parameters::{Whole, one_of};
use reports::Format;
use scheduling::{DAYS_DEFAULT, DAYS_MAX};

/// `tagmeter schedule`
#[derive(Debug, Subcommand)]
pub(crate) enum Schedule {
    /// Send the report of a campaign or of hashtags by mail, every week or month
    ///
    /// A running server or worker makes and sends it, through the mail server of the settings (`smtp`).
    #[command(
        after_help = "Examples:\n  tagmeter schedule create spring --weekly monday --hour 8 --tz Europe/Berlin --to client@example.com --attach pdf,xlsx\n  tagmeter schedule create --tags cat,dog --monthly 31 --to me@example.com --to you@example.com --sender 'Example Agency'\n  tagmeter schedule create spring --weekly friday --to client@example.com --dry-run --json"
    )]
    Create(Create),
    /// List schedules, newest first, with their next and last report
    #[command(after_help = "Examples:\n  tagmeter schedule list\n  tagmeter schedule list --json")]
    List {
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        output: Json,
    },
    /// Show a schedule with its last reports and their mails
    #[command(
        after_help = "Examples:\n  tagmeter schedule show sch_01kb3x8m7q0000000000000000\n  tagmeter schedule show sch_01kb3x8m7q0000000000000000 --json"
    )]
    Show(Which),
    /// Change a schedule: what is given replaces the old one
    #[command(
        after_help = "Examples:\n  tagmeter schedule edit sch_01kb3x8m7q0000000000000000 --weekly friday --hour 17\n  tagmeter schedule edit sch_01kb3x8m7q0000000000000000 --to client@example.com --attach pdf\n  tagmeter schedule edit sch_01kb3x8m7q0000000000000000 --pause"
    )]
    Edit(Edit),
    /// Delete a schedule: nothing more is sent; links that were sent stay open until they expire
    #[command(after_help = "Examples:\n  tagmeter schedule delete sch_01kb3x8m7q0000000000000000")]
    Delete(Which),
    /// Make a report now as a test, for the address of the account or the recipients
    #[command(
        after_help = "Examples:\n  tagmeter schedule run sch_01kb3x8m7q0000000000000000\n  tagmeter schedule run sch_01kb3x8m7q0000000000000000 --recipients"
    )]
    Run {
        #[command(flatten)]
        which: Which,
        /// Send it to the recipients, in place of the address of the account
        #[arg(long)]
        recipients: bool,
    },
}

/// `tagmeter schedule create`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("subject").required(true).args(["campaign", "tags"])))]
#[command(group(ArgGroup::new("days_of").required(true).args(["weekly", "monthly"])))]
pub(crate) struct Create {
    /// Name or id of the campaign
    #[arg(value_name = "CAMPAIGN")]
    pub(crate) campaign: Option<CampaignRef>,
    /// Hashtags in place of a campaign, 1 to 10; each report is of its period
    #[arg(long, value_name = "TAG,...", value_delimiter = ',', num_args = 1..=COMPARED_MAX)]
    pub(crate) tags: Vec<String>,
    /// Day of the week on which reports are sent
    #[arg(long, value_name = "DAY", value_parser = one_of::<WeekDay>())]
    pub(crate) weekly: Option<WeekDay>,
    /// Day of the month on which reports are sent; a shorter month has its report on the last day
    #[arg(long, value_name = "DAY")]
    pub(crate) monthly: Option<Whole<1, 31>>,
    /// Hour of the local day
    #[arg(long, value_name = "HOUR", default_value = "8")]
    pub(crate) hour: Whole<0, 23>,
    /// Time zone of days and hour, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value_t)]
    pub(crate) tz: Zone,
    /// Address of a recipient; may be given up to 20 times
    #[arg(long, value_name = "EMAIL", required = true, value_delimiter = ',')]
    pub(crate) to: Vec<String>,
    /// Formats of attachments: pdf, xlsx, zip, html
    #[arg(long, value_name = "FORMAT,...", value_delimiter = ',', value_parser = one_of::<Format>())]
    pub(crate) attach: Vec<Format>,
    /// Days until the link of a report expires
    #[arg(long, value_name = "DAYS", default_value_t = DAYS_DEFAULT, value_parser = clap::value_parser!(u16).range(1..=i64::from(DAYS_MAX)))]
    pub(crate) days: u16,
    /// Heading of the reports
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    #[command(flatten)]
    pub(crate) look: Look,
    /// Show what it would do, and create nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// `tagmeter schedule edit`
#[derive(Debug, Args)]
pub(crate) struct Edit {
    #[command(flatten)]
    pub(crate) which: Which,
    /// New day of the week
    #[arg(long, value_name = "DAY", conflicts_with = "monthly", value_parser = one_of::<WeekDay>())]
    pub(crate) weekly: Option<WeekDay>,
    /// New day of the month
    #[arg(long, value_name = "DAY")]
    pub(crate) monthly: Option<Whole<1, 31>>,
    /// New hour
    #[arg(long, value_name = "HOUR")]
    pub(crate) hour: Option<Whole<0, 23>>,
    /// New time zone
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<Zone>,
    /// New recipients, in place of all old ones; whoever unsubscribed stays so
    #[arg(long, value_name = "EMAIL", value_delimiter = ',')]
    pub(crate) to: Vec<String>,
    /// New formats of attachments
    #[arg(long, value_name = "FORMAT,...", value_delimiter = ',', conflicts_with = "no_attach", value_parser = one_of::<Format>())]
    pub(crate) attach: Vec<Format>,
    /// Attach nothing
    #[arg(long)]
    pub(crate) no_attach: bool,
    /// New days until the link of a report expires
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=i64::from(DAYS_MAX)))]
    pub(crate) days: Option<u16>,
    /// Send nothing until it is resumed
    #[arg(long, conflicts_with = "resume")]
    pub(crate) pause: bool,
    /// Go on with the next report, also after the schedule has ended
    #[arg(long)]
    pub(crate) resume: bool,
}

/// A schedule and its owner.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Id of the schedule
    #[arg(value_name = "SCHEDULE")]
    pub(crate) schedule: ScheduleId,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}
