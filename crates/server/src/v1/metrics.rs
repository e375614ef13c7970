//! `GET /v1/metrics`: every metric with its formula, unit, caveats and paths. The docs are generated from the same list.

use super::json_reply::{self, answer};
use crate::app::App;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::FreeErrors;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use domain::metrics::registry::{METRICS, Metric};
use http::Response;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A metric.
#[derive(Serialize, ToSchema)]
#[schema(as = Metric)]
pub(crate) struct MetricView {
    /// Name of the field in answers.
    #[schema(example = "velocity")]
    name: &'static str,
    /// Title.
    title: &'static str,
    /// Formula.
    #[schema(example = "dV/dt")]
    formula: &'static str,
    /// Unit.
    #[schema(example = "views a day")]
    unit: &'static str,
    /// Caveats.
    caveats: &'static [&'static str],
    /// Paths that return it.
    paths: &'static [&'static str],
}

impl From<&Metric> for MetricView {
    fn from(metric: &Metric) -> Self {
        Self {
            name: metric.name,
            title: metric.title,
            formula: metric.formula,
            unit: metric.unit,
            caveats: metric.caveats,
            paths: metric.paths,
        }
    }
}

answer! {
    /// The list of metrics.
    MetricsAnswer: Vec<MetricView>
}

/// List metrics
///
/// Returns every metric with its formula, unit, caveats and the paths that return it. Free.
#[utoipa::path(
    get,
    path = "/v1/metrics",
    operation_id = "list_metrics",
    tag = "account",
    responses((status = 200, description = "Every metric", body = MetricsAnswer), FreeErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |_: AuthenticatedRequest, _| {
        json_reply::ok(&METRICS.iter().map(MetricView::from).collect::<Vec<_>>())
    })
    .await
}
