//! Renews the table of docs/metrics.md from the registry: `cargo run -p domain --example metrics_docs`.

use std::io::{Error, Result};
use std::path::Path;

const BEGIN: &str = "<!-- metrics: begin -->\n";
const END: &str = "<!-- metrics: end -->";

fn main() -> Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let text = std::fs::read_to_string(&file)?;
    let between = || {
        let (head, rest) = text.split_once(BEGIN)?;
        Some((head, rest.split_once(END)?.1))
    };
    let (head, tail) =
        between().ok_or_else(|| Error::other("docs/metrics.md has lost the marks of its table"))?;
    std::fs::write(&file, format!("{head}{BEGIN}{}{END}{tail}", domain::metrics::registry::markdown()))
}
