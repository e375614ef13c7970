//! Draws a chart as SVG: one file without scripts, fonts or anything else from elsewhere.

use crate::describe::describe;
use crate::labels::SWATCH;
use crate::layout::{Area, Layout, Placed, heading};
use crate::lines::{draw_bands, draw_gaps, draw_lines, gap_pattern, has_bands};
use crate::marks::draw_marks;
use crate::markup::{Markup, Tag, number_list};
use crate::paint::{Paint, dash};
use crate::plotted::Plotted;
use crate::text::width;
use crate::thin::{thinned, without_levels};
use crate::{Chart, ChartError};
use domain::Zone;

/// The chart as an SVG document.
///
/// Errors: what does not keep to the limits of [`Chart`], and charts that nothing can be drawn of.
pub fn svg(chart: &Chart) -> Result<String, ChartError> {
    draw(chart, &Paint::of(chart.theme))
}

/// The chart in given colours, as a file or as a part of a page.
pub(crate) fn draw(chart: &Chart, paint: &Paint) -> Result<String, ChartError> {
    let mut plotted = Plotted::of(chart)?;
    let layout = Layout::of(chart, &plotted);
    let description = describe(chart, &plotted, &layout);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a picture has few thousand pixels"
    )]
    let columns = layout.plot.width().ceil() as usize;
    for line in &mut plotted.lines {
        line.spots = without_levels(&thinned(&line.spots, plotted.times_ms, columns));
    }
    let mut markup = Markup::default();
    let (width, height) = (f64::from(chart.width), f64::from(chart.height));
    let [title_id, text_id] = ["title", "text"].map(|name| paint.named(name));
    let root = markup.tag("svg").maybe("xmlns", paint.is_file.then_some("http://www.w3.org/2000/svg"));
    root.attr("viewBox", &number_list(&[0.0, 0.0, width, height]))
        .numbers([("width", width), ("height", height)])
        .attr("role", "img")
        .attr("aria-labelledby", &format!("{title_id} {text_id}"))
        .maybe("font-family", paint.is_file.then_some(paint.fonts))
        .number("font-size", layout.sizes.text)
        .holding(|svg| {
            svg.tag("title").attr("id", &title_id).text(&heading(chart, &plotted));
            svg.tag("desc").attr("id", &text_id).text(&description);
            let picture = Picture { plotted: &plotted, layout: &layout, paint, zone: &chart.zone };
            picture.surface(svg, width, height);
            picture.head(svg);
            picture.grid(svg, chart.index_to);
            draw_marks(svg, &picture);
            draw_gaps(svg, &picture);
            draw_bands(svg, &picture);
            draw_lines(svg, &picture);
            picture.time_axis(svg);
            picture.ends(svg);
            picture.legend(svg);
            picture.foot(svg, width);
        });
    Ok(markup.finish())
}

/// All that is needed to draw a part.
pub(crate) struct Picture<'a> {
    pub(crate) plotted: &'a Plotted,
    pub(crate) layout: &'a Layout,
    pub(crate) paint: &'a Paint,
    /// Time zone of the times, for the key.
    pub(crate) zone: &'a Zone,
}

