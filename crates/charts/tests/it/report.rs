//! The page of a report.

use crate::{chart, line};
use charts::report::{
    Brand, KeyFigure, Logo, Report, ReportColumn, ReportTable, Section, Shown, Statement, html, html_shown,
};
use domain::Timestamp;

fn column(name: &str, is_number: bool) -> ReportColumn {
    ReportColumn { name: name.to_owned(), is_number }
}

fn report() -> Report {
    let table = ReportTable {
        caption: "Largest videos".to_owned(),
        columns: vec![column("Video", false), column("Plays", true)],
        rows: vec![vec!["7000000000000000001".to_owned(), "1,234,567".to_owned()]],
        ..ReportTable::default()
    };
    let section = Section {
        heading: "#booktok".to_owned(),
        intro: "One paragraph.\n\nAnother.".to_owned(),
        figures: vec![KeyFigure {
            label: "Views".to_owned(),
            value: "1.2M".to_owned(),
            note: "reported".to_owned(),
            ..KeyFigure::default()
        }],
        charts: vec![
            chart(vec![line("booktok", &[1.0, 2.0])]),
            chart(vec![line("a", &[2.0, 1.0]), line("b", &[3.0, 1.0])]),
        ],
        tables: vec![table],
        notes: vec!["Rounded to 100,000.".to_owned()],
        ..Section::default()
    };
    Report {
        title: "Two hashtags".to_owned(),
        subtitle: "For a client".to_owned(),
        generated_at: Timestamp::parse("2025-03-12T18:14:00Z").expect("a time"),
        zone: domain::Zone::UTC,
        brand: Brand::default(),
        notice: String::new(),
        sections: vec![section, Section { heading: "Nothing else".to_owned(), ..Section::default() }],
        method: vec![("Growth".to_owned(), "Gain over the value before.".to_owned())],
    }
}

