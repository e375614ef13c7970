//! Deliveries as receivers see them: over sockets, and by the libraries that receivers use.

mod mail;
mod network;
mod program;
mod rebinding;
mod receivers;
mod sending;
