//! Delivery of messages: webhooks are signed and scheduled, chat services get their own form, and all of it is sent
//! only to where the operator allows.
//!
//! A [`target::Policy`] makes a [`target::Target`] of a URL; a [`send::Sender`] posts to it through a
//! [`dial::Connector`], which checks the addresses that it dials. [`webhook`] signs what is posted, and says when the
//! next attempt is due. A [`message::Message`] becomes the request of a chat service by [`chat`], and a
//! mail by [`email`]; a [`destination::Destination`] says which. A [`payload::Event`] becomes what a webhook posts.
//!
//! Deliberately absent: a store, a scheduler, reading the clock, chance, the environment. The caller stores what is to
//! be delivered and passes time, seeds, resolvers and certificate authorities in.

pub mod address;
pub mod allowed;
pub mod chat;
pub mod destination;
pub mod dial;
pub mod email;
pub mod message;
pub mod payload;
pub mod sealed;
pub mod send;
pub mod target;
pub mod webhook;
