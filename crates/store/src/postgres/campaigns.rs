//! Campaigns. On a cluster they are distributed by account, beside the balances.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::campaigns::{
    CAMPAIGNS_MAX, Campaign, CampaignChanged, CampaignCreated, CampaignRow, CampaignSettings, NewCampaign,
    campaign_columns,
};
use crate::error::Doing;
use crate::idempotency::Repeated;
use crate::ledger::limit;
use crate::row;
use domain::campaign::CampaignRef;
use domain::{AccountId, CampaignId, Timestamp};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

const CAMPAIGN: &str = concat!(
    "SELECT ",
    campaign_columns!(),
    " FROM tagmeter.campaigns WHERE account_id = $1 AND campaign_id = $2"
);
const NAMED: &str =
    concat!("SELECT ", campaign_columns!(), " FROM tagmeter.campaigns WHERE account_id = $1 AND name = $2");
const CAMPAIGNS: &str = concat!(
    "SELECT ",
    campaign_columns!(),
    " FROM tagmeter.campaigns WHERE account_id = $1 AND ($2::bytea IS NULL OR campaign_id < $2)
      ORDER BY campaign_id DESC LIMIT $3"
);
const OF_KEY: &str = concat!(
    "SELECT ",
    campaign_columns!(),
    ", fingerprint FROM tagmeter.campaigns WHERE account_id = $1 AND idempotency_key = $2"
);
const NUMBER: &str = "SELECT count(*) FROM tagmeter.campaigns WHERE account_id = $1";
const CREATE: &str = "INSERT INTO tagmeter.campaigns
    (account_id, campaign_id, name, from_ms, to_ms, baseline_days, plan, notes, created_at_ms, updated_at_ms, version,
     idempotency_key, fingerprint)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, $10, $11) ON CONFLICT DO NOTHING";
/// A name that another campaign has leaves the row as it is. Two changes to one name at once: the unique index refuses one.
const CHANGE: &str = "UPDATE tagmeter.campaigns
    SET name = $3, from_ms = $4, to_ms = $5, baseline_days = $6, plan = $7, notes = $8, updated_at_ms = $9,
        version = version + 1
    WHERE account_id = $1 AND campaign_id = $2 AND version = $10";
const DELETE: &str = "DELETE FROM tagmeter.campaigns WHERE account_id = $1 AND campaign_id = $2";
const DELETE_ANNOTATIONS: &str =
    "DELETE FROM tagmeter.annotations WHERE account_id = $1 AND campaign_id = $2";

impl Postgres {
    pub(crate) async fn create_campaign(
        &self,
        campaign: &NewCampaign,
    ) -> Result<CampaignCreated, StoreError> {
        const DOING: &str = "create a campaign";
        // A repeated request usually finds it.
        if let Some(before) = self.campaign_created_before(campaign).await? {
            return Ok(before);
        }
        let NewCampaign { id, account_id, settings, idempotency, at } = campaign;
        let account: [Parameter<'_>; 1] = [(&account_id.0, Type::INT8)];
        let number = self.pool.query_opt(DOING, NUMBER, &account).await?;
        let number: i64 = number.as_ref().map(row::postgres).transpose().doing(DOING)?.unwrap_or(0);
        if number.unsigned_abs() >= CAMPAIGNS_MAX {
            return Ok(CampaignCreated::TooMany);
        }
        let bytes = id.to_bytes();
        let fingerprint = idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0.as_slice());
        let parameters: [Parameter<'_>; 11] = [
            (&account_id.0, Type::INT8),
            (&bytes.as_slice(), Type::BYTEA),
            (&settings.name.as_str(), Type::TEXT),
            (&settings.span.from().as_ms(), Type::INT8),
            (&settings.span.to().map(Timestamp::as_ms), Type::INT8),
            (&i64::from(settings.baseline.days()), Type::INT8),
            (&settings.plan.to_json(), Type::TEXT),
            (&settings.notes, Type::TEXT),
            (&at.as_ms(), Type::INT8),
            (&idempotency.as_ref().map(|(key, _)| key.as_str()), Type::TEXT),
            (&fingerprint, Type::BYTEA),
        ];
        if self.write_campaign(CREATE, &parameters).await?.doing(DOING)? == 1 {
            let created = self.campaign(*account_id, &CampaignRef::Id(*id)).await?;
            return Ok(created.map_or(CampaignCreated::IdTaken, CampaignCreated::Created));
        }
        // Another node created it meanwhile, or the name or the id is another campaign's.
        if let Some(before) = self.campaign_created_before(campaign).await? {
            return Ok(before);
        }
        let named = self.campaign(*account_id, &CampaignRef::Name(settings.name.clone())).await?;
        Ok(named.map_or(CampaignCreated::IdTaken, |_| CampaignCreated::NameTaken))
    }

