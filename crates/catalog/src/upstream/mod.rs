//! Read-through refresh: missing or stale data is fetched by one coalesced call under the rules of each
//! upstream. Answers of upstreams are recorded like everything else ([`Catalog::record`]), and requests are
//! answered from the store.
//!
//! Reading order: [`Freshness`] and [`FreshnessRequirement`] (when to fetch), `guarded` (one call and its
//! rules: `breaker`, `pace`, `retries`), `flight` (one call for all), then `hashtag`, `posts` and `search`
//! (what to fetch).

pub mod backfill;

mod breaker;

mod flight;

mod freshness;

mod guarded;

mod hashtag;

mod pace;

mod posts;

mod retries;

mod search;

mod top_videos;

mod tracked;

mod walk_end;

mod walk_job;

pub(crate) use guarded::Denied;

pub use freshness::{Freshness, FreshnessRequirement};
pub use guarded::Allowed;
pub use top_videos::TopWalk;
pub use tracked::{TrackedRead, UPSTREAM_SOURCE};
pub use walk_end::WalkPrice;
pub use walk_job::WalkStep;

use crate::{Catalog, CatalogError, Ready};
use domain::{Clock, Timestamp};
use flight::Flights;
use guarded::Guard;
use sources::upstream::{ContractUpstream, MayReject, UpstreamError};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::time::{Instant, timeout};

/// Maximum wait for an upstream when a stored answer can be served instead.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Maximum wait when nothing is stored. Clients time out at 10 s, the server at 8.
const DEADLINE: Duration = Duration::from_millis(7_000);

/// A server of the contract, and its limits.
#[derive(Debug, Clone)]
pub struct ContractSource {
    /// The connector.
    pub connector: ContractUpstream,
    /// Its limits.
    pub allowed: Allowed,
}

/// The upstreams of a catalog.
#[derive(Debug, Clone)]
pub struct Upstreams {
    /// Maximum ages of stored data.
    pub freshness: Freshness,
    /// Servers of the contract, the preferred one first.
    pub contract: Vec<ContractSource>,
    /// Seed of pauses between tries, which should differ from other nodes'.
    pub seed: u64,
}

/// An answer, and how fresh it is.
#[derive(Debug, Clone)]
pub struct CachedResponse {
    /// The bytes.
    pub ready: Ready,
    /// Reading time at its source, if known. For a list of an upstream, the time of the fetch.
    pub observed_at: Option<Timestamp>,
    /// True if it is older than required: the upstream could not be called, or has not answered yet.
    pub stale: bool,
}

impl CachedResponse {
    /// Returns an answer from the store.
    pub(crate) fn plain(ready: Ready) -> Self {
        Self { observed_at: ready.provenance.read_at, ready, stale: false }
    }
}

/// Prospect of a retry after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prospect {
    /// A later try may succeed.
    MayPass,
    /// The same request fails again.
    Lasting,
    /// The requested record is a reject, and will be one again.
    Rejected {
        /// The reason, with the field and its value if one is the cause.
        reason: String,
    },
}

impl Prospect {
    fn of(denied: &Denied) -> Self {
        match denied {
            Denied::BreakerOpen | Denied::Paced | Denied::Uncounted(_) => Self::MayPass,
            Denied::BudgetUsedUp(_) => Self::Lasting,
            Denied::Failed(UpstreamError::Rejected { reason }) => Self::Rejected { reason: reason.clone() },
            Denied::Failed(error) if error.is_passing() => Self::MayPass,
            Denied::Failed(_) => Self::Lasting,
        }
    }
}

/// Fault of an upstream, as reported to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamFault {
    /// It answered with an error or an invalid body.
    Error,
    /// It is not called at the moment: paused after failures, or out of budget.
    Unavailable,
    /// It did not answer in time.
    Timeout,
}

/// Key of a coalesced call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Flight {
    Hashtag(crate::HashtagRef),
    Posts { hashtag: domain::HashtagRow, region: Option<domain::Region>, cursor: u64 },
    Search(Box<str>),
}

/// Outcome of a coalesced call.
#[derive(Debug, Clone)]
enum Landed {
    /// The upstream's answer is stored.
    Stored,
    /// The upstream does not have it.
    Missing,
    /// It could not be called, or did not answer.
    Denied(Denied),
    /// Its answer could not be stored.
    NotStored(Arc<CatalogError>),
}

struct Contract {
    guard: Guard,
    connector: ContractUpstream,
}

/// The running upstreams.
pub(crate) struct Live {
    pub(crate) freshness: Freshness,
    contract: Vec<Contract>,
    flights: Flights<Flight, Landed>,
}

