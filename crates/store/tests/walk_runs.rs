//! The videos a walk saw are found for the next one, the same on each backend.

use domain::{HashtagRow, JobId, Region, Timestamp};
use store::videos::VideoRow;
use store::walk_runs::{WALK_RUNS_MAX, WalkRun};
use testkit::TestStore;

const CAT: HashtagRow = HashtagRow(1);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn run(number: u64, region: Option<Region>) -> WalkRun {
    let ms = number.cast_signed();
    let videos = [3, 1, number * 1_000, 2, 1].map(VideoRow).to_vec();
    WalkRun { hashtag: CAT, region, job_id: JobId::new(at(ms), number.into()), at: at(ms), videos }
}

testkit::on_each_backend! {
    async fn the_walk_before_is_that_of_the_hashtag_and_region(fixture: &TestStore) {
        let store = fixture.store();
        let region: Option<Region> = "DE".parse().ok();
        let previous = async |region, before| {
            store.previous_walk_run(CAT, region, at(before)).await.expect("an answer")
        };
        assert_eq!(previous(None, 100).await, None);
        for n in [10, 20] {
            store.write_walk_run(run(n, None)).await.expect("stored");
        }
        store.write_walk_run(run(15, region)).await.expect("stored");
        let found = previous(None, 20).await.expect("a run");
        assert_eq!((found.at, found.job_id), (at(10), run(10, None).job_id));
        assert_eq!(found.videos, [1, 2, 3, 10_000].map(VideoRow), "each once, in order");
        assert_eq!(previous(None, 21).await.map(|run| run.at), Some(at(20)));
        assert_eq!(previous(region, 21).await.map(|run| (run.at, run.region)), Some((at(15), region)));
        assert_eq!(previous(None, 10).await, None);
        assert_eq!(previous("US".parse().ok(), 100).await, None);
        let other = store.previous_walk_run(HashtagRow(2), None, at(100)).await.expect("an answer");
        assert_eq!(other, None);
    }

    async fn a_job_has_one_run_and_only_the_newest_are_retained(fixture: &TestStore) {
        let store = fixture.store();
        for n in 1..=8 {
            store.write_walk_run(run(n, None)).await.expect("stored");
        }
        let of_other_region = run(1, "DE".parse().ok());
        store.write_walk_run(of_other_region.clone()).await.expect("stored");
        let mut times = Vec::new();
        let mut before = at(i64::MAX);
        while let Some(found) = store.previous_walk_run(CAT, None, before).await.expect("an answer") {
            times.push(found.at.as_ms());
            before = found.at;
        }
        assert_eq!(times, [8, 7, 6, 5, 4]);
        assert_eq!(times.len(), WALK_RUNS_MAX);
        let again = WalkRun { at: at(9), videos: Vec::new(), ..run(8, None) };
        store.write_walk_run(again.clone()).await.expect("stored");
        assert_eq!(store.previous_walk_run(CAT, None, at(10)).await.expect("an answer"), Some(again));
        let before = store.previous_walk_run(CAT, None, at(9)).await.expect("an answer").expect("a run");
        assert_eq!(before.at, at(7), "in the place of the one before");
        let other = store.previous_walk_run(CAT, of_other_region.region, at(9)).await.expect("an answer");
        assert_eq!(other.map(|run| run.job_id), Some(of_other_region.job_id));
    }
}
