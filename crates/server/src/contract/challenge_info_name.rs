//! `GET /challenge-info-name/?name=cat`: a hashtag by name. A leading `#`, outer white space and case do not matter.

use super::challenge::{self, ChallengeObject};
use super::{Endpoint, not_found};
use crate::app::App;
use crate::gate::serve;
use crate::openapi::PaidErrors;
use crate::problem::Problem;
use crate::query::Query;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::{CachedResponse, Catalog, FreshnessRequirement, HashtagRef};
use domain::Operation;
use http::Response;
use measure::parameters::TagText;
use std::sync::Arc;
use utoipa::IntoParams;

/// Query parameters.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query; `Query` reads it")]
struct Params {
    /// The tag; a leading `#`, outer white space and letter case do not matter.
    #[param(inline, example = "cat")]
    name: TagText,
}

struct ChallengeInfoName;

impl Endpoint for ChallengeInfoName {
    const OPERATION: Operation = Operation::ChallengeInfoName;
    type Query = HashtagRef;

    fn read(query: &Query<'_>) -> Result<HashtagRef, Problem> {
        query.tag("name").map(HashtagRef::Key)
    }

    async fn answer(
        catalog: &Catalog,
        reference: HashtagRef,
        freshness: FreshnessRequirement,
    ) -> Result<CachedResponse, Problem> {
        let found = catalog.hashtag_answer(&reference, freshness, challenge::render).await?;
        found.ok_or_else(|| not_found(&reference))
    }
}

/// A hashtag by name
///
/// Costs one credit; free if the hashtag is not stored.
#[utoipa::path(
    get,
    path = "/challenge-info-name/",
    operation_id = "challenge_info_name",
    tag = "challenges",
    params(Params),
    responses((status = 200, description = "The hashtag", body = ChallengeObject), PaidErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<ChallengeInfoName>(app, request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_tag_find_the_same_hashtag() {
        let read = |query| ChallengeInfoName::read(&Query::new(query));
        let cat = read("name=cat").expect("a tag");
        for query in ["name=%23cat", "name=CAT", "name=+cat+", "name=%EF%BC%83Cat"] {
            assert_eq!(read(query).expect("a tag"), cat, "{query}");
        }
        for query in ["", "name=", "name=%23", "name=%00", "id=7551"] {
            assert_eq!(read(query).expect_err(query).param(), Some("name"), "{query}");
        }
    }
}
