//! Calls to upstreams are counted exactly and stay counted, the same on each backend.

use domain::{Timestamp, UtcDay};
use store::upstream_calls::CallReservation;
use testkit::TestStore;

const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);
/// Tasks on each of the handles of a storm: fewer than may wait for the thread of one.
const TASKS: usize = 60;

testkit::on_each_backend! {
    async fn each_upstream_and_day_has_a_count_of_its_own(fixture: &TestStore) {
        let store = fixture.store();
        let today = UtcDay::of(NOW);
        let tomorrow = UtcDay::of(today.ends_at());
        let take = async |upstream, day, calls_max| {
            store.reserve_upstream_call(upstream, day, calls_max).await.expect("an answer")
        };
        assert_eq!(store.upstream_calls_on(today).await.expect("counts"), []);
        assert_eq!(take("original", today, Some(0)).await, CallReservation::UsedUp { calls: 0 });
        assert_eq!(take("original", today, Some(2)).await, CallReservation::Reserved { calls: 1 });
        assert_eq!(take("original", today, Some(2)).await, CallReservation::Reserved { calls: 2 });
        assert_eq!(take("original", today, Some(2)).await, CallReservation::UsedUp { calls: 2 });
        assert_eq!(take("original", today, Some(1)).await, CallReservation::UsedUp { calls: 2 });
        assert_eq!(take("original", today, Some(0)).await, CallReservation::UsedUp { calls: 2 });
        assert_eq!(take("original", tomorrow, Some(2)).await, CallReservation::Reserved { calls: 1 });
        assert_eq!(take("Original", today, None).await, CallReservation::Reserved { calls: 1 });
        assert_eq!(take("original", today, None).await, CallReservation::Reserved { calls: 3 });
        assert_eq!(take("original", today, Some(u64::MAX)).await, CallReservation::Reserved { calls: 4 });
        assert_eq!(store.upstream_calls("original", today).await.expect("a count"), 4);
        assert_eq!(store.upstream_calls("none", today).await.expect("a count"), 0);
        let of_today = vec![("Original".to_owned(), 1), ("original".to_owned(), 4)];
        assert_eq!(store.upstream_calls_on(today).await.expect("counts"), of_today);
    }

    async fn a_storm_from_three_processes_takes_exactly_what_there_is(fixture: &TestStore) {
        const CALLS_MAX: u64 = 1_000;
        let today = UtcDay::of(NOW);
        let mut tasks = Vec::new();
        for store in [fixture.again().await, fixture.again().await, fixture.again().await] {
            for _ in 0..TASKS {
                let store = store.clone();
                tasks.push(tokio::spawn(async move {
                    let mut taken = Vec::new();
                    loop {
                        match store.reserve_upstream_call("original", today, Some(CALLS_MAX)).await {
                            Ok(CallReservation::Reserved { calls }) => taken.push(calls),
                            Ok(CallReservation::UsedUp { calls }) => {
                                assert_eq!(calls, CALLS_MAX);
                                return taken;
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                }));
            }
        }
        let mut taken = Vec::new();
        for task in tasks {
            taken.extend(task.await.expect("a caller"));
        }
        taken.sort_unstable();
        assert_eq!(taken, (1..=CALLS_MAX).collect::<Vec<_>>(), "each number is returned once");
        let again = fixture.again().await;
        assert_eq!(again.upstream_calls("original", today).await.expect("a count"), CALLS_MAX);
        let more = again.reserve_upstream_call("original", today, Some(CALLS_MAX)).await.expect("an answer");
        assert_eq!(more, CallReservation::UsedUp { calls: CALLS_MAX });
    }
}
