//! `GET /v1/trackers/{id}/series`: readings and gaps, ready for a curve.

use super::problem;
use crate::app::App;
use crate::extract::parameters;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::TrackerErrors;
use crate::problem::Problem;
use crate::v1::json_reply::{self, answer};
use crate::v1::measured::{Pagination, problem as measure_problem};
use axum::body::Body;
use axum::extract::{Request, State};
use domain::{AccountId, KeyScope, Moment, Source, Tag, Timestamp, TrackerId};
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
    pub(crate) hashtag: String,
    /// Readings, oldest first.
    pub(crate) readings: Vec<ReadingView>,
    /// Gaps that overlap the time of this page, oldest first.
    pub(crate) gaps: Vec<GapView>,
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
        let account = (request.caller.key.account_id, request.tracker_id()?);
        let query: SeriesQuery = request.query()?;
        let (view, next) = page(&request.app, account, query, request.query()?).await?;
        json_reply::page(&view, Pagination::new(next.map(|next| next.to_rfc3339())))
    })
    .await
}

/// Returns a page of a series and the beginning of the next one.
async fn page(
    app: &App,
    (account_id, id): (AccountId, TrackerId),
    SeriesQuery { hashtag, from, to, cursor }: SeriesQuery,
    as_of: AsOfQuery,
) -> Result<(SeriesView, Option<Timestamp>), Problem> {
    let measure = app.measure.at(as_of, MadeOf::Readings).await;
    let as_of = measure.map_err(measure_problem)?.as_of();
    let now = as_of.unwrap_or_else(|| app.clock.now());
    let from = cursor.or(from).map(|from| from.begin(now));
    // A day ends with its last millisecond.
    let until = to.map(|to| Timestamp::from_ms(to.end(now).as_ms().saturating_add(1)));
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        return Err(Problem::parameter("to", "to is earlier than from; give a later time"));
    }
    let range = SeriesRange { from, until, as_of };
    let found = app.tracking.series(account_id, id, hashtag.as_deref(), range).await;
    let page = found.map_err(problem)?;
    let annotations = annotations(app, account_id, &page).await?;
    let view = SeriesView { hashtag: page.hashtag, readings: page.readings, gaps: page.gaps, annotations };
    Ok((view, page.next))
}

/// Refuses wrong parameters of a saved question.
pub(crate) fn check(query: &str) -> Result<(), Problem> {
    parameters::<SeriesQuery>(query)?;
    parameters::<AsOfQuery>(query).map(drop)
}

/// Returns the hashtag that a saved question names.
pub(crate) fn hashtag(query: &str) -> Result<Option<String>, Problem> {
    Ok(parameters::<SeriesQuery>(query)?.hashtag)
}

/// Returns the readings of a saved question from its pages, at most so many: the newest.
pub(crate) async fn whole(
    app: &App,
    account: (AccountId, TrackerId),
    (name, query): (Option<String>, &str),
    most: usize,
) -> Result<SeriesView, Problem> {
    let asked = |cursor: Option<Timestamp>| -> Result<(SeriesQuery, AsOfQuery), Problem> {
        let query_of: SeriesQuery = parameters(query)?;
        let cursor = cursor.map(Moment::At);
        Ok((SeriesQuery { hashtag: name.clone(), cursor, ..query_of }, parameters(query)?))
    };
    let (first, as_of) = asked(None)?;
    let (mut whole, mut next) = page(app, account, first, as_of).await?;
    while let Some(at) = next {
        let (more, as_of) = asked(Some(at))?;
        let (view, after) = page(app, account, more, as_of).await?;
        whole.readings.extend(view.readings);
        whole.gaps.extend(view.gaps.into_iter().filter(|gap| gap.from >= at));
        whole.annotations.extend(view.annotations);
        let beyond = whole.readings.len().saturating_sub(most);
        whole.readings.drain(..beyond);
        next = after;
    }
    Ok(whole)
}

/// Returns the annotations within the time of a page.
async fn annotations(app: &App, account_id: AccountId, page: &SeriesPage) -> Result<Vec<MarkView>, Problem> {
    let (Some(first), Some(last)) = (page.readings.first(), page.readings.last()) else {
        return Ok(Vec::new());
    };
    let names: BTreeSet<&str> = page.readings.iter().map(|reading| reading.source).collect();
    let sources = Source::VARIANTS.iter().copied().filter(|source| names.contains(source.name())).collect();
    let tag = Tag::new(&page.hashtag).map_err(Problem::internal)?;
    let marks = app.measure.marks_of_series(account_id, &tag, (first.at, last.at), sources).await;
    marks.map_err(Problem::internal)
}
