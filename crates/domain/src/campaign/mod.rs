//! Campaigns: own hashtags and those of competitors over a time, with a baseline before it, goals, and a filter of videos.

mod name;

mod plan;

mod span;

pub use name::{CampaignName, CampaignNameError, CampaignRef, NAME_LENGTH_MAX};
pub use plan::{
    CampaignFilter, CampaignGoals, CampaignPlan, CreatorRef, NOT_CREATORS_MAX, NOT_TAGS_MAX, OWN_MAX,
    PlanError, RIVALS_MAX,
};
pub use span::{Baseline, BaselineError, CampaignSpan, CampaignSpanError, SPAN_DAYS_MAX};
