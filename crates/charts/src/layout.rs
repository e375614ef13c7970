//! Computes all positions: what a picture of this size has room for, from the heading down to the notes.

use crate::calendar::{self, Step, TimeTick};
use crate::labels::{self, EndLabel, LegendItem};
use crate::plotted::{Plotted, Spot};
use crate::text::{BOLD_FACTOR, fitted, shortened, width};
use crate::ticks::ValueAxis;
use crate::{Chart, number};
use domain::Zone;

/// Width at which text and strokes have their nominal size. Larger pictures have larger ones.
const WIDTH_AT_ONE: f64 = 720.0;
const HEIGHT_AT_ONE: f64 = 300.0;

/// Smaller text is illegible, larger text is distracting.
const SCALE_MIN: f64 = 0.9;
const SCALE_MAX: f64 = 4.0;

/// Most notes in the picture; the description has all of them.
const NOTES_MAX: usize = 3;

/// Lengths in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sizes {
    /// Scale factor of all other lengths.
    pub(crate) scale: f64,
    /// Font size of labels and names.
    pub(crate) text: f64,
    /// Font size of the heading.
    pub(crate) title: f64,
    /// Outer padding.
    pub(crate) pad: f64,
    /// Stroke width of a line.
    pub(crate) stroke: f64,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Area {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// A text and its position.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placed {
    pub(crate) text: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// A chart with all positions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layout {
    pub(crate) sizes: Sizes,
    pub(crate) title: Option<Placed>,
    pub(crate) subtitle: Option<Placed>,
    /// Unit of the values, above their axis.
    pub(crate) unit: Option<Placed>,
    pub(crate) legend: Vec<LegendItem>,
    /// The data area.
    pub(crate) plot: Area,
    pub(crate) values: ValueAxis,
    pub(crate) has_value_labels: bool,
    pub(crate) times: Vec<TimeTick>,
    pub(crate) has_time_labels: bool,
    pub(crate) has_contexts: bool,
    /// Names and newest values at the right ends of the lines.
    pub(crate) ends: Vec<EndLabel>,
    /// Right edge of these values, if names precede them.
    pub(crate) value_right: f64,
    /// Baseline of the line that explains hatching and bands, if there is room.
    pub(crate) key_y: Option<f64>,
    pub(crate) notes: Vec<Placed>,
    times_ms: (i64, i64),
}

/// The elements that a picture has room for.
struct Room {
    title: bool,
    subtitle: bool,
    unit: bool,
    legend: bool,
    key: bool,
    notes: usize,
    value_labels: bool,
    time_labels: bool,
    contexts: bool,
    ends: bool,
}

impl Room {
    fn of(width: f64, height: f64) -> Self {
        Self {
            title: height >= 150.0 && width >= 200.0,
            subtitle: height >= 220.0 && width >= 240.0,
            unit: height >= 190.0 && width >= 200.0,
            legend: height >= 200.0 && width >= 200.0,
            key: height >= 230.0 && width >= 300.0,
            notes: if height >= 300.0 { NOTES_MAX } else { usize::from(height >= 200.0) },
            value_labels: width >= 180.0,
            time_labels: height >= 110.0,
            contexts: height >= 150.0,
            ends: width >= 400.0,
        }
    }
}

impl Sizes {
    fn of(chart: &Chart) -> Self {
        let scale = (f64::from(chart.width) / WIDTH_AT_ONE).min(f64::from(chart.height) / HEIGHT_AT_ONE);
        let scale = scale.clamp(SCALE_MIN, SCALE_MAX);
        Self {
            scale,
            text: 12.0 * scale,
            title: 17.0 * scale,
            pad: 14.0 * scale,
            stroke: if chart.lines.len() > 4 { 1.6 } else { 1.9 } * scale,
        }
    }
}

