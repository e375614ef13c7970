//! The part of a campaign that is measured: its hashtags, goals and filter, and their JSON in the store.

use crate::count::COUNT_MAX;
use crate::{AuthorId, Handle, Tag, Zone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Most own hashtags of a campaign.
pub const OWN_MAX: usize = 10;
/// Most hashtags of competitors.
pub const RIVALS_MAX: usize = 10;
/// Most hashtags that leave a video out.
pub const NOT_TAGS_MAX: usize = 50;
/// Most creators that are left out.
pub const NOT_CREATORS_MAX: usize = 200;

/// Why the parts of a campaign do not fit together. The field is its name in requests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct PlanError {
    /// The field.
    pub field: &'static str,
    /// The fault, and what would be right.
    pub why: String,
}

impl PlanError {
    fn new(field: &'static str, why: impl fmt::Display) -> Self {
        Self { field, why: why.to_string() }
    }
}

/// Targets of a campaign, each above 0; `None` without one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignGoals {
    /// Views gained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub views: Option<u64>,
    /// Videos posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub videos: Option<u64>,
    /// Creators who posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creators: Option<u64>,
    /// Likes, comments, shares and saves of the videos posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engagement: Option<u64>,
}

impl CampaignGoals {
    /// Names of the goals, in the order of [`Self::to_array`].
    pub const NAMES: [&str; 4] = ["views", "videos", "creators", "engagement"];

    /// Returns the targets in the order of [`Self::NAMES`].
    pub const fn to_array(self) -> [Option<u64>; 4] {
        [self.views, self.videos, self.creators, self.engagement]
    }

    fn check(self) -> Result<(), PlanError> {
        let wrong = self.to_array().into_iter().flatten().any(|goal| goal == 0 || goal > COUNT_MAX);
        if wrong {
            return Err(PlanError::new("goals", format_args!("give whole numbers from 1 to {COUNT_MAX}")));
        }
        Ok(())
    }
}

/// A creator as typed: a user id, or a handle with or without `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatorRef {
    text: String,
    kind: CreatorKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum CreatorKind {
    Id(AuthorId),
    Handle(Handle),
}

/// A text that is no creator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give the handle of a creator, such as @catlover, or a user id")]
pub struct CreatorRefError;

impl CreatorRef {
    /// Returns the user id; `None` for a handle.
    pub const fn id(&self) -> Option<AuthorId> {
        match self.kind {
            CreatorKind::Id(id) => Some(id),
            CreatorKind::Handle(_) => None,
        }
    }

    /// Returns the handle; `None` for a user id.
    pub const fn handle(&self) -> Option<Handle> {
        match self.kind {
            CreatorKind::Id(_) => None,
            CreatorKind::Handle(handle) => Some(handle),
        }
    }

    /// Returns the text without `@`.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for CreatorRef {
    type Err = CreatorRefError;

    fn from_str(text: &str) -> Result<Self, CreatorRefError> {
        let text = text.trim().trim_start_matches(['@', '＠']);
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let id = text.parse::<u64>().ok().filter(|_| is_number).and_then(|id| AuthorId::try_from(id).ok());
        let kind = match id {
            Some(id) => CreatorKind::Id(id),
            None => CreatorKind::Handle(Handle::new(text).ok_or(CreatorRefError)?),
        };
        Ok(Self { text: text.to_owned(), kind })
    }
}

/// Videos that are left out as off topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CampaignFilter {
    /// A video with one of these hashtags is left out.
    pub not_tags: Vec<Tag>,
    /// The videos of these creators are left out.
    pub not_creators: Vec<CreatorRef>,
}

/// Hashtags, goals, filter and time zone of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignPlan {
    own: Vec<Tag>,
    rivals: Vec<Tag>,
    goals: CampaignGoals,
    filter: CampaignFilter,
    tz: Zone,
}

/// The JSON of a plan.
#[derive(Serialize, Deserialize)]
struct Stored {
    own: Vec<String>,
    #[serde(default)]
    rivals: Vec<String>,
    #[serde(default)]
    goals: CampaignGoals,
    #[serde(default)]
    not_tags: Vec<String>,
    #[serde(default)]
    not_creators: Vec<String>,
    #[serde(default, skip_serializing_if = "Zone::is_utc")]
    tz: Zone,
}

impl CampaignPlan {
    /// Creates a plan by days of UTC; a hashtag or creator that is named twice counts once.
    ///
    /// # Errors
    /// A hashtag is on both sides, or is own and left out, or a list has none or too many.
    pub fn new(
        own: Vec<Tag>,
        rivals: Vec<Tag>,
        goals: CampaignGoals,
        filter: CampaignFilter,
    ) -> Result<Self, PlanError> {
        let own = unique("hashtags", own, OWN_MAX)?;
        if own.is_empty() {
            return Err(PlanError::new("hashtags", "name at least one hashtag, such as oursummer"));
        }
        let rivals = unique("against", rivals, RIVALS_MAX)?;
        let not_tags = unique("not_tags", filter.not_tags, NOT_TAGS_MAX)?;
        let named = |tags: &[Tag], tag: &Tag| tags.iter().any(|other| other.key() == tag.key());
        if let Some(both) = rivals.iter().find(|tag| named(&own, tag)) {
            return Err(PlanError::new(
                "against",
                format_args!("#{} is one of the own hashtags, too", both.name()),
            ));
        }
        if let Some(out) = not_tags.iter().find(|tag| named(&own, tag) || named(&rivals, tag)) {
            let why = format_args!("#{} is measured, and would leave all of its own videos out", out.name());
            return Err(PlanError::new("not_tags", why));
        }
        let mut known = BTreeSet::new();
        let mut not_creators = filter.not_creators;
        not_creators.retain(|creator| known.insert(creator.kind));
        if not_creators.len() > NOT_CREATORS_MAX {
            return Err(PlanError::new(
                "not_creators",
                format_args!("give at most {NOT_CREATORS_MAX} creators"),
            ));
        }
        goals.check()?;
        Ok(Self { own, rivals, goals, filter: CampaignFilter { not_tags, not_creators }, tz: Zone::UTC })
    }

