//! Lays tables out: columns share the width, rows stay whole, and each page repeats the header.

use crate::pdf::blocks::{GRID, INK, MUTED};
use crate::pdf::flow::{Area, Flow, Item, LEFT, WIDTH};
use crate::pdf::letters::Style;
use charts::report::{Brand, ReportColumn, ReportTable};

const CAPTION: Style = Style { size: 8.5, is_bold: false, colour: MUTED };

/// Size of the text, and of that of a table of many columns.
const SIZE: f32 = 8.5;
const SMALL_SIZE: f32 = 7.0;
const MANY_COLUMNS: usize = 8;

/// Space right of each cell, and above and below.
const PAD: f32 = 8.0;
const PAD_Y: f32 = 2.2;

/// Width that a long word may claim at most: beyond that it is broken.
const WORD_MAX: f32 = 110.0;

/// Most lines of a cell; the last one is then cut.
const LINES_MAX: usize = 24;

/// The layout of a table.
struct Layout<'a> {
    columns: &'a [ReportColumn],
    widths: Vec<f32>,
    style: Style,
    brand: &'a Brand,
}

pub(crate) fn table(flow: &mut Flow<'_>, table: &ReportTable, brand: &Brand, markers: &[usize]) {
    let size = if table.columns.len() > MANY_COLUMNS { SMALL_SIZE } else { SIZE };
    let style = Style { size, is_bold: false, colour: INK };
    let widths = widths(flow, table, style);
    let layout = Layout { columns: &table.columns, widths, style, brand };
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let header = layout.broken(flow, &names, true);
    let first = table.rows.first().map(|row| layout.height(&layout.broken(flow, row, false)));
    flow.gap(9.0);
    let caption = flow.letters.lines(&table.caption, CAPTION, WIDTH).len();
    #[expect(clippy::cast_precision_loss, reason = "a few lines")]
    let caption = caption as f32 * CAPTION.leading();
    flow.need(caption + layout.height(&header) + first.unwrap_or_default());
    flow.paragraph((LEFT, WIDTH), CAPTION, &table.caption, markers);
    layout.header(flow, &header);
    for row in &table.rows {
        if flow.is_too_long() {
            return;
        }
        let lines = layout.broken(flow, row, false);
        if !flow.has(layout.height(&lines)) {
            flow.need(layout.height(&lines));
            layout.header(flow, &header);
        }
        layout.draw(flow, &lines, false);
    }
}

/// Returns the widths of the columns, which add up to that of the text.
fn widths(flow: &Flow<'_>, table: &ReportTable, style: Style) -> Vec<f32> {
    let bold = Style { is_bold: true, ..style };
    let (mut natural, mut least) = (Vec::new(), Vec::new());
    for (place, column) in table.columns.iter().enumerate() {
        let cells = || table.rows.iter().filter_map(|row| row.get(place));
        let widest = cells().map(|cell| flow.letters.width(cell, style)).fold(0.0, f32::max);
        let words = cells().map(|cell| flow.letters.longest_word(cell, style)).fold(0.0, f32::max);
        // Numbers stay on one line.
        let words = if column.is_number { widest } else { words.min(WORD_MAX) };
        let name = flow.letters.longest_word(&column.name, bold).min(WORD_MAX);
        natural.push(widest.max(flow.letters.width(&column.name, bold)) + PAD);
        least.push(words.max(name) + PAD);
    }
    shared(&natural, &least, WIDTH)
}

/// Shares a width: by the natural widths with the rest spread evenly, else the least ones and a part of what is
/// wanted beyond, else a part of the least ones.
fn shared(natural: &[f32], least: &[f32], width: f32) -> Vec<f32> {
    let (wanted, needed): (f32, f32) = (natural.iter().sum(), least.iter().sum());
    if wanted <= width {
        #[expect(clippy::cast_precision_loss, reason = "a few columns")]
        let extra = (width - wanted) / natural.len().max(1) as f32;
        return natural.iter().map(|own| own + extra).collect();
    }
    if needed >= width {
        return least.iter().map(|own| own * width / needed).collect();
    }
    let share = (width - needed) / (wanted - needed);
    natural.iter().zip(least).map(|(natural, least)| least + (natural - least) * share).collect()
}

impl Layout<'_> {
    /// Breaks the cells of a row into lines.
    fn broken(&self, flow: &Flow<'_>, cells: &[impl AsRef<str>], is_bold: bool) -> Vec<Vec<String>> {
        let style = Style { is_bold, ..self.style };
        let cells = cells.iter().zip(&self.widths);
        cells
            .map(|(cell, width)| {
                // A hair more, since the width of the widest cell is its own.
                let mut lines = flow.letters.lines(cell.as_ref(), style, width - PAD + 0.1);
                if lines.len() > LINES_MAX {
                    lines.truncate(LINES_MAX);
                    lines.push("…".to_owned());
                }
                lines
            })
            .collect()
    }

    fn height(&self, cells: &[Vec<String>]) -> f32 {
        let lines = cells.iter().map(Vec::len).max().unwrap_or_default().max(1);
        #[expect(clippy::cast_precision_loss, reason = "a few lines")]
        let lines = lines as f32;
        lines * self.style.leading() + 2.0 * PAD_Y
    }

    fn header(&self, flow: &mut Flow<'_>, cells: &[Vec<String>]) {
        self.draw(flow, cells, true);
    }

    fn draw(&self, flow: &mut Flow<'_>, cells: &[Vec<String>], is_header: bool) {
        let style = Style { is_bold: is_header, ..self.style };
        let (top, height) = (flow.y, self.height(cells));
        let mut x = LEFT;
        for ((lines, width), column) in cells.iter().zip(&self.widths).zip(self.columns) {
            let mut y = top + PAD_Y;
            for line in lines {
                if column.is_number {
                    flow.line_until(x + width - PAD, y, style, line.clone());
                } else {
                    flow.line_at(x, y, style, line.clone());
                }
                y += style.leading();
            }
            x += width;
        }
        let (colour, thickness) =
            if is_header { (self.brand.colour.unwrap_or(MUTED), 0.8) } else { (GRID, 0.5) };
        let rule = Area { x: LEFT, y: top + height - thickness, width: WIDTH, height: thickness };
        flow.push(Item::Fill(rule, colour));
        flow.y = top + height;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_share_the_whole_width() {
        assert_eq!(shared(&[20.0, 40.0], &[20.0, 40.0], 100.0), [40.0, 60.0]);
        assert_eq!(shared(&[30.0, 170.0], &[30.0, 50.0], 100.0), [30.0, 70.0]);
        assert_eq!(shared(&[300.0, 300.0], &[150.0, 50.0], 100.0), [75.0, 25.0]);
    }
}
