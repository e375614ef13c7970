//! `tagmeter metrics`: lists every metric with its formula.

use crate::cli::Json;
use crate::exit::Failure;
use crate::output::{print_json, print_text};
use domain::metrics::registry::{METRICS, Metric};
use serde::Serialize;

/// Output of `metrics --json`.
#[derive(Serialize)]
struct Metrics {
    metrics: Vec<MetricView>,
}

/// A metric as JSON.
#[derive(Serialize)]
struct MetricView {
    name: &'static str,
    title: &'static str,
    formula: &'static str,
    unit: &'static str,
    /// Limits of the metric.
    caveats: &'static [&'static str],
    /// API paths that return it.
    paths: &'static [&'static str],
}

impl From<&Metric> for MetricView {
    fn from(metric: &Metric) -> Self {
        let Metric { name, title, formula, unit, caveats, paths } = *metric;
        Self { name, title, formula, unit, caveats, paths }
    }
}

pub(super) fn run(output: Json) -> Result<(), Failure> {
    let metrics = Metrics { metrics: METRICS.iter().map(MetricView::from).collect() };
    if output.json {
        return print_json(&metrics);
    }
    let texts = metrics.metrics.iter().map(|metric| {
        format!(
            "{}: {}\n  {}\n  unit: {}\n  caveats: {}",
            metric.name,
            metric.title,
            metric.formula,
            metric.unit,
            metric.caveats.join("; ")
        )
    });
    print_text(texts.collect::<Vec<_>>().join("\n\n"))
}
