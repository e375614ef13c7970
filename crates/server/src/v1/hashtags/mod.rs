//! `GET /v1/hashtags?query=&sort=&min_views=`: hashtags by keyword. The paths of one hashtag are below it, a
//! file each.

pub(crate) mod show;

pub(crate) mod videos;

pub(crate) mod history;

#[expect(unused_qualifications, reason = "utoipa\'s macro writes them")]
pub(crate) mod history_chart;

pub(crate) mod benchmark;

pub(crate) mod related;

pub(crate) mod creators;

use super::measured::problem;
use super::question::{Described, Question, QuestionRequest};
use crate::gate::RequestContext;
use crate::openapi::ListErrors;
use crate::paging::Paging;
use crate::problem::Problem;
use catalog::FreshnessRequirement;
use domain::Operation;
use measure::{HashtagRecord, HashtagsQuery, Measure, Measured};
use percent_encoding::percent_decode_str;

pub(crate) struct Hashtags;

impl Question for Hashtags {
    const DESCRIBED: Described = Described {
        path: "/v1/hashtags",
        summary: "Hashtags by keyword",
        description: "",
        answer: "A page of hashtags",
        schema: "HashtagsAnswer",
        is_list: true,
    };
    const OPERATION: Operation = Operation::ListHashtags;
    const PAGING: Paging = Paging::PAGES;
    type Query = HashtagsQuery;
    type Answer = Vec<HashtagRecord>;
    type Row = HashtagRecord;
    type Errors = ListErrors;

    async fn answer(
        measure: &Measure,
        request: QuestionRequest<HashtagsQuery>,
        _: FreshnessRequirement,
    ) -> Result<Measured<Vec<HashtagRecord>>, Problem> {
        let QuestionRequest { query, page, .. } = request;
        let query = HashtagsQuery { limit: page.limit, after: page.after, ..query };
        measure.hashtags(&query).await.map_err(problem)
    }
}

/// Returns the segment of a path that names a hashtag: the one after `/v1/hashtags/`.
pub(crate) fn reference(context: &RequestContext<'_>) -> Result<String, Problem> {
    let part = context.path.split('/').nth(3).unwrap_or("");
    let text = percent_decode_str(part).decode_utf8().map_err(|_| {
        Problem::parameter("ref", "ref is not UTF-8; give a name such as cat, percent-encoded, or an id")
    })?;
    Ok(text.into_owned())
}
