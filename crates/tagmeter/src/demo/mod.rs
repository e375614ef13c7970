//! The demo's data: made up, the same at every start, and shaped like the real thing. A few hashtags and videos
//! have nearly all the views (Zipf), some tags rise, some fade, one burst, and every hashtag has a reading at
//! the start of each of the last 90 days.
//!
//! All of it is computed in whole numbers from a seed, so that it is the same on every machine; only the day
//! that the history ends on is taken from the clock.

pub(crate) mod chance;

pub(crate) mod hashtags;

pub(crate) mod videos;

use domain::{Observation, Timestamp};

/// Days of history. The first and the last day have a reading each, so there is one reading more.
pub(crate) const DAYS: u64 = 90;

pub(crate) const DAY_MS: i64 = 86_400_000;

/// Returns all data of the demo, with a history that ends at the start of the day of `now`.
pub(crate) fn observations(now: Timestamp) -> Vec<Observation> {
    let today = Timestamp::from_ms(now.as_ms() - now.as_ms().rem_euclid(DAY_MS));
    let tags = hashtags::all();
    let mut all: Vec<Observation> = Vec::new();
    all.extend(tags.iter().flat_map(|tag| tag.readings(today)));
    all.extend(videos::readings(&tags, today));
    all
}

/// Returns the moment so many days before another.
pub(crate) fn days_before(at: Timestamp, days: u64) -> Timestamp {
    Timestamp::from_ms(at.as_ms() - i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(DAY_MS))
}

#[cfg(test)]
mod tests;
