//! `POST /v1/schedules/{id}/run`: a report now, as a test.

use super::{ORDER_BYTES_MAX, problem};
use crate::apart::apart;
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::ChangeScheduleErrors;
use crate::problem::Problem;
use crate::v1::json_reply::answer;
use crate::v1::{json_body, json_reply};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::Response;
use scheduling::{IssueView, TestTo};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Recipients of a test.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[schema(as = ScheduleTestTo)]
#[serde(rename_all = "snake_case")]
pub(crate) enum To {
    /// The address of the account.
    #[default]
    Owner,
    /// The recipients of the schedule that did not unsubscribe.
    Recipients,
}

/// The order for a test.
#[derive(Deserialize, ToSchema)]
#[schema(as = ScheduleTest)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunAsked {
    /// `owner`: the address of the account; `recipients`: those of the schedule.
    #[serde(default)]
    #[schema(value_type = Option<To>, default = "owner", example = "owner")]
    to: To,
}

answer! {
    /// A report of a schedule.
    ScheduledReportAnswer: IssueView
}

/// Send a report now
///
/// Makes a report of the last whole period now, as a test, and sends it to the address of the account or to the recipients. The
/// rhythm of the schedule goes on as it was. Free.
#[utoipa::path(
    post,
    path = "/v1/schedules/{id}/run",
    operation_id = "run_schedule",
    tag = "schedules",
    params(("id" = String, Path, description = "Schedule id")),
    request_body = RunAsked,
    responses(
        (status = 200, description = "The report, whose mails wait", body = ScheduledReportAnswer),
        ChangeScheduleErrors,
    ),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, run).await
}

async fn run(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let (id, account_id) = (request.schedule_id()?, request.caller.key.account_id);
    let asked: RunAsked = json_body::read_up_to(&request, body, ORDER_BYTES_MAX).await?;
    let to = match asked.to {
        To::Owner => TestTo::Owner,
        To::Recipients => TestTo::Recipients,
    };
    let scheduling = request.app.scheduling.clone();
    let made = apart(&request.app, async move { scheduling.run(account_id, id, to).await.map_err(problem) });
    json_reply::ok(&made.await?)
}
