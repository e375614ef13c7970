//! The state that request handlers share.

use crate::downloads::Downloads;
use crate::encoding::Compressor;
use crate::feeds::FeedCache;
use crate::gate::cursor::CursorKey;
use crate::gate::keys::Keys;
use crate::health::Health;
use crate::http::drain::Drain;
use crate::http::routes::Routes;
use crate::metrics::Metrics;
use crate::openapi::Documents;
use crate::options::Options;
use crate::request_ids::RequestIds;
use crate::share_access::{CookieKey, Tries};
use crate::status::StatusBoard;
use alerting::Alerting;
use catalog::{Answers, Catalog};
use domain::Clock;
use measure::Measure;
use scheduling::Scheduling;
use sharing::Sharing;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tracking::Tracking;

/// The state of a server, shared by its handlers.
pub(crate) struct App {
    pub(crate) catalog: Catalog,
    /// Answers of the contract.
    pub(crate) answers: Answers,
    pub(crate) measure: Measure,
    pub(crate) tracking: Tracking,
    pub(crate) alerting: Alerting,
    pub(crate) sharing: Sharing,
    pub(crate) scheduling: Scheduling,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) request_ids: RequestIds,
    pub(crate) keys: Keys,
    pub(crate) metrics: Metrics,
    pub(crate) routes: Routes,
    pub(crate) compressor: Compressor,
    pub(crate) health: Health,
    pub(crate) status: StatusBoard,
    /// Shared with work that outlives its request.
    pub(crate) drain: Arc<Drain>,
    pub(crate) options: Options,
    /// Seals the cursors of `/v1`.
    pub(crate) cursors: CursorKey,
    /// Permits for measurement questions.
    pub(crate) measuring: Arc<Semaphore>,
    /// Large answers and their files.
    pub(crate) downloads: Downloads,
    /// Seals the cookies of shares with passwords.
    pub(crate) share_cookies: CookieKey,
    /// Tries of their passwords.
    pub(crate) share_tries: Tries,
    /// Answers and caps of feeds.
    pub(crate) feeds: FeedCache,
    /// Permits for digests of passwords: each takes a core and 19 MiB.
    pub(crate) passwords: Semaphore,
    /// Permits for uploads.
    pub(crate) uploads: Semaphore,
    /// The API description.
    pub(crate) documents: Documents,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("options", &self.options).finish_non_exhaustive()
    }
}
