//! The tables among the test inputs outside the repository, compared with what their READMEs and `truth.json` say.

#![expect(clippy::print_stderr, reason = "says that nothing was compared")]

use domain::observation::WindowObservation;
use domain::{Observation, VideoObservation};
use serde_json::Value;
use sources::files::{self, FileReport, Item, Mapping, Options, Reject};
use std::path::PathBuf;
use std::sync::Arc;

struct Out {
    videos: Vec<VideoObservation>,
    windows: Vec<WindowObservation>,
    rejects: Vec<Reject>,
    report: FileReport,
}

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/reports");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("{} is not there; nothing is compared", folder.display());
    None
}

fn read(name: &str, columns: &[&str], encoding: Option<&str>) -> Option<Out> {
    let path = folder()?.join(name);
    let columns: Vec<_> = columns.iter().map(|column| (*column).to_owned()).collect();
    let mapping = (!columns.is_empty()).then(|| Arc::new(Mapping::parse(&columns, &[]).expect("a mapping")));
    let encoding = encoding.and_then(|name| encoding_rs::Encoding::for_label(name.as_bytes()));
    let mut items: Vec<Item> = Vec::new();
    let report = files::read(
        files::open(&path).expect("a file"),
        Options { mapping, encoding, ..Options::default() },
        &mut items,
    );
    let report = report.unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut out = Out { videos: Vec::new(), windows: Vec::new(), rejects: Vec::new(), report };
    for item in items {
        match item {
            Item::Observation(Observation::Video(video)) => out.videos.push(*video),
            Item::Observation(Observation::Window(window)) => out.windows.push(*window),
            Item::Observation(Observation::Hashtag(_) | Observation::Removed(_)) => {}
            Item::Reject(reject) => out.rejects.push(reject),
        }
    }
    Some(out)
}

impl Out {
    fn plays(&self) -> Vec<Option<u64>> {
        self.videos.iter().map(|video| video.counts.plays.map(|count| count.value())).collect()
    }

    fn likes(&self) -> Vec<Option<u64>> {
        self.videos.iter().map(|video| video.counts.likes.map(|count| count.value())).collect()
    }

    fn tags(&self) -> Vec<Vec<&str>> {
        self.videos.iter().map(|video| video.tags.iter().map(|tag| tag.tag.name()).collect()).collect()
    }

    fn ids(&self) -> Vec<u64> {
        self.videos.iter().map(|video| video.id.get()).collect()
    }
}

const P: [&str; 3] = ["id=video_id", "caption=caption", "plays=plays"];

fn some(values: &[u64]) -> Vec<Option<u64>> {
    values.iter().copied().map(Some).collect()
}

#[test]
fn reported_tables_of_apify() {
    for name in ["actor-items-by-pandas.csv", "actor-items-names-in-a-cell.csv"] {
        let Some(out) = read(name, &[], None) else { return };
        assert_eq!(out.plays(), some(&[1201, 1202, 1203]), "{name}: {:?}", out.rejects);
        assert!(out.tags().iter().all(|tags| tags == &["gardening", "tomato"]), "{:?}", out.tags());
        assert!(out.videos.iter().all(|video| video.details.author.unique_id == "made.up.gardener"));
        let id = out.videos[0].tags[0].id.map(|id| id.get());
        assert_eq!(id, (name == "actor-items-by-pandas.csv").then_some(7551));
    }
    let Some(out) = read("carriage-returns-only.csv", &[], None) else { return };
    assert_eq!((out.plays(), out.rejects.len()), (some(&[1200]), 0));
}

