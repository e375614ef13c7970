//! `GET /search-challenge/?keyword=cat&count=10&cursor=0`: hashtags by keyword, the exact tag first.

use super::challenge::ChallengeObject;
use super::{Endpoint, to_json};
use crate::app::App;
use crate::gate::serve;
use crate::openapi::SearchErrors;
use crate::problem::Problem;
use crate::query::Query;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::{Answers, CachedResponse, CatalogError, FreshnessRequirement, SearchPage};
use domain::Operation;
use http::Response;
use measure::parameters::KeywordText;
use serde::Serialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Query parameters.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchChallenge {
    /// One word or more: `cat`, `street comedy`. Case, width and a leading `#` do not matter.
    #[param(inline, value_type = KeywordText, example = "cat")]
    keyword: String,
    /// Rows per page. Values outside the bounds are clamped, not refused.
    #[param(value_type = i64, default = 10, example = 10, minimum = 1, maximum = 35, required = false)]
    count: u32,
    /// 0 for the first page, then the `cursor` of the previous page while its `hasMore` is true.
    #[param(value_type = i64, default = 0, example = 0, minimum = 0, maximum = 9_007_199_254_740_991_i64, required = false)]
    cursor: u64,
}

/// A page of hashtags.
#[derive(Serialize, ToSchema)]
#[schema(as = ChallengeSearch)]
struct FoundPage<'a> {
    /// The exact tag first, then by match and reach.
    challenge_list: Vec<ChallengeObject<'a>>,
    /// For the next page; grows while `hasMore` is true.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    cursor: u64,
    /// True if there is a next page, which then is not empty.
    #[serde(rename = "hasMore")]
    has_more: bool,
}

/// First bytes of a page without hashtags.
const EMPTY: &[u8] = b"{\"challenge_list\":[]";

impl Endpoint for SearchChallenge {
    const OPERATION: Operation = Operation::SearchChallenge;

    fn read(query: &Query<'_>) -> Result<Self, Problem> {
        let keyword = query.keyword("keyword")?;
        Ok(Self { keyword, cursor: query.cursor()?, count: query.count()? })
    }

    fn is_empty(body: &[u8]) -> bool {
        body.starts_with(EMPTY)
    }

    async fn answer(
        self,
        answers: &Answers,
        freshness: FreshnessRequirement,
    ) -> Result<CachedResponse, Problem> {
        let Self { keyword, count, cursor } = self;
        answers.search(&keyword, cursor, count, freshness).await.map_err(|error| match error {
            CatalogError::Name(why) => {
                Problem::parameter("keyword", format!("keyword cannot be searched for: {why}"))
            }
            error => error.into(),
        })
    }
}

/// Renders a page.
pub(super) fn render(page: &SearchPage) -> Vec<u8> {
    let answer = FoundPage {
        challenge_list: page.hashtags.iter().map(ChallengeObject::new).collect(),
        cursor: page.next_offset,
        has_more: page.has_more,
    };
    to_json(&answer, page.hashtags.len() * 320 + 64)
}

/// Hashtags by keyword
///
/// Words match joined (`street comedy` finds `streetcomedy`) and apart. Costs one credit per page; a page
/// without rows is free.
#[utoipa::path(
    get,
    path = "/search-challenge/",
    operation_id = "search_challenge",
    tag = "challenges",
    params(SearchChallenge),
    responses((status = 200, description = "A page of hashtags", body = FoundPage), SearchErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<SearchChallenge>(app, request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::challenge::tests::cat;

    #[test]
    fn keywords_have_spaces_of_either_kind() {
        let read = |query| SearchChallenge::read(&Query::new(query)).expect("a search");
        let want = SearchChallenge { keyword: "street comedy".into(), count: 10, cursor: 0 };
        assert_eq!(read("keyword=street+comedy"), want);
        assert_eq!(read("keyword=street%20comedy&count=&cursor="), want);
        let second = SearchChallenge { keyword: "a".into(), count: 5, cursor: 20 };
        assert_eq!(read("keyword=a&count=5&cursor=20"), second);
        for query in ["", "keyword=", "keywords=cat", "keyword=+"] {
            assert_eq!(
                SearchChallenge::read(&Query::new(query)).expect_err(query).param(),
                Some("keyword"),
                "{query}"
            );
        }
    }

    #[test]
    fn a_page_is_a_list_of_challenge_objects() {
        let text = |page: &SearchPage| String::from_utf8(render(page)).expect("UTF-8");
        insta::assert_snapshot!(text(&SearchPage {
            hashtags: vec![cat(), cat()],
            next_offset: 2,
            has_more: true
        }));
        let empty = SearchPage { hashtags: Vec::new(), next_offset: 0, has_more: false };
        assert!(SearchChallenge::is_empty(&render(&empty)));
        assert_eq!(
            text(&SearchPage { hashtags: Vec::new(), next_offset: 0, has_more: false }),
            r#"{"challenge_list":[],"cursor":0,"hasMore":false}"#
        );
    }
}
