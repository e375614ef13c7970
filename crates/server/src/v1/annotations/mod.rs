//! `/v1/annotations`: notes of an account on its curves, and the dated events of the platform, which it can hide.

pub(crate) mod show;

use super::json_reply::answer;
use super::measured::Pagination;
use super::{json_body, json_reply};
use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::quote::key_of_other_request;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, idempotency_key, serve_free};
use crate::openapi::{CreateAnnotationErrors, FreeErrors};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{AnnotationId, KeyScope, Moment};
use http::{Response, StatusCode};
use measure::parameters::by;
use measure::{AnnotationError, AnnotationOrder, AnnotationRecord, AnnotationRef, MeasureError};
use serde::Deserialize;
use std::sync::Arc;
use store::idempotency::Fingerprint;
use utoipa::{IntoParams, ToSchema};

const PATH: &str = "/v1/annotations";
/// Place of the id among the segments of a path.
const ID_SEGMENT: usize = 3;

/// The order for an annotation. Without a hashtag or campaign it is on all curves.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewAnnotation)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnotationAsked {
    /// Text, one line.
    #[schema(min_length = 1, max_length = 300, example = "TV spot")]
    text: String,
    /// First moment: a day (UTC), a moment, or a length of time back from now such as `3d`.
    #[serde(deserialize_with = "by::moment")]
    #[schema(value_type = String, example = "2026-06-01")]
    from: Moment,
    /// Last moment, included; a day to its last millisecond. Without it, the end of `from`.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "2026-06-14")]
    until: Option<Moment>,
    /// Hashtag whose curves it is on.
    #[schema(max_length = 512, example = "cat")]
    hashtag: Option<String>,
    /// Name or id of the campaign whose curves it is on.
    #[schema(max_length = 60)]
    campaign: Option<String>,
}

/// Query parameters of the list.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct AnnotationsQuery {
    /// `pagination.next_cursor` of the previous page.
    #[serde(deserialize_with = "by::text")]
    #[param(value_type = Option<String>, pattern = "^(ann_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    cursor: Option<AnnotationId>,
}

answer! {
    /// An annotation.
    AnnotationAnswer: AnnotationRecord
}
answer! {
    /// The events of the platform, on the first page, and own annotations, newest first.
    with pages AnnotationList: Vec<AnnotationRecord>
}

/// Converts an error of annotations.
fn problem(error: AnnotationError) -> Problem {
    let detail = error.to_string();
    match error {
        AnnotationError::Measure(MeasureError::Catalog(error)) => error.into(),
        AnnotationError::Measure(error) => Problem::internal(error),
        AnnotationError::Field { field, .. } => Problem::parameter(field, detail),
        AnnotationError::NoSuchCampaign => Problem::parameter("campaign", detail),
        AnnotationError::Platform(_) => Problem::parameter("id", detail),
        AnnotationError::NotFound => Problem::new(ErrorCode::AnnotationNotFound, detail),
        AnnotationError::TooMany => Problem::new(ErrorCode::LimitReached, detail),
        AnnotationError::KeyOfOtherRequest => key_of_other_request(),
        AnnotationError::IdTaken => Problem::unavailable(detail),
    }
}

impl AuthenticatedRequest {
    /// Returns the annotation that the path names.
    fn annotation(&self) -> Result<AnnotationRef, Problem> {
        let text = self.parts.uri.path().split('/').nth(ID_SEGMENT).unwrap_or("");
        // A malformed id is as unknown as any other.
        text.parse().map_err(|_| problem(AnnotationError::NotFound))
    }
}

/// Create an annotation
///
/// Creates a note on the curves of a hashtag, of a campaign, or of all. Histories, charts, series of trackers and campaigns
/// show it. Free.
#[utoipa::path(
    post,
    path = "/v1/annotations",
    operation_id = "create_annotation",
    tag = "annotations",
    request_body = AnnotationAsked,
    responses(
        (status = 201, description = "The annotation; `Location` is its path", body = AnnotationAnswer),
        CreateAnnotationErrors,
    ),
)]
pub(crate) async fn create(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, make).await
}

async fn make(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let asked: AnnotationAsked = json_body::read(&request, body).await?;
    let account_id = request.caller.key.account_id;
    let identity = format!("POST {PATH} {asked:?}");
    let order = AnnotationOrder {
        text: Some(asked.text),
        from: Some(asked.from),
        until: asked.until,
        hashtag: asked.hashtag,
        campaign: asked.campaign,
    };
    let idempotency = idempotency_key(&request.parts.headers)?;
    let idempotency = idempotency.map(|key| (key, Fingerprint::of(identity.as_bytes())));
    let id = AnnotationId::new(request.app.clock.now(), u128::from_be_bytes(request.call.id.to_bytes()));
    let record = request.app.measure.create_annotation(account_id, id, &order, idempotency).await;
    let record = record.map_err(problem)?;
    let path = format!("{PATH}/{}", record.id);
    json_reply::created(StatusCode::CREATED, &record, &request.call.public_url, &path)
}

/// List annotations
///
/// Returns the dated events of the platform, then the account's own annotations, newest first, 100 per page. Free.
#[utoipa::path(
    get,
    path = "/v1/annotations",
    operation_id = "list_annotations",
    tag = "annotations",
    params(AnnotationsQuery),
    responses((status = 200, description = "The annotations", body = AnnotationList), FreeErrors),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let AnnotationsQuery { cursor } = request.query()?;
        let page = request.app.measure.annotations(request.caller.key.account_id, cursor).await;
        let page = page.map_err(problem)?;
        json_reply::page(&page.annotations, Pagination::new(page.next.map(|id| id.to_string())))
    })
    .await
}
