//! The index as a whole against a naive one, its file when damaged, and paging.

use super::*;
use crate::builder::Memory;
use crate::segment::Label;
use domain::TagKey;
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

const IDENTITY: u128 = 0x1234_5678_9abc_def0_0fed_cba9_8765_4321;

fn key_of(text: &str) -> Option<String> {
    TagKey::new(text).ok().map(|key| key.as_str().to_owned())
}

/// Normalizes a keyword with the keys of hashtags.
pub(crate) fn keyword_form(keyword: &str) -> SearchForm {
    SearchForm::new(keyword, key_of)
}

/// Hashtag number to key and reach.
type Tags = BTreeMap<u32, (String, u64)>;

struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("search.idx")
    }

    fn build(&self, tags: &Tags, memory: Memory) -> SearchIndex {
        let mut builder =
            Builder::with_memory(self.path(), Label { identity: IDENTITY, sequence: 7 }, memory);
        for (hashtag, (key, reach)) in tags {
            builder.push(Document { hashtag: *hashtag, key, reach: *reach }).unwrap();
        }
        builder.finish().unwrap()
    }
}

const SMALL: Memory = Memory { chunk_bytes_max: 2000, pairs_max: 500 };
const LARGE: Memory = Memory { chunk_bytes_max: 1 << 30, pairs_max: 1 << 30 };

/// The rules of ranking once more, by going through all tags.
fn naive(tags: &Tags, keyword: &str) -> Vec<(u32, Class, u64)> {
    let keyword = keyword_form(keyword);
    if keyword.is_empty() {
        return Vec::new();
    }
    let mut hits: Vec<_> = tags
        .iter()
        .filter_map(|(hashtag, (key, reach))| Some((naive_class(&keyword, key)?, Reverse(*reach), *hashtag)))
        .collect();
    hits.sort_unstable();
    hits.truncate(DEPTH_MAX);
    hits.into_iter().map(|(class, reach, hashtag)| (hashtag, class, reach.0)).collect()
}

fn naive_class(keyword: &SearchForm, key: &str) -> Option<Class> {
    let form = search_form(key).into_owned();
    let joined = keyword.joined.as_str();
    let mut ends = vec![0];
    boundary::inner_boundaries(&form, &mut ends);
    ends.push(form.len());
    let is_word = |at: usize| ends.contains(&at) && ends.contains(&(at + joined.len()));
    let starts: Vec<usize> =
        (0..form.len()).filter(|at| form.is_char_boundary(*at) && form[*at..].starts_with(joined)).collect();
    if form == joined {
        let is_key = keyword.key.as_deref() == Some(key);
        Some(if is_key { Class::Exact } else { Class::Variant })
    } else if starts.first() == Some(&0) {
        Some(Class::Prefix)
    } else if starts.iter().any(|at| is_word(*at)) {
        Some(Class::Word)
    } else if !starts.is_empty() {
        Some(Class::Infix)
    } else if keyword.words.contains(&form) {
        Some(Class::OneWord)
    } else if !keyword.words.is_empty() && keyword.words.iter().all(|word| form.contains(word.as_str())) {
        Some(Class::AllWords)
    } else {
        None
    }
}

fn all_hits(index: &SearchIndex, keyword: &str, page: usize) -> Vec<(u32, Class, u64)> {
    let form = keyword_form(keyword);
    let mut all = Vec::new();
    loop {
        let next = index.query(&form, all.len(), page).unwrap();
        assert!(next.hits.len() == page || !next.has_more, "a page is full unless it is the last");
        all.extend(next.hits.iter().map(|hit| (hit.hashtag, hit.class, hit.reach)));
        if !next.has_more {
            return all;
        }
        assert!(!next.hits.is_empty());
    }
}

/// Few different characters and words, so that tags resemble each other, of all the kinds that matter.
const PIECES: &str = "(a|b|c|ab|cat|dog|street|comedy|_|7|2024|é|ß|猫|東京|タワー|ﾀ|ｃ|😂|❤\u{fe0f}|👩\u{200d}🍳|แมว|ที่|قطة|می|Ж)";

fn tag() -> impl Strategy<Value = (String, u64)> {
    let key = format!("{PIECES}{{1,5}}").parse::<String>().unwrap();
    let key = proptest::string::string_regex(&key).unwrap();
    let key = key.prop_filter_map("no tag", |name| key_of(&name));
    (key, prop_oneof![0u64..20, 0..u64::MAX])
}

fn keyword() -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("#?{PIECES}{{1,3}}( {PIECES}{{1,2}}){{0,2}}")).unwrap()
}

