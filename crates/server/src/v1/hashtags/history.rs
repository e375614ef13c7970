//! `GET /v1/hashtags/{ref}/history`: how a count of a hashtag went.

use super::super::measured::{HashtagQuestion, Measuring, OfHashtag, Page, Pagination};
use super::super::words::{HistoryMetricWord, ModeWord, StepWord};
use crate::app::App;
use crate::gate::{Billing, RequestContext, serve};
use crate::openapi::{MeasureErrors, TagText, TimeText};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{Hashtag, Operation};
use http::Response;
use measure::{
    HISTORY_LIMIT, HISTORY_LIMIT_MAX, HistoryAsked, HistoryView, Measure, MeasureError, Measured, Meta,
};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Most points of a page by the older name of `limit`.
const POINTS_MAX: u64 = 20_000;

/// What may stand in the query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query; `Query` reads it")]
struct Params {
    /// The count.
    #[param(inline, required = false)]
    metric: HistoryMetricWord,
    /// From then on: a day, a moment, or a length of time back from now (`30d`, `6mo`).
    #[param(inline, example = "30d", required = false)]
    from: TimeText,
    /// Until then.
    #[param(inline, required = false)]
    to: TimeText,
    /// `raw` returns every reading; the others the last reading of each hour, day or week. Without a reading there is no
    /// point.
    #[param(inline, required = false)]
    step: StepWord,
    /// `gain` is the difference from the previous point.
    #[param(inline, required = false)]
    mode: ModeWord,
    /// `false` returns every reading as reported.
    #[param(default = true, required = false)]
    repair: bool,
    /// Points per page.
    #[param(minimum = 1, maximum = 10_000, default = 1_000, required = false)]
    limit: u64,
    /// The older name of `limit`, which holds where both are given.
    #[param(minimum = 1, maximum = 20_000, required = false)]
    points: u64,
}

/// A history.
#[derive(ToSchema)]
#[schema(as = HistoryAnswer)]
#[expect(dead_code, reason = "it describes the answer, which `measured` writes")]
pub(crate) struct Answer {
    data: HistoryView,
    meta: Meta,
    pagination: Pagination,
    billing: Billing,
}

pub(crate) struct History;

/// What of a request picks a history: all but the page.
pub(crate) fn read(context: &RequestContext<'_>) -> Result<HistoryAsked, Problem> {
    let (query, now) = (&context.query, context.now);
    let is_unrepaired =
        query.one_of("repair", &[("true", false), ("false", true), ("1", false), ("0", true)])?;
    Ok(HistoryAsked {
        metric: query.word("metric")?,
        from: query.begin("from", now)?,
        to: query.end("to", now)?,
        step: query.word("step")?,
        mode: query.word("mode")?,
        is_repaired: !is_unrepaired,
        limit: usize::MAX,
        after: None,
    })
}

impl HashtagQuestion for History {
    const OPERATION: Operation = Operation::HashtagHistory;
    type Query = HistoryAsked;
    type Answer = HistoryView;
    const LIMIT: u32 = HISTORY_LIMIT;
    const LIMIT_MAX: u32 = HISTORY_LIMIT_MAX;

    fn read(context: &RequestContext<'_>, page: Page) -> Result<Self::Query, Problem> {
        let points = context.query.whole("points", 1..=POINTS_MAX)?;
        let has_limit = context.query.text("limit")?.is_some();
        let points = points.filter(|_| !has_limit).unwrap_or(page.limit.into());
        let limit = usize::try_from(points).unwrap_or(usize::MAX);
        Ok(HistoryAsked { limit, after: page.after, ..read(context)? })
    }

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        asked: HistoryAsked,
    ) -> Result<Measured<Self::Answer>, MeasureError> {
        measure.history(hashtag, asked).await
    }
}

/// How a count of a hashtag went
///
/// Its readings, or the last one of each hour, day or week; as totals or gains. What could not be as it was told is repaired
/// and says so; a gap stays a gap and says how long it is.
#[utoipa::path(
    get,
    path = "/v1/hashtags/{ref}/history",
    operation_id = "hashtag_history",
    tag = "measurement",
    params(("ref" = inline(TagText), Path, description = "A name or TikTok's id", example = "cat"), Params),
    responses((status = 200, description = "The history", body = Answer), MeasureErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<Measuring<OfHashtag<History>>>(app, request).await
}
