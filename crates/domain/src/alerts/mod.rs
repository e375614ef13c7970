//! Alerts on a number that is read again and again: when one fires, when it has recovered, and how often it would have.
//!
//! [`evaluator`] is a pure function from rule, state and sample to state and events. Live alerts and previews call the same
//! one, so a preview says what the alert would have done. [`patience`] goes the other way, from how often to which
//! threshold. [`watched`] makes samples of the readings of a hashtag. Reading order: [`rule`], [`evaluator`],
//! [`patience`], [`watched`], [`mod@episodes`].

pub mod rule;

pub mod evaluator;

pub mod patience;

pub mod frequency;

pub mod watched;

pub mod episodes;

pub use episodes::{Episode, episodes};
pub use evaluator::{AlertEvent, AlertState, Condition, Sample, Signal};
pub use frequency::Frequency;
pub use patience::{Patience, PatienceError, Preview, Suggestion};
pub use rule::{RuleError, ThresholdRule};
pub use watched::{Watch, Watched};
