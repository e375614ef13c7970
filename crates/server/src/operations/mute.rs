//! `/mute/{token}`: the page behind the link of a message, which mutes its alert for a week. The link is the permission.

use super::page::page;
use crate::app::App;
use crate::openapi::OpenErrors;
use alerting::AlertingError;
use axum::body::Body;
use axum::extract::{Path, State};
use domain::Timestamp;
use http::{Response, StatusCode};
use std::sync::Arc;

/// The page of a mute link
///
/// Shows the alert of a link from one of its messages, with a button that mutes it. Opening the page changes nothing: mail
/// programs open links, too.
#[utoipa::path(
    get,
    path = "/mute/{token}",
    operation_id = "mute_page",
    tag = "operations",
    params(("token" = String, Path, description = "Token of the link")),
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String),
        (status = 404, description = "There is no such link", content_type = "text/html", body = String),
        OpenErrors,
    ),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response<Body> {
    match app.alerting.alert_of_token(&token).await {
        Ok(Some(alert)) => {
            let muted = alert.muted_until.filter(|until| *until > app.clock.now());
            let state =
                muted.map(|until| format!("<p>It is muted until {}.</p>", when(until))).unwrap_or_default();
            let form = "<form method=\"post\"><button>Mute for a week</button></form>";
            page(
                StatusCode::OK,
                "Mute this alert?",
                &format!(
                    "<p>No messages are sent while an alert is muted; its episodes are recorded.</p>{state}{form}"
                ),
            )
        }
        Ok(None) => unknown(),
        Err(error) => failed(&error),
    }
}

/// Mute an alert by a link
///
/// Mutes the alert of a link for a week from now. Mail programs post to it for their own button (RFC 8058).
#[utoipa::path(
    post,
    path = "/mute/{token}",
    operation_id = "mute_by_link",
    tag = "operations",
    params(("token" = String, Path, description = "Token of the link")),
    responses(
        (status = 200, description = "It is muted", content_type = "text/html", body = String),
        (status = 404, description = "There is no such link", content_type = "text/html", body = String),
        OpenErrors,
    ),
)]
pub(crate) async fn mute(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response<Body> {
    match app.alerting.mute_by_token(&token).await {
        Ok(Some(until)) => page(
            StatusCode::OK,
            "Muted",
            &format!("<p>This alert sends no messages until {}.</p>", when(until)),
        ),
        Ok(None) => unknown(),
        Err(error) => failed(&error),
    }
}

fn when(at: Timestamp) -> String {
    at.to_rfc3339()
}

fn unknown() -> Response<Body> {
    page(
        StatusCode::NOT_FOUND,
        "Unknown link",
        "<p>There is no alert behind this link: it was deleted, or the link is incomplete.</p>",
    )
}

fn failed(error: &AlertingError) -> Response<Body> {
    tracing::error!(%error, "a mute link cannot be answered");
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        "Try again",
        "<p>This cannot be answered now. Try again in a moment.</p>",
    )
}