    /// Returns the own hashtags, at least one.
    pub fn own(&self) -> &[Tag] {
        &self.own
    }

    /// Returns the hashtags of competitors.
    pub fn rivals(&self) -> &[Tag] {
        &self.rivals
    }

    /// Returns the goals.
    pub const fn goals(&self) -> CampaignGoals {
        self.goals
    }

    /// Returns the filter of videos.
    pub const fn filter(&self) -> &CampaignFilter {
        &self.filter
    }

    /// Returns the plan with the days of a time zone.
    #[must_use]
    pub fn by_days_of(self, tz: Zone) -> Self {
        Self { tz, ..self }
    }

    /// Returns the time zone of its days.
    pub const fn tz(&self) -> &Zone {
        &self.tz
    }

    /// Returns the JSON for the store.
    pub fn to_json(&self) -> String {
        let names = |tags: &[Tag]| tags.iter().map(|tag| tag.name().to_owned()).collect();
        let stored = Stored {
            own: names(&self.own),
            rivals: names(&self.rivals),
            goals: self.goals,
            not_tags: names(&self.filter.not_tags),
            not_creators: self.filter.not_creators.iter().map(|creator| creator.text.clone()).collect(),
            tz: self.tz.clone(),
        };
        serde_json::to_string(&stored).expect("names and numbers are JSON")
    }

    /// Parses the JSON of the store; `None` if no version of the program wrote it.
    pub fn from_json(text: &str) -> Option<Self> {
        let stored: Stored = serde_json::from_str(text).ok()?;
        let tags =
            |names: Vec<String>| names.iter().map(|name| Tag::new(name)).collect::<Result<Vec<_>, _>>().ok();
        let creators: Result<Vec<CreatorRef>, _> =
            stored.not_creators.iter().map(|text| text.parse()).collect();
        let filter = CampaignFilter { not_tags: tags(stored.not_tags)?, not_creators: creators.ok()? };
        let plan = Self::new(tags(stored.own)?, tags(stored.rivals)?, stored.goals, filter).ok()?;
        Some(plan.by_days_of(stored.tz))
    }
}

fn unique(field: &'static str, mut tags: Vec<Tag>, most: usize) -> Result<Vec<Tag>, PlanError> {
    let mut known = BTreeSet::new();
    tags.retain(|tag| known.insert(tag.key().as_str().to_owned()));
    if tags.len() > most {
        return Err(PlanError::new(field, format_args!("give at most {most} hashtags")));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(names: &[&str]) -> Vec<Tag> {
        names.iter().map(|name| Tag::new(name).expect("a tag")).collect()
    }

    fn field(own: &[&str], rivals: &[&str], not_tags: &[&str]) -> Result<CampaignPlan, &'static str> {
        let filter = CampaignFilter { not_tags: tags(not_tags), not_creators: Vec::new() };
        CampaignPlan::new(tags(own), tags(rivals), CampaignGoals::default(), filter).map_err(|why| why.field)
    }

    #[test]
    fn a_hashtag_is_on_one_side_only() {
        assert_eq!(field(&["cat"], &["CAT"], &[]), Err("against"));
        assert_eq!(field(&["cat"], &["dog"], &["Dog"]), Err("not_tags"));
        assert_eq!(field(&[], &["dog"], &[]), Err("hashtags"));
        let names: Vec<String> = (0..=OWN_MAX).map(|number| format!("tag{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(field(&names, &[], &[]), Err("hashtags"));
        assert!(field(&names[1..], &[], &[]).is_ok());
        let twice = field(&["cat", "Cat"], &[], &[]).expect("a plan");
        assert_eq!(twice.own().len(), 1);
    }

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let creators = ["@Cat.Lover", "7551", "cat.lover"].map(|text| text.parse().expect("a creator"));
        let filter = CampaignFilter { not_tags: tags(&["bird"]), not_creators: creators.to_vec() };
        let goals = CampaignGoals { views: Some(1_000_000), ..CampaignGoals::default() };
        let plan = CampaignPlan::new(tags(&["OurSummer"]), tags(&["rival"]), goals, filter).expect("a plan");
        assert_eq!(plan.filter().not_creators.len(), 2, "one handle is one creator");
        let text = plan.to_json();
        assert_eq!(CampaignPlan::from_json(&text), Some(plan.clone()), "{text}");
        let berlin = plan.by_days_of("Europe/Berlin".parse().expect("a zone"));
        assert!(berlin.to_json().ends_with(r#","tz":"Europe/Berlin"}"#) && !text.contains("tz"), "{text}");
        assert_eq!(CampaignPlan::from_json(&berlin.to_json()), Some(berlin));
        for wrong in ["", "{}", r#"{"own":[]}"#, r#"{"own":["cat"],"goals":{"views":0}}"#] {
            assert_eq!(CampaignPlan::from_json(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_goal_is_above_0() {
        let goals = CampaignGoals { creators: Some(0), ..CampaignGoals::default() };
        let refused = CampaignPlan::new(tags(&["cat"]), Vec::new(), goals, CampaignFilter::default());
        assert_eq!(refused.map_err(|why| why.field), Err("goals"));
    }
}
