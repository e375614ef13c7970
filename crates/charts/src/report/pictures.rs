//! Draws the charts of a report outside its page: for documents and as pictures, light, with the accent of its brand.

use crate::paint::Paint;
use crate::png::{FONT, rasterise};
use crate::report::Brand;
use crate::svg::draw;
use crate::{Chart, ChartError, Theme};

/// Most pixels of a picture, as it is written.
pub const PICTURE_PIXELS_MAX: u64 = 32_000_000;

/// Draws a chart as SVG in the embedded font, for a document.
///
/// # Errors
///
/// [`ChartError`] if the chart is invalid.
pub fn picture(chart: &Chart, brand: &Brand) -> Result<String, ChartError> {
    draw(chart, &Paint::of(Theme::Light).with_font(FONT).accented(brand.accent.as_ref()))
}

/// Draws a chart as PNG, with `scale` pixels for each of its own.
///
/// Uses four bytes per pixel and one core: a server should call it off its event loop.
///
/// # Errors
///
/// [`ChartError`] if the chart is invalid or has more than [`PICTURE_PIXELS_MAX`] pixels.
pub fn rasterised(chart: &Chart, brand: &Brand, scale: u8) -> Result<Vec<u8>, ChartError> {
    let factor = u64::from(scale);
    let pixels = u64::from(chart.width) * u64::from(chart.height) * factor * factor;
    if pixels > PICTURE_PIXELS_MAX {
        return Err(ChartError::Pixels { pixels, most: PICTURE_PIXELS_MAX });
    }
    rasterise(&picture(chart, brand)?, scale)
}
