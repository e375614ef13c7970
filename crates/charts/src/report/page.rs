//! Writes a report as HTML.

use crate::markup::Markup;
use crate::paint::{FONTS, Paint};
use crate::report::{Brand, Footnotes, KeyFigure, Report, ReportTable, Section, Statement};
use crate::svg::draw;
use crate::{Chart, ChartError, Theme, moment_in};

/// Style sheet without the colours.
const STYLE: &str = include_str!("page.css");

/// Content security policy: loads nothing; styles are inline.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Addition for a page with a logo, which is part of the page.
const LOGO_POLICY: &str = "; img-src data:";

/// Heading of the footnotes.
pub const FOOTNOTES: &str = "How do we know?";

/// Number of sections from which there is a table of contents.
const CONTENTS_FROM: usize = 4;

/// Setting of a page that is served.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown<'a> {
    /// True for a page that search engines are to leave out.
    pub is_unlisted: bool,
    /// Links below the heading: texts and targets.
    pub links: &'a [(&'a str, String)],
}

/// Renders the report as one HTML page.
///
/// # Errors
///
/// [`ChartError`] if the report exceeds a limit, a row does not fit its columns, or a chart cannot be drawn.
pub fn html(report: &Report) -> Result<String, ChartError> {
    html_shown(report, Shown::default())
}

