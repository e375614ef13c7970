//! `GET /v1/trending`: the hashtags that grow most.

use super::measured::problem;
use super::question::{Described, Question, QuestionRequest};
use crate::openapi::ListErrors;
use crate::paging::Paging;
use crate::problem::Problem;
use catalog::FreshnessRequirement;
use domain::Operation;
use measure::{Measure, Measured, TrendingQuery, TrendingView};

pub(crate) struct Trending;

impl Question for Trending {
    const DESCRIBED: Described = Described {
        path: "/v1/trending",
        summary: "Trending hashtags",
        description: "As of their newest readings, in the order requested; by pace among all hashtags unless `weights` are given. Every row has its pace and surge with published probabilities, the band of the gain of the next 7 days, or why they are unknown; and each component with its value and its rank among all hashtags.",
        answer: "The fastest growing first",
        schema: "TrendingAnswer",
        is_list: true,
    };
    const OPERATION: Operation = Operation::Trending;
    const PAGING: Paging = Paging::PAGES;
    type Query = TrendingQuery;
    type Answer = Vec<TrendingView>;
    type Row = TrendingView;
    type Errors = ListErrors;

    async fn answer(
        measure: &Measure,
        request: QuestionRequest<TrendingQuery>,
        _: FreshnessRequirement,
    ) -> Result<Measured<Vec<TrendingView>>, Problem> {
        let QuestionRequest { query, page, .. } = request;
        let query = TrendingQuery { limit: page.limit, after: page.after, ..query };
        measure.trending(&query).await.map_err(problem)
    }
}
