//! What docs/metrics.md says is what the program does.

use domain::metrics::{Component, Weights, registry};
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

#[test]
fn the_default_weights_are_those_of_the_page() {
    let page = page();
    for component in Component::ALL {
        let begin = format!("| `{}` |", component.name());
        let row = page.lines().find(|line| line.starts_with(&begin)).expect("a row");
        let told = row.trim_end_matches(" |").rsplit(' ').next().and_then(|weight| weight.parse().ok());
        assert_eq!(told, Some(Weights::default().of(component)), "{row}");
    }
}
