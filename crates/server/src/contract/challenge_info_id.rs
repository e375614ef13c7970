//! `GET /challenge-info-id/?id=7551`: a hashtag by TikTok's id.

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
use domain::{HashtagId, Operation};
use http::Response;
use std::sync::Arc;
use utoipa::IntoParams;

/// Query parameters.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ChallengeInfoId {
    /// TikTok's challenge id, or an assigned one.
    #[param(value_type = String, example = "7551", pattern = "^[0-9]{1,19}$")]
    id: HashtagId,
}

impl Endpoint for ChallengeInfoId {
    const OPERATION: Operation = Operation::ChallengeInfoId;

    fn read(query: &Query<'_>) -> Result<Self, Problem> {
        Ok(Self { id: query.id("id")? })
    }

    async fn answer(
        self,
        answers: &Answers,
        freshness: FreshnessRequirement,
    ) -> Result<CachedResponse, Problem> {
        challenge::look_up(answers, HashtagRef::Id(self.id), freshness).await
    }
}

/// A hashtag by id
///
/// Costs one credit; free if the hashtag is not stored.
#[utoipa::path(
    get,
    path = "/challenge-info-id/",
    operation_id = "challenge_info_id",
    tag = "challenges",
    params(ChallengeInfoId),
    responses((status = 200, description = "The hashtag", body = ChallengeObject), PaidErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<ChallengeInfoId>(app, request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_digits() {
        let read = |query| ChallengeInfoId::read(&Query::new(query));
        assert_eq!(read("id=7551").expect("an id"), ChallengeInfoId { id: "7551".parse().expect("an id") });
        assert_eq!(read("id=+7551+&other=1").expect("an id"), read("id=7551").expect("an id"));
        for query in ["", "id=", "id=cat", "id=0", "id=-1", "id=7551.0", "id=99999999999999999999", "ID=7551"]
        {
            assert_eq!(read(query).expect_err(query).param(), Some("id"), "{query}");
        }
    }
}
