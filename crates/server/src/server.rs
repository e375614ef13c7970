//! The life of a server: bind, run, stop.

use crate::app::App;
use crate::contract::RENDERERS;
use crate::downloads::Downloads;
use crate::encoding::Compressor;
use crate::feeds::FeedCache;
use crate::gate::cursor::CursorKey;
use crate::gate::keys::Keys;
use crate::health::{self, Health};
use crate::http::accept;
use crate::http::drain::Drain;
use crate::http::middleware::RequestMiddleware;
use crate::http::routes::Routes;
use crate::metrics::Metrics;
use crate::openapi::Documents;
use crate::options::{MEASURED_AT_ONCE, Options, UPLOADS_AT_ONCE};
use crate::request_ids::RequestIds;
use crate::router;
use crate::share_access::{CookieKey, Tries};
use crate::status::StatusBoard;
use alerting::Alerting;
use catalog::Answers;
use domain::Clock;
use measure::Measure;
use scheduling::Scheduling;
use sharing::Sharing;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use store::StoreError;
use store::probe::Probed;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tracking::Tracking;

/// Passwords of shares that are digested at once.
const PASSWORDS_AT_ONCE: usize = 2;

/// Dependencies of a server.
#[derive(Clone)]
pub struct Parts {
    /// Measurement over the catalog that is served; its store has the accounts too.
    pub measure: Measure,
    /// Alerts on what is measured, and where their messages may go.
    pub alerting: Alerting,
    /// Shares of what is measured.
    pub sharing: Sharing,
    /// Scheduled reports.
    pub scheduling: Scheduling,
    /// Clock of requests and charges.
    pub clock: Arc<dyn Clock>,
    /// 64 random bits, by which request ids differ from those of other servers and runs.
    pub seed: u64,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// Error on the start of a server.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is in use, or not of this machine.
    #[error("cannot listen on {address}: {cause}")]
    Address {
        /// The requested address.
        address: SocketAddr,
        /// The error of the system.
        cause: std::io::Error,
    },
    /// The folder of large answers cannot be read.
    #[error("the folder for large answers cannot be read: {0}")]
    Downloads(std::io::Error),
    /// The store cannot be read, or the ledger not written.
    #[error("cannot serve from the store: {0}")]
    Store(#[from] StoreError),
}

/// A server that is bound but does not answer yet; the system queues connections until [`Server::run`].
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    middleware: Arc<RequestMiddleware>,
}

impl Server {
    /// Binds the address (port 0: any free one) and checks that the store can be read and the ledger written.
    pub async fn bind(address: SocketAddr, parts: Parts, options: Options) -> Result<Self, BindError> {
        let (router, mut description) = router::build();
        if !options.public_url.as_str().is_empty() {
            description.servers = Some(vec![utoipa::openapi::Server::new(options.public_url.as_str())]);
        }
        let identity = parts.measure.store().identity().await?;
        let downloads =
            Downloads::open(&options.downloads, parts.clock.now()).map_err(BindError::Downloads)?;
        let app = Arc::new(App {
            downloads,
            keys: Keys::new(parts.measure.store().clone(), options.requests_per_minute),
            routes: Routes::new(&description),
            metrics: Metrics::new(description.paths.paths.keys().map(String::as_str)),
            request_ids: RequestIds::new(parts.seed),
            answers: Answers::new(parts.measure.catalog().clone(), RENDERERS),
            catalog: parts.measure.catalog().clone(),
            tracking: Tracking::new(parts.measure.catalog().clone()),
            measure: parts.measure,
            alerting: parts.alerting,
            sharing: parts.sharing,
            scheduling: parts.scheduling,
            clock: parts.clock,
            compressor: Compressor::new(),
            health: Health::new(),
            status: StatusBoard::default(),
            drain: Arc::new(Drain::new()),
            options,
            measuring: Arc::new(Semaphore::new(MEASURED_AT_ONCE)),
            share_cookies: CookieKey::of_store(identity),
            share_tries: Tries::default(),
            feeds: FeedCache::new(crate::v1::feeds::RENDERER),
            passwords: Semaphore::new(PASSWORDS_AT_ONCE),
            uploads: Semaphore::new(UPLOADS_AT_ONCE),
            documents: Documents::of(&description),
            cursors: CursorKey::of_store(identity),
        });
        health::refresh_keys(&app).await?;
        health::probe_ledger(&app).await?;
        for file in [Probed::Catalog, Probed::Walks] {
            health::probe_file(&app, file).await;
        }
        health::probe_folders(&app).await;
        let refused = |cause| BindError::Address { address, cause };
        let listener = accept::listen(address).map_err(refused)?;
        let local_addr = listener.local_addr().map_err(refused)?;
        let router = router.with_state(Arc::clone(&app));
        Ok(Self { listener, local_addr, middleware: Arc::new(RequestMiddleware { app, router }) })
    }

    /// Returns the bound address.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown` completes, then stops accepting, finishes the requests in flight and returns.
    /// Requests that take longer than [`Options::drain_timeout`] are cut off; their charges are not.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let watch = tokio::spawn(health::watch(Arc::clone(&self.middleware.app)));
        accept::run(self.listener, self.middleware, shutdown).await;
        watch.abort();
    }
}
