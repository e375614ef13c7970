//! `/status`: the page for people on whether the service works and keeps up.

use super::page::page;
use crate::app::App;
use crate::openapi::OpenErrors;
use crate::status::{STATUS_AGE_MAX_MS, SourceView, StatusView, WorkView};
use axum::body::Body;
use axum::extract::State;
use domain::Timestamp;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, Response, StatusCode};
use std::fmt::Write;
use std::sync::Arc;

/// Status page
///
/// Says whether the service works and keeps up: what waits, since when, when tracked hashtags were last read, and how fresh the
/// data of each source is. Read at most every 15 seconds. Names no account, hashtag or upstream.
#[utoipa::path(
    get,
    path = "/status",
    operation_id = "status_page",
    tag = "operations",
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String),
        (status = 503, description = "Something cannot be read or written; the page says what", content_type = "text/html", body = String),
        OpenErrors,
    ),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>) -> Response<Body> {
    let mut response = match StatusView::now(&app).await {
        Ok(status) => shown(&status),
        Err(error) => {
            tracing::error!(%error, "the status cannot be read");
            let text = "<p>The store cannot be read. Try again in a moment.</p>";
            page(StatusCode::SERVICE_UNAVAILABLE, "Failing", text)
        }
    };
    if response.status() == StatusCode::OK {
        let cached = format!("public, max-age={}", STATUS_AGE_MAX_MS / 1000);
        let cached = HeaderValue::from_str(&cached).expect("digits are a header");
        response.headers_mut().insert(CACHE_CONTROL, cached);
    }
    response
}

fn shown(status: &StatusView) -> Response<Body> {
    let (code, title) = match status.state {
        "ok" => (StatusCode::OK, "All is well"),
        "late" => (StatusCode::OK, "Late"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "Failing"),
    };
    let mut body = String::new();
    if !status.problems.is_empty() {
        let items = status.problems.iter().map(|problem| format!("<li>{}</li>", charts::escaped(problem)));
        let _ = write!(body, "<ul>{}</ul>", items.collect::<String>());
    }
    let rows = status.work.iter().map(row).collect::<String>();
    let _ = write!(
        body,
        "<table><caption>Work in the background</caption><tr><th scope=\"col\">work<th scope=\"col\">waiting<th scope=\"col\">running\
         <th scope=\"col\">oldest due<th scope=\"col\">last ended<th scope=\"col\">failed in 24 h</tr>{rows}</table>"
    );
    if !status.sources.is_empty() {
        let rows = status.sources.iter().map(source).collect::<String>();
        let _ = write!(
            body,
            "<table><caption>Newest reading of each source</caption><tr><th scope=\"col\">source<th scope=\"col\">taken\
             <th scope=\"col\">age<th scope=\"col\">came in</tr>{rows}</table>"
        );
    }
    let tracked = &status.trackers;
    let _ = write!(
        body,
        "<p>{} hashtags and {} videos stored. {} tracked hashtags with {} readings and {} gaps; the last reading: {}.</p>\
         <p>As of {}, read every {} seconds. Times are UTC. Tagmeter {}.</p>",
        charts::grouped(status.hashtags),
        charts::grouped(status.videos),
        charts::grouped(tracked.hashtags),
        charts::grouped(tracked.readings),
        charts::grouped(tracked.gaps),
        when(tracked.last_read_at, "none yet"),
        status.at.to_rfc3339(),
        STATUS_AGE_MAX_MS / 1000,
        status.version,
    );
    page(code, title, &body)
}

fn row(work: &WorkView) -> String {
    format!(
        "<tr><th scope=\"row\">{}<td>{}<td>{}<td>{}<td>{}<td>{}</tr>",
        work.kind,
        charts::grouped(work.waiting),
        charts::grouped(work.running),
        when(work.oldest_due_at, "nothing waits"),
        when(work.last_ended_at, "-"),
        work.failed_in_a_day.map_or_else(|| "-".to_owned(), charts::grouped),
    )
}

fn source(source: &SourceView) -> String {
    format!(
        "<tr><th scope=\"row\">{}<td>{}<td>{}<td>{}</tr>",
        source.source,
        source.observed_at.to_rfc3339(),
        age(source.age_ms),
        when(source.arrived_at, "before it was noted"),
    )
}

/// Formats an age in its largest whole unit: `3 min`, `5 h`, `12 days`.
fn age(ms: i64) -> String {
    const MINUTE_MS: i64 = 60_000;
    match ms / MINUTE_MS {
        0 => "under a minute".to_owned(),
        minutes @ 1..120 => format!("{minutes} min"),
        minutes @ 120..2_880 => format!("{} h", minutes / 60),
        minutes => format!("{} days", charts::grouped((minutes / 1_440).unsigned_abs())),
    }
}

fn when(at: Option<Timestamp>, none: &str) -> String {
    at.map_or_else(|| none.to_owned(), Timestamp::to_rfc3339)
}
