//! Tests of a real server on a real socket.

mod alerts;
mod annotations;
mod as_of;
mod assigned_ids;
mod callers;
mod campaign_reports;
mod campaigns;
mod connections;
mod contract;
mod described;
mod downloads;
#[cfg(unix)]
mod downloads_elsewhere;

mod downloads_unchanged;
mod drain;
mod errors;
mod export_forms;
mod feeds;
mod free_pages;
mod gate;
mod hang_ups;
mod hanging;
mod hostile;
mod identity;
mod live_alerts;
mod measure;
#[cfg(unix)]
mod nodes;
mod one_number;
mod operations;
#[cfg(unix)]
mod outage;
mod panics;
mod protocol;
mod routes;
mod schedules;
mod scopes;
mod shares;
mod status;
mod trackers;
mod upstream;
mod validators;
mod windows;
mod wire;
