//! `GET /v1/hashtags/{ref}/benchmark`: usual plays and engagement under a hashtag, and the rank of a value
//! among them.

use super::super::measured::Page;
use super::super::question::{Described, HashtagQuestion};
use domain::{Hashtag, Operation};
use measure::{BenchmarkQuery, BenchmarkView, MadeOf, Measure, MeasureError, Measured};

pub(crate) struct Benchmark;

impl HashtagQuestion for Benchmark {
    const DESCRIBED: Described = Described {
        path: "/v1/hashtags/{ref}/benchmark",
        summary: "Benchmark of a hashtag",
        description: "Percentiles of plays and engagement by age of a post, over the stored videos, and the percentile of a video, a number of plays or a rate among them.",
        answer: "The benchmark",
        schema: "BenchmarkAnswer",
        is_list: false,
    };
    const OPERATION: Operation = Operation::HashtagBenchmark;
    const AS_OF: Option<MadeOf> = Some(MadeOf::Videos);
    type Query = BenchmarkQuery;
    type Answer = BenchmarkView;
    type Row = BenchmarkView;

    async fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        query: BenchmarkQuery,
        _: Page,
    ) -> Result<Measured<BenchmarkView>, MeasureError> {
        measure.benchmark(hashtag, query).await
    }
}
