//! The series of `/metrics`, as OpenMetrics and in the older text format of Prometheus. They are looked up
//! once, at start, so that counting a request takes no look-up by label.

mod process;

mod prometheus_text;

mod work;

use crate::status::Snapshot;
use http::StatusCode;
use process::ProcessMetrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use work::WorkMetrics;

/// Upper bounds of the latency buckets, in seconds: from a cached look-up to a client's timeout.
const LATENCY_SECONDS: [f64; 12] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0];
/// Label of unknown paths.
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
struct UpstreamLabels {
    upstream: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// The series of one path.
#[derive(Debug)]
pub(crate) struct RouteMetrics {
    route: String,
    /// Answers of status 200, which nearly all are.
    successes: Counter,
    latency: Histogram,
}

impl RouteMetrics {
    /// Returns the path as documented; `other` for unknown paths.
    pub(crate) fn name(&self) -> &str {
        &self.route
    }
}

/// All series.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<StatusLabels, Counter>,
    /// By index of the path in the description.
    routes: Vec<RouteMetrics>,
    other: RouteMetrics,
    charges: Counter,
    replays: Counter,
    connections: Gauge,
    connections_opened: Counter,
    connections_refused: Counter,
    connections_overdue: Family<ReasonLabels, Counter>,
    cache_hits: Counter,
    cache_misses: Counter,
    upstream_rejects: Family<UpstreamLabels, Counter>,
    work: WorkMetrics,
    process: ProcessMetrics,
    /// Series without the prefix `tagmeter`.
    process_registry: Registry,
}

/// Counters of the catalog.
#[derive(Debug, Default)]
pub(crate) struct Counted<'c> {
    /// Answers found in the hot cache.
    pub(crate) cache_hits: u64,
    /// Answers not found in it.
    pub(crate) cache_misses: u64,
    /// Records that could not be used, by upstream.
    pub(crate) upstream_rejects: Vec<(&'c str, u64)>,
    /// Work in the background; `None` if the store cannot be read: its series keep their last values.
    pub(crate) work: Option<Arc<Snapshot>>,
}

