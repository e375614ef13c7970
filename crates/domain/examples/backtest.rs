//! Plays the real series back and prints everything that is judged:
//! `cargo run --release -p domain --example backtest -- --every 1 --from 2025-06-01`.
//!
//! The series are not part of the repository (see the captures of the tests); without them it says that it skipped.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

#[path = "../tests/metrics/captures.rs"]
mod captures;

use domain::Timestamp;
use domain::metrics::backtest::{BacktestPlan, BacktestSeries, play};
use domain::metrics::{TrendWindow, Weights};

fn main() {
    let Some(captured) = captures::captured() else { return };
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1)
    };
    let every_days = after("--every").and_then(|days| days.parse().ok()).unwrap_or(7);
    let window = after("--window").and_then(|window| window.parse().ok()).unwrap_or(TrendWindow::Week);
    let from = after("--from").and_then(|day| Timestamp::parse(&format!("{day}T00:00:00Z")));
    let weights: Option<Weights> = after("--weights").and_then(|text| text.parse().ok());
    let series: Vec<BacktestSeries<'_>> = captured
        .iter()
        .map(|one| BacktestSeries { name: &one.name, views: &one.readings, creators: &[], videos: &[] })
        .collect();
    let mut plan = BacktestPlan::over(&series, every_days);
    plan.days.retain(|day| from.is_none_or(|from| *day >= from));
    let played = play(&series, &plan.days, window);
    let found = played.judge(weights.as_ref());
    found.growth.iter().for_each(|row| println!("{row:?}"));
    found.breakouts.iter().for_each(|row| println!("{row:?}"));
    found.warnings.iter().for_each(|row| println!("{row:?}"));
    found.calibration.iter().for_each(|row| println!("{row:?}"));
    found.cover.iter().for_each(|row| println!("{row:?}"));
    found.last_year.iter().for_each(|row| println!("{row:?}"));
    println!("{:?}", played.learn(0));
}
