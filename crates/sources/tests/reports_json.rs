//! The files of JSON that users reported, against what they really contain. Skips, saying so, where they are not at hand.

use domain::observation::WindowObservation;
use domain::{Observation, Source, Timestamp, VideoObservation};
use serde::Deserialize;
use sources::files::{self, FileError, Item, Options, Reject};
use std::path::{Path, PathBuf};

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn reports() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/reports");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no reports at {}", folder.display());
    None
}

#[derive(Default)]
struct Out {
    videos: Vec<VideoObservation>,
    windows: Vec<WindowObservation>,
    rejects: Vec<Reject>,
    notes: Vec<String>,
}

fn try_read(folder: &Path, name: &str) -> Result<Out, FileError> {
    let mut items = Vec::new();
    let report = files::read(files::open(&folder.join(name))?, Options::default(), &mut items)?;
    let mut out = Out { notes: report.notes, ..Out::default() };
    for item in items {
        match item {
            Item::Observation(Observation::Video(video)) => out.videos.push(*video),
            Item::Observation(Observation::Window(window)) => out.windows.push(*window),
            // Descriptions of tags.
            Item::Observation(Observation::Hashtag(_)) => {}
            Item::Observation(Observation::Removed(removed)) => {
                panic!("no test here is of removals: {removed:?}")
            }
            Item::Reject(reject) => out.rejects.push(reject),
        }
    }
    Ok(out)
}

/// Reads a file in which nothing is wrong.
fn read(folder: &Path, name: &str) -> Out {
    let out = try_read(folder, name).expect("a known format");
    assert!(out.rejects.is_empty(), "{name}: {:?}", out.rejects);
    out
}

fn refused(folder: &Path, name: &str) -> String {
    match try_read(folder, name) {
        Err(why) => why.to_string(),
        Ok(out) => panic!("{name}: {} videos", out.videos.len()),
    }
}

fn tags(video: &VideoObservation) -> Vec<&str> {
    video.tags.iter().map(|tag| tag.tag.name()).collect()
}

fn plays(video: &VideoObservation) -> Option<u64> {
    video.counts.plays.map(domain::Count::value)
}

fn times(out: &Out) -> Vec<Option<String>> {
    out.videos.iter().map(|video| video.observed_at.map(Timestamp::to_rfc3339)).collect()
}

#[test]
fn items_of_an_actor_with_names_of_its_own_are_read() {
    let Some(folder) = reports() else { return };
    let out = read(&folder, "flat-actor-items.json");
    assert_eq!(out.videos.iter().map(plays).collect::<Vec<_>>(), [Some(3_515_373), Some(3_515_374)]);
    for video in &out.videos {
        assert_eq!((video.source, tags(video)), (Source::Apify, vec!["gardening", "tomato"]));
        assert_eq!(video.details.author.unique_id, "made.up.gardener");
        assert_eq!(video.author.map(|id| id.get()), Some(6_871_947_674_891_853_551));
        assert_eq!(video.counts.saves.map(|count| count.value()), Some(9107));
        assert_eq!(video.details.duration_seconds, 93);
        assert!(!video.has_caption_tags);
        // The id of its sound was rounded.
        assert_eq!(video.details.music.id, "");
    }
    assert_eq!(out.videos[0].details.create_time, Some(1_764_003_600));
}

#[test]
fn comments_are_named_and_give_their_video_nothing() {
    let Some(folder) = reports() else { return };
    let video = read(&folder, "video-of-the-comments.json");
    assert_eq!((video.videos.len(), tags(&video.videos[0])), (1, vec!["gardening"]));
    for (name, what) in [
        ("comments-of-a-video.json", "3 comments on videos, not videos"),
        ("formats/zeeschuimer-comments.ndjson", "a comment on a video, not a video"),
        ("formats/research-comments.json", "a comment on a video, not a video"),
    ] {
        let why = refused(&folder, name);
        assert!(why.contains(what) && why.contains("import the videos themselves"), "{name}: {why}");
    }
}

#[test]
fn the_display_api_is_no_research_api() {
    let Some(folder) = reports() else { return };
    let out = read(&folder, "display-api-page.json");
    assert_eq!(out.videos.iter().map(plays).collect::<Vec<_>>(), [Some(3_515_373), Some(3_515_374)]);
    for video in &out.videos {
        assert_eq!((video.source, tags(video)), (Source::DisplayApi, vec!["gardening", "tomato"]));
        assert_eq!((video.details.duration_seconds, video.has_caption_tags), (42, true));
        assert_eq!(video.details.author.unique_id, "made.up.gardener");
    }
    assert_eq!(times(&out), vec![Some("2025-12-01T10:11:12Z".to_owned()); 2]);
}

#[test]
fn research_answers_without_lists_have_the_tags_of_their_captions() {
    let Some(folder) = reports() else { return };
    let out = read(&folder, "research-page-without-hashtag-names.json");
    assert_eq!(out.videos.len(), 2);
    for video in &out.videos {
        assert_eq!((tags(video), video.has_caption_tags), (vec!["gardening", "tomato"], true));
    }
    let out = read(&folder, "creators-by-handle.json");
    let handles: Vec<&str> = out.videos.iter().map(|v| v.details.author.unique_id.as_str()).collect();
    assert_eq!(handles, ["maker1", "maker0", "maker1", "maker0"]);
    assert!(out.videos.iter().all(|video| video.author.is_none() && !video.has_caption_tags));
    let out = read(&folder, "formats/research-liked-videos.json");
    let [video] = &out.videos[..] else { panic!("{}", out.videos.len()) };
    assert_eq!((video.source, plays(video), tags(video)), (Source::ResearchApi, Some(98_401), vec!["cat"]));
    assert_eq!(times(&out), [Some("2026-01-13T02:46:58Z".to_owned())]);
}

