//! `/v1/schedules/{id}`: one schedule.

use super::{
    LinkDays, ORDER_BYTES_MAX, ScheduleAnswer, ScheduleDetailAnswer, formats, hour, link_days, problem,
    rhythm_days,
};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::{ChangeScheduleErrors, ScheduleErrors};
use crate::problem::Problem;
use crate::v1::{json_body, json_reply};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use domain::Zone;
use domain::rhythm::WeekDay;
use http::Response;
use measure::parameters::Whole;
use scheduling::SchedulePatch;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A change of a schedule. Fields that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[schema(as = ScheduleChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeAsked {
    /// New day of the week.
    #[schema(value_type = Option<String>, example = "friday", pattern = "^(monday|tuesday|wednesday|thursday|friday|saturday|sunday)$")]
    weekly: Option<WeekDay>,
    /// New day of the month.
    #[schema(value_type = Option<u8>, minimum = 1, maximum = 31, example = json!(null))]
    monthly: Option<Whole<1, 31>>,
    /// New hour.
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 23, example = 9)]
    hour: Option<Whole<0, 23>>,
    /// New time zone.
    #[schema(value_type = Option<String>, example = "Europe/Berlin", max_length = 100)]
    tz: Option<Zone>,
    /// New recipients, 1 to 20, in place of all old ones. Whoever unsubscribed stays so.
    #[schema(min_items = 1, max_items = 20, example = json!(["client@example.com"]))]
    to: Option<Vec<String>>,
    /// New formats of attachments.
    #[schema(max_items = 4, example = json!(["pdf"]))]
    attach: Option<Vec<String>>,
    /// New days until the link of a report expires.
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 365, example = 30)]
    days: Option<LinkDays>,
    /// True to pause it; false to go on, also after it has ended.
    #[schema(example = false)]
    paused: Option<bool>,
}

/// Get a schedule
///
/// Returns a schedule with its last 20 reports and their mails. Free.
#[utoipa::path(
    get,
    path = "/v1/schedules/{id}",
    operation_id = "get_schedule",
    tag = "schedules",
    params(("id" = String, Path, description = "Schedule id")),
    responses((status = 200, description = "The schedule", body = ScheduleDetailAnswer), ScheduleErrors),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.schedule_id()?, request.caller.key.account_id);
        json_reply::ok(&request.app.scheduling.show(account_id, id).await.map_err(problem)?)
    })
    .await
}

/// Change a schedule
///
/// Changes days, hour, recipients, attachments, or pauses it. A schedule that goes on skips what it missed meanwhile. Free.
#[utoipa::path(
    patch,
    path = "/v1/schedules/{id}",
    operation_id = "change_schedule",
    tag = "schedules",
    params(("id" = String, Path, description = "Schedule id")),
    request_body = ChangeAsked,
    responses((status = 200, description = "The schedule as it is now", body = ScheduleAnswer), ChangeScheduleErrors),
)]
pub(crate) async fn change(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, apply).await
}

async fn apply(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let (id, account_id) = (request.schedule_id()?, request.caller.key.account_id);
    let asked: ChangeAsked = json_body::read_up_to(&request, body, ORDER_BYTES_MAX).await?;
    let patch = SchedulePatch {
        rhythm_days: rhythm_days(asked.weekly, asked.monthly)?,
        hour: asked.hour.map(hour),
        tz: asked.tz,
        to: asked.to,
        attach: asked.attach.as_deref().map(formats).transpose()?,
        days: asked.days.map(link_days),
        is_paused: asked.paused,
    };
    json_reply::ok(&request.app.scheduling.change(account_id, id, patch).await.map_err(problem)?)
}

/// Delete a schedule
///
/// Deletes a schedule with its reports and the mails that wait. Links that were sent stay open until they expire. Free.
#[utoipa::path(
    delete,
    path = "/v1/schedules/{id}",
    operation_id = "delete_schedule",
    tag = "schedules",
    params(("id" = String, Path, description = "Schedule id")),
    responses((status = 200, description = "The schedule as it was", body = ScheduleDetailAnswer), ScheduleErrors),
)]
pub(crate) async fn delete(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.schedule_id()?, request.caller.key.account_id);
        let before = request.app.scheduling.show(account_id, id).await.map_err(problem)?;
        request.app.scheduling.delete(account_id, id).await.map_err(problem)?;
        json_reply::ok(&before)
    })
    .await
}
