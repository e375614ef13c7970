//! Resource use of the process, under the names of Prometheus's own client libraries. Read on each request, on
//! Linux alone; elsewhere there are no such series.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

/// The series.
#[derive(Debug, Default)]
pub(super) struct ProcessMetrics {
    cpu_seconds: Counter<f64, AtomicU64>,
    resident_bytes: Gauge<u64, AtomicU64>,
    virtual_bytes: Gauge<u64, AtomicU64>,
    open_fds: Gauge<u64, AtomicU64>,
    max_fds: Gauge<u64, AtomicU64>,
    threads: Gauge<u64, AtomicU64>,
    start_seconds: Gauge<f64, AtomicU64>,
}

impl ProcessMetrics {
    /// Registers them where they can be read.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        if cfg!(target_os = "linux") {
            registry.register(
                "process_cpu_seconds",
                "User and system CPU time, in seconds",
                metrics.cpu_seconds.clone(),
            );
            for (name, help, gauge) in [
                ("process_resident_memory_bytes", "Resident memory, in bytes", &metrics.resident_bytes),
                ("process_virtual_memory_bytes", "Virtual memory, in bytes", &metrics.virtual_bytes),
                ("process_open_fds", "Open file descriptors", &metrics.open_fds),
                ("process_max_fds", "Maximum number of open file descriptors", &metrics.max_fds),
                ("process_threads", "Threads", &metrics.threads),
            ] {
                registry.register(name, help, gauge.clone());
            }
            registry.register(
                "process_start_time_seconds",
                "Start of the process, in seconds since 1970",
                metrics.start_seconds.clone(),
            );
        }
        metrics
    }

    /// Updates them. A value that cannot be read stays unchanged.
    #[cfg(target_os = "linux")]
    pub(super) fn read(&self) {
        use procfs::process::{LimitValue, Process};
        use std::sync::atomic::Ordering::Relaxed;
        let Ok(process) = Process::myself() else { return };
        let ticks_per_second = procfs::ticks_per_second().max(1);
        #[expect(clippy::cast_precision_loss, reason = "ticks since boot are far below 2^53")]
        let seconds = |ticks: u64| ticks as f64 / ticks_per_second as f64;
        if let Ok(stat) = process.stat() {
            self.cpu_seconds.inner().store(seconds(stat.utime + stat.stime).to_bits(), Relaxed);
            self.resident_bytes.set(stat.rss * procfs::page_size());
            self.virtual_bytes.set(stat.vsize);
            self.threads.set(stat.num_threads.unsigned_abs());
            if let Ok(booted) = procfs::boot_time_secs() {
                self.start_seconds.set(seconds(booted * ticks_per_second + stat.starttime));
            }
        }
        if let Ok(open) = process.fd_count() {
            self.open_fds.set(open as u64);
        }
        if let Ok(LimitValue::Value(most)) = process.limits().map(|limits| limits.max_open_files.soft_limit) {
            self.max_fds.set(most);
        }
    }

    /// Does nothing.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn read(&self) {}
}
