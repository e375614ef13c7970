//! The real captures, read whole, against figures that an independent reading of them gave. Skips, saying so, where
//! the captures are not at hand.

use domain::observation::{RemovedObservation, VideoCounts, WindowObservation};
use domain::{
    HashtagId, HashtagObservation, Observation, Source, TagKey, Timestamp, VideoId, VideoObservation,
};
use sources::files::{self, FileReport, Item, Mapping, Options, Reject};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of captures, if it is there.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn captures() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no captures at {}", folder.display());
    None
}

#[derive(Default)]
struct Read {
    videos: Vec<VideoObservation>,
    hashtags: Vec<HashtagObservation>,
    windows: Vec<WindowObservation>,
    removed: Vec<RemovedObservation>,
    rejects: Vec<Reject>,
    reports: Vec<FileReport>,
}

fn read(folder: &Path, names: &[&str]) -> Read {
    let mut read = Read::default();
    for name in names {
        let mut items = Vec::new();
        let input = files::open(&folder.join(name)).expect("a capture");
        let options = Options { threads: NonZeroUsize::new(2).expect("two"), ..Options::default() };
        read.reports.push(files::read(input, options, &mut items).expect("a known format"));
        for item in items {
            match item {
                Item::Observation(Observation::Video(video)) => read.videos.push(*video),
                Item::Observation(Observation::Hashtag(hashtag)) => read.hashtags.push(*hashtag),
                Item::Observation(Observation::Window(window)) => read.windows.push(*window),
                Item::Observation(Observation::Removed(removed)) => read.removed.push(removed),
                Item::Reject(reject) => read.rejects.push(reject),
            }
        }
    }
    read
}

const FOUR: [&str; 4] = [
    "tiktok-scraper/trending-2020-12.json",
    "zeeschuimer/envelope.ndjson",
    "tiktok-mobile/feed-2025-2026.ndjson.gz",
    "tiktok-web/creators-2024.ndjson.gz",
];

#[test]
fn four_captures_give_the_videos_and_tags_of_the_independent_reading() {
    let Some(folder) = captures() else { return };
    let read = read(&folder, &FOUR);
    let mut videos_of: HashMap<TagKey, HashSet<VideoId>> = HashMap::new();
    let mut ids: HashMap<TagKey, HashSet<HashtagId>> = HashMap::new();
    let mut videos = HashSet::new();
    for video in &read.videos {
        videos.insert(video.id);
        for tag in &video.tags {
            videos_of.entry(tag.tag.key().clone()).or_default().insert(video.id);
            ids.entry(tag.tag.key().clone()).or_default().extend(tag.id);
        }
    }
    assert_eq!(read.videos.len(), 1000 + 60 + 1056 + 3920);
    assert_eq!(videos.len(), 5525);
    // 30 of them in captions of videos whose lists are empty.
    assert_eq!(videos_of.len(), 6883 + 30);
    assert_eq!(ids.values().filter(|ids| !ids.is_empty()).count(), 6809);
    let count = |name: &str| videos_of[&TagKey::new(name).expect("a tag")].len();
    assert_eq!((count("fyp"), count("ancungtiktok")), (815 + 1, 1015 + 3));
    let fyp = &ids[&TagKey::new("FYP").expect("a tag")];
    assert_eq!(fyp.iter().map(|id| id.get()).collect::<Vec<_>>(), [229_207]);
}

#[test]
fn bare_ids_are_of_removed_videos() {
    let Some(folder) = captures() else { return };
    let read = read(&folder, &FOUR);
    assert_eq!((read.removed.len(), read.rejects.len()), (5, 0));
    let listed = self::read(&folder, &["tiktok-web/deleted-videos.json"]);
    assert_eq!((listed.videos.len(), listed.removed.len(), listed.rejects.len()), (0, 4, 0));
    for removed in read.removed.iter().chain(&listed.removed) {
        assert_eq!((removed.source, removed.observed_at), (Source::WebItem, None));
    }
    assert_eq!(listed.removed[0].id.get(), 7_464_542_160_168_193_287);
}

