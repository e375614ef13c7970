//! From a socket to a request and back: our own accept loop over hyper's HTTP/1, because `axum::serve` waits
//! for ever on a client that sends half a header, and accepts headers of any size.
//!
//! Reading order: [`accept`] (the loop), [`connection`] (one client), [`activity`] (timeouts), [`drain`]
//! (shutdown), [`farewell`] (errors without a request), [`middleware`] (every request, whatever its path),
//! [`routes`] (paths, methods and parameters), [`cors`], [`bodies`].

pub(crate) mod accept;

pub(crate) mod connection;

pub(crate) mod activity;

pub(crate) mod drain;

pub(crate) mod middleware;

pub(crate) mod farewell;

pub(crate) mod routes;

pub(crate) mod cors;

pub(crate) mod bodies;
