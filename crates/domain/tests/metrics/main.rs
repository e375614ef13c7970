//! Metrics against real series and against other programs' reading of the same numbers.

mod captures;
mod real_series;
