//! `/unsubscribe/{token}`: the page behind the link of a scheduled report, by which its recipient leaves. The link is the
//! permission.

use super::page::{page, try_again, unknown_link};
use crate::app::App;
use crate::openapi::OpenErrors;
use axum::body::Body;
use axum::extract::{Path, State};
use charts::escaped;
use http::{Response, StatusCode};
use scheduling::Unsubscribed;
use std::sync::Arc;

/// Text of the page of a link that opens nothing.
const UNKNOWN: &str = "There are no reports behind this link: they were ended, or the link is incomplete.";

/// The page of an unsubscribe link
///
/// Shows the reports of a link from one of their mails, with a button that ends them. Opening the page changes nothing: mail
/// programs open links, too.
#[utoipa::path(
    get,
    path = "/unsubscribe/{token}",
    operation_id = "unsubscribe_page",
    tag = "operations",
    params(("token" = String, Path, description = "Token of the link")),
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String),
        (status = 404, description = "There is no such link", content_type = "text/html", body = String),
        OpenErrors,
    ),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response<Body> {
    match app.scheduling.recipient_of(&token).await {
        Ok(Some(found)) if found.is_done => done(&found),
        Ok(Some(found)) => page(
            StatusCode::OK,
            "Unsubscribe?",
            &format!(
                "<p>{} gets {} by mail.</p><form method=\"post\"><button>Send no more</button></form>",
                escaped(&found.recipient),
                named(&found)
            ),
        ),
        Ok(None) => unknown_link(UNKNOWN),
        Err(error) => try_again(&error),
    }
}

/// Unsubscribe by a link
///
/// Ends the reports of a schedule to the recipient of a link, also those that wait. Mail programs post to it for their own
/// button (RFC 8058).
#[utoipa::path(
    post,
    path = "/unsubscribe/{token}",
    operation_id = "unsubscribe_by_link",
    tag = "operations",
    params(("token" = String, Path, description = "Token of the link")),
    responses(
        (status = 200, description = "No more are sent", content_type = "text/html", body = String),
        (status = 404, description = "There is no such link", content_type = "text/html", body = String),
        OpenErrors,
    ),
)]
pub(crate) async fn leave(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response<Body> {
    match app.scheduling.unsubscribe(&token).await {
        Ok(Some(found)) => done(&found),
        Ok(None) => unknown_link(UNKNOWN),
        Err(error) => try_again(&error),
    }
}

fn named(found: &Unsubscribed) -> String {
    match found.title.as_str() {
        "" => "scheduled reports".to_owned(),
        title => format!("the reports <b>{}</b>", escaped(title)),
    }
}

fn done(found: &Unsubscribed) -> Response<Body> {
    page(
        StatusCode::OK,
        "Unsubscribed",
        &format!("<p>{} gets no more mails with {}.</p>", escaped(&found.recipient), named(found)),
    )
}
