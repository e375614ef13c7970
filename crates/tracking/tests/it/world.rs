//! A store, an upstream, a clock and any number of nodes that run trackers.

use catalog::{Catalog, CatalogOptions};
use domain::tracking::{Cadence, Interval, OnEmpty};
use domain::{AccountId, Clock, Credits, Timestamp, TrackerId};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;
use store::Store;
use store::accounts::AccountCreated;
use store::jobs::Lease;
use tempfile::TempDir;
use testkit::upstream::{ContractStandIn, UpstreamHashtag};
use testkit::{FixedClock, TestStore};
use tracking::Tracking;
use tracking::gaps::GapView;
use tracking::order::TrackerOrder;
use tracking::series::{SeriesPage, SeriesRange};
use tracking::view::TrackerView;

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
const CREDITS: u64 = 10_000_000;
const LEASE_MS: i64 = 120_000;

struct Node {
    catalog: Catalog,
    tracking: Tracking,
    _folder: TempDir,
}

pub(crate) struct World {
    pub(crate) clock: FixedClock,
    pub(crate) upstream: ContractStandIn,
    pub(crate) me: AccountId,
    pub(crate) other: AccountId,
    nodes: Vec<Node>,
    has_upstream: bool,
    trackers: AtomicU64,
}

pub(crate) fn order(names: &[&str], interval: Interval) -> TrackerOrder {
    TrackerOrder {
        hashtags: names.iter().map(|name| (*name).to_owned()).collect(),
        every: Cadence::Every(interval),
        source: None,
        videos: None,
        is_paused: false,
        notes: String::new(),
        labels: Vec::new(),
        credits_max: None,
        keyword: None,
        accept_views: None,
        on_empty: OnEmpty::Pause,
    }
}

impl World {
    pub(crate) async fn new(fixture: &TestStore, names: &[&str]) -> Self {
        let mut world = Self::empty(fixture, true).await;
        for (id, name) in (1..).zip(names) {
            world.hold(id, name);
        }
        world.add_node(fixture).await;
        world
    }

    pub(crate) async fn without_upstream(fixture: &TestStore) -> Self {
        let mut world = Self::empty(fixture, false).await;
        world.add_node(fixture).await;
        world
    }

    async fn empty(fixture: &TestStore, has_upstream: bool) -> Self {
        let clock = FixedClock::at(Timestamp::parse("2026-01-01T00:30:00Z").expect("a time"));
        let (me, other) = (AccountId(0), AccountId(0));
        let upstream = ContractStandIn::start().await;
        let mut world =
            Self { clock, upstream, me, other, nodes: Vec::new(), has_upstream, trackers: AtomicU64::new(0) };
        world.me = account(fixture.store(), "me@example.com", CREDITS).await;
        world.other = account(fixture.store(), "other@example.com", CREDITS).await;
        world
    }

    /// Another process over the same store.
    pub(crate) async fn add_node(&mut self, fixture: &TestStore) {
        let folder = tempfile::tempdir().expect("a folder");
        let options = CatalogOptions {
            upstreams: self.has_upstream.then(|| self.upstream.as_upstreams()),
            ..CatalogOptions::in_folder(folder.path(), Arc::new(self.clock.clone()))
        };
        let catalog = Catalog::open(fixture.again().await, options).await.expect("a catalog");
        self.nodes.push(Node { tracking: Tracking::new(catalog.clone()), catalog, _folder: folder });
    }

    pub(crate) fn hold(&self, id: u64, name: &str) {
        self.hold_views(id, name, 1_000_000);
    }

    pub(crate) fn hold_views(&self, id: u64, name: &str, views: u64) {
        let name = name.to_owned();
        self.upstream.hold_hashtag(UpstreamHashtag { id, name, views, creators: 1_000, videos: Vec::new() });
    }

    pub(crate) fn tracking(&self, node: usize) -> &Tracking {
        &self.nodes[node].tracking
    }

    pub(crate) fn catalog(&self, node: usize) -> &Catalog {
        &self.nodes[node].catalog
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) async fn account(&self, email: &str, credits: u64) -> AccountId {
        account(self.catalog(0).store(), email, credits).await
    }

    pub(crate) async fn create(&self, account_id: AccountId, order: TrackerOrder) -> TrackerId {
        let number = self.trackers.fetch_add(1, Ordering::Relaxed);
        let id = TrackerId::new(self.now(), u128::from(number));
        let checked = self.tracking(0).check(order).expect("an order");
        self.tracking(0).create(account_id, id, checked, None).await.expect("a tracker").id
    }

    /// Reads everything that is due, as a worker would.
    pub(crate) async fn work(&self, node: usize) {
        loop {
            let now = self.now();
            let lease = Lease { from: now, until: Timestamp::from_ms(now.as_ms() + LEASE_MS) };
            let claims = self.catalog(node).store().claim_readings(lease, 10).await.expect("claims");
            if claims.is_empty() {
                return;
            }
            for claim in claims {
                self.tracking(node).read_due(claim).await.expect("read");
            }
        }
    }

    /// Works, and is killed after being polled so many times.
    pub(crate) async fn killed_after(&self, node: usize, polls: u32) {
        let mut work = pin!(self.work(node));
        let mut left = polls;
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            work.as_mut().poll(context)
        })
        .await;
    }

    pub(crate) async fn show(&self, account_id: AccountId, id: &TrackerId) -> TrackerView {
        self.tracking(0).show(account_id, *id).await.expect("a tracker")
    }

    pub(crate) async fn gaps(&self, account_id: AccountId, id: &TrackerId) -> Vec<GapView> {
        self.tracking(0).gaps(account_id, *id, None, None).await.expect("gaps").gaps
    }

    pub(crate) async fn series(&self, account_id: AccountId, id: &TrackerId) -> SeriesPage {
        self.tracking(0).series(account_id, *id, None, SeriesRange::default()).await.expect("a series")
    }

    /// Credits charged to an account.
    pub(crate) async fn spent(&self, account_id: AccountId) -> u64 {
        let balance =
            self.catalog(0).store().balance(account_id).await.expect("an answer").expect("an account");
        CREDITS - balance.get()
    }
}

async fn account(store: &Store, email: &str, credits: u64) -> AccountId {
    let credits = Credits::new(credits).expect("credits");
    let email = email.parse().expect("an address");
    match store.create_account(&email, credits, Timestamp::from_ms(0)).await.expect("an answer") {
        AccountCreated::Created(id) | AccountCreated::EmailTaken(id) => id,
    }
}
