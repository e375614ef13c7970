//! `tagmeter metrics`: every metric with its formula.

use crate::cli::Json;
use crate::exit::Failure;
use crate::output::{print_json, print_text};
use domain::metrics::registry::{METRICS, Metric};
use serde::Serialize;

/// What `metrics --json` prints.
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
    /// What has to be known of it.
    caveats: &'static [&'static str],
    /// Where the API has it.
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
    let told = metrics.metrics.iter().map(|metric| {
        format!(
            "{}: {}\n  {}\n  unit: {}\n  to know: {}",
            metric.name,
            metric.title,
            metric.formula,
            metric.unit,
            metric.caveats.join("; ")
        )
    });
    print_text(told.collect::<Vec<_>>().join("\n\n"))
}
