//! `GET /challenge-info-name/?name=cat`: a hashtag by name. A leading `#`, outer white space and case do not matter.

use super::Endpoint;
use super::challenge::{self, ChallengeObject};
use crate::app::App;
use crate::gate::serve;
use crate::openapi::PaidErrors;
use crate::problem::Problem;
use crate::query::Query;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::{Answers, CachedResponse, FreshnessRequirement, HashtagRef};
use domain::{Operation, TagKey};
use http::Response;
use measure::parameters::TagText;
use std::sync::Arc;
use utoipa::IntoParams;

/// Query parameters.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ChallengeInfoName {
    /// The tag; a leading `#`, outer white space and letter case do not matter.
    #[param(inline, value_type = TagText, example = "cat")]
    name: TagKey,
}

impl Endpoint for ChallengeInfoName {
    const OPERATION: Operation = Operation::ChallengeInfoName;

    fn read(query: &Query<'_>) -> Result<Self, Problem> {
        Ok(Self { name: query.tag("name")? })
    }

    async fn answer(
        self,
        answers: &Answers,
        freshness: FreshnessRequirement,
    ) -> Result<CachedResponse, Problem> {
        challenge::look_up(answers, HashtagRef::Key(self.name), freshness).await
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
    params(ChallengeInfoName),
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
