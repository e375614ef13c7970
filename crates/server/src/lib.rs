//! Everything that happens because of a request: the gate (keys, limits, credits) and the endpoints behind it.
//!
//! A path leads to the file of its name: `/challenge-posts/` is `contract/challenge_posts.rs`, with its parameters, its
//! answer, its description and its tests. Deliberately absent: SQL, outgoing calls, the environment, the wall clock.
//!
//! Reading order: [`Server`] and [`Options`], `router`, `http` (from socket to request), `gate` (authentication
//! and charges), `downloads` (large answers), `contract` (the challenge endpoints), `v1` (measurement,
//! accounts, jobs), `problem` and `errors`.

mod apart;
mod app;
mod contract;
mod downloads;
mod encoding;

mod errors;
mod extract;
mod feeds;
mod gate;
mod header_value;
mod health;

mod http;
mod json;
mod metrics;
mod negotiation;
mod openapi;
mod operations;
pub mod options;
mod origins;
mod outage;
mod paging;
mod problem;
mod public_url;
mod query;
mod request_ids;
mod router;
mod server;
mod share_access;
mod status;
mod v1;

pub use downloads::spool::remove_retained as remove_stored_downloads;
pub use options::{Downloads, Options, Origins, PublicUrl, UPLOADS_AT_ONCE, Uploads};
pub use server::{BindError, Parts, Server};
pub use v1::feeds::feed_question;
