//! Schedules of a test: under a policy of its own, with tokens drawn from a counter.

use crate::PUBLIC_URL;
use measure::Measure;
use notify::target::Policy;
use scheduling::{Scheduling, Setup};
use std::sync::Arc;

/// Returns schedules of reports on what is measured. Mail addresses are taken.
pub fn scheduling(measure: &Measure, policy: Policy) -> Scheduling {
    let setup = Setup {
        has_mail: true,
        policy,
        public_url: PUBLIC_URL.to_owned(),
        chance: Arc::new(|| Some(crate::sharing::drawn())),
    };
    Scheduling::new(measure.clone(), crate::sharing(measure), setup)
}
