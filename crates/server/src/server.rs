//! A server from outside: bind, run, stop.

use crate::app::App;
use crate::downloads::Downloads;
use crate::encoding::Compressor;
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
use domain::Clock;
use measure::Measure;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use store::StoreError;
use store::probe::Probed;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What a server works with.
#[derive(Clone)]
pub struct Parts {
    /// Measures the catalog that answers come from, whose store has the accounts too.
    pub measure: Measure,
    /// Who tells the time of requests and charges.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids unlike those of other servers and other runs: 64 random bits.
    pub seed: u64,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

/// Why a server cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {cause}")]
    Address {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The folder of large answers cannot be read.
    #[error("the folder for large answers cannot be read: {0}")]
    Downloads(std::io::Error),
    /// The store cannot be read, or the ledger not written.
    #[error("the store is not fit to serve from: {0}")]
    Store(#[from] StoreError),
}

/// A server that has its address and does not answer yet; the system queues callers until [`Server::run`].
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    middleware: Arc<RequestMiddleware>,
}

impl Server {
    /// Takes the address (port 0: any free one) and makes sure that the store can be read and the ledger written.
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
            catalog: parts.measure.catalog().clone(),
            measure: parts.measure,
            clock: parts.clock,
            compressor: Compressor::new(),
            health: Health::new(),
            drain: Arc::new(Drain::new()),
            options,
            measuring: Arc::new(Semaphore::new(MEASURED_AT_ONCE)),
            uploads: Semaphore::new(UPLOADS_AT_ONCE),
            documents: Documents::of(&description),
            cursors: CursorKey::of_store(identity),
        });
        health::look_at_keys(&app).await?;
        health::try_the_ledger(&app).await?;
        for file in [Probed::Catalog, Probed::Walks] {
            health::try_a_file(&app, file).await;
        }
        health::try_the_folders(&app).await;
        let refused = |cause| BindError::Address { address, cause };
        let listener = accept::listen(address).map_err(refused)?;
        let local_addr = listener.local_addr().map_err(refused)?;
        let router = router.with_state(Arc::clone(&app));
        Ok(Self { listener, local_addr, middleware: Arc::new(RequestMiddleware { app, router }) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown` is done, then accepts nobody, finishes the requests in flight and returns. Requests that
    /// take longer than [`Options::drain_timeout`] are cut off; their charges are not.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let watch = tokio::spawn(health::watch(Arc::clone(&self.middleware.app)));
        accept::run(self.listener, self.middleware, shutdown).await;
        watch.abort();
    }
}