#[test]
fn a_page_has_all_parts_and_no_empty_ones() {
    let page = html(&report()).expect("a report");
    for part in [
        "<h1>Two hashtags</h1>",
        "<p class=\"subtitle\">For a client</p>",
        "Made on 12 Mar 2025 18:14 UTC.",
        "<p class=\"intro\">One paragraph.</p><p class=\"intro\">Another.</p>",
        "<p class=\"label\">Views</p><p class=\"value\">1.2M</p><p class=\"note\">reported</p>",
        "<caption>Largest videos</caption>",
        "<th scope=\"col\" class=\"number\">Plays</th>",
        "<td>7000000000000000001</td><td class=\"number\">1,234,567</td>",
        "<ul class=\"notes\"><li>Rounded to 100,000.</li></ul>",
        "<section id=\"section-2\"><h2>Nothing else</h2></section>",
        "<dt>Growth</dt><dd>Gain over the value before.</dd>",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert_eq!(page.matches("<svg").count(), 2);
    assert_eq!(page.matches("<p class=\"hint\">").count(), 1, "a section without charts has no hint");
    assert_eq!(page.matches("<figure tabindex=\"0\" role=\"group\" aria-label=").count(), 2);
    assert!(page.contains("@media screen and (max-width: 37rem)"), "the hint is for small screens");
}

#[test]
fn a_page_is_one_file() {
    let page = html(&report()).expect("a report");
    for load in ["http://", "https://", "//cdn", "@import", "<script", "<link", "<img", "src=", "font-face"] {
        assert!(!page.contains(load), "{load}");
    }
    assert!(page.contains("default-src &#39;none&#39;"), "the browser must load nothing");
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
}

#[test]
fn a_page_is_light_on_paper_and_as_the_system_on_a_screen() {
    let page = html(&report()).expect("a report");
    assert!(page.contains("@media screen and (prefers-color-scheme:dark){:root{--surface:#15181d;"));
    assert!(page.contains("@media print") && page.contains("@page"));
    assert!(
        page.contains("stroke=\"var(--line1)\"") && !page.contains("stroke=\"#"),
        "charts follow the page"
    );
}

#[test]
fn ids_are_each_there_once_and_what_they_are_named_for_is_there() {
    let page = html(&report()).expect("a report");
    let values = |name: &str| -> Vec<String> {
        let begin = format!(" {name}=\"");
        page.split(&begin).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    };
    let ids = values("id");
    let mut once = ids.clone();
    once.sort();
    once.dedup();
    assert_eq!(ids.len(), once.len(), "{ids:?}");
    for named in values("aria-labelledby").iter().flat_map(|names| names.split(' ')) {
        assert!(ids.contains(&named.to_owned()), "{named}");
    }
}

#[test]
fn many_sections_have_a_list() {
    let mut report = report();
    assert!(!html(&report).expect("a report").contains("<nav"));
    report.sections = vec![report.sections[1].clone(); 5];
    let page = html(&report).expect("a report");
    assert!(
        page.contains(
            "<li><a href=\"#section-5\">Nothing else</a></li><li><a href=\"#method\">Method</a></li>"
        )
    );
}

/// A logo.
const LOGO: &str =
    r#"<svg xmlns="http://www.w3.org/2000/svg" width="4" height="2"><rect width="4" height="2"/></svg>"#;

#[test]
fn numbers_have_footnotes_that_are_each_there_once() {
    let mut report = report();
    let proof = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let section = &mut report.sections[0];
    section.figures[0].footnotes = proof(&["Reported & rounded."]);
    let text = "One video has 40 % of the plays.".to_owned();
    section.statements = vec![Statement { text, footnotes: proof(&["Observed.", "Reported & rounded."]) }];
    section.chart_footnotes = proof(&["Two gaps."]);
    section.tables[0].footnotes = proof(&["Observed."]);
    let page = html(&report).expect("a report");
    let marker = |number| format!("<sup><a href=\"#footnote-{number}\">[{number}]</a></sup>");
    for part in [
        format!("<p class=\"value\">1.2M {}</p>", marker(1)),
        format!("One video has 40 % of the plays. {} {}</p>", marker(2), marker(1)),
        format!("<p class=\"sources\">The charts {}</p>", marker(3)),
        format!("<caption>Largest videos {}</caption>", marker(2)),
        "<h2>How do we know?</h2>".to_owned(),
        "<li id=\"footnote-1\">Reported &amp; rounded.</li><li id=\"footnote-2\">Observed.</li><li id=\"footnote-3\">Two gaps.</li></ol>".to_owned(),
    ] {
        assert!(page.contains(&part), "{part}\n{page}");
    }
}

#[test]
fn a_page_is_in_the_name_of_its_sender() {
    let brand = Brand {
        logo: Some(Logo::read(LOGO.as_bytes().to_vec()).expect("a logo")),
        colour: Some("#ffee00".parse().expect("a colour")),
        accent: Some("#003300".parse().expect("a colour")),
        sender: "\"Ex & Co\"".to_owned(),
    };
    let page = html(&Report { brand, notice: "Frozen.".to_owned(), ..report() }).expect("a report");
    let (light, dark) = page.split_once("@media screen").expect("both themes");
    assert!(light.contains("--brand:#ffee00;") && light.contains("--line1:#003300;"));
    assert!(dark.contains("--line1:#63adf6;"), "the accent would be invisible on dark");
    for part in [
        "; img-src data:\"",
        "alt=\"&quot;Ex &amp; Co&quot;\"/>",
        "<img class=\"logo\" src=\"data:image/svg+xml;base64,",
        "<p class=\"sender\">Prepared by &quot;Ex &amp; Co&quot;</p>",
        "<p class=\"notice\">Frozen.</p>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("noindex") && !page.contains("class=\"links\""));
    let links = [("PDF", "?format=pdf".to_owned())];
    let shown = html_shown(&report(), Shown { is_unlisted: true, links: &links }).expect("a page");
    assert!(shown.contains("<meta name=\"robots\" content=\"noindex, nofollow\"/>"));
    assert!(shown.contains("<p class=\"links\"><a href=\"?format=pdf\">PDF</a> </p>"));
}
