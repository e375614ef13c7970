//! `GET /v1/trending`: which hashtags move most.

use super::measured::{Billing, Measuring, Page, Pagination, Question, problem};
use super::operation;
use crate::app::App;
use crate::gate::serve::{Asking, serve};
use crate::openapi::MeasureErrors;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::measure::{Measured, Meta, TrendingAsked, TrendingView};
use catalog::{Catalog, Wanted};
use domain::metrics::{TrendWindow, Weights};
use http::Response;
use std::borrow::Cow;
use std::sync::Arc;
use store::ledger::Operation;
use store::trends::TrendSort;
use utoipa::{IntoParams, ToSchema};

/// What may stand in the query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query; `Query` reads it")]
struct Params {
    /// `7d`, `24h` or `30d`.
    #[param(example = "7d", required = false)]
    window: String,
    /// `emerging`, `velocity`, `growth`, `zscore` or `acceleration`.
    #[param(example = "emerging", required = false)]
    sort: String,
    /// Only hashtags of at least so many views.
    #[param(minimum = 0, required = false)]
    min_views: u64,
    /// Only hashtags that answer this keyword.
    #[param(required = false)]
    query: String,
    /// Weights of the emerging score, such as `zscore=2,growth=1`; those not named keep their own.
    #[param(required = false)]
    weights: String,
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
    const OPERATION: Operation = operation::TRENDING;
    type Asked = TrendingAsked;
    type Answer = Vec<TrendingView>;

    fn read(asking: &Asking<'_>, page: Page) -> Result<TrendingAsked, Problem> {
        let query = &asking.query;
        let windows =
            [TrendWindow::Week, TrendWindow::Day, TrendWindow::Month].map(|window| (window.name(), window));
        let weights = match query.text("weights")? {
            None => None,
            Some(text) => Some(
                text.parse::<Weights>()
                    .map_err(|why| Problem::parameter("weights", format!("weights: {why}")))?,
            ),
        };
        Ok(TrendingAsked {
            window: query.one_of("window", &windows)?,
            sort: query.one_of("sort", &TrendSort::ALL.map(|sort| (sort.name(), sort)))?,
            views_min: query.whole("min_views", 0..=u64::MAX)?.unwrap_or(0),
            query: query.text("query")?.map(Cow::into_owned),
            weights,
            limit: page.limit,
            after: page.after,
        })
    }

    async fn answer(
        catalog: &Catalog,
        asked: TrendingAsked,
        _: Wanted,
    ) -> Result<Measured<Self::Answer>, Problem> {
        catalog.trending(&asked).await.map_err(problem)
    }
}

/// Which hashtags move most
///
/// As of their newest readings, in the order asked for. Every row says how its emerging score comes about: each component,
/// its value, its rank among hashtags of its size, its weight and what it adds.
#[utoipa::path(
    get,
    path = "/v1/trending",
    operation_id = "trending",
    tag = "measurement",
    params(Params),
    responses((status = 200, description = "What moves most, first", body = Answer), MeasureErrors),
    security(("api_key" = []), ("bearer" = [])),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<Measuring<Trending>>(app, request).await
}
