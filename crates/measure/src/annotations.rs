//! Annotations on curves: own ones of an account, and dated events of the platform that it does not hide.

use crate::{Measure, MeasureError};
use domain::annotations::{ANNOTATIONS, Annotation, Shifted};
use domain::campaign::CampaignRef;
use domain::own_annotation::{AnnotationSpan, AnnotationSpanError, AnnotationSubject, AnnotationTextError};
use domain::{AccountId, AnnotationId, CampaignId, Moment, SourceSet, Tag, TagKey, Timestamp};
use serde::Serialize;
use std::str::FromStr;
use store::annotations::{
    ANNOTATIONS_MAX, AnnotatedCurves, AnnotationCreated, AnnotationSettings, NewAnnotation, OwnAnnotation,
};
use store::idempotency::{Fingerprint, IdempotencyKey};
use utoipa::ToSchema;

/// Own annotations of a page.
pub(crate) const ANNOTATIONS_PER_PAGE: usize = 100;

/// An annotation on a curve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CurveAnnotation)]
pub struct MarkView {
    /// Its id, or the name of an event of the platform.
    #[schema(example = "ann_01kb3x8m7q0000000000000000")]
    pub id: String,
    /// `own`, or `platform` for a dated event that can shift numbers.
    #[schema(example = "own")]
    pub kind: &'static str,
    /// Text.
    #[schema(example = "TV spot")]
    pub text: String,
    /// First moment.
    pub from: Timestamp,
    /// Last moment, included.
    pub until: Timestamp,
    /// Source of the statement, of an event of the platform; `null` for an own one.
    pub source: Option<&'static str>,
}

/// An annotation as its account lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ListedAnnotation)]
pub struct AnnotationRecord {
    /// Its id, or the name of an event of the platform.
    #[schema(example = "ann_01kb3x8m7q0000000000000000")]
    pub id: String,
    /// `own` or `platform`.
    #[schema(example = "own")]
    pub kind: &'static str,
    /// Text.
    #[schema(example = "TV spot")]
    pub text: String,
    /// First moment.
    pub from: Timestamp,
    /// Last moment, included.
    pub until: Timestamp,
    /// Hashtag whose curves it is on; `null` if it is on those of a campaign, or of all.
    #[schema(example = "cat")]
    pub hashtag: Option<String>,
    /// Campaign whose curves it is on; `null` if it is on those of a hashtag, or of all.
    pub campaign_id: Option<String>,
    /// Source of the statement, of an event of the platform.
    pub source: Option<&'static str>,
    /// True for an event of the platform that the account hides: it is on no curve.
    pub hidden: bool,
    /// Creation time; `null` for an event of the platform.
    pub created_at: Option<Timestamp>,
    /// Time of the last change.
    pub updated_at: Option<Timestamp>,
}

/// An order for an annotation, or a change of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnnotationOrder {
    /// Text, as typed.
    pub text: Option<String>,
    /// First moment.
    pub from: Option<Moment>,
    /// Last moment; without it, the end of `from`.
    pub until: Option<Moment>,
    /// Hashtag, as typed.
    pub hashtag: Option<String>,
    /// Name or id of a campaign.
    pub campaign: Option<String>,
}

/// An annotation that a path or a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnotationRef {
    /// An own one.
    Own(AnnotationId),
    /// An event of the platform.
    Platform(&'static str),
}

/// A text that names no annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "give the id of an annotation (ann_...) or the name of an event of the platform, such as five_hashtags"
)]
pub struct AnnotationRefError;

impl FromStr for AnnotationRef {
    type Err = AnnotationRefError;

    fn from_str(text: &str) -> Result<Self, AnnotationRefError> {
        if let Some(event) = ANNOTATIONS.iter().find(|event| event.name == text) {
            return Ok(Self::Platform(event.name));
        }
        text.parse().map(Self::Own).map_err(|_| AnnotationRefError)
    }
}

/// A page of own annotations, newest first; the first page begins with the events of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnotationPage {
    /// The annotations.
    pub annotations: Vec<AnnotationRecord>,
    /// The last own one, if there are more after it.
    pub next: Option<AnnotationId>,
}

