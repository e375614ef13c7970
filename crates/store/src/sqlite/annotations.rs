//! Annotations in `accounts.db`.

use super::accounts::{AccountsFile, begin};
use super::idempotency::repeated;
use crate::StoreError;
use crate::annotations::{
    ANNOTATIONS_MAX, AnnotatedCurves, AnnotationCreated, AnnotationRow, AnnotationSettings, NewAnnotation,
    OwnAnnotation, annotation_columns,
};
use crate::error::Doing;
use crate::idempotency::Repeated;
use crate::ledger::limit;
use crate::row;
use domain::{AccountId, AnnotationId, CampaignId, Timestamp};
use rusqlite::{Connection, Params, Transaction, params};

const ONE: &str = concat!(
    "SELECT ",
    annotation_columns!(),
    " FROM annotations WHERE account_id = ?1 AND annotation_id = ?2"
);
const PAGE: &str = concat!(
    "SELECT ",
    annotation_columns!(),
    " FROM annotations WHERE account_id = ?1 AND (?2 IS NULL OR annotation_id < ?2) ORDER BY annotation_id DESC LIMIT ?3"
);
/// On all curves, and on those of a campaign.
const ON_ALL: &str = concat!(
    "SELECT ",
    annotation_columns!(),
    " FROM annotations WHERE account_id = ?1 AND tag_key IS NULL AND (campaign_id IS NULL OR campaign_id = ?2)"
);
const ON_HASHTAG: &str =
    concat!("SELECT ", annotation_columns!(), " FROM annotations WHERE account_id = ?1 AND tag_key = ?2");
const OF_KEY: &str =
    "SELECT annotation_id, fingerprint FROM annotations WHERE account_id = ?1 AND idempotency_key = ?2";
const CREATE: &str = "INSERT INTO annotations
    (account_id, annotation_id, tag_key, tag_name, campaign_id, from_ms, until_ms, text, created_at_ms, updated_at_ms,
     idempotency_key, fingerprint)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11) ON CONFLICT (account_id, annotation_id) DO NOTHING";
const CHANGE: &str = "UPDATE annotations
    SET tag_key = ?3, tag_name = ?4, campaign_id = ?5, from_ms = ?6, until_ms = ?7, text = ?8, updated_at_ms = ?9
    WHERE account_id = ?1 AND annotation_id = ?2";
const DELETE: &str = "DELETE FROM annotations WHERE account_id = ?1 AND annotation_id = ?2";
const HIDDEN: &str = "SELECT name FROM hidden_annotations WHERE account_id = ?1 ORDER BY name";
const HIDE: &str = "INSERT INTO hidden_annotations (account_id, name, hidden_at_ms) VALUES (?1, ?2, ?3)
    ON CONFLICT (account_id, name) DO NOTHING";
const SHOW: &str = "DELETE FROM hidden_annotations WHERE account_id = ?1 AND name = ?2";

