//! Lays the parts of a report out: heading, sections, key figures, charts, footnotes, method.

use crate::pdf::flow::{Area, Flow, Item, LEFT, WIDTH};
use crate::pdf::letters::Style;
use crate::pdf::table;
use charts::moment_in;
use charts::report::{Brand, Colour, FOOTNOTES, Footnotes, KeyFigure, METHOD, Report, Section, Statement};

pub(crate) const INK: Colour = Colour { rgb: [0x1b, 0x1f, 0x24] };
pub(crate) const MUTED: Colour = Colour { rgb: [0x59, 0x63, 0x6e] };
pub(crate) const GRID: Colour = Colour { rgb: [0xe0, 0xe4, 0xe9] };
const CARD: Colour = Colour { rgb: [0xf6, 0xf7, 0xf9] };

const TITLE: Style = Style { size: 22.0, is_bold: true, colour: INK };
const SUBTITLE: Style = Style { size: 11.5, is_bold: false, colour: INK };
const HEADING: Style = Style { size: 15.0, is_bold: true, colour: INK };
const TEXT: Style = Style { size: 10.0, is_bold: false, colour: INK };
const STATEMENT: Style = Style { size: 11.0, is_bold: false, colour: INK };
const TERM: Style = Style { size: 9.5, is_bold: true, colour: INK };
const SMALL: Style = Style { size: 8.5, is_bold: false, colour: MUTED };
const LABEL: Style = Style { size: 8.0, is_bold: false, colour: MUTED };
const VALUE: Style = Style { size: 15.0, is_bold: true, colour: INK };

/// The whole text block.
const COLUMN: (f32, f32) = (LEFT, WIDTH);

/// Largest logo.
const LOGO: (f32, f32) = (130.0, 48.0);

/// Key figures beside each other, and the space between them.
const FIGURES_ACROSS: usize = 4;
const FIGURE_GAP: f32 = 8.0;
const FIGURE_PAD: f32 = 7.0;
/// Smallest size of a value that is wide.
const VALUE_MIN: f32 = 8.0;
/// Most lines of the comment on a key figure.
const FIGURE_LINES_MAX: usize = 24;

/// A heading stays with as much of what follows.
const WITH_HEADING: f32 = 72.0;

/// Room for the numbers of footnotes.
const NUMBERS: f32 = 24.0;

pub(crate) fn report(flow: &mut Flow<'_>, report: &Report, footnotes: &Footnotes<'_>) {
    let brand = &report.brand;
    header(flow, report);
    let mut charts = 0;
    for part in &report.sections {
        section(flow, part, brand, footnotes, charts);
        charts += part.charts.len();
    }
    if !footnotes.texts().is_empty() {
        heading(flow, FOOTNOTES);
        for (number, text) in (1..).zip(footnotes.texts()) {
            footnote(flow, number, text);
        }
    }
    if !report.method.is_empty() {
        heading(flow, METHOD);
        for (term, text) in &report.method {
            flow.gap(4.0);
            flow.need(TERM.leading() + 2.0 * SMALL.leading());
            flow.paragraph(COLUMN, TERM, term, &[]);
            flow.paragraph(COLUMN, SMALL, text, &[]);
        }
    }
}

fn header(flow: &mut Flow<'_>, report: &Report) {
    let Brand { logo, sender, colour, .. } = &report.brand;
    let top = flow.y;
    let mut width = WIDTH;
    let mut bottom = top;
    if let Some(logo) = logo {
        let (wide, high) = logo.fitted(LOGO.0, LOGO.1);
        flow.push(Item::Logo(Area { x: LEFT + WIDTH - wide, y: top, width: wide, height: high }));
        width -= wide + 20.0;
        bottom += high;
    }
    let beside = (LEFT, width);
    flow.mark_heading(&report.title);
    flow.paragraph(beside, TITLE, &report.title, &[]);
    flow.y += 2.0;
    flow.paragraph(beside, SUBTITLE, &report.subtitle, &[]);
    flow.y += 2.0;
    if !sender.trim().is_empty() {
        flow.paragraph(beside, SMALL, &format!("Prepared by {}", sender.trim()), &[]);
    }
    let made =
        format!("Made on {}. All times are {}.", moment_in(&report.zone, report.generated_at), report.zone);
    flow.paragraph(beside, SMALL, &made, &[]);
    flow.paragraph(beside, TERM, &report.notice, &[]);
    flow.y = flow.y.max(bottom) + 6.0;
    let rule = Area { x: LEFT, y: flow.y, width: WIDTH, height: 2.0 };
    flow.push(Item::Fill(rule, colour.unwrap_or(INK)));
    flow.y += 10.0;
}

fn heading(flow: &mut Flow<'_>, text: &str) {
    flow.gap(14.0);
    flow.need(HEADING.leading() + WITH_HEADING);
    flow.mark_heading(text);
    flow.paragraph(COLUMN, HEADING, text, &[]);
    flow.y += 3.0;
}

