//! `/v1/feeds`: saved questions that a link answers, for spreadsheets and readers that send no key.

pub(crate) mod show;

pub(crate) mod rotate;

mod own;

mod question;

use super::json_reply::answer;
use super::measured::Pagination;
use super::shares::token;
use super::{json_body, json_reply};
use crate::app::App;
use crate::feeds::{Renderer, problem};
use crate::gate::admit::presented_key;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, idempotency_key, serve_free};
use crate::http::routes::Routes;
use crate::openapi::{CreateFeedErrors, FreeErrors};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::feed_name::FeedName;
use domain::{FeedId, KeyScope};
use http::{Response, StatusCode};
use measure::parameters::by;
use serde::Deserialize;
use sharing::{FeedError, FeedLinks, FeedView, Repeatable};
use std::sync::Arc;
use store::idempotency::Fingerprint;
use utoipa::{IntoParams, ToSchema};

use question::FeedQuestion;

const PATH: &str = "/v1/feeds";
/// Place of the id among the segments of a path.
const ID_SEGMENT: usize = 3;

/// The order for a feed.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewFeed)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedAsked {
    /// Name, one line.
    #[schema(min_length = 1, max_length = 100, example = "Cats a day")]
    name: String,
    /// Path and query of a measurement, of a tracker's series, of an alert's events or of a campaign, percent-encoded and
    /// without `fresh`, `format` and `cursor`.
    #[schema(max_length = 2_000, example = "/v1/hashtags/cat/history?step=day")]
    question: String,
}

/// Query parameters of the list.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct FeedsQuery {
    /// `pagination.next_cursor` of the previous page.
    #[serde(deserialize_with = "by::text")]
    #[param(value_type = Option<String>, pattern = "^(fed_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    cursor: Option<FeedId>,
}

answer! {
    /// One feed.
    FeedAnswer: FeedView
}
answer! {
    /// Feeds, newest first.
    with pages FeedList: Vec<FeedView>
}

/// Answers the questions of feeds.
pub(crate) const RENDERER: Renderer = |app, feed, form| Box::pin(question::render(app, feed, form));

/// Checks a question that a feed is to save, such as `/v1/hashtags/cat/history?step=day`, and returns it as it is saved.
///
/// # Errors
///
/// The fault, and what would be right.
pub fn feed_question(text: &str) -> Result<String, String> {
    let routes = Routes::new(&crate::router::build().1);
    match FeedQuestion::check(text, &routes) {
        Ok(question) => Ok(question.text()),
        Err(problem) => Err(problem.detail().to_owned()),
    }
}

fn name(text: &str) -> Result<FeedName, Problem> {
    text.parse().map_err(|why| Problem::parameter("name", format!("name: {why}")))
}

impl AuthenticatedRequest {
    /// Returns the id of the feed that the path names.
    fn feed_id(&self) -> Result<FeedId, Problem> {
        let id = self.parts.uri.path().split('/').nth(ID_SEGMENT).unwrap_or("");
        // A malformed id is as unknown as any other.
        id.parse().map_err(|_| problem(FeedError::NotFound))
    }
}

/// Create a feed
///
/// Saves a question under links that answer it to whoever has them, in each format, from stored data and free of charge. The
/// links are in this answer alone; a request repeated with the same API key under its `Idempotency-Key` is answered with the
/// same feed and links. Free.
#[utoipa::path(
    post,
    path = "/v1/feeds",
    operation_id = "create_feed",
    tag = "feeds",
    request_body = FeedAsked,
    responses(
        (status = 201, description = "The feed with its links; `Location` is its path under `/v1`", body = FeedAnswer),
        CreateFeedErrors,
    ),
)]
pub(crate) async fn create(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, make).await
}

async fn make(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let asked: FeedAsked = json_body::read(&request, body).await?;
    let (app, account_id) = (&request.app, request.caller.key.account_id);
    let name = name(&asked.name)?;
    let question = FeedQuestion::check(&asked.question, &app.routes)?.text();
    let repeatable = match idempotency_key(&request.parts.headers)? {
        Some(key) => {
            let caller = presented_key(&request.parts.headers)?;
            let token = token::repeatable(token::FEEDS, &caller, account_id, &key);
            let fingerprint = Fingerprint::of(format!("POST {PATH} {asked:?}").as_bytes());
            Some(Repeatable { key, fingerprint, token })
        }
        None => None,
    };
    let made = app.sharing.create_feed(account_id, (name, question), repeatable).await;
    let (feed, token) = made.map_err(problem)?;
    let url = &request.call.public_url;
    let view = FeedView::of(&feed, token.map(|token| FeedLinks::of(url.as_str(), token)));
    json_reply::created(StatusCode::CREATED, &view, url, &format!("{PATH}/{}", feed.id))
}

/// List feeds
///
/// Returns the account's feeds, newest first, 20 per page, also revoked ones. Free.
#[utoipa::path(
    get,
    path = "/v1/feeds",
    operation_id = "list_feeds",
    tag = "feeds",
    params(FeedsQuery),
    responses((status = 200, description = "The feeds", body = FeedList), FreeErrors),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let FeedsQuery { cursor } = request.query()?;
        let page = request.app.sharing.list_feeds(request.caller.key.account_id, cursor).await;
        let page = page.map_err(problem)?;
        let views: Vec<FeedView> = page.feeds.iter().map(|feed| FeedView::of(feed, None)).collect();
        json_reply::page(&views, Pagination::new(page.next.map(|id| id.to_string())))
    })
    .await
}
