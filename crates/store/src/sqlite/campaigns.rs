//! Campaigns in `accounts.db`.

use super::accounts::{AccountsFile, begin};
use super::idempotency::repeated;
use crate::StoreError;
use crate::campaigns::{
    CAMPAIGNS_MAX, Campaign, CampaignChanged, CampaignCreated, CampaignRow, CampaignSettings, NewCampaign,
    campaign_columns,
};
use crate::error::Doing;
use crate::idempotency::Repeated;
use crate::ledger::limit;
use crate::row;
use domain::campaign::{CampaignName, CampaignRef};
use domain::{AccountId, CampaignId, Timestamp};
use rusqlite::{Connection, Params, Transaction, params};

const CAMPAIGN: &str =
    concat!("SELECT ", campaign_columns!(), " FROM campaigns WHERE account_id = ?1 AND campaign_id = ?2");
const NAMED: &str =
    concat!("SELECT ", campaign_columns!(), " FROM campaigns WHERE account_id = ?1 AND name = ?2");
const CAMPAIGNS: &str = concat!(
    "SELECT ",
    campaign_columns!(),
    " FROM campaigns WHERE account_id = ?1 AND (?2 IS NULL OR campaign_id < ?2) ORDER BY campaign_id DESC LIMIT ?3"
);
const OF_KEY: &str =
    "SELECT campaign_id, fingerprint FROM campaigns WHERE account_id = ?1 AND idempotency_key = ?2";
const CREATE: &str = "INSERT INTO campaigns
    (account_id, campaign_id, name, from_ms, to_ms, baseline_days, plan, notes, created_at_ms, updated_at_ms, version,
     idempotency_key, fingerprint)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, 0, ?10, ?11) ON CONFLICT (account_id, campaign_id) DO NOTHING";
const CHANGE: &str = "UPDATE campaigns
    SET name = ?3, from_ms = ?4, to_ms = ?5, baseline_days = ?6, plan = ?7, notes = ?8, updated_at_ms = ?9,
        version = version + 1
    WHERE account_id = ?1 AND campaign_id = ?2 AND version = ?10";

impl AccountsFile {
    pub(crate) async fn create_campaign(&self, campaign: NewCampaign) -> Result<CampaignCreated, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let created = create(&transaction, &campaign)?;
                transaction.commit().doing("commit a campaign")?;
                Ok(created)
            })
            .await
    }

    pub(crate) fn campaign(
        &self,
        account_id: AccountId,
        which: &CampaignRef,
    ) -> Result<Option<Campaign>, StoreError> {
        self.readers.with(|connection| match which {
            CampaignRef::Id(id) => one(connection, account_id, *id),
            CampaignRef::Name(name) => named(connection, account_id, name),
        })
    }

    pub(crate) fn campaigns(
        &self,
        account_id: AccountId,
        before: Option<CampaignId>,
        count: usize,
    ) -> Result<Vec<Campaign>, StoreError> {
        let parameters = params![account_id.0, before.map(CampaignId::to_bytes), limit(count)];
        self.readers.with(|connection| many(connection, CAMPAIGNS, parameters))
    }

    pub(crate) async fn change_campaign(
        &self,
        seen: &Campaign,
        settings: CampaignSettings,
        at: Timestamp,
    ) -> Result<CampaignChanged, StoreError> {
        let (account_id, id, version) = (seen.account_id, seen.id, seen.version);
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let changed = change(&transaction, (account_id, id), version, &settings, at)?;
                if matches!(changed, CampaignChanged::Changed(_)) {
                    transaction.commit().doing("commit a change of a campaign")?;
                }
                Ok(changed)
            })
            .await
    }

    pub(crate) async fn delete_campaign(
        &self,
        account_id: AccountId,
        id: CampaignId,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "delete a campaign";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let deleted = transaction
                    .execute(
                        "DELETE FROM campaigns WHERE account_id = ?1 AND campaign_id = ?2",
                        (account_id.0, id.to_bytes()),
                    )
                    .doing(DOING)?;
                transaction
                    .execute(
                        "DELETE FROM annotations WHERE account_id = ?1 AND campaign_id = ?2",
                        (account_id.0, id.to_bytes()),
                    )
                    .doing(DOING)?;
                transaction.commit().doing(DOING)?;
                Ok(deleted == 1)
            })
            .await
    }
}