#[test]
fn readings_have_the_time_their_source_states_and_no_other() {
    let Some(folder) = captures() else { return };
    let times = |name: &str| {
        let read = read(&folder, &[name]);
        let times: Vec<_> =
            read.videos.iter().map(|video| video.observed_at.map(Timestamp::to_rfc3339)).collect();
        (times[0].clone(), times.iter().filter(|time| time.is_some()).count(), times.len())
    };
    let stated = |text: &str| Some(text.to_owned());
    assert_eq!(times(FOUR[0]), (None, 0, 1000));
    assert_eq!(times(FOUR[1]), (stated("2025-03-07T12:29:19.037Z"), 60, 60));
    assert_eq!(times(FOUR[2]), (stated("2026-06-09T18:16:35Z"), 1056, 1056));
    assert_eq!(times(FOUR[3]), (stated("2025-02-12T16:00:10Z"), 3920, 3920));
    assert_eq!(times("tiktok-web/item-list.json"), (stated("2022-11-10T02:50:34Z"), 28, 28));
    assert_eq!(times("tiktok-mobile/challenge-aweme-list.json"), (stated("2021-08-16T06:50:58Z"), 2, 2));
    assert_eq!(times("tiktok-web/trending.json"), (None, 0, 10));
}

#[test]
fn exact_and_rounded_counts_are_distinguished() {
    let Some(folder) = captures() else { return };
    let read = read(&folder, &FOUR);
    let saves = |source: Source| {
        let saves = read.videos.iter().filter(|v| v.source == source).filter_map(|v| v.counts.saves);
        saves.filter(|count| count.value() >= 10_000 && !count.is_rounded()).count()
    };
    // `statsV2.collectCount` is exact; the mobile app is exact throughout.
    assert!(saves(Source::WebItem) >= 272);
    let is_exact =
        |v: &VideoObservation| v.counts.to_array().iter().flatten().all(|count| !count.is_rounded());
    let mobile: Vec<_> = read.videos.iter().filter(|v| v.source == Source::MobileAweme).collect();
    assert!(mobile.iter().all(|v| is_exact(v)));
    let plays = |v: &&VideoObservation| v.counts.plays.is_some_and(|count| count.is_rounded());
    let web = read
        .videos
        .iter()
        .filter(|v| v.source == Source::WebItem && v.counts.plays.is_some_and(|c| c.value() >= 10_000));
    assert!(web.clone().count() > 3000 && web.clone().all(|v| plays(&v)));
    // Eight readings of one day had lost all counts but the comments, twenty-one had lost the comments.
    assert_eq!(mobile.iter().filter(|v| v.counts.plays.is_none()).count(), 8);
    assert_eq!(mobile.iter().filter(|v| v.counts.comments.is_none()).count(), 21);
    assert!(mobile.iter().all(|v| v.counts.plays.is_none_or(|plays| plays.value() > 0)));
}

#[test]
fn videos_described_their_tags_without_counts() {
    let Some(folder) = captures() else { return };
    let read = read(&folder, &FOUR);
    assert!(read.hashtags.len() > 500, "{}", read.hashtags.len());
    assert!(read.hashtags.iter().all(|hashtag| hashtag.counts.is_empty() && !hashtag.details.is_empty()));
    let china = read.hashtags.iter().find(|h| h.tag.tag.name() == "china").expect("described");
    assert!(china.details.description.as_deref().is_some_and(|text| text.contains("中国")));
}

#[test]
fn each_hashtag_capture_gives_its_totals() {
    let Some(folder) = captures() else { return };
    let first = |name: &str| {
        let read = read(&folder, &[name]);
        assert!(read.rejects.is_empty(), "{:?}", read.rejects[0]);
        let h = &read.hashtags[0];
        let value = |count: Option<domain::Count>| count.map(|count| (count.value(), count.is_rounded()));
        let id = h.tag.id.map(|id| id.get());
        let counts = [h.counts.views, h.counts.creators, h.counts.videos].map(value);
        (read.hashtags.len(), h.source, id, h.tag.tag.name().to_owned(), counts)
    };
    assert_eq!(
        first("tiktok-mobile/challenge-detail.json"),
        (
            1,
            Source::MobileChallenge,
            Some(2_087_230),
            "Olympian".to_owned(),
            [Some((345_523_145, false)), Some((9572, false)), None]
        )
    );
    assert_eq!(
        first("tiktok-web/search-challenge.json"),
        (
            28,
            Source::WebSearch,
            Some(5424),
            "funny".to_owned(),
            [Some((503_200_000_000, true)), None, Some((42_100_000, true))]
        )
    );
    assert_eq!(
        first("tiktok-web/discover-us-2025-05-05.json"),
        (10, Source::Discover, Some(1_029_860), "lange".to_owned(), [Some((399_700_000, true)), None, None])
    );
}

