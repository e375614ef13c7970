//! Schedules of trackers: when a hashtag is read, what a missed reading leaves, and what readings cost.
//!
//! Time is divided into slots ([`slots`]), one reading each. A slot that passed without a reading is part of a gap for
//! good: no later value fills it ([`coverage`]). [`adaptive`] chooses how long slots are, [`estimate`] says what they
//! cost. Reading order: [`interval`], [`slots`], [`coverage`],
//! [`adaptive`], [`estimate`], [`budget`], [`target`], [`videos`].

pub mod interval;

pub mod slots;

pub mod coverage;

pub mod adaptive;

pub mod estimate;

pub mod budget;

pub mod target;

pub mod videos;

pub use adaptive::{Adapted, AdaptedBy};
pub use budget::{Month, NameError, OnEmpty, TrackerSource, affordable};
pub use coverage::{Coverage, Due, GapReason, Span, SpanKind};
pub use estimate::MonthlyEstimate;
pub use interval::{Cadence, Interval};
pub use slots::{Slot, Slots};
pub use target::{Keyword, Target, TargetKey};
pub use videos::{TopVideos, VideoDepth};
