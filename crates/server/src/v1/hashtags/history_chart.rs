//! `GET /v1/hashtags/{ref}/history.svg` and `history.png`: the history as a picture to embed.

use super::super::measured::problem;
use super::super::question::{freshness_of, hashtag};
use super::reference;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::extract;
use crate::gate::reply::Content;
use crate::gate::{Paid, RequestContext, serve};
use crate::openapi::{Binary, ChartErrors};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::FreshnessRequirement;
use charts::{Chart, ChartError, SIZE_PX, Theme};
use domain::{Hashtag, Operation};
use http::Response;
use measure::parameters::{Index, NameOf, TagText, Whole};
use measure::{AsOfQuery, HistoryMetric, HistoryQuery, HistoryView, MadeOf, Measure};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Default width.
const WIDTH: Pixels = Pixels::new(800).expect("within the bounds");
/// Default height.
const HEIGHT: Pixels = Pixels::new(400).expect("within the bounds");

/// Width or height in pixels.
type Pixels = Whole<{ *SIZE_PX.start() as u64 }, { *SIZE_PX.end() as u64 }>;

type ThemeName = NameOf<Theme>;

/// Query parameters of a chart.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct ChartQuery {
    /// Width in pixels.
    #[param(value_type = u32, minimum = 100, maximum = 4000, default = 800, required = false)]
    width: Pixels,
    /// Height in pixels.
    #[param(value_type = u32, minimum = 100, maximum = 4000, default = 400, required = false)]
    height: Pixels,
    /// Dark on light, or light on dark.
    #[param(inline, value_type = ThemeName, required = false)]
    theme: Theme,
    /// True for a logarithmic scale.
    #[param(default = false, required = false)]
    log: bool,
    /// Draws the series divided by its first value, times this.
    #[param(inline, value_type = Index, example = 100, required = false)]
    index: Option<Index>,
}

impl Default for ChartQuery {
    fn default() -> Self {
        Self { width: WIDTH, height: HEIGHT, theme: Theme::default(), log: false, index: None }
    }
}

pub(crate) struct HistoryChart;

impl Paid for HistoryChart {
    const OPERATION: Operation = Operation::HashtagHistoryChart;
    const IS_CONTRACT: bool = false;
    type Query = (String, HistoryQuery, AsOfQuery, ChartQuery, bool);

    fn media_types(context: &RequestContext<'_>) -> &'static [&'static str] {
        if context.path.ends_with(".png") { &["image/png"] } else { &["image/svg+xml"] }
    }

    fn read(context: &RequestContext<'_>) -> Result<Self::Query, Problem> {
        let query = context.query.as_str();
        let history = HistoryQuery { account_id: Some(context.account_id), ..extract::parameters(query)? };
        let (as_of, drawn) = (extract::parameters(query)?, extract::parameters(query)?);
        Ok((reference(context)?, history, as_of, drawn, context.path.ends_with(".png")))
    }

    async fn answer(
        app: &App,
        (reference, query, as_of, drawn, is_png): Self::Query,
        freshness: FreshnessRequirement,
    ) -> Result<Content, Problem> {
        let measure = app.measure.at(as_of, MadeOf::Readings).await.map_err(problem)?;
        let freshness = freshness_of(&measure, freshness);
        let (found, _) = hashtag(&measure, "ref", &reference, freshness).await?;
        let metric = query.metric;
        let history = measure.history(&found, query).await.map_err(problem)?.data;
        if history.points.is_empty() {
            return Err(nothing_to_draw(&measure, &found, metric).await);
        }
        // A large picture takes tens of milliseconds of computing.
        let drawing = tokio::task::spawn_blocking(move || draw(&history, &drawn, is_png));
        drawing.await.map_err(Problem::internal)?
    }
}

/// Builds the response for a period without readings, which names the period that has some.
async fn nothing_to_draw(measure: &Measure, hashtag: &Hashtag, counted: HistoryMetric) -> Problem {
    let (metric, name) = (counted.name(), hashtag.tag.name());
    let detail = match measure.readings_period(hashtag, counted).await {
        Ok(Some(available)) => format!("no {metric} of #{name} in this period; readings are {available}"),
        Ok(None) => match measure.as_of() {
            Some(as_of) => format!("no {metric} of #{name} had come in by {}", as_of.to_rfc3339()),
            None => format!("no {metric} of #{name}: no source reported them with a time"),
        },
        Err(error) => return problem(error),
    };
    Problem::new(ErrorCode::InvalidParameter, format!("this cannot be drawn: {detail}"))
}

fn draw(history: &HistoryView, drawn: &ChartQuery, is_png: bool) -> Result<Content, Problem> {
    let chart = Chart {
        width: u32::try_from(drawn.width.get()).unwrap_or(u32::MAX),
        height: u32::try_from(drawn.height.get()).unwrap_or(u32::MAX),
        theme: drawn.theme,
        is_log: drawn.log,
        index_to: drawn.index.map(Index::get),
        ..history.chart()
    };
    let refused = |error: ChartError| {
        Problem::new(ErrorCode::InvalidParameter, format!("this cannot be drawn: {error}"))
    };
    Ok(if is_png {
        Content::new("image/png", charts::png(&chart).map_err(refused)?)
    } else {
        Content::new("image/svg+xml", charts::svg(&chart).map_err(refused)?)
    })
}

/// History of a count of a hashtag, as SVG
///
/// For embedding: gaps are hatched, and rounded counts have a band of their rounding step.
#[utoipa::path(
    get,
    path = "/v1/hashtags/{ref}/history.svg",
    operation_id = "hashtag_history_svg",
    tag = "measurement",
    params(("ref" = inline(TagText), Path, description = "A name or TikTok's id", example = "cat"), HistoryQuery, AsOfQuery, ChartQuery),
    responses((status = 200, description = "The picture", content_type = "image/svg+xml", body = inline(Binary)), ChartErrors),
)]
pub(crate) async fn svg(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<HistoryChart>(app, request).await
}

/// History of a count of a hashtag, as PNG
#[utoipa::path(
    get,
    path = "/v1/hashtags/{ref}/history.png",
    operation_id = "hashtag_history_png",
    tag = "measurement",
    params(("ref" = inline(TagText), Path, description = "A name or TikTok's id", example = "cat"), HistoryQuery, AsOfQuery, ChartQuery),
    responses((status = 200, description = "The picture", content_type = "image/png", body = inline(Binary)), ChartErrors),
)]
pub(crate) async fn png(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<HistoryChart>(app, request).await
}
