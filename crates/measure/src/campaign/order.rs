//! Creating and changing campaigns: an order becomes settings, or an error that names the field.

use super::{CampaignRecord, CampaignView};
use crate::{Measure, MeasureError};
use domain::campaign::{
    Baseline, CampaignFilter, CampaignGoals, CampaignName, CampaignPlan, CampaignRef, CampaignSpan,
    CreatorRef, PlanError,
};
use domain::notes::checked_notes;
use domain::{AccountId, CampaignId, Moment, Tag, Timestamp, Zone};
use store::campaigns::{
    CAMPAIGNS_MAX, Campaign, CampaignChanged, CampaignCreated, CampaignSettings, NewCampaign,
};
use store::idempotency::{Fingerprint, IdempotencyKey};

/// Campaigns of a page.
pub const CAMPAIGNS_PER_PAGE: usize = 20;
/// Most names of a list in an order: far more than any list of a campaign has.
const NAMES_MAX: usize = 1_000;
/// Times that a change is tried again after another one came first.
const TRIES_MAX: usize = 5;

/// An order for a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignOrder {
    /// Name, as typed.
    pub name: String,
    /// Own hashtags, as typed or pasted.
    pub hashtags: Vec<String>,
    /// Hashtags of competitors.
    pub against: Vec<String>,
    /// Beginning: a day from its first millisecond on.
    pub from: Moment,
    /// End: a day to its last millisecond; `None` while it is open.
    pub to: Option<Moment>,
    /// Time zone of its days.
    pub tz: Zone,
    /// Baseline before it.
    pub baseline: Baseline,
    /// Goals.
    pub goals: CampaignGoals,
    /// Hashtags that leave a video out.
    pub not_tags: Vec<String>,
    /// Creators who are left out: handles or user ids.
    pub not_creators: Vec<String>,
    /// Notes.
    pub notes: String,
}

/// A change of a campaign; what is `None` stays, and a list replaces the old one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CampaignPatch {
    /// New name.
    pub name: Option<String>,
    /// New own hashtags.
    pub hashtags: Option<Vec<String>>,
    /// New hashtags of competitors.
    pub against: Option<Vec<String>>,
    /// New beginning.
    pub from: Option<Moment>,
    /// New end; `Some(None)` opens it.
    pub to: Option<Option<Moment>>,
    /// New time zone of its days; a beginning and an end that are those of days stay so.
    pub tz: Option<Zone>,
    /// New baseline.
    pub baseline: Option<Baseline>,
    /// New goals, all of them.
    pub goals: Option<CampaignGoals>,
    /// New hashtags that leave a video out.
    pub not_tags: Option<Vec<String>>,
    /// New creators who are left out.
    pub not_creators: Option<Vec<String>>,
    /// New notes.
    pub notes: Option<String>,
}

/// An order with every field checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedCampaign {
    settings: CampaignSettings,
}

/// A page of campaigns, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignPage {
    /// The campaigns.
    pub campaigns: Vec<CampaignRecord>,
    /// The last one, if there are more after it.
    pub next: Option<CampaignId>,
}

/// Errors of campaigns.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The measurement or the store failed.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// A field of an order is wrong.
    #[error("{field}: {why}")]
    Field {
        /// The field's name in a JSON body.
        field: &'static str,
        /// The fault, and what would be right.
        why: String,
    },
    /// The account has no such campaign.
    #[error("this account has no such campaign")]
    NotFound,
    /// Another campaign of the account has the name.
    #[error("this account has a campaign named {0} already; give another name, or change that one")]
    NameTaken(CampaignName),
    /// The account has too many campaigns.
    #[error("an account has at most {CAMPAIGNS_MAX} campaigns; delete one")]
    TooMany,
    /// The `Idempotency-Key` was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyOfOtherRequest,
    /// The new id is taken; a repeated request draws another one.
    #[error("the new campaign id is taken")]
    IdTaken,
    /// Others changed the campaign each time.
    #[error("the campaign is being changed by others; try again")]
    Busy,
}

impl From<store::StoreError> for CampaignError {
    fn from(error: store::StoreError) -> Self {
        Self::Measure(error.into())
    }
}

impl From<PlanError> for CampaignError {
    fn from(PlanError { field, why }: PlanError) -> Self {
        Self::Field { field, why }
    }
}

