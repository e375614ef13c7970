//! A running server in one call: on a real socket, with an account and a key.

use crate::upstream::ContractStandIn;
use crate::{Answer, FixedClock, Request, RunningWorker, TemporaryCatalog};
use catalog::Upstreams;
use catalog::jobs::Spool;
use domain::{AccountId, ApiKey, Credits, KeyId, KeyScope, Observation};
use notify::target::Policy;
use server::{Options, Parts, Server, Uploads};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use store::DatabaseUrl;
use store::accounts::AccountCreated;
use store::keys::{KeyCreated, NewKey};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Default credits of the account.
const CREDITS: u64 = 1_000_000;

/// Name of the node.
const NODE: &str = "node-1";

/// Seed of request ids.
const SEED: u64 = 7;

/// A server to be started.
#[derive(Debug, Clone)]
pub struct TestServerBuilder {
    options: Options,
    credits: u64,
    requests_per_minute: Option<u32>,
    observations: Vec<Observation>,
    database: Option<DatabaseUrl>,
    upstreams: Option<Upstreams>,
    folder: Option<PathBuf>,
    policy: Policy,
}

/// A running server.
pub struct TestServer {
    /// Listening address.
    pub address: SocketAddr,
    /// The account.
    pub account_id: AccountId,
    /// A key of the account, as it is sent.
    pub key: String,
    /// Clock of the server.
    pub clock: FixedClock,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
    fixture: TemporaryCatalog,
    policy: Policy,
}

impl TestServerBuilder {
    /// With other options.
    #[must_use]
    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// With so many credits on the account.
    #[must_use]
    pub fn credits(mut self, credits: u64) -> Self {
        self.credits = credits;
        self
    }

    /// With a limit of the key's own.
    #[must_use]
    pub fn key_limit(mut self, requests_per_minute: u32) -> Self {
        self.requests_per_minute = Some(requests_per_minute);
        self
    }

    /// Holding these observations.
    #[must_use]
    pub fn holding(mut self, observations: impl IntoIterator<Item = Observation>) -> Self {
        self.observations.extend(observations);
        self
    }

    /// With its store in a database. The second server on one database is another node: it has the account and the key
    /// that the first one made.
    #[must_use]
    pub fn database(mut self, url: DatabaseUrl) -> Self {
        self.database = Some(url);
        self
    }

    /// With its files in a folder that stays, in place of one of its own.
    #[must_use]
    pub fn folder(mut self, folder: PathBuf) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Sending messages to internal targets, too: entries of `webhooks.allow`.
    #[must_use]
    pub fn allowing<'e>(mut self, entries: impl IntoIterator<Item = &'e str>) -> Self {
        self.policy = crate::policy(entries);
        self
    }

    /// Asking upstreams.
    #[must_use]
    pub fn upstreams(mut self, upstreams: Upstreams) -> Self {
        self.upstreams = Some(upstreams);
        self
    }

    /// Asking a stand-in.
    #[must_use]
    pub fn upstream(self, upstream: &ContractStandIn) -> Self {
        self.upstreams(upstream.as_upstreams())
    }

    /// Starts it. Uploads and large answers go to the folder of its data.
    pub async fn start(mut self) -> TestServer {
        let clock = FixedClock::default();
        let fixture = match &self.folder {
            Some(folder) => TemporaryCatalog::in_folder(folder, &clock, self.upstreams).await,
            None => TemporaryCatalog::with(&clock, self.database, self.upstreams).await,
        };
        self.options.uploads = Some(Uploads { spool: Spool::of(fixture.folder()), node: NODE.to_owned() });
        self.options.downloads.folder.get_or_insert_with(|| fixture.folder().join("downloads"));
        if self.options.downloads.node.is_empty() {
            NODE.clone_into(&mut self.options.downloads.node);
        }
        if !self.observations.is_empty() {
            fixture.record(self.observations).await;
        }
        let limit = self.requests_per_minute;
        let (account_id, key, seed) = account(&fixture, &clock, self.credits, limit).await;
        let parts = Parts {
            measure: fixture.measure().clone(),
            alerting: crate::alerting(fixture.measure(), self.policy.clone()),
            sharing: crate::sharing(fixture.measure()),
            scheduling: crate::scheduling(fixture.measure(), self.policy.clone()),
            clock: Arc::new(clock.clone()),
            seed,
        };
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::bind(any_port, parts, self.options).await.expect("a server");
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async {
            // Dropped or sent, it is time to stop.
            let _ = stopped.await;
        }));
        TestServer {
            address,
            account_id,
            key,
            clock,
            stop: Some(stop),
            running,
            fixture,
            policy: self.policy,
        }
    }
}

