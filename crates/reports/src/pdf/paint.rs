//! Draws laid out pages into the document.

use crate::ReportError;
use crate::pdf::blocks::MUTED;
use crate::pdf::flow::{Area, Item, LEFT, Laid, PAGE_HEIGHT, PAGE_WIDTH, WIDTH};
use crate::pdf::letters::{Letters, Style};
use charts::escaped;
use charts::report::{Colour, Logo, Report, picture};
use krilla::Document;
use krilla::annotation::{LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::destination::{Destination, XyzDestination};
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};
use krilla_svg::{SurfaceExt, SvgSettings};
use std::fmt::Write as _;

const FOOTER: Style = Style { size: 8.0, is_bold: false, colour: MUTED };
const FOOTER_Y: f32 = PAGE_HEIGHT - 30.0;

/// Room for `123 / 456` at the end of the footer.
const PAGE_NUMBERS: f32 = 60.0;

/// Everything that pages are drawn from.
struct Painter<'a> {
    report: &'a Report,
    letters: &'a Letters,
    charts: Vec<&'a charts::Chart>,
    regular: Font,
    bold: Font,
}

/// Draws all pages.
pub(crate) fn pages(
    document: &mut Document,
    report: &Report,
    laid: &Laid,
    letters: &Letters,
) -> Result<(), ReportError> {
    let font = |data: &'static [u8]| {
        Font::new(data.into(), 0).ok_or_else(|| ReportError::Pdf("the embedded font is damaged".to_owned()))
    };
    let painter = Painter {
        report,
        letters,
        charts: report.sections.iter().flat_map(|section| &section.charts).collect(),
        regular: font(ttf_noto_sans::REGULAR)?,
        bold: font(ttf_noto_sans::BOLD)?,
    };
    for (number, items) in (1..).zip(&laid.pages) {
        let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT)
            .ok_or_else(|| ReportError::Pdf("a page has no size".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let mut others = String::new();
        for item in items.iter().chain(&painter.footer(number, laid.pages.len())) {
            painter.draw(&mut surface, item, &mut others)?;
        }
        if !others.is_empty() {
            draw_others(&mut surface, &others)?;
        }
        surface.finish();
        for item in items {
            if let Item::Link(area, footnote) = item
                && let Some(place) = laid.footnotes.get(footnote - 1)
                && let Some(area) = rect(*area)
            {
                let to = XyzDestination::new(place.page, Point::from_xy(0.0, place.y));
                let link = LinkAnnotation::new(area, Target::Destination(Destination::Xyz(to)));
                page.add_annotation(link.into());
            }
        }
        page.finish();
    }
    Ok(())
}

impl Painter<'_> {
    fn footer(&self, number: usize, pages: usize) -> [Item; 2] {
        let text = |x, is_end, text| Item::Text { x, baseline: FOOTER_Y, is_end, style: FOOTER, text };
        let sender = self.report.brand.sender.trim();
        let left = if sender.is_empty() {
            self.report.title.clone()
        } else {
            format!("{} · {sender}", self.report.title)
        };
        let left = self.letters.cut(&left, FOOTER, WIDTH - PAGE_NUMBERS);
        [text(LEFT, false, left), text(LEFT + WIDTH, true, format!("{number} / {pages}"))]
    }

    /// Draws an item. Text that the embedded font cannot draw is added to `others`.
    fn draw(&self, surface: &mut Surface<'_>, item: &Item, others: &mut String) -> Result<(), ReportError> {
        match item {
            Item::Text { x, baseline, is_end, style, text } if self.letters.is_simple(text, *style) => {
                let width = if *is_end { self.letters.width(text, *style) } else { 0.0 };
                let font = if style.is_bold { &self.bold } else { &self.regular };
                surface.set_fill(Some(fill(style.colour)));
                let at = Point::from_xy(x - width, *baseline);
                surface.draw_text(at, font.clone(), style.size, text, false, TextDirection::LeftToRight);
            }
            Item::Text { x, baseline, is_end, style, text } => {
                let anchor = if *is_end { " text-anchor=\"end\"" } else { "" };
                let weight = if style.is_bold { " font-weight=\"700\"" } else { "" };
                // Writing to a String cannot fail.
                let _ = write!(
                    others,
                    r#"<text x="{x}" y="{baseline}" font-size="{}" fill="{}"{weight}{anchor}>{}</text>"#,
                    style.size,
                    style.colour,
                    escaped(text)
                );
            }
            Item::Fill(area, colour) => {
                let mut path = PathBuilder::new();
                if let Some(rect) = rect(*area) {
                    path.push_rect(rect);
                }
                if let Some(path) = path.finish() {
                    surface.set_fill(Some(fill(*colour)));
                    surface.draw_path(&path);
                }
            }
            Item::Chart(area, number) => {
                if let Some(chart) = self.charts.get(*number) {
                    let tree = charts::tree(&picture(chart, &self.report.brand)?)?;
                    within(surface, *area, |surface, size| {
                        surface.draw_svg(&tree, size, SvgSettings::default());
                    });
                }
            }
            Item::Logo(area) => {
                if let Some(logo) = &self.report.brand.logo {
                    draw_logo(surface, *area, logo)?;
                }
            }
            Item::Link(..) => {}
        }
        Ok(())
    }
}

fn draw_logo(surface: &mut Surface<'_>, area: Area, logo: &Logo) -> Result<(), ReportError> {
    match logo.tree()? {
        Some(tree) => within(surface, area, |surface, size| {
            surface.draw_svg(&tree, size, SvgSettings::default());
        }),
        None => {
            let image = Image::from_png(logo.bytes().to_vec().into(), true).map_err(ReportError::Pdf)?;
            within(surface, area, |surface, size| surface.draw_image(image, size));
        }
    }
    Ok(())
}

/// Draws the texts of a page that need other fonts, or a layout of joined or mixed scripts.
fn draw_others(surface: &mut Surface<'_>, texts: &str) -> Result<(), ReportError> {
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{PAGE_WIDTH}" height="{PAGE_HEIGHT}" xml:space="preserve">{texts}</svg>"#
    );
    let tree = charts::tree(&svg)?;
    let whole = Area { x: 0.0, y: 0.0, width: PAGE_WIDTH, height: PAGE_HEIGHT };
    within(surface, whole, |surface, size| {
        surface.draw_svg(&tree, size, SvgSettings::default());
    });
    Ok(())
}

/// Draws with the origin at the upper left corner of an area.
fn within(surface: &mut Surface<'_>, area: Area, draw: impl FnOnce(&mut Surface<'_>, Size)) {
    if let Some(size) = Size::from_wh(area.width, area.height) {
        surface.push_transform(&Transform::from_translate(area.x, area.y));
        draw(surface, size);
        surface.pop();
    }
}

fn rect(area: Area) -> Option<Rect> {
    Rect::from_xywh(area.x, area.y, area.width, area.height)
}

fn fill(colour: Colour) -> Fill {
    let [red, green, blue] = colour.rgb;
    Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() }
}
