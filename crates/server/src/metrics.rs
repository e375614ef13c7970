//! What the server counts, in Prometheus's text form at `/metrics`. Series are found once, at start, so that counting a
//! request takes no look-up by label.

use http::StatusCode;
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::time::Duration;

/// Upper ends of the latency classes, in seconds: from a cached look-up to a client's patience.
const LATENCY_SECONDS: [f64; 12] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0];
/// The last part of a path that is a name.
const NAME: &str = "{id}";
/// Where requests for unknown paths are counted.
const OTHER_ROUTE: &str = "other";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// The series of one path.
#[derive(Debug)]
pub(crate) struct RouteMetrics {
    route: String,
    /// Nearly every answer is one of these.
    successes: Counter,
    latency: Histogram,
}

impl RouteMetrics {
    /// The path as documented; `other` for paths that are not.
    pub(crate) fn name(&self) -> &str {
        &self.route
    }
}

/// All series.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<StatusLabels, Counter>,
    routes: HashMap<String, RouteMetrics>,
    other: RouteMetrics,
    charges: Counter,
    replays: Counter,
    connections: Gauge,
    connections_opened: Counter,
    connections_refused: Counter,
    connections_overdue: Family<ReasonLabels, Counter>,
    cache_hits: Gauge,
    cache_misses: Gauge,
}

impl Metrics {
    /// For these paths. Each is counted together with its form without the last `/`.
    pub(crate) fn new<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        let mut registry = Registry::with_prefix("tagmeter");
        let requests = Family::<StatusLabels, Counter>::default();
        let latency =
            Family::<RouteLabels, Histogram>::new_with_constructor(|| Histogram::new(LATENCY_SECONDS));
        let route_metrics = |route: &str| RouteMetrics {
            route: route.to_owned(),
            successes: requests.get_or_create_owned(&StatusLabels { route: route.to_owned(), status: 200 }),
            latency: latency.get_or_create_owned(&RouteLabels { route: route.to_owned() }),
        };
        let mut routes = HashMap::new();
        for path in paths {
            routes.insert(path.to_owned(), route_metrics(path));
            if let Some(bare) = path.strip_suffix('/').filter(|bare| !bare.is_empty()) {
                routes.insert(bare.to_owned(), route_metrics(path));
            }
        }
        let other = route_metrics(OTHER_ROUTE);
        let metrics = Self {
            routes,
            other,
            charges: Counter::default(),
            replays: Counter::default(),
            connections: Gauge::default(),
            connections_opened: Counter::default(),
            connections_refused: Counter::default(),
            connections_overdue: Family::default(),
            cache_hits: Gauge::default(),
            cache_misses: Gauge::default(),
            requests,
            registry: Registry::default(),
        };
        registry.register("requests", "Requests answered, by path and status", metrics.requests.clone());
        registry.register(
            "request_duration_seconds",
            "From the whole request read to the answer ready",
            latency,
        );
        registry.register("credits_charged", "Credits charged", metrics.charges.clone());
        registry.register(
            "answers_replayed",
            "Answers repeated under an Idempotency-Key",
            metrics.replays.clone(),
        );
        registry.register("connections_open", "Connections open now", metrics.connections.clone());
        registry.register("connections_opened", "Connections accepted", metrics.connections_opened.clone());
        registry.register(
            "connections_refused",
            "Connections beyond the limit",
            metrics.connections_refused.clone(),
        );
        registry.register(
            "connections_overdue",
            "Connections closed because the client was too slow, by what it was slow at",
            metrics.connections_overdue.clone(),
        );
        registry.register(
            "cache_hits",
            "Answers the hot cache had, since the start",
            metrics.cache_hits.clone(),
        );
        registry.register(
            "cache_misses",
            "Answers it had not, since the start",
            metrics.cache_misses.clone(),
        );
        Self { registry, ..metrics }
    }

    /// The series of a path.
    pub(crate) fn route(&self, path: &str) -> &RouteMetrics {
        let known = self.routes.get(path).or_else(|| {
            let (folder, _) = path.strip_suffix('/').unwrap_or(path).rsplit_once('/')?;
            self.routes.get(&format!("{folder}/{NAME}"))
        });
        known.unwrap_or(&self.other)
    }

    /// One request answered.
    pub(crate) fn request_answered(&self, route: &RouteMetrics, status: StatusCode, took: Duration) {
        if status == StatusCode::OK {
            route.successes.inc();
        } else {
            self.requests
                .get_or_create(&StatusLabels { route: route.route.clone(), status: status.as_u16() })
                .inc();
        }
        route.latency.observe(took.as_secs_f64());
    }

    /// Credits were taken.
    pub(crate) fn charged(&self, credits: u64) {
        self.charges.inc_by(credits);
    }

    /// An answer was repeated.
    pub(crate) fn replayed(&self) {
        self.replays.inc();
    }

    /// A client came.
    pub(crate) fn connection_opened(&self) {
        self.connections.inc();
        self.connections_opened.inc();
    }

    /// A client went.
    pub(crate) fn connection_closed(&self) {
        self.connections.dec();
    }

    /// One too many.
    pub(crate) fn connection_refused(&self) {
        self.connections_refused.inc();
    }

    /// One too slow.
    pub(crate) fn connection_overdue(&self, reason: &'static str) {
        self.connections_overdue.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// The text form. What the hot cache counts is handed in, as it is counted elsewhere.
    pub(crate) fn to_text(&self, cache_hits: u64, cache_misses: u64) -> String {
        self.cache_hits.set(cache_hits.try_into().unwrap_or(i64::MAX));
        self.cache_misses.set(cache_misses.try_into().unwrap_or(i64::MAX));
        let mut text = String::with_capacity(16 * 1024);
        encode(&mut text, &self.registry).expect("writing to memory does not fail");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_path_are_one_route_and_unknown_ones_are_one_series() {
        let metrics = Metrics::new(["/a/", "/b"].into_iter());
        for path in ["/a/", "/a", "/b", "/nothing", "/../../etc/passwd"] {
            metrics.request_answered(metrics.route(path), StatusCode::OK, Duration::from_micros(80));
        }
        metrics.request_answered(metrics.route("/a/"), StatusCode::NOT_FOUND, Duration::from_secs(60));
        let text = metrics.to_text(1, 2);
        for line in [
            r#"tagmeter_requests_total{route="/a/",status="200"} 2"#,
            r#"tagmeter_requests_total{route="/a/",status="404"} 1"#,
            r#"tagmeter_requests_total{route="/b",status="200"} 1"#,
            r#"tagmeter_requests_total{route="other",status="200"} 2"#,
            r#"tagmeter_request_duration_seconds_bucket{le="0.0001",route="/a/"} 2"#,
            r#"tagmeter_request_duration_seconds_bucket{le="+Inf",route="/a/"} 3"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("passwd"));
    }
}
