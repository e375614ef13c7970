//! Writes synthetic web captures as NDJSON, for benchmarks: deterministic, of the shape and size of real ones (1.3
//! KB).
//!
//! `cargo run --release -p testkit --example generate_videos -- COUNT [TAGS] > videos.ndjson`
//!
//! Each video has five tags out of TAGS (default: 2,000,000), drawn log-uniformly, which is Zipf's law with exponent
//! 1; one of 100,000 authors drawn the same way; a reading time; ids in no particular order.

#[path = "made_up/hashtag.rs"]
mod hashtag;
#[path = "made_up/random.rs"]
mod random;

use hashtag::{hashtag_id, hashtag_name};
use random::Random;
use std::io::Write;

const TAGS_PER_VIDEO: usize = 5;
const AUTHORS: u64 = 100_000;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>().expect("a number"));
    let count = arguments.next().expect("how many videos");
    let tags_max = arguments.next().unwrap_or(2_000_000);
    let mut random = Random(42);
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    for n in 0..count {
        write_video(&mut out, &mut random, n, tags_max)?;
    }
    out.flush()
}

fn write_video(out: &mut impl Write, random: &mut Random, n: u64, tags_max: u64) -> std::io::Result<()> {
    let id = 7_000_000_000_000_000_000 + (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 6);
    let author = random.zipf(AUTHORS);
    let plays = random.zipf(1_000_000_000);
    let created = 1_640_995_200 + random.next() % 94_000_000;
    let (mut challenges, mut extra, mut desc) = (String::new(), String::new(), format!("video number {n} "));
    for place in 0..TAGS_PER_VIDEO {
        let rank = random.zipf(tags_max);
        let (comma, tag, name) = (if place == 0 { "" } else { "," }, hashtag_id(rank), hashtag_name(rank));
        challenges += &format!(r#"{comma}{{"desc":"","id":"{tag}","title":"{name}"}}"#);
        extra += &format!(
            r#"{comma}{{"end":{},"hashtagName":"{name}","start":{},"type":1}}"#,
            desc.len() + name.len() + 1,
            desc.len()
        );
        desc += &format!("#{name} ");
    }
    writeln!(
        out,
        concat!(
            r#"{{"author":{{"id":"{author_id}","nickname":"Author {author}","secUid":"MS4wLjABAAAA{author:052}","#,
            r#""uniqueId":"author{author}","verified":false}},"challenges":[{challenges}],"collectTime":{collected},"createTime":{created},"#,
            r#""desc":"{desc}","id":"{id}","music":{{"authorName":"Author {author}","duration":21,"id":"{music}","#,
            r#""original":true,"title":"original sound"}},"stats":{{"collectCount":{saves},"#,
            r#""commentCount":{comments},"diggCount":{likes},"playCount":{plays},"shareCount":{shares}}},"#,
            r#""textExtra":[{extra}],"video":{{"cover":"https://p16.example.com/{id}~cover.jpeg","duration":21,"#,
            r#""height":1024,"playAddr":"https://v16.example.com/{id}/play.mp4","width":576}}}}"#,
        ),
        author_id = 6_500_000_000_000_000_000 + author,
        author = author,
        challenges = challenges,
        extra = extra,
        desc = desc.trim_end(),
        id = id,
        created = created,
        collected = created + 86_400 + random.next() % 1_000_000,
        music = 7_100_000_000_000_000_000 + n % 50_000,
        plays = plays,
        likes = plays / 12,
        comments = plays / 900,
        shares = plays / 1500,
        saves = plays / 200,
    )
}
