//! Live alerts: rules on the readings of hashtags that are evaluated as readings come, what they find, and the messages
//! that are sent of it.
//!
//! The rule, its samples and its states are those of previews (`domain::alerts`), so that an alert does what its preview
//! said. Reading order: [`order`] (what a user asks for), `settings` and `state` (what is stored of it), [`evaluate`]
//! (a reading becomes events), [`account`] (rules on credits and trackers), [`campaign`] (hashtags that follow a campaign), [`found`] (an event becomes data and messages), [`destinations`] (where messages go),
//! [`deliver`] (one attempt at one delivery), [`mute`] (links that mute), [`view`] (answers). Deliberately absent: SQL,
//! HTTP servers, the worker's loop, reading the clock, chance.

pub mod account;

pub mod account_view;

pub mod campaign;

pub mod deliver;

pub mod destinations;

mod digest;

mod error;

pub mod evaluate;

pub mod found;

pub mod mute;

pub mod order;

mod settings;

mod state;

pub mod view;

pub use error::AlertingError;
pub use settings::AlertRule;

use domain::Timestamp;
use measure::Measure;
use notify::target::Policy;
use std::fmt;
use std::sync::Arc;
use store::Store;

/// Makes 32 unpredictable bytes; `None` if the system has none.
pub type Chance = Arc<dyn Fn() -> Option<[u8; 32]> + Send + Sync>;

/// Settings of the operator for alerts.
#[derive(Clone)]
pub struct Setup {
    /// Policy on where messages may go.
    pub policy: Policy,
    /// True if mails can be sent.
    pub has_mail: bool,
    /// Address of the server that links begin with; empty if messages have no links.
    pub public_url: String,
    /// Makes secrets of webhooks.
    pub chance: Chance,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("policy", &self.policy)
            .field("has_mail", &self.has_mail)
            .finish_non_exhaustive()
    }
}

/// Creates alerts, evaluates them, and answers what they did. Cheap to clone.
#[derive(Clone)]
pub struct Alerting {
    measure: Measure,
    setup: Arc<Setup>,
}

impl fmt::Debug for Alerting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerting").field("setup", &self.setup).finish_non_exhaustive()
    }
}

impl Alerting {
    /// Alerts on what is measured.
    pub fn new(measure: Measure, setup: Setup) -> Self {
        Self { measure, setup: Arc::new(setup) }
    }

    fn store(&self) -> &Store {
        self.measure.catalog().store()
    }

    fn now(&self) -> Timestamp {
        self.measure.catalog().clock().now()
    }
}
