//! Metrics against real series and against other programs' reading of the same numbers.

mod alerts;
mod captures;
mod cases;
mod docs;
mod oracle;
mod real_series;
