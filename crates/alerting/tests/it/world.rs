//! A store, a clock, an account and any number of nodes with alerts.

use alerting::deliver::Outgoing;
use alerting::evaluate::Followed;
use alerting::order::{AlertOrder, CreatedAlert, Watches};
use alerting::view::EventView;
use alerting::{Alerting, AlertingError, Setup};
use catalog::{Catalog, CatalogOptions};
use domain::{AccountId, AlertId, Clock, Credits, Timestamp};
use measure::{AlertPreviewQuery, Measure};
use notify::dial::{Connector, SystemResolver};
use notify::send::{SEND_LIMIT, Sender};
use notify::target::Policy;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::accounts::AccountCreated;
use store::deliveries::{DeliveryClaim, Lane};
use store::jobs::Lease;
use tempfile::TempDir;
use testkit::{FixedClock, TestStore, hashtag};

pub(crate) const DAY: Duration = Duration::from_secs(86_400);
pub(crate) const DAY_MS: i64 = 86_400_000;
const LEASE_MS: i64 = 120_000;

pub(crate) struct World {
    pub(crate) clock: FixedClock,
    pub(crate) account: AccountId,
    pub(crate) alerting: Alerting,
    pub(crate) outgoing: Outgoing,
    pub(crate) measure: Measure,
    policy: Policy,
    drawn: AtomicU64,
    place: std::sync::Mutex<Followed>,
    _folder: TempDir,
}

pub(crate) fn start() -> Timestamp {
    Timestamp::parse("2026-01-01T06:00:00Z").expect("a time")
}

pub(crate) fn day(number: i64) -> Timestamp {
    Timestamp::from_ms(start().as_ms() + number * DAY_MS)
}

pub(crate) fn rule(json: &serde_json::Value) -> AlertPreviewQuery {
    let mut json = json.clone();
    json["hashtag"] = "cat".into();
    serde_json::from_value(json).expect("a rule")
}

impl World {
    pub(crate) async fn new(fixture: &TestStore, allowed: &[&str]) -> Self {
        let clock = FixedClock::at(start());
        let email = "me@example.com".parse().expect("an address");
        let credits = Credits::new(10).expect("credits");
        let created = fixture.store().create_account(&email, credits, clock.now()).await.expect("an answer");
        let account = match created {
            AccountCreated::Created(account) => account,
            AccountCreated::EmailTaken(_) => panic!("it is taken"),
        };
        let policy = testkit::policy(allowed.iter().copied());
        Self::node(fixture, clock, account, policy).await
    }

    async fn node(fixture: &TestStore, clock: FixedClock, account: AccountId, policy: Policy) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = CatalogOptions::in_folder(folder.path(), Arc::new(clock.clone()));
        let catalog = Catalog::open(fixture.again().await, options).await.expect("a catalog");
        let measure = Measure::new(catalog);
        let connector = Connector::new(policy.clone(), Arc::new(SystemResolver), &[]);
        let sender = Sender::new(connector, Arc::new(clock.clone()), SEND_LIMIT);
        let setup = Setup {
            policy: policy.clone(),
            has_mail: true,
            public_url: "https://tags.example.com/".to_owned(),
            chance: Arc::new(|| Some([7; 32])),
        };
        Self {
            alerting: Alerting::new(measure.clone(), setup),
            outgoing: Outgoing { sender, mailer: None },
            clock,
            account,
            measure,
            policy,
            drawn: AtomicU64::new(1),
            place: std::sync::Mutex::default(),
            _folder: folder,
        }
    }

    /// Another process over the same store.
    pub(crate) async fn another(&self, fixture: &TestStore) -> Self {
        Self::node(fixture, self.clock.clone(), self.account, self.policy.clone()).await
    }

    /// Records a reading of a hashtag at a time, and sets the clock to it.
    pub(crate) async fn read(&self, name: &str, at: Timestamp, views: u64) {
        self.clock.set(at.max(self.clock.now()));
        let reading = hashtag(name).id(1_000 + name.len() as u64).views(views).observed_at(at);
        self.measure.catalog().record(vec![reading.into()]).await.expect("recorded");
    }

    pub(crate) fn order(rule: AlertPreviewQuery, hashtags: &[&str], to: &[&str]) -> AlertOrder {
        AlertOrder {
            name: "cats".to_owned(),
            watches: Watches::Hashtags {
                hashtags: hashtags.iter().map(|name| (*name).to_owned()).collect(),
                rule,
            },
            to: to.iter().map(|to| (*to).to_owned()).collect(),
        }
    }

    pub(crate) async fn create(&self, order: &AlertOrder) -> Result<CreatedAlert, AlertingError> {
        let id = AlertId::new(self.clock.now(), self.drawn.fetch_add(1, Ordering::Relaxed).into());
        self.alerting.create(self.account, id, order, None).await
    }

    /// Evaluates what changed and what is due. Returns the number of events.
    pub(crate) async fn follow(&self) -> u64 {
        let from = *self.place.lock().expect("a place");
        let (reached, done) = self.alerting.follow(from).await.expect("evaluated");
        *self.place.lock().expect("a place") = reached;
        done.events
    }

    /// Returns all events, oldest first.
    pub(crate) async fn events(&self) -> Vec<EventView> {
        let (mut events, mut before) = (Vec::new(), None);
        loop {
            let page = self.alerting.events_of(self.account, None, before).await.expect("events");
            events.extend(page.events);
            before = page.next;
            if before.is_none() {
                events.reverse();
                return events;
            }
        }
    }

    pub(crate) async fn claims(&self) -> Vec<DeliveryClaim> {
        let now = self.clock.now();
        let lease = Lease { from: now, until: Timestamp::from_ms(now.as_ms() + LEASE_MS) };
        let mut claims = Vec::new();
        for lane in Lane::ALL {
            let store = self.measure.catalog().store();
            claims.extend(store.claim_deliveries(lane, lease, 100).await.expect("claims"));
        }
        claims
    }

    /// Makes one attempt at everything that is due. Returns how many.
    pub(crate) async fn deliver(&self) -> usize {
        let claims = self.claims().await;
        let number = claims.len();
        for claim in claims {
            assert!(self.alerting.deliver(&self.outgoing, claim).await.expect("written"));
        }
        number
    }
}
