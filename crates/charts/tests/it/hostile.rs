//! Names that would be something else than text.

use crate::{chart, line, texts};
use charts::report::{Brand, KeyFigure, Report, ReportColumn, ReportTable, Section, Statement, html};
use charts::{Chart, ChartPoint, Line, svg};
use domain::Timestamp;
use proptest::prelude::*;

/// Texts of what is special to XML, HTML and CSS, and of anything else.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[<>&\"'/;=!\\[\\]-]{1,6}",
        Just("</title><script>alert(1)</script>".to_owned()),
        Just("]]><!--".to_owned()),
        Just("&#0;&lt;\u{0}\u{8}\u{1b}\u{7f}\u{fffe}\u{ffff}".to_owned()),
        Just("\" onload=\"alert(1)".to_owned()),
        Just("url(https://example.com/x)</style>".to_owned()),
        Just("\u{202e}\u{2066}\r\n\t".to_owned()),
        any::<String>(),
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

fn elements(document: &roxmltree::Document<'_>) -> Vec<String> {
    let mut names: Vec<String> =
        document.descendants().map(|node| node.tag_name().name().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

fn is_harmless(document: &roxmltree::Document<'_>) -> bool {
    let attributes = || document.descendants().flat_map(|node| node.attributes());
    let names = elements(document);
    !names.iter().any(|name| name == "script" || name == "a")
        && !attributes().any(|attribute| attribute.name().starts_with("on"))
}

proptest! {
    #[test]
    fn a_chart_of_any_names_is_xml_and_nothing_else(
        title in hostile(),
        subtitle in hostile(),
        unit in hostile(),
        names in prop::collection::vec(hostile(), 1..4),
        index in any::<bool>(),
    ) {
        let mut lines: Vec<Line> = names.iter().map(|name| line(name, &[1.0, 2.0])).collect();
        lines.push(line(&names[0], &[]));
        let index_to = index.then_some(100.0);
        let chart = Chart { title, subtitle, unit, index_to, width: 900, height: 500, ..chart(lines) };
        let drawn = svg(&chart).expect("a chart");
        let document = roxmltree::Document::parse(&drawn);
        prop_assert!(document.is_ok(), "{:?} {}", document, drawn);
        prop_assert!(document.is_ok_and(|document| is_harmless(&document)));
    }

    #[test]
    fn a_report_of_any_texts_has_the_elements_of_a_plain_one(text in hostile()) {
        // What is empty is left out: a letter is always there.
        let (hostile, plain) = (report(&format!("a{text}")), report("a"));
        let page = html(&hostile).expect("a report");
        let (page, plain) = (body(&page), body(&html(&plain).expect("a report")));
        let (page, plain) = (roxmltree::Document::parse(&page), roxmltree::Document::parse(&plain));
        prop_assert!(page.is_ok(), "{:?}", page);
        let (page, plain) = (page.expect("XML"), plain.expect("XML"));
        prop_assert!(is_harmless_page(&page));
        let count = |document: &roxmltree::Document<'_>, name: &str| {
            document.descendants().filter(|node| node.has_tag_name(name)).count()
        };
        for name in ["p", "td", "th", "li", "h1", "h2", "dt", "dd", "section", "svg", "figure", "div"] {
            prop_assert_eq!(count(&page, name), count(&plain, name), "{}", name);
        }
    }

    #[test]
    fn any_readings_are_drawn_or_reported_to_be_wrong(
        points in prop::collection::vec((0_i64..400_000_000_000, prop_oneof![-1e6..1e6_f64, Just(0.0), Just(1e18)], 0.0..1e5_f64, any::<bool>()), 1..200),
        is_log: bool,
        index: bool,
        width in 100_u32..1200,
        height in 100_u32..900,
    ) {
        let mut points: Vec<ChartPoint> = points
            .into_iter()
            .map(|(ms, value, step, gap_before)| ChartPoint { at: Timestamp::from_ms(ms), value, step, gap_before })
            .collect();
        points.sort_by_key(|point| point.at);
        let half = points.split_off(points.len() / 2);
        let lines = [("a", points), ("b", half)].map(|(name, points)| Line { name: name.to_owned(), points });
        let chart = Chart { is_log, index_to: index.then_some(100.0), width, height, ..chart(lines.to_vec()) };
        match svg(&chart) {
            Ok(drawn) => {
                prop_assert!(roxmltree::Document::parse(&drawn).is_ok());
                prop_assert!(!drawn.contains("NaN") && !drawn.contains("inf\""), "{}", drawn);
            }
            Err(error) => prop_assert!(is_log || index, "{}", error),
        }
    }
}

fn is_harmless_page(page: &roxmltree::Document<'_>) -> bool {
    let loads = ["src", "xlink:href", "style", "srcdoc"];
    let attributes = || page.descendants().flat_map(|node| node.attributes());
    !elements(page)
        .iter()
        .any(|name| ["script", "img", "iframe", "link", "object", "style"].contains(&name.as_str()))
        && !attributes()
            .any(|attribute| attribute.name().starts_with("on") || loads.contains(&attribute.name()))
        && attributes()
            .filter(|attribute| attribute.name() == "href")
            .all(|link| link.value().starts_with('#'))
}

/// The body of a page, which is XML also where the page is not.
fn body(page: &str) -> String {
    let begin = page.find("<body>").expect("a body");
    let end = page.rfind("</body>").expect("the end of the body");
    page[begin..end + "</body>".len()].to_owned()
}

fn report(text: &str) -> Report {
    let text = text.to_owned();
    let figure = KeyFigure {
        label: text.clone(),
        value: text.clone(),
        note: text.clone(),
        footnotes: vec![text.clone()],
    };
    let table = ReportTable {
        caption: text.clone(),
        columns: vec![ReportColumn { name: text.clone(), is_number: true }],
        rows: vec![vec![text.clone()]],
        footnotes: vec![format!("{text}2")],
    };
    let section = Section {
        heading: text.clone(),
        intro: text.replace("\n\n", ""),
        figures: vec![figure],
        statements: vec![Statement { text: text.clone(), footnotes: vec![text.clone()] }],
        chart_footnotes: vec![format!("{text}3")],
        charts: vec![Chart { title: text.clone(), ..chart(vec![line(&text, &[1.0, 2.0])]) }],
        tables: vec![table],
        notes: vec![text.clone()],
    };
    Report {
        title: text.clone(),
        subtitle: text.clone(),
        generated_at: Timestamp::from_ms(1_740_000_000_000),
        zone: domain::Zone::UTC,
        brand: Brand { sender: text.clone(), ..Brand::default() },
        notice: text.clone(),
        sections: vec![section; 4],
        method: vec![(text.clone(), text)],
    }
}

#[test]
fn a_name_is_read_back_as_it_was() {
    let name = "<b>\"Tom\" & 'Jerry'</b> 책📚";
    let drawn =
        svg(&Chart { title: String::new(), ..chart(vec![line(name, &[1.0, 2.0])]) }).expect("a chart");
    assert_eq!(texts(&drawn, "title"), [name]);
    assert!(texts(&drawn, "text").contains(&name.to_owned()));
}
