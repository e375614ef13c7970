//! `GET /v1/hashtags/{ref}/videos`: the videos under a hashtag in numbers, filtered and in an order.

use super::super::measured::{HashtagQuestion, Measuring, OfHashtag, Page, Pagination};
use super::super::words::VideoSortWord;
use crate::app::App;
use crate::gate::{Billing, RequestContext, serve};
use crate::openapi::{MeasureErrors, OptionalTagText, TagText, TimeText};
use crate::problem::Problem;
use crate::query::NUMBER_MAX;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{Hashtag, Operation};
use http::Response;
use measure::{Measure, MeasureError, Measured, Meta, VideoMeasuredView, VideosAsked};
use std::borrow::Cow;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What may stand in the query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query; `Query` reads it")]
struct Params {
    /// The order of rows; `velocity` is plays per day since the video was posted. Leaves out videos whose count for the
    /// order is unknown.
    #[param(inline, required = false)]
    sort: VideoSortWord,
    /// Posted at or after this: a day, a moment, or a length of time back from now (`30d`, `6mo`).
    #[param(inline, example = "30d", required = false)]
    since: TimeText,
    /// Posted at or before this; a day is included.
    #[param(inline, required = false)]
    until: TimeText,
    /// Posted under this country: two letters.
    #[param(example = "US", required = false, pattern = "^([A-Za-z]{2})?$")]
    region: String,
    /// With at least this many plays.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_u64, default = 0, required = false)]
    min_plays: u64,
    /// With this hashtag too.
    #[param(inline, example = "dog", required = false)]
    also: OptionalTagText,
    /// Without this hashtag.
    #[param(inline, required = false)]
    not: OptionalTagText,
}

/// A page of videos.
#[derive(ToSchema)]
#[schema(as = VideosAnswer)]
#[expect(dead_code, reason = "it describes the answer, which `measured` writes")]
pub(crate) struct Answer {
    data: Vec<VideoMeasuredView>,
    meta: Meta,
    pagination: Pagination,
    billing: Billing,
}

pub(crate) struct Videos;

impl HashtagQuestion for Videos {
    const OPERATION: Operation = Operation::ListHashtagVideos;
    type Query = VideosAsked;
    type Answer = Vec<VideoMeasuredView>;

    fn read(context: &RequestContext<'_>, page: Page) -> Result<Self::Query, Problem> {
        let (query, now) = (&context.query, context.now);
        Ok(VideosAsked {
            sort: query.word("sort")?,
            since: query.begin("since", now)?,
            until: query.end("until", now)?,
            region: query.region()?,
            plays_min: query.whole("min_plays", 0..=NUMBER_MAX)?.unwrap_or(0),
            also: query.text("also")?.map(Cow::into_owned),
            not: query.text("not")?.map(Cow::into_owned),
            limit: page.limit,
            after: page.after,
        })
    }

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        asked: VideosAsked,
    ) -> Result<Measured<Self::Answer>, MeasureError> {
        measure.videos(hashtag, &asked).await
    }
}

/// The videos under a hashtag, in numbers
///
/// Filtered, in an order, with engagement and velocity. The walk that sees each video exactly once is `/challenge-posts/`.
#[utoipa::path(
    get,
    path = "/v1/hashtags/{ref}/videos",
    operation_id = "list_hashtag_videos",
    tag = "measurement",
    params(("ref" = inline(TagText), Path, description = "A name or TikTok's id", example = "cat"), Params),
    responses((status = 200, description = "A page of videos", body = Answer), MeasureErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<Measuring<OfHashtag<Videos>>>(app, request).await
}
