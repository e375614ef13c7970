//! `/v1/annotations/{id}`: one annotation, or event of the platform.

use super::{AnnotationAnswer, problem};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::{AnnotationErrors, ChangeAnnotationErrors};
use crate::problem::Problem;
use crate::v1::{json_body, json_reply};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{KeyScope, Moment};
use http::Response;
use measure::AnnotationOrder;
use measure::parameters::by;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A change of an annotation. Fields that are left out stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AnnotationChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeAsked {
    /// New text.
    #[schema(min_length = 1, max_length = 300)]
    text: Option<String>,
    /// New first moment.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "2026-06-02")]
    from: Option<Moment>,
    /// New last moment; without it and with `from`, the end of `from`.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "2026-06-14")]
    until: Option<Moment>,
    /// New hashtag whose curves it is on.
    #[schema(max_length = 512)]
    hashtag: Option<String>,
    /// New campaign whose curves it is on: name or id.
    #[schema(max_length = 60)]
    campaign: Option<String>,
    /// Hides an event of the platform from all curves of the account, or shows it again. Alone, and for these events only.
    hidden: Option<bool>,
}

/// Get an annotation
///
/// Returns an own annotation, or an event of the platform by its name. Free.
#[utoipa::path(
    get,
    path = "/v1/annotations/{id}",
    operation_id = "get_annotation",
    tag = "annotations",
    params(("id" = String, Path, description = "Annotation id, or name of an event of the platform")),
    responses((status = 200, description = "The annotation", body = AnnotationAnswer), AnnotationErrors),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let which = request.annotation()?;
        let found = request.app.measure.annotation(request.caller.key.account_id, which).await;
        json_reply::ok(&found.map_err(problem)?)
    })
    .await
}

/// Change an annotation
///
/// Changes the fields that are given; `hidden` alone hides an event of the platform or shows it again. Free.
#[utoipa::path(
    patch,
    path = "/v1/annotations/{id}",
    operation_id = "change_annotation",
    tag = "annotations",
    params(("id" = String, Path, description = "Annotation id, or name of an event of the platform")),
    request_body = ChangeAsked,
    responses((status = 200, description = "The annotation as it is now", body = AnnotationAnswer), ChangeAnnotationErrors),
)]
pub(crate) async fn change(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, apply).await
}

async fn apply(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let which = request.annotation()?;
    let ChangeAsked { text, from, until, hashtag, campaign, hidden } =
        json_body::read(&request, body).await?;
    let order = AnnotationOrder { text, from, until, hashtag, campaign };
    let (measure, account_id) = (&request.app.measure, request.caller.key.account_id);
    let changed = match hidden {
        Some(_) if order != AnnotationOrder::default() => {
            let why = "hidden: it goes alone, for events of the platform".to_owned();
            return Err(Problem::parameter("hidden", why));
        }
        Some(hidden) => measure.hide_annotation(account_id, which, hidden).await,
        None => measure.change_annotation(account_id, which, &order).await,
    };
    json_reply::ok(&changed.map_err(problem)?)
}

/// Delete an annotation
///
/// Deletes an own annotation. Free.
#[utoipa::path(
    delete,
    path = "/v1/annotations/{id}",
    operation_id = "delete_annotation",
    tag = "annotations",
    params(("id" = String, Path, description = "Annotation id")),
    responses((status = 200, description = "The annotation as it was", body = AnnotationAnswer), AnnotationErrors),
)]
pub(crate) async fn delete(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        let which = request.annotation()?;
        let deleted = request.app.measure.delete_annotation(request.caller.key.account_id, which).await;
        json_reply::ok(&deleted.map_err(problem)?)
    })
    .await
}
