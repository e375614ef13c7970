//! Delivery of messages: webhooks are signed and scheduled here.
//!
//! Deliberately absent: a store, a scheduler, reading the clock, chance. The caller stores what is to be delivered and
//! passes time and seeds in.

pub mod webhook;
