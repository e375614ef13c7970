//! `GET /v1/trackers/{id}/series`: readings and gaps, ready for a curve.

use super::problem;
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::TrackerErrors;
use crate::problem::Problem;
use crate::v1::json_reply::{self, answer};
use crate::v1::measured::{Pagination, problem as measure_problem};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{KeyScope, Moment, Source, Tag};
use http::Response;
use measure::MarkView;
use measure::parameters::{TimeText, by};
use measure::{AsOfQuery, MadeOf};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use strum::VariantArray;
use tracking::gaps::GapView;
use tracking::series::{ReadingView, SeriesPage, SeriesRange};
use utoipa::{IntoParams, ToSchema};

/// Query parameters of the series.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct SeriesQuery {
    /// Name of a hashtag of the tracker. It may be left out where there is only one.
    #[param(value_type = Option<String>, max_length = 512, example = "cat")]
    hashtag: Option<String>,
    /// Beginning: a day, a moment or a length of time back from now. Without it, the beginning of the tracker.
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, example = "30d", required = false)]
    from: Option<Moment>,
    /// End; a day is included. Without it, now.
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, example = "2026-11-30", required = false)]
    to: Option<Moment>,
    /// `pagination.next_cursor` of the previous page.
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, required = false)]
    cursor: Option<Moment>,
}

/// The series of a hashtag of a tracker.
#[derive(Serialize, ToSchema)]
#[schema(as = TrackerSeries)]
pub(crate) struct SeriesView {
    /// Name of the hashtag.
    #[schema(example = "cat")]
    hashtag: String,
    /// Readings, oldest first.
    readings: Vec<ReadingView>,
    /// Gaps that overlap the time of this page, oldest first.
    gaps: Vec<GapView>,
    /// Annotations within the time of the readings, in order of time.
    annotations: Vec<MarkView>,
}

answer! {
    /// The series of a hashtag of a tracker.
    with pages TrackerSeriesAnswer: SeriesView
}

/// Get the series of a tracker
///
/// Returns readings of a hashtag as they were reported, and the gaps between them, oldest first, 1,000 readings per page; with
/// `as_of` those that had come in by then.
/// Free: a reading was paid for when it was made.
#[utoipa::path(
    get,
    path = "/v1/trackers/{id}/series",
    operation_id = "get_tracker_series",
    tag = "trackers",
    params(("id" = String, Path, description = "Tracker id"), SeriesQuery, AsOfQuery),
    responses((status = 200, description = "The series", body = TrackerSeriesAnswer), TrackerErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let SeriesQuery { hashtag, from, to, cursor } = request.query()?;
        let measure = request.app.measure.at(request.query()?, MadeOf::Readings).await;
        let as_of = measure.map_err(measure_problem)?.as_of();
        let now = as_of.unwrap_or_else(|| request.app.clock.now());
        let from = cursor.or(from).map(|from| from.begin(now));
        // A day ends with its last millisecond.
        let until = to.map(|to| domain::Timestamp::from_ms(to.end(now).as_ms().saturating_add(1)));
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            return Err(Problem::parameter("to", "to is earlier than from; give a later time"));
        }
        let (tracking, id) = (&request.app.tracking, request.tracker_id()?);
        let range = SeriesRange { from, until, as_of };
        let found = tracking.series(request.caller.key.account_id, id, hashtag.as_deref(), range).await;
        let page = found.map_err(problem)?;
        let annotations = annotations(&request, &page).await?;
        let view =
            SeriesView { hashtag: page.hashtag, readings: page.readings, gaps: page.gaps, annotations };
        json_reply::page(&view, Pagination::new(page.next.map(|next| next.to_rfc3339())))
    })
    .await
}

/// Returns the annotations within the time of a page.
async fn annotations(request: &AuthenticatedRequest, page: &SeriesPage) -> Result<Vec<MarkView>, Problem> {
    let (Some(first), Some(last)) = (page.readings.first(), page.readings.last()) else {
        return Ok(Vec::new());
    };
    let names: BTreeSet<&str> = page.readings.iter().map(|reading| reading.source).collect();
    let sources = Source::VARIANTS.iter().copied().filter(|source| names.contains(source.name())).collect();
    let tag = Tag::new(&page.hashtag).map_err(Problem::internal)?;
    let account_id = request.caller.key.account_id;
    let marks = request.app.measure.marks_of_series(account_id, &tag, (first.at, last.at), sources).await;
    marks.map_err(Problem::internal)
}
