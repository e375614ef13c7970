//! `GET /v1/metrics`: every metric with its formula, unit, caveats and where it is found. The docs are made from the same list.

use super::json_reply::{self, NoMeta};
use crate::app::App;
use crate::gate::{AuthenticatedRequest, Billing, serve_free};
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
    /// As it is named in answers.
    #[schema(example = "velocity")]
    name: &'static str,
    /// What people call it.
    title: &'static str,
    /// Its formula.
    #[schema(example = "dV/dt")]
    formula: &'static str,
    /// What it is counted in.
    #[schema(example = "views a day")]
    unit: &'static str,
    /// What has to be known of it.
    caveats: &'static [&'static str],
    /// Where it is found.
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

/// Metrics.
#[derive(Serialize, ToSchema)]
pub(crate) struct MetricsAnswer {
    data: Vec<MetricView>,
    meta: NoMeta,
    billing: Billing,
}

/// Every metric
///
/// Name, formula, unit, caveats and where it is found. Free.
#[utoipa::path(
    get,
    path = "/v1/metrics",
    operation_id = "list_metrics",
    tag = "account",
    responses((status = 200, description = "Every metric", body = MetricsAnswer), FreeErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |_: AuthenticatedRequest, _| {
        json_reply::ok(&METRICS.iter().map(MetricView::from).collect::<Vec<_>>())
    })
    .await
}
