//! The rule for tags in captions, checked against real captions whose list of tags is known. Skips, saying so, where the
//! captures are not at hand.

use domain::{Observation, TagKey, caption};
use sources::files::{self, Item, Options};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::path::Path;

/// The captures with lists of tags and captions beside them.
const WITH_LISTS: [&str; 9] = [
    "tiktok-scraper/trending-2020-12.json",
    "zeeschuimer/envelope.ndjson",
    "tiktok-mobile/feed-2025-2026.ndjson.gz",
    "tiktok-mobile/challenge-aweme-list.json",
    "tiktok-web/creators-2024.ndjson.gz",
    "tiktok-web/item-list.json",
    "tiktok-web/single-item.json",
    "tiktok-web/trending.json",
    "tiktok-web/node-share-hashtag-posts.json",
];

/// Distinct captions, each with the union of the lists of its videos. Where the list is empty, it is not known.
fn captions(folder: &Path) -> HashMap<String, BTreeSet<TagKey>> {
    let mut known: HashMap<String, BTreeSet<TagKey>> = HashMap::new();
    for name in WITH_LISTS {
        let mut items: Vec<Item> = Vec::new();
        let options = Options { threads: NonZeroUsize::new(2).expect("two"), ..Options::default() };
        files::read(files::open(&folder.join(name)).expect("a capture"), options, &mut items)
            .expect("a known format");
        for item in items {
            let Item::Observation(Observation::Video(video)) = item else { continue };
            let keys = known.entry(video.details.title).or_default();
            keys.extend(video.tags.into_iter().map(|tag| tag.tag.key().clone()));
        }
    }
    known.retain(|_, keys| !keys.is_empty());
    known
}

/// Why a tag that the rule finds is not in the list, as far as the caption shows.
fn class_of_extra(key: &TagKey, known: &BTreeSet<TagKey>) -> &'static str {
    let is_part =
        |other: &TagKey| other.as_str().contains(key.as_str()) || key.as_str().contains(other.as_str());
    match known.iter().any(is_part) {
        true => "part of a listed tag, or one with more after it",
        false => "not in the list at all: withdrawn, or the caption was edited",
    }
}

/// Why a tag of the list is not found in the caption.
fn class_of_missed(key: &TagKey, text: &str) -> &'static str {
    let letters = text.to_lowercase();
    match () {
        () if letters.contains(&format!("@{key}")) => "a mention that is listed as a tag",
        () if !letters.contains(key.as_str()) => "not in the caption",
        () if key.as_str().contains([' ', '.', '-', '\'']) => "holds what ends a tag",
        () => "in the caption, and not as a tag",
    }
}

#[test]
fn tags_of_real_captions_are_those_of_their_lists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !folder.is_dir() {
        println!("skipped: no captures at {}", folder.display());
        return;
    }
    let (mut right, mut extra, mut missed) = (0_u32, 0_u32, 0_u32);
    let mut classes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (text, known) in captions(&folder) {
        let found: BTreeSet<_> = caption::tags(&text).filter_map(|name| TagKey::new(name).ok()).collect();
        right += u32::try_from(found.intersection(&known).count()).expect("few");
        for key in found.difference(&known) {
            extra += 1;
            classes.entry(class_of_extra(key, &known)).or_default().push(key.to_string());
        }
        for key in known.difference(&found) {
            missed += 1;
            classes.entry(class_of_missed(key, &text)).or_default().push(key.to_string());
        }
    }
    let (precision, recall) =
        (f64::from(right) / f64::from(right + extra), f64::from(right) / f64::from(right + missed));
    println!("{right} right, {extra} extra, {missed} missed: precision {precision:.4}, recall {recall:.4}");
    for (class, mut keys) in classes {
        keys.sort();
        println!("{} {class}: {}", keys.len(), keys[..keys.len().min(12)].join(", "));
    }
    assert!(right > 20_000 && precision > 0.99 && recall > 0.99);
}
