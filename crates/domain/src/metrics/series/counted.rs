//! The readings of a series that count, and growth between any two of them.

use super::{CountedReading, Gain};
use crate::Timestamp;

/// Places around a guess that are looked at before a search.
const LOOKS: usize = 4;

/// Readings that count, in order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountedSeries {
    readings: Vec<Counted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counted {
    reading: CountedReading,
    /// Sum of all rises up to here. A total that falls and rises often can rise by more than 64 bits hold.
    climbed: u128,
    /// Falls up to here.
    falls: u64,
}

impl CountedSeries {
    /// A series without readings.
    pub const EMPTY: Self = Self { readings: Vec::new() };

    /// Returns a series without readings that has room for some.
    pub fn with_capacity(readings: usize) -> Self {
        Self { readings: Vec::with_capacity(readings) }
    }

    /// Appends a reading, which is later than the last one.
    pub fn push(&mut self, reading: CountedReading) {
        let counted = match self.readings.last() {
            Some(before) => Counted {
                reading,
                climbed: before.climbed + u128::from(reading.value.saturating_sub(before.reading.value)),
                falls: before.falls + u64::from(reading.value < before.reading.value),
            },
            None => Counted { reading, climbed: 0, falls: 0 },
        };
        self.readings.push(counted);
    }

    /// Removes all readings after the first `len`.
    pub fn truncate(&mut self, len: usize) {
        self.readings.truncate(len);
    }

    /// Returns the number of readings.
    pub const fn len(&self) -> usize {
        self.readings.len()
    }

    /// Returns true if there is no reading.
    pub const fn is_empty(&self) -> bool {
        self.readings.is_empty()
    }

    /// Returns the readings in order of time.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = CountedReading> + ExactSizeIterator {
        self.readings.iter().map(|counted| counted.reading)
    }

    /// Returns the oldest reading.
    pub fn first(&self) -> Option<CountedReading> {
        self.readings.first().map(|counted| counted.reading)
    }

    /// Returns the newest reading.
    pub fn last(&self) -> Option<CountedReading> {
        self.readings.last().map(|counted| counted.reading)
    }

    /// Returns the newest reading at or before a moment.
    pub fn at(&self, when: Timestamp) -> Option<CountedReading> {
        self.counted_at(when).map(|counted| counted.reading)
    }

    /// Returns the exact sum of all rises up to the newest reading at or before a moment. `None` before the first one.
    pub fn climbed(&self, when: Timestamp) -> Option<u128> {
        self.counted_at(when).map(|counted| counted.climbed)
    }

    /// Returns the growth between the last readings before the two ends; before the first reading, the first
    /// one is used. `None` if both ends have the same reading, or there is none.
    pub fn gain(&self, from: Timestamp, to: Timestamp) -> Option<Gain> {
        let first = self.counted_at(from).or(self.readings.first())?;
        gain_between(first, self.counted_at(to)?)
    }

    /// Returns the sum of the falls between two ends. `None` where [`Self::gain`] is.
    pub fn lost(&self, from: Timestamp, to: Timestamp) -> Option<u128> {
        let first = self.counted_at(from).or(self.readings.first())?;
        let last = self.counted_at(to).filter(|last| last.reading.at > first.reading.at)?;
        let risen = u128::from(first.reading.value) + (last.climbed - first.climbed);
        Some(risen - u128::from(last.reading.value))
    }

    /// Returns the gains between the readings nearest before `end`, `end` less a window, and so on, newest first, of so
    /// many windows at most. A span that a gap makes longer counts once.
    pub fn spans(&self, end: Timestamp, window_ms: i64, windows: i64) -> Vec<Gain> {
        let mut found = Vec::new();
        self.each_span(end, window_ms, windows, |gain| found.push(gain));
        found
    }

    /// Passes on the gains of [`Self::spans`].
    pub fn each_span(&self, end: Timestamp, window_ms: i64, windows: i64, mut found: impl FnMut(Gain)) {
        let mut after = self.after(end, self.readings.len());
        // Readings are mostly at even distances: a window has as many as the one after it.
        let mut stride = 1;
        for number in 1..=windows {
            let Some(later) = self.readings[..after].last() else { break };
            let begin = Timestamp::from_ms(end.as_ms().saturating_sub(window_ms.saturating_mul(number)));
            let earlier = self.after_near(begin, after, after.saturating_sub(stride));
            let Some(first) = self.readings[..earlier].last() else { break };
            if let Some(gain) = gain_between(first, later) {
                found(gain);
                stride = after - earlier;
                after = earlier;
            }
        }
    }

    /// Returns the sums of all rises at `end`, a step before it, and so on, newest first, over at most so many steps, as
    /// far back as there are readings.
    pub fn climbed_back(&self, end: Timestamp, step_ms: i64, steps: usize) -> Vec<u128> {
        let mut found = Vec::with_capacity(steps.saturating_add(1));
        let (mut after, mut stride) = (self.after(end, self.readings.len()), 1);
        for number in 0..=i64::try_from(steps).unwrap_or(i64::MAX) {
            let when = Timestamp::from_ms(end.as_ms().saturating_sub(step_ms.saturating_mul(number)));
            let place = self.after_near(when, after, after.saturating_sub(stride));
            let Some(counted) = self.readings[..place].last() else { break };
            found.push(counted.climbed);
            if place < after {
                (stride, after) = (after - place, place);
            }
        }
        found
    }

    fn counted_at(&self, when: Timestamp) -> Option<&Counted> {
        self.readings[..self.after(when, self.readings.len())].last()
    }

    /// Returns the place of [`Self::after`], looking around a guess first.
    fn after_near(&self, when: Timestamp, len: usize, guess: usize) -> usize {
        let is_after = |place: usize| self.readings[place].reading.at > when;
        let mut place = guess.min(len);
        for _ in 0..LOOKS {
            if place > 0 && is_after(place - 1) {
                place -= 1;
            } else if place < len && !is_after(place) {
                place += 1;
            } else {
                return place;
            }
        }
        self.after(when, len)
    }

    /// Returns the place after the last of the first `len` readings that is at or before a moment. Steps back from there
    /// by ever larger steps: most moments lie near the end.
    fn after(&self, when: Timestamp, len: usize) -> usize {
        let is_after = |place: usize| self.readings[place].reading.at > when;
        let (mut end, mut step) = (len, 1);
        while end > 0 && is_after(end - 1) {
            let begin = end.saturating_sub(step);
            if begin == 0 || !is_after(begin - 1) {
                return begin
                    + self.readings[begin..end].partition_point(|counted| counted.reading.at <= when);
            }
            (end, step) = (begin, step * 2);
        }
        end
    }
}

