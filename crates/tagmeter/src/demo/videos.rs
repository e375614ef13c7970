//! The demo's videos: a few with tens of millions of plays, most with some hundreds.

use super::hashtags::DemoTag;
use super::{DAY_MS, chance, days_before};
use domain::observation::{TagRef, VideoCounts};
use domain::video::{Author, Music, VideoDetails};
use domain::{AuthorId, Count, Observation, Source, Timestamp, VideoId, VideoObservation};

/// Number of videos.
pub(crate) const VIDEOS: u64 = 3000;
/// Number of accounts that posted them.
const AUTHORS: usize = 700;
/// Number of sounds they use.
const SOUNDS: usize = 150;
/// Days before today on which a video is read, if it was posted by then.
const READ_DAYS_BACK: [u64; 3] = [28, 7, 0];
/// Maximum age of a video, in days.
const AGE_DAYS_MAX: u64 = 120;

const MOODS: [&str; 12] = [
    "sunny", "quiet", "tiny", "brave", "sleepy", "swift", "gentle", "curious", "golden", "merry", "misty",
    "lucky",
];
const BEINGS: [&str; 14] = [
    "otter", "maple", "comet", "heron", "pebble", "lantern", "willow", "puffin", "ember", "cricket",
    "harbor", "meadow", "marble", "sparrow",
];
const OPENINGS: [&str; 10] = [
    "wait for it",
    "part 2",
    "this took all day",
    "first try",
    "how it started",
    "pov",
    "small joys",
    "a quick tip",
    "back by request",
    "before and after",
];
const REGIONS: [&str; 10] = ["US", "GB", "DE", "BR", "JP", "ID", "FR", "MX", "TH", "DK"];

/// Returns every reading of every video, oldest first within a video.
pub(crate) fn readings(tags: &[DemoTag], today: Timestamp) -> Vec<Observation> {
    let videos: Vec<Video> = (0..VIDEOS).filter_map(|index| Video::new(index, tags, today)).collect();
    videos.iter().flat_map(|video| video.readings(today)).collect()
}

/// A video of the demo.
struct Video {
    index: u64,
    id: VideoId,
    author: usize,
    tags: Vec<TagRef>,
    created: Timestamp,
    details: VideoDetails,
}

impl Video {
    /// `None` only if its number were no id.
    fn new(index: u64, tags: &[DemoTag], today: Timestamp) -> Option<Self> {
        let age_seconds = chance::between("age", index, 3600, AGE_DAYS_MAX * 86_400);
        let created = Timestamp::from_ms(today.as_ms() - i64::try_from(age_seconds).ok()? * 1000);
        let seconds = u64::try_from(created.as_seconds()).ok()?;
        // TikTok's ids begin with the second of posting.
        let id = VideoId::try_from((seconds << 32) | (index << 12)).ok()?;
        let author = chance::early_place("author", index, AUTHORS);
        let tags = tags_of(index, tags);
        let details = details(index, id, author, &tags, created);
        Some(Self { index, id, author, tags, created, details })
    }

    fn readings(&self, today: Timestamp) -> impl Iterator<Item = Observation> + use<'_> {
        let days = READ_DAYS_BACK.into_iter().map(move |days| days_before(today, days));
        days.filter(|at| *at > self.created).map(|at| {
            let age_days = u64::try_from((at.as_ms() - self.created.as_ms()) / DAY_MS).unwrap_or(0);
            Observation::Video(Box::new(VideoObservation {
                id: self.id,
                source: Source::Synthetic,
                observed_at: Some(at),
                author: AuthorId::try_from(6_800_000_000_000_000_000 + self.author as u64).ok(),
                tags: self.tags.clone(),
                has_caption_tags: false,
                counts: counts(self.index, age_days),
                details: self.details.clone(),
                digest: chance::below("reading", self.index, u64::MAX) ^ at.as_ms().unsigned_abs(),
            }))
        })
    }
}

