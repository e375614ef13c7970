//! `GET /v1/hashtags/{ref}/history.svg` and `history.png`: the history as a picture to embed.

use super::super::measured::{hashtag, problem};
use super::super::words::{HistoryMetricWord, ModeWord, StepWord, ThemeWord};
use super::history::read;
use super::reference;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::reply::Content;
use crate::gate::{Paid, RequestContext, serve};
use crate::openapi::{Binary, ChartErrors, TagText, TimeText};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::FreshnessRequirement;
use charts::{Chart, ChartError, ChartPoint, Line, SIZE_PX, Theme};
use domain::metrics::Mode;
use domain::{Hashtag, Operation};
use http::Response;
use measure::{History, HistoryAsked, Measure};
use std::sync::Arc;
use utoipa::IntoParams;

/// Width and height unless told otherwise.
const SIZE: (u32, u32) = (800, 400);

/// What may stand in the query.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query; `Query` reads it")]
struct Params {
    /// The count.
    #[param(inline, required = false)]
    metric: HistoryMetricWord,
    /// From then on: a day, a moment, or a length of time back from now (`30d`, `6mo`).
    #[param(inline, example = "90d", required = false)]
    from: TimeText,
    /// Until then.
    #[param(inline, required = false)]
    to: TimeText,
    /// The step between points.
    #[param(inline, required = false)]
    step: StepWord,
    /// `gain` is the difference from the previous point.
    #[param(inline, required = false)]
    mode: ModeWord,
    /// `false` draws every reading as reported.
    #[param(default = true, required = false)]
    repair: bool,
    /// Width in pixels.
    #[param(minimum = 100, maximum = 4000, default = 800, required = false)]
    width: u32,
    /// Height in pixels.
    #[param(minimum = 100, maximum = 4000, default = 400, required = false)]
    height: u32,
    /// Dark on light, or light on dark.
    #[param(inline, required = false)]
    theme: ThemeWord,
    /// Whether the scale is logarithmic.
    #[param(default = false, required = false)]
    log: bool,
    /// Draws the series divided by its first value, times this.
    #[param(example = 100, minimum = 0.001, maximum = 1_000_000_000.0, required = false)]
    index: f64,
}

/// How it is drawn.
#[derive(Debug)]
pub(crate) struct Drawn {
    width: u32,
    height: u32,
    theme: Theme,
    is_log: bool,
    index_to: Option<f64>,
    is_png: bool,
}

pub(crate) struct HistoryChart;

impl Paid for HistoryChart {
    const OPERATION: Operation = Operation::HashtagHistoryChart;
    const IS_CONTRACT: bool = false;
    type Query = (String, HistoryAsked, Drawn);