#[test]
fn reported_quotes_separators_and_code_pages() {
    let Some(out) = read("sheet-with-bare-quotes.tsv", &P, None) else { return };
    assert_eq!((out.plays(), out.rejects.len()), (some(&[100, 200, 300, 400, 500]), 0));
    let Some(out) = read("separator-line-first.csv", &P, None) else { return };
    assert_eq!((out.plays(), out.tags()), (some(&[100]), vec![vec!["gardening"]]));
    let Some(out) = read("windows-1252.csv", &P, Some("windows-1252")) else { return };
    assert_eq!(out.tags(), [vec!["café", "Málaga", "fútbol"], vec!["caf", "mlaga"]]);
    let Some(out) = read("windows-1252.csv", &P, None) else { return };
    assert_eq!((out.tags(), out.rejects.len()), (vec![vec!["caf", "mlaga"]], 1));
    assert!(out.rejects[0].reason.contains("--encoding windows-1252"));
}

#[test]
fn reported_numbers_lists_and_words_for_nothing() {
    let columns = [&P[..], &["likes=likes"]].concat();
    let Some(out) = read("counts-with-unit-apart.csv", &columns, None) else { return };
    assert_eq!(out.plays(), some(&[1_200_000, 3_400_000, 1_200_000, 1_234, 1_200_000]), "{:?}", out.rejects);
    assert_eq!(out.likes(), some(&[12_000, 541_000, 12_000, 7, 12_300]));
    let lists = ["id=video_id", "tags=hashtags", "plays=plays"];
    let Some(out) = read("lists-of-other-programs.csv", &lists, None) else { return };
    assert_eq!(out.tags(), vec![vec!["gardening", "tomato"]; 4], "{:?}", out.rejects);
    let Some(out) = read("one-tag-of-two-words.csv", &lists, None) else { return };
    assert_eq!(out.tags(), [vec!["gardening", "grow your own"], vec!["grow your own"]]);
    let r = [
        "video_id=video_id",
        "author_name=author_name",
        "video_description=caption",
        "view_count=plays",
        "like_count=likes",
        "create_time=create_time",
        "hashtag_names=hashtags",
    ];
    let Some(out) = read("missing-values-of-r.csv", &r, None) else { return };
    assert_eq!((out.plays(), out.likes()), (vec![Some(1200), None], some(&[30, 30])), "{:?}", out.rejects);
    let second = &out.videos[1];
    assert_eq!((second.details.title.as_str(), second.details.create_time, second.tags.len()), ("", None, 0));
    let vid = [
        "vid_id=video_id",
        "vid_caption=caption",
        "vid_postTime=create_time",
        "vid_scrapeTime=observed_at",
        "vid_duration=duration_seconds",
        "vid_nview=plays",
        "vid_nlike=likes",
        "vid_hashtags=hashtags",
        "vid_url=url",
        "user_name=author_name",
        "music_id=music_id",
    ];
    let Some(out) = read("durations-as-minutes.csv", &vid, None) else { return };
    assert_eq!((out.plays(), out.rejects.len()), (some(&[541_200, 1_400_000]), 0));
    assert!(
        out.videos
            .iter()
            .all(|video| video.details.duration_seconds == 31 && video.details.music.id.is_empty())
    );
}

#[test]
fn the_reported_creative_center_table_is_a_window() {
    let Some(out) = read("creative-center-without-day.csv", &[], None) else { return };
    let [window] = &out.windows[..] else { panic!("{:?}", out.rejects) };
    assert_eq!(window.observed_at.to_rfc3339(), "2025-11-19T00:00:00Z");
    assert_eq!((window.views, window.posts, window.rank), (Some(105_791_735), Some(8_721), Some(1)));
    assert_eq!(window.country, "Malaysia");
}

