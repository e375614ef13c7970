//! Trackers over real stores, against a real upstream over HTTP.

mod audit;
mod simulation;
mod trackers;
mod twins;
mod videos;
mod world;
mod year;