/// Errors of annotations.
#[derive(Debug, thiserror::Error)]
pub enum AnnotationError {
    /// The store failed.
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
    /// The account has no such annotation.
    #[error("this account has no such annotation")]
    NotFound,
    /// An event of the platform was to be changed or deleted.
    #[error("{0} is an event of the platform: it can be hidden, and not be changed or deleted")]
    Platform(&'static str),
    /// The account has no such campaign.
    #[error("campaign: this account has no such campaign")]
    NoSuchCampaign,
    /// The account has too many annotations.
    #[error("an account has at most {ANNOTATIONS_MAX} annotations; delete some")]
    TooMany,
    /// The `Idempotency-Key` was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyOfOtherRequest,
    /// The new id is taken; a repeated request draws another one.
    #[error("the new annotation id is taken")]
    IdTaken,
}

impl From<store::StoreError> for AnnotationError {
    fn from(error: store::StoreError) -> Self {
        Self::Measure(error.into())
    }
}

impl MarkView {
    fn own(annotation: &OwnAnnotation) -> Self {
        let AnnotationSettings { span, text, .. } = &annotation.settings;
        Self {
            id: annotation.id.to_string(),
            kind: "own",
            text: text.to_string(),
            from: span.from(),
            until: span.until(),
            source: None,
        }
    }

    fn platform(event: &Annotation) -> Self {
        Self {
            id: event.name.to_owned(),
            kind: "platform",
            text: event.text.to_owned(),
            from: event.from,
            until: event.until,
            source: Some(event.source),
        }
    }
}

impl AnnotationRecord {
    /// Renders an own annotation.
    pub fn own(annotation: &OwnAnnotation) -> Self {
        let MarkView { id, kind, text, from, until, source } = MarkView::own(annotation);
        let (hashtag, campaign_id) = match &annotation.settings.subject {
            AnnotationSubject::All => (None, None),
            AnnotationSubject::Hashtag(tag) => (Some(tag.name().to_owned()), None),
            AnnotationSubject::Campaign(id) => (None, Some(id.to_string())),
        };
        let (created_at, updated_at) = (Some(annotation.created_at), Some(annotation.updated_at));
        let hidden = false;
        Self { id, kind, text, from, until, hashtag, campaign_id, source, hidden, created_at, updated_at }
    }

    fn platform(event: &Annotation, hidden: &[String]) -> Self {
        let MarkView { id, kind, text, from, until, source } = MarkView::platform(event);
        let hidden = hidden.contains(&id);
        let (hashtag, campaign_id, created_at, updated_at) = (None, None, None, None);
        Self { id, kind, text, from, until, hashtag, campaign_id, source, hidden, created_at, updated_at }
    }
}

/// The curve whose annotations are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Curve<'a> {
    /// Its hashtags.
    pub(crate) tags: &'a [TagKey],
    /// Its campaign.
    pub(crate) campaign: Option<CampaignId>,
    /// First and last moment.
    pub(crate) span: (Timestamp, Timestamp),
}

impl Measure {
    /// Returns the annotations of a curve in order of time: own ones of the account, if any, and the events of the platform
    /// that can shift it and that the account does not hide.
    pub(crate) async fn marks(
        &self,
        account_id: Option<AccountId>,
        curve: Curve<'_>,
        can_shift: impl Fn(&Annotation) -> bool,
    ) -> Result<Vec<MarkView>, MeasureError> {
        let (from, until) = curve.span;
        let (own, hidden) = match account_id {
            None => (Vec::new(), Vec::new()),
            Some(account_id) => {
                let store = &self.inner.store;
                let curves = AnnotatedCurves { tags: curve.tags.to_vec(), campaign: curve.campaign };
                let own = store.annotations_on(account_id, &curves).await?;
                (own, store.hidden_annotations(account_id).await?)
            }
        };
        let platform = ANNOTATIONS
            .iter()
            .filter(|event| can_shift(event) && !hidden.iter().any(|name| name == event.name))
            .map(MarkView::platform);
        let mut marks: Vec<MarkView> = own.iter().map(MarkView::own).chain(platform).collect();
        marks.retain(|mark| mark.from <= until && from <= mark.until);
        marks.sort_by_key(|mark| mark.from);
        Ok(marks)
    }

