//! Rasterises a chart as PNG, independent of installed fonts.

use crate::paint::Paint;
use crate::svg::draw;
use crate::{Chart, ChartError};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree, fontdb};
use std::sync::{Arc, LazyLock};

/// The embedded font, with Latin, Greek and Cyrillic characters.
pub(crate) const FONT: &str = "Noto Sans";

/// The embedded font and those of the system, which are searched once for characters that the first lacks.
/// Characters in none are drawn as empty boxes.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_system_fonts();
    // Fallback takes the first face with the character, so slanted and bold faces are excluded.
    let unfit: Vec<fontdb::ID> = fonts.faces().filter(|face| !is_plain(face)).map(|face| face.id).collect();
    unfit.into_iter().for_each(|face| fonts.remove_face(face));
    add_own(&mut fonts);
    Arc::new(fonts)
});

fn is_plain(face: &fontdb::FaceInfo) -> bool {
    let is_regular = face.style == fontdb::Style::Normal && face.weight == fontdb::Weight::NORMAL;
    let is_own = face.families.iter().any(|(family, _)| family == FONT);
    is_regular && face.stretch == fontdb::Stretch::Normal && !face.monospaced && !is_own
}

fn add_own(fonts: &mut fontdb::Database) {
    for data in [ttf_noto_sans::REGULAR, ttf_noto_sans::BOLD] {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(data)));
    }
}

/// Renders the chart as PNG, like [`svg`](crate::svg()).
///
/// Uses four bytes per pixel and one core: a server should call it off its event loop.
///
/// # Errors
///
/// [`ChartError`] if the chart is invalid.
pub fn png(chart: &Chart) -> Result<Vec<u8>, ChartError> {
    painted(chart, &FONTS)
}

fn painted(chart: &Chart, fonts: &Arc<fontdb::Database>) -> Result<Vec<u8>, ChartError> {
    let svg = draw(chart, &Paint::of(chart.theme).with_font(FONT))?;
    let tree = parsed(&svg, fonts)?;
    pixels(&tree, (tree.size().width(), tree.size().height()))
}

/// Parses an SVG of ours in the embedded font, and in the system's for characters that it lacks.
///
/// # Errors
///
/// [`ChartError::Paint`] if it is no SVG.
pub fn tree(svg: &str) -> Result<Tree, ChartError> {
    parsed(svg, &FONTS)
}

fn parsed(svg: &str, fonts: &Arc<fontdb::Database>) -> Result<Tree, ChartError> {
    let options = Options { fontdb: Arc::clone(fonts), font_family: FONT.to_owned(), ..without_files() };
    Tree::from_str(svg, &options).map_err(|error| ChartError::Paint(error.to_string()))
}

/// Options by which an SVG refers to no file. By default `<image href="/etc/passwd">` is read.
pub(crate) fn without_files() -> Options<'static> {
    let image_href_resolver = ImageHrefResolver {
        resolve_data: ImageHrefResolver::default_data_resolver(),
        resolve_string: Box::new(|_, _| None),
    };
    Options { image_href_resolver, ..Options::default() }
}

/// Rasterises an SVG of ours with `scale` pixels for each of its own.
pub(crate) fn rasterise(svg: &str, scale: u8) -> Result<Vec<u8>, ChartError> {
    let tree = tree(svg)?;
    let factor = f32::from(scale);
    pixels(&tree, (tree.size().width() * factor, tree.size().height() * factor))
}

/// Rasterises a drawing at a size in pixels.
pub(crate) fn pixels(tree: &Tree, (width, height): (f32, f32)) -> Result<Vec<u8>, ChartError> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand")]
    let (columns, rows) = (width.round().max(1.0) as u32, height.round().max(1.0) as u32);
    let mut pixels = Pixmap::new(columns, rows)
        .ok_or_else(|| ChartError::Paint("there is no memory for it".to_owned()))?;
    let scale = Transform::from_scale(width / tree.size().width(), height / tree.size().height());
    resvg::render(tree, scale, &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| ChartError::Paint(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChartPoint, Line, Theme};
    use domain::Timestamp;

    fn chart(title: &str) -> Chart {
        let point = |ms: i64, value: f64| ChartPoint {
            at: Timestamp::from_ms(1_700_000_000_000 + ms),
            value,
            step: 0.0,
            gap_before: false,
        };
        Chart {
            title: title.to_owned(),
            subtitle: String::new(),
            unit: String::new(),
            lines: vec![Line { name: String::new(), points: vec![point(0, 1.0), point(9_000_000, 2.0)] }],
            width: 400,
            height: 300,
            theme: Theme::Light,
            is_log: false,
            index_to: None,
            marks: Vec::new(),
            zone: domain::Zone::UTC,
        }
    }

    /// Counts the non-white pixels of the upper left corner, where the title is.
    fn ink(png: &[u8]) -> usize {
        let pixels = Pixmap::decode_png(png).expect("a PNG");
        assert_eq!((pixels.width(), pixels.height()), (400, 300));
        let places = (0..30).flat_map(|y| (0..200).map(move |x| (x, y)));
        places.filter(|(x, y)| pixels.pixel(*x, *y).is_some_and(|pixel| pixel.red() < 128)).count()
    }

    #[test]
    fn there_are_letters_without_any_font_of_the_machine() {
        let mut fonts = fontdb::Database::new();
        add_own(&mut fonts);
        let fonts = Arc::new(fonts);
        let (without, with) = (
            painted(&chart(""), &fonts).expect("a chart"),
            painted(&chart("#booktok ДЯ"), &fonts).expect("a chart"),
        );
        assert!(ink(&with) > ink(&without) + 200, "{} {}", ink(&with), ink(&without));
        assert_eq!(
            with,
            png(&chart("#booktok ДЯ")).expect("a chart"),
            "what the own font has is taken from it"
        );
    }
}
