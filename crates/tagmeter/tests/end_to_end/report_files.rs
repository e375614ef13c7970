//! `tagmeter report` as PDF, workbook and pictures, in somebody's name: the numbers are those of the page.

use crate::binary::Place;
use crate::measuring::place;
use calamine::{Reader, Xlsx, open_workbook};
use std::process::Command;

const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60"><rect width="200" height="60" fill="#004d40"/></svg>"##;

/// Writes a report in the name of an agency.
fn write(place: &Place, file: &str) -> String {
    std::fs::write(place.path().join("logo.svg"), LOGO).expect("a logo");
    let look =
        ["--logo", "logo.svg", "--color", "#004d40", "--accent", "00796b", "--sender", "Example Agency"];
    place.ok(&[&["report", "cat", "dog", "--title", "Cats & dogs", "-o", file][..], &look].concat()).err
}

#[test]
fn the_numbers_of_a_page_are_in_its_pdf_and_its_workbook() {
    let place = place();
    for file in ["pets.html", "pets.pdf", "pets.xlsx", "pets.zip"] {
        let said = write(&place, file);
        assert!(said.contains(file), "{said}");
    }
    let page = std::fs::read_to_string(place.path().join("pets.html")).expect("a page");
    let figures = page.split("<p class=\"value\">").skip(1).filter_map(|rest| rest.split('<').next());
    let figures: Vec<&str> = figures.collect();
    assert!(figures.len() >= 8, "{figures:?}");
    let mut book: Xlsx<_> = open_workbook(place.path().join("pets.xlsx")).expect("a workbook");
    assert!(book.sheet_names().iter().any(|name| name == "Chart 1"), "{:?}", book.sheet_names());
    let summary = book.worksheet_range("Summary").expect("a sheet");
    let cells: Vec<String> = summary.cells().map(|(_, _, cell)| cell.to_string()).collect();
    // What is not shown in full stays text; the rest are numbers, which calamine writes in its own way.
    for figure in figures.iter().filter(|figure| figure.contains(char::is_alphabetic)) {
        assert!(cells.iter().any(|cell| cell == figure), "{figure}: {cells:?}");
    }
    assert!(cells.iter().any(|cell| cell == "Prepared by Example Agency"), "{cells:?}");
    let text = match Command::new("pdftotext").arg(place.path().join("pets.pdf")).arg("-").output() {
        Ok(output) => String::from_utf8(output.stdout).expect("UTF-8"),
        Err(cause) => {
            assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "pdftotext: {cause}");
            return eprintln!("skipped: pdftotext: {cause}");
        }
    };
    let words = text.split_whitespace().collect::<Vec<&str>>().join(" ");
    for part in figures.iter().copied().chain(["Cats & dogs", "Prepared by Example Agency", "Side by side"]) {
        assert!(words.contains(part), "{part}\n{words}");
    }
}

#[test]
fn a_look_that_cannot_be_used_is_refused_before_anything_is_written() {
    let place = place();
    std::fs::write(place.path().join("logo.gif"), "GIF89a").expect("a file");
    for (arguments, said) in [
        (["--logo", "nowhere.png"], "the logo nowhere.png cannot be read"),
        (["--logo", "logo.gif"], "neither a PNG nor an SVG"),
        (["--color", "red"], "#rrggbb"),
        (["--accent", "#ffff00"], "too faint on white paper"),
        (["--format", "docx"], "possible values: html, pdf, xlsx, zip"),
    ] {
        let refused = place.run(&[&["report", "cat", "-o", "cat.pdf"][..], &arguments].concat());
        assert!(matches!(refused.code, Some(1 | 2)) && refused.err.contains(said), "{refused:?}");
        assert!(!place.path().join("cat.pdf").exists(), "{arguments:?}");
    }
}
