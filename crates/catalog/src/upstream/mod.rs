//! Asking upstreams: when what is stored is too old, once for all who ask, under the rules of each upstream. What they
//! answer goes in by the same door as everything else ([`Catalog::record`]) and is answered from the store.
//!
//! Reading order: [`Freshness`] and [`FreshnessRequirement`] (when to ask), `guarded` (one call and its rules: `breaker`, `pace`,
//! `retries`), `flight` (one call for all), then `hashtag`, `posts` and `search` (what is asked).

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

mod walk_end;

mod walk_job;

pub(crate) use guarded::Denied;

pub use freshness::{Freshness, FreshnessRequirement};
pub use guarded::Allowed;
pub use walk_end::WalkPrice;
pub use walk_job::WalkStep;

use crate::cache::Ready;
use crate::{Catalog, CatalogError};
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
/// Maximum wait when nothing is stored. Clients give up at 10 s, and the server at 8.
const DEADLINE: Duration = Duration::from_millis(7_000);

/// A server of the contract, and what is allowed there.
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
    /// When they are asked.
    pub freshness: Freshness,
    /// Servers of the contract, the preferred one first.
    pub contract: Vec<ContractSource>,
    /// Makes pauses between tries unlike those of other nodes.
    pub seed: u64,
}

/// An answer, and how fresh it is.
#[derive(Debug, Clone)]
pub struct CachedResponse {
    /// The bytes.
    pub ready: Ready,
    /// When it was read at its source, where a source gave a time. For a list of an upstream: when it was fetched.
    pub observed_at: Option<Timestamp>,
    /// Older than wanted: the upstream could not be asked, or has not answered yet.
    pub stale: bool,
}

impl CachedResponse {
    /// From what is stored.
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
    /// The record that was requested cannot be used and is the same next time.
    Rejected {
        /// Why: with the field and its value where one is to blame.
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
    /// It answered, and not well.
    Error,
    /// It is not called at the moment: left alone after failures, or out of budget.
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
    /// The upstream says that there is none.
    Missing,
    /// It could not be asked, or did not answer.
    Denied(Denied),
    /// Its answer could not be stored.
    NotStored(Arc<CatalogError>),
}

struct Contract {
    guard: Guard,
    connector: ContractUpstream,
}

/// The upstreams at work.
pub(crate) struct Live {
    pub(crate) freshness: Freshness,
    contract: Vec<Contract>,
    flights: Flights<Flight, Landed>,
}

impl Live {
    /// `None` when there is nobody to ask.
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

    /// Asks the first server that answers.
    async fn ask<T, F>(&self, make: impl Fn(ContractUpstream, Timestamp) -> F) -> Result<T, Denied>
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

    /// Returns whether no server can be called now.
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

/// Returns the outcome for a caller.
enum CallOutcome {
    Stored,
    Missing,
    /// Nothing within its patience; the flight goes on.
    NotYet,
    Denied(Denied),
}

impl Catalog {
    /// Records that each upstream sent and that could not be used, since this process began: by its name.
    pub fn upstream_rejects(&self) -> Vec<(&str, u64)> {
        let contract = self.inner.live.as_ref().map_or(&[][..], |live| &live.contract);
        contract.iter().map(|contract| (contract.guard.name.as_str(), contract.guard.rejects())).collect()
    }

    /// Joins the flight for this, and waits no longer than `patience`.
    async fn hear<F>(
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
            Ok(None) => Err(store::StoreError::Panicked("asking an upstream panicked".to_owned()).into()),
        }
    }

    /// Returns the maximum wait, given whether a stored answer can be served instead.
    fn patience(live: &Live, has_stored: bool) -> Duration {
        match has_stored {
            // Somebody else's try will tell when it is well again.
            true if live.is_open() => Duration::ZERO,
            true => PATIENCE,
            false => DEADLINE,
        }
    }
}

/// As an error for who gets no answer.
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

/// As an error for who waited too long.
fn late() -> CatalogError {
    CatalogError::Upstream {
        fault: UpstreamFault::Timeout,
        cause: "no answer within the deadline".to_owned(),
        prospect: Prospect::MayPass,
    }
}
