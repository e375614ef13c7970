//! Windows that fail are cut smaller, until all days are there that can be had.

use super::{DAY_S, MAY_FIRST_S, Scene, day, may};
use domain::caveat::caveats_of;
use domain::{Caveat, Timestamp, Window};
use std::collections::BTreeSet;
use testkit::upstream::{ResearchHabits, ResearchVideo};

#[tokio::test]
async fn days_that_always_fail_cost_only_themselves() {
    let failing_days = Some((day(4), day(5)));
    let scene = Scene::start(ResearchHabits { failing_days, ..ResearchHabits::default() }).await;
    let mut left = Window::covering(day(1), day(30), 30).expect("windows");
    let (mut seen, mut failed) = (BTreeSet::new(), Vec::new());
    while let Some(window) = left.pop() {
        match (scene.walk(window).await, window.cut()) {
            (Ok(pages), _) => {
                seen.extend(pages.into_iter().flat_map(|page| page.videos).map(|video| video.id))
            }
            (Err(error), Some(smaller)) if error.is_passing() => left.extend(smaller),
            (Err(_), _) => failed.push(window),
        }
    }
    failed.sort_unstable();
    assert_eq!(failed, [may(4, 4), may(5, 5)]);
    assert_eq!(seen.len(), 160, "20 of each day but two");
}

#[tokio::test]
async fn the_last_two_days_are_not_found_yet_which_a_caveat_says() {
    let scene = Scene::start(ResearchHabits { index_lag: true, ..ResearchHabits::default() }).await;
    scene.clock.set(Timestamp::from_ms((MAY_FIRST_S + 10 * DAY_S) * 1000));
    scene.stand_in.hold([ResearchVideo::posted(MAY_FIRST_S + 9 * DAY_S, 999, &["cat"])]);
    let (old, young) = (may(8, 8), may(9, 10));
    assert_eq!(scene.page(old, 0, None).await.expect("a page").positions, 25);
    assert_eq!(scene.page(young, 0, None).await.expect("a page").positions, 0);
    assert!(caveats_of(young, scene.now()).contains(&Caveat::IndexLag));
    assert!(!caveats_of(old, scene.now()).contains(&Caveat::IndexLag));
}
