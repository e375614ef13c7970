//! Benchmarks parsing NDJSON of web items into observations, beside a plain serde_json parse of the same lines.
//!
//! `cargo run --release -p sources --example parse_bench [RECORDS] [THREADS]`
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
#![expect(clippy::print_stdout, reason = "it prints its figures")]

use serde::Deserialize;
use sources::files::{self, Item, Options, Sink};
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write as _};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

const ROUNDS: u32 = 3;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>().expect("a number"));
    let records = arguments.next().unwrap_or(200_000);
    let threads = arguments.next().and_then(NonZeroUsize::new).unwrap_or(NonZeroUsize::MIN);
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let bytes = generate(file.path(), records);
    println!("{records} records of {} bytes with five tags, {} MB", bytes / records, bytes / 1_000_000);
    for round in 1..=ROUNDS {
        let plain = rate(records, || plain(file.path()));
        let ours = rate(records, || observations(file.path(), NonZeroUsize::MIN));
        print(round, "plain serde_json struct", plain);
        print(round, "observations", ours);
        println!("round {round}: observations at {:.2} of the plain parse", ours.1 / plain.1);
        if threads.get() > 1 {
            let (wall, _) = rate(records, || observations(file.path(), threads));
            println!("round {round}: observations on {threads} threads: {wall:.0} records/s");
        }
    }
}

fn print(round: u32, what: &str, (wall, core): (f64, f64)) {
    println!("round {round}: {what}: {wall:.0} records/s, {core:.0} per second on a core");
}

/// Records a second: of wall time, and of this thread's time on a core, which a busy machine falsifies less.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn rate(records: usize, work: impl FnOnce() -> usize) -> (f64, f64) {
    let (start, start_seconds) = (Instant::now(), core_seconds());
    assert_eq!(work(), records, "every record is read");
    let (wall, core) = (start.elapsed().as_secs_f64(), core_seconds() - start_seconds);
    (records as f64 / wall, records as f64 / core)
}

/// Returns the CPU seconds of this thread, on Linux only.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn core_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|n| n.parse::<u64>().ok());
    nanoseconds.map_or(f64::NAN, |nanoseconds| nanoseconds as f64 / 1e9)
}

struct Count(usize);

impl Sink for Count {
    fn item(&mut self, item: Item) -> ControlFlow<()> {
        self.0 += usize::from(matches!(black_box(item), Item::Observation(domain::Observation::Video(_))));
        ControlFlow::Continue(())
    }
}

fn observations(path: &Path, threads: NonZeroUsize) -> usize {
    let mut count = Count(0);
    let input = files::open(path).expect("the file");
    files::read(input, Options { threads, ..Options::default() }, &mut count).expect("web items");
    count.0
}

/// The fields that a plain program would parse.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only parsed")]
struct Plain {
    id: String,
    desc: String,
    create_time: i64,
    author: PlainAuthor,
    challenges: Vec<PlainTag>,
    text_extra: Vec<PlainExtra>,
    stats: PlainStats,
    video: PlainVideo,
    music: PlainMusic,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only parsed")]
struct PlainAuthor {
    id: String,
    unique_id: String,
    nickname: String,
    avatar_larger: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is only parsed")]
struct PlainTag {
    id: String,
    title: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only parsed")]
struct PlainExtra {
    hashtag_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only parsed")]
struct PlainStats {
    play_count: u64,
    digg_count: u64,
    comment_count: u64,
    share_count: u64,
    collect_count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only parsed")]
struct PlainVideo {
    duration: u64,
    cover: String,
    play_addr: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is only parsed")]
struct PlainMusic {
    id: String,
    title: String,
}

fn plain(path: &Path) -> usize {
    let mut lines = BufReader::with_capacity(1 << 18, std::fs::File::open(path).expect("the file"));
    let (mut line, mut records) = (Vec::new(), 0);
    while lines.read_until(b'\n', &mut line).expect("a line") > 0 {
        black_box(serde_json::from_slice::<Plain>(&line).expect("a record"));
        line.clear();
        records += 1;
    }
    records
}

/// Writes the same lines every time: a web item with five of 100,000 tags each. Returns the bytes.
fn generate(path: &Path, records: usize) -> usize {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).expect("the file"));
    let mut bytes = 0;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for record in 0..records {
        let id = 7_000_000_000_000_000_000 + record as u64 * 1000 + next(997);
        let tags: [u64; 5] = std::array::from_fn(|_| next(100_000));
        let (mut challenges, mut extras, mut desc) =
            (String::new(), String::new(), String::from("Video of the day"));
        for (at, tag) in tags.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let _ =
                write!(challenges, r#"{comma}{{"id":"{}","title":"tag{tag}","desc":""}}"#, 1_000_000 + tag);
            let _ = write!(extras, r#"{comma}{{"hashtagName":"tag{tag}","type":1}}"#);
            let _ = write!(desc, " #tag{tag}");
        }
        let (author, plays) = (next(1_000_000), next(10_000_000));
        let line = format!(
            concat!(
                r#"{{"id":"{id}","desc":"{desc}","createTime":{time},"author":{{"id":"{user}","uniqueId":"user{author}","#,
                r#""nickname":"User {author}","avatarLarger":"https://p16.example.com/avatar/{author}.jpeg"}},"#,
                r#""challenges":[{challenges}],"textExtra":[{extras}],"stats":{{"playCount":{plays},"diggCount":{likes},"#,
                r#""commentCount":{few},"shareCount":{few},"collectCount":{few}}},"video":{{"id":"{id}","duration":{seconds},"#,
                r#""cover":"https://p16.example.com/cover/{id}.jpeg","originCover":"https://p16.example.com/origin/{id}.jpeg","#,
                r#""playAddr":"https://v16.example.com/play/{id}.mp4","width":576,"height":1024,"format":"mp4"}},"#,
                r#""music":{{"id":"{music}","title":"original sound","authorName":"User {author}","original":true}},"#,
                r#""duetEnabled":true,"stitchEnabled":true,"privateItem":false,"shareEnabled":true,"isAd":false}}"#,
            ),
            id = id,
            desc = desc,
            time = 1_700_000_000 + next(30_000_000),
            user = 6_800_000_000_000_000_000 + author * 7919,
            author = author,
            challenges = challenges,
            extras = extras,
            plays = plays,
            likes = plays / 11,
            few = plays / 997,
            seconds = 5 + next(120),
            music = 7_100_000_000_000_000_000 + next(1_000_000),
        );
        writeln!(out, "{line}").expect("written");
        bytes += line.len() + 1;
    }
    out.flush().expect("written");
    bytes
}
