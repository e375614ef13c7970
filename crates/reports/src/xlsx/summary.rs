//! The summary: everything of the report that is text, with links to the sheets of its charts and tables.

use crate::ReportError;
use crate::xlsx::cells::{self, Formats};
use crate::xlsx::{chart_sheet, table_sheet};
use charts::moment_in;
use charts::report::{FOOTNOTES, Footnotes, KeyFigure, METHOD, Report, Section};
use rust_xlsxwriter::{Image, Worksheet};

/// Columns: text or label, value, comment, footnotes.
const WIDTHS: [f64; 4] = [64.0, 18.0, 64.0, 14.0];

/// Box of the logo, in pixels.
const LOGO: (f32, f32) = (240.0, 64.0);
/// An SVG logo is painted with as many pixels for each of the box.
const LOGO_SCALE: f32 = 2.0;
/// Height of the first row, in points, with a logo.
const LOGO_ROW: f64 = 54.0;

/// A sheet that is filled row by row.
struct Rows<'a> {
    sheet: &'a mut Worksheet,
    formats: &'a Formats,
    row: u32,
}

pub(crate) fn write(
    sheet: &mut Worksheet,
    report: &Report,
    footnotes: &Footnotes<'_>,
    formats: &Formats,
) -> Result<(), ReportError> {
    for (width, place) in WIDTHS.into_iter().zip(0_u16..) {
        sheet.set_column_width(place, width)?;
    }
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    let mut rows = Rows { sheet, formats, row: 0 };
    rows.header(report)?;
    let (mut charts, mut tables) = (0, 0);
    for section in &report.sections {
        rows.section(section, footnotes, (&mut charts, &mut tables))?;
    }
    if !footnotes.texts().is_empty() {
        rows.heading(FOOTNOTES)?;
        for (number, text) in (1..).zip(footnotes.texts()) {
            rows.line(&format!("[{number}] {text}"), &formats.wrapped)?;
        }
    }
    if !report.method.is_empty() {
        rows.row += 1;
        rows.link(METHOD, METHOD)?;
    }
    Ok(())
}

/// Formats numbers of footnotes: `[1] [2]`.
pub(crate) fn markers(numbers: &[usize]) -> String {
    numbers.iter().map(|number| format!("[{number}]")).collect::<Vec<String>>().join(" ")
}

impl Rows<'_> {
    fn header(&mut self, report: &Report) -> Result<(), ReportError> {
        if let Some(logo) = &report.brand.logo {
            let (width, height) = logo.fitted(LOGO.0, LOGO.1);
            let image = Image::new_from_buffer(&logo.png(LOGO.0 * LOGO_SCALE, LOGO.1 * LOGO_SCALE)?)?;
            let image = image.set_scale_to_size(width, height, true).set_alt_text("Logo");
            self.sheet.set_row_height(0, LOGO_ROW)?;
            self.sheet.insert_image(0, 2, &image)?;
        }
        self.line(&report.title, &self.formats.title)?;
        self.line(&report.subtitle, &self.formats.wrapped)?;
        let sender = report.brand.sender.trim();
        if !sender.is_empty() {
            self.line(&format!("Prepared by {sender}"), &self.formats.muted)?;
        }
        let made = format!(
            "Made on {}. All times are {}.",
            moment_in(&report.zone, report.generated_at),
            report.zone
        );
        self.line(&made, &self.formats.muted)?;
        self.line(&report.notice, &self.formats.bold)
    }

    fn section(
        &mut self,
        section: &Section,
        footnotes: &Footnotes<'_>,
        (charts, tables): (&mut usize, &mut usize),
    ) -> Result<(), ReportError> {
        self.heading(&section.heading)?;
        for text in section.intro.split("\n\n") {
            self.line(text, &self.formats.wrapped)?;
        }
        for figure in &section.figures {
            self.figure(figure, &footnotes.numbers(&figure.footnotes))?;
        }
        for statement in &section.statements {
            let numbers = markers(&footnotes.numbers(&statement.footnotes));
            cells::text(self.sheet, (self.row, 3), &numbers, &self.formats.muted)?;
            self.line(&statement.text, &self.formats.wrapped)?;
        }
        for chart in &section.charts {
            *charts += 1;
            let sheet = chart_sheet(*charts);
            let numbers = markers(&footnotes.numbers(&section.chart_footnotes));
            cells::text(self.sheet, (self.row, 3), &numbers, &self.formats.muted)?;
            let title = if chart.title.is_empty() { &section.heading } else { &chart.title };
            self.link(&sheet, &format!("{sheet}: {title}"))?;
        }
        for table in &section.tables {
            *tables += 1;
            let sheet = table_sheet(*tables);
            let numbers = markers(&footnotes.numbers(&table.footnotes));
            cells::text(self.sheet, (self.row, 3), &numbers, &self.formats.muted)?;
            self.link(&sheet, &format!("{sheet}: {}", table.caption))?;
        }
        for note in &section.notes {
            self.line(note, &self.formats.wrapped)?;
        }
        Ok(())
    }

    fn figure(&mut self, figure: &KeyFigure, footnotes: &[usize]) -> Result<(), ReportError> {
        let row = self.row;
        cells::text(self.sheet, (row, 0), &figure.label, &self.formats.bold_top)?;
        cells::number(self.sheet, (row, 1), &figure.value, self.formats)?;
        cells::text(self.sheet, (row, 2), &figure.note, &self.formats.wrapped)?;
        cells::text(self.sheet, (row, 3), &markers(footnotes), &self.formats.muted)?;
        self.row += 1;
        Ok(())
    }

    fn heading(&mut self, text: &str) -> Result<(), ReportError> {
        self.row += 1;
        self.line(text, &self.formats.heading)
    }

    /// Writes a text into a row of its own, unless it is empty.
    fn line(&mut self, text: &str, format: &rust_xlsxwriter::Format) -> Result<(), ReportError> {
        if !text.trim().is_empty() {
            cells::text(self.sheet, (self.row, 0), text, format)?;
            self.row += 1;
        }
        Ok(())
    }

    fn link(&mut self, sheet: &str, text: &str) -> Result<(), ReportError> {
        let shown: String = text.chars().take(LINK_MAX).collect();
        self.sheet.write_url_with_text(self.row, 0, format!("internal:'{sheet}'!A1").as_str(), shown)?;
        self.row += 1;
        Ok(())
    }
}

/// Most characters of a link's text.
const LINK_MAX: usize = 200;
