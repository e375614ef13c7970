//! Workers that are killed at any point make each report once, and lose no mail of it.

use crate::world::{LEASE_MS, World, at};
use domain::{Clock, Timestamp};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use store::jobs::Lease;
use testkit::TestStore;

/// Weeks, in each of which a worker is killed several times.
const WEEKS: i64 = 4;
/// Kills in a week.
const KILLS: usize = 5;

/// Polls a future so many times and drops it there, as a kill would.
async fn killed_after(polls: usize, work: impl Future<Output = ()>) -> bool {
    let mut work = pin!(work);
    for _ in 0..polls {
        if poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

testkit::on_each_backend! {
    async fn each_week_has_one_report_and_one_mail_for_each_recipient(fixture: &TestStore) {
        let world = World::new(fixture).await;
        let id = world.create(World::hashtags(), &["a@client.example", "b@client.example"]).await;
        let first = at("2026-10-19T06:00:00Z").as_ms();
        for week in 0..WEEKS {
            let due = Timestamp::from_ms(first + week * 7 * 86_400_000 + 3_600_000);
            world.clock.set(due);
            for kill in 0..KILLS {
                let work = async {
                    let now = world.clock.now();
                    let lease = Lease { from: now, until: Timestamp::from_ms(now.as_ms() + LEASE_MS) };
                    for schedule in world.measure.store().claim_schedules(lease, 1).await.expect("claims") {
                        let _ = world.scheduling.make(&schedule).await;
                    }
                };
                killed_after(3 + kill * 7, work).await;
                // Whoever comes next waits for the lease.
                world.clock.advance(Duration::from_millis(LEASE_MS.unsigned_abs() + 1));
            }
            world.make().await;
        }
        let shown = world.show(id).await;
        let periods: Vec<&str> = shown.issues.iter().map(|issue| issue.period.as_str()).collect();
        assert_eq!(
            periods,
            ["2 to 8 November 2026", "26 October to 1 November 2026", "19 to 25 October 2026", "12 to 18 October 2026"]
        );
        for issue in &shown.issues {
            let to: Vec<&str> = issue.mails.iter().map(|mail| mail.to.as_str()).collect();
            assert_eq!((to.as_slice(), &issue.skipped), (["a@client.example", "b@client.example"].as_slice(), &None));
        }
    }
}