    async fn campaign_created_before(
        &self,
        campaign: &NewCampaign,
    ) -> Result<Option<CampaignCreated>, StoreError> {
        let before =
            self.repeated::<CampaignRow>(OF_KEY, campaign.account_id, campaign.idempotency.as_ref()).await?;
        Ok(match before {
            Some(Repeated::Same(row)) => Some(CampaignCreated::Same(row.read()?)),
            Some(Repeated::Other) => Some(CampaignCreated::OtherRequest),
            None => None,
        })
    }

    pub(crate) async fn campaign(
        &self,
        account_id: AccountId,
        which: &CampaignRef,
    ) -> Result<Option<Campaign>, StoreError> {
        const DOING: &str = "look a campaign up";
        let row = match which {
            CampaignRef::Id(id) => {
                let id = id.to_bytes();
                let parameters: [Parameter<'_>; 2] =
                    [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
                self.pool.query_opt(DOING, CAMPAIGN, &parameters).await?
            }
            CampaignRef::Name(name) => {
                let parameters: [Parameter<'_>; 2] =
                    [(&account_id.0, Type::INT8), (&name.as_str(), Type::TEXT)];
                self.pool.query_opt(DOING, NAMED, &parameters).await?
            }
        };
        row.map(|row| row::postgres::<CampaignRow>(&row).doing(DOING)?.read()).transpose()
    }

    pub(crate) async fn campaigns(
        &self,
        account_id: AccountId,
        before: Option<CampaignId>,
        number: usize,
    ) -> Result<Vec<Campaign>, StoreError> {
        const DOING: &str = "list campaigns";
        let before = before.map(CampaignId::to_bytes);
        let parameters: [Parameter<'_>; 3] = [
            (&account_id.0, Type::INT8),
            (&before.as_ref().map(|id| id.as_slice()), Type::BYTEA),
            (&limit(number), Type::INT8),
        ];
        let rows = self.pool.query(DOING, CAMPAIGNS, &parameters).await?;
        rows.iter().map(|row| row::postgres::<CampaignRow>(row).doing(DOING)?.read()).collect()
    }

    pub(crate) async fn change_campaign(
        &self,
        seen: &Campaign,
        settings: &CampaignSettings,
        at: Timestamp,
    ) -> Result<CampaignChanged, StoreError> {
        const DOING: &str = "change a campaign";
        let named = self.campaign(seen.account_id, &CampaignRef::Name(settings.name.clone())).await?;
        if named.is_some_and(|other| other.id != seen.id) {
            return Ok(CampaignChanged::NameTaken);
        }
        let bytes = seen.id.to_bytes();
        let parameters: [Parameter<'_>; 10] = [
            (&seen.account_id.0, Type::INT8),
            (&bytes.as_slice(), Type::BYTEA),
            (&settings.name.as_str(), Type::TEXT),
            (&settings.span.from().as_ms(), Type::INT8),
            (&settings.span.to().map(Timestamp::as_ms), Type::INT8),
            (&i64::from(settings.baseline.days()), Type::INT8),
            (&settings.plan.to_json(), Type::TEXT),
            (&settings.notes, Type::TEXT),
            (&at.as_ms(), Type::INT8),
            (&seen.version.cast_signed(), Type::INT8),
        ];
        let changed = match self.write_campaign(CHANGE, &parameters).await? {
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                return Ok(CampaignChanged::NameTaken);
            }
            changed => changed.doing(DOING)?,
        };
        if changed == 0 {
            return Ok(CampaignChanged::Stale);
        }
        let now = self.campaign(seen.account_id, &CampaignRef::Id(seen.id)).await?;
        Ok(now.map_or(CampaignChanged::Stale, CampaignChanged::Changed))
    }

    pub(crate) async fn delete_campaign(
        &self,
        account_id: AccountId,
        id: CampaignId,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "delete a campaign";
        let bytes = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&bytes.as_slice(), Type::BYTEA)];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let deleted = transaction.execute_typed(DELETE, &parameters).await.doing(DOING)?;
        transaction.execute_typed(DELETE_ANNOTATIONS, &parameters).await.doing(DOING)?;
        transaction.commit().await.doing(DOING)?;
        Ok(deleted == 1)
    }

    /// Executes one statement in a transaction, and returns the number of its rows or the error of the server.
    async fn write_campaign(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Result<u64, tokio_postgres::Error>, StoreError> {
        const DOING: &str = "write a campaign";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let rows = match transaction.execute_typed(sql, parameters).await {
            Ok(rows) => rows,
            Err(error) => return Ok(Err(error)),
        };
        transaction.commit().await.doing(DOING)?;
        Ok(Ok(rows))
    }
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 9] = [
    ("CAMPAIGN", CAMPAIGN),
    ("NAMED", NAMED),
    ("CAMPAIGNS", CAMPAIGNS),
    ("OF_KEY", OF_KEY),
    ("NUMBER", NUMBER),
    ("CREATE", CREATE),
    ("CHANGE", CHANGE),
    ("DELETE", DELETE),
    ("DELETE_ANNOTATIONS", DELETE_ANNOTATIONS),
];