impl AccountsFile {
    pub(crate) async fn create_annotation(
        &self,
        annotation: NewAnnotation,
    ) -> Result<AnnotationCreated, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let created = create(&transaction, &annotation)?;
                transaction.commit().doing("commit an annotation")?;
                Ok(created)
            })
            .await
    }

    pub(crate) fn annotation(
        &self,
        account_id: AccountId,
        id: AnnotationId,
    ) -> Result<Option<OwnAnnotation>, StoreError> {
        self.readers.with(|connection| one(connection, account_id, id))
    }

    pub(crate) fn annotations(
        &self,
        account_id: AccountId,
        before: Option<AnnotationId>,
        count: usize,
    ) -> Result<Vec<OwnAnnotation>, StoreError> {
        let parameters = params![account_id.0, before.map(AnnotationId::to_bytes), limit(count)];
        self.readers.with(|connection| many(connection, PAGE, parameters))
    }

    pub(crate) fn annotations_on(
        &self,
        account_id: AccountId,
        curves: &AnnotatedCurves,
    ) -> Result<Vec<OwnAnnotation>, StoreError> {
        let campaign = curves.campaign.map(CampaignId::to_bytes);
        self.readers.with(|connection| {
            let mut annotations = many(connection, ON_ALL, (account_id.0, campaign))?;
            for tag in &curves.tags {
                annotations.extend(many(connection, ON_HASHTAG, (account_id.0, tag.as_str()))?);
            }
            annotations.sort_by_key(|annotation| (annotation.settings.span.from(), annotation.id));
            Ok(annotations)
        })
    }

    pub(crate) async fn change_annotation(
        &self,
        account_id: AccountId,
        id: AnnotationId,
        settings: AnnotationSettings,
        at: Timestamp,
    ) -> Result<Option<OwnAnnotation>, StoreError> {
        const DOING: &str = "change an annotation";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let (key, name, campaign) = settings.subject_columns();
                let (span, text) = (settings.span, settings.text.as_str());
                let parameters = params![
                    account_id.0,
                    id.to_bytes(),
                    key,
                    name,
                    campaign,
                    span.from().as_ms(),
                    span.until().as_ms(),
                    text,
                    at.as_ms(),
                ];
                transaction.execute(CHANGE, parameters).doing(DOING)?;
                let changed = one(&transaction, account_id, id)?;
                transaction.commit().doing(DOING)?;
                Ok(changed)
            })
            .await
    }

    pub(crate) async fn delete_annotation(
        &self,
        account_id: AccountId,
        id: AnnotationId,
    ) -> Result<bool, StoreError> {
        self.committer
            .run(move |connection| Ok(write(connection, DELETE, (account_id.0, id.to_bytes()))? == 1))
            .await
    }

    pub(crate) fn hidden_annotations(&self, account_id: AccountId) -> Result<Vec<String>, StoreError> {
        self.readers.with(|connection| {
            connection
                .prepare_cached(HIDDEN)
                .and_then(|mut statement| statement.query_map([account_id.0], row::sqlite)?.collect())
                .doing("read hidden annotations")
        })
    }

    pub(crate) async fn hide_annotation(
        &self,
        account_id: AccountId,
        name: &str,
        is_hidden: bool,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.committer
            .run(move |connection| {
                if is_hidden {
                    write(connection, HIDE, (account_id.0, name, at.as_ms()))?;
                } else {
                    write(connection, SHOW, (account_id.0, name))?;
                }
                Ok(())
            })
            .await
    }
}

/// Executes one statement in a transaction, and returns the number of its rows.
fn write(connection: &mut Connection, sql: &str, parameters: impl Params) -> Result<usize, StoreError> {
    const DOING: &str = "write an annotation";
    let transaction = begin(connection)?;
    let rows = transaction.execute(sql, parameters).doing(DOING)?;
    transaction.commit().doing(DOING)?;
    Ok(rows)
}

fn one(
    connection: &Connection,
    account_id: AccountId,
    id: AnnotationId,
) -> Result<Option<OwnAnnotation>, StoreError> {
    Ok(many(connection, ONE, (account_id.0, id.to_bytes()))?.pop())
}

fn many(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Vec<OwnAnnotation>, StoreError> {
    let rows: Vec<AnnotationRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read annotations")?;
    rows.into_iter().map(AnnotationRow::read).collect()
}

fn create(
    transaction: &Transaction<'_>,
    annotation: &NewAnnotation,
) -> Result<AnnotationCreated, StoreError> {
    const DOING: &str = "create an annotation";
    let NewAnnotation { id, account_id, settings, idempotency, at } = annotation;
    match repeated(transaction, OF_KEY, *account_id, idempotency.as_ref())? {
        Some(Repeated::Same(id)) => {
            let same = one(transaction, *account_id, AnnotationId::from_bytes(id))?;
            return Ok(same.map_or(AnnotationCreated::IdTaken, AnnotationCreated::Same));
        }
        Some(Repeated::Other) => return Ok(AnnotationCreated::OtherRequest),
        None => {}
    }
    let number: i64 = transaction
        .query_row("SELECT count(*) FROM annotations WHERE account_id = ?1", [account_id.0], row::sqlite)
        .doing(DOING)?;
    if number.unsigned_abs() >= ANNOTATIONS_MAX {
        return Ok(AnnotationCreated::TooMany);
    }
    let (tag_key, tag_name, campaign) = settings.subject_columns();
    let made = transaction
        .execute(
            CREATE,
            params![
                account_id.0,
                id.to_bytes(),
                tag_key,
                tag_name,
                campaign,
                settings.span.from().as_ms(),
                settings.span.until().as_ms(),
                settings.text.as_str(),
                at.as_ms(),
                idempotency.as_ref().map(|(key, _)| key.as_str()),
                idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0),
            ],
        )
        .doing(DOING)?;
    if made == 0 {
        return Ok(AnnotationCreated::IdTaken);
    }
    Ok(one(transaction, *account_id, *id)?.map_or(AnnotationCreated::IdTaken, AnnotationCreated::Created))
}
