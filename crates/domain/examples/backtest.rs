//! Plays the real series back and tells how well the emerging score did; with `--tune` it first tries weights on the half
//! of the hashtags that is for that: `cargo run --release -p domain --example backtest -- --every 7 --tune`.
//!
//! The series are not part of the repository (see the captures of the tests); without them it says that it skipped.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

#[path = "../tests/metrics/captures.rs"]
mod captures;

use domain::metrics::backtest::{BacktestPlan, BacktestRow, BacktestSeries, Half, Ranking, play};
use domain::metrics::{TrendWindow, Weights};

/// Weights that are tried, of the components that the series have: views alone tell no creators, videos or plays.
const TRIED: [f64; 9] = [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

fn main() {
    let Some(captured) = captures::captured() else { return };
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1)
    };
    let every_days = after("--every").and_then(|days| days.parse().ok()).unwrap_or(7);
    let window = after("--window").and_then(|window| window.parse().ok()).unwrap_or(TrendWindow::Week);
    let series: Vec<BacktestSeries<'_>> = captured
        .iter()
        .map(|one| BacktestSeries { name: &one.name, views: &one.readings, creators: &[], videos: &[] })
        .collect();
    let plan = BacktestPlan::over(&series, every_days);
    let played = play(&series, &plan.days, window);
    if arguments.iter().any(|argument| argument == "--tune") {
        let mut tried: Vec<(f64, Weights)> = Vec::new();
        for (zscore, growth, novelty) in triples() {
            let Ok(weights) = Weights::new([zscore, growth, 0.0, novelty, 0.0, 0.0]) else { continue };
            tried.push((precision(&played.judge(&weights, None), Half::Tuning), weights));
        }
        tried.sort_by(|one, other| other.0.total_cmp(&one.0));
        for (precision, weights) in tried.iter().take(25) {
            println!("{precision:.4} on the tuning half: {weights}");
        }
    }
    print_table(
        &played.judge(&after("--weights").and_then(|text| text.parse().ok()).unwrap_or_default(), None),
    );
}

/// Weights of z-score, growth and novelty, growth always 16: only their ratios count.
fn triples() -> impl Iterator<Item = (f64, f64, f64)> {
    TRIED.into_iter().flat_map(|zscore| TRIED.map(|novelty| (zscore, 16.0, novelty)))
}

/// The mean over both horizons.
fn precision(rows: &[BacktestRow], half: Half) -> f64 {
    let own = || rows.iter().filter(|row| row.half == half && row.ranking == Ranking::Emerging);
    own().filter_map(|row| row.precision).sum::<f64>() / 2.0
}

fn print_table(rows: &[BacktestRow]) {
    println!("| half | horizon | ranked by | days | hashtags | picked | hits | precision | by chance |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for row in rows {
        let [precision, chance] = [row.precision, row.chance].map(|share| share.unwrap_or(f64::NAN));
        println!(
            "| {} | {} days | {} | {} | {:.0} | {} | {} | {precision:.3} | {chance:.3} |",
            row.half.name(),
            row.horizon_days,
            row.ranking.name(),
            row.days,
            row.hashtags as f64 / row.days as f64,
            row.picks,
            row.hits,
        );
    }
}
