//! The command lines of `tagmeter track`, `trackers` and `untrack`.

use super::Json;
use clap::Args;
use domain::TrackerId;
use domain::tracking::videos::VIDEO_DEPTH_MAX;
use domain::tracking::{Cadence, OnEmpty, TrackerSource};
use measure::parameters::{NUMBER_MAX, one_of};

/// `tagmeter track`
#[derive(Debug, Args)]
pub(crate) struct Track {
    /// Tag names, with or without #, or links of their pages
    #[arg(required_unless_present = "keyword", value_name = "NAME")]
    pub(crate) hashtags: Vec<String>,
    /// Search hashtags by this keyword, too; what it finds are candidates
    #[arg(long, value_name = "TEXT")]
    pub(crate) keyword: Option<String>,
    /// Add found hashtags with at least so many views to the tracker, such as 500000, 250k or 1M
    #[arg(long, value_name = "VIEWS", requires = "keyword", value_parser = views)]
    pub(crate) auto_accept_views: Option<u64>,
    /// Cadence: hour, 3h, 12h, day, week, or adaptive, as seldom as the numbers move
    #[arg(long, value_name = "CADENCE", default_value = "day")]
    pub(crate) every: Cadence,
    /// Source of the readings: upstream, or none to watch what imports bring. Without it, an upstream if the settings
    /// have one
    #[arg(long, value_name = "SOURCE", value_parser = one_of::<TrackerSource>())]
    pub(crate) source: Option<TrackerSource>,
    /// Show so many top videos of each hashtag, and walk through its first videos to read them, at most once a day
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(VIDEO_DEPTH_MAX)))]
    pub(crate) top_videos: Option<u32>,
    /// Videos that a walk goes through, for a credit a page of 35. Without it, the full pages of --top-videos
    #[arg(long, value_name = "N", requires = "top_videos", value_parser = clap::value_parser!(u32).range(1..=i64::from(VIDEO_DEPTH_MAX)))]
    pub(crate) deep: Option<u32>,
    /// Credits that the tracker may spend in a calendar month (UTC)
    #[arg(long, value_name = "N")]
    pub(crate) max_credits: Option<u64>,
    /// Behaviour when they do not last: pause until the next month, or slow down so that they last
    #[arg(long, value_name = "WHAT", value_parser = one_of::<OnEmpty>(), default_value = "pause")]
    pub(crate) on_empty: OnEmpty,
    /// Create it paused
    #[arg(long)]
    pub(crate) paused: bool,
    /// Notes
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) notes: String,
    /// A label; may be given several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Vec<String>,
    /// Print the expected cost and create nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// Parses a number of views, which may end in `k`, `M` or `B`.
pub(super) fn views(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1_000),
        Some((at, 'm' | 'M')) => (&text[..at], 1_000_000),
        Some((at, 'b' | 'B')) => (&text[..at], 1_000_000_000),
        _ => (text, 1),
    };
    let number = digits.parse::<u64>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let views = number.and_then(|number| number.checked_mul(unit)).filter(|views| *views <= NUMBER_MAX);
    views.ok_or_else(|| "give a number of views, such as 500000, 250k or 1M".to_owned())
}

/// The account that owns trackers and campaigns.
#[derive(Debug, Args)]
pub(crate) struct Owner {
    /// E-mail address of the account, if there are several
    #[arg(long, value_name = "EMAIL")]
    pub(crate) account: Option<String>,
}

/// `tagmeter trackers`
#[derive(Debug, Args)]
pub(crate) struct Trackers {
    /// A tracker to show with its hashtags and gaps. Without it, all trackers
    #[arg(value_name = "TRACKER")]
    pub(crate) tracker: Option<TrackerId>,
    /// Pause the tracker: its slots are gaps until it is resumed
    #[arg(long, requires = "tracker", conflicts_with_all = ["resume", "run"])]
    pub(crate) pause: bool,
    /// Resume the tracker
    #[arg(long, requires = "tracker", conflicts_with = "run")]
    pub(crate) resume: bool,
    /// Read what is due now, without waiting for the next try after a failure
    #[arg(long, requires = "tracker")]
    pub(crate) run: bool,
    /// Show the top videos of its hashtags, and what they gained between their last two readings
    #[arg(long, requires = "tracker", conflicts_with_all = ["pause", "resume", "run"])]
    pub(crate) videos: bool,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// `tagmeter untrack`
#[derive(Debug, Args)]
pub(crate) struct Untrack {
    /// Trackers to delete, or tag names to remove from every tracker; a tracker without hashtags is deleted
    #[arg(required = true, value_name = "TRACKER|NAME")]
    pub(crate) what: Vec<String>,
    #[command(flatten)]
    pub(crate) owner: Owner,
    #[command(flatten)]
    pub(crate) output: Json,
}
