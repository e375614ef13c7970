//! The command lines of `tagmeter campaign`.

use super::Json;
use super::documents::ReportForm;
use super::trackers::{Owner, views};
use clap::{Args, Subcommand};
use domain::campaign::{Baseline, CampaignGoals, CampaignRef};
use domain::{Moment, Zone};
use measure::AsOfQuery;
use sharing::{DAYS_DEFAULT, DAYS_MAX};
use std::path::PathBuf;

/// `tagmeter campaign`
#[derive(Debug, Subcommand)]
pub(crate) enum Campaign {
    /// Create a campaign: own hashtags over a time, those of competitors, and a baseline before it
    ///
    /// It is measured by stored readings and videos: track or import its hashtags from the beginning of the baseline on.
    #[command(
        after_help = "Examples:\n  tagmeter campaign create summer --tags oursummer,summerdrop --against rivaltag --from 2026-06-01 --to 2026-07-15 --baseline 4w\n  tagmeter campaign create always-on --tags ourbrand --from 2026-01-01 --goal views=1M --goal creators=500\n  tagmeter campaign create summer --tags oursummer --from 2026-06-01 --not-tags giveaway --not-creators @ourbrand --dry-run --json"
    )]
    Create(Create),
    /// List campaigns, newest first
    #[command(after_help = "Examples:\n  tagmeter campaign list\n  tagmeter campaign list --json")]
    List {
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        output: Json,
    },
    /// Measure a campaign: views beyond the trend before, who took part, share of voice, goals
    #[command(
        after_help = "Examples:\n  tagmeter campaign show summer\n  tagmeter campaign show summer --as-of 2026-07-01\n  tagmeter campaign show cmp_01kb3x8m7q0000000000000000 --json"
    )]
    Show {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        as_of: AsOfQuery,
        #[command(flatten)]
        output: Json,
    },
    /// Write a report of a campaign to send, or share it by a link: sentences with footnotes, charts, tables, method
    #[command(
        after_help = "Examples:\n  tagmeter campaign report summer -o summer.pdf\n  tagmeter campaign report summer -o summer.xlsx --logo logo.png --color '#004d40' --accent '#00796b' --sender 'Example Agency'\n  tagmeter campaign report summer -o pictures.zip --title 'Summer, week 3' --json\n  tagmeter campaign report summer --frozen-link --days 30"
    )]
    Report(Report),
    /// Change a campaign: what is given replaces the old one
    #[command(
        after_help = "Examples:\n  tagmeter campaign edit summer --to 2026-07-31\n  tagmeter campaign edit summer --tags oursummer --against rivaltag,othertag --open\n  tagmeter campaign edit summer --name summer-2026 --no-goals --json"
    )]
    Edit(Edit),
    /// Delete campaigns; readings and videos of their hashtags stay
    #[command(
        after_help = "Examples:\n  tagmeter campaign delete summer\n  tagmeter campaign delete summer autumn --json"
    )]
    Delete {
        /// Names or ids of the campaigns
        #[arg(required = true, value_name = "CAMPAIGN")]
        campaigns: Vec<CampaignRef>,
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        output: Json,
    },
}

/// A campaign and its owner.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Name or id of the campaign
    #[arg(value_name = "CAMPAIGN")]
    pub(crate) campaign: CampaignRef,
    #[command(flatten)]
    pub(crate) owner: Owner,
}

/// `tagmeter campaign create`
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Name: letters a to z, digits, -, _ and .
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Own hashtags, 1 to 10
    #[arg(long, required = true, value_name = "TAG,...", value_delimiter = ',')]
    pub(crate) tags: Vec<String>,
    /// Hashtags of competitors, at most 10
    #[arg(long, value_name = "TAG,...", value_delimiter = ',')]
    pub(crate) against: Vec<String>,
    /// Beginning: a day, a moment, or a length of time back from now such as 30d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Moment,
    /// End, included; a day to its last millisecond. Without it, the campaign is open
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<Moment>,
    /// Time zone of its days, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value_t)]
    pub(crate) tz: Zone,
    /// Length of the baseline before it, such as 28d or 4w
    #[arg(long, value_name = "LENGTH", default_value_t)]
    pub(crate) baseline: Baseline,
    /// A target, such as views=1M, videos=500, creators=200 or engagement=50k; may be given several times
    #[arg(long, value_name = "WHAT=N", value_parser = goal)]
    pub(crate) goal: Vec<Goal>,
    /// Leave videos with one of these hashtags out
    #[arg(long, value_name = "TAG,...", value_delimiter = ',')]
    pub(crate) not_tags: Vec<String>,
    /// Leave the videos of these creators out: handles or user ids
    #[arg(long, value_name = "CREATOR,...", value_delimiter = ',')]
    pub(crate) not_creators: Vec<String>,
    /// Notes
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) notes: String,
    /// Measure it and create nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// `tagmeter campaign report`
