//! Live upstreams: servers that answer with the user's own key. A connector makes one call and says precisely what came
//! of it; when to call, how often and whether again is decided elsewhere (the catalog). Deliberately absent: the
//! database, retries, and any clock but the time that is handed in.
//!
//! Reading order: [`UpstreamError`], `http` (one call over the network, with its limits), then a connector.

mod error;

mod http;

mod rejects;

mod retry_after;

mod setting;

pub mod contract;

pub mod tiktok_research;

pub use contract::ContractUpstream;
pub use error::UpstreamError;
pub use http::{BODY_BYTES_MAX, Http};
pub use rejects::{MayReject, PageReject, PageRejects, REJECTS_KEPT_MAX};
pub use setting::SettingError;
pub use tiktok_research::ResearchUpstream;
