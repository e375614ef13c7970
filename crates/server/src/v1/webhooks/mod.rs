//! `/v1/webhooks`: where messages go, whether it works, and what was sent.

use super::alerts::problem;
use super::json_reply::answer;
use super::{json_body, json_reply};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::{CreateWebhookErrors, FreeErrors};
use crate::problem::Problem;
use alerting::AlertingError;
use alerting::destinations::{ALL_EVENTS, Created, DestinationOrder};
use alerting::view::DestinationView;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::digest::Digest;
use domain::{DestinationId, KeyScope};
use http::{Response, StatusCode};
use measure::DigestQuery;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

pub(crate) mod deliveries;

pub(crate) mod replay;

pub(crate) mod rotate;

pub(crate) mod show;

pub(crate) mod test;

const PATH: &str = "/v1/webhooks";
/// Place of the id among the segments of a path.
const ID_SEGMENT: usize = 3;

/// The order for a destination.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewWebhook)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookAsked {
    /// Target of messages: an https URL (a webhook), `slack:URL`, `mattermost:URL`, `discord:URL`, `telegram:CHAT@TOKEN`,
    /// `ntfy:URL`, `gchat:URL`, `teams:URL`, or an e-mail address.
    #[schema(example = "https://hooks.example.com/tagmeter", max_length = 2_100)]
    to: String,
    /// Types of events that it gets of every alert; `*` for all, none to get only those of alerts that name it.
    #[schema(example = json!(["*"]), default = json!(["*"]), max_items = 20)]
    events: Option<Vec<String>>,
    /// Description.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    description: String,
    /// Sends events of alerts together; each is sent at once by default.
    digest: Option<DigestQuery>,
}

/// A destination, and its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedWebhookView {
    #[serde(flatten)]
    destination: DestinationView,
    /// Signing secret after Standard Webhooks, which is shown once; `null` if it has none, or had one before.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: Option<String>,
}

answer! {
    /// One destination.
    WebhookAnswer: DestinationView
}
answer! {
    /// A destination, and its secret.
    CreatedWebhookAnswer: CreatedWebhookView
}
answer! {
    /// Destinations, oldest first.
    WebhookList: Vec<DestinationView>
}

impl CreatedWebhookView {
    fn of(created: Created) -> Result<Self, AlertingError> {
        Ok(Self { destination: DestinationView::of(&created.destination)?, secret: created.secret })
    }
}

impl AuthenticatedRequest {
    /// Returns the id of the destination that the path names.
    fn destination_id(&self) -> Result<DestinationId, Problem> {
        let id = self.parts.uri.path().split('/').nth(ID_SEGMENT).unwrap_or("");
        // A malformed id is as unknown as any other.
        id.parse().map_err(|_| problem(AlertingError::NoDestination))
    }
}

/// Create a webhook
///
/// Adds a destination for messages: a webhook, a room of a chat service or an e-mail address. Webhooks are signed after
/// Standard Webhooks, and their secret is shown in this answer alone. An address that the account has is returned as it is,
/// with the types of events in addition. Free.
#[utoipa::path(
    post,
    path = "/v1/webhooks",
    operation_id = "create_webhook",
    tag = "webhooks",
    request_body = WebhookAsked,
    responses(
        (status = 201, description = "The destination; `Location` is its path", body = CreatedWebhookAnswer),
        CreateWebhookErrors,
    ),
)]
pub(crate) async fn create(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, make).await
}

async fn make(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let asked: WebhookAsked = json_body::read(&request, body).await?;
    let events = asked.events.unwrap_or_else(|| vec![ALL_EVENTS.to_owned()]);
    let digest = asked.digest.map(Digest::from);
    let order = DestinationOrder { to: asked.to, description: asked.description, events, digest };
    let id = DestinationId::new(request.app.clock.now(), u128::from_be_bytes(request.call.id.to_bytes()));
    let made = request.app.alerting.create_destination(request.caller.key.account_id, id, &order).await;
    let view = made.and_then(CreatedWebhookView::of).map_err(problem)?;
    let path = format!("{PATH}/{}", view.destination.id);
    json_reply::created(StatusCode::CREATED, &view, &request.call.public_url, &path)
}

/// List webhooks
///
/// Returns the account's destinations, oldest first, with whether they work. Free.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    operation_id = "list_webhooks",
    tag = "webhooks",
    responses((status = 200, description = "The destinations", body = WebhookList), FreeErrors),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let all = request.app.alerting.destinations(request.caller.key.account_id).await.map_err(problem)?;
        let views: Result<Vec<_>, _> = all.iter().map(DestinationView::of).collect();
        json_reply::ok(&views.map_err(problem)?)
    })
    .await
}
