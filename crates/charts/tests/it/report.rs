//! The page of a report.

use crate::{chart, line};
use charts::report::{KeyFigure, Report, ReportColumn, ReportTable, Section, html};
use domain::Timestamp;

fn column(name: &str, is_number: bool) -> ReportColumn {
    ReportColumn { name: name.to_owned(), is_number }
}

fn report() -> Report {
    let table = ReportTable {
        caption: "Largest videos".to_owned(),
        columns: vec![column("Video", false), column("Plays", true)],
        rows: vec![vec!["7000000000000000001".to_owned(), "1,234,567".to_owned()]],
    };
    let section = Section {
        heading: "#booktok".to_owned(),
        intro: "One paragraph.\n\nAnother.".to_owned(),
        figures: vec![KeyFigure {
            label: "Views".to_owned(),
            value: "1.2M".to_owned(),
            note: "reported".to_owned(),
        }],
        charts: vec![
            chart(vec![line("booktok", &[1.0, 2.0])]),
            chart(vec![line("a", &[2.0, 1.0]), line("b", &[3.0, 1.0])]),
        ],
        tables: vec![table],
        notes: vec!["Rounded to 100,000.".to_owned()],
    };
    Report {
        title: "Two hashtags".to_owned(),
        subtitle: "For a client".to_owned(),
        generated_at: Timestamp::parse("2025-03-12T18:14:00Z").expect("a time"),
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