impl Measure {
    /// Checks an order.
    ///
    /// # Errors
    /// [`CampaignError::Field`] for a wrong field.
    pub fn check_campaign(&self, order: CampaignOrder) -> Result<CheckedCampaign, CampaignError> {
        let now = self.inner.clock.now();
        let filter = CampaignFilter {
            not_tags: tags("not_tags", &order.not_tags)?,
            not_creators: creators(&order.not_creators)?,
        };
        let own = tags("hashtags", &order.hashtags)?;
        let plan = CampaignPlan::new(own, tags("against", &order.against)?, order.goals, filter)?
            .by_days_of(order.tz.clone());
        let (from, to) = (order.from.begin_in(&order.tz, now), order.to.map(|to| to.end_in(&order.tz, now)));
        let settings = CampaignSettings {
            name: name(&order.name)?,
            span: span(from, to)?,
            baseline: order.baseline,
            plan,
            notes: notes(order.notes)?,
        };
        Ok(CheckedCampaign { settings })
    }

    /// Creates the campaign of an order.
    pub async fn create_campaign(
        &self,
        account_id: AccountId,
        id: CampaignId,
        order: CheckedCampaign,
        idempotency: Option<(IdempotencyKey, Fingerprint)>,
    ) -> Result<CampaignRecord, CampaignError> {
        let (name, now) = (order.settings.name.clone(), self.inner.clock.now());
        let new = NewCampaign { id, account_id, settings: order.settings, idempotency, at: now };
        match self.inner.store.create_campaign(new).await? {
            CampaignCreated::Created(campaign) | CampaignCreated::Same(campaign) => {
                Ok(CampaignRecord::of(&campaign, now))
            }
            CampaignCreated::OtherRequest => Err(CampaignError::KeyOfOtherRequest),
            CampaignCreated::TooMany => Err(CampaignError::TooMany),
            CampaignCreated::NameTaken => Err(CampaignError::NameTaken(name)),
            CampaignCreated::IdTaken => Err(CampaignError::IdTaken),
        }
    }

    /// Measures the campaign of an order without creating it.
    pub async fn try_campaign(
        &self,
        account_id: AccountId,
        id: CampaignId,
        order: CheckedCampaign,
    ) -> Result<CampaignView, CampaignError> {
        let named = CampaignRef::Name(order.settings.name.clone());
        if self.inner.store.campaign(account_id, &named).await?.is_some() {
            return Err(CampaignError::NameTaken(order.settings.name));
        }
        let now = self.inner.clock.now();
        let campaign = Campaign {
            id,
            account_id,
            settings: order.settings,
            created_at: now,
            updated_at: now,
            version: 0,
        };
        let mut view = self.campaign(&campaign).await?;
        view.campaign.id = None;
        Ok(view)
    }

    /// Returns an account's campaign.
    pub async fn find_campaign(
        &self,
        account_id: AccountId,
        which: &CampaignRef,
    ) -> Result<Campaign, CampaignError> {
        self.inner.store.campaign(account_id, which).await?.ok_or(CampaignError::NotFound)
    }

    /// Returns a page of an account's campaigns, newest first, after the campaign `after`.
    pub async fn campaigns(
        &self,
        account_id: AccountId,
        after: Option<CampaignId>,
    ) -> Result<CampaignPage, CampaignError> {
        let now = self.inner.clock.now();
        let mut found = self.inner.store.campaigns(account_id, after, CAMPAIGNS_PER_PAGE + 1).await?;
        let has_more = found.len() > CAMPAIGNS_PER_PAGE;
        found.truncate(CAMPAIGNS_PER_PAGE);
        let next = found.last().filter(|_| has_more).map(|campaign| campaign.id);
        Ok(CampaignPage {
            campaigns: found.iter().map(|campaign| CampaignRecord::of(campaign, now)).collect(),
            next,
        })
    }

    /// Changes an account's campaign.
    pub async fn change_campaign(
        &self,
        account_id: AccountId,
        which: &CampaignRef,
        patch: &CampaignPatch,
    ) -> Result<Campaign, CampaignError> {
        let now = self.inner.clock.now();
        for _ in 0..TRIES_MAX {
            let seen = self.find_campaign(account_id, which).await?;
            let settings = patched(&seen.settings, patch, now)?;
            let name = settings.name.clone();
            match self.inner.store.change_campaign(&seen, settings, now).await? {
                CampaignChanged::Changed(campaign) => return Ok(campaign),
                CampaignChanged::NameTaken => return Err(CampaignError::NameTaken(name)),
                CampaignChanged::Stale => {}
            }
        }
        Err(CampaignError::Busy)
    }

