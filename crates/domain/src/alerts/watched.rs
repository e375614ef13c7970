//! The numbers of a hashtag that alerts watch, and their samples: one at each reading, made of the readings up to it.

use super::rule::WAIT_MS_MAX;
use super::{Sample, Signal};
use crate::Timestamp;
use crate::annotations::{ANNOTATIONS, Annotation, Shifted};
use crate::metrics::series::BOUNCE_HOURS_MAX;
use crate::metrics::trend::{ZSCORE_WINDOWS_MIN, velocity, zscore};
use crate::metrics::{
    CountedSeries, Gain, GrowingSeries, Reading, TrendWindow, as_f64, days, ratio, wide_as_f64,
};
use serde::Deserialize;
use strum::{Display, IntoStaticStr, VariantArray};

/// Age of the newest counted reading above which there is no number, in milliseconds: until then a reading that
/// contradicts the others may be a bounce.
const AGE_MS_MAX: i64 = BOUNCE_HOURS_MAX * 3_600_000;

/// Readings that may be missed in a row before there is no data.
const MISSED_MAX: i64 = 3;

/// A number that an alert watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Display, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Watched {
    /// Views gained a day within the window.
    Velocity,
    /// Views gained a day within the window, in percent of those before it.
    #[default]
    Growth,
    /// Deviation of the velocity from that of the windows before.
    Breakout,
    /// Views that falls took within the window, in percent.
    Fell,
}

impl Watched {
    /// Returns the name in requests and answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the unit of its thresholds.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Velocity => "views a day",
            Self::Growth => "percent a day",
            Self::Breakout => "deviations",
            Self::Fell => "percent",
        }
    }

    /// Returns its formula, in the terms of the metrics.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Velocity => "dV/dt over the window",
            Self::Growth => "100 dV / V(t-w) / days of the window",
            Self::Breakout => {
                "(v - median) / max(1.4826 MAD, rounding) of the velocity, over up to 60 windows before"
            }
            Self::Fell => {
                "100 F / (F + V(t)), F being the sum of the falls of V within the window that stayed"
            }
        }
    }

    /// Returns the milliseconds of readings before the first value.
    pub fn baseline_ms(self, window: TrendWindow) -> i64 {
        let before = if self == Self::Breakout { ZSCORE_WINDOWS_MIN } else { 0 };
        window.ms() * (1 + i64::try_from(before).unwrap_or(0))
    }

    /// Returns its value at the end of a gain of the window.
    fn value(self, counted: &CountedSeries, gain: &Gain, window: TrendWindow) -> Option<f64> {
        match self {
            Self::Velocity => Some(velocity(gain)),
            Self::Growth => {
                ratio(100.0 * as_f64(gain.gain), as_f64(gain.from.value)).map(|pct| pct / days(gain.span_ms))
            }
            Self::Breakout => zscore(counted, gain, window),
            Self::Fell => {
                let lost = wide_as_f64(counted.lost(gain.from.at, gain.to.at)?);
                ratio(100.0 * lost, lost + as_f64(gain.to.value))
            }
        }
    }
}

/// A watched number within a window, and when a reading is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// The number.
    pub watched: Watched,
    /// Its window.
    pub window: TrendWindow,
    /// Milliseconds between readings.
    pub cadence_ms: i64,
    /// Milliseconds without a reading after which there is no data.
    pub no_data_after_ms: i64,
}

impl Watch {
    /// Watches a number on stored readings, in order of time: they are due at the median distance of their moments, and
    /// there is no data after three of them. `None` with fewer than two moments.
    pub fn of_stored(watched: Watched, window: TrendWindow, readings: &[Reading]) -> Option<Self> {
        let pairs = readings.windows(2).map(|pair| pair[1].at.as_ms().saturating_sub(pair[0].at.as_ms()));
        let mut distances: Vec<i64> = pairs.filter(|ms| *ms > 0).collect();
        let middle = distances.len() / 2;
        let last = distances.len().checked_sub(1)?;
        let cadence_ms = *distances.select_nth_unstable(middle.min(last)).1;
        let no_data_after_ms = cadence_ms.saturating_mul(MISSED_MAX).min(WAIT_MS_MAX);
        Some(Self { watched, window, cadence_ms, no_data_after_ms })
    }

    /// Returns true if this many milliseconds between two readings are a gap: half a reading more than the cadence.
    pub const fn is_gap(&self, ms: i64) -> bool {
        ms > self.cadence_ms.saturating_add(self.cadence_ms / 2)
    }

