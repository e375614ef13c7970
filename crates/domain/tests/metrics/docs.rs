//! Checks docs/metrics.md against the program.

use domain::metrics::forecast::band;
use domain::metrics::{Odds, registry};
use std::path::Path;

fn page() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    std::fs::read_to_string(file).expect("docs/metrics.md")
}

#[test]
fn the_table_is_that_of_the_program() {
    let page = page();
    let table = page
        .split_once("<!-- metrics: begin -->\n")
        .and_then(|(_, rest)| rest.split_once("<!-- metrics: end -->"));
    let (table, _) = table.expect("the marks of the table");
    assert!(
        table == registry::markdown(),
        "docs/metrics.md is not up to date; renew it with: cargo run -p domain --example metrics_docs"
    );
}

/// The numbers of the first row that begins so.
fn row(page: &str, begin: &str) -> Vec<f64> {
    let row = page.lines().find(|line| line.starts_with(begin)).expect("a row");
    row[begin.len()..].split('|').filter_map(|cell| cell.trim().parse().ok()).collect()
}

#[test]
fn the_published_probabilities_are_those_of_the_page() {
    let (page, odds) = (page(), Odds::default());
    assert_eq!(row(&page, "| in the tenth that grows most over 7 days |"), odds.top_tenth);
    assert_eq!(row(&page, "| a week of 3 times the usual or more |"), odds.triple);
    assert_eq!(row(&page, "| a week of 2 times the usual or more |"), odds.double);
    assert_eq!(row(&page, "| a week of half the usual or less |"), odds.half);
    assert!(page.contains("377 book hashtags") && odds.learned_on.contains("377 book hashtags"));
}

#[test]
fn the_band_is_that_of_the_page() {
    let page = page();
    let row = page.lines().find(|line| line.starts_with("| u10, u50, u90 |")).expect("a row");
    let cells: Vec<&str> = row.trim_matches('|').split('|').skip(1).map(str::trim).collect();
    // Of 1, 3 and 8 steps, and a surge of 1, 2 and 3; 0 steps are in the first row.
    for (cell, (steps, surge)) in
        cells.iter().zip([(0.0, 0.0), (1.0, 0.0), (3.0, 0.0), (8.0, 1.0), (8.0, 2.0), (8.0, 3.0)])
    {
        let band = band(steps * 100.0, 100, 1.0, Some(surge));
        let of = |quantile: &str| {
            let quantile: f64 = quantile.trim().parse().expect("a number");
            ((steps * 100.0 + 50.0) * quantile.exp() - 50.0).max(0.0)
        };
        let ends: Vec<f64> = cell.split(',').map(of).collect();
        for (end, found) in ends.iter().zip([band.low, band.middle, band.high]) {
            assert!((end - found).abs() < 1e-9, "{cell}: {end} {found}");
        }
    }
}

#[test]
fn no_page_claims_more_than_was_measured() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pages =
        std::fs::read_dir(root.join("docs")).expect("docs").map(|entry| entry.expect("a file").path());
    for page in
        pages.chain([root.join("README.md")]).filter(|path| path.extension().is_some_and(|it| it == "md"))
    {
        let text = std::fs::read_to_string(&page).expect("a page").to_lowercase();
        for claim in ["predict", "early detection", "detects early", "forecasts the season"] {
            assert!(!text.contains(claim), "{}: {claim}", page.display());
        }
    }
}
