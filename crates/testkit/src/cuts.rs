//! Series of views as they stood at some moment, made up with faults near their end or cut from the real ones, and which
//! number counts then.

use domain::count::display_step;
use domain::metrics::series::{Reading, Series};
use domain::{Count, HashtagObservation, Observation, Source, Timestamp};
use std::io::{Read, Write};
use std::path::Path;

const HOUR_MS: i64 = 3_600_000;
/// Readings of a made-up series at least, and so many more at most.
const READINGS: (u64, u64) = (12, 40);
/// Readings before the cut that are taken of a real one.
const READINGS_MAX: usize = 300;
/// Moments that are tried for each real cut, to find those at which the newest reading does not count.
const TRIES: usize = 400;

/// A hashtag's views up to some moment.
#[derive(Debug, Clone)]
pub struct Cut {
    /// Name of the series.
    pub name: String,
    /// In order of time.
    pub readings: Vec<(Timestamp, u64)>,
    /// Which number counts.
    pub views: u64,
    /// The newest reading, where it is another one.
    pub as_read: Option<u64>,
}

impl Cut {
    /// The last of `values` is read at `end`, the others 3 hours apart before it.
    fn of(name: String, values: &[u64], end: Timestamp) -> Self {
        let first = end.as_ms() - 3 * HOUR_MS * (i64::try_from(values.len()).expect("a few") - 1);
        let at = (0..).map(|number| Timestamp::from_ms(first + 3 * HOUR_MS * number));
        Self::new(name, at.zip(values.iter().copied()).collect())
    }

    fn new(name: String, readings: Vec<(Timestamp, u64)>) -> Self {
        let known: Vec<Reading> = readings.iter().map(|(at, views)| reading(*at, *views)).collect();
        let series = Series::repaired(&known);
        let (views, newest) =
            (series.last().expect("a reading").value, series.as_read().expect("a reading").observed);
        Self { name, readings, views, as_read: (newest != views).then_some(newest) }
    }

    /// The readings as observations, rounded for display as a web page has them.
    pub fn observations(&self) -> impl Iterator<Item = Observation> {
        self.readings.iter().map(|(at, views)| {
            let mut observation = HashtagObservation::from(crate::hashtag(&self.name));
            observation.source = Source::Series;
            observation.observed_at = Some(*at);
            observation.counts.views = Count::rounded(*views);
            Observation::Hashtag(Box::new(observation))
        })
    }

    /// The readings as rows of a tracker's CSV, without the header.
    pub fn csv(&self) -> String {
        let row = |(at, views): &(Timestamp, u64)| format!("{},,{},{views}\n", at.to_rfc3339(), self.name);
        self.readings.iter().map(row).collect()
    }
}

/// The header above [`Cut::csv`].
pub const CSV_HEADER: &str = "snapshot_utc,challenge_id,challenge_name,views\n";

fn reading(at: Timestamp, views: u64) -> Reading {
    Reading { at, count: Count::rounded(views).expect("a count"), source: Source::Series }
}

/// `SplitMix64`: the same numbers for a seed whatever library is built in.
struct Chance(u64);

impl Chance {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound
    }
}

/// As many made-up series, all read last at `end`: of each six one grows without a fault, and the others end with a lone
/// high, the reading after one, a replica that lags, a fall of today, and a number one below its step.
pub fn made_up(seed: u64, count: usize, end: Timestamp) -> Vec<Cut> {
    let mut chance = Chance(seed);
    let cuts = (0..count).map(|number| {
        let mut total = [7_000, 80_000, 400_000, 16_000_000, 3_000_000_000][number % 5] + chance.below(1_000);
        let length = READINGS.0 + chance.below(READINGS.1);
        let mut values: Vec<u64> = (0..length)
            .map(|_| {
                total += chance.below(total / 200);
                total - total % display_step(total)
            })
            .collect();
        let last = *values.last().expect("a few");
        let high = (last * 3) - (last * 3) % display_step(last * 3);
        let low = last - last / 20 - (last - last / 20) % display_step(last);
        match number % 6 {
            0 => {}
            1 => values.push(high.max(30_000)),
            2 => values.extend([high.max(30_000), last]),
            3 => values.push(low),
            4 => values.extend([last / 2 - (last / 2) % display_step(last / 2); 3]),
            _ => values.push((last + display_step(last.max(1_000_000))) / 100_000 * 100_000 + 99_999),
        }
        Cut::of(format!("madeup{number}"), &values, end)
    });
    cuts.collect()
}

/// As many cuts of the real series at random moments, moved in time so that all are read last at `end`; of half of them the
/// newest reading does not count. `None` where the series are not at hand.
pub fn captured(seed: u64, count: usize, end: Timestamp) -> Option<Vec<Cut>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/series/hashtag-views-2022-2026.tar.gz");
    let Ok(packed) = std::fs::File::open(&file) else {
        // If standard error is closed, there is nobody to inform.
        let _ = writeln!(std::io::stderr(), "skipped: no series at {}", file.display());
        return None;
    };
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed));
    let mut series: Vec<(String, Vec<(Timestamp, u64)>)> = Vec::new();
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").into_owned();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let is_word = name.bytes().all(|byte| byte.is_ascii_lowercase());
        if path.starts_with("data") && path.extension().is_some_and(|extension| extension == "txt") && is_word
        {
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("a text");
            let row = |line: &str| {
                let (at, views) = line.split_once('\t').expect("a tab");
                (Timestamp::parse(at).expect("a time"), views.trim().parse().expect("views"))
            };
            series.push((name, text.lines().map(row).collect()));
        }
    }
    series.sort_by(|one, other| one.0.cmp(&other.0));
    let mut chance = Chance(seed);
    let mut cuts: Vec<Cut> = Vec::new();
    for number in 0..count {
        let mut found = None;
        for _ in 0..TRIES {
            let (name, readings) =
                &series[usize::try_from(chance.below(series.len() as u64)).expect("a place")];
            let reached = usize::try_from(chance.below(readings.len() as u64)).expect("a place") + 1;
            if cuts.iter().any(|cut| cut.name == *name) {
                continue;
            }
            let recent = &readings[reached.saturating_sub(READINGS_MAX)..reached];
            let moved = end.as_ms() - recent.last().expect("a reading").0.as_ms();
            let moved = recent.iter().map(|(at, views)| (Timestamp::from_ms(at.as_ms() + moved), *views));
            let cut = Cut::new(name.clone(), moved.collect());
            let is_wanted = cut.as_read.is_some() == number.is_multiple_of(2);
            found = Some(cut);
            if is_wanted {
                break;
            }
        }
        cuts.extend(found);
    }
    assert!(cuts.iter().filter(|cut| cut.as_read.is_some()).count() * 3 >= count, "too few that differ");
    Some(cuts)
}
