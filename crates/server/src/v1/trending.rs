//! `GET /v1/trending`: which hashtags move most.

use super::measured::{Measuring, Page, Pagination, Question, problem};
use super::words::{TrendSortWord, TrendWindowWord};
use crate::app::App;
use crate::gate::{Billing, RequestContext, serve};
use crate::openapi::{ListErrors, OptionalTagText, WeightsText};
use crate::problem::Problem;
use crate::query::NUMBER_MAX;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::FreshnessRequirement;
use domain::{Operation, metrics::Weights};
use http::Response;
use measure::{Measure, Measured, Meta, TrendingAsked, TrendingView};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What may stand in the query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query; `Query` reads it")]
struct Params {
    /// The window of time that ends at the newest reading.
    #[param(inline, required = false)]
    window: TrendWindowWord,
    /// The order of rows, highest first. `emerging` is by pace, or by the score of `weights`.
    #[param(inline, required = false)]
    sort: TrendSortWord,
    /// Only hashtags with at least this many views.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_u64, default = 0, required = false)]
    min_views: u64,
    /// Only hashtags that answer this keyword.
    #[param(inline, required = false)]
    query: OptionalTagText,
    /// Weights of the components, such as `zscore=2,pace=1`; those not named keep theirs: pace 1, all others 0. Ranks by the
    /// score that they make.
    #[param(inline, example = "zscore=2,pace=1", required = false)]
    weights: WeightsText,
}

/// What moves most.
#[derive(ToSchema)]
#[schema(as = TrendingAnswer)]
#[expect(dead_code, reason = "it describes the answer, which `measured` writes")]
pub(crate) struct Answer {
    data: Vec<TrendingView>,
    meta: Meta,
    pagination: Pagination,
    billing: Billing,
}

pub(crate) struct Trending;

impl Question for Trending {
    const OPERATION: Operation = Operation::Trending;
    type Query = TrendingAsked;
    type Answer = Vec<TrendingView>;

    fn read(context: &RequestContext<'_>, page: Page) -> Result<TrendingAsked, Problem> {
        let query = &context.query;
        let weights = match query.text("weights")? {
            None => None,
            Some(text) => Some(
                text.parse::<Weights>()
                    .map_err(|why| Problem::parameter("weights", format!("weights: {why}")))?,
            ),
        };
        Ok(TrendingAsked {
            window: query.word("window")?,
            sort: query.word("sort")?,
            views_min: query.whole("min_views", 0..=NUMBER_MAX)?.unwrap_or(0),
            query: query.keyword_if_given("query")?,
            weights,
            limit: page.limit,
            after: page.after,
        })
    }

    async fn answer(
        measure: &Measure,
        asked: TrendingAsked,
        _: FreshnessRequirement,
    ) -> Result<Measured<Self::Answer>, Problem> {
        measure.trending(&asked).await.map_err(problem)
    }
}

/// Which hashtags move most
///
/// As of their newest readings, in the order requested; by pace, raw, among all unless `weights` are given. Every row has its
/// pace and surge with published probabilities, the band of the gain of the next 7 days, or why they are not known; and
/// each component with its value and its rank among all hashtags.
#[utoipa::path(
    get,
    path = "/v1/trending",
    operation_id = "trending",
    tag = "measurement",
    params(Params),
    responses((status = 200, description = "What moves most, first", body = Answer), ListErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<Measuring<Trending>>(app, request).await
}