fn one(
    connection: &Connection,
    account_id: AccountId,
    id: CampaignId,
) -> Result<Option<Campaign>, StoreError> {
    Ok(many(connection, CAMPAIGN, (account_id.0, id.to_bytes()))?.pop())
}

fn named(
    connection: &Connection,
    account_id: AccountId,
    name: &CampaignName,
) -> Result<Option<Campaign>, StoreError> {
    Ok(many(connection, NAMED, (account_id.0, name.as_str()))?.pop())
}

fn many(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<Campaign>, StoreError> {
    let rows: Vec<CampaignRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read campaigns")?;
    rows.into_iter().map(CampaignRow::read).collect()
}

fn create(transaction: &Transaction<'_>, campaign: &NewCampaign) -> Result<CampaignCreated, StoreError> {
    const DOING: &str = "create a campaign";
    let NewCampaign { id, account_id, settings, idempotency, at } = campaign;
    match repeated(transaction, OF_KEY, *account_id, idempotency.as_ref())? {
        Some(Repeated::Same(id)) => {
            let same = one(transaction, *account_id, CampaignId::from_bytes(id))?;
            return Ok(same.map_or(CampaignCreated::IdTaken, CampaignCreated::Same));
        }
        Some(Repeated::Other) => return Ok(CampaignCreated::OtherRequest),
        None => {}
    }
    let campaigns: i64 = transaction
        .query_row("SELECT count(*) FROM campaigns WHERE account_id = ?1", [account_id.0], row::sqlite)
        .doing(DOING)?;
    if campaigns.unsigned_abs() >= CAMPAIGNS_MAX {
        return Ok(CampaignCreated::TooMany);
    }
    if named(transaction, *account_id, &settings.name)?.is_some() {
        return Ok(CampaignCreated::NameTaken);
    }
    let made = transaction
        .execute(
            CREATE,
            params![
                account_id.0,
                id.to_bytes(),
                settings.name.as_str(),
                settings.span.from().as_ms(),
                settings.span.to().map(Timestamp::as_ms),
                settings.baseline.days(),
                settings.plan.to_json(),
                settings.notes,
                at.as_ms(),
                idempotency.as_ref().map(|(key, _)| key.as_str()),
                idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0),
            ],
        )
        .doing(DOING)?;
    if made == 0 {
        return Ok(CampaignCreated::IdTaken);
    }
    Ok(one(transaction, *account_id, *id)?.map_or(CampaignCreated::IdTaken, CampaignCreated::Created))
}

fn change(
    transaction: &Transaction<'_>,
    (account_id, id): (AccountId, CampaignId),
    version: u64,
    settings: &CampaignSettings,
    at: Timestamp,
) -> Result<CampaignChanged, StoreError> {
    if named(transaction, account_id, &settings.name)?.is_some_and(|other| other.id != id) {
        return Ok(CampaignChanged::NameTaken);
    }
    transaction
        .execute(
            CHANGE,
            params![
                account_id.0,
                id.to_bytes(),
                settings.name.as_str(),
                settings.span.from().as_ms(),
                settings.span.to().map(Timestamp::as_ms),
                settings.baseline.days(),
                settings.plan.to_json(),
                settings.notes,
                at.as_ms(),
                version.cast_signed(),
            ],
        )
        .doing("change a campaign")
        .and_then(|changed| if changed == 0 { Ok(None) } else { one(transaction, account_id, id) })
        .map(|changed| changed.map_or(CampaignChanged::Stale, CampaignChanged::Changed))
}
