//! Effects of a campaign: growth against the trend before it, participation, and progress to its goals.

mod goals;
mod increment;
mod line;
mod noise;
mod participation;

pub use goals::{GoalState, Progress, progress};
pub use increment::{BASELINE_GAINS_MIN, BaselineKind, Increment, NoIncrement, increment};
pub use participation::{Participation, ParticipationDay, participation};