/// [`html`] for a page that is served.
///
/// # Errors
///
/// Those of [`html`].
pub fn html_shown(report: &Report, shown: Shown<'_>) -> Result<String, ChartError> {
    report.check()?;
    let charts = drawn(report)?;
    let footnotes = Footnotes::of(report);
    let mut page = Markup::default();
    page.raw("<!DOCTYPE html>\n");
    page.tag("html").attr("lang", "en").holding(|html| {
        html.tag("head").holding(|head| write_head(head, report, shown));
        html.raw("\n");
        html.tag("body").holding(|body| write_body(body, report, shown, (&charts, &footnotes)));
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

fn write_head(head: &mut Markup, report: &Report, shown: Shown<'_>) {
    head.tag("meta").attr("charset", "utf-8").empty();
    let policy = format!("{POLICY}{}", if report.brand.logo.is_some() { LOGO_POLICY } else { "" });
    head.tag("meta").attr("http-equiv", "Content-Security-Policy").attr("content", &policy).empty();
    head.tag("meta").attr("name", "viewport").attr("content", "width=device-width, initial-scale=1").empty();
    head.tag("meta").attr("name", "color-scheme").attr("content", "light dark").empty();
    if shown.is_unlisted {
        head.tag("meta").attr("name", "robots").attr("content", "noindex, nofollow").empty();
    }
    head.tag("title").text(&report.title);
    let [light, dark] = [Theme::Light, Theme::Dark].map(|theme| {
        let accent = report.brand.accent.filter(|accent| accent.colour().is_visible_in(theme));
        theme.colours().variables(accent.as_ref())
    });
    let brand = report.brand.colour.map(|colour| format!("--brand:{colour};")).unwrap_or_default();
    head.raw("<style>\n");
    head.raw(&format!(":root{{--fonts:{FONTS};{brand}{light}}}\n"));
    head.raw(&format!("@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"));
    head.raw(STYLE);
    head.raw("</style>");
}

fn write_body(
    body: &mut Markup,
    report: &Report,
    shown: Shown<'_>,
    (charts, footnotes): (&[Vec<String>], &Footnotes<'_>),
) {
    body.tag("main").holding(|main| {
        main.tag("header").holding(|header| write_header(header, report, shown));
        if report.sections.len() >= CONTENTS_FROM {
            write_contents(main, report, footnotes);
        }
        for ((number, section), charts) in (1..).zip(&report.sections).zip(charts) {
            main.raw("\n");
            main.tag("section")
                .attr("id", &section_id(number))
                .holding(|part| write_section(part, section, charts, footnotes));
        }
        main.raw("\n");
        if !footnotes.texts().is_empty() {
            main.tag("section").attr("id", "footnotes").holding(|part| write_footnotes(part, footnotes));
        }
        if !report.method.is_empty() {
            main.tag("section").attr("id", "method").holding(|part| write_method(part, &report.method));
        }
        main.tag("footer").text("Made with Tagmeter.");
    });
}

fn write_header(header: &mut Markup, report: &Report, shown: Shown<'_>) {
    let Brand { logo, sender, .. } = &report.brand;
    if let Some(logo) = logo {
        let name = if sender.trim().is_empty() { "Logo" } else { sender };
        header.tag("img").attr("class", "logo").attr("src", &logo.data_url()).attr("alt", name).empty();
    }
    header.tag("h1").text(&report.title);
    paragraph(header, "subtitle", &report.subtitle);
    if !sender.trim().is_empty() {
        paragraph(header, "sender", &format!("Prepared by {sender}"));
    }
    let made =
        format!("Made on {}. All times are {}.", moment_in(&report.zone, report.generated_at), report.zone);
    paragraph(header, "made", &made);
    paragraph(header, "notice", &report.notice);
    if !shown.links.is_empty() {
        header.tag("p").attr("class", "links").holding(|line| {
            for (text, target) in shown.links {
                line.tag("a").attr("href", target).text(text);
                line.text(" ");
            }
        });
    }
}

fn section_id(number: usize) -> String {
    format!("section-{number}")
}

fn write_contents(main: &mut Markup, report: &Report, footnotes: &Footnotes<'_>) {
    let headings = report.sections.iter().map(|section| section.heading.as_str());
    let entries = (1..).map(section_id).zip(headings);
    let notes = (!footnotes.texts().is_empty()).then(|| ("footnotes".to_owned(), FOOTNOTES));
    let method = (!report.method.is_empty()).then(|| ("method".to_owned(), METHOD));
    main.tag("nav").attr("aria-label", "Contents").holding(|nav| {
        nav.tag("ol").holding(|list| {
            for (id, heading) in entries.chain(notes).chain(method).filter(|(_, heading)| !heading.is_empty())
            {
                list.tag("li").holding(|item| item.tag("a").attr("href", &format!("#{id}")).text(heading));
            }
        });
    });
}

/// Hint above charts wider than the screen.
const SCROLL_HINT: &str = "\u{2194} Scroll charts and tables sideways to see all of them.";

/// Heading of the last section.
pub const METHOD: &str = "Method";

fn write_section(part: &mut Markup, section: &Section, charts: &[String], footnotes: &Footnotes<'_>) {
    if !section.heading.is_empty() {
        part.tag("h2").text(&section.heading);
    }
    for text in section.intro.split("\n\n") {
        paragraph(part, "intro", text);
    }
    if !section.figures.is_empty() {
        part.tag("div").attr("class", "figures").holding(|figures| {
            section.figures.iter().for_each(|figure| write_figure(figures, figure, footnotes));
        });
    }
    section.statements.iter().for_each(|statement| write_statement(part, statement, footnotes));
    if !charts.is_empty() {
        paragraph(part, "hint", SCROLL_HINT);
    }
    for (drawn, chart) in charts.iter().zip(&section.charts) {
        part.raw("\n");
        // On a small screen a chart is moved to and fro, also by keys.
        let scrolled = part.tag("figure").attr("tabindex", "0").attr("role", "group");
        scrolled.attr("aria-label", &chart.title).holding(|figure| figure.raw(drawn));
    }
    if !charts.is_empty() && !section.chart_footnotes.is_empty() {
        part.tag("p").attr("class", "sources").holding(|line| {
            line.text(if charts.len() == 1 { "The chart" } else { "The charts" });
            write_markers(line, &footnotes.numbers(&section.chart_footnotes));
        });
    }
    section.tables.iter().for_each(|table| write_table(part, table, footnotes));
    if !section.notes.is_empty() {
        part.tag("ul").attr("class", "notes").holding(|list| {
            section.notes.iter().for_each(|note| list.tag("li").text(note));
        });
    }
}

/// Characters of a key figure beyond which it is smaller: a number must not break.
const VALUE_CHARS: usize = 9;

fn write_figure(figures: &mut Markup, figure: &KeyFigure, footnotes: &Footnotes<'_>) {
    figures.tag("div").attr("class", "figure").holding(|card| {
        paragraph(card, "label", &figure.label);
        let is_long = figure.value.chars().count() > VALUE_CHARS;
        card.tag("p").attr("class", if is_long { "value long" } else { "value" }).holding(|value| {
            value.text(&figure.value);
            write_markers(value, &footnotes.numbers(&figure.footnotes));
        });
        paragraph(card, "note", &figure.note);
    });
}

fn write_statement(part: &mut Markup, statement: &Statement, footnotes: &Footnotes<'_>) {
    part.tag("p").attr("class", "statement").holding(|line| {
        line.text(&statement.text);
        write_markers(line, &footnotes.numbers(&statement.footnotes));
    });
}

/// Links to footnotes: `[1]`, so that a copied number does not run into the one of its footnote.
fn write_markers(line: &mut Markup, numbers: &[usize]) {
    for number in numbers {
        line.text(" ");
        line.tag("sup").holding(|sup| {
            sup.tag("a").attr("href", &format!("#footnote-{number}")).text(&format!("[{number}]"));
        });
    }
}

fn write_footnotes(part: &mut Markup, footnotes: &Footnotes<'_>) {
    part.tag("h2").text(FOOTNOTES);
    part.tag("ol").attr("class", "footnotes").holding(|list| {
        for (number, text) in (1..).zip(footnotes.texts()) {
            list.tag("li").attr("id", &format!("footnote-{number}")).text(text);
        }
    });
}

fn write_table(part: &mut Markup, table: &ReportTable, footnotes: &Footnotes<'_>) {
    part.raw("\n");
    let class = |is_number: bool| is_number.then_some("number");
    // A wide table is moved to and fro on a small screen, also by keys.
    let scrolled = part.tag("div").attr("class", "table").attr("tabindex", "0").attr("role", "region");
    scrolled.attr("aria-label", &table.caption).holding(|scrolled| {
        scrolled.tag("table").holding(|whole| {
            if !table.caption.is_empty() {
                whole.tag("caption").holding(|caption| {
                    caption.text(&table.caption);
                    write_markers(caption, &footnotes.numbers(&table.footnotes));
                });
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