fn section(
    flow: &mut Flow<'_>,
    section: &Section,
    brand: &Brand,
    footnotes: &Footnotes<'_>,
    first_chart: usize,
) {
    if !section.heading.trim().is_empty() {
        heading(flow, &section.heading);
    }
    for text in section.intro.split("\n\n").filter(|text| !text.trim().is_empty()) {
        flow.paragraph(COLUMN, TEXT, text, &[]);
        flow.gap(4.0);
    }
    for row in section.figures.chunks(FIGURES_ACROSS) {
        figures(flow, row, brand, footnotes);
    }
    for Statement { text, footnotes: proofs } in &section.statements {
        flow.paragraph(COLUMN, STATEMENT, text, &footnotes.numbers(proofs));
        flow.gap(4.0);
    }
    for (number, chart) in (first_chart..).zip(&section.charts) {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand pixels")]
        let height = WIDTH * chart.height as f32 / chart.width as f32;
        let height = height.min(crate::pdf::flow::BOTTOM - crate::pdf::flow::TOP);
        flow.gap(6.0);
        flow.need(height);
        let area = Area { x: LEFT, y: flow.y, width: WIDTH, height };
        flow.push(Item::Chart(area, number));
        flow.y += height;
    }
    if !section.charts.is_empty() && !section.chart_footnotes.is_empty() {
        let what = if section.charts.len() == 1 { "The chart" } else { "The charts" };
        flow.paragraph(COLUMN, SMALL, what, &footnotes.numbers(&section.chart_footnotes));
    }
    for one in &section.tables {
        table::table(flow, one, brand, &footnotes.numbers(&one.footnotes));
    }
    flow.gap(4.0);
    for note in &section.notes {
        flow.need(SMALL.leading());
        let y = flow.y;
        flow.line_at(LEFT, y, SMALL, "•".to_owned());
        flow.paragraph((LEFT + 10.0, WIDTH - 10.0), SMALL, note, &[]);
    }
}

/// A row of key figures as cards of one height.
fn figures(flow: &mut Flow<'_>, row: &[KeyFigure], brand: &Brand, footnotes: &Footnotes<'_>) {
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let across = FIGURES_ACROSS as f32;
    let width = (WIDTH - (across - 1.0) * FIGURE_GAP) / across;
    let inner = width - 2.0 * FIGURE_PAD;
    let cards: Vec<_> = row.iter().map(|figure| Card::of(flow, figure, inner)).collect();
    let height = cards.iter().map(Card::height).fold(0.0, f32::max) + 2.0 * FIGURE_PAD;
    flow.gap(4.0);
    flow.need(height);
    let top = flow.y;
    for ((place, card), figure) in (0_u8..).zip(cards).zip(row) {
        let x = LEFT + f32::from(place) * (width + FIGURE_GAP);
        flow.push(Item::Fill(Area { x, y: top, width, height }, CARD));
        let bar = Area { x, y: top, width, height: 1.5 };
        flow.push(Item::Fill(bar, brand.colour.unwrap_or(GRID)));
        card.draw(flow, (x + FIGURE_PAD, top + FIGURE_PAD), inner, &footnotes.numbers(&figure.footnotes));
    }
    flow.y = top + height + 6.0;
}

/// A key figure, broken into lines.
struct Card {
    label: Vec<String>,
    value: Vec<String>,
    value_style: Style,
    note: Vec<String>,
    has_markers: bool,
}

impl Card {
    fn of(flow: &Flow<'_>, figure: &KeyFigure, width: f32) -> Self {
        let natural = flow.letters.width(&figure.value, VALUE);
        let size = (VALUE.size * (width / natural.max(1.0)).min(1.0)).max(VALUE_MIN);
        let value_style = Style { size, ..VALUE };
        let mut note = flow.letters.lines(&figure.note, LABEL, width);
        if note.len() > FIGURE_LINES_MAX {
            note.truncate(FIGURE_LINES_MAX);
            note.push("…".to_owned());
        }
        Self {
            label: flow.letters.lines(&figure.label, LABEL, width),
            // A hair more: the size was chosen to fit exactly.
            value: flow.letters.lines(&figure.value, value_style, width + 0.1),
            value_style,
            note,
            has_markers: !figure.footnotes.is_empty(),
        }
    }

    fn height(&self) -> f32 {
        let markers = if self.has_markers { LABEL.leading() } else { 0.0 };
        #[expect(clippy::cast_precision_loss, reason = "a few lines")]
        let of = |lines: &Vec<String>, style: Style| lines.len() as f32 * style.leading();
        of(&self.label, LABEL) + of(&self.value, self.value_style) + of(&self.note, LABEL) + markers
    }

    fn draw(self, flow: &mut Flow<'_>, (x, top): (f32, f32), width: f32, markers: &[usize]) {
        let parts = [(self.label, LABEL), (self.value, self.value_style), (self.note, LABEL)];
        let mut y = top;
        for (lines, style) in parts {
            for line in lines {
                flow.line_at(x, y, style, line);
                y += style.leading();
            }
        }
        if !markers.is_empty() {
            flow.y = y + LABEL.leading();
            flow.markers((x, width), x - LABEL.size * 0.2, LABEL, markers);
        }
    }
}

fn footnote(flow: &mut Flow<'_>, number: usize, text: &str) {
    flow.need(SMALL.leading());
    flow.mark_footnote();
    let y = flow.y;
    flow.line_until(LEFT + NUMBERS - 6.0, y, SMALL, format!("{number}."));
    flow.paragraph((LEFT + NUMBERS, WIDTH - NUMBERS), SMALL, text, &[]);
    flow.gap(2.0);
}
