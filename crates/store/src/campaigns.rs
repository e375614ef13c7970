//! Campaigns of accounts: hashtags, time, baseline, goals and filter. What is measured of them is computed when it is read.

use crate::idempotency::{Fingerprint, IdempotencyKey};
use crate::row::row;
use crate::{Store, StoreError};
use domain::campaign::{Baseline, CampaignName, CampaignPlan, CampaignRef, CampaignSpan};
use domain::{AccountId, CampaignId, Timestamp};

/// Most campaigns of one account.
pub const CAMPAIGNS_MAX: u64 = 1_000;

/// The part of a campaign that its owner sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignSettings {
    /// Name, unique within the account.
    pub name: CampaignName,
    /// Beginning and end.
    pub span: CampaignSpan,
    /// Baseline before it.
    pub baseline: Baseline,
    /// Hashtags, goals and filter.
    pub plan: CampaignPlan,
    /// Notes of the owner.
    pub notes: String,
}

/// A campaign to create.
#[derive(Debug, Clone)]
pub struct NewCampaign {
    /// Its id.
    pub id: CampaignId,
    /// Owner.
    pub account_id: AccountId,
    /// Settings.
    pub settings: CampaignSettings,
    /// Identifies a repeated request for the same campaign.
    pub idempotency: Option<(IdempotencyKey, Fingerprint)>,
    /// Creation time.
    pub at: Timestamp,
}

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Owner.
    pub account_id: AccountId,
    /// Settings.
    pub settings: CampaignSettings,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Raised by each change, so that a change of an older state is noticed.
    pub version: u64,
}

/// Outcome of creating a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CampaignCreated {
    /// It was created.
    Created(Campaign),
    /// The same request created this one before under the same key.
    Same(Campaign),
    /// The key was used for another request.
    OtherRequest,
    /// The account has [`CAMPAIGNS_MAX`] campaigns.
    TooMany,
    /// Another campaign of the account has this name.
    NameTaken,
    /// Another campaign of the account has this id: draw another one.
    IdTaken,
}

/// Outcome of changing a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one is made for each change, and taken apart at once")]
pub enum CampaignChanged {
    /// It was changed.
    Changed(Campaign),
    /// Another campaign of the account has the new name; nothing was changed.
    NameTaken,
    /// It was changed or deleted since it was read; nothing was changed.
    Stale,
}

impl Store {
    /// Creates a campaign, durably. With an idempotency key an account creates one campaign, however often it is requested.
    pub async fn create_campaign(&self, campaign: NewCampaign) -> Result<CampaignCreated, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_campaign(campaign).await,
            Self::Postgres(postgres) => postgres.create_campaign(&campaign).await,
        }
    }

    /// Returns an account's campaign; `None` if it does not exist or is another account's.
    pub async fn campaign(
        &self,
        account_id: AccountId,
        which: &CampaignRef,
    ) -> Result<Option<Campaign>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.campaign(account_id, which),
            Self::Postgres(postgres) => postgres.campaign(account_id, which).await,
        }
    }

    /// Returns up to `limit` campaigns of an account, newest first, before the campaign `before`.
    pub async fn campaigns(
        &self,
        account_id: AccountId,
        before: Option<CampaignId>,
        limit: usize,
    ) -> Result<Vec<Campaign>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.campaigns(account_id, before, limit),
            Self::Postgres(postgres) => postgres.campaigns(account_id, before, limit).await,
        }
    }

    /// Replaces the settings of a campaign that was read as `seen`.
    pub async fn change_campaign(
        &self,
        seen: &Campaign,
        settings: CampaignSettings,
        at: Timestamp,
    ) -> Result<CampaignChanged, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.change_campaign(seen, settings, at).await,
            Self::Postgres(postgres) => postgres.change_campaign(seen, &settings, at).await,
        }
    }

    /// Deletes an account's campaign with its annotations. Returns `false` if there is none.
    pub async fn delete_campaign(&self, account_id: AccountId, id: CampaignId) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.delete_campaign(account_id, id).await,
            Self::Postgres(postgres) => postgres.delete_campaign(account_id, id).await,
        }
    }
}

row! {
    /// A campaign's row.
    pub(crate) struct CampaignRow: campaign_columns {
        account_id: i64,
        campaign_id: [u8; 16],
        name: String,
        from_ms: i64,
        to_ms: Option<i64>,
        baseline_days: i64,
        plan: String,
        notes: String,
        created_at_ms: i64,
        updated_at_ms: i64,
        version: i64,
    }
}

impl CampaignRow {
    pub(crate) fn read(self) -> Result<Campaign, StoreError> {
        let id = CampaignId::from_bytes(self.campaign_id);
        let wrong = |column| StoreError::Inconsistent { table: "campaigns", column, row: id.to_string() };
        let (from, to) = (Timestamp::from_ms(self.from_ms), self.to_ms.map(Timestamp::from_ms));
        let baseline = u16::try_from(self.baseline_days).ok().and_then(Baseline::of_days);
        Ok(Campaign {
            id,
            account_id: AccountId(self.account_id),
            settings: CampaignSettings {
                name: self.name.parse().map_err(|_| wrong("name"))?,
                span: CampaignSpan::new(from, to).map_err(|_| wrong("to_ms"))?,
                baseline: baseline.ok_or_else(|| wrong("baseline_days"))?,
                plan: CampaignPlan::from_json(&self.plan).ok_or_else(|| wrong("plan"))?,
                notes: self.notes,
            },
            created_at: Timestamp::from_ms(self.created_at_ms),
            updated_at: Timestamp::from_ms(self.updated_at_ms),
            version: self.version.unsigned_abs(),
        })
    }
}