    fn media_types(context: &RequestContext<'_>) -> &'static [&'static str] {
        if context.path.ends_with(".png") { &["image/png"] } else { &["image/svg+xml"] }
    }

    fn read(context: &RequestContext<'_>) -> Result<Self::Query, Problem> {
        let query = &context.query;
        let pixels = |param, default: u32| -> Result<u32, Problem> {
            let bounds = u64::from(*SIZE_PX.start())..=u64::from(*SIZE_PX.end());
            let told = query.whole(param, bounds)?;
            Ok(told.and_then(|pixels| u32::try_from(pixels).ok()).unwrap_or(default))
        };
        let drawn = Drawn {
            width: pixels("width", SIZE.0)?,
            height: pixels("height", SIZE.1)?,
            theme: query.word("theme")?,
            is_log: query.flag("log")?,
            index_to: query.index()?,
            is_png: context.path.ends_with(".png"),
        };
        Ok((reference(context)?, read(context)?, drawn))
    }

    async fn answer(
        app: &App,
        (reference, asked, drawn): Self::Query,
        freshness: FreshnessRequirement,
    ) -> Result<Content, Problem> {
        let (found, _) = hashtag(&app.catalog, &reference, freshness).await?;
        let history = app.measure.history_points(&found, asked).await.map_err(problem)?;
        if history.points.is_empty() {
            return Err(nothing_to_draw(&app.measure, &found, asked).await);
        }
        // A large picture takes tens of milliseconds of nothing but computing.
        let drawing = tokio::task::spawn_blocking(move || draw(&history, asked, &drawn));
        drawing.await.map_err(Problem::internal)?
    }
}

/// Says from when to when there are readings.
async fn nothing_to_draw(measure: &Measure, hashtag: &Hashtag, asked: HistoryAsked) -> Problem {
    let (metric, name) = (asked.metric.name(), hashtag.tag.name());
    let detail = match measure.readings_held(hashtag, asked.metric).await {
        Ok(Some(held)) => format!("no {metric} of #{name} in this time; readings are {held}"),
        Ok(None) => format!("no {metric} of #{name}: no source reported them with a time"),
        Err(error) => return problem(error),
    };
    Problem::new(ErrorCode::InvalidParameter, format!("this cannot be drawn: {detail}"))
}

fn draw(history: &History, asked: HistoryAsked, drawn: &Drawn) -> Result<Content, Problem> {
    #[expect(clippy::cast_precision_loss, reason = "a picture is no exact number")]
    let point = |point: &domain::metrics::HistoryPoint| {
        Some(ChartPoint {
            at: point.at,
            value: point.value? as f64,
            step: point.step as f64,
            gap_before: point.gap_ms.is_some(),
        })
    };
    let unit = asked.metric.name();
    let what = match asked.mode {
        Mode::Total => unit.to_owned(),
        Mode::Gain => format!("{unit} gained"),
    };
    let as_read = history.as_read().filter(|_| asked.mode == Mode::Total && asked.is_repaired);
    let newest =
        as_read.map(|read| format!("; newest reading {} not counted", read.shown())).unwrap_or_default();
    let line = Line {
        name: format!("#{}", history.hashtag.tag.name()),
        points: history.points.iter().filter_map(point).collect(),
    };
    let chart = Chart {
        title: format!("#{}", history.hashtag.tag.name()),
        subtitle: format!("{what}, as reported by TikTok{newest}"),
        unit: what,
        lines: vec![line],
        width: drawn.width,
        height: drawn.height,
        theme: drawn.theme,
        is_log: drawn.is_log,
        index_to: drawn.index_to,
    };
    let refused = |error: ChartError| {
        Problem::new(ErrorCode::InvalidParameter, format!("this cannot be drawn: {error}"))
    };
    Ok(if drawn.is_png {
        Content::new("image/png", charts::png(&chart).map_err(refused)?)
    } else {
        Content::new("image/svg+xml", charts::svg(&chart).map_err(refused)?)
    })
}

/// How a count of a hashtag went, as SVG
///
/// To embed: gaps are hatched and not drawn across, what was rounded has a band of its step.
#[utoipa::path(
    get,
    path = "/v1/hashtags/{ref}/history.svg",
    operation_id = "hashtag_history_svg",
    tag = "measurement",
    params(("ref" = inline(TagText), Path, description = "A name or TikTok's id", example = "cat"), Params),
    responses((status = 200, description = "The picture", content_type = "image/svg+xml", body = inline(Binary)), ChartErrors),
)]
pub(crate) async fn svg(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<HistoryChart>(app, request).await
}

/// How a count of a hashtag went, as PNG
#[utoipa::path(
    get,
    path = "/v1/hashtags/{ref}/history.png",
    operation_id = "hashtag_history_png",
    tag = "measurement",
    params(("ref" = inline(TagText), Path, description = "A name or TikTok's id", example = "cat"), Params),
    responses((status = 200, description = "The picture", content_type = "image/png", body = inline(Binary)), ChartErrors),
)]
pub(crate) async fn png(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<HistoryChart>(app, request).await
}
