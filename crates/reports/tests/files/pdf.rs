//! PDF, read by poppler: text, pages, metadata, outline and links.

use crate::sample::{report, table};
use crate::skipped;
use charts::report::{Report, Section};
use reports::Format;
use std::path::Path;
use std::process::Command;

/// Runs a tool of poppler on a report; `None`, with a note, if it is not installed.
fn poppler(report: &Report, tool: &str, arguments: &[&str]) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.pdf");
    std::fs::write(&file, reports::write(report, Format::Pdf).expect("a PDF")).expect("a file");
    run(&file, tool, arguments)
}

fn run(file: &Path, tool: &str, arguments: &[&str]) -> Option<String> {
    let output = match Command::new(tool).args(arguments).arg(file).arg("-").output() {
        Ok(output) => output,
        Err(cause) => {
            skipped(tool, &cause);
            return None;
        }
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{tool}: {said}");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

/// The text of a report, page by page.
fn pages(report: &Report) -> Option<Vec<String>> {
    let text = poppler(report, "pdftotext", &["-layout"])?;
    Some(text.trim_end_matches('\u{c}').split('\u{c}').map(str::to_owned).collect())
}

#[test]
fn numbers_are_text_also_in_charts() {
    let Some(pages) = pages(&report()) else { return };
    let text = pages.concat();
    for part in [
        "Summer campaign",
        "Prepared by Example Agency",
        "Made on 15 Jul 2026 12:30 UTC.",
        "1,234,567",
        "980,000 to 1,120,000",
        "#oursummer gained 1.2M views (±50K) in the week, 3 times its usual. [1] [2]",
        "Views of #oursummer",
        "2M",
        "7300000000000000001",
        "How do we know?",
        "Reported by TikTok on 15 Jul 2026, rounded to 100,000.",
        "Observed in 815 stored videos.",
        "Views above the trend before.",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(text.matches("Two gaps: 3 and 4 June.").count(), 1);
}

#[test]
fn a_table_goes_on_over_pages_with_its_header_and_every_page_has_its_number() {
    let Some(pages) = pages(&report()) else { return };
    let with_rows: Vec<&String> = pages.iter().filter(|page| page.contains("7300000000000000001")).collect();
    assert!(with_rows.len() >= 3, "{} pages", with_rows.len());
    for page in with_rows {
        let header = page.lines().find(|line| line.contains("Video id")).expect("a header");
        assert!(header.contains("Creator") && header.contains("Plays"), "{header}");
    }
    let text = pages.concat();
    for number in 0..120 {
        assert_eq!(text.matches(&format!("=creator {number} ")).count(), 1, "row {number}");
    }
    for (number, page) in (1..).zip(&pages) {
        let last = page.lines().rfind(|line| !line.trim().is_empty()).expect("a footer");
        let bare: String = last.split_whitespace().collect();
        assert!(bare.ends_with(&format!("Agency{number}/{}", pages.len())), "{last}");
        assert!(last.contains("Summer campaign · Example Agency"), "{last}");
    }
}

#[test]
fn metadata_names_title_sender_and_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.pdf");
    std::fs::write(&file, reports::write(&report(), Format::Pdf).expect("a PDF")).expect("a file");
    let output = match Command::new("pdfinfo").args(["-isodates"]).arg(&file).output() {
        Ok(output) => output,
        Err(cause) => return skipped("pdfinfo", &cause),
    };
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for part in
        ["Summer campaign", "Example Agency", "#oursummer against #rival", "2026-07-15T12:30:00", "A4"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let bytes = std::fs::read(&file).expect("a file");
    let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(has(b"/Lang (en)") || has(b"/Lang(en)"), "the language is named");
    assert!(has(b"/Outlines") && has(b"/Annots"), "there is an outline, and there are links");
}

#[test]
fn letters_of_other_scripts_stay_text() {
    let names = "#夏 #лето #καλοκαίρι #صيف";
    let section = Section { heading: names.to_owned(), intro: names.to_owned(), ..Section::default() };
    let report = Report { title: names.to_owned(), sections: vec![section], ..report() };
    let Some(pages) = pages(&report) else { return };
    let text = pages.concat();
    // The embedded font has these; the others depend on the fonts of the machine, and are boxes without one.
    for name in ["#лето", "#καλοκαίρι"] {
        assert!(text.matches(name).count() >= 2, "{name}\n{text}");
    }
}

#[test]
fn too_many_pages_are_refused() {
    let tables = vec![table(charts::report::ROWS_MAX); 14];
    let section = Section { tables, ..Section::default() };
    let error = reports::write(&Report { sections: vec![section], ..report() }, Format::Pdf);
    let error = error.expect_err("too long").to_string();
    assert!(error.contains("more than 1000 pages"), "{error}");
}
