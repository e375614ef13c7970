//! Readings that were passed over, since one of the same moment and source is stored that knows nothing but zeros. Such a
//! row goes once an earlier number makes its zeros unknown, and then the reading that was passed over takes its place, as
//! on PostgreSQL, where readings wait until the zeros are cleared. They live as long as a transaction.

use crate::recording::{Point, Times};
use std::collections::{BTreeMap, HashMap};

/// By the row they are of, then by time and source: the first of each.
#[derive(Debug)]
pub(super) struct PassedOver<const N: usize>(HashMap<u32, BTreeMap<(i64, u8), Point<N>>>);

impl<const N: usize> Default for PassedOver<N> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<const N: usize> PassedOver<N> {
    pub(super) fn keep(&mut self, whose: u32, point: Point<N>) {
        self.0.entry(whose).or_default().entry((point.at, point.source)).or_insert(point);
    }

    /// Makes count `n` unknown where it is 0, within these times.
    pub(super) fn clear_zeros(&mut self, whose: u32, n: usize, times: Times) {
        let Some(points) = self.0.get_mut(&whose) else { return };
        for point in points.values_mut().filter(|point| times.contains(point.at)) {
            point.counts[n] = point.counts[n].filter(|count| *count != 0);
        }
        points.retain(|_, point| point.counts.iter().any(Option::is_some));
    }

    /// Takes out those of a row, to be written where their places are free now.
    pub(super) fn take(&mut self, whose: u32) -> impl Iterator<Item = Point<N>> + use<N> {
        self.0.remove(&whose).unwrap_or_default().into_values()
    }
}