#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Write the report to this file, in the format of its extension; - for standard output
    #[arg(short, long, value_name = "FILE", required_unless_present_any = ["frozen_link", "live_link"])]
    pub(crate) output: Option<PathBuf>,
    /// Share the report by a link that shows the numbers of now whenever it is opened, and print the link
    #[arg(long, conflicts_with_all = ["output", "format", "force", "as_of", "live_link"])]
    pub(crate) frozen_link: bool,
    /// Share the report by a link that shows the numbers of the moment it is opened, and print the link
    #[arg(long, conflicts_with_all = ["output", "format", "force", "as_of"])]
    pub(crate) live_link: bool,
    /// Days until the link expires
    #[arg(long, value_name = "DAYS", default_value_t = DAYS_DEFAULT, value_parser = clap::value_parser!(u16).range(1..=i64::from(DAYS_MAX)), conflicts_with = "output")]
    pub(crate) days: u16,
    #[command(flatten)]
    pub(crate) as_of: AsOfQuery,
    #[command(flatten)]
    pub(crate) form: ReportForm,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `tagmeter campaign edit`
#[derive(Debug, Args)]
pub(crate) struct Edit {
    #[command(flatten)]
    pub(crate) which: Which,
    /// New name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// New own hashtags
    #[arg(long, value_name = "TAG,...", value_delimiter = ',')]
    pub(crate) tags: Option<Vec<String>>,
    /// New hashtags of competitors; "" for none
    #[arg(long, value_name = "TAG,...", value_delimiter = ',')]
    pub(crate) against: Option<Vec<String>>,
    /// New beginning
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<Moment>,
    /// New end, included
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<Moment>,
    /// Remove the end
    #[arg(long, conflicts_with = "to")]
    pub(crate) open: bool,
    /// New time zone of its days; a beginning and an end that are those of days stay so
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<Zone>,
    /// New baseline
    #[arg(long, value_name = "LENGTH")]
    pub(crate) baseline: Option<Baseline>,
    /// New targets, in place of all old ones
    #[arg(long, value_name = "WHAT=N", value_parser = goal)]
    pub(crate) goal: Vec<Goal>,
    /// Remove all targets
    #[arg(long, conflicts_with = "goal")]
    pub(crate) no_goals: bool,
    /// New hashtags that leave a video out; "" for none
    #[arg(long, value_name = "TAG,...", value_delimiter = ',')]
    pub(crate) not_tags: Option<Vec<String>>,
    /// New creators who are left out; "" for none
    #[arg(long, value_name = "CREATOR,...", value_delimiter = ',')]
    pub(crate) not_creators: Option<Vec<String>>,
    /// New notes
    #[arg(long, value_name = "TEXT")]
    pub(crate) notes: Option<String>,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// A target of a campaign.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    /// Place of its name in [`CampaignGoals::NAMES`].
    place: usize,
    target: u64,
}

/// Parses a target such as `views=1M`.
fn goal(text: &str) -> Result<Goal, String> {
    let (name, target) = text.split_once('=').unwrap_or((text, ""));
    let place = CampaignGoals::NAMES.iter().position(|known| *known == name.trim());
    let place = place.ok_or_else(|| {
        format!("give one of {} and a number, such as views=1M", CampaignGoals::NAMES.join(", "))
    })?;
    let target = views(target.trim()).ok().filter(|target| *target > 0);
    let target = target.ok_or_else(|| format!("give a number above 0, such as {}=1M", name.trim()))?;
    Ok(Goal { place, target })
}

/// Returns the targets; the last one of a name counts.
pub(crate) fn goals(list: &[Goal]) -> CampaignGoals {
    let target = |place| list.iter().rev().find(|goal| goal.place == place).map(|goal| goal.target);
    let [views, videos, creators, engagement] = [0, 1, 2, 3].map(target);
    CampaignGoals { views, videos, creators, engagement }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_named() {
        let list: Vec<Goal> =
            ["views=1M", "creators=500", "views=2M"].iter().map(|text| goal(text).expect(text)).collect();
        let expected =
            CampaignGoals { views: Some(2_000_000), creators: Some(500), ..CampaignGoals::default() };
        assert_eq!(goals(&list), expected);
        for wrong in ["views", "views=0", "likes=5", "views=x", "=5"] {
            assert!(goal(wrong).is_err(), "{wrong}");
        }
    }
}
