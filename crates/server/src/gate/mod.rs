//! Authentication, rate limits and billing: key → account and limit → quote → answer → charge → reply.
//!
//! Each step needs the result of the one before: a [`Caller`](admit::Caller) makes a [`Quote`](quote::Quote), a
//! quote makes a `Receipt` of the ledger, and only a receipt makes a [`Reply`](reply::Reply) of a paid answer.
//! A limit may err in the caller's favour; the charge never does.
//!
//! Reading order: [`mod@serve`] (every call with a key), [`keys`], [`limit`] and [`admit`] (the caller),
//! [`free`] and [`paid`] (the two kinds of endpoints), [`billing`] and [`quote`] (prices and charges),
//! [`freshness`], [`cursor`], [`reply`], [`uncancelled`].

pub(crate) mod keys;

pub(crate) mod limit;

pub(crate) mod admit;

pub(crate) mod quote;

pub(crate) mod freshness;

pub(crate) mod cursor;

pub(crate) mod billing;

pub(crate) mod reply;

pub(crate) mod paid;

mod free;

pub(crate) mod serve;

pub(crate) mod uncancelled;

pub(crate) use billing::{Billing, Price};
pub(crate) use paid::{Paid, RequestContext};
pub(crate) use serve::{AuthenticatedRequest, idempotency_key, serve, serve_free, serve_free_file};
