//! Annotations. On a cluster they are distributed by account, beside the balances.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::annotations::{
    ANNOTATIONS_MAX, AnnotatedCurves, AnnotationCreated, AnnotationRow, AnnotationSettings, NewAnnotation,
    OwnAnnotation, annotation_columns,
};
use crate::error::Doing;
use crate::idempotency::Repeated;
use crate::ledger::limit;
use crate::row;
use domain::{AccountId, AnnotationId, CampaignId, TagKey, Timestamp};
use tokio_postgres::types::Type;

const ONE: &str = concat!(
    "SELECT ",
    annotation_columns!(),
    " FROM tagmeter.annotations WHERE account_id = $1 AND annotation_id = $2"
);
const PAGE: &str = concat!(
    "SELECT ",
    annotation_columns!(),
    " FROM tagmeter.annotations WHERE account_id = $1 AND ($2::bytea IS NULL OR annotation_id < $2)
      ORDER BY annotation_id DESC LIMIT $3"
);
const ON_CURVES: &str = concat!(
    "SELECT ",
    annotation_columns!(),
    " FROM tagmeter.annotations WHERE account_id = $1
        AND ((tag_key IS NULL AND campaign_id IS NULL) OR tag_key = ANY($2) OR campaign_id = $3)
      ORDER BY from_ms, annotation_id"
);
const OF_KEY: &str = concat!(
    "SELECT ",
    annotation_columns!(),
    ", fingerprint FROM tagmeter.annotations WHERE account_id = $1 AND idempotency_key = $2"
);
const NUMBER: &str = "SELECT count(*) FROM tagmeter.annotations WHERE account_id = $1";
const CREATE: &str = "INSERT INTO tagmeter.annotations
    (account_id, annotation_id, tag_key, tag_name, campaign_id, from_ms, until_ms, text, created_at_ms, updated_at_ms,
     idempotency_key, fingerprint)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11) ON CONFLICT DO NOTHING";
const CHANGE: &str = "UPDATE tagmeter.annotations
    SET tag_key = $3, tag_name = $4, campaign_id = $5, from_ms = $6, until_ms = $7, text = $8, updated_at_ms = $9
    WHERE account_id = $1 AND annotation_id = $2";
const DELETE: &str = "DELETE FROM tagmeter.annotations WHERE account_id = $1 AND annotation_id = $2";
const HIDDEN: &str = "SELECT name FROM tagmeter.hidden_annotations WHERE account_id = $1 ORDER BY name";
const HIDE: &str =
    "INSERT INTO tagmeter.hidden_annotations (account_id, name, hidden_at_ms) VALUES ($1, $2, $3)
    ON CONFLICT (account_id, name) DO NOTHING";
const SHOW: &str = "DELETE FROM tagmeter.hidden_annotations WHERE account_id = $1 AND name = $2";

