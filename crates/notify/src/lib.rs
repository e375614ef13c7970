//! Delivery of messages: webhooks are signed, scheduled and sent, and only to where the operator allows.
//!
//! A [`target::Policy`] makes a [`target::Target`] of a URL; a [`send::Sender`] posts to it through a
//! [`dial::Connector`], which checks the addresses that it dials. [`webhook`] signs what is posted, and says when the
//! next attempt is due.
//!
//! Deliberately absent: a store, a scheduler, reading the clock, chance, the environment. The caller stores what is to
//! be delivered and passes time, seeds, resolvers and certificate authorities in.

pub mod address;
pub mod allowed;
pub mod dial;
pub mod send;
pub mod target;
pub mod webhook;