impl Live {
    /// Returns the upstreams; `None` if there are none.
    pub(crate) fn new(upstreams: Upstreams, store: &Store, clock: &Arc<dyn Clock>) -> Option<Self> {
        let guarded = |(n, source): (usize, ContractSource)| {
            let seed = upstreams.seed.wrapping_add(n as u64);
            let name = source.connector.name();
            let guard = Guard::new(name, source.allowed, seed, store.clone(), Arc::clone(clock));
            Contract { guard, connector: source.connector }
        };
        let contract: Vec<Contract> = upstreams.contract.into_iter().enumerate().map(guarded).collect();
        (!contract.is_empty()).then(|| Self {
            freshness: upstreams.freshness,
            contract,
            flights: Flights::default(),
        })
    }

    /// Calls the servers in order until one answers.
    async fn call<T, F>(&self, make: impl Fn(ContractUpstream, Timestamp) -> F) -> Result<T, Denied>
    where
        T: MayReject,
        F: Future<Output = Result<T, UpstreamError>>,
    {
        let deadline = Instant::now() + DEADLINE;
        let mut denied = Denied::BreakerOpen;
        for contract in &self.contract {
            match contract.guard.call(deadline, |at| make(contract.connector.clone(), at)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => denied = error,
            }
            if Instant::now() >= deadline {
                break;
            }
        }
        Err(denied)
    }

    /// Returns true if no server can be called now.
    fn is_open(&self) -> bool {
        self.contract.iter().all(|contract| contract.guard.is_open())
    }
}

impl Landed {
    fn of(stored: Result<(), CatalogError>) -> Self {
        match stored {
            Ok(()) => Self::Stored,
            Err(error) => Self::NotStored(Arc::new(error)),
        }
    }
}

/// Outcome for a caller.
enum CallOutcome {
    Stored,
    Missing,
    /// No answer within its patience; the flight continues.
    NotYet,
    Denied(Denied),
}

impl Catalog {
    /// Returns the number of rejects of each upstream, by name, since this process began.
    pub fn upstream_rejects(&self) -> Vec<(&str, u64)> {
        let contract = self.inner.live.as_ref().map_or(&[][..], |live| &live.contract);
        contract.iter().map(|contract| (contract.guard.name.as_str(), contract.guard.rejects())).collect()
    }

    /// Joins the flight for this, and waits no longer than `patience`.
    async fn join<F>(
        &self,
        live: &Live,
        flight: Flight,
        patience: Duration,
        work: impl FnOnce(Self) -> F,
    ) -> Result<CallOutcome, CatalogError>
    where
        F: Future<Output = Landed> + Send + 'static,
    {
        let landed = timeout(patience, live.flights.join(flight, || work(self.clone()))).await;
        match landed {
            Err(_) => Ok(CallOutcome::NotYet),
            Ok(Some(Landed::Stored)) => Ok(CallOutcome::Stored),
            Ok(Some(Landed::Missing)) => Ok(CallOutcome::Missing),
            Ok(Some(Landed::Denied(denied))) => Ok(CallOutcome::Denied(denied)),
            Ok(Some(Landed::NotStored(error))) => Err(CatalogError::NotStored(error)),
            Ok(None) => Err(store::StoreError::Panicked("a call to an upstream panicked".to_owned()).into()),
        }
    }

    /// Returns the maximum wait, given whether a stored answer can be served instead.
    fn patience(live: &Live, has_stored: bool) -> Duration {
        match has_stored {
            // A trial call of another caller finds out when it works again.
            true if live.is_open() => Duration::ZERO,
            true => PATIENCE,
            false => DEADLINE,
        }
    }
}

/// Converts a denial to an error for a caller without an answer.
fn no_answer(denied: Denied) -> CatalogError {
    let fault = match &denied {
        Denied::BreakerOpen | Denied::Paced | Denied::BudgetUsedUp(_) | Denied::Uncounted(_) => {
            UpstreamFault::Unavailable
        }
        Denied::Failed(error) => match error {
            UpstreamError::Timeout { .. } => UpstreamFault::Timeout,
            UpstreamError::RateLimited { .. } | UpstreamError::OutOfCredits | UpstreamError::QuotaUsedUp => {
                UpstreamFault::Unavailable
            }
            _ => UpstreamFault::Error,
        },
    };
    CatalogError::Upstream { fault, cause: denied.to_string(), prospect: Prospect::of(&denied) }
}

/// Returns the error of a caller that waited too long.
fn late() -> CatalogError {
    CatalogError::Upstream {
        fault: UpstreamFault::Timeout,
        cause: "no answer within the deadline".to_owned(),
        prospect: Prospect::MayPass,
    }
}