    /// Deletes an account's campaign, and returns it as it was. What is stored of its hashtags stays.
    pub async fn delete_campaign(
        &self,
        account_id: AccountId,
        which: &CampaignRef,
    ) -> Result<CampaignRecord, CampaignError> {
        let last = self.find_campaign(account_id, which).await?;
        match self.inner.store.delete_campaign(account_id, last.id).await? {
            true => Ok(CampaignRecord::of(&last, self.inner.clock.now())),
            false => Err(CampaignError::NotFound),
        }
    }
}

/// Returns the settings after a change.
fn patched(
    old: &CampaignSettings,
    patch: &CampaignPatch,
    now: Timestamp,
) -> Result<CampaignSettings, CampaignError> {
    let list = |field, new: &Option<Vec<String>>, old: &[Tag]| match new {
        Some(names) => tags(field, names),
        None => Ok(old.to_vec()),
    };
    let plan = &old.plan;
    let filter = CampaignFilter {
        not_tags: list("not_tags", &patch.not_tags, &plan.filter().not_tags)?,
        not_creators: match &patch.not_creators {
            Some(names) => creators(names)?,
            None => plan.filter().not_creators.clone(),
        },
    };
    let own = list("hashtags", &patch.hashtags, plan.own())?;
    let rivals = list("against", &patch.against, plan.rivals())?;
    let tz = patch.tz.as_ref().unwrap_or(plan.tz());
    let from = match patch.from {
        Some(from) => from.begin_in(tz, now),
        None => moved_begin(old.span.from(), plan.tz(), tz),
    };
    let to = match patch.to {
        Some(to) => to.map(|to| to.end_in(tz, now)),
        None => old.span.to().map(|to| moved_end(to, plan.tz(), tz)),
    };
    Ok(CampaignSettings {
        name: patch.name.as_deref().map_or_else(|| Ok(old.name.clone()), name)?,
        span: span(from, to)?,
        baseline: patch.baseline.unwrap_or(old.baseline),
        plan: CampaignPlan::new(own, rivals, patch.goals.unwrap_or(plan.goals()), filter)?
            .by_days_of(tz.clone()),
        notes: patch.notes.clone().map_or_else(|| Ok(old.notes.clone()), notes)?,
    })
}

/// Returns the beginning of the same day in another zone; a moment within a day stays.
fn moved_begin(at: Timestamp, old: &Zone, new: &Zone) -> Timestamp {
    let day = old.date(at);
    let is_day = old.day_begins(day) == Some(at);
    new.day_begins(day).filter(|_| is_day).unwrap_or(at)
}

/// Returns the end of the same day in another zone; a moment within a day stays.
fn moved_end(at: Timestamp, old: &Zone, new: &Zone) -> Timestamp {
    let day = old.date(at);
    let is_day = old.day_ends(day) == Some(at);
    new.day_ends(day).filter(|_| is_day).unwrap_or(at)
}

fn wrong(field: &'static str, why: impl ToString) -> CampaignError {
    CampaignError::Field { field, why: why.to_string() }
}

fn name(text: &str) -> Result<CampaignName, CampaignError> {
    text.parse().map_err(|why| wrong("name", why))
}

fn span(from: Timestamp, to: Option<Timestamp>) -> Result<CampaignSpan, CampaignError> {
    let field = if from.is_before_tiktok() { "from" } else { "to" };
    CampaignSpan::new(from, to).map_err(|why| wrong(field, why))
}

fn notes(text: String) -> Result<String, CampaignError> {
    checked_notes(text).map_err(|why| wrong("notes", why))
}

fn tags(field: &'static str, names: &[String]) -> Result<Vec<Tag>, CampaignError> {
    let tag =
        |name: &String| Tag::of_typed(name).map_err(|why| wrong(field, format_args!("{name:?}: {why}")));
    if names.len() > NAMES_MAX {
        return Err(wrong(field, format_args!("give at most {NAMES_MAX} names")));
    }
    names.iter().map(tag).collect()
}

fn creators(names: &[String]) -> Result<Vec<CreatorRef>, CampaignError> {
    let creator = |name: &String| {
        name.parse::<CreatorRef>().map_err(|why| wrong("not_creators", format_args!("{name:?}: {why}")))
    };
    if names.len() > NAMES_MAX {
        return Err(wrong("not_creators", format_args!("give at most {NAMES_MAX} creators")));
    }
    names.iter().map(creator).collect()
}
