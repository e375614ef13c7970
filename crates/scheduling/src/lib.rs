//! Scheduled reports: the report of a campaign or of hashtags, every week or month, by mail to named recipients.
//!
//! Reading order: `order` (what an owner wants), `settings` (what is stored), `schedules` (created, listed, changed, deleted),
//! `issue` (what is due becomes a report with its mails, once), `mail` (a report becomes a mail), `send` (one attempt at the
//! mails of a report), `unsubscribe` (links by which recipients leave), `view` (answers). The rhythm is
//! [`domain::rhythm`].
//!
//! Deliberately absent: SQL, HTTP, the worker's loop, reading the clock, chance.

mod error;

mod issue;

mod mail;

mod order;

mod schedules;

mod send;

mod settings;

mod unsubscribe;

mod view;

pub use error::ScheduleError;
pub use issue::TestTo;
pub use order::{
    ATTACHMENTS, DAYS_DEFAULT, DAYS_MAX, HOUR_DEFAULT, RECIPIENTS_MAX, ScheduleOrder, SchedulePatch,
};
pub use schedules::{PAGE, SchedulePage};
pub use unsubscribe::Unsubscribed;
pub use view::{IssueView, MailView, ScheduleDetailView, SchedulePlanView, ScheduleView, SkippedView};

use domain::Timestamp;
use measure::Measure;
use notify::target::Policy;
use sharing::Sharing;
use std::fmt;
use std::sync::Arc;
use store::Store;

/// Draws 256 random bits; `None` if the system has none.
pub type Chance = Arc<dyn Fn() -> Option<[u8; 32]> + Send + Sync>;

/// Settings of the operator for scheduled reports.
#[derive(Clone)]
pub struct Setup {
    /// True if mails can be sent.
    pub has_mail: bool,
    /// Policy on where messages may go, which an address is parsed under.
    pub policy: Policy,
    /// Address of the server that links begin with; empty if mails have no links.
    pub public_url: String,
    /// Makes tokens of links.
    pub chance: Chance,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("has_mail", &self.has_mail).finish_non_exhaustive()
    }
}

/// Creates schedules, makes their reports and sends them. Cheap to clone.
#[derive(Clone)]
pub struct Scheduling {
    measure: Measure,
    sharing: Sharing,
    setup: Arc<Setup>,
}

impl fmt::Debug for Scheduling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduling").field("setup", &self.setup).finish_non_exhaustive()
    }
}

impl Scheduling {
    /// Schedules reports on what is measured, with links to shares.
    pub fn new(measure: Measure, sharing: Sharing, setup: Setup) -> Self {
        Self { measure, sharing, setup: Arc::new(setup) }
    }

    fn store(&self) -> &Store {
        self.measure.store()
    }

    fn now(&self) -> Timestamp {
        self.measure.catalog().clock().now()
    }

    /// Returns the address that links begin with; `None` without one.
    fn public_url(&self) -> Option<&str> {
        let url = self.setup.public_url.trim_end_matches('/');
        (!url.is_empty()).then_some(url)
    }

    /// Draws two numbers of 128 random bits.
    fn draw(&self) -> Result<[u128; 2], ScheduleError> {
        let drawn = (self.setup.chance)().ok_or(ScheduleError::NoChance)?;
        let mut halves = [0_u128; 2];
        for (half, bytes) in halves.iter_mut().zip(drawn.as_chunks::<16>().0) {
            *half = u128::from_be_bytes(*bytes);
        }
        Ok(halves)
    }
}
