//! `GET /v1/hashtags/{ref}/related`: which hashtags go with one.

use super::super::measured::{HashtagQuestion, Measuring, OfHashtag, Page, Pagination};
use crate::app::App;
use crate::gate::{Billing, RequestContext, serve};
use crate::openapi::{MeasureErrors, TagText, TimeText};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{Hashtag, Operation};
use http::Response;
use measure::{Measure, MeasureError, Measured, Meta, RelatedAsked, RelatedView};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What may stand in the query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query; `Query` reads it")]
struct Params {
    /// Only videos posted from then on: a day, a moment, or a length of time back from now (`30d`, `6mo`).
    #[param(inline, example = "90d", required = false)]
    since: TimeText,
    /// Whether hashtags that go with everything (fyp, foryou ...) are listed too.
    #[param(default = false, required = false)]
    generic: bool,
}

/// Related hashtags.
#[derive(ToSchema)]
#[schema(as = RelatedAnswer)]
#[expect(dead_code, reason = "it describes the answer, which `measured` writes")]
pub(crate) struct Answer {
    data: Vec<RelatedView>,
    meta: Meta,
    pagination: Pagination,
    billing: Billing,
}

pub(crate) struct Related;

impl HashtagQuestion for Related {
    const OPERATION: Operation = Operation::RelatedHashtags;
    type Query = RelatedAsked;
    type Answer = Vec<RelatedView>;

    fn read(context: &RequestContext<'_>, page: Page) -> Result<Self::Query, Problem> {
        let query = &context.query;
        Ok(RelatedAsked {
            since: query.begin("since", context.now)?,
            with_generic: query.flag("generic")?,
            limit: page.limit,
        })
    }

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        asked: RelatedAsked,
    ) -> Result<Measured<Self::Answer>, MeasureError> {
        measure.related(hashtag, asked).await
    }
}

/// Which hashtags go with one
///
/// Those that stand beside it more often than chance would have it: co-occurrence, lift, NPMI and support, ordered by NPMI
/// weighted by support.
#[utoipa::path(
    get,
    path = "/v1/hashtags/{ref}/related",
    operation_id = "related_hashtags",
    tag = "measurement",
    params(("ref" = inline(TagText), Path, description = "A name or TikTok's id", example = "cat"), Params),
    responses((status = 200, description = "The closest first", body = Answer), MeasureErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<Measuring<OfHashtag<Related>>>(app, request).await
}