    /// Returns the samples of readings in order of time: one at the time of each reading, known from the readings up to
    /// then. A gap has a missing one when a reading was due, and one when there is no data.
    pub fn samples(&self, readings: &[Reading]) -> Vec<Sample> {
        let mut samples: Vec<Sample> = Vec::with_capacity(readings.len());
        let mut series = GrowingSeries::default();
        let mut shifts: Vec<&Annotation> = Vec::new();
        let mut source = None;
        for moment in readings.chunk_by(|one, other| one.at == other.at) {
            let at = moment[0].at;
            if let Some(last) = samples.last() {
                self.add_missing(last.at, at, &mut samples);
            }
            // The sources seldom change from one reading to the next.
            if moment.iter().any(|reading| source.replace(reading.source) != Some(reading.source)) {
                let of = || moment.iter().map(|reading| reading.source);
                let can_shift = |event: &&Annotation| event.can_shift(Shifted::Views, of());
                let new = ANNOTATIONS.iter().filter(can_shift).filter(|event| !shifts.contains(event));
                shifts.extend(new.collect::<Vec<_>>());
            }
            series.push(moment);
            samples.push(Sample { at, signal: self.signal(series.counted(), at, &shifts) });
        }
        samples
    }

    /// Returns the samples of [`Self::samples`], and those that are missing after the last reading until `now`. Readings
    /// that come later add nothing before `now`.
    pub fn samples_until(&self, readings: &[Reading], now: Timestamp) -> Vec<Sample> {
        let mut samples = self.samples(readings);
        if let Some(last) = samples.last() {
            self.add_missing(last.at, now, &mut samples);
        }
        samples
    }

    /// Returns when there is no data if no reading follows the one at `last`: the moment from which
    /// [`Self::samples_until`] has all missing samples.
    pub fn no_data_at(&self, last: Timestamp) -> Timestamp {
        let gap_ms = self.cadence_ms.saturating_add(self.cadence_ms / 2);
        let ms = self.no_data_after_ms.saturating_add(1).max(gap_ms).saturating_add(1);
        Timestamp::from_ms(last.as_ms().saturating_add(ms))
    }

    fn add_missing(&self, last: Timestamp, next: Timestamp, samples: &mut Vec<Sample>) {
        let gap_ms = next.as_ms().saturating_sub(last.as_ms());
        if !self.is_gap(gap_ms) {
            return;
        }
        let no_data_ms = self.no_data_after_ms.saturating_add(1);
        for after_ms in [self.cadence_ms, no_data_ms.max(self.cadence_ms.saturating_add(1))] {
            if after_ms < gap_ms {
                let at = Timestamp::from_ms(last.as_ms().saturating_add(after_ms));
                samples.push(Sample { at, signal: Signal::Missing });
            }
        }
    }

    /// Returns the signal at a moment, from the readings that count then.
    fn signal(&self, counted: &CountedSeries, at: Timestamp, shifts: &[&Annotation]) -> Signal {
        let is_new = |age_ms: i64| age_ms <= AGE_MS_MAX;
        let Some(last) = counted.last().filter(|last| is_new(at.as_ms().saturating_sub(last.at.as_ms())))
        else {
            return Signal::Missing;
        };
        let begin = Timestamp::from_ms(last.at.as_ms().saturating_sub(self.window.ms()));
        let is_covered = counted.first().is_some_and(|first| first.at <= begin);
        let Some(gain) = counted.gain(begin, last.at).filter(|_| is_covered) else { return Signal::Missing };
        if shifts.iter().any(|event| event.is_within(gain.from.at, at)) {
            return Signal::LevelShift;
        }
        if self.is_below_resolution(counted, &gain) {
            return Signal::BelowResolution;
        }
        self.watched.value(counted, &gain, self.window).map_or(Signal::Missing, Signal::Value)
    }

    /// Returns true if the change within the window is less than the rounding of its ends.
    fn is_below_resolution(&self, counted: &CountedSeries, gain: &Gain) -> bool {
        match self.watched {
            Watched::Fell => {
                let step = gain.from.step.max(gain.to.step);
                let lost = counted.lost(gain.from.at, gain.to.at).unwrap_or(0);
                step > 1 && lost > 0 && lost < u128::from(step)
            }
            _ => gain.is_below_resolution,
        }
    }
}

#[cfg(test)]
mod tests;
