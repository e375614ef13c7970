//! Tests for PostgreSQL alone: connections, required settings, notifications.
#![cfg(unix)]

mod listening;
mod pooler;
mod settings;
mod tls;
