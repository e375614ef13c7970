//! Compares stated posting times with those in the ids: the upper 32 bits of an id are the second of its creation. A
//! post is published seconds later, a draft or scheduled one days later. A common offset of whole quarter hours is a
//! time zone: the file uses local times.

use domain::VideoObservation;

const QUARTER_SECONDS: i64 = 900;

/// Largest time zone offset, in quarter hours.
const QUARTERS_MAX: i64 = 14 * 4;

/// Tolerance around a whole quarter hour, in seconds.
const BEFORE_SECONDS: i64 = 30;
const AFTER_SECONDS: i64 = 180;

/// Fewest videos: fewer may share an offset by chance.
const VIDEOS_MIN: u64 = 3;

/// Videos in ten that must have the offset, or one of the two of a zone with summer time.
const OF_TEN_MIN: u64 = 8;

/// Seconds in plausible TikTok ids: 2014 to 2100.
const ID_SECONDS: std::ops::Range<i64> = 1_388_534_400..4_102_444_800;

/// Number of videos by offset.
#[derive(Debug)]
pub(crate) struct PostingTimes {
    videos: u64,
    /// From -[`QUARTERS_MAX`] to +[`QUARTERS_MAX`].
    by_quarter: Vec<u64>,
}

impl Default for PostingTimes {
    fn default() -> Self {
        let quarters = usize::try_from(2 * QUARTERS_MAX + 1).unwrap_or_default();
        Self { videos: 0, by_quarter: vec![0; quarters] }
    }
}

impl PostingTimes {
    /// Adds a video.
    pub(crate) fn add(&mut self, video: &VideoObservation) {
        let Some(stated) = video.details.create_time else { return };
        let in_id = video.id.to_i64() >> 32;
        if !ID_SECONDS.contains(&in_id) {
            return;
        }
        self.videos += 1;
        let offset = stated.saturating_sub(in_id).saturating_add(BEFORE_SECONDS);
        let (quarters, rest) = (offset.div_euclid(QUARTER_SECONDS), offset.rem_euclid(QUARTER_SECONDS));
        let place = usize::try_from(quarters.saturating_add(QUARTERS_MAX)).ok();
        if rest <= BEFORE_SECONDS + AFTER_SECONDS
            && let Some(number) = place.and_then(|place| self.by_quarter.get_mut(place))
        {
            *number += 1;
        }
    }

    /// Returns a note if the times look local.
    pub(crate) fn note(&self) -> Option<String> {
        let quarters = |place: usize| i64::try_from(place).unwrap_or(0) - QUARTERS_MAX;
        let others = self.by_quarter.iter().enumerate().filter(|(place, _)| quarters(*place) != 0);
        let (place, number) = others.max_by_key(|(_, number)| **number)?;
        // Summer time is an hour later.
        let near = [place.checked_sub(4), place.checked_add(4)].into_iter().flatten();
        let near = near.filter(|near| quarters(*near) != 0).filter_map(|near| self.by_quarter.get(near));
        let with_summer = number + near.max().copied().unwrap_or(0);
        if *number < VIDEOS_MIN || with_summer * 10 < self.videos * OF_TEN_MIN {
            return None;
        }
        let offset = quarters(place);
        let (hours, minutes) = (offset.abs() / 4, offset.abs() % 4 * 15);
        let minutes = if minutes == 0 { String::new() } else { format!(" {minutes} min") };
        let side = if offset > 0 { "after" } else { "before" };
        Some(format!(
            "{with_summer} of {} videos state a time of posting that is {hours} h{minutes} {side} the one in their id: these are local times, not UTC, and are kept as stated",
            self.videos
        ))
    }
}
