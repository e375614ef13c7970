//! Stored readings that a preview is made of: how many, over which time, with which gaps, and whether they suffice.

use crate::view::grouped;
use domain::alerts::patience::VALUES_MIN;
use domain::alerts::{Sample, Signal, Watch};
use domain::metrics::Reading;
use domain::{SourceSet, Timestamp, UtcDay};
use serde::Serialize;
use utoipa::ToSchema;

const DAY_MS: i64 = 86_400_000;

/// Stored readings of views that a preview is made of.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AlertCoverage)]
pub struct AlertCoverageView {
    /// Number of readings.
    #[schema(example = 12_296)]
    pub readings: u64,
    /// Time of the first reading.
    pub first: Timestamp,
    /// Time of the last reading.
    pub last: Timestamp,
    /// Days between the two.
    pub days: f64,
    /// Time of the first reading that is judged: its window is covered by readings. `null` if none is.
    pub first_number: Option<Timestamp>,
    /// Usual milliseconds between readings: the median.
    #[schema(example = 10_800_000)]
    pub cadence_ms: i64,
    /// Times between readings that are half a reading longer than usual or more.
    pub gaps: u64,
    /// Readings that gaps lack, at the usual distance.
    pub missed: u64,
    /// Milliseconds of the longest gap; `null` without one.
    pub longest_gap_ms: Option<i64>,
    /// Readings that give a number: it can be above a threshold.
    pub values: u64,
    /// Readings whose change is less than their rounding: they never fire.
    pub below_resolution: u64,
    /// Readings whose window has a dated event of the platform that shifts the level: they never fire.
    pub level_shifts: u64,
    /// True if at least 14 readings give a number.
    pub enough: bool,
    /// Reason if they do not.
    #[schema(example = json!(null))]
    pub reason: Option<String>,
    /// Sources of the readings.
    pub sources: Vec<&'static str>,
}

impl AlertCoverageView {
    /// Describes readings in order of time and their samples. `None` without a reading.
    pub(super) fn of(watch: &Watch, readings: &[Reading], samples: &[Sample]) -> Option<Self> {
        let moments = moments(readings);
        let (first, last) = (*moments.first()?, *moments.last()?);
        let distances = moments.windows(2).map(|pair| pair[1].as_ms() - pair[0].as_ms());
        let gaps: Vec<i64> = distances.filter(|ms| watch.is_gap(*ms)).collect();
        let missed = |ms: &i64| (ms / watch.cadence_ms.max(1) - 1).max(1).unsigned_abs();
        let count =
            |fits: fn(&Signal) -> bool| samples.iter().filter(|sample| fits(&sample.signal)).count() as u64;
        let sources: SourceSet = readings.iter().map(|reading| reading.source).collect();
        let values = count(|signal| matches!(signal, Signal::Value(_)));
        let mut coverage = Self {
            readings: moments.len() as u64,
            first,
            last,
            days: days_between(first, last),
            first_number: samples
                .iter()
                .find(|sample| sample.signal != Signal::Missing)
                .map(|sample| sample.at),
            cadence_ms: watch.cadence_ms,
            gaps: gaps.len() as u64,
            missed: gaps.iter().map(missed).sum(),
            longest_gap_ms: gaps.iter().copied().max(),
            values,
            below_resolution: count(|signal| *signal == Signal::BelowResolution),
            level_shifts: count(|signal| *signal == Signal::LevelShift),
            enough: values >= VALUES_MIN as u64,
            reason: None,
            sources: sources.iter().map(domain::Source::name).collect(),
        };
        coverage.reason = coverage.lack(watch);
        Some(coverage)
    }

    /// Returns why the readings do not suffice, and from which day on they will.
    fn lack(&self, watch: &Watch) -> Option<String> {
        if self.enough {
            return None;
        }
        let silent = self.below_resolution + self.level_shifts;
        if self.values + silent >= VALUES_MIN as u64 {
            let (readings, step) = (grouped(self.readings), grouped(self.below_resolution));
            return Some(format!(
                "of {readings} readings {step} changed by less than their rounding within {window} and {shifts} span a \
                 level shift: {values} give a number, and {VALUES_MIN} are needed; a longer window may help",
                window = watch.window.name(),
                shifts = grouped(self.level_shifts),
                values = self.values,
            ));
        }
        let lacking = i64::try_from(VALUES_MIN as u64 - self.values - silent).unwrap_or(0);
        let after = |at: Timestamp, readings: i64| {
            at.as_ms().saturating_add(watch.cadence_ms.saturating_mul(readings))
        };
        let covered = self.first.as_ms().saturating_add(watch.watched.baseline_ms(watch.window));
        let covered = after(Timestamp::from_ms(covered), lacking);
        let day = UtcDay::of(Timestamp::from_ms(after(self.last, lacking).max(covered)));
        Some(format!(
            "{} of {} readings give a number, and {VALUES_MIN} are needed: {} over {} has its first number after {} days of \
             readings; at the present distance of readings it works from {day} on",
            self.values,
            grouped(self.readings),
            watch.watched,
            watch.window.name(),
            watch.watched.baseline_ms(watch.window) / DAY_MS,
        ))
    }
}

/// Returns the days between two moments.
pub(super) fn days_between(first: Timestamp, last: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are far below 2^53")]
    let days = (last.as_ms() - first.as_ms()) as f64 / DAY_MS as f64;
    days
}

/// Returns the moments of readings in order of time, each once.
pub(super) fn moments(readings: &[Reading]) -> Vec<Timestamp> {
    let mut moments: Vec<Timestamp> = readings.iter().map(|reading| reading.at).collect();
    moments.dedup();
    moments
}

/// Returns why readings are too few for any preview: fewer than 14 moments.
pub(super) fn too_few(name: &str, readings: &[Reading], watch: Option<&Watch>) -> Option<String> {
    let moments = moments(readings);
    if moments.len() >= VALUES_MIN {
        return None;
    }
    let have = match moments.len() {
        0 => "no reading of views".to_owned(),
        1 => "1 reading of views".to_owned(),
        number => format!("{number} readings of views"),
    };
    let when = moments.last().zip(watch).map(|(last, watch)| {
        let lacking = i64::try_from(VALUES_MIN - moments.len()).unwrap_or(0);
        let by_readings = last.as_ms().saturating_add(watch.cadence_ms.saturating_mul(lacking));
        let covered = moments[0].as_ms().saturating_add(watch.watched.baseline_ms(watch.window));
        UtcDay::of(Timestamp::from_ms(by_readings.max(covered)))
    });
    Some(match when {
        Some(day) => format!(
            "#{name} has {have}, and {VALUES_MIN} are needed: at the present distance of readings a preview works from \
             {day} on"
        ),
        None => format!(
            "#{name} has {have}, and {VALUES_MIN} are needed: two show from which day on a preview works"
        ),
    })
}
