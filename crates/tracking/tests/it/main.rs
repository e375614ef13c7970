//! Trackers over real stores, against a real upstream over HTTP.

mod simulation;
mod trackers;
mod world;
