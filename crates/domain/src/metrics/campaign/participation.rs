//! Participation in a campaign: its videos and creators, and the creators who are new each day.

use crate::metrics::engagement::VideoFigures;
use crate::{Creator, Timestamp, Zone};
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// A day of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParticipationDay {
    /// The local day.
    pub day: Date,
    /// Its first moment.
    pub begins_at: Timestamp,
    /// Videos posted on it.
    pub videos: u64,
    /// Distinct creators of these.
    pub creators: u64,
    /// Creators whose first stored video under the hashtags is of this day.
    pub new_creators: u64,
}

/// Participation in a campaign, of the stored videos.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Participation {
    /// Videos posted in its time.
    pub videos: u64,
    /// Distinct creators of these.
    pub creators: u64,
    /// Creators among them without a stored video under the hashtags from before.
    pub new_creators: u64,
    /// Videos of its time whose creator is unknown.
    pub videos_without_creator: u64,
    /// Stored videos whose time of posting is unknown: none of the numbers has them.
    pub videos_without_time: u64,
    /// Each day from the first to the last, also those without a video.
    pub days: Vec<ParticipationDay>,
}

/// Counts participation in all stored videos under a campaign's hashtags, each once, also those from before it. `from` and
/// `until` are included; days are those of the zone.
pub fn participation<'v>(
    videos: impl IntoIterator<Item = &'v VideoFigures>,
    from: Timestamp,
    until: Timestamp,
    zone: &Zone,
) -> Participation {
    let mut found = Participation::default();
    let mut first: BTreeMap<Creator, Timestamp> = BTreeMap::new();
    let mut days: BTreeMap<Date, (u64, BTreeSet<Creator>)> = BTreeMap::new();
    for video in videos {
        let Some(created) = video.created else {
            found.videos_without_time += 1;
            continue;
        };
        if created > until {
            continue;
        }
        if let Some(author) = video.author {
            first.entry(author).and_modify(|first| *first = created.min(*first)).or_insert(created);
        }
        if created >= from {
            let (videos, creators) = days.entry(zone.date(created)).or_default();
            *videos += 1;
            creators.extend(video.author);
            found.videos += 1;
            found.videos_without_creator += u64::from(video.author.is_none());
        }
    }
    let everybody: BTreeSet<Creator> =
        days.values().flat_map(|(_, creators)| creators.iter().copied()).collect();
    found.creators = everybody.len() as u64;
    let mut newcomers: BTreeMap<Date, u64> = BTreeMap::new();
    for at in everybody.iter().filter_map(|author| first.get(author)).filter(|at| **at >= from) {
        found.new_creators += 1;
        *newcomers.entry(zone.date(*at)).or_default() += 1;
    }
    let (begin, end) = (zone.date(from), zone.date(until));
    let day = |day| {
        let (videos, creators) = days.get(&day).map_or((0, 0), |(videos, who)| (*videos, who.len() as u64));
        let begins_at = zone.day_begins(day)?;
        let new_creators = newcomers.get(&day).copied().unwrap_or(0);
        Some(ParticipationDay { day, begins_at, videos, creators, new_creators })
    };
    found.days = begin.series(1.day()).take_while(|day| *day <= end).filter_map(day).collect();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VideoId;
    use crate::metrics::made_up::at;
    use crate::observation::VideoCounts;
    use proptest::prelude::*;

    fn video(id: u64, author: i64, hours: Option<i64>) -> VideoFigures {
        VideoFigures {
            video_id: VideoId::try_from(id).expect("an id"),
            author: Creator::from_i64(author),
            created: hours.map(at),
            observed_at: None,
            region: None,
            counts: VideoCounts::default(),
        }
    }

    #[test]
    fn a_creator_is_new_once_and_only_without_an_earlier_video() {
        let videos = [
            video(1, 7, Some(-30)),
            video(2, 7, Some(1)),
            video(3, 8, Some(2)),
            video(4, 8, Some(25)),
            video(5, 0, Some(26)),
            video(6, 9, None),
            video(7, 10, Some(100)),
        ];
        let found = participation(&videos, at(0), at(47), &Zone::UTC);
        assert_eq!((found.videos, found.creators, found.new_creators), (4, 2, 1));
        assert_eq!((found.videos_without_creator, found.videos_without_time), (1, 1));
        let days: Vec<_> =
            found.days.iter().map(|day| (day.videos, day.creators, day.new_creators)).collect();
        assert_eq!(days, [(2, 2, 1), (2, 1, 0)]);
        // In Kolkata the video of 1:00 is of the first day, and that of 25:00 of the third.
        let kolkata = "Asia/Kolkata".parse().expect("a zone");
        let found = participation(&videos, at(0), at(47), &kolkata);
        let days: Vec<_> = found.days.iter().map(|day| (day.day.to_string(), day.videos)).collect();
        assert_eq!(
            days,
            ["2024-01-01", "2024-01-02", "2024-01-03"]
                .map(str::to_owned)
                .into_iter()
                .zip([2, 2, 0])
                .collect::<Vec<_>>()
        );
    }

    proptest! {
        #[test]
        fn days_add_up_to_the_whole(
            posts in prop::collection::vec((0_i64..12, prop::option::of(-200_i64..200)), 0..60),
            until in 0_i64..150,
        ) {
            let videos: Vec<VideoFigures> =
                (1..).zip(&posts).map(|(id, (author, hours))| video(id, *author, *hours)).collect();
            let found = participation(&videos, at(0), at(until), &Zone::UTC);
            let is_in = |hours: &Option<i64>| hours.is_some_and(|hours| (0..=until).contains(&hours));
            let inside: Vec<_> = posts.iter().filter(|(_, hours)| is_in(hours)).collect();
            let creators: BTreeSet<i64> = inside.iter().map(|(who, _)| *who).filter(|who| *who > 0).collect();
            let before = |who: &&i64| {
                posts.iter().any(|(other, hours)| other == *who && hours.is_some_and(|hours| hours < 0))
            };
            prop_assert_eq!(found.videos, inside.len() as u64);
            prop_assert_eq!(found.creators, creators.len() as u64);
            prop_assert_eq!(found.new_creators, creators.iter().filter(|who| !before(who)).count() as u64);
            prop_assert_eq!(found.days.iter().map(|day| day.videos).sum::<u64>(), found.videos);
            prop_assert_eq!(found.days.iter().map(|day| day.new_creators).sum::<u64>(), found.new_creators);
            prop_assert!(found.days.iter().all(|day| day.new_creators <= day.creators));
            prop_assert_eq!(found.days.len() as i64, until / 24 + 1);
        }
    }
}
