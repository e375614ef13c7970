//! `GET /v1/compare?tags=a,b,c`: hashtags side by side.

use super::measured::{Measuring, Page, Pagination, Question, hashtag, problem};
use super::words::{HistoryMetricWord, StepWord};
use crate::app::App;
use crate::gate::{Billing, RequestContext, serve};
use crate::openapi::{MeasureErrors, TimeText};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::FreshnessRequirement;
use domain::Operation;
use http::Response;
use measure::{COMPARED_MAX, CompareAsked, CompareView, Measure, Measured, Meta};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Points of each series at most.
const POINTS_MAX: usize = 5_000;

/// What may stand in the query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query; `Query` reads it")]
struct Params {
    /// 2 to 10 names or ids, separated by commas.
    #[param(
        example = "cat,dog",
        pattern = r"^([^,]*[^,#\s\x00-\x1f\x7f-\x9f][^,]*,){1,9}[^,]*[^,#\s\x00-\x1f\x7f-\x9f][^,]*$"
    )]
    tags: String,
    /// The count to compare.
    #[param(inline, required = false)]
    metric: HistoryMetricWord,
    /// From then on: a day, a moment, or a length of time back from now (`30d`, `6mo`); of the series and of the videos.
    #[param(inline, example = "90d", required = false)]
    from: TimeText,
    /// Until then.
    #[param(inline, required = false)]
    to: TimeText,
    /// The step between points.
    #[param(inline, required = false)]
    step: StepWord,
    /// Returns each series also divided by its first value, times this.
    #[param(example = 100, minimum = 0.001, maximum = 1_000_000_000.0, required = false)]
    index: f64,
}

/// A comparison.
#[derive(ToSchema)]
#[schema(as = CompareAnswer)]
#[expect(dead_code, reason = "it describes the answer, which `measured` writes")]
pub(crate) struct Answer {
    data: CompareView,
    meta: Meta,
    pagination: Pagination,
    billing: Billing,
}

pub(crate) struct Compare;

impl Question for Compare {
    const OPERATION: Operation = Operation::CompareHashtags;
    type Query = (Vec<String>, CompareAsked);
    type Answer = CompareView;

    fn read(context: &RequestContext<'_>, _: Page) -> Result<Self::Query, Problem> {
        let (query, now) = (&context.query, context.now);
        let text = query.required("tags", "cat,dog")?;
        let tags: Vec<String> =
            text.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect();
        if !(2..=COMPARED_MAX).contains(&tags.len()) {
            let detail =
                format!("tags names {} hashtags; give 2 to {COMPARED_MAX}, such as tags=cat,dog", tags.len());
            return Err(Problem::parameter("tags", detail));
        }
        let asked = CompareAsked {
            metric: query.word("metric")?,
            step: query.word("step")?,
            from: query.begin("from", now)?,
            to: query.end("to", now)?,
            index: query.index()?,
            points_max: POINTS_MAX,
        };
        Ok((tags, asked))
    }

    async fn answer(
        measure: &Measure,
        (tags, asked): Self::Query,
        freshness: FreshnessRequirement,
    ) -> Result<Measured<CompareView>, Problem> {
        let (mut found, mut stale) = (Vec::with_capacity(tags.len()), false);
        for tag in &tags {
            let (one, is_stale) = hashtag(measure.catalog(), tag, freshness).await?;
            if found.iter().any(|other: &domain::Hashtag| other.row == one.row) {
                return Err(Problem::parameter("tags", format!("tags names #{} twice", one.tag.name())));
            }
            found.push(one);
            stale |= is_stale;
        }
        let mut measured = measure.compare(&found, asked).await.map_err(problem)?;
        measured.meta.stale = stale;
        Ok(measured)
    }
}

/// Hashtags side by side
///
/// Their series, who has which share of the voice on four bases, and what each two have in common; a video counts once.
#[utoipa::path(
    get,
    path = "/v1/compare",
    operation_id = "compare_hashtags",
    tag = "measurement",
    params(Params),
    responses((status = 200, description = "The comparison", body = Answer), MeasureErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<Measuring<Compare>>(app, request).await
}