    /// Returns the own annotations and events of the platform on the readings of a hashtag's tracker.
    pub async fn marks_of_series(
        &self,
        account_id: AccountId,
        tag: &Tag,
        span: (Timestamp, Timestamp),
        sources: SourceSet,
    ) -> Result<Vec<MarkView>, MeasureError> {
        let curve = Curve { tags: &[tag.key().clone()], campaign: None, span };
        self.marks(Some(account_id), curve, |event| shifts_counts(event, sources)).await
    }

    /// Checks the settings of a new or changed annotation. `now` is the moment that lengths of time count back from.
    async fn annotation_settings(
        &self,
        account_id: AccountId,
        order: &AnnotationOrder,
        before: Option<&AnnotationSettings>,
    ) -> Result<AnnotationSettings, AnnotationError> {
        let wrong = |field, why: String| AnnotationError::Field { field, why };
        let now = self.inner.clock.now();
        let text = match (&order.text, before) {
            (Some(text), _) => {
                text.parse().map_err(|why: AnnotationTextError| wrong("text", why.to_string()))?
            }
            (None, Some(before)) => before.text.clone(),
            (None, None) => return Err(wrong("text", "give a text".to_owned())),
        };
        let span = match (order.from, order.until, before) {
            (None, None, Some(before)) => before.span,
            (from, until, before) => {
                let begin = from.map(|from| from.begin(now)).or(before.map(|before| before.span.from()));
                let begin = begin
                    .ok_or_else(|| wrong("from", "give a day or a moment, such as 2026-06-01".to_owned()))?;
                let end = until.or(from).map(|end| end.end(now)).unwrap_or(begin);
                AnnotationSpan::new(begin, end).map_err(|why| {
                    let field = if matches!(why, AnnotationSpanError::TooEarly) { "from" } else { "until" };
                    wrong(field, why.to_string())
                })?
            }
        };
        let subject = match (&order.hashtag, &order.campaign, before) {
            (Some(_), Some(_), _) => {
                return Err(wrong("campaign", "give a hashtag or a campaign, not both".to_owned()));
            }
            (Some(hashtag), None, _) => {
                let tag = Tag::of_typed(hashtag).map_err(|why| wrong("hashtag", why.to_string()))?;
                AnnotationSubject::Hashtag(tag)
            }
            (None, Some(campaign), _) => {
                let which: CampaignRef = campaign.parse().map_err(|_| AnnotationError::NoSuchCampaign)?;
                let found = self.inner.store.campaign(account_id, &which).await?;
                AnnotationSubject::Campaign(found.ok_or(AnnotationError::NoSuchCampaign)?.id)
            }
            (None, None, Some(before)) => before.subject.clone(),
            (None, None, None) => AnnotationSubject::All,
        };
        Ok(AnnotationSettings { subject, span, text })
    }

    /// Creates an annotation.
    ///
    /// # Errors
    /// [`AnnotationError::Field`] for a wrong field; an unknown campaign; too many annotations.
    pub async fn create_annotation(
        &self,
        account_id: AccountId,
        id: AnnotationId,
        order: &AnnotationOrder,
        idempotency: Option<(IdempotencyKey, Fingerprint)>,
    ) -> Result<AnnotationRecord, AnnotationError> {
        let settings = self.annotation_settings(account_id, order, None).await?;
        let new = NewAnnotation { id, account_id, settings, idempotency, at: self.inner.clock.now() };
        match self.inner.store.create_annotation(new).await? {
            AnnotationCreated::Created(created) | AnnotationCreated::Same(created) => {
                Ok(AnnotationRecord::own(&created))
            }
            AnnotationCreated::OtherRequest => Err(AnnotationError::KeyOfOtherRequest),
            AnnotationCreated::TooMany => Err(AnnotationError::TooMany),
            AnnotationCreated::IdTaken => Err(AnnotationError::IdTaken),
        }
    }

