//! The four challenge endpoints, one file each, named after the path. Existing clients depend on what they
//! accept and return. Elsewhere a challenge is called a hashtag.

use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::freshness::FreshnessHeaders;
use crate::gate::reply::Content;
use crate::gate::{Paid, RequestContext};
use crate::problem::Problem;
use crate::query::Query;
use catalog::{CachedResponse, Catalog, FreshnessRequirement, HashtagRef};
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

/// An endpoint of the contract: parses its query and makes its answer. [`crate::gate::serve()`] does the rest.
pub(crate) trait Endpoint: Send + 'static {
    /// The operation that the ledger records.
    const OPERATION: Operation;
    /// The parsed query.
    type Query: Send + 'static;

    /// Parses the query.
    fn read(query: &Query<'_>) -> Result<Self::Query, Problem>;

    /// Returns true for an answer without rows, which is free.
    fn is_empty(_body: &[u8]) -> bool {
        false
    }

    /// Makes a successful answer, as fresh as required if possible.
    fn answer(
        catalog: &Catalog,
        query: Self::Query,
        freshness: FreshnessRequirement,
    ) -> impl Future<Output = Result<CachedResponse, Problem>> + Send;
}

impl<E: Endpoint> Paid for E {
    const OPERATION: Operation = E::OPERATION;
    const IS_CONTRACT: bool = true;
    type Query = E::Query;

    fn read(context: &RequestContext<'_>) -> Result<Self::Query, Problem> {
        E::read(&context.query)
    }

    async fn answer(
        app: &App,
        query: Self::Query,
        freshness: FreshnessRequirement,
    ) -> Result<Content, Problem> {
        let cached = E::answer(&app.catalog, query, freshness).await?;
        let (freshness, is_empty) = (FreshnessHeaders::of(&cached), E::is_empty(&cached.ready.body));
        let content = Content::ready(cached.ready).with_freshness(freshness);
        Ok(if is_empty { content.free() } else { content })
    }
}

/// Builds the 404 response for an id or name that is not stored.
pub(crate) fn not_found(reference: &HashtagRef) -> Problem {
    let detail = match reference {
        HashtagRef::Id(id) => format!("no hashtag with the id {id} is held here"),
        HashtagRef::Key(key) => format!("no hashtag #{key} is held here"),
    };
    Problem::new(ErrorCode::HashtagNotFound, detail)
}
