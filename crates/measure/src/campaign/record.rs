//! A campaign as its owner set it.

use domain::campaign::{CampaignGoals, CreatorRef};
use domain::{Timestamp, Zone};
use serde::Serialize;
use store::campaigns::Campaign;
use utoipa::ToSchema;

/// A campaign as its owner set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Campaign)]
pub struct CampaignRecord {
    /// Campaign id; `null` if it was not created (`dry_run`).
    #[schema(example = "cmp_01kb3x8m7q0000000000000000")]
    pub id: Option<String>,
    /// Name, which paths and commands take in place of the id.
    #[schema(example = "summer")]
    pub name: String,
    /// `planned`, `running` or `over`.
    #[schema(example = "running")]
    pub state: &'static str,
    /// Own hashtags.
    #[schema(example = json!(["oursummer", "summerdrop"]))]
    pub hashtags: Vec<String>,
    /// Hashtags of competitors.
    #[schema(example = json!(["rivaltag"]))]
    pub against: Vec<String>,
    /// First moment.
    #[schema(example = "2026-06-01T00:00:00Z")]
    pub from: Timestamp,
    /// Last moment; `null` while it is open.
    #[schema(example = "2026-07-15T23:59:59.999Z")]
    pub to: Option<Timestamp>,
    /// Time zone of its days.
    #[schema(value_type = String, example = "Europe/Berlin")]
    pub tz: Zone,
    /// Days of the baseline before it.
    #[schema(example = 28)]
    pub baseline_days: u16,
    /// Goals; `null` for those without a target.
    pub goals: CampaignGoalsView,
    /// A video with one of these hashtags is left out.
    #[schema(example = json!(["giveaway"]))]
    pub not_tags: Vec<String>,
    /// The videos of these creators are left out: handles without `@`, or user ids.
    #[schema(example = json!(["ourbrand"]))]
    pub not_creators: Vec<String>,
    /// Notes.
    pub notes: String,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// Targets of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CampaignGoals)]
pub struct CampaignGoalsView {
    /// Views gained.
    #[schema(example = 1_000_000)]
    pub views: Option<u64>,
    /// Videos posted.
    pub videos: Option<u64>,
    /// Creators who posted.
    pub creators: Option<u64>,
    /// Likes, comments, shares and saves.
    pub engagement: Option<u64>,
}

impl From<CampaignGoals> for CampaignGoalsView {
    fn from(goals: CampaignGoals) -> Self {
        let CampaignGoals { views, videos, creators, engagement } = goals;
        Self { views, videos, creators, engagement }
    }
}

impl CampaignRecord {
    /// Renders a campaign as it stands at a moment.
    pub fn of(campaign: &Campaign, now: Timestamp) -> Self {
        let settings = &campaign.settings;
        let plan = &settings.plan;
        let names = |tags: &[domain::Tag]| tags.iter().map(|tag| tag.name().to_owned()).collect();
        let filter = plan.filter();
        let span = settings.span;
        let state = match span.to() {
            _ if now < span.from() => "planned",
            Some(to) if now > to => "over",
            _ => "running",
        };
        Self {
            id: Some(campaign.id.to_string()),
            name: settings.name.to_string(),
            state,
            hashtags: names(plan.own()),
            against: names(plan.rivals()),
            from: span.from(),
            to: span.to(),
            tz: plan.tz().clone(),
            baseline_days: settings.baseline.days(),
            goals: plan.goals().into(),
            not_tags: names(&filter.not_tags),
            not_creators: filter.not_creators.iter().map(CreatorRef::as_str).map(str::to_owned).collect(),
            notes: settings.notes.clone(),
            created_at: campaign.created_at,
            updated_at: campaign.updated_at,
        }
    }
}
