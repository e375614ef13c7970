//! Metrics: a file each, with its formula. What cannot be known is `None`, never 0.

pub mod coverage;

pub use coverage::{Coverage, Recapture};
