//! Shared test code: a stopped clock, small synthetic observations, a catalog in a folder of its own, and a running
//! server in one call. A dev-dependency only.

#![expect(clippy::missing_panics_doc, reason = "in a test a panic is the message")]

mod alerting;

mod backends;

mod client;

mod clock;

pub mod cuts;

mod description;

mod fixtures;

mod place;
#[cfg(unix)]
pub mod postgres;

mod scheduling;

mod server;

mod sharing;
#[cfg(unix)]
mod small_disk;

mod temporary;

pub mod upstream;

mod worker;

pub use ::server::UPLOADS_AT_ONCE;
pub use ::store::poison;
pub use alerting::{PUBLIC_URL, alerting, outgoing, policy};
pub use backends::TestStore;
pub use client::{Answer, Connection, Request};
pub use clock::FixedClock;
pub use description::{Described, Description};
pub use fixtures::{HashtagFixture, VideoFixture, example_hashtag, hashtag, video};
pub use place::Place;
pub use scheduling::scheduling;
pub use server::{TestServer, TestServerBuilder};
pub use sharing::sharing;
#[cfg(unix)]
pub use small_disk::SmallDisk;
pub use temporary::TemporaryCatalog;
pub use worker::RunningWorker;