#[test]
fn a_search_has_videos_among_other_things() {
    let Some(folder) = reports() else { return };
    let out = read(&folder, "general-search-page.json");
    assert_eq!(out.videos.iter().map(plays).collect::<Vec<_>>(), [Some(11), Some(12)]);
    let now = Timestamp::from_ms(1_764_099_999_000).to_rfc3339();
    assert_eq!(times(&out), vec![Some(now); 2]);
    assert_eq!(out.notes.len(), 1, "{:?}", out.notes);
}

#[test]
fn a_window_ends_with_the_last_date_of_its_curve() {
    let Some(folder) = reports() else { return };
    let out = read(&folder, "creative-center-trend-date.json");
    let [window] = &out.windows[..] else { panic!("{:?}", out.windows) };
    assert_eq!((window.views, window.posts, window.rank), (Some(105_791_735), Some(8_721), Some(1)));
    assert_eq!(window.observed_at.to_rfc3339(), "2025-11-19T00:00:00Z");
    assert_eq!((window.tag.tag.name(), window.country.as_str()), ("gardentok", "Malaysia"));
}

#[test]
fn a_har_gives_the_answers_inside() {
    let Some(folder) = reports() else { return };
    let out = read(&folder, "browser-session.har");
    let [video] = &out.videos[..] else { panic!("{}", out.videos.len()) };
    assert_eq!((plays(video), tags(video)), (Some(22_222), vec!["gardening"]));
    assert_eq!(times(&out), [Some("2025-11-24T16:00:00Z".to_owned())]);
}

/// The content of the three posts in most files.
#[derive(Deserialize)]
struct Truth {
    id: String,
    time: i64,
    tags: Vec<String>,
    plays: u64,
    likes: u64,
    comments: u64,
    shares: u64,
    saves: String,
}

#[test]
fn what_tools_of_2026_write_is_what_they_saw() {
    let Some(folder) = reports() else { return };
    let folder = folder.join("formats");
    let truth = std::fs::read(folder.join("truth.json")).expect("the truth");
    let truth: Vec<Truth> = serde_json::from_slice(&truth).expect("the truth");
    for (name, source, at) in [
        ("zeeschuimer-day-1.ndjson", Source::Zeeschuimer, Some("2026-01-01T00:00:00Z")),
        ("4cat-day-1.ndjson", Source::Zeeschuimer, Some("2026-01-01T00:00:00Z")),
        ("for-you-page.html", Source::WebItem, None),
        ("search-top-results.json", Source::WebItem, Some("")),
        ("web-flattened-by-pandas.json", Source::WebItem, None),
        ("brightdata-posts.json", Source::BrightData, None),
        ("browser.har", Source::WebItem, Some("2026-01-01T00:00:00.001Z")),
    ] {
        let out = read(&folder, name);
        assert_eq!(out.videos.len(), truth.len(), "{name}");
        for (video, truth) in out.videos.iter().zip(&truth) {
            assert_eq!((video.id.to_string(), video.source), (truth.id.clone(), source), "{name}");
            assert_eq!(video.details.create_time, Some(truth.time), "{name}");
            assert_eq!(tags(video), truth.tags, "{name}");
            assert!(!video.has_caption_tags, "{name}");
            let saves = truth.saves.parse().expect("a number");
            let want = [truth.plays, truth.likes, truth.comments, truth.shares, saves].map(Some);
            let counts = video.counts.to_array().map(|count| count.map(|count| count.value()));
            assert_eq!(counts[..5], want, "{name}");
            assert!(video.author.is_some() && !video.details.author.unique_id.is_empty(), "{name}");
        }
        match at {
            None => assert!(times(&out).iter().all(Option::is_none), "{name}: {:?}", times(&out)),
            Some("") => {}
            Some(at) => assert_eq!(times(&out)[0].as_deref(), Some(at), "{name}"),
        }
    }
}

#[test]
fn a_dump_has_each_post_once() {
    let Some(folder) = reports() else { return };
    let out = read(&folder, "formats/gallery-dl-dump.json");
    let ids: Vec<String> = out.videos.iter().map(|video| video.id.to_string()).collect();
    assert_eq!(ids, ["7476450316014498872", "7473124653435385044"]);
    assert_eq!((plays(&out.videos[0]), out.videos[1].details.duration_seconds), (Some(458_700), 0));
}

#[test]
fn an_item_that_was_seen_again_has_a_reading_of_the_last_time() {
    let Some(folder) = reports() else { return };
    let folder = folder.join("formats");
    for (first, second, at) in [
        ("zeeschuimer-day-1.ndjson", "zeeschuimer-day-3-updated.ndjson", "2026-01-03T00:00:00Z"),
        ("4cat-day-1.ndjson", "4cat-day-5.ndjson", "2026-01-05T00:00:00Z"),
    ] {
        let (first, second) = (read(&folder, first), read(&folder, second));
        assert_eq!((first.videos.len(), second.videos.len()), (3, 3));
        assert_eq!(times(&second)[0].as_deref(), Some(at));
        for (a, b) in first.videos.iter().zip(&second.videos) {
            assert_eq!((a.id, a.source), (b.id, b.source));
            assert!(a.observed_at < b.observed_at && a.digest != b.digest);
        }
    }
}
