//! Alerts over real stores: what they find is what their previews said, and every message is sent.

mod account;
mod campaigns;
mod digests;
mod evaluations;
mod kills;
mod live;
mod mail;
mod sending;
mod world;