#[test]
fn item_captures_give_their_videos() {
    let Some(folder) = captures() else { return };
    for (name, source, videos) in [
        ("tiktok-web/item-list.json", Source::WebItem, 28),
        ("tiktok-web/single-item.json", Source::WebItem, 1),
        ("tiktok-web/trending.json", Source::WebItem, 10),
        ("tiktok-web/node-share-hashtag-posts.json", Source::NodeShare, 30),
        ("tiktok-mobile/challenge-aweme-list.json", Source::MobileAweme, 2),
    ] {
        let read = read(&folder, &[name]);
        assert_eq!((read.videos.len(), read.rejects.len()), (videos, 0), "{name}");
        for video in &read.videos {
            assert_eq!(video.source, source, "{name}");
            assert_ne!(video.counts, VideoCounts::default(), "{name}");
            assert!(video.author.is_some() && video.details.create_time.is_some(), "{name}");
            assert!(!video.details.author.unique_id.is_empty() && !video.details.cover.is_empty(), "{name}");
            assert!(video.details.duration_seconds > 0 && video.details.duration_seconds < 600, "{name}");
        }
    }
}

#[test]
fn pages_of_the_research_api_give_their_videos() {
    let Some(folder) = captures() else { return };
    let pages = ["research-api/videos-page-1.json", "research-api/videos-page-2.json"];
    let read = read(&folder, &pages);
    // The first of the second page has an id of twenty digits, which no video has.
    assert_eq!((read.rejects.len(), read.rejects[0].place.record), (1, Some(1)));
    assert!(read.rejects[0].reason.contains("below 2^63"), "{}", read.rejects[0].reason);
    let ids: HashSet<_> = read.videos.iter().map(|video| video.id).collect();
    assert_eq!((read.videos.len(), ids.len()), (53, 27));
    assert_eq!(read.videos.iter().map(|video| video.tags.len()).sum::<usize>(), 322);
    let views = read.videos.iter().filter_map(|video| video.counts.plays);
    assert_eq!(views.map(|views| views.value()).sum::<u64>(), 4_188);
    assert!(read.videos.iter().all(|video| video.source == Source::ResearchApi));
    // Omitted likes are unknown, not 0.
    assert_eq!(read.videos.iter().filter(|video| video.counts.likes.is_none()).count(), 2);
    let nul = crate::read(&folder, &["research-api/videos-nul-bytes.json"]);
    assert_eq!(nul.videos[0].details.author.unique_id, "حموديالباشا4");
    assert_eq!(nul.videos[0].observed_at.map(Timestamp::to_rfc3339).as_deref(), Some("2024-11-18T16:08:58Z"));
    assert_eq!(nul.videos[0].tags.len(), 4);
}

#[test]
fn a_table_is_read_as_its_columns_are_named() {
    let Some(folder) = captures() else { return };
    let columns = [
        "video_id=video_id",
        "video_desc=caption",
        "video_playCount=plays",
        "video_stats=likes",
        "video_shareCount=shares",
        "author_uniqueId=author_name",
    ];
    let mapping = Mapping::parse(&columns.map(str::to_owned), &["observed_at=2021-08-25".to_owned()]);
    let options = Options { mapping: Some(Arc::new(mapping.expect("sense"))), ..Options::default() };
    let mut items = Vec::new();
    let input = files::open(&folder.join("csv/funny-hashtag.csv")).expect("a capture");
    let report = files::read(input, options, &mut items).expect("a table");
    assert_eq!((report.observations_total(), report.rejects), (100, 0));
    let videos: Vec<_> = items
        .into_iter()
        .filter_map(|item| match item {
            Item::Observation(Observation::Video(video)) => Some(video),
            _ => None,
        })
        .collect();
    let sum = |of: fn(&VideoCounts) -> Option<domain::Count>| {
        videos.iter().filter_map(|video| of(&video.counts)).map(|count| count.value()).sum::<u64>()
    };
    assert_eq!((sum(|counts| counts.plays), sum(|counts| counts.likes)), (6_836_900_000, 939_200_000));
    assert_eq!(videos.iter().map(|video| video.id).collect::<HashSet<_>>().len(), 100);
    let funny = TagKey::new("funny").expect("a tag");
    let has_it = |video: &VideoObservation| video.tags.iter().any(|tag| *tag.tag.key() == funny);
    assert_eq!(videos.iter().filter(|video| has_it(video)).count(), 100);
    assert!(videos.iter().all(|video| video.observed_at == Timestamp::parse("2021-08-25")));
}

