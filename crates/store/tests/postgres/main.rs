//! What is PostgreSQL's alone: how it is reached, what is asked of it, and what it tells.
#![cfg(unix)]

mod listening;
mod pooler;
mod settings;
mod tls;
