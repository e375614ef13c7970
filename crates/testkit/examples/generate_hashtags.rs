//! Writes synthetic web challenge searches as NDJSON, for benchmarks: twenty hashtags with their totals in each line.
//!
//! `cargo run --release -p testkit --example generate_hashtags -- COUNT > hashtags.ndjson`
//!
//! The hashtags are those that `generate_videos` draws from, all of them, in order of rank: views fall as 1/rank.

#[path = "made_up/hashtag.rs"]
mod hashtag;
#[path = "made_up/views.rs"]
mod views;

use hashtag::{hashtag_id, hashtag_name};
use std::io::Write;
use views::views;

const HASHTAGS_PER_SEARCH: u64 = 20;

fn main() -> std::io::Result<()> {
    let count = std::env::args().nth(1).and_then(|a| a.parse::<u64>().ok()).expect("how many hashtags");
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    for rank in 1..=count {
        let before = if rank % HASHTAGS_PER_SEARCH == 1 { r#"{"data":["# } else { "," };
        let views = views(rank);
        write!(
            out,
            concat!(
                r#"{before}{{"challenge":{{"coverLarger":"https://p16.example.com/{id}.jpeg","desc":"","id":"{id}","#,
                r#""isCommerce":false,"title":"{name}"}},"stats":{{"videoCount":{videos},"viewCount":{views}}}}}"#,
            ),
            before = before,
            id = hashtag_id(rank),
            name = hashtag_name(rank),
            videos = views / 20_000 + 1,
            views = views,
        )?;
        if rank % HASHTAGS_PER_SEARCH == 0 || rank == count {
            out.write_all(b"]}\n")?;
        }
    }
    out.flush()
}