#[test]
fn the_series_give_all_their_points() {
    let Some(folder) = captures() else { return };
    let series = read(&folder, &["series/hashtag-views-2022-2026.tar.gz"]);
    assert_eq!(series.hashtags.len(), 1_458_125);
    // A list of tags lies among the series.
    assert_eq!(series.rejects.len(), 1, "{:?}", series.rejects);
    assert!(series.rejects[0].place.file.ends_with("/tags.txt"));
    let tags: HashSet<_> = series.hashtags.iter().map(|h| h.tag.tag.name().to_owned()).collect();
    assert!(tags.contains("good spirits"));
    assert!(series.hashtags.iter().any(|h| h.counts.views.is_some_and(|v| v.value() == 16_399_999)));

    let csv = read(&folder, &["series/discover-us-2024.csv.gz", "series/discover-us-2025-2026.csv.gz"]);
    assert!(csv.rejects.is_empty(), "{:?}", csv.rejects[0]);
    assert_eq!(csv.hashtags.len(), 31_753);
    let lange: BTreeMap<_, _> = csv
        .hashtags
        .iter()
        .filter(|h| h.tag.id.is_some_and(|id| id.get() == 1_029_860))
        .map(|h| (h.observed_at, h.counts.views))
        .collect();
    assert_eq!(lange.len(), 1096);
    let (at, views) = lange.last_key_value().expect("points");
    assert_eq!(at.map(Timestamp::to_rfc3339).as_deref(), Some("2025-08-18T09:10:19Z"));
    assert_eq!(views.map(|views| (views.value(), views.is_rounded())), Some((509_700_000, true)));
}

#[test]
fn answers_of_tikwm_give_their_hashtags_and_videos() {
    let Some(folder) = captures() else { return };
    let read = read(
        &folder,
        &[
            "tikwm/getchallenge-hashtag-detail.json",
            "tikwm/searchchallenge-hashtag.json",
            "tikwm/getchallenge-hashtag-feed.json",
            "tikwm/searchvideobykeywords.json",
        ],
    );
    assert!(read.rejects.is_empty(), "{:?}", read.rejects[0]);
    let hashtags: Vec<_> = read.hashtags.iter().map(|h| h.tag.id.map(HashtagId::get)).collect();
    assert_eq!(hashtags, [5932, 5932, 59_274, 560_200].map(Some));
    let views: u64 = read.hashtags[1..].iter().filter_map(|h| h.counts.views).map(|c| c.value()).sum();
    let creators: u64 = read.hashtags[1..].iter().filter_map(|h| h.counts.creators).map(|c| c.value()).sum();
    assert_eq!((views, creators), (81_554_908_365, 11_452_521));
    let videos: Vec<_> = read.videos.iter().map(|v| (v.id.get(), v.tags.len())).collect();
    let expected = [
        (6_903_138_515_253_497_089, 16),
        (7_023_803_446_197_292_334, 12),
        (6_964_490_620_589_067_525, 7),
        (7_029_978_737_823_272_193, 5),
    ];
    assert_eq!(videos, expected);
    let plays: u64 = read.videos.iter().filter_map(|v| v.counts.plays).map(|c| c.value()).sum();
    assert_eq!(plays, 141_808_209 + 8_237_295);
    assert!(read.videos.iter().all(|v| v.counts.shares.is_none() && v.observed_at.is_none()));
    assert!(read.videos.iter().all(|v| v.details.region.is_some() && v.details.create_time.is_some()));
}

