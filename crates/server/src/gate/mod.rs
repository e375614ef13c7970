//! Authentication, rate limits and billing: key → account and limit → quote → answer → charge → reply.
//!
//! Each step can only be taken with what the step before it gave: a [`Caller`](admit::Caller) makes a
//! [`Quote`](quote::Quote), a quote makes a `Receipt` of the ledger, and only a receipt makes a
//! [`Reply`](reply::Reply) of a paid answer. A limit may err on the caller's side; the charge never does.
//!
//! Reading order: [`mod@serve`] (the road of every call with a key), [`keys`], [`limit`] and [`admit`] (who calls), [`free`] and
//! [`paid`] (the two kinds of endpoints), [`billing`] and [`quote`] (prices and charges), [`freshness`], [`cursor`], [`reply`],
//! [`uncancelled`].

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
pub(crate) use serve::{AuthenticatedRequest, idempotency_key, serve, serve_free};
