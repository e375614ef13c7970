//! `GET /v1/hashtags/{ref}/related`: the hashtags that occur together with one.

use super::super::measured::Page;
use super::super::question::{Described, HashtagQuestion};
use crate::paging::Paging;
use domain::{Hashtag, Operation};
use measure::{Measure, MeasureError, Measured, RelatedQuery, RelatedView};

pub(crate) struct Related;

impl HashtagQuestion for Related {
    const DESCRIBED: Described = Described {
        path: "/v1/hashtags/{ref}/related",
        summary: "Related hashtags",
        description: "Hashtags that occur together with it more often than by chance: co-occurrence, lift, NPMI and support, ordered by NPMI weighted by support.",
        answer: "The closest first",
        schema: "RelatedAnswer",
        is_list: true,
    };
    const OPERATION: Operation = Operation::RelatedHashtags;
    const PAGING: Paging = Paging::First;
    type Query = RelatedQuery;
    type Answer = Vec<RelatedView>;
    type Row = RelatedView;

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        query: RelatedQuery,
        page: Page,
    ) -> Result<Measured<Vec<RelatedView>>, MeasureError> {
        measure.related(hashtag, RelatedQuery { limit: page.limit, ..query }).await
    }
}