    /// Returns a page of an account's annotations after the own annotation `after`.
    ///
    /// # Errors
    /// The store fails.
    pub async fn annotations(
        &self,
        account_id: AccountId,
        after: Option<AnnotationId>,
    ) -> Result<AnnotationPage, AnnotationError> {
        let store = &self.inner.store;
        let mut own = store.annotations(account_id, after, ANNOTATIONS_PER_PAGE + 1).await?;
        let has_more = own.len() > ANNOTATIONS_PER_PAGE;
        own.truncate(ANNOTATIONS_PER_PAGE);
        let next = own.last().filter(|_| has_more).map(|last| last.id);
        let mut annotations = Vec::new();
        if after.is_none() {
            let hidden = store.hidden_annotations(account_id).await?;
            annotations.extend(ANNOTATIONS.iter().map(|event| AnnotationRecord::platform(event, &hidden)));
        }
        annotations.extend(own.iter().map(AnnotationRecord::own));
        Ok(AnnotationPage { annotations, next })
    }

    /// Returns one annotation.
    ///
    /// # Errors
    /// [`AnnotationError::NotFound`].
    pub async fn annotation(
        &self,
        account_id: AccountId,
        which: AnnotationRef,
    ) -> Result<AnnotationRecord, AnnotationError> {
        match which {
            AnnotationRef::Own(id) => {
                let found = self.inner.store.annotation(account_id, id).await?;
                found.as_ref().map(AnnotationRecord::own).ok_or(AnnotationError::NotFound)
            }
            AnnotationRef::Platform(name) => {
                let hidden = self.inner.store.hidden_annotations(account_id).await?;
                let event = ANNOTATIONS.iter().find(|event| event.name == name);
                event.map(|event| AnnotationRecord::platform(event, &hidden)).ok_or(AnnotationError::NotFound)
            }
        }
    }

    /// Changes an own annotation; what is `None` stays.
    ///
    /// # Errors
    /// As for creating one, [`AnnotationError::NotFound`], and [`AnnotationError::Platform`].
    pub async fn change_annotation(
        &self,
        account_id: AccountId,
        which: AnnotationRef,
        order: &AnnotationOrder,
    ) -> Result<AnnotationRecord, AnnotationError> {
        let id = own_id(which)?;
        let store = &self.inner.store;
        let before = store.annotation(account_id, id).await?.ok_or(AnnotationError::NotFound)?;
        let settings = self.annotation_settings(account_id, order, Some(&before.settings)).await?;
        let changed = store.change_annotation(account_id, id, settings, self.inner.clock.now()).await?;
        changed.as_ref().map(AnnotationRecord::own).ok_or(AnnotationError::NotFound)
    }

    /// Hides an event of the platform from the curves of an account, or shows it again.
    ///
    /// # Errors
    /// [`AnnotationError::Field`] for an own annotation, which can be deleted.
    pub async fn hide_annotation(
        &self,
        account_id: AccountId,
        which: AnnotationRef,
        is_hidden: bool,
    ) -> Result<AnnotationRecord, AnnotationError> {
        let AnnotationRef::Platform(name) = which else {
            let why = "an own annotation cannot be hidden; delete it".to_owned();
            return Err(AnnotationError::Field { field: "hidden", why });
        };
        self.inner.store.hide_annotation(account_id, name, is_hidden, self.inner.clock.now()).await?;
        self.annotation(account_id, which).await
    }

    /// Deletes an own annotation, and returns it as it was.
    ///
    /// # Errors
    /// [`AnnotationError::NotFound`], [`AnnotationError::Platform`].
    pub async fn delete_annotation(
        &self,
        account_id: AccountId,
        which: AnnotationRef,
    ) -> Result<AnnotationRecord, AnnotationError> {
        let id = own_id(which)?;
        let found = self.annotation(account_id, which).await?;
        if self.inner.store.delete_annotation(account_id, id).await? {
            Ok(found)
        } else {
            Err(AnnotationError::NotFound)
        }
    }
}

fn own_id(which: AnnotationRef) -> Result<AnnotationId, AnnotationError> {
    match which {
        AnnotationRef::Own(id) => Ok(id),
        AnnotationRef::Platform(name) => Err(AnnotationError::Platform(name)),
    }
}

/// Returns true if an event can shift the reported counts of a series with readings of some sources.
pub(crate) fn shifts_counts(event: &Annotation, sources: SourceSet) -> bool {
    [Shifted::Views, Shifted::Creators, Shifted::Videos]
        .into_iter()
        .any(|number| event.can_shift(number, sources.iter()))
}
