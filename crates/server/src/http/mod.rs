//! From a socket to a request and back: our own accept loop over hyper's HTTP/1, because `axum::serve` waits for ever on
//! a client that sends half a header, and takes headers of any size.
//!
//! Reading order: [`accept`] (the loop), [`connection`] (one client), [`activity`] (how slow it may be), [`drain`]
//! (how all of it stops), [`front`] (what is done with every request, whatever its path).

pub(crate) mod accept;

pub(crate) mod connection;

pub(crate) mod activity;

pub(crate) mod drain;

pub(crate) mod front;
