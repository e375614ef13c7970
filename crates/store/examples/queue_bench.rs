//! Measures claims of due readings: `queue_bench [HASHTAGS] [CLAIMED] [ROUNDS] [--database-url=postgres://...]`.
//!
//! Makes a queue of so many hashtags of trackers, a ten-thousandth of them due at each moment, then claims due ones when a
//! hundredth, half and all of them are due. A claim is written and synced before it returns.
#![expect(clippy::print_stdout, reason = "a measuring tool talks to whoever runs it")]
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the monotonic clock")]

use domain::tracking::{Cadence, Interval, OnEmpty, Target, TrackerSource};
use domain::{AccountId, Tag, Timestamp, TrackerId};
use std::error::Error;
use std::time::Instant;
use store::jobs::Lease;
use store::trackers::{NewTracked, NewTracker, TrackerCreated, TrackerSettings};
use store::{Store, StoreOptions};

/// Hashtags of a tracker: those that are due at the same moment.
const TOGETHER: u64 = 100;
/// Beginning of the first slot.
const START_MS: i64 = 1_800_000_000_000;

fn tracker(number: u64) -> Result<NewTracker, Box<dyn Error>> {
    let at = Timestamp::from_ms(START_MS + i64::try_from(number)?);
    let tracked = |hashtag: u64| {
        let tag = Tag::new(&format!("tag{}", number * TOGETHER + hashtag))?;
        Ok(NewTracked { target: Target::Hashtag(tag), interval: Interval::Day, since: at })
    };
    let settings = TrackerSettings {
        source: TrackerSource::Upstream,
        cadence: Cadence::Every(Interval::Day),
        is_paused: false,
        notes: String::new(),
        labels: "[]".to_owned(),
        credits_max: None,
        on_empty: OnEmpty::Pause,
        keyword: None,
        accept_views: None,
        videos: None,
    };
    Ok(NewTracker {
        id: TrackerId::new(at, number.into()),
        // An account has at most ten thousand trackers.
        account_id: AccountId(i64::try_from(number / 5_000)? + 1),
        settings,
        hashtags: (0..TOGETHER).map(tracked).collect::<Result<_, Box<dyn Error>>>()?,
        idempotency: None,
        at,
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| {
        given.get(at).filter(|text| !text.starts_with("--")).map_or(Ok(default), |text| text.parse())
    };
    let (hashtags, claimed, rounds) = (number(0, 1_000_000)?, number(1, 1_000)?, number(2, 20)?);
    let folder = tempfile::tempdir()?;
    let options = match given.iter().find_map(|text| text.strip_prefix("--database-url=")) {
        Some(url) => StoreOptions::at_url(folder.path(), url.parse()?),
        None => StoreOptions::in_folder(folder.path()),
    };
    let store = Store::open(&options).await?;
    let began = Instant::now();
    let trackers = hashtags / TOGETHER;
    for number in 0..trackers {
        let created = store.create_tracker(tracker(number)?).await?;
        if !matches!(created, TrackerCreated::Created(_)) {
            return Err(format!("{created:?}").into());
        }
    }
    println!("{hashtags} hashtags of {trackers} trackers made in {:.1} s", began.elapsed().as_secs_f64());
    for (share, due) in [("1 %", trackers / 100), ("50 %", trackers / 2), ("all", trackers)] {
        let now = Timestamp::from_ms(START_MS + i64::try_from(due)?);
        let lease = Lease { from: now, until: Timestamp::from_ms(now.as_ms() + 600_000) };
        let mut took = Vec::new();
        let mut found = 0;
        for _ in 0..rounds {
            let began = Instant::now();
            found += store.claim_readings(lease, usize::try_from(claimed)?).await?.len();
            took.push(began.elapsed().as_secs_f64() * 1_000.0);
        }
        took.sort_by(f64::total_cmp);
        let median = took.get(took.len() / 2).copied().unwrap_or_default();
        let most = took.last().copied().unwrap_or_default();
        println!(
            "{share} due: {found} claimed in {rounds} claims, median {median:.2} ms, longest {most:.2} ms"
        );
    }
    Ok(())
}
