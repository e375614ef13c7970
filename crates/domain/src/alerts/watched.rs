//! The numbers of a hashtag that alerts watch, and their samples: one at each reading, made of the readings up to it.

use super::rule::WAIT_MS_MAX;
use super::{Sample, Signal};
use crate::annotations::{ANNOTATIONS, Annotation, Shifted};
use crate::metrics::outlook::HISTORY_DAYS_MIN;
use crate::metrics::pace::{PACE_SPANS_DAYS, pace_at};
use crate::metrics::series::BOUNCE_HOURS_MAX;
use crate::metrics::trend::{ZSCORE_WINDOWS_MIN, velocity, zscore};
use crate::metrics::{
    CountedReading, CountedSeries, Gain, GrowingSeries, Reading, TrendWindow, as_f64, days, ratio,
    wide_as_f64,
};
use crate::{Source, Timestamp};
use serde::Deserialize;
use strum::{Display, IntoStaticStr, VariantArray};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
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
    /// Pace, in percent a day: the growth that has lasted a month, by which emerging hashtags are ranked.
    Emerging,
    /// Views less those of another hashtag.
    OvertakesViews,
    /// Views gained a day within the window less those of another hashtag.
    OvertakesGain,
}

impl Watched {
    /// Returns the name in requests and answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the unit of its thresholds.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Velocity | Self::OvertakesGain => "views a day",
            Self::Growth | Self::Emerging => "percent a day",
            Self::Breakout => "deviations",
            Self::Fell => "percent",
            Self::OvertakesViews => "views",
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
            Self::Emerging => {
                "100 pace, pace being the least of E7 / V and the log growth a day over 14 and over 28 days"
            }
            Self::OvertakesViews => "V(t) less the V of the other hashtag at its newest reading by t",
            Self::OvertakesGain => {
                "dV/dt over the window less that of the other hashtag at its newest reading by t"
            }
        }
    }

    /// Returns true if it is computed over the window of its [`Watch`].
    pub const fn has_window(self) -> bool {
        !matches!(self, Self::Emerging | Self::OvertakesViews)
    }

    /// Returns true if it compares with another hashtag.
    pub const fn has_rival(self) -> bool {
        matches!(self, Self::OvertakesViews | Self::OvertakesGain)
    }

    /// Returns the milliseconds of readings before the first value.
    pub fn baseline_ms(self, window: TrendWindow) -> i64 {
        match self {
            Self::Breakout => window.ms() * (1 + i64::try_from(ZSCORE_WINDOWS_MIN).unwrap_or(0)),
            Self::Emerging => HISTORY_DAYS_MIN * DAY_MS,
            Self::OvertakesViews => 0,
            Self::Velocity | Self::Growth | Self::Fell | Self::OvertakesGain => window.ms(),
        }
    }

    /// Returns the milliseconds before the newest reading that its value is made of.
    const fn span_ms(self, window: TrendWindow) -> i64 {
        match self {
            Self::Emerging => PACE_SPANS_DAYS[1] * DAY_MS,
            _ => window.ms(),
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
    ///
    /// `rival` has the readings of the hashtag to compare with, in order of time; other rules than those that compare have
    /// no use for it.
    pub fn samples(&self, readings: &[Reading], rival: &[Reading]) -> Vec<Sample> {
        let mut samples: Vec<Sample> = Vec::with_capacity(readings.len());
        let mut known = Known::default();
        let rival = if self.watched.has_rival() { rival } else { &[] };
        let mut rivals = rival.chunk_by(|one, other| one.at == other.at).peekable();
        for moment in readings.chunk_by(|one, other| one.at == other.at) {
            let at = moment[0].at;
            if let Some(last) = samples.last() {
                self.add_missing(last.at, at, &mut samples);
            }
            while let Some(rival) = rivals.next_if(|rival| rival[0].at <= at) {
                known.note_shifts(rival);
                known.rival.push(rival);
            }
            known.note_shifts(moment);
            known.own.push(moment);
            samples.push(Sample { at, signal: self.signal(&known, at) });
        }
        samples
    }

    /// Returns the samples of [`Self::samples`], and those that are missing after the last reading until `now`. Readings
    /// that come later add nothing before `now`.
    pub fn samples_until(&self, readings: &[Reading], rival: &[Reading], now: Timestamp) -> Vec<Sample> {
        let mut samples = self.samples(readings, rival);
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
    fn signal(&self, known: &Known, at: Timestamp) -> Signal {
        let own = known.own.counted();
        let Some(last) = newest(own, at, AGE_MS_MAX) else { return Signal::Missing };
        let begin = earlier(last.at, self.watched.span_ms(self.window));
        let is_covered = own.first().is_some_and(|first| first.at <= begin);
        if self.watched.has_window() && !is_covered {
            return Signal::Missing;
        }
        let gain = own.gain(begin, last.at);
        let from = gain.map_or(last.at, |gain| gain.from.at);
        let is_shifted = || known.shifts.iter().any(|event| event.is_within(from, at));
        match (self.watched, gain) {
            (Watched::OvertakesViews, _) if is_shifted() => Signal::LevelShift,
            (Watched::OvertakesViews, _) => {
                let rival = newest(known.rival.counted(), at, self.rival_age_ms_max());
                rival.map_or(Signal::Missing, |rival| beyond((last, 1.0), (rival, 1.0)))
            }
            (_, None) => Signal::Missing,
            (_, Some(_)) if is_shifted() => Signal::LevelShift,
            (Watched::OvertakesGain, Some(gain)) => self.gain_beyond(&gain, known.rival.counted(), at),
            (Watched::Emerging, Some(gain)) if gain.gain < last.step => Signal::BelowResolution,
            (Watched::Emerging, Some(_)) => signal_of(pace_at(own, last).map(|pace| 100.0 * pace)),
            (Watched::Fell, Some(gain)) => fell(own, &gain),
            (_, Some(gain)) if gain.is_below_resolution => Signal::BelowResolution,
            (Watched::Velocity, Some(gain)) => Signal::Value(velocity(&gain)),
            (Watched::Growth, Some(gain)) => {
                let pct = ratio(100.0 * as_f64(gain.gain), as_f64(gain.from.value));
                signal_of(pct.map(|pct| pct / days(gain.span_ms)))
            }
            (Watched::Breakout, Some(gain)) => signal_of(zscore(own, &gain, self.window)),
        }
    }

    /// Returns the views that a gain a day is above that of a rival.
    fn gain_beyond(&self, own: &Gain, rival: &CountedSeries, at: Timestamp) -> Signal {
        let Some(last) = newest(rival, at, self.rival_age_ms_max()) else { return Signal::Missing };
        let begin = earlier(last.at, self.window.ms());
        let is_covered = rival.first().is_some_and(|first| first.at <= begin);
        let Some(other) = rival.gain(begin, last.at).filter(|_| is_covered) else { return Signal::Missing };
        let reading =
            |gain: &Gain| CountedReading { at, value: gain.gain, step: gain.from.step.max(gain.to.step) };
        beyond((reading(own), days(own.span_ms)), (reading(&other), days(other.span_ms)))
    }

    /// Returns the age above which the newest reading of a rival says nothing: it may be read as seldom as the hashtag.
    fn rival_age_ms_max(&self) -> i64 {
        AGE_MS_MAX.max(self.no_data_after_ms)
    }
}

/// Readings up to a moment, and the events of the platform that can shift their level.
#[derive(Default)]
struct Known {
    own: GrowingSeries,
    rival: GrowingSeries,
    shifts: Vec<&'static Annotation>,
    /// Source of the last reading: sources seldom change from one to the next.
    source: Option<Source>,
}

impl Known {
    fn note_shifts(&mut self, moment: &[Reading]) {
        if moment.iter().all(|reading| self.source == Some(reading.source)) {
            return;
        }
        self.source = moment.last().map(|reading| reading.source);
        let of = || moment.iter().map(|reading| reading.source);
        let new = ANNOTATIONS.iter().filter(|event| event.can_shift(Shifted::Views, of()));
        let new: Vec<_> = new.filter(|event| !self.shifts.contains(event)).collect();
        self.shifts.extend(new);
    }
}

/// Returns the newest reading, if it is not too old at a moment.
fn newest(counted: &CountedSeries, at: Timestamp, age_ms_max: i64) -> Option<CountedReading> {
    counted.last().filter(|last| at.as_ms().saturating_sub(last.at.as_ms()) <= age_ms_max)
}

fn earlier(at: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_ms(at.as_ms().saturating_sub(ms))
}

fn signal_of(value: Option<f64>) -> Signal {
    value.map_or(Signal::Missing, Signal::Value)
}

/// Returns the part of the views that falls took, in percent.
fn fell(counted: &CountedSeries, gain: &Gain) -> Signal {
    let Some(lost) = counted.lost(gain.from.at, gain.to.at) else { return Signal::Missing };
    let step = gain.from.step.max(gain.to.step);
    if step > 1 && lost > 0 && lost < u128::from(step) {
        return Signal::BelowResolution;
    }
    let lost = wide_as_f64(lost);
    signal_of(ratio(100.0 * lost, lost + as_f64(gain.to.value)))
}

/// Returns the difference of two counts, each over its days; none where rounding may have made it.
fn beyond((own, own_days): (CountedReading, f64), (rival, rival_days): (CountedReading, f64)) -> Signal {
    let difference = as_f64(own.value) / own_days - as_f64(rival.value) / rival_days;
    let rounding = |reading: CountedReading, days: f64| {
        if reading.step > 1 { as_f64(reading.step) / days } else { 0.0 }
    };
    if difference.abs() < rounding(own, own_days).max(rounding(rival, rival_days)) {
        return Signal::BelowResolution;
    }
    Signal::Value(difference)
}

#[cfg(test)]
mod tests;
