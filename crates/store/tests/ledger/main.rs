//! Accounts, keys and the ledger under stress: other callers, other processes, `kill -9`, a full or failing
//! disk, deliberate corruption. Every test ends with an audit.

mod support;

mod story;

mod model;

mod storm;

mod idempotency;

#[cfg(unix)]
mod batch;

mod corruption;

#[cfg(unix)]
mod damage;

#[cfg(unix)]
mod callers;

#[cfg(unix)]
mod outage;

#[cfg(unix)]
mod cluster;

#[cfg(unix)]
mod failover;

#[cfg(unix)]
mod proxy;

#[cfg(unix)]
mod cut;

mod child;

mod kill;

mod disk;
