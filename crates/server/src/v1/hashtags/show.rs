//! `GET /v1/hashtags/{ref}`: a hashtag with everything derived from it.

use super::super::measured::Page;
use super::super::question::{Described, HashtagQuestion, NoParameters};
use domain::{Hashtag, Operation};
use measure::{MadeOf, Measure, MeasureError, Measured, OverviewView};

pub(crate) struct Show;

impl HashtagQuestion for Show {
    const DESCRIBED: Described = Described {
        path: "/v1/hashtags/{ref}",
        summary: "A hashtag",
        description: "Its record, views per video and per creator, its trends over a day, a week and 30 days, its life cycle stage, and the outlook for the 7 days after its newest reading: pace and surge with published probabilities, and the band of the gain.",
        answer: "The hashtag",
        schema: "HashtagAnswer",
        is_list: false,
    };
    const OPERATION: Operation = Operation::ShowHashtag;
    const AS_OF: Option<MadeOf> = Some(MadeOf::Videos);
    type Query = NoParameters;
    type Answer = OverviewView;
    type Row = OverviewView;

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        _: NoParameters,
        _: Page,
    ) -> Result<Measured<OverviewView>, MeasureError> {
        measure.overview(hashtag).await
    }
}
