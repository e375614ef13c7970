//! `GET /v1/hashtags/{ref}/history`: a count of a hashtag over time.

use super::super::measured::Page;
use super::super::question::{Described, HashtagQuestion};
use crate::paging::Paging;
use domain::{Hashtag, Operation};
use measure::{
    HISTORY_LIMIT, HISTORY_LIMIT_MAX, HistoryQuery, HistoryView, MadeOf, Measure, MeasureError, Measured,
};

/// Most points of a page by `points`, the older name of `limit`.
const POINTS_MAX: u32 = 20_000;

pub(crate) struct History;

impl HashtagQuestion for History {
    const DESCRIBED: Described = Described {
        path: "/v1/hashtags/{ref}/history",
        summary: "History of a count of a hashtag",
        description: "Its readings, or the last one of each hour, day or week; as totals or gains. Implausible readings are repaired and marked; gaps are not filled and have their length. With the annotations of the account.",
        answer: "The history",
        schema: "HistoryAnswer",
        is_list: false,
    };
    const OPERATION: Operation = Operation::HashtagHistory;
    const PAGING: Paging = Paging::Pages {
        limit: HISTORY_LIMIT,
        most: HISTORY_LIMIT_MAX,
        older_name: Some(("points", POINTS_MAX)),
    };
    const AS_OF: Option<MadeOf> = Some(MadeOf::Readings);
    type Query = HistoryQuery;
    type Answer = HistoryView;
    type Row = HistoryView;

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        query: HistoryQuery,
        page: Page,
    ) -> Result<Measured<HistoryView>, MeasureError> {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        measure
            .history(
                hashtag,
                HistoryQuery { limit, after: page.after, account_id: Some(page.account_id), ..query },
            )
            .await
    }
}
