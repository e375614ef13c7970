//! Paints a chart as PNG, with letters also on a machine that has no fonts.

use crate::paint::Paint;
use crate::svg::draw;
use crate::{Chart, ChartError};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};
use std::sync::{Arc, LazyLock};

/// The font that is brought along. It has the Latin, Greek and Cyrillic letters.
const FONT: &str = "Noto Sans";

/// The font that is brought along, and those of the machine, which are looked for once: a letter that the first does
/// not have is taken from one of them, or is an empty box.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for data in [ttf_noto_sans::REGULAR, ttf_noto_sans::BOLD] {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(data)));
    }
    fonts.load_system_fonts();
    Arc::new(fonts)
});

/// The chart as a PNG picture, as [`svg`](crate::svg()) draws it.
///
/// It takes four bytes for each pixel while it works, and a core: a server does well to paint off its event loop.
pub fn png(chart: &Chart) -> Result<Vec<u8>, ChartError> {
    let svg = draw(chart, &Paint::of(chart.theme).with_font(FONT))?;
    let options = Options { fontdb: Arc::clone(&FONTS), font_family: FONT.to_owned(), ..Options::default() };
    let tree = Tree::from_str(&svg, &options).map_err(|error| ChartError::Paint(error.to_string()))?;
    let mut pixels = Pixmap::new(chart.width, chart.height)
        .ok_or_else(|| ChartError::Paint("there is no memory for it".to_owned()))?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| ChartError::Paint(error.to_string()))
}
