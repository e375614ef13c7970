//! Writes synthetic series of hashtags' views as CSV, for benchmarks: what a tracker has kept over 30 days.
//!
//! `cargo run --release -p testkit --example generate_series -- COUNT > series.csv`
//!
//! The first COUNT hashtags of `generate_hashtags`, in order of rank, from its totals upwards. Most have 4 to 8 readings,
//! one in 50 has 120 and one in 1,000 has 720; the newest is of the last day. Most hardly grow, few grow fast.

#[path = "made_up/hashtag.rs"]
mod hashtag;
#[path = "made_up/random.rs"]
mod random;
#[path = "made_up/views.rs"]
mod views;

use domain::Timestamp;
use hashtag::{hashtag_id, hashtag_name};
use random::Random;
use std::io::Write;
use views::views;

/// When the newest readings were made, in seconds: 2025-10-01.
const END: i64 = 1_759_276_800;
const DAY: i64 = 86_400;
const DAYS: i64 = 30;
const START: i64 = END - DAYS * DAY;

fn main() -> std::io::Result<()> {
    let count = std::env::args().nth(1).and_then(|a| a.parse::<u64>().ok()).expect("how many series");
    let mut random = Random(77);
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    writeln!(out, "snapshot_utc,challenge_id,challenge_name,views")?;
    for rank in 1..=count {
        write_series(&mut out, &mut random, rank)?;
    }
    out.flush()
}

fn write_series(out: &mut impl Write, random: &mut Random, rank: u64) -> std::io::Result<()> {
    let readings = match rank {
        _ if rank.is_multiple_of(1_000) => 720,
        _ if rank.is_multiple_of(50) => 120,
        _ => 4 + below(random, 5),
    };
    let step = DAYS * DAY / readings;
    // Half of all grow by less than 0.5 % a day, one in a hundred by more than a fifth.
    let growth_a_day = 0.3 / random.zipf(4_000) as f64;
    let mut views = views(rank) as f64;
    let mut before = START;
    for reading in 0..readings {
        let at = match reading + 1 == readings {
            true => END - below(random, step.min(DAY)),
            false => START + reading * step + below(random, step),
        };
        let days = (at - before) as f64 / DAY as f64;
        views *= 1.0 + growth_a_day * days * (0.5 + below(random, 1_000) as f64 / 1_000.0);
        before = at;
        let when = Timestamp::from_ms(at * 1_000).to_rfc3339();
        writeln!(out, "{when},{},{},{}", hashtag_id(rank), hashtag_name(rank), views as u64)?;
    }
    Ok(())
}

fn below(random: &mut Random, end: i64) -> i64 {
    (random.next() % end.max(1).cast_unsigned()).cast_signed()
}
