//! Series for the tests of metrics.

use super::MS_OF_AN_HOUR;
use super::series::{Reading, Series};
use super::trend::TrendInput;
use crate::{Count, Source, Timestamp};

/// A Monday at midnight: 2024-01-01.
pub(crate) const BEGIN_MS: i64 = 1_704_067_200_000;

/// So many hours after [`BEGIN_MS`].
pub(crate) fn at(hours: i64) -> Timestamp {
    Timestamp::from_ms(BEGIN_MS + hours * MS_OF_AN_HOUR)
}

/// A reading of a web page, rounded for display.
pub(crate) fn rounded(hours: i64, value: u64) -> Reading {
    Reading { at: at(hours), count: Count::displayed(value).expect("a count"), source: Source::Series }
}

/// A reading to the last digit.
pub(crate) fn exact(hours: i64, value: u64) -> Reading {
    Reading { at: at(hours), count: Count::exact(value).expect("a count"), source: Source::MobileChallenge }
}

/// Exact readings at even distances.
pub(crate) fn every(hours: i64, values: impl IntoIterator<Item = u64>) -> Series {
    let readings: Vec<Reading> =
        (0..).zip(values).map(|(number, value)| exact(number * hours, value)).collect();
    Series::repaired(&readings)
}

/// Trend input with views only.
pub(crate) fn of_views<'a>(views: &'a Series, nothing: &'a Series) -> TrendInput<'a> {
    TrendInput {
        views,
        creators: nothing,
        videos: nothing,
        first_seen: None,
        concentration: None,
        outlook: None,
    }
}

/// Returns true if two numbers are equal up to rounding.
pub(crate) fn is_close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1e-9)
}