/// Text format of the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposition {
    /// The text format of Prometheus, 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Metrics {
    /// Registers the series of these paths, in the order of the description.
    pub(crate) fn new<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        let mut registry = Registry::with_prefix("tagmeter");
        let built = vec![("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "Version of the server", Info::new(built));
        let requests: Family<StatusLabels, Counter> =
            registered(&mut registry, "requests", "Requests answered, by path and status");
        let latency =
            Family::<RouteLabels, Histogram>::new_with_constructor(|| Histogram::new(LATENCY_SECONDS));
        let help = "Time from the request read to the answer ready";
        registry.register("request_duration_seconds", help, latency.clone());
        let route_metrics = |route: &str| RouteMetrics {
            route: route.to_owned(),
            successes: requests.get_or_create_owned(&StatusLabels { route: route.to_owned(), status: 200 }),
            latency: latency.get_or_create_owned(&RouteLabels { route: route.to_owned() }),
        };
        let mut process_registry = Registry::default();
        let all = &mut registry;
        Self {
            routes: paths.map(&route_metrics).collect(),
            other: route_metrics(OTHER_ROUTE),
            charges: registered(all, "credits_charged", "Credits charged"),
            replays: registered(all, "answers_replayed", "Answers repeated under an Idempotency-Key"),
            connections: registered(all, "connections_open", "Connections open now"),
            connections_opened: registered(all, "connections_opened", "Connections accepted"),
            connections_refused: registered(all, "connections_refused", "Connections beyond the limit"),
            connections_overdue: registered(
                all,
                "connections_overdue",
                "Connections closed because the client was too slow, by what it was slow at",
            ),
            cache_hits: registered(all, "cache_hits", "Answers found in the hot cache"),
            cache_misses: registered(all, "cache_misses", "Answers not found in the hot cache"),
            upstream_rejects: registered(
                all,
                "upstream_rejects",
                "Records of an upstream that could not be used, by its name; the log has the reasons",
            ),
            work: WorkMetrics::register(all),
            process: ProcessMetrics::register(&mut process_registry),
            process_registry,
            requests,
            registry,
        }
    }

    /// Returns the series of the path at this index of the description; `None` is for unknown paths.
    pub(crate) fn route(&self, number: Option<usize>) -> &RouteMetrics {
        number.and_then(|number| self.routes.get(number)).unwrap_or(&self.other)
    }

    /// Counts an answered request.
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

    /// Counts charged credits.
    pub(crate) fn charged(&self, credits: u64) {
        self.charges.inc_by(credits);
    }

    /// Counts a replayed answer.
    pub(crate) fn replayed(&self) {
        self.replays.inc();
    }

    /// Counts an accepted connection.
    pub(crate) fn connection_opened(&self) {
        self.connections.inc();
        self.connections_opened.inc();
    }

    /// Counts a closed connection.
    pub(crate) fn connection_closed(&self) {
        self.connections.dec();
    }

    /// Counts a connection beyond the limit.
    pub(crate) fn connection_refused(&self) {
        self.connections_refused.inc();
    }

    /// Counts a connection closed by a timeout.
    pub(crate) fn connection_overdue(&self, reason: &'static str) {
        self.connections_overdue.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// Renders all series, with the counters of the catalog.
    pub(crate) fn to_text(&self, exposition: Exposition, counted: &Counted<'_>) -> String {
        self.cache_hits.inner().store(counted.cache_hits, Relaxed);
        self.cache_misses.inner().store(counted.cache_misses, Relaxed);
        for (upstream, rejects) in counted.upstream_rejects.iter().copied() {
            let labels = UpstreamLabels { upstream: upstream.to_owned() };
            self.upstream_rejects.get_or_create(&labels).inner().store(rejects, Relaxed);
        }
        if let Some(work) = &counted.work {
            self.work.set(work);
        }
        self.process.read();
        let mut text = String::with_capacity(16 * 1024);
        let written = encode_registry(&mut text, &self.process_registry)
            .and_then(|()| encode(&mut text, &self.registry));
        written.expect("writing to memory does not fail");
        match exposition {
            Exposition::OpenMetrics => text,
            Exposition::Prometheus => prometheus_text::of_open_metrics(&text),
        }
    }
}

/// Registers a series under a name.
fn registered<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let series = M::default();
    registry.register(name, help, series.clone());
    series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_a_series_and_unknown_ones_are_one() {
        let metrics = Metrics::new(["/a/", "/b"].into_iter());
        for number in [Some(0), Some(0), Some(1), None, None] {
            metrics.request_answered(metrics.route(number), StatusCode::OK, Duration::from_micros(80));
        }
        metrics.request_answered(metrics.route(Some(0)), StatusCode::NOT_FOUND, Duration::from_secs(60));
        for exposition in [Exposition::OpenMetrics, Exposition::Prometheus] {
            let counted = Counted {
                cache_hits: 1,
                cache_misses: 2,
                upstream_rejects: vec![("original", 3)],
                work: None,
            };
            let text = metrics.to_text(exposition, &counted);
            for line in [
                r#"tagmeter_requests_total{route="/a/",status="200"} 2"#,
                r#"tagmeter_requests_total{route="/a/",status="404"} 1"#,
                r#"tagmeter_requests_total{route="/b",status="200"} 1"#,
                r#"tagmeter_requests_total{route="other",status="200"} 2"#,
                r#"tagmeter_request_duration_seconds_bucket{le="0.0001",route="/a/"} 2"#,
                r#"tagmeter_request_duration_seconds_bucket{le="+Inf",route="/a/"} 3"#,
                "tagmeter_cache_hits_total 1",
                r#"tagmeter_upstream_rejects_total{upstream="original"} 3"#,
                "tagmeter_build_info{version=",
            ] {
                assert!(text.contains(line), "{line} is not in\n{text}");
            }
            assert_eq!(
                text.contains("# TYPE tagmeter_cache_hits counter"),
                exposition == Exposition::OpenMetrics
            );
            assert_eq!(
                text.contains("# TYPE tagmeter_cache_hits_total counter"),
                exposition == Exposition::Prometheus
            );
            assert_eq!(text.ends_with("# EOF\n"), exposition == Exposition::OpenMetrics);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn process_series_have_plausible_values() {
        let text = Metrics::new([].into_iter()).to_text(Exposition::Prometheus, &Counted::default());
        let value = |name: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().expect("a number")
        };
        assert!(value("process_resident_memory_bytes") > 1e6);
        assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
        assert!((3.0..=value("process_max_fds")).contains(&value("process_open_fds")));
        assert!(value("process_threads") >= 1.0 && value("process_cpu_seconds_total") >= 0.0);
        assert!(value("process_start_time_seconds") > 1.6e9);
    }
}
