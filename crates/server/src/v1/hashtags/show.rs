//! `GET /v1/hashtags/{ref}`: a hashtag and all that is derived of it.

use super::super::measured::{HashtagQuestion, Measuring, OfHashtag, Page, Pagination};
use crate::app::App;
use crate::gate::{Billing, RequestContext, serve};
use crate::openapi::{MeasureErrors, TagText};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{Hashtag, Operation};
use http::Response;
use measure::{Measure, MeasureError, Measured, Meta, OverviewView};
use std::sync::Arc;
use utoipa::ToSchema;

/// A hashtag.
#[derive(ToSchema)]
#[schema(as = HashtagAnswer)]
#[expect(dead_code, reason = "it describes the answer, which `measured` writes")]
pub(crate) struct Answer {
    data: OverviewView,
    meta: Meta,
    pagination: Pagination,
    billing: Billing,
}

pub(crate) struct Show;

impl HashtagQuestion for Show {
    const OPERATION: Operation = Operation::ShowHashtag;
    type Query = ();
    type Answer = OverviewView;

    fn read(_: &RequestContext<'_>, _: Page) -> Result<(), Problem> {
        Ok(())
    }

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        (): (),
    ) -> Result<Measured<Self::Answer>, MeasureError> {
        measure.overview(hashtag).await
    }
}

/// A hashtag
///
/// Its record, views a video and a creator, how it moves within a day, a week and 30 days, where it is in its life, and what
/// can be said of the 7 days after its newest reading: pace and surge with published probabilities, and the band of the
/// gain.
#[utoipa::path(
    get,
    path = "/v1/hashtags/{ref}",
    operation_id = "show_hashtag",
    tag = "measurement",
    params(("ref" = inline(TagText), Path, description = "A name, with or without `#` (`%23`), or TikTok's id", example = "cat")),
    responses((status = 200, description = "The hashtag", body = Answer), MeasureErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<Measuring<OfHashtag<Show>>>(app, request).await
}