fn tags(count: usize) -> impl Strategy<Value = Tags> {
    prop::collection::btree_map(0u32..400, tag(), 0..count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn finds_what_a_scan_finds(
        mut tags in tags(250),
        changes in prop::collection::vec(prop::collection::vec((0u32..500, prop::option::weighted(0.9, tag())), 0..60), 0..4),
        keywords in prop::collection::vec(keyword(), 1..12),
        small in any::<bool>(),
        page in 1usize..40,
    ) {
        let room = Room::new();
        let index = room.build(&tags, if small { SMALL } else { LARGE });
        for keyword in &keywords {
            prop_assert_eq!(all_hits(&index, keyword, page), naive(&tags, keyword), "{:?}", keyword);
        }
        for (i, batch) in changes.iter().enumerate() {
            let documents = batch.iter().map(|(hashtag, change)| match change {
                Some((key, reach)) => Document { hashtag: *hashtag, key, reach: *reach },
                None => Document { hashtag: *hashtag, key: "", reach: 0 },
            });
            index.apply(documents, 100 + i as u64).unwrap();
            for (hashtag, change) in batch {
                match change {
                    Some(tag) => tags.insert(*hashtag, tag.clone()),
                    None => tags.remove(hashtag),
                };
            }
            prop_assert_eq!(index.sequence(), 100 + i as u64);
            for keyword in &keywords {
                prop_assert_eq!(all_hits(&index, keyword, page), naive(&tags, keyword), "{:?}", keyword);
            }
        }
    }
}

/// Names of which many resemble each other, the same at every run.
fn many(count: u32) -> Tags {
    let words =
        ["cat", "dog", "love", "street", "comedy", "fyp", "2024", "_", "猫", "viral", "แมว", "a", "😂"];
    let word = |n: u32| words[n as usize % words.len()];
    let name = |i: u32| {
        let mixed = i.wrapping_mul(2_654_435_761) >> 7;
        format!("{}{}{}{}", word(mixed), word(mixed / 13), word(mixed / 169), i % 97)
    };
    (0..count).map(|i| (i, (name(i), u64::from(i.wrapping_mul(40_503) % 5000)))).collect()
}

const MANY_KEYWORDS: [&str; 19] = [
    "a",
    "cat",
    "dog",
    "fyp",
    "2",
    "猫",
    "แมว",
    "😂",
    "comedy1",
    "street comedy",
    "love_",
    "catdog",
    "tcom",
    "viralviral",
    "cat dog love",
    "9",
    "zzz",
    "o",
    "love 4",
];

#[test]
fn many_tags_and_deep_pages() {
    let tags = many(8_000);
    let index = Room::new().build(&tags, Memory { chunk_bytes_max: 100_000, pairs_max: 50_000 });
    for keyword in MANY_KEYWORDS {
        let want = naive(&tags, keyword);
        for page in [7, 35, 1000, 5000] {
            assert_eq!(all_hits(&index, keyword, page), want, "{keyword}");
        }
    }
    let love = keyword_form("love");
    let last = index.query(&love, DEPTH_MAX - 3, 10).unwrap();
    assert_eq!((last.hits.len(), last.has_more), (3, false));
    assert_eq!(index.query(&love, DEPTH_MAX, 10).unwrap(), Page::default());
    assert_eq!(index.query(&love, usize::MAX, usize::MAX).unwrap(), Page::default());
    assert_eq!(index.query(&love, 0, 0).unwrap(), Page::default());
}

#[test]
fn changes_in_tiers_supersede_the_base() {
    let mut tags = many(4_000);
    let index = Room::new().build(&tags, LARGE);
    let changed = many(12_000);
    for round in 0..12u32 {
        let batch: Vec<(u32, String, u64)> = (0..900u32)
            .map(|i| {
                let hashtag = (round * 613 + i * 7) % 12_000;
                let key =
                    if i % 50 == 0 { changed[&(hashtag / 2)].0.clone() } else { changed[&hashtag].0.clone() };
                (hashtag, key, u64::from((i * 31 + round * 977) % 6000))
            })
            .collect();
        let documents =
            batch.iter().map(|(hashtag, key, reach)| Document { hashtag: *hashtag, key, reach: *reach });
        index.apply(documents, u64::from(round)).unwrap();
        for (hashtag, key, reach) in batch {
            tags.insert(hashtag, (key, reach));
        }
        for keyword in MANY_KEYWORDS.iter().skip(round as usize % 4).step_by(4) {
            assert_eq!(all_hits(&index, keyword, 100), naive(&tags, keyword), "{keyword} in round {round}");
        }
    }
    assert!(!index.state().tiers.is_empty());
    assert!(!index.wants_rebuild());
    let bulk: Vec<(u32, String)> = (0..101_000u32).map(|i| (20_000 + i, format!("b{i}"))).collect();
    index.apply(bulk.iter().map(|(hashtag, key)| Document { hashtag: *hashtag, key, reach: 1 }), 99).unwrap();
    assert!(index.wants_rebuild());
    assert_eq!(index.query(&keyword_form("B100999"), 0, 5).unwrap().hits.len(), 1);
    assert_eq!(index.query(&keyword_form("b"), 0, 5).unwrap().hits[0].hashtag, 20_000);
    assert_eq!(index.sequence(), 99);
}

#[test]
fn an_unchanged_hashtag_is_not_taken_again() {
    let room = Room::new();
    let tags = many(500);
    let index = room.build(&tags, LARGE);
    assert_eq!((index.len(), index.is_empty(), index.sequence()), (500, false, 7));
    let documents =
        || tags.iter().map(|(hashtag, (key, reach))| Document { hashtag: *hashtag, key, reach: *reach });
    index.apply(documents(), 8).unwrap();
    assert!(index.state().fresh.documents.is_empty());
    let grown = documents().map(|document| Document { reach: document.reach + 1, ..document });
    index.apply(grown, 9).unwrap();
    assert_eq!(index.len(), 500);
    index.apply([Document { hashtag: 9999, key: "new", reach: 1 }], 10).unwrap();
    assert_eq!((index.len(), index.sequence()), (501, 10));
}

#[test]
fn an_empty_index_answers() {
    let room = Room::new();
    let index = room.build(&Tags::new(), LARGE);
    assert!(index.is_empty());
    for keyword in ["cat", "", "a b", "\0", &"x".repeat(10_240)] {
        assert_eq!(index.query(&keyword_form(keyword), 0, 10).unwrap(), Page::default());
    }
    drop(index);
    assert!(SearchIndex::open(room.path(), IDENTITY).is_ok());
}

#[test]
fn what_was_written_is_opened_and_nothing_else_is() {
    let room = Room::new();
    let tags = many(300);
    drop(room.build(&tags, SMALL));
    let index = SearchIndex::open(room.path(), IDENTITY).unwrap();
    assert_eq!((index.len(), index.sequence()), (300, 7));
    assert_eq!(all_hits(&index, "cat", 10), naive(&tags, "cat"));
    assert!(matches!(SearchIndex::open(room.path(), IDENTITY + 1), Err(OpenError::OtherStore)));
    assert!(matches!(SearchIndex::open(room.folder.path().join("none"), 0), Err(OpenError::Read(_))));
    let names: Vec<_> =
        std::fs::read_dir(room.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["search.idx"], "nothing is left behind");
    std::fs::write(room.path(), "SQLite format 3\0 and more").unwrap();
    assert!(matches!(SearchIndex::open(room.path(), IDENTITY), Err(OpenError::NotAnIndex)));
}

#[test]
fn every_damage_is_noticed() {
    let room = Room::new();
    drop(room.build(&many(100), LARGE));
    let whole = std::fs::read(room.path()).unwrap();
    let open = |bytes: &[u8]| {
        std::fs::write(room.path(), bytes).unwrap();
        SearchIndex::open(room.path(), IDENTITY)
    };
    for at in (0..whole.len()).step_by(7).chain(whole.len() - 120..whole.len()) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(open(&bytes).is_err(), "byte {at} of {}", whole.len());
    }
    for length in (0..whole.len()).step_by(11) {
        assert!(open(&whole[..length]).is_err(), "cut to {length}");
    }
    assert!(open(&[&whole[..], b"more"].concat()).is_err());
    let mut newer = whole.clone();
    newer[8] += 1;
    assert!(matches!(open(&newer), Err(OpenError::Version { found: 2 })));
    assert!(open(&whole).is_ok());
}

