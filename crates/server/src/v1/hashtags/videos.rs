//! `GET /v1/hashtags/{ref}/videos`: the videos under a hashtag in numbers, filtered and sorted.

use super::super::measured::Page;
use super::super::question::{Described, HashtagQuestion};
use crate::paging::Paging;
use domain::{Hashtag, Operation};
use measure::{MadeOf, Measure, MeasureError, Measured, VideoMeasuredView, VideosQuery};

pub(crate) struct Videos;

impl HashtagQuestion for Videos {
    const DESCRIBED: Described = Described {
        path: "/v1/hashtags/{ref}/videos",
        summary: "The videos under a hashtag, in numbers",
        description: "Filtered, sorted, with engagement and velocity. The walk that returns each video exactly once is `/challenge-posts/`.",
        answer: "A page of videos",
        schema: "VideosAnswer",
        is_list: true,
    };
    const OPERATION: Operation = Operation::ListHashtagVideos;
    const PAGING: Paging = Paging::PAGES;
    const AS_OF: Option<MadeOf> = Some(MadeOf::Videos);
    type Query = VideosQuery;
    type Answer = Vec<VideoMeasuredView>;
    type Row = VideoMeasuredView;

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        query: VideosQuery,
        page: Page,
    ) -> Result<Measured<Vec<VideoMeasuredView>>, MeasureError> {
        measure.videos(hashtag, &VideosQuery { limit: page.limit, after: page.after, ..query }).await
    }
}
