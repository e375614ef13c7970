//! `GET /v1/hashtags/{ref}/benchmark`: what is usual under a hashtag, and where something would stand.

use super::super::measured::{HashtagQuestion, Measuring, OfHashtag, Page, Pagination};
use crate::app::App;
use crate::gate::{Billing, RequestContext, serve};
use crate::openapi::{DurationText, MeasureErrors, TagText};
use crate::problem::Problem;
use crate::query::NUMBER_MAX;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{Hashtag, Operation};
use http::Response;
use measure::{BenchmarkAsked, BenchmarkView, Measure, MeasureError, Measured, Meta};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What may stand in the query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query; `Query` reads it")]
struct Params {
    /// Only videos posted within this time back from now: `24h`, `30d`, `6mo`.
    #[param(inline, example = "90d", required = false)]
    window: DurationText,
    /// Returns where this many plays stand.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_u64, required = false)]
    plays: u64,
    /// Returns where this engagement rate stands.
    #[param(example = 0.05, minimum = 0, required = false)]
    engagement: f64,
    /// Returns where this video stands: its id, or the link of its page.
    #[param(
        required = false,
        pattern = "^([0-9]{1,19}|(https://www\\.tiktok\\.com/)?@[A-Za-z0-9._]{1,24}/video/[0-9]{1,19})?$"
    )]
    video_id: String,
}

/// A benchmark.
#[derive(ToSchema)]
#[schema(as = BenchmarkAnswer)]
#[expect(dead_code, reason = "it describes the answer, which `measured` writes")]
pub(crate) struct Answer {
    data: BenchmarkView,
    meta: Meta,
    pagination: Pagination,
    billing: Billing,
}

pub(crate) struct Benchmark;

impl HashtagQuestion for Benchmark {
    const OPERATION: Operation = Operation::HashtagBenchmark;
    type Query = BenchmarkAsked;
    type Answer = BenchmarkView;

    fn read(context: &RequestContext<'_>, _: Page) -> Result<Self::Query, Problem> {
        let query = &context.query;
        Ok(BenchmarkAsked {
            since: query.window("window", context.now)?,
            plays: query.whole("plays", 0..=NUMBER_MAX)?,
            engagement: query.real("engagement")?,
            video: query.video("video_id")?,
        })
    }

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        asked: BenchmarkAsked,
    ) -> Result<Measured<Self::Answer>, MeasureError> {
        measure.benchmark(hashtag, asked).await
    }
}

/// What is usual under a hashtag
///
/// Percentiles of plays and engagement by age of a post, over the videos that are held, and where a video, a number of plays
/// or a rate would stand among them.
#[utoipa::path(
    get,
    path = "/v1/hashtags/{ref}/benchmark",
    operation_id = "hashtag_benchmark",
    tag = "measurement",
    params(("ref" = inline(TagText), Path, description = "A name or TikTok's id", example = "cat"), Params),
    responses((status = 200, description = "The benchmark", body = Answer), MeasureErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<Measuring<OfHashtag<Benchmark>>>(app, request).await
}
