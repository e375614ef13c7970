//! The demo's hashtags and their history.

use super::{DAYS, chance, days_before};
use domain::observation::{HashtagCounts, HashtagDetails, TagRef};
use domain::{Count, HashtagId, HashtagObservation, Observation, Source, Tag, Timestamp};

/// Words that names are built from. The first is the example of the contract.
const WORDS: [&str; 44] = [
    "cat",
    "dog",
    "comedy",
    "dance",
    "food",
    "music",
    "makeup",
    "football",
    "travel",
    "fitness",
    "art",
    "book",
    "gaming",
    "fashion",
    "garden",
    "coffee",
    "baking",
    "nature",
    "anime",
    "skate",
    "piano",
    "science",
    "history",
    "math",
    "camping",
    "surf",
    "yoga",
    "running",
    "cycling",
    "vegan",
    "pottery",
    "origami",
    "chess",
    "birding",
    "ramen",
    "lego",
    "astronomy",
    "calligraphy",
    "beekeeping",
    "juggling",
    "猫",
    "cocina",
    "мода",
    "😺",
];

/// Patterns of names: `{}` is the word.
const PATTERNS: [&str; 8] =
    ["{}", "{}tok", "{}lover", "funny{}", "{}life", "{}softiktok", "learn{}", "street{}"];

/// Generic tags, which are used with every subject.
const BROAD: [&str; 4] = ["fyp", "foryou", "viral", "trending"];

/// Growth of a hashtag over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// About as many new views every day.
    Steady,
    /// More every day.
    Rising,
    /// Fewer every day.
    Fading,
    /// Nearly everything within a week.
    Burst,
}

/// A hashtag of the demo.
#[derive(Debug, Clone)]
pub(crate) struct DemoTag {
    pub(crate) reference: TagRef,
    /// The word in its name; empty for the generic ones.
    pub(crate) word: &'static str,
    /// Its place by reach, from 0.
    rank: u64,
    /// Totals of the last day.
    views: u64,
    creators: u64,
    details: HashtagDetails,
}

/// Returns all hashtags, by falling reach.
pub(crate) fn all() -> Vec<DemoTag> {
    let broad = BROAD.iter().map(|name| ("", (*name).to_owned()));
    let built = PATTERNS
        .iter()
        .flat_map(|pattern| WORDS.iter().map(move |word| (*word, pattern.replace("{}", word))));
    // After #fyp comes #cat; the other generic ones are among the words.
    let (first, others): (Vec<_>, Vec<_>) =
        broad.chain(built).partition(|(_, name)| name == "fyp" || name == "cat");
    let names = first.into_iter().chain(others);
    names.zip(0..).filter_map(|((word, name), rank)| DemoTag::new(word, &name, rank)).collect()
}

impl DemoTag {
    /// `None` only for a name that is no tag.
    fn new(word: &'static str, name: &str, rank: u64) -> Option<Self> {
        let tag = Tag::new(name).ok()?;
        if name == "cat" {
            return Self::example(tag, word, rank);
        }
        let id = chance::between("hashtag id", rank, 10_000, 99_999) * 100_000 + rank;
        // Views fall with the rank as 1/rank, give or take a tenth.
        let views = 6_000_000_000_000 / (rank + 1) / 1000 * chance::between("views", rank, 900, 1100);
        let creators = views / chance::between("views a creator", rank, 9_000, 18_000);
        let details = HashtagDetails {
            description: Some(String::new()),
            is_pgcshow: Some(false),
            is_commerce: Some(chance::below("commerce", rank, 25) == 0),
            is_challenge: Some(false),
            is_strong_music: Some(chance::below("music", rank, 40) == 0),
            kind: Some(if rank < 40 { 2 } else { 1 }),
            cover: Some(String::new()),
        };
        Some(Self {
            reference: TagRef { tag, id: HashtagId::try_from(id).ok() },
            word,
            rank,
            views,
            creators,
            details,
        })
    }

    /// #cat, the example record of the contract, field for field.
    fn example(tag: Tag, word: &'static str, rank: u64) -> Option<Self> {
        let details = HashtagDetails {
            description: Some(String::new()),
            is_pgcshow: Some(false),
            is_commerce: Some(false),
            is_challenge: Some(false),
            is_strong_music: Some(false),
            kind: Some(2),
            cover: Some("https://example.com/tagmeter-demo/cover/7551.jpg".to_owned()),
        };
        let id = HashtagId::try_from(7551).ok()?;
        let (views, creators) = (1_000_681_687_205, 67_579_511);
        Some(Self { reference: TagRef { tag, id: Some(id) }, word, rank, views, creators, details })
    }

    /// Returns its growth over time.
    pub(crate) fn course(&self) -> Course {
        match self.rank {
            0..4 => Course::Steady,
            _ => *chance::one_of(
                "course",
                self.rank,
                &[
                    Course::Steady,
                    Course::Steady,
                    Course::Steady,
                    Course::Rising,
                    Course::Fading,
                    Course::Burst,
                ],
            ),
        }
    }

    /// Returns a reading at the start of each day, oldest first, ending with `today`.
    pub(crate) fn readings(&self, today: Timestamp) -> impl Iterator<Item = Observation> + use<'_> {
        let mut shares = Vec::with_capacity(91);
        let mut share = WHOLE;
        for days_back in 0..=DAYS {
            shares.push((days_back, share));
            share -= self.gain_of_day(days_back);
        }
        shares.into_iter().rev().map(move |(days_back, share)| {
            let part = |whole: u64| {
                u64::try_from(u128::from(whole) * u128::from(share) / u128::from(WHOLE)).unwrap_or(0)
            };
            let counts = HashtagCounts {
                views: Count::exact(part(self.views)),
                creators: Count::exact(part(self.creators)),
                videos: Count::exact(part(self.creators).saturating_mul(8) / 5),
            };
            Observation::Hashtag(Box::new(HashtagObservation {
                tag: self.reference.clone(),
                source: Source::Synthetic,
                observed_at: Some(days_before(today, days_back)),
                counts,
                details: self.details.clone(),
            }))
        })
    }

    /// Returns the gain of the day that ended so many days back, as a share of today's total.
    fn gain_of_day(&self, days_back: u64) -> u64 {
        let usual = match self.course() {
            Course::Steady => 700_000,
            Course::Rising => 30_000_000 * 20 / (20 + days_back * 3),
            Course::Fading => 200_000 + 60_000 * days_back,
            Course::Burst => match days_back.abs_diff(chance::between("burst", self.rank, 8, 70)) {
                distance @ 0..7 => 90_000_000 / (1 + distance * distance),
                _ => 100_000,
            },
        };
        // Weekends gain a third more, and each day varies.
        let of_week = if days_back % 7 < 2 { 4 } else { 3 };
        usual * of_week / 3 * chance::between("day", self.rank * 1000 + days_back, 850, 1150) / 1000
    }
}

/// A share of one, in billionths. All gains of [`DAYS`] days stay below it.
const WHOLE: u64 = 1_000_000_000;