impl Postgres {
    pub(crate) async fn create_annotation(
        &self,
        annotation: &NewAnnotation,
    ) -> Result<AnnotationCreated, StoreError> {
        const DOING: &str = "create an annotation";
        // A repeated request usually finds it.
        if let Some(before) = self.annotation_created_before(annotation).await? {
            return Ok(before);
        }
        let NewAnnotation { id, account_id, settings, idempotency, at } = annotation;
        let number = self.pool.query_opt(DOING, NUMBER, &[(&account_id.0, Type::INT8)]).await?;
        let number: i64 = number.as_ref().map(row::postgres).transpose().doing(DOING)?.unwrap_or(0);
        if number.unsigned_abs() >= ANNOTATIONS_MAX {
            return Ok(AnnotationCreated::TooMany);
        }
        let bytes = id.to_bytes();
        let (tag_key, tag_name, campaign) = settings.subject_columns();
        let fingerprint = idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0.as_slice());
        let parameters: [Parameter<'_>; 11] = [
            (&account_id.0, Type::INT8),
            (&bytes.as_slice(), Type::BYTEA),
            (&tag_key, Type::TEXT),
            (&tag_name, Type::TEXT),
            (&campaign.as_ref().map(|id| id.as_slice()), Type::BYTEA),
            (&settings.span.from().as_ms(), Type::INT8),
            (&settings.span.until().as_ms(), Type::INT8),
            (&settings.text.as_str(), Type::TEXT),
            (&at.as_ms(), Type::INT8),
            (&idempotency.as_ref().map(|(key, _)| key.as_str()), Type::TEXT),
            (&fingerprint, Type::BYTEA),
        ];
        if self.write_annotation(CREATE, &parameters).await? == 1 {
            let created = self.annotation(*account_id, *id).await?;
            return Ok(created.map_or(AnnotationCreated::IdTaken, AnnotationCreated::Created));
        }
        // Another node created it meanwhile, or the id is another annotation's.
        let before = self.annotation_created_before(annotation).await?;
        Ok(before.unwrap_or(AnnotationCreated::IdTaken))
    }

    async fn annotation_created_before(
        &self,
        annotation: &NewAnnotation,
    ) -> Result<Option<AnnotationCreated>, StoreError> {
        let before = self
            .repeated::<AnnotationRow>(OF_KEY, annotation.account_id, annotation.idempotency.as_ref())
            .await?;
        Ok(match before {
            Some(Repeated::Same(row)) => Some(AnnotationCreated::Same(row.read()?)),
            Some(Repeated::Other) => Some(AnnotationCreated::OtherRequest),
            None => None,
        })
    }

    pub(crate) async fn annotation(
        &self,
        account_id: AccountId,
        id: AnnotationId,
    ) -> Result<Option<OwnAnnotation>, StoreError> {
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
        Ok(self.some_annotations(ONE, &parameters).await?.pop())
    }

    pub(crate) async fn annotations(
        &self,
        account_id: AccountId,
        before: Option<AnnotationId>,
        number: usize,
    ) -> Result<Vec<OwnAnnotation>, StoreError> {
        let before = before.map(AnnotationId::to_bytes);
        let parameters: [Parameter<'_>; 3] = [
            (&account_id.0, Type::INT8),
            (&before.as_ref().map(|id| id.as_slice()), Type::BYTEA),
            (&limit(number), Type::INT8),
        ];
        self.some_annotations(PAGE, &parameters).await
    }

    pub(crate) async fn annotations_on(
        &self,
        account_id: AccountId,
        curves: &AnnotatedCurves,
    ) -> Result<Vec<OwnAnnotation>, StoreError> {
        let keys: Vec<&str> = curves.tags.iter().map(TagKey::as_str).collect();
        let campaign = curves.campaign.map(CampaignId::to_bytes);
        let parameters: [Parameter<'_>; 3] = [
            (&account_id.0, Type::INT8),
            (&keys, Type::TEXT_ARRAY),
            (&campaign.as_ref().map(|id| id.as_slice()), Type::BYTEA),
        ];
        self.some_annotations(ON_CURVES, &parameters).await
    }

    pub(crate) async fn change_annotation(
        &self,
        account_id: AccountId,
        id: AnnotationId,
        settings: &AnnotationSettings,
        at: Timestamp,
    ) -> Result<Option<OwnAnnotation>, StoreError> {
        let bytes = id.to_bytes();
        let (tag_key, tag_name, campaign) = settings.subject_columns();
        let parameters: [Parameter<'_>; 9] = [
            (&account_id.0, Type::INT8),
            (&bytes.as_slice(), Type::BYTEA),
            (&tag_key, Type::TEXT),
            (&tag_name, Type::TEXT),
            (&campaign.as_ref().map(|id| id.as_slice()), Type::BYTEA),
            (&settings.span.from().as_ms(), Type::INT8),
            (&settings.span.until().as_ms(), Type::INT8),
            (&settings.text.as_str(), Type::TEXT),
            (&at.as_ms(), Type::INT8),
        ];
        self.write_annotation(CHANGE, &parameters).await?;
        self.annotation(account_id, id).await
    }

    pub(crate) async fn delete_annotation(
        &self,
        account_id: AccountId,
        id: AnnotationId,
    ) -> Result<bool, StoreError> {
        let bytes = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&bytes.as_slice(), Type::BYTEA)];
        Ok(self.write_annotation(DELETE, &parameters).await? == 1)
    }

    pub(crate) async fn hidden_annotations(&self, account_id: AccountId) -> Result<Vec<String>, StoreError> {
        const DOING: &str = "read hidden annotations";
        let rows = self.pool.query(DOING, HIDDEN, &[(&account_id.0, Type::INT8)]).await?;
        rows.iter().map(|row| row::postgres(row).doing(DOING)).collect()
    }

    pub(crate) async fn hide_annotation(
        &self,
        account_id: AccountId,
        name: &str,
        is_hidden: bool,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let parameters: [Parameter<'_>; 3] =
            [(&account_id.0, Type::INT8), (&name, Type::TEXT), (&at.as_ms(), Type::INT8)];
        if is_hidden {
            self.write_annotation(HIDE, &parameters).await?;
        } else {
            self.write_annotation(SHOW, &parameters[..2]).await?;
        }
        Ok(())
    }

    async fn some_annotations(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<OwnAnnotation>, StoreError> {
        const DOING: &str = "read annotations";
        let rows = self.pool.query(DOING, sql, parameters).await?;
        rows.iter().map(|row| row::postgres::<AnnotationRow>(row).doing(DOING)?.read()).collect()
    }

    /// Executes one statement in a transaction, and returns the number of its rows.
    async fn write_annotation(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64, StoreError> {
        const DOING: &str = "write an annotation";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let rows = transaction.execute_typed(sql, parameters).await.doing(DOING)?;
        transaction.commit().await.doing(DOING)?;
        Ok(rows)
    }
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 11] = [
    ("ONE", ONE),
    ("PAGE", PAGE),
    ("ON_CURVES", ON_CURVES),
    ("OF_KEY", OF_KEY),
    ("NUMBER", NUMBER),
    ("CREATE", CREATE),
    ("CHANGE", CHANGE),
    ("DELETE", DELETE),
    ("HIDDEN", HIDDEN),
    ("HIDE", HIDE),
    ("SHOW", SHOW),
];
