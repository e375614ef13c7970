//! Draws the data: hatched gaps, rounding bands, lines and their ends.

use crate::layout::Layout;
use crate::markup::{Markup, Path, number_list};
use crate::paint::dash;
use crate::plotted::{Break, PlottedLine, Spot};
use crate::svg::Picture;

/// Narrower gaps, in pixels, are not hatched: only the line is broken.
const GAP_PX_MIN: f64 = 1.0;

/// Lower bands, in stroke widths, are hidden behind the line.
const BAND_STROKES_MIN: f64 = 2.0;

/// Hatches the gaps. With a single line from top to bottom; with several, in the colour of the line and
/// between its two readings, since the others continue.
pub(crate) fn draw_gaps(svg: &mut Markup, picture: &Picture<'_>) {
    let single = picture.plotted.lines.len() == 1;
    for line in picture.plotted.lines.iter().filter(|line| line.gaps().next().is_some()) {
        let colour = if single { &*picture.paint.axis } else { picture.paint.line(line.place) };
        let id = gap_pattern(picture, line.place);
        hatching(svg, picture, &id, colour);
        for (before, after) in line.gaps() {
            let ((left, from), (right, to)) = (picture.layout.place(&before), picture.layout.place(&after));
            if right - left < GAP_PX_MIN {
                continue;
            }
            let plot = picture.layout.plot;
            let (top, bottom) = if single { (plot.top, plot.bottom) } else { between(from, to, picture) };
            svg.tag("rect")
                .numbers([("x", left), ("y", top), ("width", right - left), ("height", bottom - top)])
                .attr("fill", &format!("url(#{id})"))
                .empty();
        }
    }
}

/// Returns the id of a line's gap pattern.
pub(crate) fn gap_pattern(picture: &Picture<'_>, place: usize) -> String {
    picture.paint.named(&format!("gap{place}"))
}

/// Defines the pattern of a gap: slanting lines.
fn hatching(svg: &mut Markup, picture: &Picture<'_>, id: &str, colour: &str) {
    let size = picture.scaled(5.0);
    svg.tag("pattern")
        .attr("id", id)
        .numbers([("width", size), ("height", size)])
        .attr("patternUnits", "userSpaceOnUse")
        .attr("patternTransform", "rotate(45)")
        .holding(|pattern| {
            pattern
                .tag("line")
                .numbers([("x1", size / 2.0), ("y1", 0.0), ("x2", size / 2.0), ("y2", size)])
                .attr("stroke", colour)
                .number("stroke-width", picture.scaled(1.0))
                .attr("stroke-opacity", "0.6")
                .empty();
        });
}

/// Returns the range between two heights, extended if they are close.
fn between(from: f64, to: f64, picture: &Picture<'_>) -> (f64, f64) {
    let (top, bottom) = (from.min(to), from.max(to));
    let more = (picture.scaled(10.0) - (bottom - top)).max(0.0) / 2.0;
    ((top - more).max(picture.layout.plot.top), (bottom + more).min(picture.layout.plot.bottom))
}

/// Returns true if any band is drawn.
pub(crate) fn has_bands(picture: &Picture<'_>) -> bool {
    picture.plotted.lines.iter().any(|line| has_band(line, picture.layout))
}

fn has_band(line: &PlottedLine, layout: &Layout) -> bool {
    let least = layout.sizes.stroke * BAND_STROKES_MIN;
    line.spots.iter().any(|spot| lower(spot, layout) - upper(spot, layout) >= least)
}

fn upper(spot: &Spot, layout: &Layout) -> f64 {
    layout.y(spot.value + spot.step / 2.0)
}

fn lower(spot: &Spot, layout: &Layout) -> f64 {
    layout.y(spot.value - spot.step / 2.0)
}

/// Draws the bands: light areas as high as the rounding step.
pub(crate) fn draw_bands(svg: &mut Markup, picture: &Picture<'_>) {
    for line in picture.plotted.lines.iter().filter(|line| has_band(line, picture.layout)) {
        let mut path = Path::default();
        for run in runs(&line.spots) {
            band(run, picture, &mut path);
        }
        svg.tag("path")
            .attr("d", path.as_str())
            .attr("fill", picture.paint.line(line.place))
            .attr("fill-opacity", "0.18")
            .empty();
    }
}

fn band(run: &[Spot], picture: &Picture<'_>, path: &mut Path) {
    let layout = picture.layout;
    // A single reading has a band as wide as its dot.
    let widened = if run.len() == 1 { picture.layout.sizes.stroke * 1.2 } else { 0.0 };
    let ends = |spot: &Spot| {
        let x = layout.x(spot.at_ms);
        [x - widened, x + widened]
    };
    let sides = if widened > 0.0 { 2 } else { 1 };
    for (place, spot) in run.iter().enumerate() {
        for (side, x) in ends(spot).into_iter().take(sides).enumerate() {
            if place + side == 0 {
                path.move_to(x, upper(spot, layout))
            } else {
                path.line_to(x, upper(spot, layout))
            }
        }
    }
    for spot in run.iter().rev() {
        for x in ends(spot).into_iter().take(sides).rev() {
            path.line_to(x, lower(spot, layout));
        }
    }
    path.close();
}

/// Draws the lines, the first one on top, and a dot at the end of each.
pub(crate) fn draw_lines(svg: &mut Markup, picture: &Picture<'_>) {
    let stroke = picture.layout.sizes.stroke;
    for line in picture.plotted.lines.iter().rev() {
        let mut path = Path::default();
        let mut dots = Path::default();
        for run in runs(&line.spots) {
            trace(run, picture.layout, if run.len() == 1 { &mut dots } else { &mut path });
        }
        let colour = picture.paint.line(line.place);
        let dash = dash(line.place, stroke).map(|dash| number_list(&dash));
        for (path, width, dash) in [(path, stroke, dash.as_deref()), (dots, stroke * 1.6, None)] {
            if path.is_empty() {
                continue;
            }
            svg.tag("path")
                .attr("d", path.as_str())
                .attr("fill", "none")
                .attr("stroke", colour)
                .number("stroke-width", width)
                .attr("stroke-linecap", "round")
                .attr("stroke-linejoin", "round")
                .maybe("stroke-dasharray", dash)
                .empty();
        }
        if let Some(last) = line.last() {
            let (x, y) = picture.layout.place(last);
            svg.tag("circle")
                .numbers([("cx", x), ("cy", y), ("r", stroke * 1.6)])
                .attr("fill", colour)
                .empty();
        }
    }
}

fn trace(run: &[Spot], layout: &Layout, path: &mut Path) {
    for (place, spot) in run.iter().enumerate() {
        let (x, y) = layout.place(spot);
        if place == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if run.len() == 1 {
        path.dot();
    }
}

/// Splits a line at its breaks.
fn runs(spots: &[Spot]) -> impl Iterator<Item = &[Spot]> {
    spots.chunk_by(|_, after| after.before == Break::None)
}
