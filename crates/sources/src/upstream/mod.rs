//! Live upstreams: servers called with the user's own key. A connector makes one call and returns a precise result;
//! the catalog decides when to call, how often and whether to retry. Deliberately absent: the database, retries, and
//! any clock but the time that is passed in.
//!
//! Reading order: [`UpstreamError`], `http` (one call, with its limits), then a connector.

mod error;

mod http;

mod rejects;

mod setting;

pub mod contract;

pub mod tiktok_research;

pub use contract::ContractUpstream;
pub use error::UpstreamError;
pub use http::{BODY_BYTES_MAX, Http};
pub use rejects::{MayReject, PageReject, PageRejects, REJECTS_RETAINED_MAX};
pub use setting::SettingError;
pub use tiktok_research::ResearchUpstream;
