//! Series of the work in the background, over all nodes: read from the store, since a worker may be another process.

use super::registered;
use crate::status::{Snapshot, age_ms, lag_ms};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    source: &'static str,
}

/// The series, by kind of work.
#[derive(Debug)]
pub(super) struct WorkMetrics {
    waiting: Family<KindLabels, Gauge>,
    running: Family<KindLabels, Gauge>,
    lag: Family<KindLabels, Gauge<f64, AtomicU64>>,
    failed: Family<KindLabels, Gauge>,
    age: Family<SourceLabels, Gauge<f64, AtomicU64>>,
    tracked: Gauge,
    readings: Gauge,
    gaps: Gauge,
}

impl WorkMetrics {
    pub(super) fn register(all: &mut Registry) -> Self {
        Self {
            waiting: registered(all, "work_waiting", "Due and not begun, by kind, over all nodes"),
            running: registered(all, "work_running", "Under way, by kind, over all nodes"),
            lag: registered(
                all,
                "work_lag_seconds",
                "Time for which the oldest of what waits is due, by kind",
            ),
            failed: registered(all, "jobs_failed_in_a_day", "Jobs that failed in the last 24 hours, by kind"),
            age: registered(all, "reading_age_seconds", "Age of the newest reading, by source"),
            tracked: registered(all, "tracked_hashtags", "Hashtags and keywords of trackers"),
            readings: registered(all, "tracked_readings", "Readings of the present trackers"),
            gaps: registered(all, "tracked_gaps", "Gaps of the present trackers"),
        }
    }

    pub(super) fn set(&self, snapshot: &Snapshot) {
        for queue in &snapshot.work.queues {
            let labels = KindLabels { kind: queue.kind.name() };
            self.waiting.get_or_create(&labels).set(signed(queue.waiting));
            self.running.get_or_create(&labels).set(signed(queue.running));
            self.lag.get_or_create(&labels).set(seconds(lag_ms(queue, snapshot.read_at)));
            if let Some(failed) = queue.failed {
                self.failed.get_or_create(&labels).set(signed(failed));
            }
        }
        for reading in &snapshot.sources {
            let labels = SourceLabels { source: reading.source.name() };
            self.age.get_or_create(&labels).set(seconds(age_ms(reading, snapshot.read_at)));
        }
        let tracked = snapshot.work.tracked;
        self.tracked.set(signed(tracked.hashtags));
        self.readings.set(signed(tracked.readings));
        self.gaps.set(signed(tracked.gaps));
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are far below 2^53")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