fn gain_between(first: &Counted, last: &Counted) -> Option<Gain> {
    let (start, end) = (first.reading, last.reading);
    let span_ms = end.at.as_ms().saturating_sub(start.at.as_ms());
    if span_ms <= 0 {
        return None;
    }
    let gain = u64::try_from(last.climbed - first.climbed).map_or(end.value, |gain| gain.min(end.value));
    let step = start.step.max(end.step);
    Some(Gain {
        gain,
        from: start,
        to: end,
        span_ms,
        falls: last.falls - first.falls,
        is_repaired: false,
        is_below_resolution: step > 1 && gain < step,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::made_up::at;
    use proptest::prelude::*;

    fn series(readings: &[(i64, u64)]) -> CountedSeries {
        let mut series = CountedSeries::default();
        let mut hours = 0;
        for (later, value) in readings {
            hours += later;
            series.push(CountedReading { at: at(hours), value: *value, step: 1 });
        }
        series
    }

    #[test]
    fn falls_between_two_ends_are_summed() {
        let series = series(&[(0, 100), (1, 80), (1, 90), (1, 60)]);
        assert_eq!(series.lost(at(0), at(3)), Some(50));
        assert_eq!(series.lost(at(1), at(2)), Some(0));
        assert_eq!(series.lost(at(3), at(9)), None);
    }

    proptest! {
        #[test]
        fn places_and_spans_are_those_of_a_search_over_all(
            readings in prop::collection::vec((1_i64..40, 0_u64..1_000), 0..60),
            end in 0_i64..2_000,
            window in 1_i64..90,
        ) {
            let series = series(&readings);
            for len in 0..=series.len() {
                let plain = series.readings[..len].partition_point(|counted| counted.reading.at <= at(end));
                prop_assert_eq!(series.after(at(end), len), plain);
                for guess in 0..=len + 1 {
                    prop_assert_eq!(series.after_near(at(end), len, guess), plain);
                }
            }
            let mut later = series.at(at(end));
            let mut expected = Vec::new();
            for number in 1..=5 {
                let Some(earlier) = series.at(at(end - window * number)) else { break };
                if let Some(gain) = series.gain(earlier.at, later.map_or(earlier.at, |later| later.at)) {
                    expected.push(gain);
                    later = Some(earlier);
                }
            }
            prop_assert_eq!(series.spans(at(end), window * 3_600_000, 5), expected);
            let climbed: Vec<u128> = (0..=9).map_while(|steps| series.climbed(at(end - window * steps))).collect();
            prop_assert_eq!(series.climbed_back(at(end), window * 3_600_000, 9), climbed);
        }
    }
}
