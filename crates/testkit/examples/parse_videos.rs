//! Reads NDJSON of web captures into structs with serde_json on one thread, keeps nothing, prints how many there were:
//! what an import is measured against.
//!
//! `cargo run --release -p testkit --example parse_videos -- FILE`

use serde::Deserialize;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};

/// The fields that an import stores of a video.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only parsed")]
struct Video {
    id: String,
    desc: String,
    create_time: i64,
    collect_time: i64,
    author: Author,
    challenges: Vec<Challenge>,
    text_extra: Vec<TextExtra>,
    stats: Stats,
    video: Media,
    music: Music,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only parsed")]
struct Author {
    id: String,
    unique_id: String,
    nickname: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is only parsed")]
struct Challenge {
    id: String,
    title: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only parsed")]
struct TextExtra {
    hashtag_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only parsed")]
struct Stats {
    play_count: u64,
    digg_count: u64,
    comment_count: u64,
    share_count: u64,
    collect_count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only parsed")]
struct Media {
    duration: u64,
    cover: String,
    play_addr: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "it is only parsed")]
struct Music {
    id: String,
    title: String,
    author_name: String,
    original: bool,
    duration: u64,
}

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).expect("a file");
    let mut lines = BufReader::with_capacity(1 << 18, std::fs::File::open(path)?);
    let (mut line, mut records) = (Vec::new(), 0_u64);
    while lines.read_until(b'\n', &mut line)? > 0 {
        black_box(serde_json::from_slice::<Video>(&line)?);
        line.clear();
        records += 1;
    }
    writeln!(std::io::stdout(), "{records}")
}