/// The account, its key, and what makes the ids of this server's requests unlike those of others on one database.
async fn account(
    fixture: &TemporaryCatalog,
    clock: &FixedClock,
    credits: u64,
    requests_per_minute: Option<u32>,
) -> (AccountId, String, u64) {
    use domain::Clock;
    let email = "me@example.com".parse().expect("an address");
    let credits = Credits::new(credits).expect("credits");
    let key =
        ApiKey::new(KeyId::new(0x0a1b_2c3d), 0x0123_4567_89ab_cdef_0246_8ace_1357_9bdf_u128.to_be_bytes());
    let known = fixture.store().account_by_email(&email).await.expect("an answer");
    if let Some(account) = known {
        static OTHERS: AtomicU64 = AtomicU64::new(SEED + 1);
        return (account.account_id, key.reveal(), OTHERS.fetch_add(1, Ordering::Relaxed));
    }
    let created = fixture.store().create_account(&email, credits, clock.now()).await.expect("an account");
    let AccountCreated::Created(account_id) = created else { panic!("{created:?}") };
    let new = NewKey {
        key_id: key.id(),
        digest: key.digest(),
        name: String::new(),
        scope: KeyScope::Call,
        requests_per_minute,
    };
    let created = fixture.store().create_key(account_id, new, clock.now()).await.expect("a key");
    assert_eq!(created, KeyCreated::Created);
    (account_id, key.reveal(), SEED)
}

impl TestServer {
    /// Returns a builder for changes before the start. Keys have no limit by default.
    pub fn builder() -> TestServerBuilder {
        let options = Options { requests_per_minute: 0, ..Options::default() };
        TestServerBuilder {
            options,
            credits: CREDITS,
            requests_per_minute: None,
            observations: Vec::new(),
            database: None,
            upstreams: None,
            folder: None,
            policy: Policy::default(),
        }
    }

    /// One that holds nothing.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// The catalog it serves.
    pub fn fixture(&self) -> &TemporaryCatalog {
        &self.fixture
    }

    /// `GET` with the key, over a connection of its own.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).key(&self.key)).await
    }

    /// Any request, over a connection of its own.
    pub async fn send(&self, request: Request) -> Answer {
        request.send(self.address).await
    }

    /// Reads the account's balance from the database.
    pub async fn balance(&self) -> u64 {
        let balance = self.fixture.store().balance(self.account_id).await.expect("an answer");
        balance.expect("an account").get()
    }

    /// A worker beside it, over the same catalog.
    pub fn worker(&self) -> RunningWorker {
        RunningWorker::sending(&self.fixture, &self.clock, NODE, &self.policy)
    }

    /// Another key of the account, that may import too.
    pub async fn admin_key(&self) -> String {
        self.new_key(self.account_id, KeyScope::Admin).await
    }

    /// A key of this scope of an account that is made with it, with credits.
    pub async fn other_account(&self, email: &str, scope: KeyScope) -> (AccountId, String) {
        use domain::Clock;
        let email = email.parse().expect("an address");
        let credits = Credits::new(CREDITS).expect("credits");
        let created = self.fixture.store().create_account(&email, credits, self.clock.now()).await;
        let AccountCreated::Created(account_id) = created.expect("an account") else { panic!("it is taken") };
        (account_id, self.new_key(account_id, scope).await)
    }

    async fn new_key(&self, account_id: AccountId, scope: KeyScope) -> String {
        use domain::Clock;
        static MADE: AtomicU32 = AtomicU32::new(1);
        let key_id = KeyId::new(MADE.fetch_add(1, Ordering::Relaxed));
        let key = ApiKey::new(key_id, [7; 16]);
        let new =
            NewKey { key_id, digest: key.digest(), name: String::new(), scope, requests_per_minute: None };
        let created =
            self.fixture.store().create_key(account_id, new, self.clock.now()).await.expect("a key");
        assert_eq!(created, KeyCreated::Created);
        key.reveal()
    }

    /// Requests shutdown without waiting.
    pub fn stop(&mut self) {
        self.stop = None;
    }

    /// Shuts down, waits, and returns the catalog.
    pub async fn stopped(mut self) -> TemporaryCatalog {
        self.stop();
        self.running.await.expect("a server that stopped by itself");
        self.fixture
    }
}
