//! Who may have an answer, and what it costs: key → account and limit → quote → answer → charge → reply.
//!
//! Each step can only be taken with what the step before it gave: a [`Caller`](admit::Caller) makes a
//! [`Quote`](quote::Quote), a quote makes a `Receipt` of the ledger, and only a receipt makes a
//! [`Reply`](reply::Reply) of a paid answer. A limit may err on the caller's side; the charge never does.
//!
//! Reading order: [`keys`] and [`limit`], [`admit`], [`quote`], [`freshness`], [`reply`], [`serve`] (the whole way), [`uncancelled`].

pub(crate) mod keys;

pub(crate) mod limit;

pub(crate) mod admit;

pub(crate) mod quote;

pub(crate) mod freshness;

pub(crate) mod reply;

pub(crate) mod serve;

pub(crate) use reply::Billing;
pub(crate) use serve::{Paid, RequestContext, serve};

pub(crate) mod uncancelled;
