//! Annotations of accounts on their curves, and the events of the platform that they hide.

use crate::idempotency::{Fingerprint, IdempotencyKey};
use crate::row::row;
use crate::{Store, StoreError};
use domain::own_annotation::{AnnotationSpan, AnnotationSubject, AnnotationText};
use domain::{AccountId, AnnotationId, CampaignId, Tag, TagKey, Timestamp};

/// Most annotations of one account.
pub const ANNOTATIONS_MAX: u64 = 1_000;

/// The part of an annotation that its owner sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnotationSettings {
    /// Curves that it is on.
    pub subject: AnnotationSubject,
    /// Time that it is about.
    pub span: AnnotationSpan,
    /// Text.
    pub text: AnnotationText,
}

/// An annotation to create.
#[derive(Debug, Clone)]
pub struct NewAnnotation {
    /// Its id.
    pub id: AnnotationId,
    /// Owner.
    pub account_id: AccountId,
    /// Settings.
    pub settings: AnnotationSettings,
    /// Identifies a repeated request for the same annotation.
    pub idempotency: Option<(IdempotencyKey, Fingerprint)>,
    /// Creation time.
    pub at: Timestamp,
}

/// An annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAnnotation {
    /// Its id.
    pub id: AnnotationId,
    /// Settings.
    pub settings: AnnotationSettings,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// Outcome of creating an annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnnotationCreated {
    /// It was created.
    Created(OwnAnnotation),
    /// The same request created this one before under the same key.
    Same(OwnAnnotation),
    /// The key was used for another request.
    OtherRequest,
    /// The account has [`ANNOTATIONS_MAX`] annotations.
    TooMany,
    /// Another annotation of the account has this id: draw another one.
    IdTaken,
}

/// Curves whose annotations are read, besides those on all curves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnnotatedCurves {
    /// Hashtags.
    pub tags: Vec<TagKey>,
    /// A campaign.
    pub campaign: Option<CampaignId>,
}

impl Store {
    /// Creates an annotation, durably. With an idempotency key an account creates one, however often it is requested.
    pub async fn create_annotation(
        &self,
        annotation: NewAnnotation,
    ) -> Result<AnnotationCreated, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_annotation(annotation).await,
            Self::Postgres(postgres) => postgres.create_annotation(&annotation).await,
        }
    }

    /// Returns an account's annotation; `None` if it does not exist or is another account's.
    pub async fn annotation(
        &self,
        account_id: AccountId,
        id: AnnotationId,
    ) -> Result<Option<OwnAnnotation>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.annotation(account_id, id),
            Self::Postgres(postgres) => postgres.annotation(account_id, id).await,
        }
    }

    /// Returns up to `limit` annotations of an account, newest first, before the annotation `before`.
    pub async fn annotations(
        &self,
        account_id: AccountId,
        before: Option<AnnotationId>,
        limit: usize,
    ) -> Result<Vec<OwnAnnotation>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.annotations(account_id, before, limit),
            Self::Postgres(postgres) => postgres.annotations(account_id, before, limit).await,
        }
    }

    /// Returns the annotations of some curves of an account, and those on all its curves, in order of time.
    pub async fn annotations_on(
        &self,
        account_id: AccountId,
        curves: &AnnotatedCurves,
    ) -> Result<Vec<OwnAnnotation>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.annotations_on(account_id, curves),
            Self::Postgres(postgres) => postgres.annotations_on(account_id, curves).await,
        }
    }

    /// Replaces the settings of an annotation. Returns it as it is now; `None` if there is none.
    pub async fn change_annotation(
        &self,
        account_id: AccountId,
        id: AnnotationId,
        settings: AnnotationSettings,
        at: Timestamp,
    ) -> Result<Option<OwnAnnotation>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.change_annotation(account_id, id, settings, at).await,
            Self::Postgres(postgres) => postgres.change_annotation(account_id, id, &settings, at).await,
        }
    }

    /// Deletes an account's annotation. Returns `false` if there is none.
    pub async fn delete_annotation(
        &self,
        account_id: AccountId,
        id: AnnotationId,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.delete_annotation(account_id, id).await,
            Self::Postgres(postgres) => postgres.delete_annotation(account_id, id).await,
        }
    }

    /// Returns the names of the events of the platform that an account hides.
    pub async fn hidden_annotations(&self, account_id: AccountId) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.hidden_annotations(account_id),
            Self::Postgres(postgres) => postgres.hidden_annotations(account_id).await,
        }
    }

    /// Hides an event of the platform from an account's curves, or shows it again.
    pub async fn hide_annotation(
        &self,
        account_id: AccountId,
        name: &str,
        is_hidden: bool,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.hide_annotation(account_id, name, is_hidden, at).await,
            Self::Postgres(postgres) => postgres.hide_annotation(account_id, name, is_hidden, at).await,
        }
    }
}

row! {
    /// An annotation's row.
    pub(crate) struct AnnotationRow: annotation_columns {
        annotation_id: [u8; 16],
        tag_name: Option<String>,
        campaign_id: Option<[u8; 16]>,
        from_ms: i64,
        until_ms: i64,
        text: String,
        created_at_ms: i64,
        updated_at_ms: i64,
    }
}

impl AnnotationRow {
    pub(crate) fn read(self) -> Result<OwnAnnotation, StoreError> {
        let id = AnnotationId::from_bytes(self.annotation_id);
        let wrong = |column| StoreError::Inconsistent { table: "annotations", column, row: id.to_string() };
        let (from, until) = (Timestamp::from_ms(self.from_ms), Timestamp::from_ms(self.until_ms));
        let subject = match (&self.tag_name, self.campaign_id) {
            (Some(name), _) => AnnotationSubject::Hashtag(Tag::new(name).map_err(|_| wrong("tag_name"))?),
            (None, Some(campaign)) => AnnotationSubject::Campaign(CampaignId::from_bytes(campaign)),
            (None, None) => AnnotationSubject::All,
        };
        Ok(OwnAnnotation {
            id,
            settings: AnnotationSettings {
                subject,
                span: AnnotationSpan::new(from, until).map_err(|_| wrong("until_ms"))?,
                text: self.text.parse().map_err(|_| wrong("text"))?,
            },
            created_at: Timestamp::from_ms(self.created_at_ms),
            updated_at: Timestamp::from_ms(self.updated_at_ms),
        })
    }
}

/// Subject of an annotation in its columns: key and name of the hashtag, campaign.
pub(crate) type SubjectColumns<'a> = (Option<&'a str>, Option<&'a str>, Option<[u8; 16]>);

impl AnnotationSettings {
    pub(crate) fn subject_columns(&self) -> SubjectColumns<'_> {
        match &self.subject {
            AnnotationSubject::All => (None, None, None),
            AnnotationSubject::Hashtag(tag) => (Some(tag.key().as_str()), Some(tag.name()), None),
            AnnotationSubject::Campaign(id) => (None, None, Some(id.to_bytes())),
        }
    }
}