/// Returns a subject, some of its neighbours, and for most videos a generic tag.
fn tags_of(index: u64, tags: &[DemoTag]) -> Vec<TagRef> {
    let subject = match usize::try_from(place(index)) {
        // The most-played ones belong to the farthest-reaching tags.
        Ok(place) if place < 48 => &tags[place % 8],
        _ => &tags[chance::early_place("subject", index, tags.len())],
    };
    let neighbours = tags.iter().filter(|tag| tag.word == subject.word && tag.reference != subject.reference);
    let neighbours = neighbours.filter(|tag| chance::below(tag.reference.tag.name(), index, 3) == 0);
    let broad = tags.iter().filter(|tag| tag.word.is_empty() && tag.reference != subject.reference);
    let broad =
        broad.filter(|tag| !subject.word.is_empty() && chance::below(tag.reference.tag.name(), index, 3) > 0);
    [subject].into_iter().chain(neighbours).chain(broad).map(|tag| tag.reference.clone()).collect()
}

/// Returns the place of a video by plays, from 0. The factor and the count have no common divisor, so that
/// every place occurs once.
fn place(index: u64) -> u64 {
    index * 1_237 % VIDEOS
}

/// Returns the counts of a video. Plays fall with the place as 1/place, and grow fast at first, then ever more
/// slowly.
fn counts(index: u64, age_days: u64) -> VideoCounts {
    let in_the_end = 90_000_000 / (place(index) + 1) / 100 * chance::between("plays", index, 70, 130) + 150;
    let plays = in_the_end * (age_days + 1) / (age_days + 4);
    let share =
        |kind: &str, low, high| Count::exact(plays * chance::between(kind, index, low, high) / 10_000);
    VideoCounts {
        plays: Count::exact(plays),
        likes: share("likes", 400, 1500),
        comments: share("comments", 5, 90),
        shares: share("shares", 5, 200),
        saves: share("saves", 10, 250),
        downloads: share("downloads", 0, 40),
    }
}

fn details(index: u64, id: VideoId, author: usize, tags: &[TagRef], created: Timestamp) -> VideoDetails {
    let hashtags: Vec<String> = tags.iter().map(|tag| format!("#{}", tag.tag.name())).collect();
    let title = format!("{} {}", chance::one_of("opening", index, &OPENINGS), hashtags.join(" "));
    let media = |folder: &str, kind: &str| format!("https://example.com/tagmeter-demo/{folder}/{id}.{kind}");
    let duration_seconds = chance::between("duration", index, 6, 95);
    VideoDetails {
        region: chance::one_of("region", index, &REGIONS).parse().ok(),
        title,
        cover: media("cover", "jpg"),
        origin_cover: media("origin-cover", "jpg"),
        duration_seconds,
        play: media("play", "mp4"),
        wmplay: media("wmplay", "mp4"),
        size_bytes: duration_seconds * 180_000,
        wm_size_bytes: duration_seconds * 190_000,
        music: music(chance::early_place("music", index, SOUNDS) as u64),
        create_time: Some(created.as_seconds()),
        author: author_of(author as u64),
        ..VideoDetails::default()
    }
}

fn author_of(number: u64) -> Author {
    let (mood, being) = (chance::one_of("mood", number, &MOODS), chance::one_of("being", number, &BEINGS));
    Author {
        id: (6_800_000_000_000_000_000 + number).to_string(),
        unique_id: format!("{mood}.{being}{number}"),
        nickname: format!("{mood} {being}"),
        avatar: format!("https://example.com/tagmeter-demo/avatar/{number}.jpg"),
    }
}

fn music(number: u64) -> Music {
    let (mood, being) =
        (chance::one_of("sound mood", number, &MOODS), chance::one_of("sound being", number, &BEINGS));
    let id = (6_900_000_000_000_000_000 + number).to_string();
    Music {
        title: format!("{mood} {being}"),
        play: format!("https://example.com/tagmeter-demo/sound/{id}.mp3"),
        cover: format!("https://example.com/tagmeter-demo/sound/{id}.jpg"),
        author: format!("the {being}s"),
        original: number.is_multiple_of(3),
        duration: chance::between("sound", number, 10, 60),
        album: String::new(),
        id,
    }
}
