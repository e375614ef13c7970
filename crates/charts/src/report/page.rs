//! Writes a report as HTML.

use crate::markup::Markup;
use crate::paint::{FONTS, Paint};
use crate::report::{KeyFigure, Report, ReportTable, Section};
use crate::svg::draw;
use crate::{Chart, ChartError, Theme, moment};

/// Style sheet without the colours.
const STYLE: &str = include_str!("page.css");

/// Content security policy: loads nothing; styles are inline.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Number of sections from which there is a table of contents.
const CONTENTS_FROM: usize = 4;

/// Renders the report as one HTML page.
///
/// # Errors
///
/// [`ChartError`] if the report exceeds a limit, a row does not fit its columns, or a chart cannot be drawn.
pub fn html(report: &Report) -> Result<String, ChartError> {
    report.check()?;
    let charts = drawn(report)?;
    let mut page = Markup::default();
    page.raw("<!DOCTYPE html>\n");
    page.tag("html").attr("lang", "en").holding(|html| {
        html.tag("head").holding(|head| write_head(head, report));
        html.raw("\n");
        html.tag("body").holding(|body| write_body(body, report, &charts));
    });
    page.raw("\n");
    Ok(page.finish())
}

/// Draws the charts of each section as SVG, numbered to make their ids unique.
fn drawn(report: &Report) -> Result<Vec<Vec<String>>, ChartError> {
    let mut number = 0;
    let mut draw_next = |chart: &Chart| {
        number += 1;
        draw(chart, &Paint::of_page(number))
    };
    report.sections.iter().map(|section| section.charts.iter().map(&mut draw_next).collect()).collect()
}

fn write_head(head: &mut Markup, report: &Report) {
    head.tag("meta").attr("charset", "utf-8").empty();
    head.tag("meta").attr("http-equiv", "Content-Security-Policy").attr("content", POLICY).empty();
    head.tag("meta").attr("name", "viewport").attr("content", "width=device-width, initial-scale=1").empty();
    head.tag("meta").attr("name", "color-scheme").attr("content", "light dark").empty();
    head.tag("title").text(&report.title);
    let [light, dark] = [Theme::Light, Theme::Dark].map(|theme| theme.colours().variables());
    head.raw("<style>\n");
    head.raw(&format!(":root{{--fonts:{FONTS};{light}}}\n"));
    head.raw(&format!("@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"));
    head.raw(STYLE);
    head.raw("</style>");
}

fn write_body(body: &mut Markup, report: &Report, charts: &[Vec<String>]) {
    body.tag("main").holding(|main| {
        main.tag("header").holding(|header| {
            header.tag("h1").text(&report.title);
            paragraph(header, "subtitle", &report.subtitle);
            paragraph(
                header,
                "made",
                &format!("Made on {}. All times are UTC.", moment(report.generated_at)),
            );
        });
        if report.sections.len() >= CONTENTS_FROM {
            write_contents(main, report);
        }
        for ((number, section), charts) in (1..).zip(&report.sections).zip(charts) {
            main.raw("\n");
            main.tag("section")
                .attr("id", &section_id(number))
                .holding(|part| write_section(part, section, charts));
        }
        main.raw("\n");
        if !report.method.is_empty() {
            main.tag("section").attr("id", "method").holding(|part| write_method(part, &report.method));
        }
        main.tag("footer").text("Made with Tagmeter.");
    });
}

fn section_id(number: usize) -> String {
    format!("section-{number}")
}

fn write_contents(main: &mut Markup, report: &Report) {
    let headings = report.sections.iter().map(|section| section.heading.as_str());
    let entries = (1..).map(section_id).zip(headings);
    let method = (!report.method.is_empty()).then(|| ("method".to_owned(), METHOD));
    main.tag("nav").attr("aria-label", "Contents").holding(|nav| {
        nav.tag("ol").holding(|list| {
            for (id, heading) in entries.chain(method).filter(|(_, heading)| !heading.is_empty()) {
                list.tag("li").holding(|item| item.tag("a").attr("href", &format!("#{id}")).text(heading));
            }
        });
    });
}

/// Hint above charts wider than the screen.
const SCROLL_HINT: &str = "\u{2194} Scroll charts and tables sideways to see all of them.";

/// Heading of the last section.
const METHOD: &str = "Method";

fn write_section(part: &mut Markup, section: &Section, charts: &[String]) {
    if !section.heading.is_empty() {
        part.tag("h2").text(&section.heading);
    }
    for text in section.intro.split("\n\n") {
        paragraph(part, "intro", text);
    }
    if !section.figures.is_empty() {
        part.tag("div").attr("class", "figures").holding(|figures| {
            section.figures.iter().for_each(|figure| write_figure(figures, figure));
        });
    }
    if !charts.is_empty() {
        paragraph(part, "hint", SCROLL_HINT);
    }
    for (drawn, chart) in charts.iter().zip(&section.charts) {
        part.raw("\n");
        // On a small screen a chart is moved to and fro, also by keys.
        let scrolled = part.tag("figure").attr("tabindex", "0").attr("role", "group");
        scrolled.attr("aria-label", &chart.title).holding(|figure| figure.raw(drawn));
    }
    section.tables.iter().for_each(|table| write_table(part, table));
    if !section.notes.is_empty() {
        part.tag("ul").attr("class", "notes").holding(|list| {
            section.notes.iter().for_each(|note| list.tag("li").text(note));
        });
    }
}

fn write_figure(figures: &mut Markup, figure: &KeyFigure) {
    figures.tag("div").attr("class", "figure").holding(|card| {
        paragraph(card, "label", &figure.label);
        paragraph(card, "value", &figure.value);
        paragraph(card, "note", &figure.note);
    });
}

fn write_table(part: &mut Markup, table: &ReportTable) {
    part.raw("\n");
    let class = |is_number: bool| is_number.then_some("number");
    // A wide table is moved to and fro on a small screen, also by keys.
    let scrolled = part.tag("div").attr("class", "table").attr("tabindex", "0").attr("role", "region");
    scrolled.attr("aria-label", &table.caption).holding(|scrolled| {
        scrolled.tag("table").holding(|whole| {
            if !table.caption.is_empty() {
                whole.tag("caption").text(&table.caption);
            }
            whole.tag("thead").holding(|head| {
                head.tag("tr").holding(|row| {
                    for column in &table.columns {
                        row.tag("th")
                            .attr("scope", "col")
                            .maybe("class", class(column.is_number))
                            .text(&column.name);
                    }
                });
            });
            whole.tag("tbody").holding(|body| {
                for cells in &table.rows {
                    body.tag("tr").holding(|row| {
                        for (cell, column) in cells.iter().zip(&table.columns) {
                            row.tag("td").maybe("class", class(column.is_number)).text(cell);
                        }
                    });
                }
            });
        });
    });
}

fn write_method(part: &mut Markup, method: &[(String, String)]) {
    part.tag("h2").text(METHOD);
    part.tag("dl").holding(|list| {
        for (term, text) in method {
            list.tag("dt").text(term);
            list.tag("dd").text(text);
        }
    });
}

/// A paragraph, unless there is nothing to say.
fn paragraph(part: &mut Markup, class: &str, text: &str) {
    if !text.trim().is_empty() {
        part.tag("p").attr("class", class).text(text);
    }
}