impl Layout {
    pub(crate) fn of(chart: &Chart, plotted: &Plotted) -> Self {
        let sizes = Sizes::of(chart);
        let (width, height) = (f64::from(chart.width), f64::from(chart.height));
        let room = Room::of(width / sizes.scale, height / sizes.scale);
        let mut head = Head { sizes, width, y: sizes.pad };
        let title = head.title(&heading(chart, plotted), room.title);
        let subtitle = head.subtitle(&shortened(&chart.subtitle), room.subtitle);
        let mut foot = Foot { sizes, width, y: height - sizes.pad * 0.8 };
        let notes = foot.notes(&plotted.notes, room.notes);
        let key_y = room.key.then(|| foot.line(sizes.text * 1.75));
        let below = if room.contexts { 34.0 } else { 19.0 } * sizes.scale;
        let bottom = foot.y - if room.time_labels { below } else { 0.0 };
        // Names are at the ends of the lines if there is room, otherwise in a legend.
        let unit_height = if room.unit { 21.0 } else { 6.0 } * sizes.scale;
        let ends_room = if room.ends { bottom - head.y - unit_height } else { 0.0 };
        let named = labels::at_ends(plotted, sizes, ends_room, width);
        let legend = if named.is_none() && room.legend && plotted.lines.len() > 1 {
            let most = (bottom - head.y) * 0.4;
            let (legend, y) = labels::legend(
                plotted,
                sizes,
                Placed { text: String::new(), x: sizes.pad, y: head.y },
                width,
                most,
            );
            head.y = y;
            legend
        } else {
            Vec::new()
        };
        let unit_y = head.unit(room.unit);
        let top = head.y + 5.0 * sizes.scale;
        let values = value_axis(chart, plotted, (bottom - top).max(1.0), sizes);
        let unit = unit_y.map(|y| {
            let text = fitted(&unit_text(chart, &values), sizes.text, width - 2.0 * sizes.pad);
            Placed { text, x: sizes.pad, y }
        });
        let gutter = value_gutter(&values, sizes, room.value_labels);
        let (mut ends, right) = named.unwrap_or((Vec::new(), sizes.pad));
        let plot = Area { left: gutter, top, right: (width - right).max(gutter + 1.0), bottom };
        labels::spread(&mut ends, plotted, &values, &plot, sizes);
        let times = time_ticks(&chart.zone, plotted, &plot, sizes);
        Self {
            sizes,
            title,
            subtitle,
            unit,
            legend,
            plot,
            values,
            has_value_labels: room.value_labels,
            times,
            has_time_labels: room.time_labels,
            has_contexts: room.contexts,
            ends,
            value_right: width - sizes.pad,
            key_y,
            notes,
            times_ms: plotted.times_ms,
        }
    }

    /// Returns the x position of a moment; the centre if there is only one.
    pub(crate) fn x(&self, at_ms: i64) -> f64 {
        let (first, last) = self.times_ms;
        if first == last {
            return (self.plot.left + self.plot.right) / 2.0;
        }
        self.plot.left + self.plot.width() * milliseconds(at_ms - first) / milliseconds(last - first)
    }

    /// Returns the y position of a value.
    pub(crate) fn y(&self, value: f64) -> f64 {
        self.plot.bottom - self.plot.height() * self.values.share(value)
    }

    /// Returns the position of a reading.
    pub(crate) fn place(&self, spot: &Spot) -> (f64, f64) {
        (self.x(spot.at_ms), self.y(spot.value))
    }
}

#[expect(clippy::cast_precision_loss, reason = "ten thousand years in milliseconds are below 2^53")]
fn milliseconds(ms: i64) -> f64 {
    ms as f64
}

/// Returns the title, or the name of a single line.
pub(crate) fn heading(chart: &Chart, plotted: &Plotted) -> String {
    match (shortened(&chart.title), plotted.lines.as_slice()) {
        (title, [line]) if title.is_empty() => line.name.clone(),
        (title, _) => title,
    }
}

