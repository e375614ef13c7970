//! Counts the hashtags of a mobile feed's videos by month of posting: the figures of docs/metrics.md.
//! Skips, saying so, where the capture is not at hand.

use domain::metrics::structural_break::HASHTAGS_MAX;
use domain::{Observation, TagKey, Timestamp, VideoId};
use sources::files::{self, Item, Options};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

/// Videos that were posted in a month, and how many of them have more hashtags than TikTok allows today.
type ByMonth = BTreeMap<String, (u64, u64)>;

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn captured() -> Option<ByMonth> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/tiktok-mobile/feed-2025-2026.ndjson.gz");
    if !file.is_file() {
        println!("skipped: no capture at {}", file.display());
        return None;
    }
    let mut items = Vec::new();
    let input = files::open(&file).expect("a capture");
    files::read(input, Options::default(), &mut items).expect("a known format");
    let mut videos: HashMap<VideoId, (i64, HashSet<TagKey>)> = HashMap::new();
    for item in items {
        let Item::Observation(Observation::Video(video)) = item else { continue };
        let posted = video.details.create_time.expect("the app gives a time");
        // The second in the id stands for a time that is not known.
        let made = video.id.created_at().expect("an id of TikTok's").as_seconds();
        assert!((posted - made).abs() < 2 * 86_400, "{}: {posted} {made}", video.id);
        let (_, tags) = videos.entry(video.id).or_insert_with(|| (posted, HashSet::new()));
        // Of captions it is not known what TikTok takes for a hashtag: the figures are of its own lists.
        if !video.has_caption_tags {
            tags.extend(video.tags.iter().map(|tag| tag.tag.key().clone()));
        }
    }
    let mut months = ByMonth::new();
    for (posted, tags) in videos.into_values() {
        let month: String = Timestamp::from_ms(posted * 1000).to_rfc3339().chars().take(7).collect();
        let (count, many) = months.entry(month).or_default();
        *count += 1;
        *many += u64::from(tags.len() > HASHTAGS_MAX);
    }
    Some(months)
}

#[test]
fn the_figures_of_the_docs_are_those_of_the_capture() {
    let Some(months) = captured() else { return };
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let page = std::fs::read_to_string(page).expect("docs/metrics.md");
    let row = |name: &str| -> Vec<String> {
        let begin = format!("| {name} |");
        let row = page.lines().find(|line| line.starts_with(&begin)).expect("a row");
        row[begin.len()..].trim_end_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let (named, videos, many) = (row("posted in"), row("videos"), row("with more than five"));
    let number = |cells: &[String], place: usize| cells[place].parse::<u64>().expect("a number");
    let counted: ByMonth = named
        .iter()
        .enumerate()
        .map(|(place, month)| (month.clone(), (number(&videos, place), number(&many, place))))
        .collect();
    let shown: ByMonth = months.into_iter().filter(|(month, _)| **month >= *"2025-03").collect();
    assert_eq!(counted, shown);
    assert_eq!(counted["2025-05"], (84, 40));
}
