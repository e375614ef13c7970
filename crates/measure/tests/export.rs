//! Exports, on each backend: each row once however it was read, and failures of either side.

use domain::{Hashtag, Observation, Timestamp};
use measure::{ExportOf, MeasureError};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use tables::Format;
use testkit::{FixedClock, Place, TemporaryCatalog, hashtag, video};

const NOW: &str = "2026-11-25T12:00:00Z";

fn days_ago(days: i64) -> Timestamp {
    let now = Timestamp::parse(NOW).expect("a time");
    Timestamp::from_ms(now.as_ms() - days * 86_400_000)
}

async fn holding(place: &Place, observations: Vec<Observation>) -> TemporaryCatalog {
    let temp = place.catalog(&FixedClock::at(days_ago(0))).await;
    temp.record(observations).await;
    temp
}

async fn lines(temp: &TemporaryCatalog, of: ExportOf, only: Option<&Hashtag>) -> Vec<Value> {
    let (bytes, rows) = temp.measure().export(of, only, Format::Ndjson, Vec::new()).await.expect("a file");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len() as u64, rows);
    lines
}

async fn readings_are_exported_by_hashtag(place: &Place) {
    let mut all: Vec<Observation> = Vec::new();
    for day in (0..3_i64).rev() {
        for name in ["cat", "dog"] {
            let views = 16_400_000 + 100_000 * (3 - day).unsigned_abs();
            all.push(hashtag(name).views(views).observed_at(days_ago(day)).into());
        }
    }
    all.push(video(1).tag("silent").into());
    let temp = holding(place, all).await;
    let rows = lines(&temp, ExportOf::History, None).await;
    let names: Vec<&str> = rows.iter().filter_map(|row| row["hashtag"].as_str()).collect();
    assert_eq!(names, ["cat", "cat", "cat", "dog", "dog", "dog"]);
    let times: Vec<&Value> = rows[..3].iter().map(|row| &row["observed_at"]).collect();
    assert_eq!(times, ["2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z", NOW]);
    let dog = temp.catalog().find("dog").await.expect("an answer").expect("a hashtag");
    assert_eq!(lines(&temp, ExportOf::History, Some(&dog)).await, rows[3..]);
    let silent = temp.catalog().find("silent").await.expect("an answer").expect("a hashtag");
    assert_eq!(lines(&temp, ExportOf::History, Some(&silent)).await, Vec::<Value>::new());
}

async fn each_video_is_exported_once_also_without_a_hashtag(place: &Place) {
    let videos: u64 = 2_500;
    let one = |id: u64| {
        let tags: &[&str] = match id % 5 {
            0 => &[],
            1 => &["cat", "dog"],
            _ => &["cat"],
        };
        let mut video = video(id).plays(id * 10).observed_at(days_ago(1));
        for name in tags {
            video = video.tag(name);
        }
        video.into()
    };
    let temp = holding(place, (1..=videos).map(one).collect()).await;
    let rows = lines(&temp, ExportOf::Videos, None).await;
    let ids: Vec<u64> =
        rows.iter().map(|row| row["id"].as_str().expect("an id").parse().expect("digits")).collect();
    assert_eq!(ids, (1..=videos).collect::<Vec<u64>>(), "in insertion order");
    let names = |id: usize| &rows[id - 1]["hashtags"];
    assert_eq!([names(5), names(6), names(7)], [&json!(""), &json!("cat dog"), &json!("cat")]);
    let dog = temp.catalog().find("dog").await.expect("an answer").expect("a hashtag");
    let mut under = lines(&temp, ExportOf::Videos, Some(&dog)).await;
    under.sort_by_key(|row| row["id"].as_str().map(|id| (id.len(), id.to_owned())));
    let with_dog: Vec<Value> = rows.iter().filter(|row| row["hashtags"] == "cat dog").cloned().collect();
    assert_eq!(under, with_dog, "both exports have the same columns of a video");
}

async fn hashtags_are_exported_like_their_records(place: &Place) {
    let temp = holding(
        place,
        vec![
            hashtag("cat").id(7551).views(16_400_000).observed_at(days_ago(1)).into(),
            video(1).plays(500).tag("dog").into(),
        ],
    )
    .await;
    let rows = lines(&temp, ExportOf::Hashtags, None).await;
    let record = |row: &Value| {
        (row["id"].clone(), row["name"].clone(), row["views"].clone(), row["views_basis"].clone())
    };
    assert_eq!(record(&rows[0]), (json!("7551"), json!("cat"), json!(16_400_000), json!("reported")));
    assert_eq!(record(&rows[1]), (Value::Null, json!("dog"), json!(500), json!("observed")));
    assert_eq!(
        (&rows[0]["reported_at"], &rows[1]["observed_videos"]),
        (&json!("2026-11-24T12:00:00Z"), &json!(1))
    );
    let dog = temp.catalog().find("dog").await.expect("an answer").expect("a hashtag");
    assert_eq!(lines(&temp, ExportOf::Hashtags, Some(&dog)).await, rows[1..]);
}

/// A disk that is full after this many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn a_full_disk_fails_the_export(place: &Place) {
    let temp = holding(place, (1..=6_000_u64).map(|id| video(id).tag("cat").into()).collect()).await;
    for format in [Format::Ndjson, Format::Csv, Format::Parquet] {
        for room in [0, 1_000] {
            let failed = temp.measure().export(ExportOf::Videos, None, format, Full(room)).await;
            let Err(MeasureError::File(error)) = failed.map(|(_, rows)| rows) else {
                panic!("{format:?} with room for {room}");
            };
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{format:?} with room for {room}");
        }
    }
}

/// Blocks writes until released, and signals when dropped.
struct BlockedWriter {
    may_write: Receiver<()>,
    dropped: Sender<()>,
}

impl Write for BlockedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Dropping the other end releases this one.
        let _ = self.may_write.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for BlockedWriter {
    fn drop(&mut self) {
        let _ = self.dropped.send(());
    }
}

async fn an_abandoned_export_ends(place: &Place) {
    let temp = holding(place, (1..=9_000_u64).map(|id| video(id).tag("cat").into()).collect()).await;
    let ((hold, may_write), (dropped, end)) = (channel(), channel());
    let out = BlockedWriter { may_write, dropped };
    tokio::select! {
        biased;
        _ = temp.measure().export(ExportOf::Videos, None, Format::Ndjson, out) => panic!("the writer is blocked"),
        () = std::future::ready(()) => drop(hold),
    }
    let ended = tokio::task::spawn_blocking(move || end.recv());
    ended.await.expect("a thread").expect("the writer is dropped");
}

testkit::test_on_each_backend! {
    readings_are_exported_by_hashtag,
    each_video_is_exported_once_also_without_a_hashtag,
    hashtags_are_exported_like_their_records,
    a_full_disk_fails_the_export,
    an_abandoned_export_ends,
}
