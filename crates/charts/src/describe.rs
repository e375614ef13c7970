//! Describes a picture in words, for screen readers.

use crate::chart::Chart;
use crate::layout::Layout;
use crate::number::human;
use crate::plotted::{Plotted, PlottedLine};
use crate::{day_in, moment_in};
use domain::Timestamp;

/// Time span from which days are precise enough.
const DAYS_FROM_MS: i64 = 3 * 86_400_000;

/// Describes the axes, each line, the gaps, and omitted readings.
pub(crate) fn describe(chart: &Chart, plotted: &Plotted, layout: &Layout) -> String {
    let (first, last) = plotted.times_ms;
    let unit = crate::text::shortened(&chart.unit);
    let of = if unit.is_empty() { String::new() } else { format!(" of {unit}") };
    let mut sentences = vec![format!(
        "Line chart{of} from {} to {}.",
        time(chart, first, plotted),
        time(chart, last, plotted)
    )];
    if let Some(index) = chart.index_to {
        sentences.push(format!("Each line is divided by its first reading, which is {}.", human(index)));
    }
    if chart.is_log {
        sentences.push("The scale is logarithmic.".to_owned());
    } else if layout.values.low > 0.0 {
        sentences.push(format!("The scale begins at {}, not at 0.", human(layout.values.low)));
    }
    sentences.extend(plotted.lines.iter().map(|line| of_line(chart, line, plotted)));
    match plotted.gaps() {
        0 => {}
        1 => sentences.push("There is 1 gap without readings.".to_owned()),
        gaps => sentences.push(format!("There are {gaps} gaps without readings.")),
    }
    sentences.extend(plotted.notes.iter().cloned());
    sentences.join(" ")
}

fn of_line(chart: &Chart, line: &PlottedLine, plotted: &Plotted) -> String {
    let values = || line.spots.iter().map(|spot| spot.value);
    let lowest = values().fold(f64::INFINITY, f64::min);
    let highest = values().fold(f64::NEG_INFINITY, f64::max);
    let name = if line.name.is_empty() { "The line" } else { &line.name };
    let (Some(first), Some(last)) = (line.spots.first(), line.spots.last()) else { return String::new() };
    if line.spots.len() == 1 {
        return format!(
            "{name}: {} on {}, the only reading.",
            human(first.value),
            time(chart, first.at_ms, plotted)
        );
    }
    format!(
        "{name}: {} readings, first {}, last {}, lowest {}, highest {}.",
        line.spots.len(),
        human(first.value),
        human(last.value),
        human(lowest),
        human(highest),
    )
}

fn time(chart: &Chart, at_ms: i64, plotted: &Plotted) -> String {
    let (first, last) = plotted.times_ms;
    let at = Timestamp::from_ms(at_ms);
    if last - first >= DAYS_FROM_MS { day_in(&chart.zone, at) } else { moment_in(&chart.zone, at) }
}
