//! Deliveries as receivers see them: over sockets, and by the libraries that receivers use.

mod program;
mod receivers;
