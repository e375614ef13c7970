//! Benchmarks previews of alerts: `cargo run --release -p domain --example alert_bench`.
//!
//! One series of 4.4 years of three-hourly readings, rounded for display, with a lagging replica; and all real series, if
//! they are at hand. Each preview takes the samples of the readings and replays them; by patience it also finds the
//! threshold.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the monotonic clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../tests/metrics/captures.rs"]
mod captures;

use domain::alerts::{Patience, Preview, ThresholdRule, Watch, Watched};
use domain::metrics::{Reading, TrendWindow};
use domain::{Count, Source, Timestamp};
use std::hint::black_box;
use std::time::{Duration, Instant};
use strum::VariantArray;

const READINGS: u64 = 12_296;
const RUNS: usize = 21;

fn main() {
    let readings: Vec<Reading> = (0..READINGS).filter_map(reading).collect();
    for window in [TrendWindow::Day, TrendWindow::Week] {
        for watched in Watched::VARIANTS {
            let [above, about] = [false, true].map(|by_patience| {
                let mut times: Vec<Duration> =
                    (0..RUNS).map(|_| timed(&readings, *watched, window, by_patience)).collect();
                times.sort();
                times[RUNS / 2]
            });
            println!(
                "{} readings, {watched} over {}: {above:?}, by patience {about:?}",
                readings.len(),
                window.name()
            );
        }
    }
    let Some(captured) = captures::captured() else { return };
    let count: usize = captured.iter().map(|one| one.readings.len()).sum();
    for watched in Watched::VARIANTS {
        for by_patience in [false, true] {
            let begun = Instant::now();
            for one in &captured {
                timed(&one.readings, *watched, TrendWindow::Week, by_patience);
            }
            let how = if by_patience { "by patience" } else { "by threshold" };
            println!("{} series of {count} readings, {watched} {how}: {:?}", captured.len(), begun.elapsed());
        }
    }
}

/// Returns the time of a preview.
fn timed(readings: &[Reading], watched: Watched, window: TrendWindow, by_patience: bool) -> Duration {
    let begun = Instant::now();
    let watch = Watch::of_stored(watched, window, black_box(readings)).expect("readings");
    let samples = watch.samples(readings, readings);
    if by_patience {
        let patience = Patience {
            per_week: 1.0,
            recovers_at_part: 0.9,
            for_ms: 0,
            keep_firing_ms: 0,
            no_data_after_ms: watch.no_data_after_ms,
        };
        // Series of few values have no threshold.
        let _ = black_box(patience.suggest(&samples));
    } else {
        let rule = ThresholdRule::new(2.1, watch.no_data_after_ms).expect("a rule");
        black_box(Preview::replay(&rule, &samples));
    }
    begun.elapsed()
}

/// Returns a made-up reading: a daily rhythm on top of growth, and every 97th one lags by a day.
fn reading(number: u64) -> Option<Reading> {
    let number_then = if number % 97 == 3 { number - 8.min(number) } else { number };
    let views = 20_000 + number_then * 40 + (number_then % 56).pow(2) + number_then.pow(2) / 200;
    let at = Timestamp::from_ms(1_650_000_000_000 + i64::try_from(number).ok()? * 10_800_000);
    Some(Reading { at, count: Count::displayed(views)?, source: Source::Series })
}
