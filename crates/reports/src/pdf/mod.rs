//! PDF: A4 pages of text, charts and tables, with page numbers, an outline, links to the footnotes and metadata.
//!
//! `flow` has the pages and their cursor, `blocks` and `table` lay a report out on them, `paint` draws the result. Text
//! stays text, also in charts, so that it can be searched, copied and read aloud.

mod blocks;

mod flow;

mod letters;

mod paint;

mod table;

use crate::ReportError;
use charts::report::{Footnotes, Report};
use flow::{Flow, Laid};
use krilla::Document;
use krilla::SerializeSettings;
use krilla::geom::Point;
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use letters::Letters;

/// Most pages of a PDF.
pub const PAGES_MAX: usize = 1000;

/// Language of the texts of a report.
const LANGUAGE: &str = "en";

const CREATOR: &str = "Tagmeter";

/// Writes a report as PDF.
pub(crate) fn write(report: &Report) -> Result<Vec<u8>, ReportError> {
    report.check()?;
    let letters = Letters::embedded()?;
    let footnotes = Footnotes::of(report);
    let mut flow = Flow::new(&letters);
    blocks::report(&mut flow, report, &footnotes);
    let laid = flow.finish()?;
    let settings = SerializeSettings {
        render_svg_glyph_fn: krilla_svg::render_svg_glyph,
        // Untagged: the library would otherwise announce a structure that is not there.
        enable_tagging: false,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    document.set_metadata(metadata(report));
    document.set_outline(outline(&laid));
    paint::pages(&mut document, report, &laid, &letters)?;
    document.finish().map_err(|error| ReportError::Pdf(error.to_string()))
}

fn metadata(report: &Report) -> Metadata {
    let at = report.generated_at.to_datetime();
    let small = |number: i8| u8::try_from(number).unwrap_or_default();
    let made = DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0);
    let sender = report.brand.sender.trim();
    let author = if sender.is_empty() { CREATOR } else { sender };
    Metadata::new()
        .title(report.title.clone())
        .description(report.subtitle.clone())
        .authors(vec![author.to_owned()])
        .creator(CREATOR.to_owned())
        .language(LANGUAGE.to_owned())
        .creation_date(made)
}

fn outline(laid: &Laid) -> Outline {
    let mut outline = Outline::new();
    for (heading, place) in &laid.headings {
        let at = krilla::destination::XyzDestination::new(place.page, Point::from_xy(0.0, place.y));
        outline.push_child(OutlineNode::new(heading.clone(), at));
    }
    outline
}
