//! Progress to a goal, and its pace: the share that was reached against the share of the time that has passed.

use super::super::{as_f64, ratio};
use strum::IntoStaticStr;

/// State of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum GoalState {
    /// The target is reached.
    Reached,
    /// At the present pace the target will be reached.
    OnTrack,
    /// At the present pace the target will be missed.
    Behind,
    /// The campaign is over, and the target was missed.
    Missed,
    /// The campaign has no end, so that there is no pace.
    NoEnd,
    /// The number is unknown, or the campaign has not begun.
    Unknown,
}

impl GoalState {
    /// Returns the name in answers.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Progress to a goal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Value / target; `None` if the value is unknown.
    pub share: Option<f64>,
    /// Share / share of the time that has passed: 1 is even with the plan. `None` without an end, before the beginning,
    /// and if the value is unknown.
    pub pace: Option<f64>,
    /// State.
    pub state: GoalState,
}

/// Returns the progress of a value to a target above 0, when such a share of the time has passed.
pub fn progress(value: Option<u64>, target: u64, passed: Option<f64>) -> Progress {
    let share = value.and_then(|value| ratio(as_f64(value), as_f64(target)));
    let pace = share.zip(passed).and_then(|(share, passed)| ratio(share, passed));
    let state = match (share, passed) {
        (None, _) => GoalState::Unknown,
        (Some(share), _) if share >= 1.0 => GoalState::Reached,
        (_, None) => GoalState::NoEnd,
        (_, Some(passed)) if passed <= 0.0 => GoalState::Unknown,
        (_, Some(passed)) if passed >= 1.0 => GoalState::Missed,
        (Some(share), Some(passed)) if share >= passed => GoalState::OnTrack,
        _ => GoalState::Behind,
    };
    Progress { share, pace, state }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_compared_with_the_time_that_has_passed() {
        let state = |value, passed| progress(value, 100, passed).state;
        assert_eq!(state(Some(100), Some(0.1)), GoalState::Reached);
        assert_eq!(state(Some(50), Some(0.5)), GoalState::OnTrack);
        assert_eq!(state(Some(49), Some(0.5)), GoalState::Behind);
        assert_eq!(state(Some(99), Some(1.0)), GoalState::Missed);
        assert_eq!(state(Some(99), None), GoalState::NoEnd);
        assert_eq!(state(None, Some(0.5)), GoalState::Unknown);
        let half = progress(Some(30), 100, Some(0.6));
        assert_eq!((half.share, half.pace), (Some(0.3), Some(0.5)));
        assert_eq!(progress(Some(0), 100, Some(0.0)).pace, None);
    }
}
