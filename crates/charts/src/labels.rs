//! Line names: beside the line ends if they fit, otherwise in a legend above.

use crate::layout::{Area, Placed, Sizes};
use crate::number::human;
use crate::plotted::Plotted;
use crate::text::{BOLD_FACTOR, fitted, width};
use crate::ticks::{ValueAxis, as_f64};

/// Largest share of the picture's width for names beside the lines.
const ENDS_SHARE: f64 = 0.32;

/// Largest share of the picture's width for one name in a legend.
const NAME_SHARE: f64 = 0.42;

/// Length of the line sample beside a name, in scaled pixels.
pub(crate) const SWATCH: f64 = 26.0;

/// Distance from the last reading to its label.
const LEAD: f64 = 12.0;

/// The label at the end of a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EndLabel {
    /// Index of the line among the drawn ones.
    pub(crate) line: usize,
    /// Name; `None` for a single line.
    pub(crate) name: Option<String>,
    /// Newest value.
    pub(crate) value: String,
    /// Vertical centre of the label.
    pub(crate) y: f64,
}

/// A name in the legend. An item without a line counts the names that did not fit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LegendItem {
    /// Index of the line among the drawn ones.
    pub(crate) line: Option<usize>,
    /// Start of the line sample, and the baseline.
    pub(crate) at: Placed,
}

/// Returns the labels, not placed yet, and the width they need at the right edge; `None` if they do not fit.
pub(crate) fn at_ends(
    plotted: &Plotted,
    sizes: Sizes,
    height: f64,
    picture: f64,
) -> Option<(Vec<EndLabel>, f64)> {
    let is_one = plotted.lines.len() == 1;
    let labels: Vec<EndLabel> = plotted
        .lines
        .iter()
        .enumerate()
        .filter_map(|(line, plotted)| {
            let value = human(plotted.last()?.value);
            Some(EndLabel { line, name: (!is_one).then(|| plotted.name.clone()), value, y: 0.0 })
        })
        .collect();
    let widest = |of: &dyn Fn(&EndLabel) -> f64| labels.iter().map(of).fold(0.0, f64::max);
    let values = widest(&|label| width(&label.value, sizes.text * BOLD_FACTOR));
    let names = widest(&|label| label.name.as_ref().map_or(0.0, |name| width(name, sizes.text)));
    let extra = if is_one { LEAD } else { 2.0 * LEAD + SWATCH + 6.0 };
    let needed = names + values + extra * sizes.scale + sizes.pad;
    let fits = needed <= picture * ENDS_SHARE && as_f64(labels.len()) * distance(sizes) <= height;
    fits.then_some((labels, needed))
}

/// Returns the distance between the centres of two labels.
fn distance(sizes: Sizes) -> f64 {
    sizes.text * 1.35
}

/// Places labels at the ends of their lines without overlaps: neighbours that would overlap share the
/// displacement evenly.
pub(crate) fn spread(
    labels: &mut [EndLabel],
    plotted: &Plotted,
    values: &ValueAxis,
    plot: &Area,
    sizes: Sizes,
) {
    for label in labels.iter_mut() {
        let value = plotted.lines.get(label.line).and_then(|line| line.last()).map_or(0.0, |spot| spot.value);
        label.y = plot.bottom - plot.height() * values.share(value);
    }
    labels.sort_by(|a, b| a.y.total_cmp(&b.y));
    // Subtract the required distances, so that positions only need to be in order. The least-squares
    // solution merges neighbours out of order into one group at their mean (isotonic regression).
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for (place, label) in labels.iter().enumerate() {
        let mut group = (label.y - as_f64(place) * distance(sizes), 1);
        while let Some((mean, count)) = groups.pop_if(|(mean, _)| *mean > group.0) {
            let all = count + group.1;
            group = ((mean * as_f64(count) + group.0 * as_f64(group.1)) / as_f64(all), all);
        }
        groups.push(group);
    }
    let lowest = plot.bottom - as_f64(labels.len().saturating_sub(1)) * distance(sizes);
    let means = groups.into_iter().flat_map(|(mean, count)| std::iter::repeat_n(mean, count));
    for ((place, label), mean) in labels.iter_mut().enumerate().zip(means) {
        label.y = mean.min(lowest).max(plot.top) + as_f64(place) * distance(sizes);
    }
}

/// Returns the legend from a position, in rows no lower than `most`, and its end.
pub(crate) fn legend(
    plotted: &Plotted,
    sizes: Sizes,
    from: Placed,
    picture: f64,
    most: f64,
) -> (Vec<LegendItem>, f64) {
    let row = sizes.text * 1.5;
    let right = picture - sizes.pad;
    let mut items = Vec::new();
    let (mut x, mut y) = (from.x, from.y + row * 0.75);
    for (line, plotted_line) in plotted.lines.iter().enumerate() {
        let name = fitted(&plotted_line.name, sizes.text, picture * NAME_SHARE);
        let needed = (SWATCH + 6.0) * sizes.scale + width(&name, sizes.text);
        if x > from.x && x + needed > right {
            (x, y) = (from.x, y + row);
        }
        if y > from.y + most {
            let text = format!("and {} more", plotted.lines.len() - line);
            y -= row;
            make_room(&mut items, &text, right, y, sizes);
            break;
        }
        items.push(LegendItem { line: Some(line), at: Placed { text: name, x, y } });
        x += needed + 16.0 * sizes.scale;
    }
    (items, y + row * 0.45)
}

/// Places a text at the end of the last row, replacing names that are in its way.
fn make_room(items: &mut Vec<LegendItem>, text: &str, right: f64, y: f64, sizes: Sizes) {
    let x = right - width(text, sizes.text);
    let ends =
        |item: &LegendItem| item.at.x + (SWATCH + 10.0) * sizes.scale + width(&item.at.text, sizes.text);
    items.retain(|item| item.at.y < y || ends(item) < x);
    items.push(LegendItem { line: None, at: Placed { text: text.to_owned(), x, y } });
}
