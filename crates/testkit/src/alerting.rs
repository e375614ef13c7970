//! Alerts of a test: under a policy of its own, with secrets that are not random.

use crate::FixedClock;
use alerting::deliver::Outgoing;
use alerting::{Alerting, Setup};
use measure::Measure;
use notify::allowed::Allowed;
use notify::dial::{Connector, SystemResolver};
use notify::send::{SEND_LIMIT, Sender};
use notify::target::Policy;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Address that links of messages begin with.
pub const PUBLIC_URL: &str = "https://tags.example.com";

/// Returns the policy with these entries of `webhooks.allow`.
pub fn policy<'e>(entries: impl IntoIterator<Item = &'e str>) -> Policy {
    Policy::new(Allowed::parse(entries).expect("entries"), Vec::new())
}

/// Returns alerts on what is measured. Mail addresses are taken.
pub fn alerting(measure: &Measure, policy: Policy) -> Alerting {
    static DRAWN: AtomicU8 = AtomicU8::new(1);
    let chance = Arc::new(|| Some([DRAWN.fetch_add(1, Ordering::Relaxed); 32]));
    let public_url = PUBLIC_URL.to_owned();
    Alerting::new(measure.clone(), Setup { policy, has_mail: true, public_url, chance })
}

/// Returns what sends messages under a policy; mails are not sent.
pub fn outgoing(clock: &FixedClock, policy: Policy) -> Outgoing {
    let connector = Connector::new(policy, Arc::new(SystemResolver), &[]);
    Outgoing { sender: Sender::new(connector, Arc::new(clock.clone()), SEND_LIMIT), mailer: None }
}
