//! The four challenge endpoints, one file each; the file is named after the path. What they send and expect is fixed by
//! the clients that exist. Elsewhere a challenge is called a hashtag.

use crate::errors::ErrorCode;
use crate::problem::Problem;
use crate::query::Query;
use catalog::{CachedResponse, Catalog, CatalogError, FreshnessRequirement, HashtagRef, UpstreamFault};
use domain::Operation;
use std::future::Future;

pub(crate) mod challenge;

#[cfg_attr(not(test), expect(dead_code, reason = "it describes bytes that are made elsewhere"))]
pub(crate) mod video;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod challenge_info_id;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod challenge_info_name;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod challenge_posts;

#[expect(unused_qualifications, reason = "utoipa's macro writes them")]
pub(crate) mod search_challenge;

/// When a caller may ask again for what no upstream gave.
const UPSTREAM_RETRY_SECONDS: u64 = 5;

/// A paid endpoint: how its query is read and where its answer comes from. [`crate::gate::serve`] does the rest.
pub(crate) trait Endpoint: Send + 'static {
    /// What it is called in the ledger.
    const OPERATION: Operation;
    /// What a request asks for.
    type Query: Send + 'static;

    /// Reads the query.
    fn read(query: &Query<'_>) -> Result<Self::Query, Problem>;

    /// Whether an answer has no rows, and is free.
    fn is_empty(_body: &[u8]) -> bool {
        false
    }

    /// A successful answer, as fresh as it is wanted if that can be had.
    fn answer(
        catalog: &Catalog,
        asked: Self::Query,
        freshness: FreshnessRequirement,
    ) -> impl Future<Output = Result<CachedResponse, Problem>> + Send;
}

/// What no caller can help. Mistakes of a caller are told by each endpoint in its own words.
pub(crate) fn fault(error: CatalogError) -> Problem {
    match error {
        CatalogError::Store(error) => error.into(),
        CatalogError::IndexBuilding => Problem::unavailable(error),
        CatalogError::Upstream { fault, cause, .. } => no_upstream(fault, cause),
        CatalogError::NotStored(error) => match &*error {
            CatalogError::Store(store) if store.is_passing() => Problem::unavailable(error.to_string()),
            _ => Problem::internal(error.to_string()),
        },
        other => Problem::internal(other),
    }
}

/// Nothing is stored, and no upstream gave it. Nothing is charged.
fn no_upstream(fault: UpstreamFault, cause: String) -> Problem {
    let (code, detail) = match fault {
        UpstreamFault::Error => {
            (ErrorCode::UpstreamError, "nothing is stored for this, and the upstream's answer cannot be used")
        }
        UpstreamFault::Unavailable => (
            ErrorCode::UpstreamUnavailable,
            "nothing is stored for this, and the upstream cannot be asked at the moment",
        ),
        UpstreamFault::Timeout => (
            ErrorCode::UpstreamTimeout,
            "nothing is stored for this, and the upstream did not answer in time",
        ),
    };
    Problem::new(code, detail).retry_after(UPSTREAM_RETRY_SECONDS).because(cause)
}

/// Nothing is held under this id or name.
pub(crate) fn not_found(reference: &HashtagRef) -> Problem {
    let detail = match reference {
        HashtagRef::Id(id) => format!("no hashtag with the id {id} is held here"),
        HashtagRef::Key(key) => format!("no hashtag #{key} is held here"),
    };
    Problem::new(ErrorCode::HashtagNotFound, detail)
}
