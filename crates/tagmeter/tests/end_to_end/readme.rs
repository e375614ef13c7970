//! The commands of the README and of the guides, word for word, against a running demo.

#![cfg(unix)]

use crate::binary::{Place, Serving};

/// Returns the lines of the code block that follows a heading.
fn block<'t>(text: &'t str, heading: &str) -> Vec<&'t str> {
    let (_, after) = text.split_once(&format!("\n## {heading}\n")).expect("a heading");
    let (_, inside) = after.split_once("\n```\n").expect("a block");
    inside.split("\n```").next().expect("its end").lines().filter(|line| !line.is_empty()).collect()
}

/// Runs a line in a shell after the demo's `exports`, by which the shell finds the binary.
fn run(place: &Place, exports: &str, line: &str) -> (String, String) {
    let script = format!("set -e -o pipefail\n{exports}\n{line}");
    let ended = place.program("bash").args(["-c", &script]).output();
    let ended = ended.expect("bash runs");
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{line}\n{out}\n{err}");
    (out.into_owned(), err.into_owned())
}

#[test]
fn the_commands_of_the_readme_and_the_demo_work_unchanged() {
    let readme = include_str!("../../../../README.md");
    let place = Place::new();
    let mut serving = Serving::start(place.command(&["demo", "--listen", "127.0.0.1:0"]));
    let rest = serving.read_until("Ctrl-C stops it.");
    let exports =
        rest.lines().map(str::trim).find(|line| line.starts_with("export ")).expect("exports").to_owned();
    let printed: Vec<String> =
        rest.lines().filter(|line| line.starts_with("  ")).map(|line| line.trim().to_owned()).collect();
    assert!(
        printed.iter().any(|line| line.contains("curl "))
            && printed.iter().any(|line| line.contains(" trending "))
    );
    for line in printed.iter().filter(|line| !line.starts_with("export ")) {
        let (out, _) = run(&place, "", line);
        assert!(
            !out.is_empty() && !out.contains("problem+json") && !out.contains("\"code\":"),
            "{line}: {out}"
        );
    }
    let here = |line: &str| line.replace("http://127.0.0.1:8080", &serving.base);
    let lines: Vec<&str> =
        block(readme, "Measuring").into_iter().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() >= 7, "{lines:?}");
    for line in lines {
        let (out, _) = run(&place, &exports, &here(line));
        assert!(!out.contains("\"code\":"), "{line}: {out}");
        assert!(!out.is_empty() || line.contains("-o ") || line.contains('>'), "{line}: nothing came");
    }
    for file in ["both.xlsx", "report.html", "cat.svg", "related.csv"] {
        let bytes = std::fs::metadata(place.path().join(file)).map_or(0, |file| file.len());
        assert!(bytes > 100, "{file}: {bytes} bytes");
    }
    // Each call in the section on the demo is followed by the beginning of its answer.
    let demo = block(readme, "The demo");
    for pair in demo.chunks(2) {
        let (Some(call), Some(answer)) = (pair[0].strip_prefix("$ "), pair.get(1)) else {
            panic!("{pair:?}")
        };
        let (out, _) = run(&place, &exports, &here(call));
        let shown = answer.split(" ... ").next().unwrap_or_default();
        let beginning: String = shown.chars().take(24).collect();
        assert!(out.starts_with(&beginning), "{call}\n{out}\n{answer}");
    }
}

/// Returns the lines of all code blocks of a page.
fn commands(text: &str) -> Vec<&str> {
    let blocks = text.split("\n```\n").skip(1).step_by(2);
    blocks.flat_map(str::lines).filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_commands_of_the_guides_work_unchanged() {
    let guides = [
        include_str!("../../../../docs/guides/trending.md"),
        include_str!("../../../../docs/guides/strategy.md"),
        include_str!("../../../../docs/guides/view-counts.md"),
        include_str!("../../../../docs/guides/benchmarking.md"),
        include_str!("../../../../docs/guides/competitors.md"),
    ];
    let place = Place::new();
    let mut serving = Serving::start(place.command(&["demo", "--listen", "127.0.0.1:0"]));
    let rest = serving.read_until("Ctrl-C stops it.");
    let exports = rest.lines().map(str::trim).find(|line| line.starts_with("export ")).expect("exports");
    for guide in guides {
        let lines = commands(guide);
        assert!(lines.len() >= 6, "{lines:?}");
        for line in lines {
            let (out, _) = run(&place, exports, &line.replace("http://127.0.0.1:8080", &serving.base));
            // Only errors have it in their body.
            assert!(!out.contains("\"request_id\":"), "{line}: {out}");
            let is_written = line.contains(" -o ") || line.contains(" > ");
            assert!(!out.is_empty() || is_written, "{line}: nothing came");
        }
    }
    for file in ["trending.csv", "cat-videos.csv", "cat.html", "spring.pdf", "spring.xlsx"] {
        let bytes = std::fs::metadata(place.path().join(file)).map_or(0, |file| file.len());
        assert!(bytes > 300, "{file}: {bytes} bytes");
    }
}

#[test]
fn alerts_on_the_demo_are_evaluated() {
    const TRIES: usize = 500;
    let place = Place::new();
    let mut serving = Serving::start(place.command(&["demo", "--listen", "127.0.0.1:0"]));
    let rest = serving.read_until("Ctrl-C stops it.");
    let exports = rest.lines().map(str::trim).find(|line| line.starts_with("export ")).expect("exports");
    run(&place, exports, "tagmeter alert create --credits-below 2000000");
    let is_firing = || run(&place, exports, "tagmeter alert list --json").0.contains("\"state\":\"firing\"");
    assert!((0..TRIES).any(|_| is_firing()), "nobody evaluates it");
}
