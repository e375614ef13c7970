//! Alerts on a number that is read again and again: when one fires, when it has recovered, and how often it would have.
//!
//! [`evaluator`] is a pure function from rule, state and sample to state and events. Live alerts and previews call the same
//! one, so a preview says what the alert would have done. [`patience`] goes the other way, from how often to which
//! threshold. Reading order: [`rule`], [`evaluator`], [`patience`].

pub mod rule;

pub mod evaluator;

pub mod patience;

pub use evaluator::{AlertEvent, AlertState, Condition, Sample, Signal};
pub use patience::{Patience, Preview, Suggestion};
pub use rule::{RuleError, ThresholdRule};