#[test]
fn readers_keep_the_old_file_while_a_new_one_takes_its_place() {
    let room = Room::new();
    let (old_tags, new_tags) = (many(200), many(400));
    let old = room.build(&old_tags, LARGE);
    let new = room.build(&new_tags, LARGE);
    assert_eq!(all_hits(&old, "cat", 10), naive(&old_tags, "cat"));
    assert_eq!(all_hits(&new, "cat", 10), naive(&new_tags, "cat"));
}

#[cfg(unix)]
#[test]
fn a_file_cut_short_under_us_is_an_error() {
    let room = Room::new();
    let index = room.build(&many(5000), LARGE);
    std::fs::OpenOptions::new().write(true).open(room.path()).unwrap().set_len(100).unwrap();
    assert!(index.query(&keyword_form("cat"), 0, 10).is_err());
}

#[test]
fn many_threads_query_while_changes_arrive() {
    let tags = many(3000);
    let index = Room::new().build(&tags, LARGE);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let page = index.query(&keyword_form("cat"), 0, 20).unwrap();
                    assert_eq!(page.hits.len(), 20);
                    assert!(page.hits.is_sorted_by_key(|hit| (hit.class, Reverse(hit.reach), hit.hashtag)));
                }
            });
        }
        scope.spawn(|| {
            for round in 0..40u32 {
                let name = format!("cat{round}");
                let grown = (0..60).map(|i| Document { hashtag: round * 60 + i, key: &name, reach: 9000 });
                index.apply(grown, u64::from(round)).unwrap();
            }
        });
    });
    assert_eq!(index.sequence(), 39);
}
