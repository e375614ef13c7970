//! `/mute/{token}`: the page behind the link of a message, which mutes its alert for a week. The link is the permission.

use super::page::{page, try_again, unknown_link};
use crate::app::App;
use crate::openapi::OpenErrors;
use alerting::view::AlertView;
use axum::body::Body;
use axum::extract::{Path, State};
use charts::escaped;
use domain::Timestamp;
use http::{Response, StatusCode};
use std::sync::Arc;

/// Hashtags of an alert that the page names.
const HASHTAGS_NAMED: usize = 3;

/// Text of the page of a link that opens nothing.
const UNKNOWN: &str = "There is no alert behind this link: it was deleted, or the link is incomplete.";

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
            let named = match app.alerting.show(alert.account_id, alert.id).await {
                Ok(shown) => named(&shown),
                Err(error) => return try_again(&error),
            };
            let muted = alert.muted_until.filter(|until| *until > app.clock.now());
            let state =
                muted.map(|until| format!("<p>It is muted until {}.</p>", when(until))).unwrap_or_default();
            let form = "<form method=\"post\"><button>Mute for a week</button></form>";
            page(
                StatusCode::OK,
                "Mute this alert?",
                &format!(
                    "<p>{named}</p><p>No messages are sent while an alert is muted; its episodes are recorded.</p>\
                     {state}{form}"
                ),
            )
        }
        Ok(None) => unknown_link(UNKNOWN),
        Err(error) => try_again(&error),
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
        Ok(None) => unknown_link(UNKNOWN),
        Err(error) => try_again(&error),
    }
}

/// Returns the name of an alert, what it watches, and its rule if it is the same for all its hashtags.
fn named(alert: &AlertView) -> String {
    let name = match alert.name.as_str() {
        "" => "Your alert".to_owned(),
        name => format!("Your alert <b>{}</b>", escaped(name)),
    };
    if let Some(account) = &alert.account {
        return format!("{name}: {}.", escaped(&account.sentence));
    }
    if let Some(campaign) = &alert.campaign {
        return format!("{name} on campaign {}.", escaped(campaign.name.as_deref().unwrap_or(&campaign.id)));
    }
    let shown = alert.hashtags.iter().take(HASHTAGS_NAMED);
    let mut hashtags = shown.map(|one| format!("#{}", escaped(&one.hashtag))).collect::<Vec<_>>().join(", ");
    let more = alert.hashtag_count.saturating_sub(HASHTAGS_NAMED as u64);
    if more > 0 {
        hashtags.push_str(&format!(" and {more} more"));
    }
    let mut rules = alert.hashtags.iter().map(|one| one.sentence.as_deref());
    let first = rules.next().flatten().filter(|first| rules.all(|other| other == Some(first)));
    let rule = first.map(|rule| format!(": {}", escaped(rule))).unwrap_or_default();
    format!("{name} on {hashtags}{rule}.")
}

fn when(at: Timestamp) -> String {
    at.to_rfc3339()
}