#[test]
fn the_overview_of_apify_gives_all_its_rows() {
    let Some(folder) = captures() else { return };
    let read = read(&folder, &["apify/overview.csv"]);
    assert!(read.rejects.is_empty(), "{:?}", read.rejects[0]);
    assert_eq!(read.videos.len(), 1351);
    assert_eq!(read.videos.iter().map(|v| v.id).collect::<HashSet<_>>().len(), 1160);
    let sum = |of: fn(&VideoCounts) -> Option<domain::Count>| {
        read.videos.iter().filter_map(|v| of(&v.counts)).map(|c| c.value()).sum::<u64>()
    };
    assert_eq!(
        [sum(|c| c.plays), sum(|c| c.likes), sum(|c| c.shares), sum(|c| c.comments), sum(|c| c.saves)],
        [751_262_710, 54_226_593, 2_324_942, 309_644, 3_934_795]
    );
    assert_eq!(read.videos.iter().filter(|v| v.details.title.contains('\n')).count(), 417);
    let authors: HashSet<_> = read.videos.iter().map(|v| &*v.details.author.unique_id).collect();
    assert_eq!(authors.len(), 942);
    // A reading that ends tags at spaces and `#` only finds 7,583 tags, 7 of them with signs after them.
    let tags: usize = read.videos.iter().map(|v| v.tags.len()).sum();
    assert!((7_575..=7_583).contains(&tags), "{tags}");
    let chanel = TagKey::new("chanel").expect("a tag");
    let has_it = |v: &&VideoObservation| v.tags.iter().any(|tag| *tag.tag.key() == chanel);
    assert_eq!(read.videos.iter().filter(has_it).count(), 198);
}

#[test]
fn the_expectations_of_yt_dlp_give_their_videos() {
    let Some(folder) = captures() else { return };
    let read = read(&folder, &["yt-dlp/info-dicts.json"]);
    let tags: Vec<_> = read.videos.iter().map(|v| v.tags.len()).collect();
    assert_eq!(tags, [3, 0, 1, 0, 0, 2, 0, 0, 0, 4, 0, 0]);
    assert!(read.videos.iter().all(|v| v.counts == VideoCounts::default() && v.observed_at.is_none()));
    assert!(read.videos.iter().all(|v| v.author.is_some() && v.details.create_time.is_some()));
    let is_matcher = |text: &str| text.starts_with("md5:") || text.starts_with("re:");
    let texts = |v: &VideoObservation| {
        [v.details.title.clone(), v.details.cover.clone(), v.details.music.author.clone()]
    };
    assert!(read.videos.iter().all(|v| !texts(v).iter().any(|text| is_matcher(text))));
    // Five of Douyin, four of them named at once and one without a link, two live streams, and ten lists with
    // only a name; two of these are bare ids, as of removed videos.
    let count = |part: &str| read.rejects.iter().filter(|reject| reject.reason.contains(part)).count();
    assert_eq!((read.rejects.len(), count("4 videos of another site"), count("a live stream")), (12, 1, 2));
}

#[test]
fn captures_of_other_shapes_are_refused_with_the_nearest() {
    let Some(folder) = captures() else { return };
    let name = "csv/funny-hashtag.csv";
    let input = files::open(&folder.join(name)).expect("a capture");
    let mut items = Vec::new();
    let error = files::read(input, Options::default(), &mut items).expect_err(name).to_string();
    assert!(error.contains("a known text begins with one of: apify"), "{error}");
}

#[test]
fn lists_of_the_creative_center_are_sums_over_a_window_and_nothing_else() {
    let Some(folder) = captures() else { return };
    let days = ["24", "25", "26", "29", "30"];
    let names: Vec<String> =
        days.iter().map(|day| format!("creative-center/hashtags-2025-09-{day}.csv")).collect();
    let read = read(&folder, &names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(
        (read.windows.len(), read.hashtags.len(), read.videos.len(), read.rejects.len()),
        (500, 0, 0, 0)
    );
    let first = &read.windows[0];
    assert_eq!((first.tag.tag.name(), first.tag.id.map(HashtagId::get)), ("gemini", Some(4232)));
    assert_eq!(first.observed_at.to_rfc3339(), "2025-09-24T18:11:30Z");
    assert_eq!(
        (&*first.country, first.rank, first.views, first.posts),
        ("Malaysia", Some(1), Some(84_150_986), Some(17_061))
    );
}
