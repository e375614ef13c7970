//! Pages under construction: a cursor that moves down and begins a new page where nothing fits any more.

use crate::ReportError;
use crate::pdf::PAGES_MAX;
use crate::pdf::letters::{Letters, Style};
use charts::report::Colour;

/// A4, in points.
pub(crate) const PAGE_WIDTH: f32 = 595.0;
pub(crate) const PAGE_HEIGHT: f32 = 842.0;

/// Margins.
pub(crate) const LEFT: f32 = 48.0;
pub(crate) const TOP: f32 = 48.0;
pub(crate) const BOTTOM: f32 = PAGE_HEIGHT - 60.0;

/// Width of the text.
pub(crate) const WIDTH: f32 = PAGE_WIDTH - 2.0 * LEFT;

/// Size of a footnote's marker relative to its text, and how far it is raised.
const MARKER_SIZE: f32 = 0.75;
const MARKER_RISE: f32 = 0.32;

/// A rectangle, from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    /// Text on one line, which begins, or ends, at `x`.
    Text { x: f32, baseline: f32, is_end: bool, style: Style, text: String },
    /// A filled rectangle.
    Fill(Area, Colour),
    /// The chart of this number, from 0, through all sections.
    Chart(Area, usize),
    /// The logo.
    Logo(Area),
    /// A link to the footnote of this number, from 1.
    Link(Area, usize),
}

/// A place that is linked to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    /// Page, from 0.
    pub(crate) page: usize,
    pub(crate) y: f32,
}

/// Finished pages.
#[derive(Debug)]
pub(crate) struct Laid {
    pub(crate) pages: Vec<Vec<Item>>,
    /// Headings for the outline.
    pub(crate) headings: Vec<(String, Place)>,
    /// Footnotes in order of their numbers.
    pub(crate) footnotes: Vec<Place>,
}

/// Pages under construction.
pub(crate) struct Flow<'a> {
    pub(crate) letters: &'a Letters,
    /// Distance of the cursor from the top of the page.
    pub(crate) y: f32,
    laid: Laid,
    is_too_long: bool,
}

impl<'a> Flow<'a> {
    pub(crate) fn new(letters: &'a Letters) -> Self {
        let laid = Laid { pages: vec![Vec::new()], headings: Vec::new(), footnotes: Vec::new() };
        Self { letters, y: TOP, laid, is_too_long: false }
    }

    pub(crate) fn finish(self) -> Result<Laid, ReportError> {
        if self.is_too_long { Err(ReportError::Pages) } else { Ok(self.laid) }
    }

    /// Returns true if there are more pages than allowed: nothing that follows is shown.
    pub(crate) fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    pub(crate) fn push(&mut self, item: Item) {
        if let Some(page) = self.laid.pages.last_mut() {
            page.push(item);
        }
    }

    /// Moves down, unless at the top of a page.
    pub(crate) fn gap(&mut self, height: f32) {
        if self.y > TOP {
            self.y += height;
        }
    }

    /// Returns true if the page has room for this height.
    pub(crate) fn has(&self, height: f32) -> bool {
        self.y + height <= BOTTOM
    }

    /// Begins a page if this one has no room for this height.
    pub(crate) fn need(&mut self, height: f32) {
        if self.has(height) || self.y <= TOP {
            return;
        }
        self.y = TOP;
        if self.laid.pages.len() < PAGES_MAX {
            self.laid.pages.push(Vec::new());
        } else {
            // What follows is not shown: `finish` refuses it.
            self.is_too_long = true;
        }
    }

    pub(crate) fn place(&self) -> Place {
        Place { page: self.laid.pages.len() - 1, y: (self.y - 4.0).max(0.0) }
    }

    /// Notes a heading for the outline.
    pub(crate) fn mark_heading(&mut self, text: &str) {
        let place = self.place();
        self.laid.headings.push((text.to_owned(), place));
    }

    /// Notes the place of the next footnote.
    pub(crate) fn mark_footnote(&mut self) {
        let place = self.place();
        self.laid.footnotes.push(place);
    }

    /// Adds a line of text whose top is at `y`.
    pub(crate) fn line_at(&mut self, x: f32, y: f32, style: Style, text: String) {
        self.push(Item::Text { x, baseline: y + style.ascent(), is_end: false, style, text });
    }

    /// Adds a line of text that ends at `x`.
    pub(crate) fn line_until(&mut self, x: f32, y: f32, style: Style, text: String) {
        self.push(Item::Text { x, baseline: y + style.ascent(), is_end: true, style, text });
    }

    /// Adds a paragraph, with links to footnotes at its end.
    pub(crate) fn paragraph(&mut self, (x, width): (f32, f32), style: Style, text: &str, markers: &[usize]) {
        let lines = self.letters.lines(text, style, width);
        let mut end = x;
        for line in lines {
            self.need(style.leading());
            end = x + self.letters.width(&line, style);
            let y = self.y;
            self.line_at(x, y, style, line);
            self.y += style.leading();
        }
        self.markers((x, width), end, style, markers);
    }

    /// Adds links to footnotes behind the line above the cursor, which ends at `end`.
    pub(crate) fn markers(&mut self, (x, width): (f32, f32), end: f32, style: Style, markers: &[usize]) {
        let small = Style { size: style.size * MARKER_SIZE, is_bold: false, ..style };
        let mut at = end + style.size * 0.2;
        for number in markers {
            let text = format!("[{number}]");
            let wide = self.letters.width(&text, small);
            if at + wide > x + width && at > x {
                self.need(style.leading());
                self.y += style.leading();
                at = x;
            }
            let top = self.y - style.leading();
            let baseline = top + style.ascent() - style.size * MARKER_RISE;
            self.push(Item::Text { x: at, baseline, is_end: false, style: small, text });
            let area = Area { x: at, y: top, width: wide, height: style.leading() };
            self.push(Item::Link(area, *number));
            at += wide + style.size * 0.15;
        }
    }
}
