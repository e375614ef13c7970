//! `POST /v1/webhooks/{id}/replay`: sends deliveries again.

use super::problem;
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::ChangeWebhookErrors;
use crate::problem::Problem;
use crate::v1::json_body;
use crate::v1::json_reply::{self, answer};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{KeyScope, Moment};
use http::Response;
use measure::parameters::{Number, TimeText, by};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::deliveries::Replay;
use utoipa::ToSchema;

/// Which deliveries to send again. Give one of the two.
#[derive(Deserialize, ToSchema)]
#[schema(as = Replay)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayAsked {
    /// Number of one event.
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 9_007_199_254_740_991_u64)]
    sequence: Option<Number>,
    /// All events since then.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(inline, value_type = Option<TimeText>)]
    since: Option<Moment>,
}

/// Deliveries that are on their way.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayedView {
    /// Number of deliveries that are sent again; those that still wait are left alone.
    replayed: u64,
}

answer! {
    /// Deliveries that are on their way.
    ReplayedAnswer: ReplayedView
}

/// Replay deliveries of a webhook
///
/// Sends one event, or all since a time, once more, each with the id that it had. Free.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/replay",
    operation_id = "replay_webhook",
    tag = "webhooks",
    params(("id" = String, Path, description = "Destination id")),
    request_body = ReplayAsked,
    responses((status = 200, description = "How many are sent again", body = ReplayedAnswer), ChangeWebhookErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, again).await
}

async fn again(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let id = request.destination_id()?;
    let asked: ReplayAsked = json_body::read(&request, body).await?;
    let replay = match (asked.sequence, asked.since) {
        (Some(sequence), None) => Replay::One(sequence.get()),
        (None, Some(since)) => Replay::Since(since.begin(request.app.clock.now())),
        (Some(_), Some(_)) => {
            return Err(Problem::parameter("since", "since: give either sequence or since"));
        }
        (None, None) => {
            let detail = "sequence: give the number of an event, or since, such as 7d";
            return Err(Problem::parameter("sequence", detail));
        }
    };
    let replayed = request.app.alerting.replay(request.caller.key.account_id, id, replay).await;
    json_reply::ok(&ReplayedView { replayed: replayed.map_err(problem)? })
}
