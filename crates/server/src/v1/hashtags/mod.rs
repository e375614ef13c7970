//! `GET /v1/hashtags?query=&sort=&min_views=`: hashtags by keyword. Below it a hashtag and what is known of it, a file each.

pub(crate) mod show;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod videos;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod history;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod history_chart;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod benchmark;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod related;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod creators;

use super::measured::{Measuring, Page, Pagination, Question, problem};
use super::words::HashtagSortWord;
use crate::app::App;
use crate::gate::{Billing, RequestContext, serve};
use crate::openapi::{KeywordText, ListErrors};
use crate::problem::Problem;
use crate::query::NUMBER_MAX;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::FreshnessRequirement;
use domain::Operation;
use http::Response;
use measure::{HashtagRecord, HashtagsAsked, Measure, Measured, Meta};
use percent_encoding::percent_decode_str;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What may stand in the query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query; `Query` reads it")]
struct Params {
    /// What the name is to hold; `#` and spaces are left out.
    #[param(inline, example = "cat")]
    query: KeywordText,
    /// The order of rows: `match` puts the exact name first; the others order the first thousand matches.
    #[param(inline, required = false)]
    sort: HashtagSortWord,
    /// Only hashtags with at least this many views.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_u64, default = 0, required = false)]
    min_views: u64,
}

/// A page of hashtags.
#[derive(ToSchema)]
#[schema(as = HashtagsAnswer)]
#[expect(dead_code, reason = "it describes the answer, which `measured` writes")]
pub(crate) struct Answer {
    data: Vec<HashtagRecord>,
    meta: Meta,
    pagination: Pagination,
    billing: Billing,
}

pub(crate) struct Hashtags;

impl Question for Hashtags {
    const OPERATION: Operation = Operation::ListHashtags;
    type Query = HashtagsAsked;
    type Answer = Vec<HashtagRecord>;

    fn read(context: &RequestContext<'_>, page: Page) -> Result<HashtagsAsked, Problem> {
        let query = &context.query;
        Ok(HashtagsAsked {
            query: query.keyword("query")?,
            sort: query.word("sort")?,
            views_min: query.whole("min_views", 0..=NUMBER_MAX)?.unwrap_or(0),
            limit: page.limit,
            after: page.after,
        })
    }

    async fn answer(
        measure: &Measure,
        asked: HashtagsAsked,
        _: FreshnessRequirement,
    ) -> Result<Measured<Vec<HashtagRecord>>, Problem> {
        measure.hashtags(&asked).await.map_err(problem)
    }
}

/// Hashtags by keyword
#[utoipa::path(
    get,
    path = "/v1/hashtags",
    operation_id = "list_hashtags",
    tag = "measurement",
    params(Params),
    responses((status = 200, description = "A page of hashtags", body = Answer), ListErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<Measuring<Hashtags>>(app, request).await
}

/// The part of a path that names a hashtag: the one after `/v1/hashtags/`.
pub(crate) fn reference(context: &RequestContext<'_>) -> Result<String, Problem> {
    let part = context.path.split('/').nth(3).unwrap_or("");
    let text = percent_decode_str(part).decode_utf8().map_err(|_| {
        Problem::parameter("ref", "ref is not UTF-8; give a name such as cat, percent-encoded, or an id")
    })?;
    Ok(text.into_owned())
}
