//! `GET /v1/hashtags/{ref}/creators`: who carries a hashtag.

use super::super::measured::{HashtagQuestion, Measuring, OfHashtag, Page, Pagination};
use crate::app::App;
use crate::gate::{Billing, RequestContext, serve};
use crate::openapi::{MeasureErrors, TagText, TimeText};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{Hashtag, Operation};
use http::Response;
use measure::{CreatorsAsked, CreatorsView, Measure, MeasureError, Measured, Meta};
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
}

/// Creators.
#[derive(ToSchema)]
#[schema(as = CreatorsAnswer)]
#[expect(dead_code, reason = "it describes the answer, which `measured` writes")]
pub(crate) struct Answer {
    data: CreatorsView,
    meta: Meta,
    pagination: Pagination,
    billing: Billing,
}

pub(crate) struct Creators;

impl HashtagQuestion for Creators {
    const OPERATION: Operation = Operation::HashtagCreators;
    type Query = CreatorsAsked;
    type Answer = CreatorsView;

    fn read(context: &RequestContext<'_>, page: Page) -> Result<Self::Query, Problem> {
        let since = context.query.begin("since", context.now)?;
        Ok(CreatorsAsked { since, limit: page.limit, after: page.after })
    }

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        asked: CreatorsAsked,
    ) -> Result<Measured<Self::Answer>, MeasureError> {
        measure.creators(hashtag, asked).await
    }
}

/// Who carries a hashtag
///
/// Its creators by plays, and how unevenly plays are spread over them (Gini coefficient, share of the first, HHI).
#[utoipa::path(
    get,
    path = "/v1/hashtags/{ref}/creators",
    operation_id = "hashtag_creators",
    tag = "measurement",
    params(("ref" = inline(TagText), Path, description = "A name or TikTok's id", example = "cat"), Params),
    responses((status = 200, description = "Most plays first", body = Answer), MeasureErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<Measuring<OfHashtag<Creators>>>(app, request).await
}
