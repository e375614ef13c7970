//! `GET /v1/hashtags/{ref}/creators`: the creators of a hashtag.

use super::super::measured::Page;
use super::super::question::{Described, HashtagQuestion};
use crate::paging::Paging;
use domain::{Hashtag, Operation};
use measure::{CreatorsQuery, CreatorsView, MadeOf, Measure, MeasureError, Measured};

pub(crate) struct Creators;

impl HashtagQuestion for Creators {
    const DESCRIBED: Described = Described {
        path: "/v1/hashtags/{ref}/creators",
        summary: "Top creators of a hashtag",
        description: "Creators by plays, and how concentrated plays are (Gini coefficient, share of the top creator, HHI).",
        answer: "Most plays first",
        schema: "CreatorsAnswer",
        is_list: false,
    };
    const OPERATION: Operation = Operation::HashtagCreators;
    const PAGING: Paging = Paging::PAGES;
    const AS_OF: Option<MadeOf> = Some(MadeOf::Videos);
    type Query = CreatorsQuery;
    type Answer = CreatorsView;
    type Row = CreatorsView;

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        query: CreatorsQuery,
        page: Page,
    ) -> Result<Measured<CreatorsView>, MeasureError> {
        let CreatorsQuery { since, .. } = query;
        measure.creators(hashtag, CreatorsQuery { since, limit: page.limit, after: page.after }).await
    }
}
