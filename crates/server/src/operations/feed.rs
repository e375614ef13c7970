//! `/f/{token}.csv`, `.xlsx`, `.json` and `.rss`: the answer of a feed, for whoever has its link.
//!
//! A link that is unknown, replaced, revoked or mistyped is answered by one text, after the same look-ups.

use crate::app::App;
use crate::feeds::{FeedCache, Form, Served, problem};
use crate::http::middleware::Call;
use crate::openapi::{Binary, FeedLinkErrors};
use crate::problem::{Problem, Style};
use axum::body::Body;
use axum::extract::{Request, State};
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use std::sync::Arc;
use store::feeds::Feed;
use utoipa::IntoParams;

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
/// Place of the file among the segments of a path.
const FILE_SEGMENT: usize = 2;

/// Query parameters of a feed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what form_of reads, which has no error but that of unknown links")]
struct FeedQuery {
    /// `sheets`, with `.csv`: links stand for ids that a spreadsheet would round.
    #[param(value_type = Option<String>, pattern = "^sheets$", example = "sheets")]
    format: Option<String>,
}

/// The answer of a feed
///
/// Answers the saved question to whoever has the link, from stored data, rendered at most once in 15 minutes. A link that is
/// unknown, replaced or revoked is answered like any other that opens nothing.
#[utoipa::path(
    get,
    path = "/f/{file}",
    operation_id = "open_feed",
    tag = "operations",
    params(
        ("file" = String, Path, description = "Token of the link with `.csv`, `.xlsx`, `.json` or `.rss`"),
        FeedQuery,
    ),
    responses(
        (status = 200, description = "The rows, the answer, or RSS 2.0", content(
            (inline(String) = "text/csv"),
            (inline(Binary) = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (inline(Object) = "application/json"),
            (inline(String) = "application/rss+xml"),
        )),
        (status = 304, description = "The client has it already"),
        (status = 404, description = "The link opens nothing, or nothing is stored of its question", content(
            (inline(String) = "text/plain"),
            (inline(Object) = "application/problem+json"),
        )),
        FeedLinkErrors,
    ),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let call = Call::of(request.extensions());
    let (parts, _) = request.into_parts();
    let answered = open(&app, &parts).await;
    guarded(answered.unwrap_or_else(|problem| problem.into_response(&call, Style::Problem)))
}

async fn open(app: &App, request: &Parts) -> Result<Response<Body>, Problem> {
    let file = request.uri.path().split('/').nth(FILE_SEGMENT).unwrap_or("");
    let (token, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    let found = app.sharing.open_feed(token).await.map_err(problem)?;
    let form = form_of(ending, request.uri.query().unwrap_or(""));
    let (Some(feed), Some(form)) = (found, form) else { return Ok(nothing()) };
    let served = FeedCache::get(app, &feed, form).await?;
    if request.method == Method::GET {
        app.sharing.count_feed_opening(&feed).await.map_err(problem)?;
    }
    let etag = format!("W/\"{:032x}\"", served.hash);
    let is_known = is_known(&request.headers, &etag);
    let mut response = if is_known { not_modified() } else { whole(&feed, form, &served)? };
    let headers = response.headers_mut();
    headers.insert(ETAG, etag.try_into().map_err(Problem::internal)?);
    let caching = format!("private, max-age={}", served.left_seconds(app.clock.now()));
    headers.insert(CACHE_CONTROL, caching.try_into().map_err(Problem::internal)?);
    Ok(response)
}

/// Returns the format of an ending and a query; `None` for one that there is not.
fn form_of(ending: &str, query: &str) -> Option<Form> {
    let mut named = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "format");
    Form::of(ending, named.next().as_ref().map(|(_, value)| &**value))
}

fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    values.flat_map(|value| value.split(',')).any(|tag| tag.trim() == "*" || bare(tag) == bare(etag))
}

fn not_modified() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

fn whole(feed: &Feed, form: Form, served: &Served) -> Result<Response<Body>, Problem> {
    let mut response = Response::new(Body::from(served.body.clone()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, (*served.kind).try_into().map_err(Problem::internal)?);
    if form.is_file() {
        let name = format!("attachment; filename=\"{}.{}\"", feed.id, form.ending());
        headers.insert(CONTENT_DISPOSITION, name.try_into().map_err(Problem::internal)?);
    }
    Ok(response)
}

/// The one answer of links that open nothing.
fn nothing() -> Response<Body> {
    let mut response = Response::new(Body::from("Unknown link: ask whoever sent it for a new one.\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Adds the headers of everything under a link.
fn guarded(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(ROBOTS, HeaderValue::from_static("noindex, nofollow"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
