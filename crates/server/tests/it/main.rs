//! A real server on a real socket.

mod callers;
mod connections;
mod contract;
mod described;
mod downloads;
mod drain;
mod errors;
mod free_pages;
mod gate;
mod hang_ups;
mod hostile;
mod identity;
mod measure;
#[cfg(unix)]
mod nodes;
mod one_number;
mod operations;
#[cfg(unix)]
mod outage;
mod protocol;
mod routes;
mod upstream;
mod validators;
mod wire;
