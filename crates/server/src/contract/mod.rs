//! The four challenge endpoints, one file each, named after the path. Existing clients depend on what they
//! accept and return. Elsewhere a challenge is called a hashtag.

use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::freshness::FreshnessHeaders;
use crate::gate::reply::Content;
use crate::gate::{Paid, RequestContext};
use crate::problem::Problem;
use crate::query::Query;
use catalog::{Answers, CachedResponse, FreshnessRequirement, HashtagRef, Renderers};
use domain::Operation;
use serde::Serialize;
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

/// Renderers of the contract's answers.
pub(crate) const RENDERERS: Renderers = Renderers {
    hashtag: challenge::render,
    posts: challenge_posts::render,
    search: search_challenge::render,
};

/// The query of an endpoint of the contract, which describes its parameters and makes the answer.
/// [`crate::gate::serve()`] does the rest.
pub(crate) trait Endpoint: Sized + Send + 'static {
    /// The operation that the ledger records.
    const OPERATION: Operation;

    /// Parses the query. By [`Query`] and not by [`crate::extract`]: clients depend on the order in which parameters are
    /// checked, on clamped counts, and on the error texts.
    fn read(query: &Query<'_>) -> Result<Self, Problem>;

    /// Returns true for an answer without rows, which is free.
    fn is_empty(_body: &[u8]) -> bool {
        false
    }

    /// Makes a successful answer, as fresh as required if possible.
    fn answer(
        self,
        answers: &Answers,
        freshness: FreshnessRequirement,
    ) -> impl Future<Output = Result<CachedResponse, Problem>> + Send;
}

impl<E: Endpoint> Paid for E {
    const OPERATION: Operation = E::OPERATION;
    const IS_CONTRACT: bool = true;
    type Query = E;

    fn read(context: &RequestContext<'_>) -> Result<E, Problem> {
        E::read(&context.query)
    }

    async fn answer(app: &App, query: E, freshness: FreshnessRequirement) -> Result<Content, Problem> {
        let cached = query.answer(&app.answers, freshness).await?;
        let (freshness, is_empty) = (FreshnessHeaders::of(&cached), E::is_empty(&cached.ready.body));
        let content = Content::ready(cached.ready).with_freshness(freshness);
        Ok(if is_empty { content.free() } else { content })
    }
}

/// Serializes an answer into a buffer of this capacity.
fn to_json(answer: &impl Serialize, capacity: usize) -> Vec<u8> {
    let mut body = Vec::with_capacity(capacity);
    serde_json::to_writer(&mut body, answer).expect("strings and numbers in memory are always JSON");
    body
}

/// Builds the 404 response for an id or name that is not stored.
pub(crate) fn not_found(reference: &HashtagRef) -> Problem {
    let detail = match reference {
        HashtagRef::Id(id) => format!("no hashtag with the id {id} is held here"),
        HashtagRef::Key(key) => format!("no hashtag #{key} is held here"),
    };
    Problem::new(ErrorCode::HashtagNotFound, detail)
}

#[cfg(test)]
mod tests {
    use super::challenge_info_id::ChallengeInfoId;
    use super::challenge_info_name::ChallengeInfoName;
    use super::challenge_posts::ChallengePosts;
    use super::search_challenge::SearchChallenge;
    use crate::gate::serve::tests::future_bytes;

    /// A request moves its future several times: at 8,000 bytes that took 9 % of a look-up. Box what is rare.
    const FUTURE_BYTES_MAX: usize = 3584;

    #[test]
    fn the_future_of_a_request_is_small() {
        let sizes = [
            future_bytes::<ChallengeInfoId>(),
            future_bytes::<ChallengeInfoName>(),
            future_bytes::<ChallengePosts>(),
            future_bytes::<SearchChallenge>(),
        ];
        assert!(sizes.iter().all(|bytes| *bytes <= FUTURE_BYTES_MAX), "{sizes:?}");
    }
}