/// Returns the unit of the values, with notes on their axis.
fn unit_text(chart: &Chart, values: &ValueAxis) -> String {
    let mut parts = vec![shortened(&chart.unit)];
    if let Some(index) = chart.index_to {
        parts.push(format!("index: first reading = {}", number::human(index)));
    }
    if chart.is_log {
        parts.push("log scale".to_owned());
    } else if values.low > 0.0
        && let Some(lowest) = values.ticks.first()
    {
        parts.push(format!("axis begins at {}", lowest.label));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

fn value_axis(chart: &Chart, plotted: &Plotted, height: f64, sizes: Sizes) -> ValueAxis {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a picture has few thousand pixels"
    )]
    let most = ((height / (44.0 * sizes.scale)) as usize).clamp(2, 8);
    let (low, high) = plotted.values;
    if chart.is_log {
        ValueAxis::log(low, high, most)
    } else {
        ValueAxis::linear(low, high, most, plotted.is_whole)
    }
}

/// Returns the left edge of the data area, right of the value labels.
fn value_gutter(values: &ValueAxis, sizes: Sizes, has_labels: bool) -> f64 {
    if !has_labels {
        return sizes.pad;
    }
    let widest = values.ticks.iter().map(|tick| width(&tick.label, sizes.text)).fold(0.0, f64::max);
    sizes.pad + widest + 8.0 * sizes.scale
}

fn time_ticks(zone: &Zone, plotted: &Plotted, plot: &Area, sizes: Sizes) -> Vec<TimeTick> {
    let (from_ms, to_ms) = plotted.times_ms;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a picture has few thousand pixels"
    )]
    let most = |step: Step| {
        let (label, context) = step.widest();
        let needed = width(label, sizes.text).max(width(context, sizes.text)) + 14.0 * sizes.scale;
        ((plot.width() / needed) as usize).max(1)
    };
    calendar::ticks_in(zone, from_ms, to_ms, most)
}

/// Allocates lines from the upper edge down.
struct Head {
    sizes: Sizes,
    width: f64,
    y: f64,
}

impl Head {
    fn title(&mut self, text: &str, has_room: bool) -> Option<Placed> {
        let size = self.sizes.title;
        self.line(text, has_room, size * BOLD_FACTOR, size * 0.9, size * 1.3)
    }

    fn subtitle(&mut self, text: &str, has_room: bool) -> Option<Placed> {
        let size = self.sizes.text * 1.05;
        let placed = self.line(text, has_room, size, size, size * 1.45);
        self.y += if placed.is_some() { 3.0 * self.sizes.scale } else { 0.0 };
        placed
    }

    /// Returns the baseline of the text above the axis, if there is room.
    fn unit(&mut self, has_room: bool) -> Option<f64> {
        let baseline = has_room.then_some(self.y + self.sizes.text);
        // The top label of the axis is centred on its tick.
        self.y +=
            if has_room { self.sizes.text * 1.4 + 4.0 * self.sizes.scale } else { 6.0 * self.sizes.scale };
        baseline
    }

    fn line(&mut self, text: &str, has_room: bool, size: f64, baseline: f64, height: f64) -> Option<Placed> {
        let text = fitted(text, size, self.width - 2.0 * self.sizes.pad);
        if !has_room || text.is_empty() {
            return None;
        }
        let placed = Placed { text, x: self.sizes.pad, y: self.y + baseline };
        self.y += height;
        Some(placed)
    }
}

/// Allocates lines from the lower edge up.
struct Foot {
    sizes: Sizes,
    width: f64,
    y: f64,
}

impl Foot {
    /// Returns the baseline of a line of this height.
    fn line(&mut self, height: f64) -> f64 {
        let baseline = self.y - self.sizes.text * 0.25;
        self.y -= height;
        baseline
    }

    fn notes(&mut self, notes: &[String], most: usize) -> Vec<Placed> {
        let mut shown: Vec<String> = notes.iter().take(most).cloned().collect();
        if notes.len() > shown.len()
            && let Some(last) = shown.last_mut()
        {
            *last = format!("{} more notes.", notes.len() + 1 - most);
        }
        let mut placed: Vec<Placed> = shown
            .iter()
            .rev()
            .map(|note| Placed {
                text: fitted(note, self.sizes.text * 0.95, self.width - 2.0 * self.sizes.pad),
                x: self.sizes.pad,
                y: self.line(self.sizes.text * 1.35),
            })
            .collect();
        placed.reverse();
        placed
    }
}