impl Picture<'_> {
    /// A length that grows with the picture.
    pub(crate) fn scaled(&self, length: f64) -> f64 {
        length * self.layout.sizes.scale
    }

    fn surface(&self, svg: &mut Markup, width: f64, height: f64) {
        if self.paint.is_file {
            svg.tag("rect")
                .numbers([("width", width), ("height", height)])
                .attr("fill", &self.paint.surface)
                .empty();
        }
    }

    fn head(&self, svg: &mut Markup) {
        let sizes = self.layout.sizes;
        if let Some(title) = &self.layout.title {
            text(svg, title, &self.paint.ink)
                .number("font-size", sizes.title)
                .attr("font-weight", "700")
                .text(&title.text);
        }
        if let Some(subtitle) = &self.layout.subtitle {
            text(svg, subtitle, &self.paint.muted)
                .number("font-size", sizes.text * 1.05)
                .text(&subtitle.text);
        }
        if let Some(unit) = &self.layout.unit {
            text(svg, unit, &self.paint.muted).text(&unit.text);
        }
    }

    /// Lines at the ticks of the values, with their labels; what is at 0, and the index's beginning, stronger.
    fn grid(&self, svg: &mut Markup, index: Option<f64>) {
        let Area { left, right, .. } = self.layout.plot;
        for tick in &self.layout.values.ticks {
            let y = self.layout.y(tick.value);
            let is_strong = tick.value == 0.0 || Some(tick.value) == index;
            let colour = if is_strong { &self.paint.axis } else { &self.paint.grid };
            svg.tag("line")
                .numbers([("x1", left), ("y1", y), ("x2", right), ("y2", y)])
                .attr("stroke", colour)
                .number("stroke-width", self.scaled(1.0))
                .empty();
            if self.layout.has_value_labels {
                let at = Placed { text: String::new(), x: left - self.scaled(8.0), y: y + self.scaled(4.2) };
                text(svg, &at, &self.paint.muted).attr("text-anchor", "end").text(&tick.label);
            }
        }
    }

    fn time_axis(&self, svg: &mut Markup) {
        let Area { left, right, bottom, .. } = self.layout.plot;
        svg.tag("line")
            .numbers([("x1", left), ("y1", bottom), ("x2", right), ("y2", bottom)])
            .attr("stroke", &self.paint.axis)
            .number("stroke-width", self.scaled(1.0))
            .empty();
        let mut context = "";
        for tick in &self.layout.times {
            let x = self.layout.x(tick.at_ms);
            svg.tag("line")
                .numbers([("x1", x), ("y1", bottom), ("x2", x), ("y2", bottom + self.scaled(5.0))])
                .attr("stroke", &self.paint.axis)
                .number("stroke-width", self.scaled(1.0))
                .empty();
            if !self.layout.has_time_labels {
                continue;
            }
            self.time_label(svg, &tick.label, x, bottom + self.scaled(18.0));
            if self.layout.has_contexts && tick.context != context {
                context = &tick.context;
                self.time_label(svg, context, x, bottom + self.scaled(32.0));
            }
        }
    }

    /// A text around a place, or as near to it as the edges of the picture allow.
    fn time_label(&self, svg: &mut Markup, label: &str, x: f64, y: f64) {
        let half = width(label, self.layout.sizes.text) / 2.0;
        let edge = self.layout.plot.right + self.layout.sizes.pad.max(half * 0.6);
        let at = Placed { text: String::new(), x: x.min(edge - half).max(half + self.scaled(2.0)), y };
        text(svg, &at, &self.paint.muted).attr("text-anchor", "middle").text(label);
    }

    /// Names and newest values at the right.
    fn ends(&self, svg: &mut Markup) {
        let Area { right, .. } = self.layout.plot;
        for label in &self.layout.ends {
            let Some(line) = self.plotted.lines.get(label.line) else { continue };
            let Some(last) = line.last() else { continue };
            let (end_x, end_y) = self.layout.place(last);
            let baseline = label.y + self.scaled(4.2);
            let mut x = right + self.scaled(12.0);
            if let Some(name) = &label.name {
                if right - end_x < self.scaled(3.0) && (label.y - end_y).abs() > self.scaled(2.0) {
                    self.leader(svg, line.place, (end_x, end_y), (x - self.scaled(2.0), label.y));
                }
                self.swatch(svg, line.place, x, label.y);
                x += self.scaled(SWATCH + 6.0);
                let at = Placed { text: String::new(), x, y: baseline };
                text(svg, &at, &self.paint.ink).text(name);
                x = self.layout.value_right;
            }
            let anchor = label.name.is_some().then_some("end");
            let at = Placed { text: String::new(), x, y: baseline };
            text(svg, &at, &self.paint.ink)
                .attr("font-weight", "700")
                .maybe("text-anchor", anchor)
                .text(&label.value);
        }
    }

    /// From the end of a line to a label that had to give way.
    fn leader(&self, svg: &mut Markup, place: usize, from: (f64, f64), to: (f64, f64)) {
        svg.tag("line")
            .numbers([("x1", from.0 + self.scaled(4.0)), ("y1", from.1), ("x2", to.0), ("y2", to.1)])
            .attr("stroke", self.paint.line(place))
            .number("stroke-width", self.scaled(0.8))
            .attr("stroke-opacity", "0.6")
            .empty();
    }

    /// A sample of a line.
    fn swatch(&self, svg: &mut Markup, place: usize, x: f64, y: f64) {
        let stroke = self.scaled(2.2);
        let ends =
            [("x1", x + self.scaled(1.0)), ("y1", y), ("x2", x + self.scaled(SWATCH - 1.0)), ("y2", y)];
        svg.tag("line")
            .numbers(ends)
            .attr("stroke", self.paint.line(place))
            .number("stroke-width", stroke)
            .attr("stroke-linecap", "round")
            .maybe("stroke-dasharray", dash(place, stroke).map(|dash| number_list(&dash)).as_deref())
            .empty();
    }

    fn legend(&self, svg: &mut Markup) {
        for item in &self.layout.legend {
            let mut at = item.at.clone();
            let Some(line) = item.line.and_then(|line| self.plotted.lines.get(line)) else {
                text(svg, &at, &self.paint.muted).text(&at.text);
                continue;
            };
            self.swatch(svg, line.place, at.x, at.y - self.scaled(4.2));
            at.x += self.scaled(SWATCH + 6.0);
            text(svg, &at, &self.paint.ink).text(&at.text);
        }
    }

    /// Draws the explanation of hatching and bands, the time zone, and the notes.
    fn foot(&self, svg: &mut Markup, picture_width: f64) {
        for note in &self.layout.notes {
            text(svg, note, &self.paint.muted)
                .number("font-size", self.layout.sizes.text * 0.95)
                .text(&note.text);
        }
        if let Some(y) = self.layout.key_y {
            self.key(svg, y, picture_width - self.layout.sizes.pad);
        }
    }

    /// Samples of hatching and bands with their meaning, as far as they fit, and the zone of the times at the right.
    fn key(&self, svg: &mut Markup, y: f64, right: f64) {
        let size = self.layout.sizes.text * 0.95;
        let zone = Placed { text: self.zone.name().to_owned(), x: right, y };
        text(svg, &zone, &self.paint.muted)
            .number("font-size", size)
            .attr("text-anchor", "end")
            .text(&zone.text);
        let room = right - width(&zone.text, size) - self.scaled(12.0);
        let hatching = gap_pattern(self, self.first_with_gap());
        let samples = [
            (self.plotted.gaps() > 0, format!("url(#{hatching})"), "1", "no readings"),
            (has_bands(self), self.band_colour().to_owned(), "0.25", "range that was rounded"),
        ];
        let mut x = self.layout.plot.left;
        for (_, fill, opacity, meaning) in samples.into_iter().filter(|(is_there, ..)| *is_there) {
            let end = x + self.scaled(21.0) + width(meaning, size);
            if end > room {
                return;
            }
            let (top, wide, high) = (y - self.scaled(9.0), self.scaled(16.0), self.scaled(10.0));
            svg.tag("rect")
                .numbers([("x", x), ("y", top), ("width", wide), ("height", high)])
                .attr("fill", &fill)
                .attr("fill-opacity", opacity)
                .empty();
            let at = Placed { text: meaning.to_owned(), x: x + self.scaled(21.0), y };
            text(svg, &at, &self.paint.muted).number("font-size", size).text(&at.text);
            x = end + self.scaled(14.0);
        }
    }

    /// Returns the line's colour for a single line, otherwise a neutral one.
    fn band_colour(&self) -> &str {
        match self.plotted.lines.as_slice() {
            [line] => self.paint.line(line.place),
            _ => &self.paint.muted,
        }
    }

    /// The place of the first line that has a gap.
    fn first_with_gap(&self) -> usize {
        let mut with_gaps = self.plotted.lines.iter().filter(|line| line.gaps().next().is_some());
        with_gaps.next().map_or(0, |line| line.place)
    }
}

/// A text at a place in a colour.
pub(crate) fn text<'a>(svg: &'a mut Markup, at: &Placed, colour: &str) -> Tag<'a> {
    svg.tag("text").numbers([("x", at.x), ("y", at.y)]).attr("fill", colour)
}