#[test]
fn tables_of_tools_agree_with_the_truth() {
    let Some(folder) = folder() else { return };
    let truth = std::fs::read(folder.join("formats/truth.json")).expect("the truth");
    let truth: Vec<Value> = serde_json::from_slice(&truth).expect("JSON");
    for name in ["formats/zeeschuimer.csv", "formats/brightdata-posts.csv"] {
        let out = read(name, &[], None).expect("there");
        assert_eq!(out.videos.len(), truth.len(), "{name}: {:?}", out.rejects);
        for (video, truth) in out.videos.iter().zip(&truth) {
            let number = |key: &str| truth[key].as_u64();
            assert_eq!(truth["id"].as_str(), Some(video.id.get().to_string().as_str()), "{name}");
            assert_eq!(video.details.create_time, truth["time"].as_i64(), "{name}");
            let tags: Vec<_> = video.tags.iter().map(|tag| tag.tag.name()).collect();
            let want: Vec<_> =
                truth["tags"].as_array().expect("tags").iter().filter_map(Value::as_str).collect();
            assert_eq!(tags, want, "{name}");
            let counts = [video.counts.plays, video.counts.likes, video.counts.comments, video.counts.shares];
            let counts = counts.map(|count| count.map(|count| count.value()));
            assert_eq!(counts, ["plays", "likes", "comments", "shares"].map(number), "{name}");
            assert!(video.details.author.unique_id.starts_with("creator."), "{name}");
        }
    }
}

#[test]
fn tables_of_programs_between_are_read() {
    let id = 7_476_450_316_014_498_872;
    for name in ["formats/apify-excel-15-digits.csv", "formats/apify-excel-exponent.csv"] {
        let Some(out) = read(name, &[], None) else { return };
        assert_eq!((out.ids(), out.plays()), (vec![id], some(&[98_400])), "{name}: {:?}", out.rejects);
    }
    let Some(out) = read("formats/apify-items-by-pandas.csv", &[], None) else { return };
    assert_eq!(
        (out.plays(), out.tags()),
        (some(&[98_401, 98_401]), vec![vec!["cat", "kitten"]; 2]),
        "{:?}",
        out.rejects
    );
    let mobile = ["aweme_id=video_id", "cha_list=hashtags", "statistics.play_count=plays"];
    for columns in [&mobile[..], &[]] {
        let Some(out) = read("formats/mobile-flattened-by-pandas.csv", columns, None) else { return };
        assert_eq!(
            (out.plays(), out.tags()),
            (some(&[98_401, 98_401]), vec![vec!["cat", "kitten"]; 2]),
            "{:?}",
            out.rejects
        );
        assert_eq!(out.videos[0].tags[0].id.map(|id| id.get()), Some(7551));
    }
    let floats = ["id=video_id", "tag=hashtags", "author=author_id", "music=music_id", "plays=plays"];
    let Some(out) = read("formats/table-float-ids.csv", &floats, None) else { return };
    let music: Vec<_> = out.videos.iter().map(|video| video.details.music.id.as_str()).collect();
    assert_eq!(music, ["", "7123452387147720462"], "{:?}", out.rejects);
    assert_eq!(out.videos[1].author.map(|id| id.get()), Some(6_605_434_915_816_951_268));
    assert_eq!(out.report.notes.len(), 2, "{:?}", out.report.notes);
    let ansi = ["link=url", "caption=caption", "plays=plays"];
    let Some(out) = read("formats/table-ansi.csv", &ansi, Some("windows-1252")) else { return };
    assert_eq!((out.ids(), out.tags()), (vec![id], vec![vec!["café", "weiß"]]));
    let Some(out) = read("formats/table-ansi.csv", &ansi, None) else { return };
    assert_eq!((out.videos.len(), out.rejects.len()), (0, 1));
    let lists = ["id=video_id", "tags=hashtags", "plays=plays"];
    for (name, want) in [
        ("formats/tags-duckdb.csv", [vec!["cat", "thánhai", "it's"], vec![]]),
        ("formats/tags-postgres-array.csv", [vec!["cat", "thánhai", "two words"], vec![]]),
        ("formats/tags-r-vector.csv", [vec!["cat", "thánhai"], vec![]]),
        ("formats/tags-r-missing.csv", [vec![], vec!["cat"]]),
    ] {
        let Some(out) = read(name, &lists, None) else { return };
        assert_eq!(
            (out.tags(), out.plays()),
            (want.to_vec(), some(&[100, 200])),
            "{name}: {:?}",
            out.rejects
        );
    }
}
