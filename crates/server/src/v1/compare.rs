//! `GET /v1/compare?tags=a,b,c`: hashtags side by side.

use super::measured::problem;
use super::question::{Described, Question, QuestionRequest, hashtag};
use crate::openapi::MeasureErrors;
use crate::problem::Problem;
use catalog::FreshnessRequirement;
use domain::{Hashtag, Operation};
use measure::{CompareQuery, CompareView, MadeOf, Measure, Measured};

/// Points of each series at most.
const POINTS_MAX: usize = 5_000;

pub(crate) struct Compare;

impl Question for Compare {
    const DESCRIBED: Described = Described {
        path: "/v1/compare",
        summary: "Compare hashtags",
        description: "Their series, their share of voice on four bases, and the overlap of each pair; a video counts once.",
        answer: "The comparison",
        schema: "CompareAnswer",
        is_list: false,
    };
    const OPERATION: Operation = Operation::CompareHashtags;
    const AS_OF: Option<MadeOf> = Some(MadeOf::Videos);
    type Query = CompareQuery;
    type Answer = CompareView;
    type Row = CompareView;
    type Errors = MeasureErrors;

    async fn answer(
        measure: &Measure,
        request: QuestionRequest<CompareQuery>,
        freshness: FreshnessRequirement,
    ) -> Result<Measured<CompareView>, Problem> {
        let account_id = Some(request.page.account_id);
        let query = CompareQuery { points_max: POINTS_MAX, account_id, ..request.query };
        let (mut found, mut stale) = (Vec::with_capacity(query.tags.len()), false);
        for tag in &query.tags {
            let (one, is_stale) = hashtag(measure, "tags", tag, freshness).await?;
            if found.iter().any(|other: &Hashtag| other.row == one.row) {
                return Err(Problem::parameter("tags", format!("tags names #{} twice", one.tag.name())));
            }
            found.push(one);
            stale |= is_stale;
        }
        let mut measured = measure.compare(&found, &query).await.map_err(problem)?;
        measured.meta.stale = stale;
        Ok(measured)
    }
}
