//! Benchmarks the repair and the trends of a long series: `cargo run --release -p domain --example metrics_bench`.
//!
//! The series is made up: eight readings a day, rounded for display, with a lagging replica and an occasional zero.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the monotonic clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use domain::metrics::{
    Component, Mode, Peers, Reading, Series, Step, TrendInput, TrendWindow, Weights, emerging, history,
    lifecycle, outlook, trend,
};
use domain::{Count, Source, Timestamp};
use std::hint::black_box;
use std::time::Instant;
use strum::VariantArray;

const READINGS: u64 = 12_000;
const HASHTAGS: u64 = 1_000_000;
const RUNS: u32 = 50;

fn main() {
    let readings: Vec<Reading> = (0..READINGS).filter_map(reading).collect();
    let series = Series::repaired(&readings);
    println!("{} readings, {} kept, repairs {:?}", readings.len(), series.counted_len(), series.repairs());
    time("repair", || Series::repaired(black_box(&readings)));
    let nothing = Series::default();
    let input = TrendInput {
        views: &series,
        creators: &nothing,
        videos: &nothing,
        first_seen: readings.first().map(|reading| reading.at),
        concentration: None,
        outlook: outlook(&series, None),
    };
    time("outlook", || outlook(black_box(&series), None));
    time("three trends", || {
        TrendWindow::VARIANTS.iter().map(|window| trend(black_box(&input), *window, None)).collect::<Vec<_>>()
    });
    time("lifecycle", || lifecycle(black_box(&input), None));
    time("history, raw", || history(black_box(&series), &Step::Raw.into(), Mode::Gain, None, None));
    time("history, by day", || history(black_box(&series), &Step::Day.into(), Mode::Total, None, None));
    let begun = Instant::now();
    let peers = Peers::of((0..HASHTAGS).map(hashtag));
    let (seconds, bytes) = (begun.elapsed().as_secs_f64(), peers.to_bytes().len());
    println!("peers of {HASHTAGS} hashtags: {seconds:.2} s, {bytes} bytes");
    let newest = trend(&input, TrendWindow::Week, None);
    time("score", || emerging(newest.as_ref()?, black_box(&peers), &Weights::default()).score);
}

/// Made-up component values.
fn hashtag(number: u64) -> [Option<f64>; Component::ALL.len()] {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let value = |shift: u32| Some((mixed.rotate_left(shift) >> 11) as f64);
    [value(0), value(9), value(18), value(27), value(36), value(45)]
}

/// Every seventh one lags by half a day.
fn reading(number: u64) -> Option<Reading> {
    let lag = if number % 7 == 3 { 4 } else { 0 };
    let views = 200_000 + number.saturating_sub(lag).pow(2) / 3;
    let shown = if number.is_multiple_of(997) { 0 } else { views / 100 * 100 };
    Some(Reading {
        at: Timestamp::from_ms(1_640_995_200_000 + i64::try_from(number).ok()? * 10_800_000),
        count: Count::rounded(shown)?,
        source: Source::Series,
    })
}

fn time<T>(name: &str, mut run: impl FnMut() -> T) {
    let mut shortest = f64::MAX;
    for _ in 0..RUNS {
        let begun = Instant::now();
        black_box(run());
        shortest = shortest.min(begun.elapsed().as_secs_f64());
    }
    println!("{name}: {:.3} ms", shortest * 1e3);
}
